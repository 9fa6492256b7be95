/* SPDX-License-Identifier: MIT
 *
 * What is left of a source with errors in it: each error is told once, what
 * stands around it is there, and no source, however deep, long or broken,
 * takes more than its time.
 */
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

/* ---- errors in constructs ------------------------------------------------ */

/* The names that a broken part would have bound are bound, to errors. */
CASE(in_the_arms_of_an_if) {
  (void)state;
  expect("if (a) {\n  f(b c) -> x\n  let y = = 2\n} else {\n"
         "  g(d e)\n}\nh(x, y)",
         "if\n  name a\n  then\n    bind x\n      error\n"
         "    bind y\n      error\n  else\nvalue\n  call h\n"
         "    name x\n    name y\n"
         "E0010 3:7 expected `,` or `)`, found `c`\n"
         "E0010 4:11 expected an expression, found `=`\n"
         "E0010 6:7 expected `,` or `)`, found `e`\n");
  expect("if (a) f(b c)\nelse g()\nh()",
         "value\n  call h\n"
         "E0010 2:12 expected `,` or `)`, found `c`\n");
  expect("if (a) {\n  f(\n}\ng()",
         "if\n  name a\n  then\nvalue\n  call g\n"
         "E0010 4:1 expected an expression or `)`, found `}`\n");
  expect("if (a) { f() } else { g() } else { h() }\ni()",
         "if\n  name a\n  then\n    value\n      call f\n  else\n"
         "    value\n      call g\nvalue\n  call i\n"
         "E0010 2:29 expected a statement or `}`, found `else`\n");
}

CASE(heads_that_are_wrong) {
  (void)state;
  expect("if (a b) {\n  f( -> x\n  g(x)\n}\nh()",
         "if\n  error\n  then\n    bind x\n      error\n    value\n"
         "      call g\n        name x\nvalue\n  call h\n"
         "E0010 2:7 expected `)`, found `b`\n"
         "E0010 3:6 expected an expression or `)`, found `->`\n");
  expect("if a { f() }",
         "if\n  error\n  then\n    value\n      call f\n"
         "E0010 2:4 expected `(`, found `a`\n");
  expect("while (a b, max: 3) {\n  f(x y)\n}\ng()",
         "while\n  error\n  body\nvalue\n  call g\n"
         "E0010 2:10 expected `,` or `)`, found `b`\n"
         "E0010 3:7 expected `,` or `)`, found `y`\n");
  expect("loop (x in xs parallel: 2) {\n  f(x y)\n}\ng()",
         "loop x\n  error\n  body\nvalue\n  call g\n"
         "E0010 2:15 expected `,` or `)`, found `parallel`\n"
         "E0010 3:7 expected `,` or `)`, found `y`\n");
  expect("switch a b { case \"x\" => { f(c d) -> y } }",
         "switch\n  error\n  case \"x\"\n    bind y\n      error\n"
         "E0010 2:10 expected `{`, found `b`\n"
         "E0010 2:32 expected `,` or `)`, found `d`\n");
  expect("try {\n  f(a b)\n} catch (e {\n  g(c d)\n}\nh()",
         "try\n  body\n  catch e\nvalue\n  call h\n"
         "E0010 3:7 expected `,` or `)`, found `b`\n"
         "E0010 4:12 expected `)`, found `{`\n"
         "E0010 5:7 expected `,` or `)`, found `d`\n");
}

CASE(in_the_cases_of_a_switch) {
  (void)state;
  expect("switch v {\n  case \"a\" => f(b c) -> x\n"
         "  case \"b\" => {\n    g(d e)\n  }\n  default x\n"
         "  case \"c\" => 1\n}\nh(x)",
         "switch\n  name v\n  case \"a\"\n    bind x\n      error\n"
         "  case \"b\"\n  default\n  case \"c\"\n    value\n"
         "      num 1\nvalue\n  call h\n    name x\n"
         "E0010 3:19 expected `,` or `)`, found `c`\n"
         "E0010 5:9 expected `,` or `)`, found `e`\n"
         "E0010 7:11 expected `=>`, found `x`\n");
  expect("switch v {\n  f()\n  case \"a\" => 1\n}\ng(h i)",
         "switch\n  name v\n  case \"a\"\n    value\n      num 1\n"
         "E0010 3:3 expected `case`, `default` or `}`, found `f`\n"
         "E0010 6:5 expected `,` or `)`, found `i`\n");
  expect("switch v { case \"a\" => f()\n  g()\n  case \"b\" => 1 }",
         "switch\n  name v\n  case \"a\"\n    value\n      call f\n"
         "  case \"b\"\n    value\n      num 1\n"
         "E0010 3:3 expected `case`, `default` or `}`, found `g`\n");
}

CASE(a_try_without_catch) {
  (void)state;
  expect("try {\n  f()\n}\ng()",
         "value\n  call g\nE0010 5:1 expected `catch`, found `g`\n");
}

