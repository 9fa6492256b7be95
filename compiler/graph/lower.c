/* SPDX-License-Identifier: MIT
 *
 * A document's graph: parameters, its nodes in their order, results. Nodes
 * that print hand the output token on in that order. What no edge leads away
 * from is the graph's result where no RETURN says another: one value, or a
 * list of several.
 */
#include <stdarg.h>

#include "compiler/graph/lower_int.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

/* ---- making nodes -------------------------------------------------------- */

IrGraph *lowered_graph(const GraphLower *lower) {
  return &lower->reader->program->graphs.data[lower->doc->row];
}

TypeId lowered_type(const GraphLower *lower, IrRef ref) {
  return ir_is_const(ref)
             ? ir_const(lower->reader->program, ref)->type
             : lowered_graph(lower)->nodes.data[ir_index(ref)].type;
}

void lowered_push(GraphLower *lower, IrRef ref) {
  vec_push(&lower->refs, ref);
}

static IrRef add_node(GraphLower *lower, Op op, TypeId type, uint32_t base) {
  IrNode node = {.op = (uint8_t)op,
                 .type = type,
                 .span = lower->node ? lower->node->span : lower->doc->span};
  uint32_t count = lower->refs.length - base;
  lower->refs.length = base;
  const IrRef *inputs = count > 0 ? lower->refs.data + base : NULL;
  return ir_add_node(lowered_graph(lower), &node, inputs, count);
}

static bool has_effects(const GraphNode *node) {
  return node->form == FORM_PRINT ||
         (node->callee != NULL && node->callee->spaces != 0) ||
         (node->region_count > 0 && node->regions[0]->spaces != 0);
}

/* What an order edge to the node in hand names for its wait `i`; IR_REF_NONE
 * when there is nothing to wait for. */
static IrRef wait_ref(const GraphLower *lower, uint32_t i) {
  const GraphNode *node = lower->node;
  GraphWait wait = lower->doc->waits[node->first_wait + i];
  const GraphNode *before = &lower->doc->nodes[wait.node];
  bool is_chained = wait.is_effect && has_effects(before) && has_effects(node);
  return is_chained ? IR_REF_NONE : before->done;
}

bool lowered_waits(const GraphLower *lower) {
  for (uint32_t i = 0; i < lower->node->wait_count; i++) {
    if (wait_ref(lower, i) != IR_REF_NONE) return true;
  }
  return false;
}

/* What is waited for stays, whether its value is read or not. */
static void push_waits(GraphLower *lower) {
  for (uint32_t i = 0; i < lower->node->wait_count; i++) {
    IrRef done = wait_ref(lower, i);
    if (done == IR_REF_NONE) continue;
    lowered_graph(lower)->nodes.data[done].flags |= IR_KEEP;
    lowered_push(lower, OBJ_REF_ORDER | done);
  }
}

/* Lets the first value pass when all is done that the node waits for. */
static void gate(GraphLower *lower, Op op) {
  if (lower->node == NULL || lower->gated || !lowered_waits(lower)) return;
  lower->gated = true;
  if (op == OP_PASS) {
    push_waits(lower);
    return;
  }
  if (lower->refs.length == lower->base) return;
  IrRef first = lower->refs.data[lower->base];
  uint32_t length = lower->refs.length;
  lowered_push(lower, first);
  push_waits(lower);
  IrRef passed = add_node(lower, OP_PASS, lowered_type(lower, first), length);
  lower->refs.data[lower->base] = passed;
}

IrRef lowered_node(GraphLower *lower, Op op, TypeId type) {
  gate(lower, op);
  return add_node(lower, op, type, lower->base);
}

IrRef lowered_one(GraphLower *lower, Op op, TypeId type) {
  return add_node(lower, op, type, lower->refs.length - 1);
}

Diag *lowered_fail(GraphLower *lower, DiagCode code, const char *format, ...) {
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  Diag *diag =
      diag_report(lower->reader->sink, code, lower->node->span,
                  "node `%.*s`: %s", SLICE_ARG(lower->node->name), text.data);
  diag->label = "this node";
  buf_free(&text);
  return diag;
}

/* ---- inputs -------------------------------------------------------------- */

static Slice attribute(const GraphNode *node, const char *key) {
  const Tree *found = tree_member(node->attributes, key);
  return found && found->kind == TREE_TEXT ? found->text : SLICE("");
}

/* Whether a node without edges reads the graph's parameters: all of them are
 * the context of a model call; others take them where they need a value. */
