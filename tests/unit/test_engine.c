/* SPDX-License-Identifier: MIT
 *
 * The engine over object files made by hand: values, wide joins, calls whose
 * frames are opened by their first token, print order, failure, cancellation
 * with calls under way, and random graphs against a sequential evaluation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/object/build.h"
#include "runtime/engine/engine.h"

#define ORDER OBJ_REF_ORDER
#define CONST OBJ_REF_CONST

/* ---- object files by hand ----------------------------------------------- */

typedef struct Graph {
  const char *name;
  uint16_t params, results, spaces;
} Graph;

static void begin(Builder *b, Graph graph) {
  build_begin_graph(b, &(BuildGraph){.name = slice_of(graph.name),
                                     .param_count = graph.params,
                                     .result_count = graph.results,
                                     .spaces = graph.spaces});
}

static uint32_t node(Builder *b, Op op, TypeId type, uint32_t count,
                     const ObjRef *inputs) {
  return build_node(
      b, &(BuildNode){
             .op = op, .type = type, .inputs = inputs, .input_count = count});
}

static uint32_t call(Builder *b, uint32_t target, uint32_t count,
                     const ObjRef *inputs) {
  const ObjArm body = {.kind = OBJ_ARM_BODY, .graph = target};
  return build_node(b, &(BuildNode){.op = OP_CALL,
                                    .type = TYPE_VOID,
                                    .inputs = inputs,
                                    .input_count = count,
                                    .arms = &body,
                                    .arm_count = 1});
}

#define NODE(b, op, type, ...)                                              \
  node((b), (op), (type), sizeof((ObjRef[]){__VA_ARGS__}) / sizeof(ObjRef), \
       (ObjRef[]){__VA_ARGS__})

static Object *finish(Builder *b) {
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

static void entry(Builder *b, uint32_t graph, TypeId result) {
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("main"),
                             .graph = graph,
                             .result = result,
                             .entry = true});
}

/* ---- running ------------------------------------------------------------ */

static Engine *engine_with(uint32_t workers, const char *profile,
                           const char *replies, uint32_t in_flight) {
  Error error = {0};
  Engine *engine =
      engine_new(&(EngineOptions){.workers = workers,
                                  .model = {.sim_profile = profile,
                                            .replies = replies,
                                            .max_in_flight = in_flight}},
                 &error);
  if (engine == NULL) fail_msg("%s", error.message);
  return engine;
}

static Run *run_whole(Engine *engine, const Object *object) {
  Run *run =
      run_start(engine, object, &(RunOptions){.flow = 0, .keep_output = true},
                &(Error){0});
  run_wait(run);
  return run;
}

static void expect_result(Run *run, const char *json) {
  Buf text = {0};
  if (run_status(run) != RUN_SUCCESS) fail_msg("%s", run_error(run));
  value_add_json(run_result(run), &text);
  assert_string_equal(text.data, json);
  buf_free(&text);
}

static void expect_yield(Object *object, const char *json) {
  for (uint32_t workers = 1; workers <= 2; workers++) {
    Engine *engine = engine_with(workers, "instant", NULL, 0);
    Run *run = run_whole(engine, object);
    expect_result(run, json);
    run_free(run);
    engine_free(engine);
  }
  object_free(object);
}

/* ---- values ------------------------------------------------------------- */

static void operations_yield_values(void **state) {
  (void)state;
  Builder *b = build_new(SLICE("t.ais"), 1);
  TypeTable types;
  type_table_init(&types);
  TypeId list = type_list_of(&types, TYPE_TEXT);
  build_types(b, &types);
  type_table_free(&types);
  ObjRef a = CONST | build_text(b, SLICE("a\"b"));
  ObjRef n = CONST | build_num(b, 7);
  ObjRef t = CONST | build_bool(b, true);
  begin(b, (Graph){"A.main", 0, 1, 0});
  uint32_t text = NODE(b, OP_TEXT, TYPE_TEXT, a, n, t);
  uint32_t merge = NODE(b, OP_MERGE, TYPE_TEXT, text, n, text);
  uint32_t pass = NODE(b, OP_PASS, TYPE_TEXT, merge);
  uint32_t wait = NODE(b, OP_WAIT, list, pass, text, a);
  uint32_t result = NODE(b, OP_RESULT, list, wait);
  NODE(b, OP_END, TYPE_VOID, result | ORDER);
  build_end_graph(b);
  entry(b, 0, list);
  expect_yield(
      finish(b),
      "[\"a\\\"b7true\\n7\\na\\\"b7true\",\"a\\\"b7true\",\"a\\\"b\"]");
}

