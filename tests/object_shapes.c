/* SPDX-License-Identifier: MIT
 *
 * The object files of object_shapes.h, written out node by node.
 */
#include "tests/object_shapes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"

enum { CONST_REF = (int)OBJ_REF_CONST, CHAIN_LENGTH = 12, FAN_WIDTH = 100 };

#define REFS(...) \
  (sizeof((ObjRef[]){__VA_ARGS__}) / sizeof(ObjRef)), ((ObjRef[]){__VA_ARGS__})
#define AFTER(node) ((node) | OBJ_REF_ORDER)

/* ---- graphs -------------------------------------------------------------- */

ShapeGraph shape_begin(Builder *builder, const BuildGraph *graph) {
  ShapeGraph g = {.builder = builder};
  g.row = build_begin_graph(builder, graph);
  return g;
}

uint32_t shape_node(ShapeGraph *graph, const BuildNode *node) {
  for (uint32_t i = 0; i < node->input_count; i++)
    if ((node->inputs[i] & OBJ_REF_CONST) == 0)
      graph->is_read.data[node->inputs[i] & OBJ_REF_INDEX] = 1;
  vec_push(&graph->is_read, 0);
  return build_node(graph->builder, node);
}

uint32_t shape_add(ShapeGraph *graph, Op op, TypeId type, uint32_t input_count,
                   const ObjRef *inputs) {
  return shape_node(graph, &(BuildNode){.op = op,
                                        .type = type,
                                        .inputs = inputs,
                                        .input_count = input_count,
                                        .rank = 7,
                                        .key = graph->is_read.length + 1});
}

void shape_end(ShapeGraph *graph) {
  VEC(ObjRef) loose = {0};
  for (uint32_t i = 0; i < graph->is_read.length; i++)
    if (!graph->is_read.data[i]) vec_push(&loose, AFTER(i));
  shape_node(graph, &(BuildNode){.op = OP_END,
                                 .inputs = loose.data,
                                 .input_count = loose.length});
  build_end_graph(graph->builder);
  vec_free(&loose);
  vec_free(&graph->is_read);
}

static uint32_t param(ShapeGraph *g, TypeId type) {
  return shape_add(g, OP_PARAM, type, 0, NULL);
}

static ObjRef text(ShapeGraph *g, const char *value) {
  return OBJ_REF_CONST | build_text(g->builder, slice_of(value));
}

static void flow(Builder *b, const char *agent, const char *name,
                 uint32_t graph, TypeId result) {
  build_flow(b, &(BuildFlow){.agent = slice_of(agent),
                             .name = slice_of(name),
                             .graph = graph,
                             .result = result,
                             .place = build_place(b, SLICE("x.ais"), 1, 1, 4)});
}

/* ---- the shapes ---------------------------------------------------------- */

static void make_empty(Builder *b) {
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("A.nothing")});
  shape_end(&g);
  flow(b, "A", "nothing", g.row, TYPE_VOID);
}

static void make_hello(Builder *b) {
  ShapeGraph g = shape_begin(
      b, &(BuildGraph){.name = SLICE("Main.hello"), .result_count = 1});
  uint32_t ask = shape_node(
      &g, &(BuildNode){.op = OP_ASK,
                       .type = TYPE_TEXT,
                       .inputs = (ObjRef[]){text(&g, "Say hello.")},
                       .input_count = 1,
                       .rank = 1000,
                       .place = build_place(b, SLICE("hello.ais"), 3, 5, 17),
                       .key = 0x68656C6C6F});
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(ask));
  shape_end(&g);
  build_flow(
      b, &(BuildFlow){.agent = SLICE("Main"),
                      .name = SLICE("hello"),
                      .graph = g.row,
                      .result = TYPE_TEXT,
                      .entry = true,
                      .place = build_place(b, SLICE("hello.ais"), 2, 3, 4)});
}

