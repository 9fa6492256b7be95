/* SPDX-License-Identifier: MIT
 *
 * Drawing a plan: flows from the last to the first, so that each knows those
 * it calls; nodes name earlier ones, late ones more often. A composite draws
 * the graphs that it runs when it is added, each with the parameters that its
 * inputs ask for, so whatever is drawn is a sound program.
 */
#include "tests/plans.h"

#include "tests/unit/unit.h"

const char *const plan_texts[PLAN_TEXTS] = {"",           "a",  "b\"", "c c",
                                            "\xc3\xa4\n", "7x", "arg", "  A. "};

uint32_t plan_draw(Plan *plan, uint32_t below) {
  plan->state = plan->state * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)(plan->state >> 8) * below >> 24);
}

static bool one_in(Plan *plan, uint32_t chance) {
  return plan_draw(plan, chance) == 0;
}

/* ---- nodes --------------------------------------------------------------- */

/* Returns the index of a new node with room for `count` inputs. */
static uint32_t add(Plan *plan, Graph *graph, Op op, TypeId type,
                    uint32_t count) {
  Node node = {.op = op,
               .type = type,
               .count = count,
               .values = count,
               .inputs = ARENA_ARRAY(&plan->arena, ObjRef, count + 1)};
  vec_push(&graph->nodes, node);
  return graph->nodes.length - 1;
}

static ObjRef constant(Plan *plan, uint32_t kinds) {
  return OBJ_REF_CONST | plan_draw(plan, kinds);
}

/* An earlier node of `type`, late ones more often; `otherwise` when a few
 * tries find none. */
static ObjRef earlier(Plan *plan, const Graph *graph, uint32_t before,
                      TypeId type, ObjRef otherwise) {
  for (int tries = 0; tries < 8 && before > 0; tries++) {
    uint32_t span = plan_draw(plan, 2) ? before : before < 6 ? before : 6;
    uint32_t index = before - 1 - plan_draw(plan, span);
    if (graph->nodes.data[index].type == type) return index;
  }
  return otherwise;
}

static ObjRef any_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (one_in(plan, 6)) return constant(plan, PLAN_CONSTS);
  TypeId type = one_in(plan, 5) ? plan->list : TYPE_TEXT;
  return earlier(plan, graph, before, type, constant(plan, PLAN_CONSTS));
}

static ObjRef text_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (one_in(plan, 6)) return constant(plan, PLAN_TEXTS);
  return earlier(plan, graph, before, TYPE_TEXT, constant(plan, PLAN_TEXTS));
}

/* A list, made when there is none. */
static ObjRef list_value(Plan *plan, Graph *graph) {
  ObjRef found =
      earlier(plan, graph, graph->nodes.length, plan->list, UINT32_MAX);
  if (found != UINT32_MAX) return found;
  uint32_t count = plan_draw(plan, 5);
  uint32_t index = add(plan, graph, OP_LIST, plan->list, count);
  for (uint32_t i = 0; i < count; i++)
    graph->nodes.data[index].inputs[i] = constant(plan, PLAN_TEXTS);
  return index;
}

/* A bool, made when there is none. */
static ObjRef bool_value(Plan *plan, Graph *graph) {
  ObjRef found =
      earlier(plan, graph, graph->nodes.length, TYPE_BOOL, UINT32_MAX);
  if (one_in(plan, 8))
    return OBJ_REF_CONST | (PLAN_TEXTS + 1 + plan_draw(plan, 2));
  if (found != UINT32_MAX && !one_in(plan, 3)) return found;
  ObjRef a = text_value(plan, graph, graph->nodes.length);
  ObjRef b = text_value(plan, graph, graph->nodes.length);
  uint32_t index = add(plan, graph, OP_EQ, TYPE_BOOL, 2);
  graph->nodes.data[index].inputs[0] = a;
  graph->nodes.data[index].inputs[1] = b;
  return index;
}

static ObjRef value_of(Plan *plan, Graph *graph, TypeId type) {
  if (type == plan->list) return list_value(plan, graph);
  if (type == TYPE_BOOL) return bool_value(plan, graph);
  return text_value(plan, graph, graph->nodes.length);
}

