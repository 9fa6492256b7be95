/* SPDX-License-Identifier: MIT
 *
 * The parser by way of the tree's dump: what binds to what, where statements
 * end, what texts mean, and what is left of a source with errors in it.
 */
#include "compiler/front/parse.h"
#include "core/base/limits.h"
#include "tests/unit/unit.h"

typedef struct Parse {
  Source source;
  Arena arena;
  DiagSink sink;
  AstProgram *program;
} Parse;

static void parse(Parse *p, Slice text) {
  p->source = (Source){.name = "t.ais", .text = text};
  arena_init(&p->arena);
  diag_init(&p->sink, &p->source, &p->arena);
  p->program = parse_source(&p->source, &p->arena, &p->sink);
}

static void parse_free(Parse *p) {
  diag_free(&p->sink);
  arena_free(&p->arena);
}

/* The dump, then the messages. */
static void expect_file(const char *text, const char *wanted) {
  Parse p;
  Buf out = {0};
  parse(&p, slice_of(text));
  ast_dump(p.program, &out);
  for (uint32_t i = 0; i < p.sink.diags.length; i++) {
    const Diag *diag = &p.sink.diags.data[i];
    Place place = source_place(&p.source, diag->span.start);
    buf_addf(&out, "%s %u:%u %s\n", diag_code_text(diag->code), place.line,
             place.column, diag->message);
  }
  assert_string_equal(out.length ? out.data : "", wanted);
  buf_free(&out);
  parse_free(&p);
}

/* The same for the body of a flow; `wanted` is the dump of its statements,
 * two levels further left. */
static void expect(const char *body, const char *wanted) {
  Buf text = {0};
  Buf dump = {0};
  buf_addf(&text, "agent A { flow f {\n%s\n} }", body);
  buf_add_text(&dump, "agent A\n  flow f()\n");
  while (*wanted != 0) {
    size_t length = strcspn(wanted, "\n") + 1;
    bool message = *wanted == 'E' && wanted[1] == '0';
    buf_add_text(&dump, message ? "" : "    ");
    buf_add(&dump, wanted, length);
    wanted += length;
  }
  expect_file(text.data, dump.data);
  buf_free(&text);
  buf_free(&dump);
}

/* What a text literal means. */
static void expect_text(const char *literal, const char *value) {
  Parse p;
  Buf text = {0};
  buf_addf(&text, "agent A { flow f { return %s } }", literal);
  parse(&p, buf_slice(&text));
  assert_int_equal(p.sink.error_count, 0);
  const AstExpr *expr = p.program->agents->flows->body.first->expr;
  assert_int_equal(expr->kind, EXPR_TEXT);
  Buf found = {0};
  buf_add_slice(&found, expr->u.text);
  assert_string_equal(found.length ? found.data : "", value);
  buf_free(&found);
  parse_free(&p);
  buf_free(&text);
}

/* ---- declarations -------------------------------------------------------- */

CASE(agents_and_flows) {
  (void)state;
  expect_file(
      "agent A { }\n"
      "agent B {\n"
      "  flow f {} flow g() {};\n"
      "  @entry flow h(a: str, b: list<list<num>>,) -> list<str> {}\n"
      "}",
      "agent A\n"
      "agent B\n"
      "  flow f()\n"
      "  flow g()\n"
      "  @entry flow h(a: str, b: list<list<num>>) -> list<str>\n");
  expect_file("agent A { flow f -> num { return 1 } }",
              "agent A\n  flow f() -> num\n    return\n      num 1\n");
}

/* Names of operations and of what comes later are ordinary names. */
CASE(few_keywords) {
  (void)state;
  expect("let ask = goal\nentry(type, import) -> context",
         "bind ask\n  name goal\n"
         "bind context\n  call entry\n    name type\n    name import\n");
}

/* ---- statements ---------------------------------------------------------- */

CASE(statements) {
  (void)state;
  expect("let a = 1; let b: str = c\nf() -> d f() -> _; g(); return;",
         "bind a\n  num 1\nbind b: str\n  name c\nbind d\n  call f\n"
         "bind _\n  call f\nvalue\n  call g\nreturn\n");
  expect("return\nx", "return\n  name x\n");
}

