/* SPDX-License-Identifier: MIT
 *
 * From programs to graphs: layout, effect chains across calls, prompts, keys,
 * ranks, and a verifier that sees what is broken.
 */
#include "compiler/ir/ir.h"

#include <stdio.h>

#include "compiler/ir/cost.h"
#include "compiler/ir/dump.h"
#include "compiler/ir/verify.h"
#include "tests/programs.h"
#include "tests/unit/unit.h"

static void expect_graph(const char *text, const char *wanted) {
  Program program;
  program_make(&program, text);
  program_expect(&program, wanted);
  program_free(&program);
}

/* ---- layout -------------------------------------------------------------- */

CASE(a_flow_without_anything) {
  (void)state;
  expect_graph("agent A { flow main { } }",
               "graph 0 A.main: void\n"
               "  %0 = end\n");
}

CASE(parameters_nodes_results) {
  (void)state;
  expect_graph(
      "agent A { flow main(x: str, n: num) -> str {\n"
      "  ask(x, temperature: 0.5, system: \"S\", max_tokens: 10) -> r\n"
      "  think(r, budget_tokens: 100, timeout: 1.5s, retries: 0) -> t\n"
      "  merge(r, t, n, true, -1.5) -> m\n"
      "  wait(m, r) -> w\n"
      "  let l = [w, [\"a\"]]\n"
      "  return reason(\"about\", l)\n"
      "} }",
      "graph 0 A.main: str\n"
      "  %0 = param: str -> x\n"
      "  %1 = param: num -> n\n"
      "  %2 = ask(%0): str -> r "
      "{system: \"S\", temperature: 0.5, max_tokens: 10}\n"
      "  %3 = think(%2): str -> t "
      "{budget_tokens: 100, timeout: 1500, retries: 0}\n"
      "  %4 = merge(%2, %3, %1, true, -1.5): str -> m\n"
      "  %5 = wait(%4, %2): list<str> -> w\n"
      "  %6 = list(\"a\"): list<str>\n"
      "  %7 = list(%5, %6): list<list<str>> -> l\n"
      "  %8 = reason(\"about\", \"\\n\\nContext 1: \", %7): str\n"
      "  %9 = result(%8): str\n"
      "  %10 = end\n");
}

/* What is closest to a call wins, and a called flow starts from nothing. */
CASE(annotations_are_attributes) {
  (void)state;
  expect_graph(
      "agent A { context: \"C\" @retry(5) @timeout(2s) flow main(n: num) "
      "-> str {\n"
      "  @timeout(1s) @backend(\"b\") loop (i in [n], parallel: 2) {\n"
      "    @[retry(0)] ask(\"b\", timeout: 3s) -> _\n"
      "    if (i > 1) { think(\"c\", backend: \"d\") -> _ }\n"
      "  }\n"
      "  @retry(1) if (n > 1) { return ask(\"r\") }\n"
      "  ask(\"a\") -> a\n"
      "  return a + other()\n"
      "} flow other() -> str { return ask(\"e\", system: \"S\") } }\n",
      "graph 0 A.main: str\n"
      "  %0 = param: num -> n\n"
      "  %1 = list(%0): list<num>\n"
      "  %2 = loop(%1) [body: graph 4] {parallel: 2}\n"
      "  %3 = >(%0, 1): bool\n"
      "  %4 = branch(%3) [true: graph 5, false: graph 6]\n"
      "  %5 = port: str\n"
      "  %6 = result(%5): str\n"
      "  %7 = end\n"
      "\n"
      "graph 1 A.other: str\n"
      "  %0 = ask(\"e\"): str {system: \"S\"}\n"
      "  %1 = result(%0): str\n"
      "  %2 = end\n"
      "\n"
      "graph 2 A.main/loop#0/body/if#0/then\n"
      "  %0 = think(\"c\"): str {system: \"C\", backend: \"d\", timeout: "
      "1000, retries: 5} keep\n"
      "  %1 = end\n"
      "\n"
      "graph 3 A.main/loop#0/body/if#0/else\n"
      "  %0 = end\n"
      "\n"
      "graph 4 A.main/loop#0/body\n"
      "  %0 = param: num -> i\n"
      "  %1 = ask(\"b\"): str {system: \"C\", backend: \"b\", timeout: "
      "3000, retries: 0} keep\n"
      "  %2 = >(%0, 1): bool\n"
      "  %3 = branch(%2) [true: graph 2, false: graph 3]\n"
      "  %4 = end\n"
      "\n"
      "graph 5 A.main/if#0/then\n"
      "  %0 = ask(\"r\"): str {system: \"C\", timeout: 2000, retries: 1}\n"
      "  %1 = result(%0): str\n"
      "  %2 = end\n"
      "\n"
      "graph 6 A.main/if#0/else\n"
      "  %0 = ask(\"a\"): str -> a {system: \"C\", timeout: 2000, "
      "retries: 5}\n"
      "  %1 = call A.other\n"
      "  %2 = port: str\n"
      "  %3 = text(%0, %2): str\n"
      "  %4 = result(%3): str\n"
      "  %5 = end\n");
}

