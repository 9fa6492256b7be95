/* SPDX-License-Identifier: MIT
 *
 * The plans: graphs are drawn from the last to the first, so that each knows
 * those it calls; nodes name earlier ones, late ones more often. The
 * evaluation walks a graph in node order, calls included, which is the order
 * that output tokens prescribe.
 */
#include "tests/plans.h"

#include <math.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "runtime/model/sim.h"
#include "tests/unit/unit.h"

/* ---- a plan ------------------------------------------------------------- */

/* The constants: the same rows in every file. */
static const char *const texts[] = {"", "a", "b\"", "c c", "\xc3\xa4\n", "7x"};
enum { TEXTS = sizeof texts / sizeof texts[0], CONSTS = TEXTS + 2 };

uint32_t plan_draw(Plan *plan, uint32_t below) {
  plan->state = plan->state * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)(plan->state >> 8) * below >> 24);
}

static Node *add(Graph *graph, Op op, TypeId type) {
  assert_true(graph->count < MAX_NODES);
  Node *node = &graph->nodes[graph->count++];
  *node = (Node){.op = op, .type = type};
  return node;
}

/* An earlier node of `type`, late ones more often; `otherwise` when a few
 * tries find none. */
static ObjRef earlier(Plan *plan, const Graph *graph, uint32_t before,
                      TypeId type, ObjRef otherwise) {
  for (int tries = 0; tries < 8 && before > 0; tries++) {
    uint32_t span = plan_draw(plan, 2) ? before : before < 6 ? before : 6;
    uint32_t index = before - 1 - plan_draw(plan, span);
    if (graph->nodes[index].type == type) return index;
  }
  return otherwise;
}

static ObjRef constant(Plan *plan, uint32_t kinds) {
  return OBJ_REF_CONST | plan_draw(plan, kinds);
}

static ObjRef any_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (plan_draw(plan, 6) == 0) return constant(plan, CONSTS);
  TypeId type = plan_draw(plan, 5) == 0 ? plan->list : TYPE_TEXT;
  return earlier(plan, graph, before, type, constant(plan, CONSTS));
}

static ObjRef text_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (plan_draw(plan, 6) == 0) return constant(plan, TEXTS);
  return earlier(plan, graph, before, TYPE_TEXT, constant(plan, TEXTS));
}

static void order_edges(Plan *plan, Graph *graph, Node *node) {
  uint32_t before = graph->count - 1;
  while (before > 0 && plan_draw(plan, 6) == 0)
    node->inputs[node->count++] = plan_draw(plan, before) | OBJ_REF_ORDER;
}

static void add_pure(Plan *plan, Graph *graph) {
  static const Op ops[] = {OP_TEXT, OP_MERGE, OP_LIST,  OP_WAIT,
                           OP_PASS, OP_ASK,   OP_THINK, OP_REASON};
  Op op = ops[plan_draw(plan, 8)];
  bool is_list = op == OP_LIST || op == OP_WAIT;
  uint32_t before = graph->count;
  Node *node = add(graph, op, is_list ? plan->list : TYPE_TEXT);
  node->values = 1 + plan_draw(plan, 4);
  if ((op == OP_TEXT || is_list) && plan_draw(plan, 8) == 0)
    node->values = 60 + plan_draw(plan, MAX_INPUTS - 90);
  node->values -= op == OP_TEXT && plan_draw(plan, 8) == 0;
  node->count = node->values;
  for (uint32_t i = 0; i < node->count; i++)
    node->inputs[i] = is_list || op == OP_PASS ? text_value(plan, graph, before)
                                               : any_value(plan, graph, before);
  order_edges(plan, graph, node);
}

/* Returns the new holder of the output token. */
static uint32_t add_print(Plan *plan, Graph *graph, uint32_t token) {
  uint32_t before = graph->count;
  Node *node = add(graph, OP_PRINT, TYPE_VOID);
  node->values = plan_draw(plan, 3);
  for (uint32_t i = 0; i < node->values; i++)
    node->inputs[i] = any_value(plan, graph, before);
  node->count = node->values + 1;
  node->inputs[node->values] = token | OBJ_REF_ORDER;
  return before;
}

