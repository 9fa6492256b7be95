/* SPDX-License-Identifier: MIT
 *
 * What a loaded object says: consumer lists, counters and starts against a
 * slow derivation from the definition, flows by name, attributes, statistics,
 * and a dump that is whole. Refusals are test_object_verify.c's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "tests/object_shapes.h"
#include "tests/unit/unit.h"

/* ---- consumers ---------------------------------------------------------- */

/* Whether the consumers of node `index` are the inputs that name it. */
static void assert_consumers(const Object *o, const ObjGraph *graph,
                             uint32_t index) {
  uint32_t row = graph->first_node + index;
  uint32_t at = o->spans[row].consumers;
  for (uint32_t i = 0; i < graph->node_count; i++) {
    const ObjNode *node = &o->nodes[graph->first_node + i];
    for (uint32_t k = node->inputs; k < node[1].inputs; k++) {
      ObjRef ref = o->inputs[k];
      if ((ref & OBJ_REF_CONST) != 0 || (ref & OBJ_REF_INDEX) != index)
        continue;
      assert_true(at < o->spans[row + 1].consumers);
      assert_int_equal(o->consumers[at] & CONSUMER_INDEX, i);
      assert_int_equal((o->consumers[at] & CONSUMER_ORDER) != 0,
                       (ref & OBJ_REF_ORDER) != 0);
      at++;
    }
  }
  assert_int_equal(at, o->spans[row + 1].consumers);
}

CASE(consumers_mirror_inputs) {
  (void)state;
  for (Shape shape = 0; shape < SHAPE_COUNT; shape++) {
    Object *o = shape_load(shape);
    assert_int_equal(o->spans[0].consumers, 0);
    for (uint32_t g = 0; g < o->graph_count; g++)
      for (uint32_t i = 0; i < o->graphs[g].node_count; i++)
        assert_consumers(o, &o->graphs[g], i);
    object_free(o);
  }
}

CASE(twice_read_is_twice_listed) {
  (void)state;
  Object *o = shape_load(SHAPE_VALUES);
  uint32_t n = o->graphs[3].first_node; /* text(n, yes, n), result(n) */
  uint32_t at = o->spans[n].consumers;
  assert_int_equal(o->spans[n + 1].consumers - at, 3);
  assert_int_equal(o->consumers[at], 2);
  assert_int_equal(o->consumers[at + 1], 2);
  assert_int_equal(o->consumers[at + 2], 3);
  object_free(o);
}

/* ---- counters and starts ------------------------------------------------ */

typedef struct Start {
  bool is_start;
  bool acts; /* it does something at once */
  uint32_t edges;
} Start;

/* The definition, one node at a time; `opens` says which graphs open. */
static Start start_of(const Object *o, const ObjNode *node, const bool *opens) {
  Start start = {0};
  uint32_t consts = 0;
  for (uint32_t k = node->inputs; k < node[1].inputs; k++)
    consts += (o->inputs[k] & OBJ_REF_CONST) != 0;
  start.edges = node[1].inputs - node->inputs - consts;
  if (node->op == OP_PARAM || node->op == OP_PORT) return start;
  start.is_start = start.edges == 0 || (op_table[node->op].shape & OP_GATED);
  if (node->op == OP_CALL && (consts > 0 || opens[object_body(o, node)]))
    start.is_start = true;
  start.acts = start.is_start;
  if (node->op == OP_BRANCH || node->op == OP_LOOP)
    start.acts = (o->inputs[node->inputs] & OBJ_REF_CONST) != 0;
  if (node->op == OP_TRY)
    start.acts = start.edges == 0 || consts > 0 || opens[object_body(o, node)];
  return start;
}

/* One round of the fixpoint; true when something was learnt. */
static bool spread(const Object *o, bool *opens) {
  bool learnt = false;
  for (uint32_t g = 0; g < o->graph_count; g++) {
    for (uint32_t i = 0; i < o->graphs[g].node_count && !opens[g]; i++) {
      const ObjNode *node = &o->nodes[o->graphs[g].first_node + i];
      opens[g] = start_of(o, node, opens).acts;
      learnt |= opens[g];
    }
  }
  return learnt;
}