static uint32_t chain_link(ShapeGraph *g, uint32_t before, uint32_t i) {
  Builder *b = g->builder;
  ObjRef inputs[] = {text(g, "Go on: "), before};
  ObjAttr attrs[] = {
      {ATTR_NAME, build_text(b, SLICE("step"))},
      {ATTR_SYSTEM, build_text(b, SLICE("You are brief."))},
      {ATTR_MODEL, build_text(b, SLICE("sim"))},
      {ATTR_TEMPERATURE, build_num(b, 0.25 * (i % 4))},
      {ATTR_MAX_TOKENS, build_num(b, 100 + i)},
      {ATTR_BUDGET_TOKENS, build_num(b, 1000)},
  };
  bool thinks = i % 3 == 1;
  return shape_node(
      g, &(BuildNode){.op = thinks ? OP_THINK : OP_ASK,
                      .type = TYPE_TEXT,
                      .inputs = inputs,
                      .input_count = 2,
                      .attrs = attrs,
                      .attr_count = thinks ? 6 : i % 6,
                      .rank = (CHAIN_LENGTH - i) * 1000,
                      .place = build_place(b, SLICE("chain.ais"), 3 + i, 9, 20),
                      .key = i});
}

static void make_chain(Builder *b) {
  ShapeGraph g = shape_begin(
      b, &(BuildGraph){
             .name = SLICE("Main.chain"), .param_count = 1, .result_count = 1});
  uint32_t last = param(&g, TYPE_TEXT);
  for (uint32_t i = 0; i < CHAIN_LENGTH; i++) last = chain_link(&g, last, i);
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(last));
  shape_end(&g);
  build_flow(b, &(BuildFlow){.agent = SLICE("Main"),
                             .name = SLICE("chain"),
                             .graph = g.row,
                             .params = &(BuildParam){SLICE("topic"), TYPE_TEXT},
                             .param_count = 1,
                             .result = TYPE_TEXT,
                             .entry = true});
}

static void make_fan_out(Builder *b) {
  ObjRef asks[FAN_WIDTH];
  ShapeGraph g = shape_begin(
      b, &(BuildGraph){.name = SLICE("Main.fan_out"), .result_count = 1});
  uint32_t all = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(text(&g, "All: ")));
  for (uint32_t i = 0; i < FAN_WIDTH; i++)
    asks[i] = i % 10 == 0
                  ? shape_add(&g, OP_REASON, TYPE_TEXT, REFS(text(&g, "Why?")))
                  : shape_add(&g, OP_ASK, TYPE_TEXT, REFS(all, all));
  uint32_t merge = shape_add(&g, OP_MERGE, TYPE_TEXT, FAN_WIDTH, asks);
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(merge));
  shape_end(&g);
  flow(b, "Main", "fan_out", g.row, TYPE_TEXT);
}

/* Prints, asks, returns: (text, token) -> (text, token). Row 0. */
static void make_talker(Builder *b) {
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Talker.say"),
                                              .param_count = 2,
                                              .result_count = 2,
                                              .spaces = 1 << SPACE_OUTPUT});
  uint32_t what = param(&g, TYPE_TEXT), token = param(&g, TYPE_VOID);
  uint32_t print = shape_add(&g, OP_PRINT, TYPE_VOID,
                             REFS(text(&g, "asking "), what, AFTER(token)));
  uint32_t ask = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(what));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(ask));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(print)));
  shape_end(&g);
  flow(b, "Talker", "main", g.row + 1, TYPE_VOID);
}

static uint32_t call(ShapeGraph *g, uint32_t target, uint32_t count,
                     const ObjRef *inputs) {
  return shape_node(g, &(BuildNode){.op = OP_CALL,
                                    .inputs = inputs,
                                    .input_count = count,
                                    .arms = &(ObjArm){.graph = target},
                                    .arm_count = 1});
}