CASE(text_is_flattened) {
  (void)state;
  expect_graph(
      "agent A { flow main(x: str, n: num) -> str {\n"
      "  let a = \"a\" + x + \"b {{n}} {{ \"c\" + x }}\"\n"
      "  let only_num = \"{{n}}\"\n"
      "  let only_text = \"{{x}}\"\n"
      "  let none = \"\" + \"\"\n"
      "  let twice = x + x\n"
      "  return a + only_num + only_text + none + twice\n"
      "} }",
      "graph 0 A.main: str\n"
      "  %0 = param: str -> x\n"
      "  %1 = param: num -> n\n"
      "  %2 = text(\"a\", %0, \"b \", %1, \" \", \"c\", %0): str -> a\n"
      "  %3 = text(%1): str -> only_num\n"
      "  %4 = text(%0, %0): str -> twice\n"
      "  %5 = text(%2, %3, %0, \"\", %4): str\n"
      "  %6 = result(%5): str\n"
      "  %7 = end\n");
}

CASE(building_stops_at_return) {
  (void)state;
  expect_graph(
      "agent A { flow main -> str {\n"
      "  return \"a\"\n"
      "  print(\"never\")\n"
      "  return \"b\"\n"
      "} }",
      "graph 0 A.main: str\n"
      "  %0 = result(\"a\"): str\n"
      "  %1 = end\n");
}

CASE(discarded_calls_are_kept) {
  (void)state;
  expect_graph(
      "agent A { flow main {\n"
      "  ask(\"a\") -> _\n"
      "  ask(\"b\") -> b\n"
      "  b -> _\n"
      "} }",
      "graph 0 A.main: void\n"
      "  %0 = ask(\"a\"): str keep\n"
      "  %1 = ask(\"b\"): str -> b keep\n"
      "  %2 = end\n");
}

/* ---- effects ------------------------------------------------------------- */

CASE(prints_are_a_chain) {
  (void)state;
  expect_graph(
      "agent A { flow main {\n"
      "  print(\"a\", 1)\n"
      "  ask(\"q\") -> q\n"
      "  print(\"got \" + q, \"\")\n"
      "  print()\n"
      "} }",
      "graph 0 A.main: void, spaces output\n"
      "  %0 = param: output\n"
      "  %1 = print(\"a\", 1, !%0)\n"
      "  %2 = ask(\"q\"): str -> q\n"
      "  %3 = print(\"got \", %2, !%1)\n"
      "  %4 = print(!%3)\n"
      "  %5 = result(!%4): output\n"
      "  %6 = end\n");
}

