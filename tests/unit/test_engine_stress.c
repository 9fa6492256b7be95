/* SPDX-License-Identifier: MIT
 *
 * The engine under stress: random programs (graphs that call each other,
 * repeated and constant arguments, parameters and ports that nobody reads,
 * output tokens through prints and calls, wide joins, model calls), several
 * runs at a time on engines of one, two and four workers, against a sequential
 * evaluation of the same plan. Then the same programs with calls that take
 * time or fail and with cancels at any moment, where what counts is that every
 * run comes to rest with a status that can be explained.
 *
 *     test_engine_stress [FIRST_SEED SEEDS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "core/object/build.h"
#include "runtime/engine/engine.h"
#include "runtime/model/sim.h"
#include "tests/unit/unit.h"

enum {
  MAX_GRAPHS = 6,
  MAX_NODES = 80,
  MAX_INPUTS = 220,
  MAX_PARAMS = 5,
  MAX_TEXT = 1 << 14, /* longer plans are thrown away */
  MAX_STEPS = 20000,  /* the same for nodes evaluated */
  BATCH = 4           /* programs, each run at the same time on one engine */
};

static uint32_t first_seed = 1, seed_count = 150;

/* ---- a plan ------------------------------------------------------------- */

typedef struct Node {
  Op op;
  TypeId type;
  uint32_t target;
  uint32_t count;  /* inputs */
  uint32_t values; /* of these, the ones that carry one */
  ObjRef inputs[MAX_INPUTS];
} Node;

typedef struct Graph {
  uint32_t params; /* values */
  bool prints;
  TypeId result;
  uint32_t count;
  Node nodes[MAX_NODES];
} Graph;

typedef struct Plan {
  uint32_t state; /* of the random numbers */
  TypeId list;
  uint32_t graph_count;
  Graph graphs[MAX_GRAPHS];
} Plan;

/* The constants: the same rows in every file. */
static const char *const texts[] = {"", "a", "b\"", "c c", "\xc3\xa4\n", "7x"};
enum { TEXTS = sizeof texts / sizeof texts[0], CONSTS = TEXTS + 2 };

static uint32_t draw(Plan *plan, uint32_t below) {
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
    uint32_t span = draw(plan, 2) ? before : before < 6 ? before : 6;
    uint32_t index = before - 1 - draw(plan, span);
    if (graph->nodes[index].type == type) return index;
  }
  return otherwise;
}

static ObjRef constant(Plan *plan, uint32_t kinds) {
  return OBJ_REF_CONST | draw(plan, kinds);
}

static ObjRef any_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (draw(plan, 6) == 0) return constant(plan, CONSTS);
  TypeId type = draw(plan, 5) == 0 ? plan->list : TYPE_TEXT;
  return earlier(plan, graph, before, type, constant(plan, CONSTS));
}

static ObjRef text_value(Plan *plan, const Graph *graph, uint32_t before) {
  if (draw(plan, 6) == 0) return constant(plan, TEXTS);
  return earlier(plan, graph, before, TYPE_TEXT, constant(plan, TEXTS));
}

static void order_edges(Plan *plan, Graph *graph, Node *node) {
  uint32_t before = graph->count - 1;
  while (before > 0 && draw(plan, 6) == 0)
    node->inputs[node->count++] = draw(plan, before) | OBJ_REF_ORDER;
}

static void add_pure(Plan *plan, Graph *graph) {
  static const Op ops[] = {OP_TEXT, OP_MERGE, OP_LIST,  OP_WAIT,
                           OP_PASS, OP_ASK,   OP_THINK, OP_REASON};
  Op op = ops[draw(plan, 8)];
  bool is_list = op == OP_LIST || op == OP_WAIT;
  uint32_t before = graph->count;
  Node *node = add(graph, op, is_list ? plan->list : TYPE_TEXT);
  node->values = 1 + draw(plan, 4);
  if ((op == OP_TEXT || is_list) && draw(plan, 8) == 0)
    node->values = 60 + draw(plan, MAX_INPUTS - 90);
  node->values -= op == OP_TEXT && draw(plan, 8) == 0;
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
  node->values = draw(plan, 3);
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
  node->values = node->count = draw(plan, 3);
  for (uint32_t i = 0; i < node->count; i++)
    node->inputs[i] = constant(plan, TEXTS);
  return graph->count - 1;
}

