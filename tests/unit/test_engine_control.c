/* SPDX-License-Identifier: MIT
 *
 * Branches, loops, whiles and tries one by one, over object files made by hand:
 * which part runs and when, what is handed on, what is held, what is undone,
 * and what the longest path and the warnings say of it. That everything comes
 * out as a sequential evaluation says is the business of test_engine_stress.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/engine/engine.h"
#include "tests/object_shapes.h"
#include "tests/unit/unit.h"

#define AFTER(node) ((node) | OBJ_REF_ORDER)
#define REFS(...) \
  (sizeof((ObjRef[]){__VA_ARGS__}) / sizeof(ObjRef)), ((ObjRef[]){__VA_ARGS__})
#define PORT(g, type) shape_add((g), OP_PORT, (type), 0, NULL)
#define PARAM(g, type) shape_add((g), OP_PARAM, (type), 0, NULL)

/* ---- object files by hand ----------------------------------------------- */

static TypeId list_type, error_type;

/* A file that has list<str> and `error`. */
static Builder *begin_file(void) {
  Builder *b = build_new(SLICE("c.ais"), 1);
  TypeTable types;
  type_table_init(&types);
  list_type = type_list_of(&types, TYPE_TEXT);
  error_type = type_record(&types, SLICE("error"));
  type_add_field(&types, error_type, SLICE("message"), TYPE_TEXT);
  type_add_field(&types, error_type, SLICE("code"), TYPE_TEXT);
  type_add_field(&types, error_type, SLICE("node"), TYPE_TEXT);
  build_types(b, &types);
  type_table_free(&types);
  return b;
}

/* The first graph is the entry's, the others are parts of it. */
static ShapeGraph begin(Builder *b, const char *name, uint32_t params,
                        uint32_t results, bool prints) {
  return shape_begin(b,
                     &(BuildGraph){.name = slice_of(name),
                                   .param_count = (uint16_t)(params + prints),
                                   .result_count = (uint16_t)(results + prints),
                                   .spaces = prints,
                                   .nested = strchr(name, '/') != NULL});
}

static ObjRef text(const ShapeGraph *g, const char *value) {
  return OBJ_REF_CONST | build_text(g->builder, slice_of(value));
}

static void give(ShapeGraph *g, TypeId type, ObjRef value) {
  shape_add(g, OP_RESULT, type, REFS(value));
}

static uint32_t composite(ShapeGraph *g, Op op, uint32_t count,
                          const ObjRef *inputs, uint32_t arm_count,
                          const ObjArm *arms) {
  return shape_node(
      g, &(BuildNode){.op = op,
                      .inputs = inputs,
                      .input_count = count,
                      .arms = arms,
                      .arm_count = arm_count,
                      .place = build_place(g->builder, SLICE("c.ais"), 7, 9, 2),
                      .rank = 7});
}

/* A loop or while over graph `body`. */
static uint32_t cycle(ShapeGraph *g, Op op, double limit, bool lists,
                      uint32_t body, uint32_t count, const ObjRef *inputs) {
  ObjAttr attr = {op == OP_LOOP ? ATTR_PARALLEL : ATTR_MAX, 0};
  if (limit > 0) attr.value = build_num(g->builder, limit);
  return shape_node(
      g, &(BuildNode){.op = op,
                      .inputs = inputs,
                      .input_count = count,
                      .attrs = &attr,
                      .attr_count = limit > 0,
                      .arms = &(ObjArm){.kind = OBJ_ARM_BODY, .graph = body},
                      .arm_count = 1,
                      .place = build_place(g->builder, SLICE("c.ais"), 7, 9, 2),
                      .flags = lists ? OBJ_NODE_LISTS : 0});
}

static uint32_t guard(ShapeGraph *g, ObjRef value, const char *condition,
                      bool skips) {
  Builder *b = g->builder;
  ObjAttr attrs[] = {{ATTR_CONDITION, build_text(b, slice_of(condition))},
                     {ATTR_ON_FAIL, build_text(b, SLICE("skip"))}};
  return shape_node(g, &(BuildNode){.op = OP_GUARD,
                                    .type = TYPE_TEXT,
                                    .inputs = &value,
                                    .input_count = 1,
                                    .attrs = attrs,
                                    .attr_count = skips ? 2 : 1});
}