CASE(calls_hand_the_token_on) {
  (void)state;
  expect_graph(
      "agent A {\n"
      "  flow main(x: str) -> str {\n"
      "    say(x)\n"
      "    B.quiet(x) -> q\n"
      "    print(q)\n"
      "    return B.loud(\"l\", q)\n"
      "  }\n"
      "  flow say(x: str) { print(x) }\n"
      "}\n"
      "agent B {\n"
      "  flow quiet(x: str) -> str { return ask(x) }\n"
      "  flow loud(a: str, b: str) -> str {\n"
      "    A.say(a) A.say(b)\n"
      "    return a + b\n"
      "  }\n"
      "}",
      "graph 0 A.main: str, spaces output\n"
      "  %0 = param: str -> x\n"
      "  %1 = param: output\n"
      "  %2 = call A.say(%0, !%1)\n"
      "  %3 = port: output\n"
      "  %4 = call B.quiet(%0) -> q\n"
      "  %5 = port: str\n"
      "  %6 = print(%5, !%3)\n"
      "  %7 = call B.loud(\"l\", %5, !%6)\n"
      "  %8 = port: str\n"
      "  %9 = port: output\n"
      "  %10 = result(%8): str\n"
      "  %11 = result(!%9): output\n"
      "  %12 = end\n"
      "\n"
      "graph 1 A.say: void, spaces output\n"
      "  %0 = param: str -> x\n"
      "  %1 = param: output\n"
      "  %2 = print(%0, !%1)\n"
      "  %3 = result(!%2): output\n"
      "  %4 = end\n"
      "\n"
      "graph 2 B.quiet: str\n"
      "  %0 = param: str -> x\n"
      "  %1 = ask(%0): str\n"
      "  %2 = result(%1): str\n"
      "  %3 = end\n"
      "\n"
      "graph 3 B.loud: str, spaces output\n"
      "  %0 = param: str -> a\n"
      "  %1 = param: str -> b\n"
      "  %2 = param: output\n"
      "  %3 = call A.say(%0, !%2)\n"
      "  %4 = port: output\n"
      "  %5 = call A.say(%1, !%4)\n"
      "  %6 = port: output\n"
      "  %7 = text(%0, %1): str\n"
      "  %8 = result(%7): str\n"
      "  %9 = result(!%6): output\n"
      "  %10 = end\n");
}

CASE(calls_inside_calls_go_inside_out) {
  (void)state;
  expect_graph(
      "agent A {\n"
      "  flow main { print(f(\"a\"), f(f(\"b\"))) }\n"
      "  flow f(x: str) -> str { print(x) return x }\n"
      "}",
      "graph 0 A.main: void, spaces output\n"
      "  %0 = param: output\n"
      "  %1 = call A.f(\"a\", !%0)\n"
      "  %2 = port: str\n"
      "  %3 = port: output\n"
      "  %4 = call A.f(\"b\", !%3)\n"
      "  %5 = port: str\n"
      "  %6 = port: output\n"
      "  %7 = call A.f(%5, !%6)\n"
      "  %8 = port: str\n"
      "  %9 = port: output\n"
      "  %10 = print(%2, %8, !%9)\n"
      "  %11 = result(!%10): output\n"
      "  %12 = end\n"
      "\n"
      "graph 1 A.f: str, spaces output\n"
      "  %0 = param: str -> x\n"
      "  %1 = param: output\n"
      "  %2 = print(%0, !%1)\n"
      "  %3 = result(%0): str\n"
      "  %4 = result(!%2): output\n"
      "  %5 = end\n");
}

static uint32_t spaces_of(const Program *program, const char *flow) {
  for (uint32_t i = 0; i < program->ir->flows.length; i++) {
    if (slice_equal_text(program->ir->flows.data[i].name, flow)) {
      return program->ir->graphs.data[i].spaces;
    }
  }
  fail_msg("no flow %s", flow);
  return 0;
}