CASE(a_new_line_ends) {
  (void)state;
  expect("f\n(x)", "value\n  name f\nvalue\n  name x\n");
  expect("f(\n(x)\n)", "value\n  call f\n    name x\n");
  expect("let a = f\n[x]", "bind a\n  name f\nvalue\n  list\n    name x\n");
  expect("return\n(x)", "return\nvalue\n  name x\n");
  expect("return (\nx)", "return\n  name x\n");
  expect("f(x)\n+ y -> z",
         "bind z\n  concat\n    call f\n      name x\n"
         "    name y\n");
}

CASE(a_sign_is_not_a_statement) {
  (void)state;
  expect("let a = -1\nlet b = - 2.5", "bind a\n  num -1\nbind b\n  num -2.5\n");
  expect("let a = b -1", "bind a\n  -\n    name b\n    num 1\n");
  expect("let a = -b", "bind a\n  neg\n    name b\n");
  expect("f(x) -> a - 1",
         "bind a\n  error\n"
         "E0010 2:11 expected a statement or `}`, found `-`\n");
}

/* ---- expressions --------------------------------------------------------- */

CASE(calls) {
  (void)state;
  expect("B.f(1, [2, 3,], s: true, t: \"u\",)",
         "value\n  call B.f\n    num 1\n    list\n      num 2\n      num 3\n"
         "    s:\n      bool true\n    t:\n      text \"u\"\n");
  expect("f(s: 1, 2)",
         "value\n  call f\n    num 2\n    s:\n      num 1\n"
         "E0310 2:9 an argument after a named one\n");
}

CASE(sums_are_flat) {
  (void)state;
  expect("return a + b + c",
         "return\n  concat\n    name a\n    name b\n    name c\n");
  expect("return a + (b + c)",
         "return\n  concat\n    name a\n    concat\n      name b\n"
         "      name c\n");
  expect("return a + \"x{{b}}\" + c",
         "return\n  concat\n    name a\n    text \"x\"\n    name b\n"
         "    name c\n");
}

/* The first part of a text with holes is a literal, so that it is text. */
CASE(holes) {
  (void)state;
  expect("return \"{{a}}{{b}}\"",
         "return\n  concat\n    text \"\"\n"
         "    name a\n    name b\n");
  expect("return \"x{{ \"y{{f(\"z\")}}\" }}\\n\"",
         "return\n  concat\n    text \"x\"\n    concat\n      text \"y\"\n"
         "      call f\n        text \"z\"\n    text \"\\n\"\n");
  expect("return \"\"\"\n    a {{b}}\n      c\n    \"\"\"",
         "return\n  concat\n    text \"a \"\n    name b\n"
         "    text \"\\n  c\\n\"\n");
}

CASE(spans) {
  (void)state;
  Parse p;
  const char *text = "agent A { flow f { B.g( a ,b ) + \"{{ c }}\" -> d } }";
  parse(&p, slice_of(text));
  const AstStmt *stmt = p.program->agents->flows->body.first;
  const AstExpr *sum = stmt->expr;
  const AstExpr *call = sum->u.parts.first;
  assert_memory_equal(text + stmt->span.start, "B.g", 3);
  assert_int_equal(stmt->span.length, strlen("B.g( a ,b ) + \"{{ c }}\" -> d"));
  assert_int_equal(sum->span.length, strlen("B.g( a ,b ) + \"{{ c }}\""));
  assert_int_equal(call->span.length, strlen("B.g( a ,b )"));
  assert_memory_equal(text + stmt->target.name.span.start, "d ", 2);
  assert_int_equal(p.program->agents->flows->end_span.start, strlen(text) - 3);
  parse_free(&p);
}

/* ---- literals ------------------------------------------------------------ */

CASE(numbers) {
  (void)state;
  expect("return [0, 1_000, 1.5e3, 2E-2, 1e308]",
         "return\n  list\n    num 0\n    num 1000\n    num 1500\n"
         "    num 0.02\n    num 1e+308\n");
}

CASE(escapes) {
  (void)state;
  expect_text("\"\"", "");
  expect_text("\"a\\n\\t\\r\\\\\\\"\\{\\}b\"", "a\n\t\r\\\"{}b");
  expect_text("\"\\u{41}\\u{e9}\\u{20AC}\\u{1f600}\\u{00007f}\"",
              "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F");
  expect_text("\"\\{{ x }}\"", "{{ x }}");
}