/* A list to hand on when there is none. */
static uint32_t some_list(Plan *plan, Graph *graph) {
  ObjRef found = earlier(plan, graph, graph->count, plan->list, UINT32_MAX);
  if (found != UINT32_MAX) return found;
  Node *node = add(graph, OP_LIST, plan->list);
  node->values = node->count = plan_draw(plan, 3);
  for (uint32_t i = 0; i < node->count; i++)
    node->inputs[i] = constant(plan, TEXTS);
  return graph->count - 1;
}

static uint32_t add_call(Plan *plan, Graph *graph, uint32_t target,
                         uint32_t token) {
  const Graph *callee = &plan->graphs[target];
  uint32_t list = some_list(plan, graph);
  uint32_t before = graph->count;
  bool repeats = plan_draw(plan, 3) == 0;
  Node *node = add(graph, OP_CALL, TYPE_VOID);
  node->target = target;
  node->values = node->count = callee->params;
  for (uint32_t i = 0; i < callee->params; i++) {
    bool is_text = callee->nodes[i].type == TYPE_TEXT;
    node->inputs[i] = is_text ? text_value(plan, graph, before) : list;
    if (is_text && repeats && i > 0 && callee->nodes[i - 1].type == TYPE_TEXT)
      node->inputs[i] = node->inputs[i - 1];
  }
  if (callee->prints) node->inputs[node->count++] = token | OBJ_REF_ORDER;
  if (callee->result != TYPE_VOID) add(graph, OP_PORT, callee->result);
  if (!callee->prints) return token;
  add(graph, OP_PORT, TYPE_VOID);
  return graph->count - 1;
}

static void add_results(Plan *plan, Graph *graph, uint32_t token) {
  uint32_t list = some_list(plan, graph);
  uint32_t before = graph->count;
  if (graph->result != TYPE_VOID) {
    Node *node = add(graph, OP_RESULT, graph->result);
    node->values = node->count = 1;
    node->inputs[0] =
        graph->result == TYPE_TEXT ? text_value(plan, graph, before) : list;
  }
  if (graph->prints) {
    Node *node = add(graph, OP_RESULT, TYPE_VOID);
    node->count = 1;
    node->inputs[0] = token | OBJ_REF_ORDER;
  }
}

static void add_end(Graph *graph) {
  bool is_read[MAX_NODES] = {false};
  for (uint32_t i = 0; i < graph->count; i++)
    for (uint32_t k = 0; k < graph->nodes[i].count; k++)
      if (!(graph->nodes[i].inputs[k] & OBJ_REF_CONST))
        is_read[graph->nodes[i].inputs[k] & OBJ_REF_INDEX] = true;
  Node *end = add(graph, OP_END, TYPE_VOID);
  for (uint32_t i = 0; i + 1 < graph->count; i++)
    if (!is_read[i]) end->inputs[end->count++] = i | OBJ_REF_ORDER;
}

/* Graphs call only those after them, which are planned already. */
static void plan_graph(Plan *plan, uint32_t row) {
  Graph *graph = &plan->graphs[row];
  graph->params = plan_draw(plan, MAX_PARAMS);
  graph->prints = plan_draw(plan, 3) > 0;
  const TypeId results[] = {TYPE_TEXT, TYPE_TEXT, plan->list, TYPE_VOID};
  graph->result = results[plan_draw(plan, 4)];
  for (uint32_t i = 0; i < graph->params; i++)
    add(graph, OP_PARAM, plan_draw(plan, 4) ? TYPE_TEXT : plan->list);
  uint32_t token = graph->params;
  if (graph->prints) add(graph, OP_PARAM, TYPE_VOID);
  uint32_t calls = 0;
  for (uint32_t work = plan_draw(plan, 24); work > 0; work--) {
    uint32_t target = row + 1 + plan_draw(plan, MAX_GRAPHS);
    bool can_call = target < plan->graph_count && calls < 4 &&
                    (graph->prints || !plan->graphs[target].prints);
    if (can_call && plan_draw(plan, 2)) {
      token = add_call(plan, graph, target, token);
      calls++;
    } else if (graph->prints && plan_draw(plan, 4) == 0) {
      token = add_print(plan, graph, token);
    } else {
      add_pure(plan, graph);
    }
  }
  add_results(plan, graph, token);
  add_end(graph);
}