/* even and odd call each other, and only the far end of odd prints. */
CASE(recursion_shares_effects) {
  (void)state;
  Program program;
  program_make(&program,
               "agent A {\n"
               "  flow main -> str { return even(\"x\") }\n"
               "  flow even(x: str) -> str { return odd(x) }\n"
               "  flow odd(x: str) -> str { far() return even(x) }\n"
               "  flow far { nearer() }\n"
               "  flow nearer { print(\"x\") }\n"
               "  flow again(x: str) -> str { return again(x) }\n"
               "  flow late -> str { return \"x\" nearer() }\n"
               "}");
  uint32_t output = 1u << SPACE_OUTPUT;
  assert_int_equal(spaces_of(&program, "main"), output);
  assert_int_equal(spaces_of(&program, "even"), output);
  assert_int_equal(spaces_of(&program, "odd"), output);
  assert_int_equal(spaces_of(&program, "far"), output);
  assert_int_equal(spaces_of(&program, "nearer"), output);
  assert_int_equal(spaces_of(&program, "again"), 0);
  assert_int_equal(spaces_of(&program, "late"), 0);
  program_free(&program);
}

/* ---- prompts ------------------------------------------------------------- */

typedef struct Prompt {
  const char *body;   /* of a flow with x: str, y: str, n: num */
  const char *inputs; /* of its ask */
} Prompt;

static const Prompt prompts[] = {
    {"return ask(\"a\")", "\"a\""},
    {"return ask(\"a\" + x)", "\"a\", %0"},
    {"return ask(\"a {{x}} b\" + n)", "\"a \", %0, \" b\", %2"},
    {"return ask(\"a\", x)", "\"a\", \"\\n\\nContext 1: \", %0"},
    {"return ask(\"a\", x, n)",
     "\"a\", \"\\n\\nContext 1: \", %0, \"\\nContext 2: \", %2"},
    {"return ask(x, y)", "%0, \"\\n\\nContext 1: \", %1"},
    /* a placement instead */
    {"return ask(\"{0}\", x)", "%0"},
    {"return ask(\"see {0} and {0}.\", x)",
     "\"see \", %0, \" and \", %0, \".\""},
    {"return ask(\"{1}|{0}\", x, y)", "%1, \"|\", %0"},
    {"return ask(\"{1}\", x, y)", "%1, \"\\n\\nContext 1: \", %0"},
    {"return ask(\"{0}\", x, y)", "%0, \"\\n\\nContext 2: \", %1"},
    {"return ask(\"{{ \"{0}\" }}!\", x)", "%0, \"!\""},
    {"return ask(\"a\" + (\"b\" + \"{0}\"), x)", "\"a\", \"b\", %0"},
    {"return ask(prompt: \"see {0} \" + x)", "\"see {0} \", %0"},
    /* no placement */
    {"return ask(\"{0}\")", "\"{0}\""},
    {"return ask(\"{0} {7}\", x)", "%0, \" {7}\""},
    {"return ask(\"{01} {} {a} { 0} {-1} {0 \", x)",
     "\"{01} {} {a} { 0} {-1} {0 \", \"\\n\\nContext 1: \", %0"},
    {"return ask(\"{4294967296} {99999999999999999999}\", x)",
     "\"{4294967296} {99999999999999999999}\", \"\\n\\nContext 1: \", %0"},
    {"return ask(\"\\{0}\", x)", "\"{0}\", \"\\n\\nContext 1: \", %0"},
    {"return ask(\"\\{0} {0}\\{0}\", x)", "\"{0} \", %0, \"{0}\""},
    {"return ask(\"\\u{7b}0} {0}\", x)", "\"{0} \", %0"},
    {"return ask(\"\\\\{0}\", x)", "\"\\\\\", %0"},
    {"return ask(\"\\n\\{0} {{n}} \\{1}{1}\", x, y)",
     "\"\\n{0} \", %2, \" {1}\", %1, \"\\n\\nContext 1: \", %0"},
    /* inserted text is not looked at */
    {"return ask(\"{0}\", \"{1}\", \"b\")",
     "\"{1}\", \"\\n\\nContext 2: \", \"b\""},
    /* the empty literal */
    {"return ask(\"\", x)", "\"Context 1: \", %0"},
    {"return ask(\"\" + \"\", x, y)",
     "\"Context 1: \", %0, \"\\nContext 2: \", %1"},
    /* names that stand for a literal */
    {"let p = \"use {0}\" return ask(p, x)", "\"use \", %0"},
    {"let p = \"use {0}\" let q = p return ask(\"so: \" + q, x)",
     "\"so: \", \"use \", %0"},
    {"let p = \"\\{0}\" return ask(\"{{p}}\", x)",
     "\"{0}\", \"\\n\\nContext 1: \", %0"},
    {"let p = \"plain\" return ask(p + p, x)",
     "\"plain\", \"plain\", \"\\n\\nContext 1: \", %0"},
    {"let p = \"\" return ask(p, x)", "\"Context 1: \", %0"},
    {"let p = \"use {0}\" + x return ask(p, y)",
     "%3, \"\\n\\nContext 1: \", %1"},
};