CASE(blocks) {
  (void)state;
  expect_text("\"\"\"\"\"\"", "");
  expect_text("\"\"\"a\"\"\"", "a");
  expect_text("\"\"\"  \n   \"\"\"", "");
  expect_text("\"\"\"\n  a\n    b\n\n  c\n  \"\"\"", "a\n  b\n\nc\n");
  expect_text("\"\"\"\n  a\n  b\"\"\"", "a\nb");
  expect_text("\"\"\"a\n    b\n  c\"\"\"", "a\n  b\nc");
  expect_text("\"\"\"\r\n  a\r\n   \r\n  b\r\n\"\"\"", "a\n\nb\n");
  expect_text("\"\"\"\n\ta\n  b\n\"\"\"", "\ta\n  b\n"); /* nothing shared */
  expect_text("\"\"\"\n  \\u{20}a\\n\n  \\tb\n\"\"\"", " a\n\n\tb\n");
  expect_text("\"\"\"\n  say \"x\" \\\"\"\"\n\"\"\"", "say \"x\" \"\"\"\n");
}

/* ---- errors -------------------------------------------------------------- */

/* Each error once, and the statements around it are there. */
CASE(goes_on_with_the_next_statement) {
  (void)state;
  expect("f(a b, c, d, e, g) -> x\nlet y = = 2\nh(x, y)",
         "bind x\n  error\nbind y\n  error\n"
         "value\n  call h\n    name x\n    name y\n"
         "E0010 2:5 expected `,` or `)`, found `b`\n"
         "E0010 3:9 expected an expression, found `=`\n");
  expect("f(\n  a b,\n  c\n) -> x; g()\nh(\ng()",
         "bind x\n  error\nvalue\n  call g\n"
         "E0010 3:5 expected `,` or `)`, found `b`\n"
         "E0010 8:1 expected `,` or `)`, found `}`\n");
}

CASE(a_forgotten_bracket) {
  (void)state;
  expect("  f(a -> x\n  g(x)",
         "bind x\n  error\nvalue\n  call g\n"
         "    name x\n"
         "E0010 2:7 expected `,` or `)`, found `->`\n");
}

CASE(a_block_is_skipped) {
  (void)state;
  expect("{ f() -> x }\ng(x)",
         "bind x\n  error\nvalue\n  call g\n    name x\n"
         "E0010 2:1 expected a statement or `}`, found `{`\n");
}

CASE(goes_on_with_the_next_flow) {
  (void)state;
  expect_file(
      "agent A {\n"
      "  goals { x: 1 }\n"
      "  flow a(x y) { return x }\n"
      "  flow b( {\n"
      "  flow c { f( }\n"
      "  flow d {\n"
      "  flow e { }\n"
      "agent B { flow f { }",
      "agent A\n"
      "  flow a()\n    return\n      name x\n"
      "  flow b()\n"
      "  flow c()\n"
      "  flow d()\n"
      "  flow e()\n"
      "agent B\n"
      "  flow f()\n"
      "E0010 2:14 expected a text, found `1`\n"
      "E0010 3:12 expected `:`, found `y`\n"
      "E0010 4:11 expected a parameter or `)`, found `{`\n"
      "E0010 5:3 expected a statement or `}`, found `flow`\n"
      "E0010 5:15 expected an expression or `)`, found `}`\n"
      "E0010 7:3 expected a statement or `}`, found `flow`\n"
      "E0010 8:1 expected `flow`, `@`, another declaration or `}`, "
      "found `agent`\n"
      "E0010 8:21 expected `flow`, `@`, another declaration or `}`, "
      "found the end of the file\n");
}

CASE(outside_of_agents) {
  (void)state;
  expect_file("flow f { }\nagent { }\nagent A { }\n}\nagent B { }",
              "agent A\nagent B\n"
              "E0010 1:1 expected `agent` or the end of the file, found "
              "`flow`\n"
              "E0010 2:7 expected a name for the agent, found `{`\n"
              "E0010 4:1 expected `agent` or the end of the file, found "
              "`}`\n");
}

CASE(one_message_for_what_the_lexer_said) {
  (void)state;
  expect("f(\"a) -> x\ng(x) -> y\nh('z')\nreturn y",
         "bind x\n  error\nbind y\n  call g\n    name x\n"
         "return\n  name y\n"
         "E0007 2:3 the line ends inside a text\n"
         "E0001 4:3 unexpected character `'`\n");
}

/* ---- limits -------------------------------------------------------------- */