/* Calls row 0 twice, then itself. Row 1. */
static void make_caller(Builder *b) {
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Talker.main"),
                                              .param_count = 1,
                                              .result_count = 1,
                                              .spaces = 1 << SPACE_OUTPUT});
  uint32_t token = param(&g, TYPE_VOID);
  call(&g, 0, REFS(text(&g, "one"), AFTER(token)));
  uint32_t one = shape_add(&g, OP_PORT, TYPE_TEXT, 0, NULL);
  token = shape_add(&g, OP_PORT, TYPE_VOID, 0, NULL);
  call(&g, 0, REFS(one, AFTER(token)));
  uint32_t two = shape_add(&g, OP_PORT, TYPE_TEXT, 0, NULL);
  token = shape_add(&g, OP_PORT, TYPE_VOID, 0, NULL);
  token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(two, AFTER(token)));
  call(&g, 2, REFS(two));
  shape_add(&g, OP_PORT, TYPE_TEXT, 0, NULL);
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(token)));
  shape_end(&g);
}

/* Calls itself with what it was given: nothing of it opens at once. Row 2. */
static void make_recursion(Builder *b) {
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Talker.again"),
                                              .param_count = 1,
                                              .result_count = 1});
  uint32_t what = param(&g, TYPE_TEXT);
  call(&g, 2, REFS(what));
  uint32_t again = shape_add(&g, OP_PORT, TYPE_TEXT, 0, NULL);
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(again));
  shape_end(&g);
}

static void make_calls(Builder *b) {
  make_talker(b);
  make_caller(b);
  make_recursion(b);
}

static void make_lists(Builder *b) {
  TypeTable types;
  type_table_init(&types);
  TypeId none = type_list_of(&types, TYPE_NONE);
  TypeId texts = type_list_of(&types, TYPE_TEXT);
  TypeId deep = type_list_of(&types, texts);
  build_types(b, &types);
  type_table_free(&types);
  ShapeGraph g = shape_begin(
      b, &(BuildGraph){
             .name = SLICE("Main.lists"), .param_count = 1, .result_count = 1});
  uint32_t given = param(&g, texts);
  uint32_t empty = shape_add(&g, OP_LIST, none, 0, NULL);
  uint32_t two =
      shape_add(&g, OP_LIST, texts, REFS(text(&g, "a"), text(&g, "b")));
  uint32_t both = shape_add(&g, OP_WAIT, deep, REFS(given, empty, two));
  uint32_t same = shape_add(&g, OP_PASS, deep, REFS(both, AFTER(two)));
  uint32_t said = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(same, given));
  shape_add(&g, OP_ASK, TYPE_TEXT, REFS(said));
  shape_add(&g, OP_RESULT, deep, REFS(same));
  shape_end(&g);
  build_flow(b, &(BuildFlow){.agent = SLICE("Main"),
                             .name = SLICE("lists"),
                             .graph = g.row,
                             .params = &(BuildParam){SLICE("given"), texts},
                             .param_count = 1,
                             .result = deep});
}

static void make_constant_flow(Builder *b, const char *name, TypeId type,
                               uint32_t row) {
  ShapeGraph g =
      shape_begin(b, &(BuildGraph){.name = slice_of(name), .result_count = 1});
  shape_add(&g, OP_RESULT, type, REFS(OBJ_REF_CONST | row));
  shape_end(&g);
  flow(b, "Values", name, g.row, type);
}

static void make_values(Builder *b) {
  static const BuildParam params[] = {{{"n", 1}, TYPE_NUM},
                                      {{"yes", 3}, TYPE_BOOL}};
  make_constant_flow(b, "half", TYPE_NUM, build_num(b, 0.5));
  make_constant_flow(b, "truth", TYPE_BOOL, build_bool(b, true));
  make_constant_flow(b, "quote", TYPE_TEXT,
                     build_text(b, SLICE("\"Gr\xC3\xBC\xC3\x9F\x65\"\n\x01")));
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Values.main"),
                                              .param_count = 2,
                                              .result_count = 1});
  uint32_t n = param(&g, TYPE_NUM), yes = param(&g, TYPE_BOOL);
  shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(n, yes, n));
  shape_add(&g, OP_RESULT, TYPE_NUM, REFS(n));
  shape_end(&g);
  build_flow(b, &(BuildFlow){.agent = SLICE("Values"),
                             .name = SLICE("main"),
                             .graph = g.row,
                             .params = params,
                             .param_count = 2,
                             .result = TYPE_NUM});
}

/* ---- records and operations on values ------------------------------------ */