/* The inputs of the only ask in a dump. */
static void expect_prompt(const Prompt *prompt) {
  char text[512];
  snprintf(text, sizeof text,
           "agent A { flow main(x: str, y: str, n: num) -> str { %s } }",
           prompt->body);
  Program program;
  program_make(&program, text);
  char *dump = program_dump(&program);
  char *start = strstr(dump, "ask(");
  assert_non_null(start);
  char *end = strstr(start, "): str");
  assert_non_null(end);
  *end = '\0';
  assert_string_equal(start + 4, prompt->inputs);
  mem_free(dump);
  program_free(&program);
}

CASE(prompts_are_laid_out) {
  (void)state;
  for (size_t i = 0; i < sizeof prompts / sizeof *prompts; i++) {
    expect_prompt(&prompts[i]);
  }
}

/* ---- keys ---------------------------------------------------------------- */

static uint64_t key_of(const Program *program, uint32_t graph, uint32_t node) {
  return program->ir->graphs.data[graph].nodes.data[node].key;
}

static uint64_t hash_of(const char *text) {
  return slice_hash(slice_of(text));
}

CASE(keys_name_nodes) {
  (void)state;
  Program program;
  program_make(&program,
               "agent A { flow main(x: str) -> str {\n"
               "  ask(\"a\") -> a\n"
               "  ask(ask(\"b\"), a, ask(\"c\"))\n"
               "  B.f() -> g\n"
               "  print(g)\n"
               "  return a\n"
               "} }\n"
               "agent B { flow f -> str { return ask(\"d\") } }");
  static const char *const labels[] = {
      "A.main/x:0",     "A.main/param#0",  "A.main/a:0",      "A.main/ask#0",
      "A.main/ask#1",   "A.main/ask#2",    "A.main/g:0",      "A.main/port#0",
      "A.main/print#0", "A.main/result#0", "A.main/result#1", "A.main/end#0"};
  for (uint32_t i = 0; i < 12; i++) {
    assert_int_equal(key_of(&program, 0, i), hash_of(labels[i]));
  }
  assert_int_equal(key_of(&program, 1, 0), hash_of("B.f/ask#0"));
  program_free(&program);
}

CASE(passes_keep_keys) {
  (void)state;
  Program program;
  program_make(&program,
               "agent A { flow main -> str {\n"
               "  ask(\"unread\")\n"
               "  let t = \"t\" + \"u\"\n"
               "  return ask(t)\n"
               "} }");
  program_pass(&program, "fold");
  program_pass(&program, "dce");
  assert_int_equal(program.ir->graphs.data[0].nodes.length, 3);
  assert_int_equal(key_of(&program, 0, 0), hash_of("A.main/ask#1"));
  assert_int_equal(key_of(&program, 0, 1), hash_of("A.main/result#0"));
  program_free(&program);
}