static void wide_join(void **state) {
  (void)state;
  enum { WIDTH = 20000 };
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjRef x = CONST | build_text(b, SLICE("x"));
  ObjRef *inputs = mem_alloc(WIDTH * sizeof *inputs);
  begin(b, (Graph){"A.main", 0, 1, 0});
  uint32_t source = NODE(b, OP_TEXT, TYPE_TEXT, x);
  for (uint32_t i = 0; i < WIDTH; i++)
    inputs[i] = NODE(b, OP_TEXT, TYPE_TEXT, source);
  uint32_t join = node(b, OP_TEXT, TYPE_TEXT, WIDTH, inputs);
  uint32_t result = NODE(b, OP_RESULT, TYPE_TEXT, join);
  NODE(b, OP_END, TYPE_VOID, result | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  mem_free(inputs);
  char *wanted = mem_alloc(WIDTH + 3);
  memset(wanted, 'x', WIDTH + 2);
  wanted[0] = wanted[WIDTH + 1] = '"';
  wanted[WIDTH + 2] = '\0';
  expect_yield(finish(b), wanted);
  mem_free(wanted);
}

/* ---- calls -------------------------------------------------------------- */

/* callee(a, b) prints a, yields a + b; the caller passes a constant and what
 * an earlier call yielded, and one value twice. */
static void calls_take_and_give_tokens(void **state) {
  (void)state;
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjRef x = CONST | build_text(b, SLICE("x"));
  begin(b, (Graph){"A.main", 1, 2, 1});
  uint32_t token = node(b, OP_PARAM, TYPE_VOID, 0, NULL);
  uint32_t first = call(b, 1, 3, (ObjRef[]){x, x, token | ORDER});
  uint32_t value = node(b, OP_PORT, TYPE_TEXT, 0, NULL);
  uint32_t after = node(b, OP_PORT, TYPE_VOID, 0, NULL);
  uint32_t second = call(b, 1, 3, (ObjRef[]){value, value, after | ORDER});
  uint32_t value2 = node(b, OP_PORT, TYPE_TEXT, 0, NULL);
  uint32_t after2 = node(b, OP_PORT, TYPE_VOID, 0, NULL);
  uint32_t r0 = NODE(b, OP_RESULT, TYPE_TEXT, value2);
  uint32_t r1 = NODE(b, OP_RESULT, TYPE_VOID, after2 | ORDER);
  NODE(b, OP_END, TYPE_VOID, first | ORDER, second | ORDER, r0 | ORDER,
       r1 | ORDER);
  build_end_graph(b);
  begin(b, (Graph){"A.f", 3, 2, 1});
  uint32_t pa = node(b, OP_PARAM, TYPE_TEXT, 0, NULL);
  uint32_t pb = node(b, OP_PARAM, TYPE_TEXT, 0, NULL);
  uint32_t pt = node(b, OP_PARAM, TYPE_VOID, 0, NULL);
  uint32_t sum = NODE(b, OP_TEXT, TYPE_TEXT, pa, pb);
  uint32_t print = NODE(b, OP_PRINT, TYPE_VOID, pa, pt | ORDER);
  uint32_t s0 = NODE(b, OP_RESULT, TYPE_TEXT, sum);
  uint32_t s1 = NODE(b, OP_RESULT, TYPE_VOID, print | ORDER);
  NODE(b, OP_END, TYPE_VOID, s0 | ORDER, s1 | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  Object *object = finish(b);
  Engine *engine = engine_with(2, "instant", NULL, 0);
  for (int i = 0; i < 200; i++) {
    Run *run = run_whole(engine, object);
    const Slice *lines;
    expect_result(run, "\"xxxx\"");
    assert_int_equal(run_output_lines(run, &lines), 2);
    assert_true(slice_equal_text(lines[0], "x\n"));
    assert_true(slice_equal_text(lines[1], "xx\n"));
    assert_int_equal(run_metrics(run)->frames, 3);
    run_free(run);
  }
  engine_free(engine);
  object_free(object);
}

/* f(x) calls f(x): ends with a clear error, and everything comes to rest. */
static void endless_recursion_is_an_error(void **state) {
  (void)state;
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjRef x = CONST | build_text(b, SLICE("x"));
  begin(b, (Graph){"A.main", 0, 1, 0});
  uint32_t first = call(b, 1, 1, (ObjRef[]){x});
  uint32_t value = node(b, OP_PORT, TYPE_TEXT, 0, NULL);
  uint32_t result = NODE(b, OP_RESULT, TYPE_TEXT, value);
  NODE(b, OP_END, TYPE_VOID, first | ORDER, result | ORDER);
  build_end_graph(b);
  begin(b, (Graph){"A.f", 1, 1, 0});
  uint32_t param = node(b, OP_PARAM, TYPE_TEXT, 0, NULL);
  uint32_t again = NODE(b, OP_TEXT, TYPE_TEXT, param, x);
  uint32_t c1 = call(b, 1, 1, (ObjRef[]){again});
  uint32_t v1 = node(b, OP_PORT, TYPE_TEXT, 0, NULL);
  uint32_t c2 = call(b, 1, 1, (ObjRef[]){again});
  uint32_t v2 = node(b, OP_PORT, TYPE_TEXT, 0, NULL);
  uint32_t both = NODE(b, OP_TEXT, TYPE_TEXT, v1, v2);
  uint32_t s0 = NODE(b, OP_RESULT, TYPE_TEXT, both);
  NODE(b, OP_END, TYPE_VOID, c1 | ORDER, c2 | ORDER, s0 | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  Object *object = finish(b);
  Engine *engine = engine_with(2, "instant", NULL, 0);
  Run *run = run_whole(engine, object);
  assert_int_equal(run_status(run), RUN_FAILED);
  assert_non_null(strstr(run_error(run), "nested deeper than 1000"));
  assert_non_null(strstr(run_error(run), "A.main > ... > A.f"));
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- model calls -------------------------------------------------------- */

static Object *many_asks(uint32_t count) {
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjRef *inputs = mem_alloc(count * sizeof *inputs);
  begin(b, (Graph){"A.main", 0, 1, 0});
  for (uint32_t i = 0; i < count; i++)
    inputs[i] = NODE(b, OP_ASK, TYPE_TEXT, CONST | build_num(b, i));
  uint32_t join = node(b, OP_MERGE, TYPE_TEXT, count, inputs);
  uint32_t result = NODE(b, OP_RESULT, TYPE_TEXT, join);
  NODE(b, OP_END, TYPE_VOID, result | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  mem_free(inputs);
  return finish(b);
}

static void asks_overlap_within_the_limit(void **state) {
  (void)state;
  Object *object = many_asks(40);
  Engine *engine = engine_with(2, "fixed:40", NULL, 8);
  Run *run = run_whole(engine, object);
  const RunMetrics *metrics = run_metrics(run);
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_int_equal(metrics->requests, 40);
  assert_int_equal(metrics->max_parallelism, 8);
  assert_int_equal(metrics->work_span.peak_demand, 40);
  assert_int_equal(metrics->work_span.parallelism_limit, 8);
  assert_int_equal(metrics->work_span.path_nodes, 1);
  assert_true(metrics->work_span.t1_ns >= 40 * 40 * NS_PER_MS);
  assert_true(metrics->duration_ns >= 5 * 40 * NS_PER_MS);
  assert_true(metrics->nodes_executed >= 42);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

static void cancel_with_calls_under_way(void **state) {
  (void)state;
  Object *object = many_asks(1000);
  Engine *engine = engine_with(2, "fixed:100000", NULL, 700);
  for (int i = 0; i < 5; i++) {
    Run *run = run_start(engine, object, &(RunOptions){.flow = 0}, &(Error){0});
    if (i > 0) clock_sleep((uint64_t)i * NS_PER_MS);
    run_cancel(run);
    run_wait(run);
    assert_int_equal(run_status(run), RUN_CANCELLED);
    assert_int_equal(value_kind(run_result(run)), VALUE_KIND_UNIT);
    run_free(run);
  }
  engine_free(engine);
  object_free(object);
}

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void first_failure_cancels_the_others(void **state) {
  (void)state;
  char path[] = "/tmp/apxm-replies-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  write_text(path,
             "{\"prompt\":\"500\",\"error\":\"out of luck\","
             "\"latency_ms\":3}\n");
  Object *object = many_asks(1000);
  Engine *engine = engine_with(2, "fixed:100000", path, 1000);
  Run *run = run_whole(engine, object);
  assert_int_equal(run_status(run), RUN_FAILED);
  assert_non_null(strstr(run_error(run), "in A.main, ask: "));
  assert_non_null(strstr(run_error(run), "out of luck"));
  assert_int_equal(run_metrics(run)->nodes_failed, 1);
  run_free(run);
  engine_free(engine);
  object_free(object);
  unlink(path);
}

static void runs_share_an_engine(void **state) {
  (void)state;
  enum { RUNS = 16 };
  Object *object = many_asks(50);
  Engine *engine = engine_with(2, "fixed:300", NULL, 1000);
  Run *runs[RUNS];
  for (int i = 0; i < RUNS; i++)
    runs[i] = run_start(engine, object, &(RunOptions){.flow = 0}, &(Error){0});
  run_cancel(runs[3]);
  for (int i = 0; i < RUNS; i++) run_wait(runs[i]);
  for (int i = 0; i < RUNS; i++) {
    assert_int_equal(run_status(runs[i]), i == 3 ? RUN_CANCELLED : RUN_SUCCESS);
    run_free(runs[i]);
  }
  engine_free(engine);
  object_free(object);
}

/* A chain of asks longer than the path keeps: sums stay whole. */
static void long_paths_keep_their_sums(void **state) {
  (void)state;
  enum { LENGTH = 1000 };
  Builder *b = build_new(SLICE("t.ais"), 1);
  begin(b, (Graph){"A.main", 0, 1, 0});
  uint32_t last = NODE(b, OP_ASK, TYPE_TEXT, CONST | build_num(b, 1));
  for (int i = 1; i < LENGTH; i++) last = NODE(b, OP_ASK, TYPE_TEXT, last);
  uint32_t result = NODE(b, OP_RESULT, TYPE_TEXT, last);
  NODE(b, OP_END, TYPE_VOID, result | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  Object *object = finish(b);
  Engine *engine = engine_with(2, "instant", NULL, 0);
  Run *run = run_whole(engine, object);
  const WorkSpan *span = &run_metrics(run)->work_span;
  assert_int_equal(span->path_nodes, LENGTH);
  assert_int_equal(span->path_kept, LIMIT_PATH_LINKS);
  assert_int_equal(span->t1_ns, span->t_inf_ns);
  assert_true(span->within_bounds);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- random graphs ------------------------------------------------------ */

enum { RANDOM_NODES = 60, RANDOM_INPUTS = 4 };

typedef struct Random {
  uint32_t state;
  uint64_t value[RANDOM_NODES]; /* expected, as a number below 10 */
} Random;

static uint32_t draw(Random *random, uint32_t below) {
  random->state = random->state * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)(random->state >> 8) * below >> 24);
}

/* Node i is the text of its inputs, cut to few characters by passing only the
 * first one on now and then; `expected` gets the same, computed in order. */
static Object *random_graph(Random *random, Buf *expected) {
  Buf values[RANDOM_NODES] = {{0}};
  Builder *b = build_new(SLICE("t.ais"), 1);
  begin(b, (Graph){"A.main", 0, 1, 0});
  bool read[RANDOM_NODES] = {false};
  for (uint32_t i = 0; i < RANDOM_NODES; i++) {
    ObjRef inputs[RANDOM_INPUTS];
    uint32_t count = 1 + draw(random, RANDOM_INPUTS);
    Op op = draw(random, 3) > 0 ? OP_PASS : OP_MERGE;
    for (uint32_t k = 0; k < count; k++) {
      char text[16];
      bool constant = i == 0 || draw(random, 8) == 0;
      uint32_t from = i == 0 ? 0 : draw(random, i);
      snprintf(text, sizeof text, "c%u", draw(random, 50));
      inputs[k] = constant ? CONST | build_text(b, slice_of(text)) : from;
      if (!constant) read[from] = true;
      if (k > 0 && op == OP_PASS) continue;
      if (k > 0) buf_add_char(&values[i], '\n');
      buf_add_slice(&values[i],
                    constant ? slice_of(text) : buf_slice(&values[from]));
    }
    node(b, op, TYPE_TEXT, count, inputs);
  }
  ObjRef unread[RANDOM_NODES];
  uint32_t count = 0;
  for (uint32_t i = 0; i < RANDOM_NODES; i++) {
    if (read[i]) continue;
    if (count > 0) buf_add_char(expected, '\n');
    buf_add_slice(expected, buf_slice(&values[i]));
    unread[count++] = i;
  }
  uint32_t all = node(b, OP_MERGE, TYPE_TEXT, count, unread);
  uint32_t result = NODE(b, OP_RESULT, TYPE_TEXT, all);
  NODE(b, OP_END, TYPE_VOID, result | ORDER);
  build_end_graph(b);
  entry(b, 0, TYPE_TEXT);
  for (uint32_t i = 0; i < RANDOM_NODES; i++) buf_free(&values[i]);
  return finish(b);
}

static void random_graphs_match_a_sequential_evaluation(void **state) {
  (void)state;
  Engine *engine = engine_with(3, "instant", NULL, 0);
  for (uint32_t seed = 1; seed <= 300; seed++) {
    Random random = {.state = seed};
    Buf expected = {0};
    Object *object = random_graph(&random, &expected);
    Run *run = run_whole(engine, object);
    assert_int_equal(run_status(run), RUN_SUCCESS);
    assert_true(
        slice_equal(value_to_slice(run_result(run)), buf_slice(&expected)));
    run_free(run);
    object_free(object);
    buf_free(&expected);
  }
  engine_free(engine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operations_yield_values),
      cmocka_unit_test(wide_join),
      cmocka_unit_test(calls_take_and_give_tokens),
      cmocka_unit_test(endless_recursion_is_an_error),
      cmocka_unit_test(asks_overlap_within_the_limit),
      cmocka_unit_test(cancel_with_calls_under_way),
      cmocka_unit_test(first_failure_cancels_the_others),
      cmocka_unit_test(runs_share_an_engine),
      cmocka_unit_test(long_paths_keep_their_sums),
      cmocka_unit_test(random_graphs_match_a_sequential_evaluation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
