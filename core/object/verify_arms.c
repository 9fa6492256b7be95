/* SPDX-License-Identifier: MIT
 *
 * Composites: do the graphs of their arms take what the node is given, and give
 * what its ports say? A graph may come later in the file and not be checked
 * yet; graph ranges are, so reading there is safe, and the graph's own turn
 * decides about the rest.
 *
 * The work for a node is no more than its stored inputs, ports and arms. The
 * arms of a BRANCH are many, so only the first is held against the inputs; that
 * the others are like it is remembered in classes of graphs (union-find): each
 * comparison that succeeds makes two classes one, each that fails is the last.
 *
 * A graph that is nested in itself, by whatever way, would never come to rest:
 * only a CALL counts how deep it is. So the arms of nested graphs must not go
 * round in a circle; recursion passes a CALL.
 */
#include "core/base/mem.h"
#include "core/object/verify_walk.h"

#define KIND_BIT(kind) (1u << OBJ_ARM_##kind)

static const ObjNode *params_of(const Walk *w, const ObjGraph *graph) {
  return w->object->nodes + graph->first_node;
}

static uint32_t tokens_of(const ObjGraph *graph) {
  return (uint32_t)__builtin_popcount(graph->spaces);
}

/* ---- the arms themselves ------------------------------------------------- */

static bool verify_label(const Walk *w, const ObjArm *arm) {
  const Object *o = w->object;
  if (arm->kind != OBJ_ARM_CASE)
    return arm->label == 0 || refuse_node(w, "an arm with a needless label");
  if (arm->label >= o->const_count || o->consts[arm->label].type != TYPE_TEXT)
    return refuse_node(w, "a label is no text");
  return true;
}

static bool verify_arm(const Walk *w, const ObjNode *node, const ObjArm *arm) {
  const Object *o = w->object;
  const ObjGraph *graph;
  if (arm->kind >= OBJ_ARM_KIND_COUNT)
    return refuse_node(w, "no kind %u of arms", arm->kind);
  if (arm->graph >= o->graph_count)
    return refuse_node(w, "no graph %u", arm->graph);
  graph = &o->graphs[arm->graph];
  if (((graph->flags & OBJ_GRAPH_NESTED) == 0) != (node->op == OP_CALL))
    return refuse_node(w, "graph %u is of the wrong sort", arm->graph);
  if ((graph->spaces & ~w->graph->spaces) != 0)
    return refuse_node(w, "its effects are not its graph's");
  return verify_label(w, arm);
}

/* Whether `kinds`, a bit for each kind of arm it has, is what it must have. */
static bool are_needed(const Walk *w, Op op, uint32_t kinds, const Inputs *in) {
  if (op == OP_TRY) return kinds == (KIND_BIT(BODY) | KIND_BIT(CATCH));
  if (op != OP_BRANCH) return kinds == KIND_BIT(BODY);
  kinds &= ~KIND_BIT(ABSENT);
  if (walk_type(w, in->refs[0]) == TYPE_BOOL)
    return kinds == (KIND_BIT(TRUE) | KIND_BIT(FALSE));
  if (walk_type(w, in->refs[0]) != TYPE_TEXT) return false;
  return (kinds & ~KIND_BIT(DEFAULT)) == KIND_BIT(CASE);
}

/* In the order of their kinds, each but CASE once. */
static bool verify_arms(const Walk *w, const ObjNode *node, const Inputs *in) {
  uint32_t kinds = 0, last = 0;
  for (uint32_t i = node->arms; i < node[1].arms; i++) {
    const ObjArm *arm = &w->object->arms[i];
    if (!verify_arm(w, node, arm)) return false;
    if (arm->kind < last ||
        (arm->kind == last && kinds != 0 && arm->kind != OBJ_ARM_CASE))
      return refuse_node(w, "its arms are out of order");
    last = arm->kind;
    kinds |= 1u << arm->kind;
  }
  if (are_needed(w, (Op)node->op, kinds, in)) return true;
  return refuse_node(w, "it has not the arms it needs");
}

/* ---- equal signatures ---------------------------------------------------- */

static uint32_t find_twin(uint32_t *twins, uint32_t graph) {
  while (twins[graph] != graph) {
    twins[graph] = twins[twins[graph]]; /* halves the way for the next */
    graph = twins[graph];
  }
  return graph;
}

