/* SPDX-License-Identifier: MIT
 *
 * What is left of a source with errors in it: each error is told once, what
 * stands around it is there, and no source, however deep, long or broken,
 * takes more than its time.
 */
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "tests/unit/front.h"

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
