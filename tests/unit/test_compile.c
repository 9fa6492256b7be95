/* SPDX-License-Identifier: MIT
 *
 * The compiler as one call: what it hands back, byte for byte the same each
 * time, and what the loader makes of it.
 */
#include "compiler/emit/compile.h"

#include "compiler/emit/places.h"
#include "core/base/file.h"
#include "core/object/object.h"
#include "tests/unit/unit.h"

typedef struct Compiled {
  Source source;
  CompileResult result;
  Buf dump;
  Object *object; /* what was loaded of it; NULL when it failed */
} Compiled;

static void compile(Compiled *c, const char *text, uint32_t level,
                    const char *dump) {
  *c = (Compiled){.source = {"test.ais", slice_of(text)}};
  CompileOptions options = {
      .optimization = level, .dump = dump, .dump_out = &c->dump};
  compile_source(&c->source, &options, &c->result);
  if (!c->result.ok) return;
  Error error = {0};
  Buf copy = {0};
  buf_add_slice(&copy, buf_slice(&c->result.object));
  size_t size = copy.length;
  c->object = object_load((uint8_t *)buf_take(&copy), size, &error);
  if (c->object == NULL) fail_msg("%s\n%s", text, error.message);
}

static void compiled_free(Compiled *c) {
  object_free(c->object);
  buf_free(&c->dump);
  compile_result_free(&c->result);
}

static const char *const program =
    "agent Main {\n"
    "  @entry flow main(topic: str, n: num) -> str {\n"
    "    ask(\"é\" + \" about \" + topic, temperature: 0.5) -> facts\n"
    "    ask(\"lost\")\n"
    "    print(\"facts: \", Other.shout(facts))\n"
    "    return facts\n"
    "  }\n"
    "}\n"
    "agent Other {\n"
    "  flow shout(x: str) -> str { print(x) return x + \"!\" }\n"
    "}\n";

/* ---- results ------------------------------------------------------------- */

CASE(an_object_file) {
  (void)state;
  Compiled c;
  compile(&c, program, 1, NULL);
  assert_true(c.result.ok);
  assert_int_equal(c.result.error.status, STATUS_OK);
  assert_int_equal(c.result.diags.error_count, 0);
  const Object *o = c.object;
  assert_int_equal(o->graph_count, 2);
  assert_int_equal(o->flow_count, 2);
  assert_string_equal(object_text(o, o->meta->source).data, "test.ais");
  assert_int_equal(o->meta->optimization, 1);
  const ObjFlow *main_flow = &o->flows[0];
  assert_string_equal(object_text(o, main_flow->agent).data, "Main");
  assert_string_equal(object_text(o, main_flow->name).data, "main");
  assert_int_equal(main_flow->flags, OBJ_FLOW_ENTRY);
  assert_int_equal(main_flow->param_count, 2);
  const ObjParam *param = &o->params[main_flow->first_param + 1];
  assert_string_equal(object_text(o, param->name).data, "n");
  assert_int_equal(param->type, TYPE_NUM);
  assert_int_equal(o->flows[1].flags, 0);
  assert_int_equal(object_entry_flow(o), 0);
  compiled_free(&c);
}

/* %0 topic, %1 n, %2 output | %3 ask, %4 call, %5 port, %6 port, %7 print |
 * %8 result, %9 result, %10 end. */
CASE(nodes_in_the_file) {
  (void)state;
  Compiled c;
  compile(&c, program, 1, NULL);
  const Object *o = c.object;
  assert_int_equal(o->graphs[0].node_count, 11);
  assert_int_equal(o->nodes[3].op, OP_ASK);
  assert_int_equal(o->nodes[3].rank, 1000);
  assert_int_equal(o->nodes[4].op, OP_CALL);
  assert_int_equal(object_body(o, &o->nodes[4]), 1);
  const ObjConst *name = object_attr(o, 3, ATTR_NAME);
  assert_string_equal(object_text(o, name->string).data, "facts");
  assert_non_null(object_attr(o, 3, ATTR_TEMPERATURE));
  assert_null(object_attr(o, 4, ATTR_NAME));
  assert_null(object_attr(o, 0, ATTR_NAME));
  const ObjPlace *place = &o->places[o->nodes[3].place];
  assert_int_equal(place->line, 3);
  assert_int_equal(place->column, 5);
  assert_int_equal(place->length, 46); /* code points: é is one */
  /* END waits for the parameter that nobody reads, the call and the results */
  const ObjNode *end = &o->nodes[10];
  static const uint32_t unread[] = {1, 4, 8, 9};
  assert_int_equal(end[1].inputs - end->inputs, 4);
  for (uint32_t i = 0; i < 4; i++) {
    assert_int_equal(o->inputs[end->inputs + i], OBJ_REF_ORDER | unread[i]);
  }
  compiled_free(&c);
}