static TypeId begin_types(Builder *b) {
  TypeTable types;
  type_table_init(&types);
  TypeId list = type_list_of(&types, TYPE_TEXT);
  if (b != NULL) build_types(b, &types);
  type_table_free(&types);
  return list;
}

void plan_make(Plan *plan, uint32_t seed) {
  *plan = (Plan){.state = seed * 2654435761U, .list = begin_types(NULL)};
  plan->graph_count = 1 + plan_draw(plan, MAX_GRAPHS);
  for (uint32_t row = plan->graph_count; row-- > 0;) plan_graph(plan, row);
}

/* ---- a plan as an object file ------------------------------------------- */

static void build_graph(Builder *b, const Plan *plan, uint32_t row) {
  const Graph *graph = &plan->graphs[row];
  uint16_t prints = graph->prints;
  uint16_t has_value = graph->result != TYPE_VOID;
  build_begin_graph(
      b, &(BuildGraph){.name = SLICE("A.f"),
                       .param_count = (uint16_t)(graph->params + prints),
                       .result_count = (uint16_t)(has_value + prints),
                       .spaces = prints});
  for (uint32_t i = 0; i < graph->count; i++) {
    const Node *node = &graph->nodes[i];
    const ObjArm body = {.kind = OBJ_ARM_BODY, .graph = node->target};
    build_node(b, &(BuildNode){.op = node->op,
                               .type = node->type,
                               .inputs = node->inputs,
                               .input_count = node->count,
                               .arms = &body,
                               .arm_count = node->op == OP_CALL,
                               .rank = (i * 7) % 5});
  }
  build_end_graph(b);
}

Object *plan_load(Builder *b) {
  Buf bytes = {0};
  Error error = {0};
  Status status = build_finish(b, &bytes, &error);
  build_free(b);
  if (status != STATUS_OK) fail_msg("%s", error.message);
  size_t size = bytes.length;
  Object *object = object_load((uint8_t *)buf_take(&bytes), size, &error);
  if (object == NULL) fail_msg("%s", error.message);
  return object;
}

Object *plan_build(const Plan *plan) {
  Builder *b = build_new(SLICE("stress.ais"), 1);
  const Graph *entry = &plan->graphs[0];
  BuildParam params[MAX_PARAMS];
  begin_types(b);
  for (uint32_t i = 0; i < TEXTS; i++)
    assert_int_equal(build_text(b, slice_of(texts[i])), i);
  assert_int_equal(build_num(b, 7), TEXTS);
  assert_int_equal(build_bool(b, true), TEXTS + 1);
  for (uint32_t row = 0; row < plan->graph_count; row++)
    build_graph(b, plan, row);
  for (uint32_t i = 0; i < entry->params; i++)
    params[i] = (BuildParam){SLICE("p"), entry->nodes[i].type};
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("f"),
                             .graph = 0,
                             .params = params,
                             .param_count = entry->params,
                             .result = entry->result,
                             .entry = true});
  return plan_load(b);
}

/* ---- the sequential evaluation ------------------------------------------ */

/* A value as it reads; both NULL for none. */
typedef struct Text {
  Buf plain, json;
} Text;

static void text_free(Text *text) {
  buf_free(&text->plain);
  buf_free(&text->json);
}

/* A text value of what `plain` holds. */
static void set_text(Text *text) {
  json_add_text(&text->json, buf_slice(&text->plain));
}

static void set_argument(Text *text, TypeId type) {
  if (type == TYPE_TEXT) {
    buf_add_text(&text->plain, "arg");
    set_text(text);
  } else {
    buf_add_text(&text->plain, "[\"x\",\"y\"]");
    buf_add_text(&text->json, "[\"x\",\"y\"]");
  }
}

static void add_input(const Text *values, ObjRef ref, bool json, Buf *out) {
  if (!(ref & OBJ_REF_CONST)) {
    const Text *text = &values[ref & OBJ_REF_INDEX];
    buf_add_slice(out, buf_slice(json ? &text->json : &text->plain));
    return;
  }
  uint32_t row = ref & OBJ_REF_INDEX;
  if (row >= TEXTS)
    buf_add_text(out, row == TEXTS ? "7" : "true");
  else if (json)
    json_add_text(out, slice_of(texts[row]));
  else
    buf_add_text(out, texts[row]);
}