static void order_edges(Plan *plan, const Graph *graph, uint32_t index) {
  Node *node = &graph->nodes.data[index];
  ObjRef *inputs = ARENA_ARRAY(&plan->arena, ObjRef, node->count + 4);
  for (uint32_t i = 0; i < node->count; i++) inputs[i] = node->inputs[i];
  node->inputs = inputs;
  for (int i = 0; i < 4 && index > 0 && one_in(plan, 6); i++)
    node->inputs[node->count++] = plan_draw(plan, index) | OBJ_REF_ORDER;
}

static void add_pure(Plan *plan, Graph *graph) {
  static const Op ops[] = {OP_TEXT, OP_MERGE, OP_LIST,  OP_WAIT,
                           OP_PASS, OP_ASK,   OP_THINK, OP_REASON};
  Op op = ops[plan_draw(plan, 8)];
  bool is_list = op == OP_LIST || op == OP_WAIT;
  uint32_t before = graph->nodes.length;
  uint32_t count = op == OP_PASS ? 1 : 1 + plan_draw(plan, 4);
  if ((op == OP_TEXT || is_list) && graph->depth == 0 && one_in(plan, 8))
    count = 60 + plan_draw(plan, 130);
  if (op == OP_TEXT && one_in(plan, 8)) count = 0;
  uint32_t index =
      add(plan, graph, op, is_list ? plan->list : TYPE_TEXT, count);
  ObjRef *inputs = graph->nodes.data[index].inputs;
  for (uint32_t i = 0; i < count; i++)
    inputs[i] = is_list || op == OP_PASS ? text_value(plan, graph, before)
                                         : any_value(plan, graph, before);
  order_edges(plan, graph, index);
}

/* A guard, or where it may an `err`. */
static void add_guard(Plan *plan, Graph *graph) {
  ObjRef text = text_value(plan, graph, graph->nodes.length);
  bool halts = graph->may_fail && one_in(plan, 2);
  bool errs = halts && one_in(plan, 3);
  uint32_t index = errs ? add(plan, graph, OP_ERR, TYPE_VOID, 1)
                        : add(plan, graph, OP_GUARD, TYPE_TEXT, 1);
  graph->nodes.data[index].inputs[0] = text;
  graph->nodes.data[index].flag = !halts;
}

/* Returns the new holder of the output token. */
static uint32_t add_print(Plan *plan, Graph *graph, uint32_t token) {
  uint32_t before = graph->nodes.length;
  uint32_t values = plan_draw(plan, 3);
  uint32_t index = add(plan, graph, OP_PRINT, TYPE_VOID, values + 1);
  Node *node = &graph->nodes.data[index];
  for (uint32_t i = 0; i < values; i++)
    node->inputs[i] = any_value(plan, graph, before);
  node->values = values;
  node->inputs[values] = token | OBJ_REF_ORDER;
  return index;
}

/* ---- composites ---------------------------------------------------------- */

static void draw_body(Plan *plan, Graph *graph, uint32_t work);

/* A graph that is part of `host`; its signature is for the caller to add. */
static Graph *begin_nested(Plan *plan, const Graph *host, bool prints,
                           uint32_t *row) {
  *row = plan->graph_count++;
  Graph *graph = &plan->graphs[*row];
  graph->nested = true;
  graph->prints = prints;
  graph->depth = host->depth + 1;
  graph->may_fail = host->may_fail;
  return graph;
}

static void add_param(Graph *graph, TypeId type) {
  graph->param_types[graph->params++] = type;
}

static void add_result(Graph *graph, TypeId type) {
  graph->result_types[graph->results++] = type;
}

static TypeId some_type(Plan *plan) {
  return one_in(plan, 4) ? plan->list : one_in(plan, 5) ? TYPE_BOOL : TYPE_TEXT;
}

/* What a composite is given and gives, besides what its op adds. */
typedef struct Shape {
  bool prints;
  uint32_t carried, captures, results;
  TypeId carried_types[2], capture_types[3], result_types[3];
} Shape;

static Shape draw_shape(Plan *plan, const Graph *host) {
  Shape shape = {.prints = host->prints && plan_draw(plan, 2),
                 .carried = plan_draw(plan, 3),
                 .captures = plan_draw(plan, 4),
                 .results = plan_draw(plan, 4)};
  for (int i = 0; i < 2; i++) shape.carried_types[i] = some_type(plan);
  for (int i = 0; i < 3; i++) shape.capture_types[i] = some_type(plan);
  for (int i = 0; i < 3; i++) shape.result_types[i] = some_type(plan);
  return shape;
}