static void assert_pending(const Object *o, uint32_t row, const bool *opens) {
  const ObjNode *node = &o->nodes[row];
  Start start = start_of(o, node, opens);
  uint32_t pending = start.edges + start.is_start;
  if (node->op == OP_PARAM || node->op == OP_PORT) pending = 1;
  if (pending >= WIDE_JOIN) pending |= PENDING_WIDE;
  if (op_table[node->op].shape & OP_COMPOSITE) pending |= PENDING_CALL;
  if (op_table[node->op].shape & OP_ASYNC) pending |= PENDING_TIMED;
  assert_int_equal(o->pending[row], pending);
}

static void assert_links(const Object *o, uint32_t g, const bool *opens) {
  const ObjGraph *graph = &o->graphs[g];
  uint32_t at = o->links[g].first_start, work = 0;
  for (uint32_t i = 0; i < graph->node_count; i++) {
    assert_pending(o, graph->first_node + i, opens);
    work += op_is_counted((Op)o->nodes[graph->first_node + i].op);
    if (!start_of(o, &o->nodes[graph->first_node + i], opens).is_start)
      continue;
    assert_int_equal(o->consumers[at], i);
    at++;
  }
  assert_int_equal(at, o->links[g].first_start + o->links[g].start_count);
  assert_int_equal(o->links[g].work_count, work);
  assert_int_equal(o->links[g].opens_at_once, opens[g]);
}

static void assert_counters(const Object *o) {
  bool *opens = mem_alloc_zero(o->graph_count + 1, sizeof *opens);
  while (spread(o, opens)) continue;
  for (uint32_t g = 0; g < o->graph_count; g++) assert_links(o, g, opens);
  mem_free(opens);
}

CASE(counters_follow_the_definition) {
  (void)state;
  for (Shape shape = 0; shape < SHAPE_COUNT; shape++) {
    Object *o = shape_load(shape);
    assert_counters(o);
    object_free(o);
  }
}

CASE(a_join_of_many_is_wide) {
  (void)state;
  Object *o = shape_load(SHAPE_FAN_OUT);
  assert_int_equal(o->pending[101], 100 | PENDING_WIDE);
  assert_int_equal(o->pending[100], 2 | PENDING_TIMED);
  object_free(o);
}

/* Graph i passes its parameter to graph i + 1 (`backwards`: the other way
 * round), in a random net of calls; a few graphs hold a start of their own. */
static Object *make_call_net(uint32_t count, uint32_t seed) {
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("net"), 1);
  TypeTable types;
  type_table_init(&types);
  type_list_of(&types, TYPE_NONE);
  build_types(b, &types);
  type_table_free(&types);
  for (uint32_t g = 0; g < count; g++) {
    ShapeGraph graph = shape_begin(b, &(BuildGraph){.param_count = 1});
    ObjRef given = shape_add(&graph, OP_PARAM, TYPE_TEXT, 0, NULL);
    for (uint32_t calls = 0; calls < 3; calls++) {
      seed = seed * 1664525 + 1013904223;
      shape_node(&graph,
                 &(BuildNode){.op = OP_CALL,
                              .inputs = &given,
                              .input_count = 1,
                              .arms = &(ObjArm){.graph = (seed >> 8) % count},
                              .arm_count = 1});
    }
    if (seed >> 28 == 0)
      shape_add(&graph, OP_LIST, TYPE_BUILTIN_COUNT, 0, NULL);
    shape_end(&graph);
  }
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *o = object_load((uint8_t *)buf_take(&out), size, &error);
  if (o == NULL) fail_msg("%s", error.message);
  return o;
}

CASE(openings_spread_over_calls) {
  (void)state;
  for (uint32_t seed = 1; seed <= 20; seed++) {
    Object *o = make_call_net(5 + seed * 3, seed);
    assert_counters(o);
    object_free(o);
  }
}

