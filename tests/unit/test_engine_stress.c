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
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/engine/engine.h"
#include "tests/plans.h"
#include "tests/unit/unit.h"

enum { BATCH = 4 }; /* programs, each run twice at the same time */

static uint32_t first_seed = 1, seed_count = 150;

/* ---- programs and runs -------------------------------------------------- */

typedef struct Program {
  Plan plan;
  Oracle oracle; /* of a run in which no model call fails */
  Object *object;
} Program;

/* The next one from `*seed` on that is not too long. */
static void program_make(Program *program, uint32_t *seed) {
  for (;; ++*seed) {
    plan_make(&program->plan, *seed);
    plan_evaluate(&program->oracle, &program->plan);
    if (!program->oracle.too_long) break;
    oracle_free(&program->oracle);
    plan_free(&program->plan);
  }
  program->object = plan_build(&program->plan);
  ++*seed;
}

static void program_free(Program *program) {
  object_free(program->object);
  oracle_free(&program->oracle);
  plan_free(&program->plan);
}

static Run *start(Engine *engine, const Program *program) {
  const Graph *entry = &program->plan.graphs[0];
  Value args[MAX_PARAMS + 1];
  for (uint32_t i = 0; i < entry->params; i++) {
    const Value items[2] = {value_text(SLICE("x")), value_text(SLICE("y"))};
    args[i] = value_list(items, 2);
    if (entry->param_types[i] != TYPE_TEXT) continue;
    value_drop(args[i]);
    args[i] = value_text(SLICE("arg"));
  }
  return run_start(engine, program->object,
                   &(RunOptions){.args = args, .keep_output = true},
                   &(Error){0});
}

/* The path is the sum of its links, none of which another token reused. */
static void expect_sound_path(const RunMetrics *metrics) {
  const WorkSpan *span = &metrics->work_span;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < span->path_kept; i++)
    sum += span->path[i].service_ns;
  assert_true(span->path_kept <= span->path_nodes);
  assert_true(sum <= span->t_inf_ns && span->t_inf_ns <= span->t1_ns);
  if (span->path_kept == span->path_nodes)
    assert_int_equal(sum, span->t_inf_ns);
  if (metrics->requests > 0)
    assert_true(metrics->max_parallelism <= span->in_flight_limit);
}

static uint64_t times_stopped(const RunMetrics *metrics) {
  uint64_t times = 0;
  for (uint32_t i = 0; i < metrics->stopped_count; i++)
    times += metrics->stopped[i].times;
  return times;
}

static void expect_lines(const Run *run, const Oracle *oracle) {
  const Slice *lines;
  Buf text = {0};
  uint32_t count = run_output_lines(run, &lines);
  assert_int_equal(count, oracle->printed);
  for (uint32_t i = 0; i < count; i++) buf_add_slice(&text, lines[i]);
  assert_true(slice_equal(buf_slice(&text), buf_slice(&oracle->lines)));
  buf_free(&text);
}

/* What the run yields and prints; in bodies that fail, which nodes run is
 * open, so those are counted only where there is no `try`. */
static void expect_success(const Run *run, const Program *program) {
  const Oracle *oracle = &program->oracle;
  const RunMetrics *metrics = run_metrics(run);
  Value result = run_result(run);
  if (run_status(run) != RUN_SUCCESS) fail_msg("%s", run_error(run));
  expect_lines(run, oracle);
  assert_true(result == oracle->result || value_equal(result, oracle->result));
  if (!oracle->tries) {
    assert_int_equal(metrics->nodes_skipped, oracle->skipped);
    if (metrics->stopped_count < LIMIT_STOPPED_LOOPS)
      assert_int_equal(times_stopped(metrics), oracle->stopped);
  }
  expect_sound_path(metrics);
}

static void expect_outcome(const Run *run, const Program *program) {
  if (program->oracle.fails)
    assert_int_equal(run_status(run), RUN_FAILED);
  else
    expect_success(run, program);
}

/* ---- engines ------------------------------------------------------------ */