static void sign(Graph *graph, uint32_t count, const TypeId *types,
                 void (*entry)(Graph *graph, TypeId type)) {
  for (uint32_t i = 0; i < count; i++) entry(graph, types[i]);
}

/* The inputs of a composite, after `lead` and before the token. */
static uint32_t add_composite(Plan *plan, Graph *host, Op op,
                              const Shape *shape, bool has_carried, ObjRef lead,
                              uint32_t token) {
  ObjRef inputs[MAX_PARAMS + 2];
  uint32_t count = 0;
  if (lead != UINT32_MAX) inputs[count++] = lead;
  for (uint32_t i = 0; has_carried && i < shape->carried; i++)
    inputs[count++] = value_of(plan, host, shape->carried_types[i]);
  for (uint32_t i = 0; i < shape->captures; i++)
    inputs[count++] = value_of(plan, host, shape->capture_types[i]);
  uint32_t index =
      add(plan, host, op, TYPE_VOID, count + (shape->prints ? 1 : 0));
  Node *node = &host->nodes.data[index];
  for (uint32_t i = 0; i < count; i++) node->inputs[i] = inputs[i];
  node->values = count;
  if (shape->prints) node->inputs[count] = token | OBJ_REF_ORDER;
  return index;
}

/* Ports for the results of graph `row` from `first` on, and its token, whose
 * new holder is returned. */
static uint32_t add_ports(Plan *plan, Graph *host, uint32_t row, uint32_t first,
                          uint32_t token) {
  const Graph *graph = &plan->graphs[row];
  for (uint32_t i = first; i < graph->results; i++)
    add(plan, host, OP_PORT, graph->result_types[i], 0);
  return graph->prints ? add(plan, host, OP_PORT, TYPE_VOID, 0) : token;
}

static void set_arm(Graph *host, uint32_t node, ObjArmKind kind, uint32_t label,
                    uint32_t row) {
  Node *at = &host->nodes.data[node];
  at->arms[at->arm_count++] = (ObjArm){kind, label, row};
}

static uint32_t draw_arm(Plan *plan, const Graph *host, const Shape *shape) {
  uint32_t row;
  Graph *arm = begin_nested(plan, host, shape->prints, &row);
  sign(arm, shape->captures, shape->capture_types, add_param);
  sign(arm, shape->results, shape->result_types, add_result);
  draw_body(plan, arm, plan_draw(plan, 6));
  return row;
}

static uint32_t add_branch(Plan *plan, Graph *host, uint32_t token) {
  Shape shape = draw_shape(plan, host);
  bool is_switch = one_in(plan, 2);
  ObjRef control = is_switch ? text_value(plan, host, host->nodes.length)
                             : bool_value(plan, host);
  uint32_t node =
      add_composite(plan, host, OP_BRANCH, &shape, false, control, token);
  uint32_t row = draw_arm(plan, host, &shape);
  if (is_switch) {
    set_arm(host, node, OBJ_ARM_CASE, 1, row);
    set_arm(host, node, OBJ_ARM_CASE, 6, draw_arm(plan, host, &shape));
    if (!host->may_fail || one_in(plan, 2))
      set_arm(host, node, OBJ_ARM_DEFAULT, 0, draw_arm(plan, host, &shape));
  } else {
    set_arm(host, node, OBJ_ARM_TRUE, 0, row);
    set_arm(host, node, OBJ_ARM_FALSE, 0, draw_arm(plan, host, &shape));
  }
  set_arm(host, node, OBJ_ARM_ABSENT, 0, draw_arm(plan, host, &shape));
  return add_ports(plan, host, row, 0, token);
}