/* Ends the file: a flow A.main over graph 0, whose parameters are values. */
static Object *finish(Builder *b, TypeId result, uint32_t params,
                      TypeId param) {
  BuildParam rows[2] = {{SLICE("p"), param}, {SLICE("q"), param}};
  Buf bytes = {0};
  Error error = {0};
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("main"),
                             .params = rows,
                             .param_count = params,
                             .result = result,
                             .entry = true});
  Status status = build_finish(b, &bytes, &error);
  build_free(b);
  if (status != STATUS_OK) fail_msg("%s", error.message);
  size_t size = bytes.length;
  Object *object = object_load((uint8_t *)buf_take(&bytes), size, &error);
  if (object == NULL) fail_msg("%s", error.message);
  return object;
}

/* ---- running ------------------------------------------------------------ */

typedef struct Setting {
  const char *profile;
  const char *rules; /* NULL: none */
  uint32_t in_flight;
  uint32_t workers;
} Setting;

static Engine *engine_for(const Setting *setting) {
  char path[] = "/tmp/apxm-control-XXXXXX";
  Error error = {0};
  EngineOptions options = {.workers = setting->workers ? setting->workers : 2,
                           .model = {.sim_profile = setting->profile,
                                     .max_in_flight = setting->in_flight}};
  if (setting->rules != NULL) {
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_true(fputs(setting->rules, file) >= 0);
    assert_int_equal(fclose(file), 0);
    options.model.replies = path;
  }
  Engine *engine = engine_new(&options, &error);
  if (engine == NULL) fail_msg("%s", error.message);
  if (setting->rules != NULL) unlink(path);
  return engine;
}

static Value texts(uint32_t count) {
  Value *items = mem_alloc((count + 1) * sizeof *items);
  for (uint32_t i = 0; i < count; i++) {
    char name[16];
    snprintf(name, sizeof name, "%u", i);
    items[i] = value_text(slice_of(name));
  }
  Value list = value_list(items, count);
  mem_free(items);
  return list;
}

/* Runs A.main of `object`, which takes `args`, to its end. */
static Run *run_on(Engine *engine, const Object *object, const Value *args) {
  Run *run =
      run_start(engine, object,
                &(RunOptions){.args = args, .keep_output = true}, &(Error){0});
  run_wait(run);
  return run;
}

static void expect_result(const Run *run, const char *json) {
  Buf text = {0};
  if (run_status(run) != RUN_SUCCESS) fail_msg("%s", run_error(run));
  value_add_json(run_result(run), &text);
  assert_string_equal(text.data, json);
  buf_free(&text);
}

static void expect_lines(const Run *run, const char *wanted) {
  const Slice *lines;
  Buf text = {0};
  buf_add_text(&text, "");
  uint32_t count = run_output_lines(run, &lines);
  for (uint32_t i = 0; i < count; i++) buf_add_slice(&text, lines[i]);
  assert_string_equal(text.data ? text.data : "", wanted);
  buf_free(&text);
}

static void expect_error(const Run *run, const char *part) {
  assert_int_equal(run_status(run), RUN_FAILED);
  if (strstr(run_error(run), part) == NULL)
    fail_msg("\"%s\" is not in \"%s\"", part, run_error(run));
}

/* Runs `object` once on each number of workers; frees it. */
static void expect_yield(Object *object, const Setting *setting,
                         const Value *args, uint32_t arg_count,
                         const char *json, const char *lines) {
  for (uint32_t workers = 1; workers <= 2; workers++) {
    Setting with = *setting;
    with.workers = workers;
    Engine *engine = engine_for(&with);
    for (uint32_t i = 0; i < arg_count; i++) value_take(args[i], 1);
    Run *run = run_on(engine, object, args);
    expect_result(run, json);
    expect_lines(run, lines);
    run_free(run);
    engine_free(engine);
  }
  for (uint32_t i = 0; i < arg_count; i++) value_drop(args[i]);
  object_free(object);
}

static const Setting instant = {.profile = "instant"};

/* ---- branches ------------------------------------------------------------ */

