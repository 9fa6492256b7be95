/* SPDX-License-Identifier: MIT
 *
 * The parser by way of the tree's dump: what binds to what, where statements
 * end, and what texts mean.
 */
#include "tests/unit/front.h"

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
  };
  return RUN(cases);
}