static uint32_t add_loop(Plan *plan, Graph *host, uint32_t token) {
  Shape shape = draw_shape(plan, host);
  bool collects = one_in(plan, 2);
  uint32_t row;
  ObjRef list = list_value(plan, host);
  uint32_t node = add_composite(plan, host, OP_LOOP, &shape, true, list, token);
  host->nodes.data[node].flag = collects;
  if (one_in(plan, 3)) host->nodes.data[node].max = 1 + plan_draw(plan, 3);
  Graph *body = begin_nested(plan, host, shape.prints, &row);
  add_param(body, TYPE_TEXT);
  sign(body, shape.carried, shape.carried_types, add_param);
  sign(body, shape.captures, shape.capture_types, add_param);
  if (collects) add_result(body, TYPE_TEXT);
  sign(body, shape.carried, shape.carried_types, add_result);
  draw_body(plan, body, plan_draw(plan, 7));
  set_arm(host, node, OBJ_ARM_BODY, 0, row);
  if (collects) add(plan, host, OP_PORT, plan->list, 0);
  return add_ports(plan, host, row, collects, token);
}

static uint32_t add_while(Plan *plan, Graph *host, uint32_t token) {
  Shape shape = draw_shape(plan, host);
  uint32_t row;
  uint32_t node =
      add_composite(plan, host, OP_WHILE, &shape, true, UINT32_MAX, token);
  host->nodes.data[node].max = 1 + plan_draw(plan, 3);
  Graph *step = begin_nested(plan, host, shape.prints, &row);
  add_param(step, TYPE_BOOL);
  sign(step, shape.carried, shape.carried_types, add_param);
  sign(step, shape.captures, shape.capture_types, add_param);
  add_result(step, TYPE_BOOL);
  sign(step, shape.carried, shape.carried_types, add_result);
  draw_body(plan, step, plan_draw(plan, 6));
  set_arm(host, node, OBJ_ARM_BODY, 0, row);
  return add_ports(plan, host, row, 1, token);
}

static uint32_t add_try(Plan *plan, Graph *host, uint32_t token) {
  Shape shape = draw_shape(plan, host);
  uint32_t rows[2];
  uint32_t node =
      add_composite(plan, host, OP_TRY, &shape, false, UINT32_MAX, token);
  for (int i = 0; i < 2; i++) {
    Graph *part = begin_nested(plan, host, shape.prints, &rows[i]);
    if (i == 0) part->may_fail = true;
    if (i == 1) add_param(part, plan->error);
    sign(part, shape.captures, shape.capture_types, add_param);
    sign(part, shape.results, shape.result_types, add_result);
    draw_body(plan, part, plan_draw(plan, 8));
  }
  set_arm(host, node, OBJ_ARM_BODY, 0, rows[0]);
  set_arm(host, node, OBJ_ARM_CATCH, 0, rows[1]);
  return add_ports(plan, host, rows[0], 0, token);
}

static uint32_t add_call(Plan *plan, Graph *graph, uint32_t target,
                         uint32_t token) {
  const Graph *callee = &plan->graphs[target];
  ObjRef inputs[MAX_PARAMS + 1];
  bool repeats = one_in(plan, 3);
  uint32_t count = callee->params;
  for (uint32_t i = 0; i < count; i++) {
    inputs[i] = value_of(plan, graph, callee->param_types[i]);
    if (repeats && i > 0 &&
        callee->param_types[i] == callee->param_types[i - 1])
      inputs[i] = inputs[i - 1];
  }
  uint32_t index = add(plan, graph, OP_CALL, TYPE_VOID, count + callee->prints);
  Node *node = &graph->nodes.data[index];
  for (uint32_t i = 0; i < count; i++) node->inputs[i] = inputs[i];
  node->values = count;
  if (callee->prints) node->inputs[count] = token | OBJ_REF_ORDER;
  set_arm(graph, index, OBJ_ARM_BODY, 0, target);
  return add_ports(plan, graph, target, 0, token);
}

/* ---- graphs -------------------------------------------------------------- */

static void add_results(Plan *plan, Graph *graph, uint32_t token) {
  ObjRef values[MAX_RESULTS];
  for (uint32_t i = 0; i < graph->results; i++)
    values[i] = value_of(plan, graph, graph->result_types[i]);
  for (uint32_t i = 0; i < graph->results; i++) {
    uint32_t index = add(plan, graph, OP_RESULT, graph->result_types[i], 1);
    graph->nodes.data[index].inputs[0] = values[i];
  }
  if (graph->prints) {
    uint32_t index = add(plan, graph, OP_RESULT, TYPE_VOID, 1);
    graph->nodes.data[index].values = 0;
    graph->nodes.data[index].inputs[0] = token | OBJ_REF_ORDER;
  }
}