/* switch p { case "Technical" => ask("t"), case "b" => "b", default => p } */
static Object *make_switch(bool has_default) {
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 1, 1, false);
  uint32_t p = PARAM(&g, TYPE_TEXT);
  ObjArm arms[] = {{OBJ_ARM_CASE, build_text(b, SLICE("Technical")), 1},
                   {OBJ_ARM_CASE, build_text(b, SLICE("b")), 2},
                   {OBJ_ARM_DEFAULT, 0, 3}};
  composite(&g, OP_BRANCH, REFS(p, p), has_default ? 3 : 2, arms);
  give(&g, TYPE_TEXT, PORT(&g, TYPE_TEXT));
  shape_end(&g);
  for (int i = 0; i < 3; i++) {
    g = begin(b, "A.main/switch", 1, 1, false);
    p = PARAM(&g, TYPE_TEXT);
    if (i == 0) p = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(text(&g, "t")));
    give(&g, TYPE_TEXT, i == 1 ? text(&g, "is b") : p);
    shape_end(&g);
  }
  return finish(b, TYPE_TEXT, 1, TYPE_TEXT);
}

CASE(one_arm_runs) {
  (void)state;
  const Setting setting = {.profile = "instant",
                           .rules = "{\"prompt\":\"t\",\"reply\":\"asked\"}\n"};
  const struct {
    const char *control, *json;
  } rows[] = {{"Technical", "\"asked\""},
              {" **technical.**\n", "\"asked\""},
              {"b", "\"is b\""},
              {"B!", "\"is b\""},
              {"c", "\"c\""},
              {"", "\"\""}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    Value arg = value_text(slice_of(rows[i].control));
    expect_yield(make_switch(true), &setting, &arg, 1, rows[i].json, "");
  }
}

CASE(an_untaken_arm_asks_nothing) {
  (void)state;
  Engine *engine = engine_for(&instant);
  Object *object = make_switch(true);
  Run *run = run_on(engine, object, (Value[]){value_text(SLICE("b"))});
  assert_int_equal(run_metrics(run)->requests, 0);
  assert_int_equal(run_metrics(run)->frames, 2);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

CASE(no_case_is_a_failure_that_lists_them) {
  (void)state;
  Engine *engine = engine_for(&instant);
  Object *object = make_switch(false);
  Run *run = run_on(engine, object, (Value[]){value_text(SLICE("neither"))});
  expect_error(run,
               "c.ais:7:9: in A.main, branch: no case matches \"neither\"; the "
               "cases are \"Technical\", \"b\"");
  run_free(run);
  engine_free(engine);
  object_free(object);
}

typedef struct Calls {
  Mutex lock; /* guards the rest */
  char order[64];
} Calls;

/* Notes the beginning and the end of each call by its bound name. */
static void note_call(void *user, const RunEvent *event) {
  Calls *calls = user;
  size_t length;
  const char *name = strchr(event->label, ':') + 2;
  mutex_lock(&calls->lock);
  length = strlen(calls->order);
  snprintf(calls->order + length, sizeof calls->order - length, "%c%c ",
           event->kind == RUN_EVENT_CALL_STARTED ? '+' : '-', name[0]);
  mutex_unlock(&calls->lock);
}

static uint32_t named_ask(ShapeGraph *g, const char *name, ObjRef prompt) {
  ObjAttr attr = {ATTR_NAME, build_text(g->builder, slice_of(name))};
  return shape_node(g, &(BuildNode){.op = OP_ASK,
                                    .type = TYPE_TEXT,
                                    .inputs = &prompt,
                                    .input_count = 1,
                                    .attrs = &attr,
                                    .attr_count = 1});
}

/* if (true) { ask("a") -> a  ask("b") -> b }  ask(a) -> c: c begins while b,
 * which takes long, is under way. */
CASE(each_result_goes_on_by_itself) {
  (void)state;
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 0, 1, false);
  const ObjArm arms[] = {{OBJ_ARM_TRUE, 0, 1}, {OBJ_ARM_FALSE, 0, 1}};
  composite(&g, OP_BRANCH, REFS(OBJ_REF_CONST | build_bool(b, true)), 2, arms);
  uint32_t a = PORT(&g, TYPE_TEXT);
  PORT(&g, TYPE_TEXT);
  give(&g, TYPE_TEXT, named_ask(&g, "c", a));
  shape_end(&g);
  g = begin(b, "A.main/if", 0, 2, false);
  a = named_ask(&g, "a", text(&g, "a"));
  uint32_t slow = named_ask(&g, "b", text(&g, "b"));
  give(&g, TYPE_TEXT, a);
  give(&g, TYPE_TEXT, slow);
  shape_end(&g);
  Object *object = finish(b, TYPE_TEXT, 0, 0);
  Engine *engine = engine_for(&(Setting){
      .profile = "fixed:1",
      .rules = "{\"prompt\":\"b\",\"reply\":\"b\",\"latency_ms\":300}\n"});
  Calls calls = {.order = ""};
  mutex_init(&calls.lock);
  Run *run =
      run_start(engine, object,
                &(RunOptions){.event = note_call, .user = &calls}, &(Error){0});
  run_wait(run);
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_non_null(strstr(calls.order, "-c -b "));
  assert_int_equal(run_metrics(run)->work_span.path_nodes, 1);
  run_free(run);
  mutex_destroy(&calls.lock);
  engine_free(engine);
  object_free(object);
}