static bool are_same_types(const ObjNode *a, const ObjNode *b, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (a[i].type != b[i].type) return false;
  return true;
}

static bool has_signature(const Walk *w, uint32_t row, uint32_t like) {
  const Object *o = w->object;
  uint32_t *twins = w->loader->twins;
  uint32_t first = find_twin(twins, row), second = find_twin(twins, like);
  const ObjGraph *a = &o->graphs[first], *b = &o->graphs[second];
  if (first == second) return true;
  if (a->spaces != b->spaces || a->param_count != b->param_count ||
      a->result_count != b->result_count ||
      !are_same_types(params_of(w, a), params_of(w, b), a->param_count) ||
      !are_same_types(object_results(o, a), object_results(o, b),
                      a->result_count))
    return refuse_node(w, "graphs %u and %u are not alike", row, like);
  twins[first] = second;
  return true;
}

/* ---- inputs against parameters, results against ports -------------------- */

/* Inputs from `first_input` on go to parameters from `first_param` on. */
static bool verify_params(const Walk *w, const Inputs *in, uint32_t first_input,
                          const ObjGraph *graph, uint32_t first_param) {
  const ObjNode *params = params_of(w, graph) + first_param;
  uint32_t tokens = in->count - in->values;
  if (in->count - first_input + first_param != graph->param_count ||
      tokens != tokens_of(graph))
    return refuse_node(w, "%u values and %u tokens for graph %u", in->values,
                       tokens, (uint32_t)(graph - w->object->graphs));
  for (uint32_t i = first_input; i < in->values; i++)
    if (!walk_fits(w, in->refs[i], params[i - first_input].type))
      return refuse_node(w, "input %u is of another type", i);
  return verify_tokens(w, in, in->values);
}

/* The ports to follow mirror the results of `graph` from `first` on. */
static void expect_ports(Walk *w, const ObjGraph *graph, uint32_t first) {
  w->ports_left = graph->result_count - first;
  w->next_port = object_results(w->object, graph) + first;
}

/* Results from `first_result` on, but for the tokens, go round to parameters
 * from 1 on, at most `most` of them. */
static bool verify_carried(const Walk *w, const ObjGraph *graph,
                           uint32_t first_result, uint32_t most) {
  const ObjNode *results = object_results(w->object, graph);
  uint32_t values = graph->result_count - tokens_of(graph);
  if (values < first_result || values - first_result > most)
    return refuse_node(w, "its body gives %u values", values);
  if (!are_same_types(results + first_result, params_of(w, graph) + 1,
                      values - first_result))
    return refuse_node(w, "a carried value changes its type");
  return true;
}

/* ---- each composite ------------------------------------------------------ */

static bool verify_call(Walk *w, const ObjGraph *callee, const Inputs *in) {
  expect_ports(w, callee, 0);
  return verify_params(w, in, 0, callee, 0);
}

static bool verify_branch(Walk *w, const ObjNode *node, const Inputs *in) {
  const ObjArm *arms = w->object->arms + node->arms;
  const ObjGraph *first = &w->object->graphs[arms[0].graph];
  for (uint32_t i = 1; i < node[1].arms - node->arms; i++)
    if (!has_signature(w, arms[i].graph, arms[0].graph)) return false;
  expect_ports(w, first, 0);
  return verify_params(w, in, 1, first, 0);
}

static bool verify_loop(Walk *w, const ObjNode *node, const ObjGraph *body,
                        const Inputs *in) {
  TypeId list = walk_type(w, in->refs[0]);
  TypeId element = w->object->types.rows[list].element;
  TypeView types = w->object->types;
  w->collects = (node->flags & OBJ_NODE_LISTS) != 0;
  if (walk_kind(w, list) != TYPE_KIND_LIST)
    return refuse_node(w, "input 0 is no list");
  if (!verify_params(w, in, 1, body, 1) ||
      !verify_carried(w, body, w->collects, in->values - 1))
    return false;
  if (element != TYPE_NONE &&
      !type_fits(types, element, params_of(w, body)->type))
    return refuse_node(w, "its body takes items of another type");
  expect_ports(w, body, 0);
  return true;
}

static bool verify_while(Walk *w, const ObjGraph *step, const Inputs *in) {
  if (!verify_params(w, in, 0, step, 1) ||
      !verify_carried(w, step, 1, in->values))
    return false;
  if (params_of(w, step)->type != TYPE_BOOL ||
      object_results(w->object, step)->type != TYPE_BOOL)
    return refuse_node(w, "its step neither takes nor gives a bool first");
  expect_ports(w, step, 1);
  return true;
}