typedef struct Setting {
  uint32_t workers;
  const char *profile, *rules; /* rules NULL: `think` at once */
  uint32_t in_flight;
  uint32_t window; /* of iterations; 0: as in earnest */
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
                       .window = setting->window,
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
        expect_outcome(runs[i], &programs[i / 2]);
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
  compare_with((Setting[]){{1, "instant", THINK, 0, 0},
                           {2, "instant", THINK, 0, 0},
                           {4, "instant", THINK, 1, 0},
                           {2, "instant", THINK, 0, 1},
                           {4, "instant", THINK, 0, 3}},
               5, seed_count);
}

CASE(results_match_when_calls_take_time) {
  (void)state;
  compare_with((Setting[]){{1, "fixed:0.05", THINK, 40, 0},
                           {2, "instant", THINK_LATE, 3, 0},
                           {4, "fixed:0.02", THINK_LATE, 1000, 2}},
               3, seed_count / 4 + 1);
}

/* ---- cancels and failures ----------------------------------------------- */

/* A failing `reason` within a `try` changes what comes of it. */
static void expect_end(Run *run, const Program *program, bool cancelled,
                       bool may_fail) {
  const Oracle *oracle = &program->oracle;
  RunStatus status = run_status(run);
  bool is_open = may_fail && (oracle->reasons || oracle->tries);
  if (status == RUN_SUCCESS && !is_open)
    expect_success(run, program);
  else if (status == RUN_FAILED)
    assert_true(oracle->fails || is_open);
  else if (status == RUN_CANCELLED)
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
  uint64_t until = clock_now() + plan_draw(random, 400) * NS_PER_US;
  while (clock_now() < until) {
  }
  for (int i = 0; i < 2 * BATCH; i++) {
    cancelled[i] = plan_draw(random, 3) > 0;
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
  disturb_all((Setting[]){{1, "fixed:0.1", THINK, 4, 0},
                          {2, "fixed:0.1", THINK_LATE, 1000, 0},
                          {4, "instant", THINK_LATE, 2, 0}},
              3, false);
}

CASE(failed_runs_come_to_rest) {
  (void)state;
  disturb_all((Setting[]){{1, "fixed:0.05", THINK REASON_FAILS, 4, 0},
                          {2, "fixed:0.3", THINK REASON_FAILS_LATE, 1000, 1},
                          {4, "instant", THINK_LATE REASON_FAILS_LATE, 2, 0}},
              3, true);
}

/* ---- the end of everything ---------------------------------------------- */

static Object *one_ask(Op op) {
  Builder *b = build_new(SLICE("one.ais"), 1);
  ObjRef a = OBJ_REF_CONST | build_text(b, SLICE("Why?"));
  build_begin_graph(b, &(BuildGraph){.name = SLICE("A.f"), .result_count = 1});
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
  return plan_load(b);
}

/* Nobody may look at run or object once the run is over. */
CASE(nothing_is_touched_after_the_end) {
  (void)state;
  Setting setting = {4, "fixed:0.001", THINK, 0, 0};
  Engine *engine = engine_for(&setting);
  for (uint32_t i = 0; i < 10 * seed_count; i++) {
    Object *object = one_ask(OP_ASK);
    Run *run = run_start(engine, object, &(RunOptions){.flow = 0}, &(Error){0});
    run_wait(run);
    assert_int_equal(run_status(run), RUN_SUCCESS);
    run_free(run);
    object_free(object);
  }
  engine_free(engine);
  for (uint32_t i = 0; i < seed_count; i++) {
    Object *object = one_ask(OP_REASON);
    engine = engine_for(&setting);
    Run *run = run_start(engine, object, &(RunOptions){.flow = 0}, &(Error){0});
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
  return plan_load(b);
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
      run_start(engine, object, &(RunOptions){.args = &line, .output = output},
                &(Error){0});
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
    Setting setting = {workers, "instant", THINK, 0, 0};
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
  return plan_load(b);
}

static void run_strange(uint32_t levels) {
  Setting setting = {4, "instant", THINK, 0, 0};
  Object *object = strange(levels);
  Engine *engine = engine_for(&setting);
  Run *run = run_start(engine, object, &(RunOptions){.keep_output = true},
                       &(Error){0});
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