static uint32_t add_call(Plan *plan, Graph *graph, uint32_t target,
                         uint32_t token) {
  const Graph *callee = &plan->graphs[target];
  uint32_t list = some_list(plan, graph);
  uint32_t before = graph->count;
  bool repeats = draw(plan, 3) == 0;
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
  graph->params = draw(plan, MAX_PARAMS);
  graph->prints = draw(plan, 3) > 0;
  const TypeId results[] = {TYPE_TEXT, TYPE_TEXT, plan->list, TYPE_VOID};
  graph->result = results[draw(plan, 4)];
  for (uint32_t i = 0; i < graph->params; i++)
    add(graph, OP_PARAM, draw(plan, 4) ? TYPE_TEXT : plan->list);
  uint32_t token = graph->params;
  if (graph->prints) add(graph, OP_PARAM, TYPE_VOID);
  uint32_t calls = 0;
  for (uint32_t work = draw(plan, 24); work > 0; work--) {
    uint32_t target = row + 1 + draw(plan, MAX_GRAPHS);
    bool can_call = target < plan->graph_count && calls < 4 &&
                    (graph->prints || !plan->graphs[target].prints);
    if (can_call && draw(plan, 2)) {
      token = add_call(plan, graph, target, token);
      calls++;
    } else if (graph->prints && draw(plan, 4) == 0) {
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

static void make_plan(Plan *plan, uint32_t seed) {
  *plan = (Plan){.state = seed * 2654435761U, .list = begin_types(NULL)};
  plan->graph_count = 1 + draw(plan, MAX_GRAPHS);
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
                       .spaces = prints,
                       .result = graph->result});
  for (uint32_t i = 0; i < graph->count; i++) {
    const Node *node = &graph->nodes[i];
    build_node(b, &(BuildNode){.op = node->op,
                               .type = node->type,
                               .inputs = node->inputs,
                               .input_count = node->count,
                               .target = node->target,
                               .rank = (i * 7) % 5});
  }
  build_end_graph(b);
}

static Object *load(Builder *b) {
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

static Object *build_plan(const Plan *plan) {
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
  return load(b);
}

/* ---- the sequential evaluation ------------------------------------------ */

/* A value as it reads; both NULL for none. */
typedef struct Text {
  Buf plain, json;
} Text;

typedef struct Oracle {
  const Plan *plan;
  uint32_t steps;
  bool too_long;
  bool reasons;     /* some `reason` was evaluated */
  uint32_t printed; /* lines */
  Buf lines;
  Buf result; /* JSON; empty for none */
} Oracle;

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

static void ask_oracle(Oracle *oracle, const Plan *plan) {
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

/* ---- programs and runs -------------------------------------------------- */

typedef struct Program {
  Plan plan;
  Oracle oracle;
  Object *object;
} Program;

/* The next one from `*seed` on that is not too long. */
static void program_make(Program *program, uint32_t *seed) {
  for (;; ++*seed) {
    make_plan(&program->plan, *seed);
    ask_oracle(&program->oracle, &program->plan);
    if (!program->oracle.too_long) break;
    buf_free(&program->oracle.lines);
    buf_free(&program->oracle.result);
  }
  program->object = build_plan(&program->plan);
  ++*seed;
}

static void program_free(Program *program) {
  object_free(program->object);
  buf_free(&program->oracle.lines);
  buf_free(&program->oracle.result);
}

static Run *start(Engine *engine, const Program *program) {
  const Graph *entry = &program->plan.graphs[0];
  Value args[MAX_PARAMS + 1];
  for (uint32_t i = 0; i < entry->params; i++) {
    const Value items[2] = {value_text(SLICE("x")), value_text(SLICE("y"))};
    args[i] = value_list(items, 2);
    if (entry->nodes[i].type != TYPE_TEXT) continue;
    value_drop(args[i]);
    args[i] = value_text(SLICE("arg"));
  }
  return run_start(engine, program->object,
                   &(RunOptions){.args = args, .keep_output = true});
}

static void expect_success(const Run *run, const Program *program) {
  const Oracle *oracle = &program->oracle;
  const Slice *lines;
  Buf text = {0};
  uint32_t count = run_output_lines(run, &lines);
  if (run_status(run) != RUN_SUCCESS) fail_msg("%s", run_error(run));
  assert_int_equal(count, oracle->printed);
  for (uint32_t i = 0; i < count; i++) buf_add_slice(&text, lines[i]);
  assert_true(slice_equal(buf_slice(&text), buf_slice(&oracle->lines)));
  buf_clear(&text);
  if (program->plan.graphs[0].result != TYPE_VOID)
    value_add_json(run_result(run), &text);
  assert_true(slice_equal(buf_slice(&text), buf_slice(&oracle->result)));
  assert_true(run_metrics(run)->max_parallelism <=
              run_metrics(run)->work_span.in_flight_limit);
  buf_free(&text);
}

/* ---- engines ------------------------------------------------------------ */

typedef struct Setting {
  uint32_t workers;
  const char *profile, *rules; /* rules NULL: `think` at once */
  uint32_t in_flight;
} Setting;

static Engine *engine_for(const Setting *setting) {
  char path[] = "/tmp/apxm-stress-XXXXXX";
  Error error = {0};
  int fd = mkstemp(path);
  FILE *file = fdopen(fd, "w");
  assert_non_null(file);
  assert_true(fputs(setting->rules, file) >= 0);
  assert_int_equal(fclose(file), 0);
  Engine *engine = engine_new(
      &(EngineOptions){.workers = setting->workers,
                       .model = {.sim_profile = setting->profile,
                                 .replies = path,
                                 .max_in_flight = setting->in_flight}},
      &error);
  if (engine == NULL) fail_msg("%s", error.message);
  unlink(path);
  return engine;
}

#define THINK "{\"op\":\"think\",\"reply\":\"thought\"}\n"
#define THINK_LATE \
  "{\"op\":\"think\",\"reply\":\"thought\",\"latency_ms\":0.1}\n"
#define REASON_FAILS "{\"op\":\"reason\",\"error\":\"no\",\"times\":100000}\n"
#define REASON_FAILS_LATE \
  "{\"op\":\"reason\",\"error\":\"no\",\"latency_ms\":0.2,\"match\":\"a\"}\n"

/* ---- results ------------------------------------------------------------ */

static void compare_all(Engine *const *engines, uint32_t engine_count,
                        uint32_t seeds) {
  Program *programs = mem_alloc(BATCH * sizeof(Program));
  Run *runs[2 * BATCH];
  for (uint32_t seed = first_seed; seed < first_seed + seeds;) {
    for (int i = 0; i < BATCH; i++) program_make(&programs[i], &seed);
    for (uint32_t k = 0; k < engine_count; k++) {
      for (int i = 0; i < 2 * BATCH; i++)
        runs[i] = start(engines[k], &programs[i / 2]);
      for (int i = 0; i < 2 * BATCH; i++) run_wait(runs[i]);
      for (int i = 0; i < 2 * BATCH; i++) {
        expect_success(runs[i], &programs[i / 2]);
        run_free(runs[i]);
      }
    }
    for (int i = 0; i < BATCH; i++) program_free(&programs[i]);
  }
  mem_free(programs);
}

static void compare_with(const Setting *settings, uint32_t count,
                         uint32_t seeds) {
  Engine *engines[8];
  for (uint32_t i = 0; i < count; i++) engines[i] = engine_for(&settings[i]);
  compare_all(engines, count, seeds);
  for (uint32_t i = 0; i < count; i++) engine_free(engines[i]);
}

CASE(results_match_a_sequential_evaluation) {
  (void)state;
  compare_with((Setting[]){{1, "instant", THINK, 0},
                           {2, "instant", THINK, 0},
                           {4, "instant", THINK, 1}},
               3, seed_count);
}

CASE(results_match_when_calls_take_time) {
  (void)state;
  compare_with((Setting[]){{1, "fixed:0.05", THINK, 40},
                           {2, "instant", THINK_LATE, 3},
                           {4, "fixed:0.02", THINK_LATE, 1000}},
               3, seed_count / 4 + 1);
}

/* ---- cancels and failures ----------------------------------------------- */

static void expect_end(Run *run, const Program *program, bool cancelled,
                       bool may_fail) {
  RunStatus status = run_status(run);
  if (status == RUN_SUCCESS)
    expect_success(run, program);
  else if (status == RUN_FAILED)
    assert_true(may_fail && program->oracle.reasons);
  else
    assert_true(cancelled);
  assert_int_equal(strlen(run_error(run)) > 0, status == RUN_FAILED);
  assert_true(run_metrics(run)->nodes_executed < UINT32_MAX);
  run_free(run);
}

/* Starts the batch, cancels some of its runs at some moment, waits. */
static void disturb(Engine *engine, const Program *programs, Plan *random,
                    bool may_fail) {
  Run *runs[2 * BATCH];
  bool cancelled[2 * BATCH];
  for (int i = 0; i < 2 * BATCH; i++) runs[i] = start(engine, &programs[i / 2]);
  uint64_t until = clock_now() + draw(random, 400) * NS_PER_US;
  while (clock_now() < until) {
  }
  for (int i = 0; i < 2 * BATCH; i++) {
    cancelled[i] = draw(random, 3) > 0;
    if (cancelled[i]) run_cancel(runs[i]);
  }
  for (int i = 0; i < 2 * BATCH; i++) run_wait(runs[i]);
  for (int i = 0; i < 2 * BATCH; i++)
    expect_end(runs[i], &programs[i / 2], cancelled[i], may_fail);
}

static void disturb_all(const Setting *settings, uint32_t count,
                        bool may_fail) {
  Plan *random = mem_alloc(sizeof *random);
  Program *programs = mem_alloc(BATCH * sizeof(Program));
  for (uint32_t k = 0; k < count; k++) {
    Engine *engine = engine_for(&settings[k]);
    random->state = first_seed * 77 + k;
    for (uint32_t seed = first_seed; seed < first_seed + seed_count;) {
      for (int i = 0; i < BATCH; i++) program_make(&programs[i], &seed);
      for (int round = 0; round < 3; round++)
        disturb(engine, programs, random, may_fail);
      for (int i = 0; i < BATCH; i++) program_free(&programs[i]);
    }
    engine_free(engine);
  }
  mem_free(programs);
  mem_free(random);
}

CASE(cancelled_runs_come_to_rest) {
  (void)state;
  disturb_all((Setting[]){{1, "fixed:0.1", THINK, 4},
                          {2, "fixed:0.1", THINK_LATE, 1000},
                          {4, "instant", THINK_LATE, 2}},
              3, false);
}

CASE(failed_runs_come_to_rest) {
  (void)state;
  disturb_all((Setting[]){{1, "fixed:0.05", THINK REASON_FAILS, 4},
                          {2, "fixed:0.3", THINK REASON_FAILS_LATE, 1000},
                          {4, "instant", THINK_LATE REASON_FAILS_LATE, 2}},
              3, true);
}

/* ---- the end of everything ---------------------------------------------- */

static Object *one_ask(Op op) {
  Builder *b = build_new(SLICE("one.ais"), 1);
  ObjRef a = OBJ_REF_CONST | build_text(b, SLICE("Why?"));
  build_begin_graph(
      b, &(BuildGraph){
             .name = SLICE("A.f"), .result_count = 1, .result = TYPE_TEXT});
  build_node(b, &(BuildNode){.op = op,
                             .type = TYPE_TEXT,
                             .inputs = (ObjRef[]){a, a, a},
                             .input_count = 3});
  build_node(b, &(BuildNode){.op = OP_RESULT,
                             .type = TYPE_TEXT,
                             .inputs = (ObjRef[]){0},
                             .input_count = 1});
  build_node(b, &(BuildNode){.op = OP_END,
                             .inputs = (ObjRef[]){1 | OBJ_REF_ORDER},
                             .input_count = 1});
  build_end_graph(b);
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("f"),
                             .result = TYPE_TEXT,
                             .entry = true});
  return load(b);
}

/* Nobody may look at run or object once the run is over. */
CASE(nothing_is_touched_after_the_end) {
  (void)state;
  Setting setting = {4, "fixed:0.001", THINK, 0};
  Engine *engine = engine_for(&setting);
  for (uint32_t i = 0; i < 10 * seed_count; i++) {
    Object *object = one_ask(OP_ASK);
    Run *run = run_start(engine, object, &(RunOptions){.flow = 0});
    run_wait(run);
    assert_int_equal(run_status(run), RUN_SUCCESS);
    run_free(run);
    object_free(object);
  }
  engine_free(engine);
  for (uint32_t i = 0; i < seed_count; i++) {
    Object *object = one_ask(OP_REASON);
    engine = engine_for(&setting);
    Run *run = run_start(engine, object, &(RunOptions){.flow = 0});
    run_wait(run);
    run_free(run);
    engine_free(engine);
    object_free(object);
  }
}

/* ---- prints that wait for room ------------------------------------------ */

enum { PRINTS = 40, LINE = 100000, PRINTED = 200 };

/* PRINTS lines of LINE bytes, of the argument. */
static Object *many_prints(void) {
  Builder *b = build_new(SLICE("prints.ais"), 1);
  ObjRef inputs[2] = {0, 1 | OBJ_REF_ORDER};
  build_begin_graph(b, &(BuildGraph){.name = SLICE("A.f"),
                                     .param_count = 2,
                                     .result_count = 1,
                                     .spaces = 1});
  build_node(b, &(BuildNode){.op = OP_PARAM, .type = TYPE_TEXT});
  build_node(b, &(BuildNode){.op = OP_PARAM});
  for (int i = 0; i < PRINTS; i++)
    inputs[1] = OBJ_REF_ORDER | build_node(b, &(BuildNode){.op = OP_PRINT,
                                                           .inputs = inputs,
                                                           .input_count = 2});
  inputs[0] = inputs[1];
  inputs[0] =
      OBJ_REF_ORDER |
      build_node(
          b, &(BuildNode){.op = OP_RESULT, .inputs = inputs, .input_count = 1});
  build_node(b, &(BuildNode){.op = OP_END, .inputs = inputs, .input_count = 1});
  build_end_graph(b);
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("f"),
                             .params = &(BuildParam){SLICE("p"), TYPE_TEXT},
                             .param_count = 1,
                             .entry = true});
  return load(b);
}