CASE(deep_in_blocks) {
  (void)state;
  expect("loop (x in xs) {\n  if (x) {\n    f(\n  }\n  g(y z)\n}\n"
         "h(k l)",
         "loop x\n  name xs\n  body\n    if\n      name x\n"
         "      then\n"
         "E0010 5:3 expected an expression or `)`, found `}`\n"
         "E0010 6:7 expected `,` or `)`, found `z`\n"
         "E0010 8:5 expected `,` or `)`, found `l`\n");
  expect("parallel {\n  f(a b) -> x\n  g(x)\n}",
         "parallel\n  body\n    bind x\n      error\n    value\n"
         "      call g\n        name x\n"
         "E0010 3:7 expected `,` or `)`, found `b`\n");
}

CASE(words_of_other_languages) {
  (void)state;
  expect("for (x in xs) { f(x) -> y }\ng(y)",
         "bind y\n  error\nvalue\n  call g\n    name y\n"
         "E0010 2:1 expected a statement or `}`, found `for`\n");
  expect("if (a) { 1 } elif (b) { 2 }\nf()",
         "if\n  name a\n  then\n    value\n      num 1\nvalue\n"
         "  call f\n"
         "E0010 2:14 expected a statement or `}`, found `elif`\n");
  expect("let for = 1\nvar = for",
         "bind for\n  num 1\nassign var\n  name for\n");
  expect("var x = 1\ndef g() { h( }",
         "bind x\n  error\n"
         "E0010 2:1 expected a statement or `}`, found `var`\n"
         "E0010 3:1 expected a statement or `}`, found `def`\n");
  expect("import \"x\"\ntype T { a: num }",
         "E0010 2:1 expected a statement or `}`, found `import`\n"
         "E0010 3:1 expected a statement or `}`, found `type`\n");
}

/* ---- limits -------------------------------------------------------------- */

/* A thousand levels too many and more give a message or three, at a place. */
static void expect_too_deep(const char *start, const char *open,
                            const char *middle, const char *close) {
  Buf text = {0};
  buf_addf(&text, "agent A { flow f {\n%s", start);
  for (int i = 0; i < 10000; i++) buf_add_text(&text, open);
  buf_add_text(&text, middle);
  for (int i = 0; i < 10000; i++) buf_add_text(&text, close);
  buf_add_text(&text, "\nreturn g } }");
  Parse p;
  parse(&p, buf_slice(&text));
  assert_in_range(p.sink.error_count, 1, 3);
  assert_int_equal(p.sink.diags.data[0].code, DIAG_TOO_DEEP);
  Span span = p.sink.diags.data[0].span;
  assert_int_equal(source_place(&p.source, span.start).line, 2);
  Buf dump = {0};
  ast_dump(p.program, &dump);
  buf_free(&dump);
  parse_free(&p);
  buf_free(&text);
}

CASE(nested_brackets) {
  (void)state;
  expect_too_deep("", "[", "", "]");
  expect_too_deep("return ", "f(s: a + ", "b", ")");
  expect_too_deep("", "(", "", "");
  expect_too_deep("", "\"{{", "a", "}}\"");
  expect_too_deep("", "\"\"\"{{", "", "");
  expect_too_deep("let x: ", "list<", "num", ">");
  expect_too_deep("return ", "-", "a", "");
  expect_too_deep("return ", "!(", "a", ")");
}

CASE(nested_blocks) {
  (void)state;
  expect_too_deep("", "if (a) {", "", "}");
  expect_too_deep("", "if (a) ", "f()", "");
  expect_too_deep("if (a) { }", " else if (b) { f() }", "", "");
  expect_too_deep("", "loop (x in xs) {", "", "}");
  expect_too_deep("", "while (a, max: 1) ", "f()", "");
  expect_too_deep("", "parallel {", "", "}");
  expect_too_deep("", "try {", "", "} catch { }");
  expect_too_deep("", "switch a { default => ", "f()", "}");
  expect_too_deep("", "switch a { case \"b\" => {", "", "}}");
  expect_too_deep("", "if (a) { f([b - c - d]) ", "", "");
}

/* No brackets, and yet as high. */
CASE(chains) {
  (void)state;
  expect_too_deep("return a", " - a", "", "");
  expect_too_deep("return a", " && a", "", "");
  expect_too_deep("return a", ".a", "", "");
  expect_too_deep("return a", "[0]", "", "");
  expect_too_deep("return a", " |> f", "", "");
  expect_too_deep("", "ask \"a\" + ", "b", "");
}