/* A chain of 100,000 calls: no recursion, no quadratic time. */
CASE(a_long_chain_of_calls) {
  (void)state;
  enum { COUNT = 100000 };
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("chain"), 1);
  for (uint32_t g = 0; g < COUNT; g++) {
    ShapeGraph graph = shape_begin(b, &(BuildGraph){.param_count = 1});
    ObjRef given = shape_add(&graph, OP_PARAM, TYPE_TEXT, 0, NULL);
    if (g + 1 == COUNT) given = OBJ_REF_CONST | build_text(b, SLICE("end"));
    shape_node(
        &graph,
        &(BuildNode){.op = OP_CALL,
                     .inputs = &given,
                     .input_count = 1,
                     .arms = &(ObjArm){.graph = g + 1 < COUNT ? g + 1 : g},
                     .arm_count = 1});
    shape_end(&graph);
  }
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *o = object_load((uint8_t *)buf_take(&out), size, &error);
  assert_non_null(o);
  assert_int_equal(o->links[0].opens_at_once, 1);
  assert_int_equal(o->pending[1], PENDING_CALL | 2);
  object_free(o);
}

/* A gated composite is a start, whatever it waits for; but only one that does
 * something opens its graph. */
CASE(gated_composites_start) {
  (void)state;
  Object *o = shape_load(SHAPE_CONTROL);
  const ObjLinks *step = &o->links[2], *all = &o->links[6];
  assert_int_equal(step->start_count, 1);
  assert_int_equal(step->opens_at_once, 0);
  assert_int_equal(all->start_count, 5);
  assert_int_equal(all->opens_at_once, 1); /* a while has `last` at once */
  object_free(o);
}

/* ---- questions ---------------------------------------------------------- */

static int find(const Object *o, const char *name) {
  return object_find_flow(o, slice_of(name));
}

CASE(flows_by_name) {
  (void)state;
  Object *o = shape_load(SHAPE_VALUES);
  assert_int_equal(find(o, "Values.truth"), 1);
  assert_int_equal(find(o, "truth"), 1);
  assert_int_equal(find(o, "Values.main"), 3);
  assert_int_equal(find(o, "Values"), -1);
  assert_int_equal(find(o, "Values."), -1);
  assert_int_equal(find(o, ".truth"), -1);
  assert_int_equal(find(o, "Values.trut"), -1);
  assert_int_equal(find(o, ""), -1);
  object_free(o);
}

/* An object whose flows are called `names`, of agents A, B, ...; `entry` is
 * marked. */
static Object *make_flows(const char *const *names, int count, int entry) {
  Error error = {0};
  Buf out = {0};
  Builder *b = build_new(SLICE("flows"), 1);
  ShapeGraph graph = shape_begin(b, &(BuildGraph){0});
  shape_end(&graph);
  for (int i = 0; i < count; i++) {
    char agent = (char)('A' + i);
    build_flow(b, &(BuildFlow){.agent = slice_from(&agent, 1),
                               .name = slice_of(names[i]),
                               .entry = i == entry});
  }
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *o = object_load((uint8_t *)buf_take(&out), size, &error);
  assert_non_null(o);
  return o;
}

static int entry_of(const char *const *names, int count, int entry) {
  Object *o = make_flows(names, count, entry);
  int row = object_entry_flow(o);
  object_free(o);
  return row;
}

CASE(the_entry) {
  (void)state;
  static const char *const mains[] = {"run", "main", "main"};
  static const char *const others[] = {"run", "walk"};
  assert_int_equal(entry_of(mains, 0, -1), -1);
  assert_int_equal(entry_of(mains, 1, -1), 0);
  assert_int_equal(entry_of(mains, 2, -1), 1);
  assert_int_equal(entry_of(mains, 3, -1), -2);
  assert_int_equal(entry_of(mains, 3, 2), 2);
  assert_int_equal(entry_of(others, 2, -1), -2);
  assert_int_equal(entry_of(others, 2, 1), 1);
}

CASE(one_name_in_two_agents) {
  (void)state;
  static const char *const names[] = {"main", "main", "run"};
  Object *o = make_flows(names, 3, -1);
  assert_int_equal(find(o, "main"), -2);
  assert_int_equal(find(o, "B.main"), 1);
  assert_int_equal(find(o, "run"), 2);
  object_free(o);
}

CASE(attributes) {
  (void)state;
  Object *o = shape_load(SHAPE_CHAIN);
  const ObjConst *system = object_attr(o, 2, ATTR_SYSTEM);
  assert_non_null(system);
  assert_true(
      slice_equal_text(object_text(o, system->string), "You are brief."));
  assert_non_null(object_attr(o, 2, ATTR_BUDGET_TOKENS));
  assert_null(object_attr(o, 1, ATTR_SYSTEM));
  assert_null(object_attr(o, 0, ATTR_NAME));
  object_free(o);
}

