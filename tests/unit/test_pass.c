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

/* ---- fold ---------------------------------------------------------------- */

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
  static const char *const wanted =
      "graph 0 A.main: void\n"
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

/* ---- dce ----------------------------------------------------------------- */

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

/* ---- the same result ----------------------------------------------------- */

enum { VALUES = 64 }; /* nodes of a small graph */

/* What a small graph comes to: a model call replies with its prompt in angle
 * brackets, what is printed goes to `output`. */
typedef struct Play {
  const IrProgram *program;
  Buf output;
} Play;

static void play(Play *p, uint32_t row, const Slice *args, Buf *result);

static Slice input_text(const IrProgram *program, const Slice *values,
                        IrRef ref, Buf *scratch) {
  if (!ir_is_const(ref)) return values[ref];
  buf_clear(scratch);
  ir_add_plain(ir_const(program, ref), scratch);
  return buf_slice(scratch);
}

static void join_inputs(Play *p, const IrGraph *graph, const IrNode *node,
                        const Slice *values, Buf *out) {
  Buf scratch = {0};
  const IrRef *inputs = ir_inputs(graph, node);
  const char *between = node->op == OP_MERGE  ? "\n"
                        : node->op == OP_LIST ? ","
                                              : "";
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_order(inputs[i])) break;
    if (i > 0) buf_add_text(out, between);
    buf_add_slice(out, input_text(p->program, values, inputs[i], &scratch));
  }
  buf_free(&scratch);
}

static void play_call(Play *p, const IrGraph *graph, const IrNode *node,
                      const Slice *values, Buf *out) {
  Slice args[VALUES];
  Buf scratch[VALUES] = {0};
  const IrRef *inputs = ir_inputs(graph, node);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_order(inputs[i])) break;
    args[i] = input_text(p->program, values, inputs[i], &scratch[i]);
  }
  play(p, ir_arms(graph, node)->graph, args, out);
  for (int i = 0; i < VALUES; i++) buf_free(&scratch[i]);
}

static void play_node(Play *p, const IrGraph *graph, const IrNode *node,
                      const Slice *values, Buf *out) {
  bool is_model = op_table[node->op].effect == EFFECT_MODEL;
  if (is_model) buf_addf(out, "<%s ", op_table[node->op].text);
  if (node->op == OP_CALL) {
    play_call(p, graph, node, values, out);
  } else {
    join_inputs(p, graph, node, values, out);
  }
  if (is_model) buf_add_char(out, '>');
  if (node->op == OP_PRINT) {
    buf_add_slice(&p->output, buf_slice(out));
    buf_add_char(&p->output, '\n');
  }
}

static void play(Play *p, uint32_t row, const Slice *args, Buf *result) {
  const IrGraph *graph = &p->program->graphs.data[row];
  Buf made[VALUES] = {0};
  Slice values[VALUES];
  assert_true(graph->nodes.length <= VALUES);
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    const IrNode *node = &graph->nodes.data[i];
    if (node->op == OP_PARAM) {
      values[i] = ir_is_token(node) ? SLICE("") : args[i];
      continue;
    }
    if (node->op == OP_PORT) {
      values[i] = values[i - 1]; /* the call's */
      continue;
    }
    play_node(p, graph, node, values, &made[i]);
    values[i] = buf_slice(&made[i]);
    if (node->op == OP_RESULT && !ir_is_token(node)) {
      buf_add_slice(result, values[i]);
    }
  }
  for (int i = 0; i < VALUES; i++) buf_free(&made[i]);
}

static uint32_t pick(uint32_t *seed, uint32_t count) {
  *seed = *seed * 1664525 + 1013904223;
  return (*seed >> 16) % count;
}

static void add_atom(Buf *out, uint32_t *seed, uint32_t names) {
  static const char *const atoms[] = {
      "\"\"",
      "\"a\"",
      "\"{0}\"",
      "\"\\{0} {1}\"",
      "\"{{n}}\"",
      "7",
      "-0.5",
      "true",
      "x",
      "n",
      "\"some text that is longer than the limit\"",
      "l"};
  uint32_t which = pick(seed, 12 + 2 * names);
  if (which < 12) {
    buf_add_text(out, atoms[which]);
  } else {
    buf_addf(out, "t%u", (which - 12) / 2);
  }
}

static void add_sum(Buf *out, uint32_t *seed, uint32_t names) {
  buf_add_text(out, "\"\"");
  for (uint32_t i = pick(seed, 4) + 1; i > 0; i--) {
    buf_add_text(out, " + ");
    add_atom(out, seed, names);
  }
}