/* Blocks and expressions count together. */
CASE(deep_in_deep) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f { ");
  for (int i = 0; i < 600; i++) buf_add_text(&text, "if (a) { ");
  buf_add_text(&text, "return a");
  for (int i = 0; i < 600; i++) buf_add_text(&text, " - a");
  for (int i = 0; i < 600; i++) buf_add_text(&text, " }");
  buf_add_text(&text, " } flow g { return b - c } }");
  Parse p;
  parse(&p, buf_slice(&text));
  assert_int_equal(p.sink.error_count, 1);
  assert_int_equal(p.sink.diags.data[0].code, DIAG_TOO_DEEP);
  assert_int_equal(p.program->agents->flow_count, 2);
  parse_free(&p);
  buf_free(&text);
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

/* Long sums and lists of arms are not deep. */
CASE(long_is_fine) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f { return a");
  for (int i = 0; i < 100000; i++) buf_add_text(&text, " + a < b");
  buf_add_text(&text, " } flow g { switch a {");
  for (int i = 0; i < 100000; i++) buf_add_text(&text, " case \"a\" => 1");
  buf_add_text(&text, " } return a");
  for (int i = 0; i < 100000; i++) buf_add_text(&text, " + \"{{a}}\"");
  buf_add_text(&text, " } }");
  Parse p;
  parse(&p, buf_slice(&text));
  assert_int_equal(p.sink.error_count, 1); /* the comparisons */
  const AstFlow *g = p.program->agents->flows->next;
  assert_int_equal(g->body.first->control->arm_count, 100000);
  assert_int_equal(g->body.first->next->expr->u.parts.count, 200001);
  parse_free(&p);
  buf_free(&text);
}

/* A line of megabytes, of anything: what is not linear does not end. */
static void expect_an_end(const char *piece, size_t length, size_t bytes) {
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f { ");
  while (text.length < bytes) buf_add(&text, piece, length);
  Parse p;
  parse(&p, buf_slice(&text));
  assert_true(p.sink.error_count > 0);
  Buf out = {0};
  diag_render_json(&p.sink, &out);
  assert_non_null(strstr(out.data, "\"line\":1,"));
  buf_free(&out);
  parse_free(&p);
  buf_free(&text);
}

CASE(long_lines) {
  (void)state;
  static const char *const pieces[] = {
      "a ",        ";",          "{",        "}",          "(",
      ")",         "@",          "\"{{",     "-> x ",      "let x ",
      "case ",     "else ",      "return ",  "if(a){}else ", "for ",
      "x=",        "a.",         "- ",       "switch x {", "try{}",
      "parallel ", "flow f{",    "agent A{", "type T {",   "import \"x\" ",
      "memory {",  "=>",         "'",        "if(a b){",   "1e",
      "merge [a] ", "ask \"x\" ", "if (",     "return (",   "let x = = 1;",
      "{ b c }",   "; /* */",    "@[no_fuse] ", "a<",      "f(a b) -> x "};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    expect_an_end(pieces[i], strlen(pieces[i]), 100000);
  }
  expect_an_end("\0", 1, 10000000);
  expect_an_end("\xff", 1, 10000000);
  expect_an_end("x", 1, 10000000);
  expect_an_end(" ", 1, 10000000);
  expect_an_end("/*", 2, 10000000);
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
      "import \"x\" type T { a: num; b: list<T> }\n"
      "agent A { memory { m: LTM } goals { g: \"x\" priority 2, h(a: 1) }\n"
      "  on E.f { a: b, c } if (!a) => { return a }\n"
      "  capability c(q: str) -> str; tools: [c,]; context: \"x\"\n"
      "  @entry @backend(\"b\") flow f(a: list<str>, b: num) -> str {\n"
      "  ask(\"x {{ a + \"y\" }} z\", b, s: -1.5) -> c, e: num; let d: str ="
      " \"\"\"\n    block {{ c }}\n    \"\"\" /* c */\n"
      "  if (a == b && c[1].d) { x = y } else if (e) f() else { 1 } -> z\n"
      "  switch c { case \"a\" => f(), default => { return } }\n"
      "  @no_fuse @retry(3) @[timeout(2s)]\n"
      "  loop (x in xs, parallel: 2) { x |> f |> g(1) <- y }\n"
      "  while (a < 3, max: 9) a = a * 2 % 3; parallel { f() }\n"
      "  try { merge [a, b] } catch (e) { rsn \"p\" + e.code -> q }\n"
      "  return B.g([d, \"\\u{41}\"])"
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
      cmocka_unit_test(in_the_arms_of_an_if),
      cmocka_unit_test(heads_that_are_wrong),
      cmocka_unit_test(in_the_cases_of_a_switch),
      cmocka_unit_test(a_try_without_catch),
      cmocka_unit_test(deep_in_blocks),
      cmocka_unit_test(words_of_other_languages),
      cmocka_unit_test(nested_brackets),
      cmocka_unit_test(nested_blocks),
      cmocka_unit_test(chains),
      cmocka_unit_test(deep_in_deep),
      cmocka_unit_test(deep_is_fine),
      cmocka_unit_test(long_is_fine),
      cmocka_unit_test(long_lines),
      cmocka_unit_test(size),
      cmocka_unit_test(binary),
      cmocka_unit_test(every_truncation),
  };
  return RUN(cases);
}