static void expect_passes(uint32_t level, uint32_t count) {
  Compiled c;
  compile(&c, program, level, NULL);
  assert_true(c.result.ok);
  assert_int_equal(c.result.pass_count, count);
  if (count > 0) {
    assert_string_equal(c.result.passes[0], "fold");
    assert_string_equal(c.result.passes[1], "dce");
  }
  assert_int_equal(c.object->meta->optimization, level);
  assert_int_equal(c.object->graphs[0].node_count, count > 0 ? 11 : 12);
  compiled_free(&c);
}

CASE(levels) {
  (void)state;
  expect_passes(0, 0);
  expect_passes(1, 2);
  expect_passes(2, 2);
  expect_passes(3, 2);
}

CASE(phases_are_timed) {
  (void)state;
  Compiled c;
  compile(&c, program, 1, NULL);
  const CompilePhases *p = &c.result.phases;
  assert_true(p->lex_parse > 0 && p->check > 0 && p->build > 0 &&
              p->passes > 0 && p->artifact > 0);
  assert_true(p->lex_parse + p->check + p->build + p->passes + p->artifact <=
              p->total);
  compiled_free(&c);
}

CASE(errors_end_it) {
  (void)state;
  Compiled c;
  compile(&c,
          "agent A { flow main -> str {\n"
          "  ask(\"a\" + missing) -> a\n"
          "  return also_missing\n"
          "} }",
          1, NULL);
  assert_false(c.result.ok);
  assert_int_equal(c.result.diags.error_count, 2);
  assert_int_equal(c.result.object.length, 0);
  assert_int_equal(c.result.phases.artifact, 0);
  assert_true(c.result.diags.diags.data[0].span.start <
              c.result.diags.diags.data[1].span.start);
  compiled_free(&c);
  compile(&c, "agent A { flow main { ask( } }", 1, NULL);
  assert_false(c.result.ok);
  assert_true(c.result.diags.error_count > 0);
  compiled_free(&c);
}

CASE(warnings_do_not) {
  (void)state;
  Compiled c;
  compile(&c, program, 1, NULL);
  assert_true(c.result.ok);
  assert_true(c.result.diags.warning_count > 0); /* the lost ask */
  compiled_free(&c);
}

CASE(check_only) {
  (void)state;
  Source source = {.name = "test.ais", .text = slice_of(program)};
  CompileOptions options = {.optimization = 1, .check_only = true};
  CompileResult result;
  compile_source(&source, &options, &result);
  assert_true(result.ok);
  assert_int_equal(result.object.length, 0);
  assert_int_equal(result.phases.build, 0);
  compile_result_free(&result);
}

CASE(too_large_a_source) {
  (void)state;
  Source source = {.name = "big.ais",
                   .text = {"", (size_t)LIMIT_SOURCE_BYTES + 1}};
  CompileOptions options = {.optimization = 1};
  CompileResult result;
  compile_source(&source, &options, &result);
  assert_false(result.ok);
  assert_int_equal(result.error.status, STATUS_LIMIT);
  assert_non_null(strstr(result.error.message, "big.ais: more than"));
  compile_result_free(&result);
}

CASE(nothing_at_all) {
  (void)state;
  Compiled c;
  compile(&c, "", 1, NULL);
  compiled_free(&c); /* whether that is an error is the checker's business */
}

/* ---- determinism --------------------------------------------------------- */

/* One of each, inside one another. */
static const char constructs[] =
    "agent Nest { flow nest(c: bool, s: str, xs: list<str>) -> str {\n"
    "  let n = 0\n"
    "  loop (x in xs, parallel: 2) {\n"
    "    switch x { case \"a\" => { n = n + 1 print(n) }\n"
    "      default => print(s) }\n"
    "    try { ask(x) -> y } catch (e) { let y = e.message }\n"
    "    y\n"
    "  } -> ys\n"
    "  while (c && len(ys) > n, max: 9) {\n"
    "    n = n + 2 if (n == 7) { return s } }\n"
    "  fence()\n"
    "  guard(s, condition: \"!= x\", on_fail: skip) -> g\n"
    "  if (g == \"e\") { return \"early\" }\n"
    "  return join(ys) + g + n\n"
    "} }";