static void expect_too_deep(const char *start, const char *open,
                            const char *close) {
  Buf text = {0};
  buf_addf(&text, "agent A { flow f {\n%s", start);
  for (int i = 0; i < 10000; i++) buf_add_text(&text, open);
  for (int i = 0; i < 10000; i++) buf_add_text(&text, close);
  buf_add_text(&text, "\nreturn g } }");
  Parse p;
  parse(&p, buf_slice(&text));
  assert_true(p.sink.error_count > 0);
  assert_int_equal(p.sink.diags.data[0].code, DIAG_TOO_DEEP);
  Buf dump = {0};
  ast_dump(p.program, &dump);
  buf_free(&dump);
  parse_free(&p);
  buf_free(&text);
}

CASE(nesting) {
  (void)state;
  expect_too_deep("", "[", "]");
  expect_too_deep("return ", "f(s: a + ", ")");
  expect_too_deep("", "(", "");
  expect_too_deep("", "\"{{", "}}\"");
  expect_too_deep("", "\"\"\"{{", "");
  expect_too_deep("let x: ", "list<", ">");
}

CASE(deep_is_fine) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f { return ");
  for (int i = 0; i < LIMIT_EXPR_DEPTH / 2; i++)
    buf_add_text(&text, "f(1, s: a + ");
  buf_add_text(&text, "c");
  for (int i = 0; i < LIMIT_EXPR_DEPTH / 2; i++) buf_add_char(&text, ')');
  buf_add_text(&text, " } }");
  Parse p;
  parse(&p, buf_slice(&text));
  assert_int_equal(p.sink.error_count, 0);
  parse_free(&p);
  buf_free(&text);
}

CASE(size) {
  (void)state;
  Parse p;
  parse(&p, slice_from("", (size_t)LIMIT_SOURCE_BYTES + 1));
  assert_int_equal(p.sink.error_count, 1);
  assert_int_equal(p.sink.diags.data[0].code, DIAG_SOURCE_SIZE);
  assert_non_null(p.sink.diags.data[0].label);
  parse_free(&p);
}

/* A binary file gets a page of messages, soon. */
CASE(binary) {
  (void)state;
  char *bytes = mem_alloc(1 << 20);
  for (int i = 0; i < 1 << 20; i++) bytes[i] = (char)(i * 7 % 256);
  Parse p;
  parse(&p, slice_from(bytes, 1 << 20));
  assert_true(p.sink.error_count >= LIMIT_DIAGNOSTICS);
  parse_free(&p);
  mem_free(bytes);
}

/* The same source with a byte left out, for each byte: never a crash, and
 * never a tree without a message that should have one. */
CASE(every_truncation) {
  (void)state;
  static const char text[] =
      "agent A { @entry flow f(a: list<str>, b: num) -> str {\n"
      "  ask(\"x {{ a + \"y\" }} z\", b, s: -1.5) -> c; let d: str = \"\"\"\n"
      "    block {{ c }}\n    \"\"\" /* c */\n  return B.g([d, \"\\u{41}\"])"
      "\n} } // end\nagent B { flow g(x: list<str>) { return x } }\n";
  for (size_t i = 0; i < sizeof text - 1; i++) {
    Parse p;
    parse(&p, slice_from(text, i));
    parse_free(&p);
    char *copy = mem_alloc(sizeof text);
    memcpy(copy, text, i);
    memcpy(copy + i, text + i + 1, sizeof text - 1 - i);
    parse(&p, slice_from(copy, sizeof text - 2));
    parse_free(&p);
    mem_free(copy);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(agents_and_flows),
      cmocka_unit_test(few_keywords),
      cmocka_unit_test(statements),
      cmocka_unit_test(a_new_line_ends),
      cmocka_unit_test(a_sign_is_not_a_statement),
      cmocka_unit_test(calls),
      cmocka_unit_test(sums_are_flat),
      cmocka_unit_test(holes),
      cmocka_unit_test(spans),
      cmocka_unit_test(numbers),
      cmocka_unit_test(escapes),
      cmocka_unit_test(blocks),
      cmocka_unit_test(goes_on_with_the_next_statement),
      cmocka_unit_test(a_forgotten_bracket),
      cmocka_unit_test(a_block_is_skipped),
      cmocka_unit_test(goes_on_with_the_next_flow),
      cmocka_unit_test(outside_of_agents),
      cmocka_unit_test(one_message_for_what_the_lexer_said),
      cmocka_unit_test(nesting),
      cmocka_unit_test(deep_is_fine),
      cmocka_unit_test(size),
      cmocka_unit_test(binary),
      cmocka_unit_test(every_truncation),
  };
  return RUN(cases);
}