/* `type Point { x: num, y: num }`, `type Shape { name: str, points:
 * list<Point>, rest: json }` and two lists: rows 5 to 9. */
enum { POINT = TYPE_BUILTIN_COUNT, POINTS, SHAPE, TEXTS, NUMS };

static void make_record_types(Builder *b) {
  TypeTable types;
  type_table_init(&types);
  type_record(&types, SLICE("Point"));
  type_add_field(&types, POINT, SLICE("x"), TYPE_NUM);
  type_add_field(&types, POINT, SLICE("y"), TYPE_NUM);
  type_list_of(&types, POINT);
  type_record(&types, SLICE("Shape"));
  type_add_field(&types, SHAPE, SLICE("name"), TYPE_TEXT);
  type_add_field(&types, SHAPE, SLICE("points"), POINTS);
  type_add_field(&types, SHAPE, SLICE("rest"), TYPE_JSON);
  type_list_of(&types, TYPE_TEXT);
  type_list_of(&types, TYPE_NUM);
  build_types(b, &types);
  type_table_free(&types);
}

static ObjRef num(ShapeGraph *g, double value) {
  return OBJ_REF_CONST | build_num(g->builder, value);
}

static uint32_t guard(ShapeGraph *g, TypeId type, ObjRef input,
                      const char *condition, const char *on_fail) {
  Builder *b = g->builder;
  return shape_node(
      g,
      &(BuildNode){
          .op = OP_GUARD,
          .type = type,
          .inputs = &input,
          .input_count = 1,
          .attrs =
              (ObjAttr[]){{ATTR_CONDITION, build_text(b, slice_of(condition))},
                          {ATTR_ON_FAIL, build_text(b, slice_of(on_fail))}},
          .attr_count = 2});
}

static uint32_t numbers_of(ShapeGraph *g, uint32_t shape) {
  uint32_t points =
      shape_add(g, OP_FIELD, POINTS, REFS(shape, text(g, "points")));
  uint32_t count = shape_add(g, OP_LEN, TYPE_NUM, REFS(points));
  uint32_t none = shape_add(g, OP_LIST, POINTS, 0, NULL);
  uint32_t same = shape_add(g, OP_EQ, TYPE_BOOL, REFS(points, none));
  uint32_t other = shape_add(g, OP_NOT, TYPE_BOOL, REFS(same));
  uint32_t sum = shape_add(g, OP_ADD, TYPE_NUM, REFS(count, num(g, 2), count));
  uint32_t less = shape_add(g, OP_LT, TYPE_BOOL, REFS(count, sum));
  shape_add(g, OP_AND, TYPE_BOOL, REFS(other, less));
  uint32_t rest = shape_add(g, OP_MOD, TYPE_NUM, REFS(sum, num(g, 3)));
  uint32_t all = shape_add(g, OP_RANGE, NUMS, REFS(num(g, -1), rest));
  uint32_t part = shape_add(g, OP_SLICE, NUMS, REFS(all, num(g, 0)));
  shape_add(g, OP_INDEX, TYPE_NUM, REFS(part, num(g, -1)));
  return shape_add(g, OP_GET, TYPE_NUM, REFS(part, rest, num(g, 7)));
}

static uint32_t texts_of(ShapeGraph *g, uint32_t shape) {
  uint32_t name =
      shape_add(g, OP_FIELD, TYPE_TEXT, REFS(shape, text(g, "name")));
  uint32_t words = shape_add(g, OP_SPLIT, TEXTS, REFS(name, text(g, " ")));
  uint32_t line = shape_add(g, OP_JOIN, TYPE_TEXT, REFS(words, text(g, "+")));
  uint32_t bare = shape_add(g, OP_TRIM, TYPE_TEXT, REFS(line));
  uint32_t other = shape_add(g, OP_REPLACE, TYPE_TEXT,
                             REFS(bare, text(g, "+"), text(g, "-")));
  shape_add(g, OP_GE, TYPE_BOOL, REFS(other, bare));
  shape_add(g, OP_CONTAINS, TYPE_BOOL, REFS(words, other));
  return guard(g, TYPE_TEXT, other, "not_empty", "skip");
}