/* What an arm begins with has waited for the control value. */
CASE(the_path_goes_through_the_control) {
  (void)state;
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 0, 1, false);
  uint32_t first = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(text(&g, "first")));
  const ObjArm arms[] = {{OBJ_ARM_CASE, build_text(b, SLICE("x")), 1},
                         {OBJ_ARM_DEFAULT, 0, 1}};
  composite(&g, OP_BRANCH, REFS(first), 2, arms);
  give(&g, TYPE_TEXT, PORT(&g, TYPE_TEXT));
  shape_end(&g);
  g = begin(b, "A.main/switch", 0, 1, false);
  uint32_t second = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(text(&g, "second")));
  give(&g, TYPE_TEXT, second);
  shape_end(&g);
  Object *object = finish(b, TYPE_TEXT, 0, 0);
  Engine *engine = engine_for(&(Setting){.profile = "fixed:2"});
  Run *run = run_on(engine, object, NULL);
  const WorkSpan *span = &run_metrics(run)->work_span;
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_int_equal(span->path_nodes, 2);
  assert_int_equal(span->t1_ns, span->t_inf_ns);
  assert_string_equal(span->path[1].label, "A.main: (ask)");
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- loops --------------------------------------------------------------- */

/* loop (x in xs[, parallel: cap]) { ask(x) -> r  print(x)  r } -> ys */
static Object *make_loop(double cap, bool prints) {
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 1, 1, prints);
  uint32_t xs = PARAM(&g, list_type);
  uint32_t token = prints ? PARAM(&g, TYPE_VOID) : 0;
  cycle(&g, OP_LOOP, cap, true, 1, 1 + prints, (ObjRef[]){xs, AFTER(token)});
  uint32_t ys = PORT(&g, list_type);
  token = prints ? PORT(&g, TYPE_VOID) : 0;
  give(&g, list_type, ys);
  if (prints) give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  g = begin(b, "A.main/loop", 1, 1, prints);
  uint32_t x = PARAM(&g, TYPE_TEXT);
  token = prints ? PARAM(&g, TYPE_VOID) : 0;
  uint32_t reply = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(x));
  if (prints) token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(x, AFTER(token)));
  give(&g, TYPE_TEXT, reply);
  if (prints) give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  return finish(b, list_type, 1, list_type);
}

/* Every ask is answered with "r". */
#define SAYS_R "{\"op\":\"ask\",\"reply\":\"r\"}\n"