static void add_end(Plan *plan, Graph *graph) {
  uint32_t length = graph->nodes.length;
  bool *is_read = ARENA_ARRAY(&plan->arena, bool, length + 1);
  for (uint32_t i = 0; i < length; i++) {
    const Node *node = &graph->nodes.data[i];
    for (uint32_t k = 0; k < node->count; k++)
      if (!(node->inputs[k] & OBJ_REF_CONST))
        is_read[node->inputs[k] & OBJ_REF_INDEX] = true;
  }
  uint32_t index = add(plan, graph, OP_END, TYPE_VOID, length);
  Node *end = &graph->nodes.data[index];
  end->count = end->values = 0;
  for (uint32_t i = 0; i < length; i++)
    if (!is_read[i]) end->inputs[end->count++] = i | OBJ_REF_ORDER;
}

/* Adds a composite or a call, if there is room; true when it did. */
static bool add_graph_node(Plan *plan, Graph *graph, uint32_t *token) {
  static uint32_t (*const composites[])(Plan *, Graph *, uint32_t) = {
      add_branch, add_loop, add_while, add_try};
  uint32_t target = plan_draw(plan, MAX_FLOWS);
  uint32_t self = (uint32_t)(graph - plan->graphs);
  if (one_in(plan, 3)) {
    const Graph *callee = &plan->graphs[target];
    bool is_below = callee->nodes.length > 0 && target < plan->flow_count &&
                    callee->nodes.data[callee->nodes.length - 1].op == OP_END;
    if (!is_below || target == self || (callee->prints && !graph->prints) ||
        callee->may_fail)
      return false;
    *token = add_call(plan, graph, target, *token);
    return true;
  }
  /* Room for the arms of all composites that are being drawn. */
  uint32_t room = MAX_GRAPHS - plan->graph_count;
  if (graph->depth >= MAX_DEPTH || room < MAX_ARMS * (MAX_DEPTH + 1))
    return false;
  *token = composites[plan_draw(plan, 4)](plan, graph, *token);
  return true;
}

/* Everything of a graph whose signature is there. */
static void draw_body(Plan *plan, Graph *graph, uint32_t work) {
  for (uint32_t i = 0; i < graph->params; i++)
    add(plan, graph, OP_PARAM, graph->param_types[i], 0);
  uint32_t token = graph->params;
  if (graph->prints) add(plan, graph, OP_PARAM, TYPE_VOID, 0);
  uint32_t left = 3; /* composites and calls */
  for (; work > 0; work--) {
    if (left > 0 && one_in(plan, 3) && add_graph_node(plan, graph, &token))
      left--;
    else if (graph->prints && one_in(plan, 4))
      token = add_print(plan, graph, token);
    else if (one_in(plan, 8))
      add_guard(plan, graph);
    else
      add_pure(plan, graph);
  }
  add_results(plan, graph, token);
  add_end(plan, graph);
}

/* A flow calls only those after it, which are drawn already. */
static void draw_flow(Plan *plan, uint32_t row) {
  Graph *graph = &plan->graphs[row];
  uint32_t params = plan_draw(plan, 5);
  graph->prints = plan_draw(plan, 3) > 0;
  graph->may_fail = row == 0 && one_in(plan, 8);
  if (!one_in(plan, 4)) add_result(graph, some_type(plan));
  for (uint32_t i = 0; i < params; i++)
    add_param(graph, one_in(plan, 4) ? plan->list : TYPE_TEXT);
  draw_body(plan, graph, plan_draw(plan, 20));
}

void plan_make(Plan *plan, uint32_t seed) {
  *plan = (Plan){.state = seed * 2654435761U};
  arena_init(&plan->arena);
  plan_types(NULL, &plan->list, &plan->error);
  plan->flow_count = plan->graph_count = 1 + plan_draw(plan, MAX_FLOWS);
  for (uint32_t row = plan->flow_count; row-- > 0;) draw_flow(plan, row);
}

void plan_free(Plan *plan) {
  for (uint32_t i = 0; i < plan->graph_count; i++)
    vec_free(&plan->graphs[i].nodes);
  arena_free(&plan->arena);
}