CASE(same_source_same_bytes) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, program);
  buf_add_text(&text, "agent Many { flow many -> str {\n");
  for (int i = 0; i < 500; i++) {
    buf_addf(&text, "  ask(\"q%d {{%d.5}} \" + \"x\", \"c%d\") -> a%d\n", i, i,
             i % 7, i);
  }
  buf_add_text(&text, "  return merge(a1, a499, [a2, a3])\n} }");
  buf_add_text(&text, constructs);
  for (uint32_t level = 0; level <= 1; level++) {
    Compiled a, b;
    compile(&a, text.data, level, NULL);
    compile(&b, text.data, level, "object");
    assert_true(a.result.ok && b.result.ok);
    assert_true(
        slice_equal(buf_slice(&a.result.object), buf_slice(&b.result.object)));
    compiled_free(&a);
    compiled_free(&b);
  }
  buf_free(&text);
}

/* The limit on a graph's parameters, told as what it means to a program. */
CASE(a_block_that_reads_too_many_names) {
  (void)state;
  enum { NAMES = LIMIT_GRAPH_PARAMS + 1 };
  Buf text = {0};
  Compiled c;
  buf_add_text(&text, "agent A { flow main(c: bool, n: num) -> num {\n");
  for (int i = 0; i < NAMES; i++) buf_addf(&text, "let x%d = n + %d\n", i, i);
  buf_add_text(&text, "let y = 0\nif (c) { y = y");
  for (int i = 0; i < NAMES; i++) buf_addf(&text, " + x%d", i);
  buf_add_text(&text, " }\nreturn y } }\n");
  compile(&c, text.data, 1, NULL);
  assert_false(c.result.ok);
  assert_int_equal(c.result.error.status, STATUS_LIMIT);
  assert_string_equal(c.result.error.message,
                      "test.ais:4100:1: a block here reads more than 4096 "
                      "names from around it");
  compiled_free(&c);
  buf_free(&text);
}

/* ---- dumps --------------------------------------------------------------- */

static void expect_dump(const char *name, const char *words) {
  Compiled c;
  compile(&c, program, 1, name);
  assert_true(c.result.ok);
  assert_false(c.result.dump_unknown);
  if (c.dump.data == NULL || strstr(c.dump.data, words) == NULL) {
    fail_msg("--dump=%s does not say %s:\n%s", name, words,
             c.dump.data ? c.dump.data : "");
  }
  compiled_free(&c);
}

CASE(a_dump_at_every_arrow) {
  (void)state;
  expect_dump("tokens", "topic");
  expect_dump("ast", "topic");
  expect_dump("ir",
              "%3 = ask(\"é\", \" about \", %0): str -> facts "
              "{temperature: 0.5} rank 1000\n"
              "  %4 = ask(\"lost\"): str rank 1000\n");
  expect_dump("fold",
              "%3 = ask(\"é about \", %0): str -> facts "
              "{temperature: 0.5} rank 1000\n"
              "  %4 = ask(\"lost\"): str rank 1000\n");
  expect_dump("dce",
              "%3 = ask(\"é about \", %0): str -> facts "
              "{temperature: 0.5} rank 1000\n"
              "  %4 = call Other.shout(%3, !%2)\n");
  expect_dump("dot", "digraph apxm {");
  expect_dump("object", "Main");
}

/* A pass's dump is there at a level at which it does not run. */
CASE(a_dump_without_the_pass) {
  (void)state;
  Compiled c;
  compile(&c, program, 0, "dce");
  assert_true(c.result.ok);
  assert_non_null(strstr(c.dump.data, "ask(\"lost\")"));
  compiled_free(&c);
}

CASE(an_unknown_dump) {
  (void)state;
  Compiled c;
  compile(&c, program, 1, "nonsense");
  assert_false(c.result.ok);
  assert_true(c.result.dump_unknown);
  assert_int_equal(c.result.diags.error_count, 0);
  compiled_free(&c);
  Buf names = {0};
  compile_dump_names(&names);
  assert_string_equal(names.data,
                      "tokens, ast, ir, dot, json, object, fold, dce");
  buf_free(&names);
}

/* ---- docs/compiler.md ---------------------------------------------------- */

/* The next ``` block of a program or a dump; moves `*rest` behind it. Empty
 * when there is none. The block's first line is in `*line`. */