/* ---- ranks --------------------------------------------------------------- */

CASE(ranks_are_longest_ways) {
  (void)state;
  Program program;
  program_make(&program,
               "agent A {\n"
               "  flow main(x: str) -> str {\n"
               "    ask(x) -> a\n"
               "    think(a) -> t\n"
               "    deep(t) -> d\n"
               "    print(a)\n"
               "    return d + reason(\"r\")\n"
               "  }\n"
               "  flow deep(x: str) -> str {\n"
               "    ask(x) -> a\n"
               "    ask(a) -> b\n"
               "    print(b)\n"
               "    return \"early\"\n"
               "  }\n"
               "  flow again(x: str) -> str { return again(ask(x)) }\n"
               "  flow ping(x: str) -> str { return pong(ask(x)) }\n"
               "  flow pong(x: str) -> str { return ping(think(x)) }\n"
               "}");
  ir_rank(program.ir);
  program_expect(&program,
                 "graph 0 A.main: str, spaces output\n"
                 "  %0 = param: str -> x rank 8000\n"
                 "  %1 = param: output\n"
                 "  %2 = ask(%0): str -> a rank 8000\n"
                 "  %3 = think(%2): str -> t rank 7000\n"
                 "  %4 = call A.deep(%3, !%1) -> d rank 2000\n"
                 "  %5 = port: str\n"
                 "  %6 = port: output\n"
                 "  %7 = print(%2, !%6)\n"
                 "  %8 = reason(\"r\"): str rank 1000\n"
                 "  %9 = text(%5, %8): str\n"
                 "  %10 = result(%9): str\n"
                 "  %11 = result(!%7): output\n"
                 "  %12 = end\n"
                 "\n"
                 "graph 1 A.deep: str, spaces output\n"
                 "  %0 = param: str -> x rank 2000\n"
                 "  %1 = param: output\n"
                 "  %2 = ask(%0): str -> a rank 2000\n"
                 "  %3 = ask(%2): str -> b rank 1000\n"
                 "  %4 = print(%3, !%1)\n"
                 "  %5 = result(\"early\"): str\n"
                 "  %6 = result(!%4): output\n"
                 "  %7 = end\n"
                 "\n"
                 "graph 2 A.again: str\n"
                 "  %0 = param: str -> x rank 1000\n"
                 "  %1 = ask(%0): str rank 1000\n"
                 "  %2 = call A.again(%1)\n"
                 "  %3 = port: str\n"
                 "  %4 = result(%3): str\n"
                 "  %5 = end\n"
                 "\n"
                 "graph 3 A.ping: str\n"
                 "  %0 = param: str -> x rank 6000\n"
                 "  %1 = ask(%0): str rank 6000\n"
                 "  %2 = call A.pong(%1) rank 5000\n"
                 "  %3 = port: str\n"
                 "  %4 = result(%3): str\n"
                 "  %5 = end\n"
                 "\n"
                 "graph 4 A.pong: str\n"
                 "  %0 = param: str -> x rank 5000\n"
                 "  %1 = think(%0): str rank 5000\n"
                 "  %2 = call A.ping(%1)\n"
                 "  %3 = port: str\n"
                 "  %4 = result(%3): str\n"
                 "  %5 = end\n");
  program_free(&program);
}

/* Flow i thinks and calls flow i + 1 twice in a row: 5000 * (2^40 - 1) ms. */
CASE(ranks_saturate) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A {\n");
  for (int i = 0; i < 40; i++) {
    buf_addf(&text, "flow f%d(x: str) -> str { return f%d(f%d(think(x))) }\n",
             i, i + 1, i + 1);
  }
  buf_add_text(&text, "flow f40(x: str) -> str { return x } }");
  Program program;
  program_make(&program, text.data);
  ir_rank(program.ir);
  assert_true(program.ir->graphs.data[0].nodes.data[0].rank == UINT32_MAX);
  assert_int_equal(program.ir->graphs.data[38].nodes.data[0].rank, 15000);
  program_free(&program);
  buf_free(&text);
}