static bool takes_params(const GraphLower *lower) {
  const GraphNode *node = lower->node;
  if (node->input_count > 0 || lower->doc->param_count == 0) return false;
  switch (node->form) {
    case FORM_CONST:
    case FORM_FENCE:
      return false;
    case FORM_PRINT:
    case FORM_ERR: {
      Slice text = attribute(node, "message");
      if (text.length == 0) text = attribute(node, "template_str");
      return text.length == 0 || template_places(text, lower->doc->param_count);
    }
    case FORM_PLAIN:
      return op_table[node->op].min_inputs > 0;
    case FORM_CALL:
      return node->callee->param_count > 0;
    default:
      return true;
  }
}

static bool push_input(GraphLower *lower, GraphInput input) {
  if (input.is_param) {
    lowered_push(lower, input.index);
    return true;
  }
  const GraphNode *from = &lower->doc->nodes[input.index];
  if (from->value != IR_REF_NONE) {
    lowered_push(lower, from->value);
    return true;
  }
  lowered_fail(lower, DIAG_GRAPH_EDGE, "it reads `%.*s`, which has no value",
               SLICE_ARG(from->name))
      ->help = "an edge that only orders has the dependency `Control`";
  return false;
}

static bool push_inputs(GraphLower *lower) {
  const GraphNode *node = lower->node;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!push_input(lower, lower->doc->inputs[node->first_input + i]))
      return false;
  }
  for (uint32_t i = 0; takes_params(lower) && i < lower->doc->param_count; i++)
    lowered_push(lower, i);
  return true;
}

static bool make_node(GraphLower *lower, GraphNode *node) {
  lower->node = node;
  lower->gated = false;
  lower->base = lower->refs.length;
  bool right = push_inputs(lower) && lowered_make(lower, lower->base);
  lower->refs.length = lower->base;
  if (right && node->done != IR_REF_NONE)
    lowered_graph(lower)->nodes.data[node->done].name = node->name;
  return right;
}

/* ---- parameters and results ---------------------------------------------- */

static void add_params(GraphLower *lower) {
  GraphDoc *doc = lower->doc;
  IrGraph *graph = lowered_graph(lower);
  for (uint32_t i = 0; i < doc->param_count; i++) {
    IrRef ref = lowered_node(lower, OP_PARAM, doc->params[i].type);
    graph->nodes.data[ref].name = doc->params[i].name;
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((doc->spaces >> space & 1) != 0)
      lower->tokens[space] = lowered_node(lower, OP_PARAM, TYPE_VOID);
  }
  graph->param_count = graph->nodes.length;
  graph->spaces = doc->spaces;
  graph->nested = doc->is_region;
}

/* The value that no edge leads away from, or a list of several. */
static void find_result(GraphLower *lower) {
  GraphDoc *doc = lower->doc;
  lower->node = NULL;
  lower->base = lower->refs.length;
  TypeId type = TYPE_NONE;
  for (uint32_t i = 0; i < doc->node_count; i++) {
    const GraphNode *node = &doc->nodes[i];
    if (node->edges_out > 0 || node->value == IR_REF_NONE) continue;
    type = type == TYPE_NONE ? node->value_type
                             : lowered_common(lower, type, node->value_type);
    lowered_push(lower, node->value);
  }
  uint32_t count = lower->refs.length - lower->base;
  if (count == 1) lower->result = vec_pop(&lower->refs);
  if (count > 1)
    lower->result =
        lowered_node(lower, OP_WAIT, type_list_of(lower->reader->types, type));
}

static bool is_call(const GraphNode *node) {
  return node->form == FORM_MODEL || node->form == FORM_CALL ||
         node->form == FORM_SWITCH;
}

/* Calls whose values nobody reads are made all the same. */
static void keep_calls(GraphLower *lower) {
  IrGraph *graph = lowered_graph(lower);
  uint32_t *uses = mem_alloc_zero(graph->nodes.length, sizeof *uses);
  ir_count_uses(graph, uses);
  for (uint32_t i = 0; i < lower->doc->node_count; i++) {
    const GraphNode *node = &lower->doc->nodes[i];
    if (is_call(node) && node->value != IR_REF_NONE &&
        uses[ir_index(node->value)] == 0)
      graph->nodes.data[ir_index(node->value)].flags |= IR_KEEP;
  }
  mem_free(uses);
}

static bool settle_result(GraphLower *lower) {
  GraphDoc *doc = lower->doc;
  bool is_void = doc->is_declared && doc->result == TYPE_VOID;
  if (lower->result == IR_REF_NONE && !is_void) find_result(lower);
  TypeId type = lower->result == IR_REF_NONE
                    ? TYPE_VOID
                    : lowered_type(lower, lower->result);
  if (!doc->is_declared) doc->result = type;
  if (type == doc->result ||
      (type != TYPE_VOID && doc->result != TYPE_VOID &&
       type_fits(type_table_view(lower->reader->types), type, doc->result)))
    return true;
  Diag *diag = diag_report(lower->reader->sink, DIAG_RETURN_TYPE, doc->span,
                           "the graph's result is not of the type it declares");
  diag->label = "`result` says another";
  return false;
}