static void add_call(Buf *out, uint32_t *seed, uint32_t names) {
  static const char *const calls[] = {"ask", "think", "merge", "g", "merge"};
  uint32_t which = pick(seed, 5);
  buf_addf(out, "%s(", calls[which]);
  add_sum(out, seed, names);
  for (uint32_t i = which == 3 ? 1 : pick(seed, 3); i > 0; i--) {
    buf_add_text(out, ", ");
    add_sum(out, seed, names);
  }
  buf_add_char(out, ')');
}

/* A program of a dozen statements whose names are texts. */
static void add_program(Buf *out, uint32_t seed) {
  buf_add_text(out,
               "agent A {\n"
               "flow g(a: str, b: str) -> str { print(a, b) return b + a }\n"
               "flow main(x: str, n: num) -> str {\n"
               "let l = [x, \"e\", x]\n");
  uint32_t names = 0;
  while (names < 12) {
    if (pick(&seed, 4) == 0) {
      buf_add_text(out, "print(");
      add_sum(out, &seed, names);
      buf_add_text(out, ")\n");
      continue;
    }
    buf_addf(out, "let t%u = ", names);
    if (pick(&seed, 3) == 0) {
      add_call(out, &seed, names);
    } else {
      add_sum(out, &seed, names);
    }
    buf_add_text(out, "\n");
    names++;
  }
  buf_add_text(out, "return ");
  add_sum(out, &seed, names);
  buf_add_text(out, " } }");
}

/* Output and result of the second flow. */
static char *outcome(const Program *program) {
  static const Slice args[] = {{"{1}X", 4}, {"42", 2}};
  Play p = {.program = program->ir};
  Buf result = {0};
  play(&p, 1, args, &result);
  buf_add_text(&p.output, "= ");
  buf_add_slice(&p.output, buf_slice(&result));
  buf_free(&result);
  return buf_take(&p.output);
}

CASE(passes_keep_results) {
  (void)state;
  for (uint32_t seed = 1; seed <= 2000; seed++) {
    Buf text = {0};
    Program program;
    add_program(&text, seed);
    program_make(&program, text.data);
    char *before = outcome(&program);
    program_pass(&program, seed % 2 == 0 ? "fold" : "dce");
    char *between = outcome(&program);
    program_pass(&program, seed % 2 == 0 ? "dce" : "fold");
    char *after = outcome(&program);
    if (strcmp(before, between) != 0 || strcmp(before, after) != 0) {
      fail_msg("%s\n%s\n%s\n%s", text.data, before, between, after);
    }
    mem_free(before);
    mem_free(between);
    mem_free(after);
    program_free(&program);
    buf_free(&text);
  }
}

/* ---- constructs ---------------------------------------------------------- */

CASE(a_construct_that_nobody_needs_goes) {
  (void)state;
  expect_after("dce",
               "agent A { flow main(c: bool, xs: list<str>) -> str {\n"
               "  if (c) { ask(\"one\") -> u } else { ask(\"two\") -> u }\n"
               "  loop (x in xs) { loop (y in xs) { ask(x + y) } }\n"
               "  try { think(xs[0]) -> t } catch { \"\" -> t }\n"
               "  while (c, max: 3) { ask(\"again\") -> a }\n"
               "  return \"x\"\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = param: bool -> c\n"
               "  %1 = param: list<str> -> xs\n"
               "  %2 = try(%1) [body: graph 1, catch: graph 2]\n"
               "  %3 = result(\"x\"): str\n"
               "  %4 = end\n"
               "\n"
               "graph 1 A.main/try#0/body\n"
               "  %0 = param: list<str> -> xs\n"
               "  %1 = index(%0, 0): str\n"
               "  %2 = end\n"
               "\n"
               "graph 2 A.main/try#0/catch\n"
               "  %0 = param: error\n"
               "  %1 = param: list<str> -> xs\n"
               "  %2 = end\n");
}