static void assert_statistics(Shape shape, uint32_t graph, uint32_t nodes,
                              uint32_t entries, uint32_t exits,
                              uint32_t edges) {
  ObjStatistics s;
  Object *o = shape_load(shape);
  object_graph_statistics(o, graph, &s);
  assert_int_equal(s.total_nodes, nodes);
  assert_int_equal(s.entry_nodes, entries);
  assert_int_equal(s.exit_nodes, exits);
  assert_int_equal(s.total_edges, edges);
  object_free(o);
}

CASE(statistics) {
  (void)state;
  assert_statistics(SHAPE_EMPTY, 0, 0, 0, 0, 0);
  assert_statistics(SHAPE_HELLO, 0, 2, 1, 1, 1);
  assert_statistics(SHAPE_CHAIN, 0, 13, 1, 1, 12);
  assert_statistics(SHAPE_FAN_OUT, 0, 103, 11, 1, 2 * 90 + 100 + 1);
  /* talker: print -> token, ask -> value */
  assert_statistics(SHAPE_CALLS, 0, 4, 2, 2, 2);
  /* caller: call => call => print -> token, second call => third */
  assert_statistics(SHAPE_CALLS, 1, 5, 1, 2, 6);
}

/* ---- dump, files -------------------------------------------------------- */

static void assert_says(const Buf *out, const char *words) {
  if (strstr(out->data, words) == NULL)
    fail_msg("no \"%s\" in:\n%s", words, out->data);
}

CASE(dumps) {
  (void)state;
  Buf out = {0};
  Object *o = shape_load(SHAPE_CALLS);
  object_dump(o, &out);
  assert_says(&out, "flow 0: Talker.main() -> void = graph 1, at x.ais:1:1\n");
  assert_says(&out,
              "graph 1: Talker.main, nodes 12, params 1, results 1, "
              "spaces 0x1\n  starts: %1\n");
  assert_says(&out,
              "  %1     call   graph 0 Talker.say (c1 \"one\", after %0)"
              ": void  [rank 0, key 0000000000000000, waits 2, at "
              "nowhere]\n");
  assert_says(&out, "texts\n  t0 \"\"\n  t24 \"shapes.ais\"\n");
  object_free(o);
  buf_clear(&out);
  o = shape_load(SHAPE_CONTROL);
  object_dump(o, &out);
  assert_says(&out,
              "graph 3: Main.control/loop, nodes 10, params 3, results 3, "
              "spaces 0x1, nested\n");
  assert_says(&out,
              "branch case \" one\" graph 1 \" two\" case \"b\" graph 0 "
              "\" one\" default graph 1 \" two\" (");
  assert_says(&out,
              "loop   graph 3 Main.control/loop (%1, %8, after %9): void "
              "lists parallel=2  [");
  assert_says(&out,
              "try    graph 4 Main.control/try catch graph 5 "
              "Main.control/catch (");
  assert_says(&out, "  5 error { message: str, code: str, node: str }\n");
  object_free(o);
  buf_free(&out);
}

CASE(dump_writes_a_long_text_once) {
  (void)state;
  static char bytes[10000];
  Error error = {0};
  Buf out = {0}, dump = {0};
  Builder *b = build_new(SLICE("\x1b[31m"), 0);
  memset(bytes, 'x', sizeof bytes);
  memcpy(bytes + 46, "\xE2\x82\xAC", 3); /* the cut is within this */
  ObjRef text = OBJ_REF_CONST | build_text(b, slice_from(bytes, sizeof bytes));
  ShapeGraph graph = shape_begin(b, &(BuildGraph){0});
  for (int i = 0; i < 100; i++) shape_add(&graph, OP_TEXT, TYPE_TEXT, 1, &text);
  shape_end(&graph);
  assert_int_equal(build_finish(b, &out, &error), STATUS_OK);
  build_free(b);
  size_t size = out.length;
  Object *o = object_load((uint8_t *)buf_take(&out), size, &error);
  assert_non_null(o);
  object_dump(o, &dump);
  assert_true(dump.length < 35000);
  assert_int_equal(slice_valid_utf8(buf_slice(&dump)), dump.length);
  assert_null(strchr(dump.data, 0x1b));
  object_free(o);
  buf_free(&dump);
}