/* ---- verifier ------------------------------------------------------------ */

/* %0 x, %1 output | %2 ask, %3 call, %4 port, %5 port, %6 print, %7 list |
 * %8 result, %9 result, %10 end; and A.f: %0 x, %1 output | %2 print | ... */
static const char *const sound_program =
    "agent A {\n"
    "  flow main(x: str) -> str {\n"
    "    ask(x) -> a\n"
    "    f(a) -> b\n"
    "    print(b)\n"
    "    let l = [a]\n"
    "    return a\n"
    "  }\n"
    "  flow f(x: str) -> str { print(x) return x }\n"
    "}";

static IrNode *node_at(Program *program, uint32_t index) {
  return &program->ir->graphs.data[0].nodes.data[index];
}

static void set_input(Program *program, uint32_t node, uint32_t k, IrRef ref) {
  IrGraph *graph = &program->ir->graphs.data[0];
  graph->inputs.data[graph->nodes.data[node].first_input + k] = ref;
}

static void break_layout(Program *program, int how) {
  switch (how) {
    case 0:
      node_at(program, 2)->op = OP_PARAM;
      break;
    case 1:
      node_at(program, 0)->op = OP_ASK;
      break;
    case 2:
      node_at(program, 10)->op = OP_RESULT;
      break;
    case 3:
      node_at(program, 7)->op = OP_PORT;
      break;
    case 4:
      node_at(program, 4)->op = OP_PASS;
      break;
    case 5:
      node_at(program, 2)->first_input = 1;
      break;
    case 6:
      program->ir->graphs.data[0].inputs.length--;
      break;
    case 7:
      program->ir->graphs.data[0].spaces = 0;
      break;
    case 8:
      program->ir->graphs.data[0].result_count = 3;
      break;
    default:
      program->ir->graphs.data[0].param_count = 1;
      break;
  }
}

static void break_edges(Program *program, int how) {
  switch (how) {
    case 10:
      set_input(program, 2, 0, 2);
      break;
    case 11:
      set_input(program, 2, 0, OBJ_REF_CONST | 9999);
      break;
    case 12:
      set_input(program, 2, 0, 1);
      break;
    case 13:
      set_input(program, 7, 0, 3);
      break;
    case 14:
      set_input(program, 6, 1, OBJ_REF_ORDER | 1);
      break;
    case 15:
      set_input(program, 6, 1, OBJ_REF_ORDER | 2);
      break;
    case 16:
      set_input(program, 6, 1, 4);
      break;
    case 17:
      set_input(program, 8, 0, 7);
      break;
    case 18:
      set_input(program, 3, 0, 1);
      break;
    default:
      set_input(program, 6, 0, OBJ_REF_ORDER | 5);
      break;
  }
}

static void break_node(Program *program, int how) {
  switch (how) {
    case 20:
      node_at(program, 2)->type = TYPE_NUM;
      break;
    case 21:
      node_at(program, 7)->type = TYPE_TEXT;
      break;
    case 22:
      program->ir->graphs.data[0].arms.data[0].graph = 7;
      break;
    case 23:
      node_at(program, 4)->type = TYPE_NUM;
      break;
    case 24:
      node_at(program, 6)->type = TYPE_TEXT;
      break;
    default:
      node_at(program, 2)->op = OP_COUNT;
      break;
  }
}

CASE(the_verifier_sees) {
  (void)state;
  for (int how = 0; how <= 25; how++) {
    Program program;
    Buf why = {0};
    program_make(&program, sound_program);
    assert_int_equal(node_at(&program, 10)->op, OP_END);
    assert_true(ir_verify(program.ir, &why));
    if (how < 10) break_layout(&program, how);
    if (how >= 10 && how < 20) break_edges(&program, how);
    if (how >= 20) break_node(&program, how);
    if (ir_verify(program.ir, &why)) fail_msg("not seen: %d", how);
    assert_true(why.length > 0);
    buf_free(&why);
    program_free(&program);
  }
}