CASE(what_can_be_noticed_stays) {
  (void)state;
  expect_after("dce",
               "agent A { flow main(c: bool, s: str, xs: list<str>) -> str {\n"
               "  if (c) { ask(\"kept\") -> _ }\n"
               "  if (c) { ask(\"a\") } else { ask(\"b\") } -> _\n"
               "  switch s { case \"a\" => ask(\"may not match\") }\n"
               "  loop (x in xs) { num(x) -> n }\n"
               "  if (c) { ask(\"dead\") -> d print(1) }\n"
               "  return \"x\"\n"
               "} }",
               "graph 0 A.main: str, spaces output\n"
               "  %0 = param: bool -> c\n"
               "  %1 = param: str -> s\n"
               "  %2 = param: list<str> -> xs\n"
               "  %3 = param: output\n"
               "  %4 = branch(%0) [true: graph 1, false: graph 2]\n"
               "  %5 = branch(%0) [true: graph 3, false: graph 4]\n"
               "  %6 = port: str keep\n"
               "  %7 = branch(%1) [case \"a\": graph 5]\n"
               "  %8 = loop(%2) [body: graph 6]\n"
               "  %9 = branch(%0, !%3) [true: graph 7, false: graph 8]\n"
               "  %10 = port: output\n"
               "  %11 = result(\"x\"): str\n"
               "  %12 = result(!%10): output\n"
               "  %13 = end\n"
               "\n"
               "graph 1 A.main/if#0/then\n"
               "  %0 = ask(\"kept\"): str keep\n"
               "  %1 = end\n"
               "\n"
               "graph 2 A.main/if#0/else\n"
               "  %0 = end\n"
               "\n"
               "graph 3 A.main/if#1/then\n"
               "  %0 = ask(\"a\"): str\n"
               "  %1 = result(%0): str\n"
               "  %2 = end\n"
               "\n"
               "graph 4 A.main/if#1/else\n"
               "  %0 = ask(\"b\"): str\n"
               "  %1 = result(%0): str\n"
               "  %2 = end\n"
               "\n"
               "graph 5 A.main/switch#0/case#0\n"
               "  %0 = end\n"
               "\n"
               "graph 6 A.main/loop#0/body\n"
               "  %0 = param: str -> x\n"
               "  %1 = num(%0): num -> n\n"
               "  %2 = end\n"
               "\n"
               "graph 7 A.main/if#2/then, spaces output\n"
               "  %0 = param: output\n"
               "  %1 = print(1, !%0)\n"
               "  %2 = result(!%1): output\n"
               "  %3 = end\n"
               "\n"
               "graph 8 A.main/if#2/else, spaces output\n"
               "  %0 = param: output\n"
               "  %1 = result(!%0): output\n"
               "  %2 = end\n");
}

CASE(a_fence_keeps_nothing_alive) {
  (void)state;
  expect_after("dce",
               "agent A { flow main -> str {\n"
               "  ask(\"unread\") -> u\n"
               "  ask(\"kept\") -> _\n"
               "  fence()\n"
               "  return ask(\"q\")\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = ask(\"kept\"): str keep\n"
               "  %1 = fence(!%0): bool\n"
               "  %2 = branch(%1) [true: graph 1, false: graph 1]\n"
               "  %3 = port: str\n"
               "  %4 = result(%3): str\n"
               "  %5 = end\n"
               "\n"
               "graph 1 A.main/rest#0/else\n"
               "  %0 = ask(\"q\"): str\n"
               "  %1 = result(%0): str\n"
               "  %2 = end\n");
}

CASE(nested_graphs_are_folded) {
  (void)state;
  expect_after("fold",
               "agent A { flow main(c: bool, x: str) -> str {\n"
               "  let t = \"a\" + 1\n"
               "  if (c) { ask(\"q\" + \"r\", t) -> y }\n"
               "  else { let z = \"{{x}}\" \"!\" + z -> y }\n"
               "  return y\n"
               "} }",
               "graph 0 A.main: str\n"
               "  %0 = param: bool -> c\n"
               "  %1 = param: str -> x\n"
               "  %2 = branch(%0, \"a1\", %1) [true: graph 1, false: graph 2]\n"
               "  %3 = port: str\n"
               "  %4 = result(%3): str\n"
               "  %5 = end\n"
               "\n"
               "graph 1 A.main/if#0/then\n"
               "  %0 = param: str -> t\n"
               "  %1 = param: str -> x\n"
               "  %2 = ask(\"qr\\n\\nContext 1: \", %0): str -> y\n"
               "  %3 = result(%2): str\n"
               "  %4 = end\n"
               "\n"
               "graph 2 A.main/if#0/else\n"
               "  %0 = param: str -> t\n"
               "  %1 = param: str -> x\n"
               "  %2 = text(\"!\", %1): str -> y\n"
               "  %3 = result(%2): str\n"
               "  %4 = end\n");
}

/* ---- large programs ------------------------------------------------------ */

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

/* ---- the table ----------------------------------------------------------- */

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
      cmocka_unit_test(passes_keep_results),
      cmocka_unit_test(a_construct_that_nobody_needs_goes),
      cmocka_unit_test(what_can_be_noticed_stays),
      cmocka_unit_test(a_fence_keeps_nothing_alive),
      cmocka_unit_test(nested_graphs_are_folded),
      cmocka_unit_test(a_chain_is_walked_once),
      cmocka_unit_test(doubling_ends),
      cmocka_unit_test(the_table),
  };
  return RUN(cases);
}