/* The predeclared type `error`: what the engine makes for a catch body. */
static bool is_error_type(const Walk *w, TypeId type) {
  static const char *const names[] = {"message", "code", "node"};
  TypeView types = w->object->types;
  if (type >= types.count || walk_kind(w, type) != TYPE_KIND_RECORD)
    return false;
  const TypeRecord *record = &types.records[types.rows[type].element];
  if (record->field_count != 3) return false;
  for (uint32_t i = 0; i < 3; i++) {
    const TypeField *field = &types.fields[record->first_field + i];
    if (field->type != TYPE_TEXT || !slice_equal_text(field->name, names[i]))
      return false;
  }
  return true;
}

static bool verify_try(Walk *w, const ObjNode *node, const Inputs *in) {
  const Object *o = w->object;
  const ObjGraph *body = &o->graphs[o->arms[node->arms].graph];
  const ObjGraph *other = &o->graphs[o->arms[node->arms + 1].graph];
  if (!verify_params(w, in, 0, body, 0) || !verify_params(w, in, 0, other, 1))
    return false;
  if (!is_error_type(w, params_of(w, other)->type))
    return refuse_node(w, "its catch takes no error");
  if (body->result_count != other->result_count ||
      !are_same_types(object_results(o, body), object_results(o, other),
                      body->result_count))
    return refuse_node(w, "its body and its catch give different results");
  expect_ports(w, body, 0);
  return true;
}

bool verify_composite(Walk *w, const ObjNode *node, const Inputs *in) {
  if (!verify_arms(w, node, in)) return false;
  const ObjGraph *body = &w->object->graphs[object_body(w->object, node)];
  if (opens_with_body((Op)node->op)) w->loader->call_count++;
  switch ((Op)node->op) {
    case OP_CALL:
      return verify_call(w, body, in);
    case OP_BRANCH:
      return verify_branch(w, node, in);
    case OP_LOOP:
      return verify_loop(w, node, body, in);
    case OP_WHILE:
      return verify_while(w, body, in);
    default:
      return verify_try(w, node, in);
  }
}

/* ---- no circles ---------------------------------------------------------- */

/* The arms of the nodes of `graph` are one range of ARMS. */
static uint32_t first_arm(const Object *o, const ObjGraph *graph) {
  return o->nodes[graph->first_node].arms;
}

static uint32_t end_arm(const Object *o, const ObjGraph *graph) {
  return o->nodes[graph->first_node + graph->node_count].arms;
}

static bool is_nested(const Object *o, uint32_t row) {
  return (o->graphs[row].flags & OBJ_GRAPH_NESTED) != 0;
}

/* Arms that still hold a nested graph, by graph; `work` has those that are in
 * no arm any more. A graph that is left over is in a circle, or below one. */
static uint32_t peel_nests(const Object *o, uint32_t *holders, uint32_t *work) {
  uint32_t count = 0, peeled = 0;
  for (uint32_t row = 0; row < o->graph_count; row++)
    if (!is_nested(o, row)) work[count++] = row;
  for (uint32_t i = 0; i < o->arm_count; i++) holders[o->arms[i].graph]++;
  for (uint32_t row = 0; row < o->graph_count; row++)
    if (is_nested(o, row) && holders[row] == 0) work[count++] = row;
  for (; peeled < count; peeled++) {
    const ObjGraph *graph = &o->graphs[work[peeled]];
    for (uint32_t i = first_arm(o, graph); i < end_arm(o, graph); i++) {
      uint32_t row = o->arms[i].graph;
      if (--holders[row] == 0 && is_nested(o, row)) work[count++] = row;
    }
  }
  return peeled;
}

bool verify_nests(Loader *loader) {
  const Object *o = loader->object;
  uint32_t *holders = mem_try_zero((size_t)o->graph_count + 1, sizeof *holders);
  uint32_t *work = mem_try((size_t)o->graph_count + 1, sizeof *work);
  bool has_memory = holders != NULL && work != NULL;
  bool sound = has_memory && peel_nests(o, holders, work) == o->graph_count;
  mem_free(holders);
  mem_free(work);
  if (!has_memory) return refuse_memory(loader);
  return sound || refuse(loader, "a graph is nested in itself");
}