/* ---- dot ----------------------------------------------------------------- */

CASE(a_drawing) {
  (void)state;
  Program program;
  Buf out = {0};
  program_make(&program,
               "agent A { flow main { print(\"a \\\"b\\\"\\n\", f()) }\n"
               "flow f -> str { return ask(\"q\") } }");
  ir_dump_dot(program.ir, &out);
  assert_string_equal(out.data,
                      "digraph apxm {\n"
                      "  compound=true;\n"
                      "  node [shape=box];\n"
                      "  subgraph cluster_0 {\n"
                      "    label=\"A.main\";\n"
                      "    n0_0 [label=\"param: output\", style=dashed];\n"
                      "    n0_1 [label=\"call A.f\", shape=box3d];\n"
                      "    n0_2 [label=\"port: str\"];\n"
                      "    n0_3 [label=\"print\\n'a \\\"b\\\"\\\\n'\"];\n"
                      "    n0_4 [label=\"result: output\", style=dashed];\n"
                      "    n0_5 [label=\"end\"];\n"
                      "    n0_1 -> n0_2 [style=dotted];\n"
                      "    n0_2 -> n0_3;\n"
                      "    n0_0 -> n0_3 [style=dashed];\n"
                      "    n0_3 -> n0_4 [style=dashed];\n"
                      "  }\n"
                      "  subgraph cluster_1 {\n"
                      "    label=\"A.f\";\n"
                      "    n1_0 [label=\"ask: str\\n'q'\", style=bold];\n"
                      "    n1_1 [label=\"result: str\"];\n"
                      "    n1_2 [label=\"end\"];\n"
                      "    n1_0 -> n1_1;\n"
                      "  }\n"
                      "}\n");
  buf_free(&out);
  program_free(&program);
}

CASE(a_drawing_of_arms) {
  (void)state;
  Program program;
  Buf out = {0};
  program_make(&program,
               "agent A { flow main(s: str) -> str {\n"
               "  switch s {\n"
               "    case \"say \\\"a\\\"\" => \"x\"\n"
               "    default => \"y\"\n"
               "  } -> v\n"
               "  return v\n"
               "} }");
  ir_dump_dot(program.ir, &out);
  assert_non_null(strstr(out.data, "label=\"A.main/switch#0/case#0\";"));
  assert_non_null(strstr(out.data,
                         "  n0_1 -> n1_0 [lhead=cluster_1, style=dotted, "
                         "label=\"case \\\"say \\\\\\\"a\\\\\\\"\\\"\"];\n"
                         "  n0_1 -> n2_0 [lhead=cluster_2, style=dotted, "
                         "label=\"default\"];\n"));
  buf_free(&out);
  program_free(&program);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(a_flow_without_anything),
      cmocka_unit_test(parameters_nodes_results),
      cmocka_unit_test(annotations_are_attributes),
      cmocka_unit_test(text_is_flattened),
      cmocka_unit_test(building_stops_at_return),
      cmocka_unit_test(discarded_calls_are_kept),
      cmocka_unit_test(prints_are_a_chain),
      cmocka_unit_test(calls_hand_the_token_on),
      cmocka_unit_test(calls_inside_calls_go_inside_out),
      cmocka_unit_test(recursion_shares_effects),
      cmocka_unit_test(prompts_are_laid_out),
      cmocka_unit_test(keys_name_nodes),
      cmocka_unit_test(passes_keep_keys),
      cmocka_unit_test(ranks_are_longest_ways),
      cmocka_unit_test(ranks_saturate),
      cmocka_unit_test(the_verifier_sees),
      cmocka_unit_test(a_drawing),
      cmocka_unit_test(a_drawing_of_arms),
  };
  return RUN(cases);
}