/* A bit of everything: (Shape, json) -> json. */
static void make_records(Builder *b) {
  static const BuildParam params[] = {{{"shape", 5}, SHAPE},
                                      {{"doc", 3}, TYPE_JSON}};
  make_record_types(b);
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Main.records"),
                                              .param_count = 2,
                                              .result_count = 1});
  uint32_t shape = param(&g, SHAPE), doc = param(&g, TYPE_JSON);
  uint32_t number = numbers_of(&g, shape), line = texts_of(&g, shape);
  uint32_t entry = shape_add(&g, OP_FIELD, TYPE_JSON, REFS(doc, text(&g, "a")));
  uint32_t null = shape_add(&g, OP_NIL, TYPE_JSON, 0, NULL);
  shape_add(&g, OP_NE, TYPE_BOOL, REFS(entry, null));
  uint32_t got =
      shape_add(&g, OP_GET, TYPE_JSON, REFS(doc, text(&g, "b"), shape));
  shape_add(&g, OP_CONVERT, SHAPE, REFS(got));
  shape_add(&g, OP_KEYS, TEXTS, REFS(shape));
  shape_add(&g, OP_NONE, SHAPE, 0, NULL);
  uint32_t said = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(number, line, got));
  uint32_t read = shape_add(&g, OP_TO_NUM, TYPE_NUM, REFS(number));
  shape_add(&g, OP_FENCE, TYPE_BOOL, REFS(AFTER(said), AFTER(read)));
  shape_add(&g, OP_RESULT, TYPE_JSON, REFS(got));
  shape_end(&g);
  build_flow(b, &(BuildFlow){.agent = SLICE("Main"),
                             .name = SLICE("records"),
                             .graph = g.row,
                             .params = params,
                             .param_count = 2,
                             .result = TYPE_JSON});
}

/* ---- control ------------------------------------------------------------- */

/* The predeclared type `error` and list<str>. */
enum { ERROR_TYPE = TYPE_BUILTIN_COUNT, WORDS };

static void make_control_types(Builder *b) {
  TypeTable types;
  type_table_init(&types);
  type_record(&types, SLICE("error"));
  type_add_field(&types, ERROR_TYPE, SLICE("message"), TYPE_TEXT);
  type_add_field(&types, ERROR_TYPE, SLICE("code"), TYPE_TEXT);
  type_add_field(&types, ERROR_TYPE, SLICE("node"), TYPE_TEXT);
  type_list_of(&types, TYPE_TEXT);
  build_types(b, &types);
  type_table_free(&types);
}

/* A graph of values, the last a text, and a token: begin and parameters. */
static ShapeGraph begin_nested(Builder *b, const char *name, uint16_t params,
                               uint16_t results) {
  return shape_begin(b, &(BuildGraph){.name = slice_of(name),
                                      .param_count = params,
                                      .result_count = results,
                                      .spaces = 1 << SPACE_OUTPUT,
                                      .nested = true});
}

/* (text, token) -> (text, token): one more word, printed if it `prints`. */
static uint32_t make_arm(Builder *b, const char *word, bool prints) {
  ShapeGraph g = begin_nested(b, word, 2, 2);
  uint32_t what = param(&g, TYPE_TEXT), token = param(&g, TYPE_VOID);
  uint32_t more = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(what, text(&g, word)));
  if (prints)
    token = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(more, AFTER(token)));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(more));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(token)));
  shape_end(&g);
  return g.row;
}

/* Adds a composite and the ports of its text and token, after `first` of
 * another type (TYPE_VOID: none). Returns the text's; the token's is next. */
static uint32_t composite(ShapeGraph *g, const BuildNode *node, TypeId first) {
  shape_node(g, node);
  if (first != TYPE_VOID) shape_add(g, OP_PORT, first, 0, NULL);
  uint32_t port = shape_add(g, OP_PORT, TYPE_TEXT, 0, NULL);
  shape_add(g, OP_PORT, TYPE_VOID, 0, NULL);
  return port;
}

#define ARMS(...)                  \
  .arms = (ObjArm[]){__VA_ARGS__}, \
  .arm_count = sizeof((ObjArm[]){__VA_ARGS__}) / sizeof(ObjArm)
