/* SPDX-License-Identifier: MIT
 *
 * fold and dce: what they do, and what they leave alone.
 */
#include "compiler/pass/pass.h"

#include "tests/programs.h"
#include "tests/unit/unit.h"

static void expect_after(const char *pass, const char *text,
                         const char *wanted) {
  Program program;
  program_make(&program, text);
  program_pass(&program, pass);
  program_expect(&program, wanted);
  program_pass(&program, pass); /* nothing is left to do */
  program_expect(&program, wanted);
  program_free(&program);
}

/* ---- fold ----------------------------------------------------------------- */

CASE(constants_side_by_side) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str) -> str {\n"
               "  print(\"a\", 1.5, true, \"\", x, \"b\" + 7, -0.25)\n"
               "  print(\"\")\n"
               "  think(\"a{{1}}\" + \"{{false}}\" + x) -> t\n"
               "  return ask(\"q\" + \"r\", x, \"c\", \"d\")\n"
               "} }",
               "graph 0 A.main: str, spaces output\n"
               "  %0 = param: str -> x\n"
               "  %1 = param: output\n"
               "  %2 = print(\"a1.5true\", %0, \"b7-0.25\", !%1)\n"
               "  %3 = print(!%2)\n"
               "  %4 = think(\"a1false\", %0): str -> t\n"
               "  %5 = ask(\"qr\\n\\nContext 1: \", %0, "
               "\"\\nContext 2: c\\nContext 3: d\"): str\n"
               "  %6 = result(%5): str\n"
               "  %7 = result(!%3): output\n"
               "  %8 = end\n");
}

CASE(text_becomes_a_constant) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str) -> str {\n"
               "  let a = \"a\" + 1\n"
               "  let b = a + \"b\"\n"
               "  let c = \"{{5}}\"\n"
               "  wait(a, b, c, b) -> w\n"
               "  merge(a, \"x\" + \"y\") -> m\n"
               "  f(\"k\" + \"l\")\n"
               "  return \"r\" + \"s\"\n"
               "}\n"
               "flow f(x: str) { } }",
               "graph 0 A.main: str\n"
               "  %0 = param: str -> x\n"
               "  %1 = wait(\"a1\", \"a1b\", \"5\", \"a1b\"): list<str> -> w\n"
               "  %2 = merge(\"a1\", \"xy\"): str -> m\n"
               "  %3 = call A.f(\"kl\")\n"
               "  %4 = result(\"rs\"): str\n"
               "  %5 = end\n"
               "\n"
               "graph 1 A.f: void\n"
               "  %0 = param: str -> x\n"
               "  %1 = end\n");
}

/* t is read once, by u, which is read once, by the ask; v twice. */
CASE(text_moves_into_its_reader) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str, n: num) -> str {\n"
               "  let t = \"t\" + n\n"
               "  let u = \"u\" + t + \"!\"\n"
               "  let v = x + \"v\"\n"
               "  let w = x + \"w\"\n"
               "  ask(\"<\" + u + v + \">\", v) -> a\n"
               "  return merge(w, a)\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = param: str -> x\n"
               "  %1 = param: num -> n\n"
               "  %2 = text(%0, \"v\"): str -> v\n"
               "  %3 = text(%0, \"w\"): str -> w\n"
               "  %4 = ask(\"<ut\", %1, \"!\", %2, "
               "\">\\n\\nContext 1: \", %2): str -> a\n"
               "  %5 = merge(%3, %4): str\n"
               "  %6 = result(%5): str\n"
               "  %7 = end\n");
}

/* A text twice in one node is two edges. */
CASE(text_read_twice_stays) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str) {\n"
               "  let t = \"t\" + x\n"
               "  print(t, t)\n"
               "} }",
               "graph 0 A.main: void, spaces output\n"
               "  %0 = param: str -> x\n"
               "  %1 = param: output\n"
               "  %2 = text(\"t\", %0): str -> t\n"
               "  %3 = print(%2, %2, !%1)\n"
               "  %4 = result(!%3): output\n"
               "  %5 = end\n");
}

/* An empty part goes, and what is one text then is that text; a number still
 * has to become one. */
CASE(text_of_one_part) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str, n: num) -> list<str> {\n"
               "  let e = \"\"\n"
               "  let t = x + e\n"
               "  let u = n + e\n"
               "  return [t, t, u, u]\n"
               "} }",
               "graph 0 A.main: list<str>\n"
               "  %0 = param: str -> x\n"
               "  %1 = param: num -> n\n"
               "  %2 = text(%1): str -> u\n"
               "  %3 = list(%0, %0, %2, %2): list<str>\n"
               "  %4 = result(%3): list<str>\n"
               "  %5 = end\n");
}

CASE(an_empty_prompt_keeps_an_input) {
  (void)state;
  expect_after("fold",
               "agent A { flow main -> str {\n"
               "  let e = \"\"\n"
               "  let f = e\n"
               "  let g = f + e\n"
               "  return ask(g)\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = ask(\"\"): str\n"
               "  %1 = result(%0): str\n"
               "  %2 = end\n");
}

CASE(discarded_text_keeps_its_asks) {
  (void)state;
  static const char *const text =
      "agent A { flow main { \"a\" + ask(\"q\") + \"b\" -> _ } }";
  static const char *const wanted = "graph 0 A.main: void\n"
                                    "  %0 = ask(\"q\"): str\n"
                                    "  %1 = text(\"a\", %0, \"b\"): str keep\n"
                                    "  %2 = end\n";
  expect_after("fold", text, wanted);
  expect_after("dce", text, wanted);
}