static void copy_input(const Text *values, ObjRef ref, Text *to) {
  add_input(values, ref, false, &to->plain);
  add_input(values, ref, true, &to->json);
}

static void join(const Node *node, const Text *values, const char *separator,
                 bool json, Buf *out) {
  for (uint32_t i = 0; i < node->values; i++) {
    if (i > 0) buf_add_text(out, separator);
    add_input(values, node->inputs[i], json, out);
  }
}

static void evaluate_model(Oracle *oracle, const Node *node, const Text *values,
                           Text *out) {
  ModelRequest request = {.operation = slice_of(op_table[node->op].text)};
  request.temperature = NAN;
  join(node, values, "", false, &request.prompt);
  if (node->op == OP_THINK)
    buf_add_text(&out->plain, "thought");
  else
    sim_text_add(&request, &out->plain);
  oracle->reasons |= node->op == OP_REASON;
  set_text(out);
  model_request_clear(&request);
}

static void evaluate_work(Oracle *oracle, const Node *node, const Text *values,
                          Text *out) {
  switch (node->op) {
    case OP_TEXT:
    case OP_MERGE:
      join(node, values, node->op == OP_TEXT ? "" : "\n", false, &out->plain);
      set_text(out);
      return;
    case OP_LIST:
    case OP_WAIT:
      buf_add_char(&out->json, '[');
      join(node, values, ",", true, &out->json);
      buf_add_char(&out->json, ']');
      buf_add_slice(&out->plain, buf_slice(&out->json));
      return;
    case OP_PASS:
      add_input(values, node->inputs[0], false, &out->plain);
      set_text(out);
      return;
    case OP_PRINT:
      join(node, values, "", false, &oracle->lines);
      buf_add_char(&oracle->lines, '\n');
      oracle->printed++;
      return;
    default:
      evaluate_model(oracle, node, values, out);
  }
}

static void evaluate(Oracle *oracle, uint32_t row, const Text *args,
                     Text *result);

static void evaluate_call(Oracle *oracle, const Node *node, const Text *values,
                          Text *port) {
  Text args[MAX_PARAMS] = {{{0}, {0}}};
  for (uint32_t i = 0; i < node->values; i++)
    copy_input(values, node->inputs[i], &args[i]);
  evaluate(oracle, node->target, args, port);
  for (uint32_t i = 0; i < node->values; i++) text_free(&args[i]);
}

/* `result` stays as it is when the graph yields nothing. */
static void evaluate(Oracle *oracle, uint32_t row, const Text *args,
                     Text *result) {
  const Graph *graph = &oracle->plan->graphs[row];
  Text *values = mem_alloc_zero(graph->count, sizeof(Text));
  for (uint32_t i = 0; i < graph->count && !oracle->too_long; i++) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_PARAM && i < graph->params)
      copy_input(args, i, &values[i]);
    else if (node->op == OP_CALL)
      evaluate_call(oracle, node, values, &values[i + 1]);
    else if (node->op == OP_RESULT && node->values == 1)
      copy_input(values, node->inputs[0], result);
    else if (node->op > OP_CALL)
      evaluate_work(oracle, node, values, &values[i]);
    if (++oracle->steps > MAX_STEPS || values[i].json.length > MAX_TEXT ||
        oracle->lines.length > 16 * MAX_TEXT)
      oracle->too_long = true;
  }
  for (uint32_t i = 0; i < graph->count; i++) text_free(&values[i]);
  mem_free(values);
}

void plan_evaluate(Oracle *oracle, const Plan *plan) {
  const Graph *entry = &plan->graphs[0];
  Text args[MAX_PARAMS] = {{{0}, {0}}};
  Text result = {{0}, {0}};
  *oracle = (Oracle){.plan = plan};
  for (uint32_t i = 0; i < entry->params; i++)
    set_argument(&args[i], entry->nodes[i].type);
  evaluate(oracle, 0, args, &result);
  buf_add_slice(&oracle->result, buf_slice(&result.json));
  for (uint32_t i = 0; i < entry->params; i++) text_free(&args[i]);
  text_free(&result);
}