#define INPUTS(...)                  \
  .inputs = (ObjRef[]){__VA_ARGS__}, \
  .input_count = sizeof((ObjRef[]){__VA_ARGS__}) / sizeof(ObjRef)

/* (last, text, token) -> (again, text, token): works unless it is the last. */
static uint32_t make_step(Builder *b, uint32_t work, uint32_t rest) {
  ShapeGraph g = begin_nested(b, "Main.control/while", 3, 3);
  uint32_t last = param(&g, TYPE_BOOL), what = param(&g, TYPE_TEXT);
  uint32_t token = param(&g, TYPE_VOID);
  uint32_t again = shape_add(&g, OP_NOT, TYPE_BOOL, REFS(last));
  uint32_t done = composite(
      &g,
      &(BuildNode){.op = OP_BRANCH,
                   INPUTS(again, what, AFTER(token)),
                   ARMS({OBJ_ARM_TRUE, 0, work}, {OBJ_ARM_FALSE, 0, rest})},
      TYPE_VOID);
  shape_add(&g, OP_RESULT, TYPE_BOOL, REFS(again));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(done));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(done + 1)));
  shape_end(&g);
  return g.row;
}

/* (item, carried text, token) -> (value, carried text, token). */
static uint32_t make_body(Builder *b) {
  ShapeGraph g = begin_nested(b, "Main.control/loop", 3, 3);
  uint32_t item = param(&g, TYPE_TEXT), sum = param(&g, TYPE_TEXT);
  uint32_t token = param(&g, TYPE_VOID);
  uint32_t more = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(sum, item));
  uint32_t said = shape_add(&g, OP_PRINT, TYPE_VOID, REFS(item, AFTER(token)));
  uint32_t ask = shape_add(&g, OP_ASK, TYPE_TEXT, REFS(item));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(ask));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(more));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(said)));
  shape_end(&g);
  return g.row;
}

/* (text, token) -> (text, token), but it fails. */
static uint32_t make_failing(Builder *b) {
  ShapeGraph g = begin_nested(b, "Main.control/try", 2, 2);
  uint32_t what = param(&g, TYPE_TEXT), token = param(&g, TYPE_VOID);
  shape_add(&g, OP_ERR, TYPE_VOID, REFS(what));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(what));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(token)));
  shape_end(&g);
  return g.row;
}

/* (error, text, token) -> (text, token). */
static uint32_t make_catch(Builder *b) {
  ShapeGraph g = begin_nested(b, "Main.control/catch", 3, 2);
  uint32_t error = param(&g, ERROR_TYPE), what = param(&g, TYPE_TEXT);
  uint32_t token = param(&g, TYPE_VOID);
  uint32_t message =
      shape_add(&g, OP_FIELD, TYPE_TEXT, REFS(error, text(&g, "message")));
  uint32_t both = shape_add(&g, OP_TEXT, TYPE_TEXT, REFS(what, message));
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(both));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(token)));
  shape_end(&g);
  return g.row;
}

/* One of each, the text and the token going through all: nested graphs 0 to 5,
 * then (bool, words, text, token) -> (text, token). */