static void add_results(GraphLower *lower) {
  GraphDoc *doc = lower->doc;
  uint32_t first = lowered_graph(lower)->nodes.length;
  lower->node = NULL;
  lower->base = lower->refs.length;
  if (doc->result != TYPE_VOID) {
    lowered_push(lower, lower->result);
    lowered_node(lower, OP_RESULT, doc->result);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((doc->spaces >> space & 1) == 0) continue;
    lowered_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
    lowered_node(lower, OP_RESULT, TYPE_VOID);
  }
  lowered_graph(lower)->result_count =
      lowered_graph(lower)->nodes.length - first;
  lowered_node(lower, OP_END, TYPE_VOID);
}

/* ---- names --------------------------------------------------------------- */

/* A key is a hash of graph, label and how often the label came before. */
static void add_keys(IrGraph *graph) {
  Map seen = {0};
  Buf key = {0};
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    IrNode *node = &graph->nodes.data[i];
    Slice label =
        node->name.length > 0 ? node->name : slice_of(op_table[node->op].text);
    uint32_t ordinal = 0;
    if (map_get(&seen, label, &ordinal)) ordinal++;
    map_set(&seen, label, ordinal);
    buf_clear(&key);
    buf_add_slice(&key, graph->name);
    buf_addf(&key, "/%.*s#%u", SLICE_ARG(label), ordinal);
    node->key = slice_hash(buf_slice(&key));
  }
  map_free(&seen);
  buf_free(&key);
}

static void name_graph(GraphLower *lower) {
  GraphDoc *doc = lower->doc;
  Arena *arena = lower->reader->arena;
  Buf name = {0};
  if (doc->is_region)
    buf_addf(&name, "%.*s/region#%u", SLICE_ARG(doc->name), doc->row);
  else
    buf_addf(&name, "%.*s.%.*s", SLICE_ARG(doc->agent), SLICE_ARG(doc->flow));
  doc->name =
      slice_from(arena_copy(arena, name.data, name.length), name.length);
  lowered_graph(lower)->name = doc->name;
  buf_free(&name);
}

static void add_flow(GraphLower *lower) {
  const GraphDoc *doc = lower->doc;
  if (doc->is_region) return;
  lower->reader->program->flows.data[doc->row] =
      (IrFlow){.agent = doc->agent,
               .name = doc->flow,
               .graph = doc->row,
               .param_count = doc->param_count,
               .result = doc->result,
               .entry = doc->entry,
               .span = doc->span};
}

/* ---- a graph ------------------------------------------------------------- */

static bool lower_nodes(GraphLower *lower) {
  for (uint32_t i = 0; i < lower->doc->node_count; i++) {
    if (!make_node(lower, &lower->doc->nodes[lower->doc->order[i]]))
      return false;
  }
  return true;
}

bool graph_lower(GraphReader *reader, GraphDoc *doc) {
  if (doc->opened) return true;
  if (reader->depth > LIMIT_CALL_DEPTH) {
    diag_report(reader->sink, DIAG_GRAPH_FLOW, doc->span,
                "calls are nested deeper than %d", LIMIT_CALL_DEPTH)
        ->label = "a member `result` here would end the search for its type";
    return false;
  }
  GraphLower lower = {.reader = reader, .doc = doc, .result = IR_REF_NONE};
  doc->opened = true;
  name_graph(&lower);
  add_params(&lower);
  reader->depth++;
  bool right = lower_nodes(&lower) && settle_result(&lower);
  reader->depth--;
  if (right) {
    add_results(&lower);
    keep_calls(&lower);
    add_keys(lowered_graph(&lower));
    add_flow(&lower);
    doc->done = true;
  }
  vec_free(&lower.refs);
  return right;
}

void graph_add_absent(GraphReader *reader, GraphDoc *region, TypeId result,
                      uint32_t row) {
  GraphDoc doc = *region;
  GraphLower lower = {.reader = reader, .doc = &doc, .result = IR_REF_NONE};
  doc.row = row;
  doc.result = result;
  name_graph(&lower);
  add_params(&lower);
  if (result != TYPE_VOID)
    lower.result = lowered_node(&lower, OP_ABSENT, result);
  add_results(&lower);
  add_keys(lowered_graph(&lower));
  vec_free(&lower.refs);
}