/* A long text that two asks share is stored once; a short one is copied. */
CASE(long_shared_text_is_not_copied) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(x: str) -> str {\n"
               "  let long = \"0123456789012345678901234567890123456789\"\n"
               "  let short = \"0123\"\n"
               "  ask(long + \"a\" + x) -> a\n"
               "  ask(long + \"b\" + short + \"c\") -> b\n"
               "  return a + b + short\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = param: str -> x\n"
               "  %1 = ask(\"0123456789012345678901234567890123456789\", "
               "\"a\", %0): str -> a\n"
               "  %2 = ask(\"0123456789012345678901234567890123456789\", "
               "\"b0123c\"): str -> b\n"
               "  %3 = text(%1, %2, \"0123\"): str\n"
               "  %4 = result(%3): str\n"
               "  %5 = end\n");
}

/* ---- dce ------------------------------------------------------------------ */

CASE(unread_nodes_go) {
  (void)state;
  expect_after("dce",
               "agent A { flow main(x: str) -> str {\n"
               "  ask(\"a\") -> a\n"
               "  ask(a, x) -> b\n"
               "  merge(a, b) -> m\n"
               "  let l = [m, m]\n"
               "  ask(\"kept\") -> k\n"
               "  ask(k, temperature: 1) -> _\n"
               "  ask(\"argument\") -> arg\n"
               "  f(arg)\n"
               "  print(ask(\"printed\"))\n"
               "  f(\"value unread\") -> v\n"
               "  return \"r\"\n"
               "}\n"
               "flow f(x: str) -> str { return x } }",
               "graph 0 A.main: str, spaces output\n"
               "  %0 = param: str -> x\n"
               "  %1 = param: output\n"
               "  %2 = ask(\"kept\"): str -> k\n"
               "  %3 = ask(%2): str {temperature: 1} keep\n"
               "  %4 = ask(\"argument\"): str -> arg\n"
               "  %5 = call A.f(%4)\n"
               "  %6 = port: str\n"
               "  %7 = ask(\"printed\"): str\n"
               "  %8 = print(%7, !%1)\n"
               "  %9 = call A.f(\"value unread\") -> v\n"
               "  %10 = port: str\n"
               "  %11 = result(\"r\"): str\n"
               "  %12 = result(!%8): output\n"
               "  %13 = end\n"
               "\n"
               "graph 1 A.f: str\n"
               "  %0 = param: str -> x\n"
               "  %1 = result(%0): str\n"
               "  %2 = end\n");
}

/* ---- large programs ------------------------------------------------------- */

/* Each text is read by the next alone. Copied one into the next they would
 * make twenty thousand million inputs; spilled into the last, as many as they
 * have. */
CASE(a_chain_is_walked_once) {
  (void)state;
  enum { COUNT = 200000 };
  Buf text = {0};
  Program program;
  buf_add_text(&text, "agent A { flow main(n: num) -> str { let t0 = \"a\"\n");
  for (int i = 1; i <= COUNT; i++) {
    buf_addf(&text, "let t%d = n + t%d\n", i, i - 1);
  }
  buf_addf(&text, "return ask(t%d) } }", COUNT);
  program_make(&program, text.data);
  program_pass(&program, "fold");
  assert_int_equal(program.ir->graphs.data[0].nodes.length, 4);
  assert_int_equal(program.ir->graphs.data[0].inputs.length, COUNT + 2);
  program_free(&program);
  buf_free(&text);
}

/* Doubling a name 60 times would make 2^60 bytes. */
CASE(doubling_ends) {
  (void)state;
  Buf text = {0};
  Program program;
  buf_add_text(&text, "agent A { flow main -> str { let t0 = \"0123456789\"\n");
  for (int i = 1; i <= 60; i++) {
    buf_addf(&text, "let t%d = t%d + t%d\n", i, i - 1, i - 1);
  }
  buf_add_text(&text, "return t60 } }");
  program_make(&program, text.data);
  program_pass(&program, "fold");
  assert_true(program.ir->graphs.data[0].nodes.length < 64);
  program_free(&program);
  buf_free(&text);
}

/* ---- the table ------------------------------------------------------------ */

CASE(the_table) {
  (void)state;
  assert_int_equal(PASS_COUNT, 2);
  assert_string_equal(pass_table[0].name, "fold");
  assert_string_equal(pass_table[1].name, "dce");
  for (int i = 0; i < PASS_COUNT; i++) {
    assert_int_equal(pass_table[i].level, 1);
    assert_non_null(pass_table[i].run);
    assert_true(strlen(pass_table[i].text) > 0);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(constants_side_by_side),
      cmocka_unit_test(text_becomes_a_constant),
      cmocka_unit_test(text_moves_into_its_reader),
      cmocka_unit_test(text_read_twice_stays),
      cmocka_unit_test(text_of_one_part),
      cmocka_unit_test(an_empty_prompt_keeps_an_input),
      cmocka_unit_test(discarded_text_keeps_its_asks),
      cmocka_unit_test(long_shared_text_is_not_copied),
      cmocka_unit_test(unread_nodes_go),
      cmocka_unit_test(a_chain_is_walked_once),
      cmocka_unit_test(doubling_ends),
      cmocka_unit_test(the_table),
  };
  return RUN(cases);
}