static void make_control(Builder *b) {
  static const BuildParam params[] = {
      {{"go", 2}, TYPE_BOOL}, {{"words", 5}, WORDS}, {{"what", 4}, TYPE_TEXT}};
  make_control_types(b);
  uint32_t one = make_arm(b, " one", true), two = make_arm(b, " two", false);
  uint32_t step = make_step(b, one, two), body = make_body(b);
  uint32_t failing = make_failing(b), catch = make_catch(b);
  ShapeGraph g = shape_begin(b, &(BuildGraph){.name = SLICE("Main.control"),
                                              .param_count = 4,
                                              .result_count = 2,
                                              .spaces = 1 << SPACE_OUTPUT});
  uint32_t go = param(&g, TYPE_BOOL), words = param(&g, WORDS);
  uint32_t at = param(&g, TYPE_TEXT);
  param(&g, TYPE_VOID);
  at = composite(
      &g,
      &(BuildNode){.op = OP_BRANCH,
                   INPUTS(go, at, AFTER(at + 1)),
                   ARMS({OBJ_ARM_TRUE, 0, one}, {OBJ_ARM_FALSE, 0, two},
                        {OBJ_ARM_ABSENT, 0, two})},
      TYPE_VOID);
  at = composite(
      &g,
      &(BuildNode){.op = OP_BRANCH,
                   INPUTS(at, at, AFTER(at + 1)),
                   ARMS({OBJ_ARM_CASE, build_text(b, SLICE(" one")), two},
                        {OBJ_ARM_CASE, build_text(b, SLICE("b")), one},
                        {OBJ_ARM_DEFAULT, 0, two})},
      TYPE_VOID);
  at = composite(
      &g,
      &(BuildNode){.op = OP_LOOP,
                   .flags = OBJ_NODE_LISTS,
                   INPUTS(words, at, AFTER(at + 1)),
                   ARMS({OBJ_ARM_BODY, 0, body}),
                   .attrs = &(ObjAttr){ATTR_PARALLEL, build_num(b, 2)},
                   .attr_count = 1},
      WORDS);
  at = composite(&g,
                 &(BuildNode){.op = OP_WHILE,
                              INPUTS(at, AFTER(at + 1)),
                              ARMS({OBJ_ARM_BODY, 0, step}),
                              .attrs = &(ObjAttr){ATTR_MAX, build_num(b, 3)},
                              .attr_count = 1},
                 TYPE_VOID);
  at = composite(
      &g,
      &(BuildNode){.op = OP_TRY,
                   INPUTS(at, AFTER(at + 1)),
                   ARMS({OBJ_ARM_BODY, 0, failing}, {OBJ_ARM_CATCH, 0, catch})},
      TYPE_VOID);
  shape_add(&g, OP_RESULT, TYPE_TEXT, REFS(at));
  shape_add(&g, OP_RESULT, TYPE_VOID, REFS(AFTER(at + 1)));
  shape_end(&g);
  build_flow(b, &(BuildFlow){.agent = SLICE("Main"),
                             .name = SLICE("control"),
                             .graph = g.row,
                             .params = params,
                             .param_count = 3,
                             .result = TYPE_TEXT});
}

static const struct {
  const char *name;
  void (*make)(Builder *builder);
} shapes[SHAPE_COUNT] = {
    [SHAPE_EMPTY] = {"empty", make_empty},
    [SHAPE_HELLO] = {"hello", make_hello},
    [SHAPE_CHAIN] = {"chain", make_chain},
    [SHAPE_FAN_OUT] = {"fan_out", make_fan_out},
    [SHAPE_CALLS] = {"calls", make_calls},
    [SHAPE_LISTS] = {"lists", make_lists},
    [SHAPE_VALUES] = {"values", make_values},
    [SHAPE_RECORDS] = {"records", make_records},
    [SHAPE_CONTROL] = {"control", make_control},
};

const char *shape_name(Shape shape) {
  return shapes[shape].name;
}

/* ---- files --------------------------------------------------------------- */

static void must(bool holds, const Error *error) {
  if (holds) return;
  fprintf(stderr, "object_shapes: %s\n", error->message);
  abort();
}

uint8_t *shape_make(Shape shape, size_t *size) {
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("shapes.ais"), 1);
  shapes[shape].make(b);
  must(build_finish(b, &out, &error) == STATUS_OK, &error);
  build_free(b);
  *size = out.length;
  return (uint8_t *)buf_take(&out);
}

Object *shape_load(Shape shape) {
  Error error = {0};
  size_t size;
  uint8_t *bytes = shape_make(shape, &size);
  Object *object = object_load(bytes, size, &error);
  must(object != NULL, &error);
  return object;
}

void *shape_record(uint8_t *bytes, ObjSectionKind kind, uint32_t row) {
  const ObjSection *table = (const void *)(bytes + sizeof(ObjHeader));
  const ObjSection *section = &table[kind - OBJ_STRINGS];
  return bytes + section->offset + (uint64_t)row * section->record;
}