static Slice next_block(Slice *rest, Slice *line) {
  char *source = strstr(rest->data, "```ais");
  char *dump = strstr(rest->data, "```text dump=");
  char *start = source == NULL || (dump && dump < source) ? dump : source;
  if (start == NULL) return (Slice){0};
  char *body = strchr(start, '\n') + 1;
  char *end = strstr(body, "```");
  assert_non_null(end);
  *line = slice_from(start, (size_t)(body - 1 - start));
  *rest = slice_of(end + 3);
  return slice_from(body, (size_t)(end - body));
}

static void expect_shown(const char *program_text, Slice shown, Slice line) {
  char name[32] = {0};
  char *words = mem_alloc_zero(shown.length + 1, 1);
  Slice label = slice_from(line.data + strlen("```text dump="),
                           line.length - strlen("```text dump="));
  assert_true(label.length < sizeof name);
  memcpy(name, label.data, label.length);
  memcpy(words, shown.data, shown.length - 1); /* the last line may go on */
  Compiled c;
  compile(&c, program_text, 1, name);
  assert_true(c.result.ok);
  if (strstr(c.dump.data, words) == NULL) {
    fail_msg("%s in the document:\n%s\nand now:\n%s", name, words, c.dump.data);
  }
  compiled_free(&c);
  mem_free(words);
}

CASE(the_document_tells_the_truth) {
  (void)state;
  Buf text = {0};
  Error error = {0};
  assert_int_equal(file_read("docs/compiler.md", 1 << 20, &text, &error),
                   STATUS_OK);
  Slice rest = buf_slice(&text);
  Slice line, block;
  char *source = NULL;
  int count = 0;
  while ((block = next_block(&rest, &line)).length > 0) {
    if (slice_starts_with(line, SLICE("```ais"))) {
      mem_free(source);
      source = mem_alloc_zero(block.length + 1, 1);
      memcpy(source, block.data, block.length);
    } else {
      assert_non_null(source);
      expect_shown(source, block, line);
      count++;
    }
  }
  assert_int_equal(count, 8);
  mem_free(source);
  buf_free(&text);
}

/* ---- places -------------------------------------------------------------- */

static void expect_places(Slice text) {
  Source source = {.name = "test.ais", .text = text};
  Places places;
  places_init(&places, &source);
  for (uint32_t at = 0; at <= text.length + 2; at++) {
    uint32_t length;
    Place wanted = source_place(&source, at);
    Place found = places_find(&places, (Span){at, 0}, &length);
    assert_int_equal(found.line, wanted.line);
    assert_int_equal(found.column, wanted.column);
    assert_int_equal(length, 0);
  }
  places_free(&places);
}

CASE(places_are_those_of_the_source) {
  (void)state;
  Buf text = {0};
  expect_places(SLICE(""));
  expect_places(SLICE("\n"));
  expect_places(SLICE("a\n\nb"));
  for (int i = 0; i < 300; i++) {
    buf_add_text(&text, i % 3 == 0 ? "é" : "x");
    if (i % 67 == 0) buf_add_text(&text, "\n\xff");
  }
  expect_places(buf_slice(&text));
  text.length = 128;
  expect_places(buf_slice(&text));
  uint32_t length;
  Places places;
  Source source = {.name = "test.ais", .text = SLICE("aé\nbc")};
  places_init(&places, &source);
  places_find(&places, (Span){1, 4}, &length);
  assert_int_equal(length, 3);
  places_find(&places, (Span){4, UINT32_MAX}, &length);
  assert_int_equal(length, 2);
  places_free(&places);
  buf_free(&text);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(an_object_file),
      cmocka_unit_test(nodes_in_the_file),
      cmocka_unit_test(levels),
      cmocka_unit_test(phases_are_timed),
      cmocka_unit_test(errors_end_it),
      cmocka_unit_test(warnings_do_not),
      cmocka_unit_test(check_only),
      cmocka_unit_test(too_large_a_source),
      cmocka_unit_test(nothing_at_all),
      cmocka_unit_test(same_source_same_bytes),
      cmocka_unit_test(a_block_that_reads_too_many_names),
      cmocka_unit_test(a_dump_at_every_arrow),
      cmocka_unit_test(a_dump_without_the_pass),
      cmocka_unit_test(an_unknown_dump),
      cmocka_unit_test(the_document_tells_the_truth),
      cmocka_unit_test(places_are_those_of_the_source),
  };
  return RUN(cases);
}