static void ignore_broken(void *user) {
  (void)user;
}

static size_t read_all(int fd, size_t want) {
  char chunk[65536];
  size_t total = 0;
  while (total < want) {
    ssize_t got = read(fd, chunk, sizeof chunk);
    if (got <= 0) break;
    total += (size_t)got;
  }
  return total;
}

/* One run with a pipe behind it that is read up to `want` bytes, then
 * cancelled or, when that is all, waited for. */
static void run_prints(Engine *engine, const Object *object, size_t want) {
  int ends[2];
  Error error = {0};
  assert_int_equal(pipe(ends), 0);
  Output *output =
      output_new(engine_reactor(engine), ends[1], ignore_broken, NULL, &error);
  assert_non_null(output);
  char *bytes;
  Value line = value_text_new(LINE - 1, &bytes);
  memset(bytes, 'l', LINE - 1);
  Run *run =
      run_start(engine, object, &(RunOptions){.args = &line, .output = output});
  size_t all = (size_t)PRINTS * LINE;
  size_t got = read_all(ends[0], want);
  assert_true(got >= want);
  if (want < all) run_cancel(run);
  run_wait(run);
  assert_int_equal(run_status(run), want < all ? RUN_CANCELLED : RUN_SUCCESS);
  run_free(run);
  output_free(output);
  close(ends[0]);
  close(ends[1]);
}