CASE(a_loop_collects_in_order) {
  (void)state;
  Engine *engine = engine_for(&(Setting){.profile = "instant", .in_flight = 7});
  Object *object = make_loop(0, false);
  enum { COUNT = 100000 };
  Run *run = run_on(engine, object, (Value[]){texts(COUNT)});
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_int_equal(run_metrics(run)->requests, COUNT);
  assert_int_equal(run_metrics(run)->frames, COUNT + 1);
  Value list = run_result(run);
  assert_int_equal(value_length(list), COUNT);
  for (uint32_t i = 0; i < COUNT; i += 997) {
    char prompt[32]; /* the reply quotes it */
    snprintf(prompt, sizeof prompt, "%u", i);
    assert_true(
        slice_contains(value_to_slice(value_item(list, i)), slice_of(prompt)));
  }
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* With one call at a time, the oldest iteration is the first to make its. */
CASE(iterations_begin_in_list_order) {
  (void)state;
  Buf rules = {0}, wanted = {0};
  for (int i = 0; i < 20; i++) {
    buf_addf(&rules,
             "{\"op\":\"ask\",\"reply\":\"%d\",\"times\":1,"
             "\"latency_ms\":1}\n",
             i);
    buf_addf(&wanted, "%s\"%d\"", i == 0 ? "[" : ",", i);
  }
  buf_add_char(&wanted, ']');
  Engine *engine = engine_for(&(Setting){
      .profile = "instant", .rules = rules.data, .in_flight = 1, .workers = 1});
  Object *object = make_loop(0, false);
  Run *run = run_on(engine, object, (Value[]){texts(20)});
  expect_result(run, wanted.data);
  run_free(run);
  engine_free(engine);
  object_free(object);
  buf_free(&rules);
  buf_free(&wanted);
}

CASE(an_empty_loop_yields_an_empty_list) {
  (void)state;
  Value none = texts(0);
  expect_yield(make_loop(0, true), &instant, &none, 1, "[]", "");
}

CASE(lines_keep_list_order_while_asks_overlap) {
  (void)state;
  Engine *engine = engine_for(
      &(Setting){.profile = "fixed:20", .rules = NULL, .in_flight = 100});
  Object *object = make_loop(0, true);
  Run *run = run_on(engine, object, (Value[]){texts(8)});
  expect_lines(run, "0\n1\n2\n3\n4\n5\n6\n7\n");
  assert_int_equal(run_metrics(run)->max_parallelism, 8);
  assert_int_equal(run_metrics(run)->work_span.path_nodes, 1);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* What waits for a place among `parallel: n` waits for the program. */
CASE(parallel_caps_a_loop_and_is_on_the_path) {
  (void)state;
  Engine *engine = engine_for(&(Setting){.profile = "fixed:2"});
  for (uint32_t cap = 1; cap <= 3; cap++) {
    Object *object = make_loop(cap, false);
    Run *run = run_on(engine, object, (Value[]){texts(12)});
    const RunMetrics *metrics = run_metrics(run);
    assert_int_equal(run_status(run), RUN_SUCCESS);
    assert_int_equal(metrics->max_parallelism, cap);
    assert_int_equal(metrics->work_span.path_nodes, 12 / cap);
    run_free(run);
    object_free(object);
  }
  engine_free(engine);
}

CASE(the_window_bounds_what_is_open) {
  (void)state;
  Engine *engine = engine_for(&(Setting){.profile = "fixed:1", .in_flight = 4});
  Object *object = make_loop(0, false);
  Run *run = run_on(engine, object, (Value[]){texts(300)});
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_int_equal(run_metrics(run)->max_parallelism, 4);
  assert_int_equal(run_metrics(run)->work_span.peak_demand, 64);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* loop (x in xs) { all = all + x }: carried from one to the next. */
CASE(what_is_assigned_is_carried) {
  (void)state;
  for (uint32_t count = 0; count <= 5; count += 5) {
    Builder *b = begin_file();
    ShapeGraph g = begin(b, "A.main", 1, 1, false);
    uint32_t xs = PARAM(&g, list_type);
    cycle(&g, OP_LOOP, 0, false, 1, REFS(xs, text(&g, ">"), text(&g, ",")));
    give(&g, TYPE_TEXT, PORT(&g, TYPE_TEXT));
    shape_end(&g);
    g = begin(b, "A.main/loop", 3, 1, false);
    uint32_t x = PARAM(&g, TYPE_TEXT), all = PARAM(&g, TYPE_TEXT);
    uint32_t comma = PARAM(&g, TYPE_TEXT);
    give(&g, TYPE_TEXT, shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(all, x, comma)));
    shape_end(&g);
    Value list = texts(count);
    expect_yield(finish(b, TYPE_TEXT, 1, list_type), &instant, &list, 1,
                 count == 0 ? "\">\"" : "\">0,1,2,3,4,\"", "");
  }
}

/* ---- whiles -------------------------------------------------------------- */

/* while (s != end, max: 3) { s = ask(s) }; the step after the last one only
 * looks: its branch on `last` yields what came. */
static Object *make_while(const char *end) {
  Builder *b = begin_file();
  const ObjArm rows[] = {{OBJ_ARM_TRUE, 0, 2}, {OBJ_ARM_FALSE, 0, 3}};
  ShapeGraph g = begin(b, "A.main", 0, 1, false);
  cycle(&g, OP_WHILE, 3, false, 1, REFS(text(&g, "s")));
  give(&g, TYPE_TEXT, PORT(&g, TYPE_TEXT));
  shape_end(&g);
  g = begin(b, "A.main/while", 2, 2, false);
  uint32_t last = PARAM(&g, TYPE_BOOL), s = PARAM(&g, TYPE_TEXT);
  uint32_t again = shape_add(&g, OP_NE, TYPE_BOOL, REFS(s, text(&g, end)));
  composite(&g, OP_BRANCH, REFS(last, s), 2, rows);
  uint32_t next = PORT(&g, TYPE_TEXT);
  give(&g, TYPE_BOOL, again);
  give(&g, TYPE_TEXT, next);
  shape_end(&g);
  for (int i = 0; i < 2; i++) {
    g = begin(b, "A.main/while/if", 1, 1, false);
    s = PARAM(&g, TYPE_TEXT);
    if (i == 1) s = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(s));
    give(&g, TYPE_TEXT, s);
    shape_end(&g);
  }
  return finish(b, TYPE_TEXT, 0, 0);
}

CASE(a_while_that_is_stopped_says_so) {
  (void)state;
  Engine *engine = engine_for(&(Setting){
      .profile = "fixed:1", .rules = "{\"op\":\"ask\",\"reply\":\"t\"}\n"});
  Object *object = make_while("never");
  Run *run = run_on(engine, object, NULL);
  const RunMetrics *metrics = run_metrics(run);
  expect_result(run, "\"t\"");
  assert_int_equal(metrics->requests, 3);
  assert_int_equal(metrics->work_span.path_nodes, 3);
  assert_int_equal(metrics->stopped_count, 1);
  assert_string_equal(metrics->stopped[0].label, "A.main: (while)");
  assert_int_equal(metrics->stopped[0].line, 7);
  assert_int_equal(metrics->stopped[0].steps, 3);
  assert_int_equal(metrics->stopped[0].times, 1);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

CASE(a_while_ends_when_its_condition_does) {
  (void)state;
  Engine *engine = engine_for(&(Setting){
      .profile = "instant", .rules = "{\"op\":\"ask\",\"reply\":\"t\"}\n"});
  Object *object = make_while("t");
  Run *run = run_on(engine, object, NULL);
  assert_int_equal(run_status(run), RUN_SUCCESS);
  assert_int_equal(run_metrics(run)->stopped_count, 0);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- tries --------------------------------------------------------------- */

/* print("before")
 * try { print("in the body") <fails or not> } catch (e) { print(e.code, ...) }
 * print("after") */
static Object *make_try(void (*spoil)(ShapeGraph *g)) {
  Builder *b = begin_file();
  const ObjArm arms[] = {{OBJ_ARM_BODY, 0, 1}, {OBJ_ARM_CATCH, 0, 2}};
  ShapeGraph g = begin(b, "A.main", 0, 1, true);
  uint32_t token = PARAM(&g, TYPE_VOID);
  token = shape_add(&g, OP_PRINT, TYPE_VOID,
                    REFS(text(&g, "before"), AFTER(token)));
  composite(&g, OP_TRY, REFS(text(&g, "kept"), AFTER(token)), 2, arms);
  uint32_t value = PORT(&g, TYPE_TEXT);
  token = PORT(&g, TYPE_VOID);
  token = shape_add(&g, OP_PRINT, TYPE_VOID,
                    REFS(text(&g, "after "), value, AFTER(token)));
  give(&g, TYPE_TEXT, value);
  give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  g = begin(b, "A.main/try", 1, 1, true);
  value = PARAM(&g, TYPE_TEXT);
  token = PARAM(&g, TYPE_VOID);
  token = shape_add(&g, OP_PRINT, TYPE_VOID,
                    REFS(text(&g, "in the body"), AFTER(token)));
  if (spoil != NULL) spoil(&g);
  give(&g, TYPE_TEXT, value);
  give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  g = begin(b, "A.main/catch", 2, 1, true);
  uint32_t e = PARAM(&g, error_type);
  value = PARAM(&g, TYPE_TEXT);
  token = PARAM(&g, TYPE_VOID);
  token = shape_add(&g, OP_PRINT, TYPE_VOID,
                    REFS(text(&g, "caught "), value, e, AFTER(token)));
  give(&g, TYPE_TEXT, text(&g, "caught"));
  give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  return finish(b, TYPE_TEXT, 0, 0);
}

static void raise(ShapeGraph *g) {
  shape_add(g, OP_ERR, TYPE_VOID, REFS(text(g, "no luck")));
}

static void fail_guard(ShapeGraph *g) {
  guard(g, text(g, "0.5"), "> 0.8", false);
}

static void fail_ask(ShapeGraph *g) {
  named_ask(g, "reply", text(g, "bad"));
  shape_add(g, OP_ASK, TYPE_TEXT, REFS(text(g, "slow")));
}

CASE(a_try_that_succeeds_hands_its_lines_on) {
  (void)state;
  expect_yield(make_try(NULL), &instant, NULL, 0, "\"kept\"",
               "before\nin the body\nafter kept\n");
}

CASE(a_try_that_fails_prints_nothing_and_catches) {
  (void)state;
  const Setting rules = {.profile = "fixed:100000",
                         .rules =
                             "{\"prompt\":\"bad\",\"error\":\"refused\","
                             "\"latency_ms\":1}\n"};
  expect_yield(make_try(raise), &instant, NULL, 0, "\"caught\"",
               "before\n"
               "caught kept{\"message\":\"no luck\",\"code\":\"raised\","
               "\"node\":\"err\"}\nafter caught\n");
  expect_yield(make_try(fail_guard), &instant, NULL, 0, "\"caught\"",
               "before\n"
               "caught kept{\"message\":\"the condition `> 0.8` does not hold "
               "for `0.5`\",\"code\":\"guard_failed\",\"node\":\"guard\"}\n"
               "after caught\n");
  expect_yield(make_try(fail_ask), &rules, NULL, 0, "\"caught\"",
               "before\n"
               "caught kept{\"message\":\"refused\",\"code\":\"model_failed\","
               "\"node\":\"reply\"}\nafter caught\n");
}

/* A failure outside of any try names flow and place, not the parts. */
CASE(a_failure_in_a_part_names_the_flow) {
  (void)state;
  Builder *b = begin_file();
  const ObjArm arms[] = {{OBJ_ARM_TRUE, 0, 1}, {OBJ_ARM_FALSE, 0, 1}};
  ShapeGraph g = begin(b, "A.main", 0, 0, false);
  composite(&g, OP_BRANCH, REFS(OBJ_REF_CONST | build_bool(b, false)), 2, arms);
  shape_end(&g);
  g = begin(b, "A.main/if/else", 0, 0, false);
  raise(&g);
  shape_end(&g);
  Object *object = finish(b, TYPE_VOID, 0, 0);
  Engine *engine = engine_for(&instant);
  Run *run = run_on(engine, object, NULL);
  expect_error(run, "in A.main, err: no luck");
  run_free(run);
  engine_free(engine);
  object_free(object);
}

static void ignore_broken(void *user) {
  (void)user;
}

/* The reader of what a body printed is slow: the try waits for it, or is
 * cancelled while it does. */
CASE(a_try_waits_for_room) {
  (void)state;
  enum { LINE = 3 << 20 };
  Builder *b = begin_file();
  const ObjArm arms[] = {{OBJ_ARM_BODY, 0, 1}, {OBJ_ARM_CATCH, 0, 2}};
  ShapeGraph g = begin(b, "A.main", 1, 0, true);
  uint32_t p = PARAM(&g, TYPE_TEXT), token = PARAM(&g, TYPE_VOID);
  composite(&g, OP_TRY, REFS(p, AFTER(token)), 2, arms);
  give(&g, TYPE_VOID, AFTER(PORT(&g, TYPE_VOID)));
  shape_end(&g);
  g = begin(b, "A.main/try", 1, 0, true);
  p = PARAM(&g, TYPE_TEXT);
  token = PARAM(&g, TYPE_VOID);
  token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(p, AFTER(token)));
  give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  g = begin(b, "A.main/catch", 2, 0, true);
  PARAM(&g, error_type);
  PARAM(&g, TYPE_TEXT);
  give(&g, TYPE_VOID, AFTER(PARAM(&g, TYPE_VOID)));
  shape_end(&g);
  Object *object = finish(b, TYPE_VOID, 1, TYPE_TEXT);
  for (int round = 0; round < 6; round++) {
    Engine *engine = engine_for(
        &(Setting){.profile = "instant", .workers = 1 + (round & 1)});
    int ends[2];
    char *bytes, chunk[65536];
    assert_int_equal(pipe(ends), 0);
    Output *output = output_new(engine_reactor(engine), ends[1], ignore_broken,
                                NULL, &(Error){0});
    assert_non_null(output);
    Value line = value_text_new(LINE - 1, &bytes);
    memset(bytes, 'l', LINE - 1);
    Run *run =
        run_start(engine, object,
                  &(RunOptions){.args = &line, .output = output}, &(Error){0});
    assert_true(read(ends[0], chunk, 1) == 1);
    size_t left = LINE - 1;
    if (round >= 4) {
      run_cancel(run);
    } else {
      while (left > 0) left -= (size_t)read(ends[0], chunk, sizeof chunk);
    }
    run_wait(run);
    assert_int_equal(run_status(run), round >= 4 ? RUN_CANCELLED : RUN_SUCCESS);
    assert_int_equal(run_metrics(run)->work_span.path_nodes, 1);
    run_free(run);
    output_free(output);
    close(ends[0]);
    close(ends[1]);
    engine_free(engine);
  }
  object_free(object);
}

/* ---- absent values, fallbacks -------------------------------------------- */

/* What reads an absent value is skipped, joins go on without it, and so does
 * what follows a print that was skipped. */
CASE(what_is_absent_skips_its_readers) {
  (void)state;
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 1, 1, true);
  uint32_t p = PARAM(&g, TYPE_TEXT), token = PARAM(&g, TYPE_VOID);
  uint32_t gone = guard(&g, p, "not_empty", true);
  uint32_t reply = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(gone));
  token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(reply, AFTER(token)));
  uint32_t joined = shape_add(&g, OP_MERGE, TYPE_TEXT,
                              REFS(text(&g, "a"), reply, text(&g, "b")));
  token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(joined, AFTER(token)));
  give(&g, TYPE_TEXT, reply);
  give(&g, TYPE_VOID, AFTER(token));
  shape_end(&g);
  Object *object = finish(b, TYPE_TEXT, 1, TYPE_TEXT);
  for (uint32_t workers = 1; workers <= 2; workers++) {
    Engine *engine =
        engine_for(&(Setting){.profile = "instant", .workers = workers});
    Run *run = run_on(engine, object, (Value[]){value_text(SLICE(""))});
    assert_int_equal(run_status(run), RUN_SUCCESS);
    assert_int_equal(value_kind(run_result(run)), VALUE_KIND_ABSENT);
    assert_int_equal(run_metrics(run)->requests, 0);
    assert_int_equal(run_metrics(run)->nodes_skipped, 2);
    expect_lines(run, "a\nb\n");
    run_free(run);
    engine_free(engine);
  }
  object_free(object);
}