CASE(magic) {
  (void)state;
  assert_true(object_has_magic(SLICE(OBJ_MAGIC)));
  assert_false(
      object_has_magic(SLICE("\x89"
                             "APXM\r\n")));
  assert_false(object_has_magic(SLICE("agent A {}")));
  assert_false(object_has_magic((Slice){0}));
}

CASE(files) {
  (void)state;
  Error error = {0};
  char path[] = "/tmp/test_object_XXXXXX";
  size_t size;
  uint8_t *bytes = shape_make(SHAPE_HELLO, &size);
  close(mkstemp(path));
  assert_int_equal(file_write(path, slice_from((char *)bytes, size), &error),
                   STATUS_OK);
  Object *o = object_load_file(path, &error);
  assert_non_null(o);
  assert_memory_equal(o->bytes, bytes, size);
  object_free(o);
  assert_int_equal(file_write(path, SLICE("agent A {}"), &error), STATUS_OK);
  assert_null(object_load_file(path, &error));
  assert_int_equal(error.status, STATUS_FORMAT);
  assert_ptr_equal(strstr(error.message, path), error.message);
  unlink(path);
  error = (Error){0};
  assert_null(object_load_file(path, &error));
  assert_int_not_equal(error.status, STATUS_OK);
  mem_free(bytes);
}

/* ---- docs/object-format.md ----------------------------------------------- */

/* Appends the bytes of a line "    00000010: 0102 0304 ...  text". */
static void add_hex_line(const char *line, size_t length, Buf *out) {
  enum { FIRST = 14, DIGITS = 39 };
  if (length < FIRST || strncmp(line, "    ", 4) != 0) return;
  if (strspn(line + 4, "0123456789abcdef") != 8) return;
  assert_int_equal(strtoul(line + 4, NULL, 16), out->length);
  for (size_t i = FIRST; i + 1 < length && i < FIRST + DIGITS; i++) {
    char digits[3] = {line[i], line[i + 1], 0};
    if (line[i] == ' ') continue;
    buf_add_char(out, (char)strtoul(digits, NULL, 16));
    i++;
  }
}

/* The file that the page explains byte by byte is the one it names, and
 * sound. */
CASE(documented_file) {
  (void)state;
  Error error = {0};
  Buf page = {0}, bytes = {0}, file = {0};
  assert_int_equal(file_read("docs/object-format.md", 1 << 20, &page, &error),
                   STATUS_OK);
  assert_int_equal(
      file_read("tests/fuzz/load/hello.apxmobj", 1 << 20, &file, &error),
      STATUS_OK);
  for (const char *line = page.data; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    add_hex_line(line, length, &bytes);
    line += length + (line[length] != '\0');
  }
  assert_true(slice_equal(buf_slice(&bytes), buf_slice(&file)));
  size_t size = bytes.length;
  Object *o = object_load((uint8_t *)buf_take(&bytes), size, &error);
  assert_non_null(o);
  assert_int_equal(object_entry_flow(o), 0);
  object_free(o);
  buf_free(&page);
  buf_free(&file);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(consumers_mirror_inputs),
      cmocka_unit_test(twice_read_is_twice_listed),
      cmocka_unit_test(counters_follow_the_definition),
      cmocka_unit_test(a_join_of_many_is_wide),
      cmocka_unit_test(openings_spread_over_calls),
      cmocka_unit_test(a_long_chain_of_calls),
      cmocka_unit_test(gated_composites_start),
      cmocka_unit_test(flows_by_name),
      cmocka_unit_test(the_entry),
      cmocka_unit_test(one_name_in_two_agents),
      cmocka_unit_test(attributes),
      cmocka_unit_test(statistics),
      cmocka_unit_test(dumps),
      cmocka_unit_test(dump_writes_a_long_text_once),
      cmocka_unit_test(magic),
      cmocka_unit_test(files),
      cmocka_unit_test(documented_file),
  };
  return RUN(cases);
}