CASE(prints_that_wait_are_cancelled_or_written) {
  (void)state;
  Object *object = many_prints();
  for (uint32_t workers = 1; workers <= 4; workers *= 2) {
    Setting setting = {workers, "instant", THINK, 0};
    Engine *engine = engine_for(&setting);
    for (size_t i = 0; i < 6; i++) run_prints(engine, object, i * 3 * LINE);
    run_prints(engine, object, (size_t)PRINTS * LINE);
    engine_free(engine);
  }
  object_free(object);
}

/* ---- object files that no compiler writes -------------------------------- */

/* Prints that all hang on one token, of a list of two lists of two lists and
 * so on, each pair being one value twice, `levels` deep. */
static Object *strange(uint32_t levels) {
  Builder *b = build_new(SLICE("strange.ais"), 1);
  TypeTable types;
  TypeId level_types[64];
  type_table_init(&types);
  for (uint32_t i = 0; i < levels; i++)
    level_types[i] =
        type_list_of(&types, i == 0 ? TYPE_TEXT : level_types[i - 1]);
  build_types(b, &types);
  type_table_free(&types);
  uint32_t last = OBJ_REF_CONST | build_text(b, SLICE("x"));
  build_begin_graph(b, &(BuildGraph){.name = SLICE("A.f"),
                                     .param_count = 1,
                                     .result_count = 1,
                                     .spaces = 1});
  build_node(b, &(BuildNode){.op = OP_PARAM});
  for (uint32_t i = 0; i < levels; i++)
    last = build_node(b, &(BuildNode){.op = OP_LIST,
                                      .type = level_types[i],
                                      .inputs = (ObjRef[]){last, last},
                                      .input_count = 2});
  ObjRef ends[PRINTED + 1];
  for (int i = 0; i < PRINTED; i++)
    ends[i] =
        OBJ_REF_ORDER |
        build_node(b, &(BuildNode){.op = OP_PRINT,
                                   .inputs = (ObjRef[]){last, OBJ_REF_ORDER},
                                   .input_count = 2});
  ends[PRINTED] =
      OBJ_REF_ORDER |
      build_node(
          b, &(BuildNode){.op = OP_RESULT, .inputs = ends, .input_count = 1});
  build_node(b, &(BuildNode){
                    .op = OP_END, .inputs = ends + 1, .input_count = PRINTED});
  build_end_graph(b);
  build_flow(
      b, &(BuildFlow){.agent = SLICE("A"), .name = SLICE("f"), .entry = true});
  return load(b);
}