CASE(a_fallback_takes_the_place_of_a_reply) {
  (void)state;
  Builder *b = begin_file();
  ShapeGraph g = begin(b, "A.main", 0, 1, false);
  ObjRef prompt = text(&g, "bad");
  ObjAttr attr = {ATTR_FALLBACK, build_text(b, SLICE("instead"))};
  uint32_t ask = shape_node(&g, &(BuildNode){.op = OP_ASK,
                                             .type = TYPE_TEXT,
                                             .inputs = &prompt,
                                             .input_count = 1,
                                             .attrs = &attr,
                                             .attr_count = 1});
  give(&g, TYPE_TEXT, ask);
  shape_end(&g);
  expect_yield(finish(b, TYPE_TEXT, 0, 0),
               &(Setting){.profile = "instant",
                          .rules = "{\"prompt\":\"bad\",\"error\":\"no\"}\n"},
               NULL, 0, "\"instead\"", "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_arm_runs),
      cmocka_unit_test(an_untaken_arm_asks_nothing),
      cmocka_unit_test(no_case_is_a_failure_that_lists_them),
      cmocka_unit_test(each_result_goes_on_by_itself),
      cmocka_unit_test(the_path_goes_through_the_control),
      cmocka_unit_test(a_loop_collects_in_order),
      cmocka_unit_test(iterations_begin_in_list_order),
      cmocka_unit_test(an_empty_loop_yields_an_empty_list),
      cmocka_unit_test(lines_keep_list_order_while_asks_overlap),
      cmocka_unit_test(parallel_caps_a_loop_and_is_on_the_path),
      cmocka_unit_test(the_window_bounds_what_is_open),
      cmocka_unit_test(what_is_assigned_is_carried),
      cmocka_unit_test(a_while_that_is_stopped_says_so),
      cmocka_unit_test(a_while_ends_when_its_condition_does),
      cmocka_unit_test(a_try_that_succeeds_hands_its_lines_on),
      cmocka_unit_test(a_try_that_fails_prints_nothing_and_catches),
      cmocka_unit_test(a_failure_in_a_part_names_the_flow),
      cmocka_unit_test(a_try_waits_for_room),
      cmocka_unit_test(what_is_absent_skips_its_readers),
      cmocka_unit_test(a_fallback_takes_the_place_of_a_reply),
  };
  return RUN(tests);
}