static void run_strange(uint32_t levels) {
  Setting setting = {4, "instant", THINK, 0};
  Object *object = strange(levels);
  Engine *engine = engine_for(&setting);
  Run *run = run_start(engine, object, &(RunOptions){.keep_output = true});
  run_wait(run);
  const Slice *lines;
  uint32_t count = run_output_lines(run, &lines);
  if (run_status(run) == RUN_SUCCESS)
    assert_int_equal(count, PRINTED);
  else
    assert_non_null(strstr(run_error(run), "list would be longer"));
  bool is_right = (run_status(run) == RUN_SUCCESS) == (levels < 20);
  run_free(run);
  engine_free(engine);
  object_free(object);
  assert_true(is_right);
}

CASE(strange_object_files_do_no_harm) {
  (void)state;
  for (uint32_t i = 0; i < seed_count; i++) run_strange(3);
  run_strange(40);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(results_match_a_sequential_evaluation),
      cmocka_unit_test(results_match_when_calls_take_time),
      cmocka_unit_test(cancelled_runs_come_to_rest),
      cmocka_unit_test(failed_runs_come_to_rest),
      cmocka_unit_test(nothing_is_touched_after_the_end),
      cmocka_unit_test(prints_that_wait_are_cancelled_or_written),
      cmocka_unit_test(strange_object_files_do_no_harm),
  };
  if (argc == 3) {
    first_seed = (uint32_t)strtoul(argv[1], NULL, 10);
    seed_count = (uint32_t)strtoul(argv[2], NULL, 10);
  }
  return RUN(tests);
}
