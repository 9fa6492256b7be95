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

/* ---- the rest of the language -------------------------------------------- */

/* Everything that an agent holds beside flows, with and without separators. */
CASE(items) {
  (void)state;
  expect_file(
      "agent A {\n"
      "  memory { a: STM b: LTM, c: Episodic; } memory d: STM;\n"
      "  beliefs { x: from f(1), y = 3 z: \"t\" + x }\n"
      "  goals { g(priority: 100, description: \"d\") h: \"text\" priority 3,\n"
      "    i: \"x\" (4) j }\n"
      "  capability c(q: str, n: list<num>,) -> str; capability d() -> num\n"
      "  tools: [c, d,] discoverable: [c]; tools: []\n"
      "  context: \"be\\n brief\",\n"
      "  on Message.New { user, text: str } if (text != \"\") => {\n"
      "    let a = 1; return a; }\n"
      "  on Tick { } => ask(\"x\")\n"
      "  @entry @no_fuse flow f { }\n"
      "  @retry(3)\n  @[backend(\"b\")] flow g { }\n"
      "}",
      "agent A\n"
      "  context \"be\\n brief\"\n"
      "  memory a: STM\n  memory b: LTM\n  memory c: Episodic\n"
      "  memory d: STM\n  belief x\n  belief y\n  belief z\n"
      "  goal g\n  goal h\n  goal i\n  goal j\n"
      "  capability c\n  capability d\n"
      "  tool c\n  tool d\n  discoverable c\n"
      "  on Message.New\n  on Tick\n"
      "  @entry @no_fuse flow f()\n"
      "  flow g()\n    @retry\n      num 3\n    @backend\n"
      "      text \"b\"\n");
}

CASE(types_and_imports) {
  (void)state;
  expect_file(
      "import \"x.ais\"; import \"y.ais\"\n"
      "type A { total: num, items: list<str>; default: bool\n"
      "  flow: str type: json }\n"
      "type B { }\n",
      "import \"x.ais\"\nimport \"y.ais\"\n"
      "type A\n  total: num\n  items: list<str>\n  default: bool\n"
      "  flow: str\n  type: json\n"
      "type B\n");
}

/* From the weakest: |> and <-, ||, &&, equality, order, sums, products, signs.
 * Sums of + are one list, whatever else stands beside them. */
CASE(operators) {
  (void)state;
  expect("return a + b * c - -d / 2 % e",
         "return\n  -\n    concat\n      name a\n      *\n"
         "        name b\n        name c\n    %\n      /\n"
         "        neg\n          name d\n        num 2\n"
         "      name e\n");
  expect("return a - b - c",
         "return\n  -\n    -\n      name a\n      name b\n"
         "    name c\n");
  expect("return !a && b || c == d",
         "return\n  ||\n    &&\n      !\n        name a\n"
         "      name b\n    ==\n      name c\n      name d\n");
  expect("return a < b == (c >= d)",
         "return\n  ==\n    <\n      name a\n      name b\n    >=\n"
         "      name c\n      name d\n");
  expect("return -a.b[0] * -1",
         "return\n  *\n    neg\n      index\n        field b\n"
         "          name a\n        num 0\n    num -1\n");
  expect("return (a + b) + c",
         "return\n  concat\n    name a\n    name b\n    name c\n");
  expect("return 1 + 2 - 3 + x",
         "return\n  concat\n    -\n      concat\n        num 1\n"
         "        num 2\n      num 3\n    name x\n");
}

CASE(postfix) {
  (void)state;
  expect("return a.b.c[0][\"k\"].d",
         "return\n  field d\n    index\n      index\n"
         "        field c\n          field b\n            name a\n"
         "        num 0\n      text \"k\"\n");
  expect("return f(x)[1].y",
         "return\n  field y\n    index\n      call f\n"
         "        name x\n      num 1\n");
  expect("B.g(1).h -> x",
         "bind x\n  field h\n    call B.g\n      num 1\n");
  expect("r.agent -> a; r.default -> b",
         "bind a\n  field agent\n    name r\nbind b\n"
         "  field default\n    name r\n");
  expect("f(agent: 1, type: 2)",
         "value\n  call f\n    agent:\n      num 1\n    type:\n"
         "      num 2\n");
}

/* The same sign continues an operand or begins one; what stands before it says
 * which. */
CASE(new_lines_and_operands) {
  (void)state;
  expect("f()\n[x]",
         "value\n  call f\nvalue\n  list\n    name x\n");
  expect("f()[x]",
         "value\n  index\n    call f\n    name x\n");
  expect("let a = b\n(c)",
         "bind a\n  name b\nvalue\n  name c\n");
  expect("g(\n(a)[0],\n[b]\n)",
         "value\n  call g\n    index\n      name a\n      num 0\n"
         "    list\n      name b\n");
  expect("a\n- b",
         "value\n  -\n    name a\n    name b\n");
  expect("let a = [-1, -x]\nif (a) -1",
         "bind a\n  list\n    num -1\n    neg\n      name x\nif\n"
         "  name a\n  then\n    value\n      num -1\n");
  expect("if (a) (b)",
         "if\n  name a\n  then\n    value\n      name b\n");
  expect("return\n[a]",
         "return\nvalue\n  list\n    name a\n");
  expect("return -a",
         "return\n  neg\n    name a\n");
}

CASE(pipes) {
  (void)state;
  expect("a |> f |> B.g(1) |> h(x: 2) -> y",
         "bind y\n  call h\n    call B.g\n      call f\n"
         "        name a\n      num 1\n    x:\n      num 2\n");
  expect("f(a) <- v -> x",
         "bind x\n  call f\n    name v\n    name a\n");
  expect("f(a) <- b |> g",
         "value\n  call g\n    call f\n      name b\n      name a\n");
  expect("a + b |> f",
         "value\n  call f\n    concat\n      name a\n      name b\n");
  expect("let x = a |> f",
         "bind x\n  call f\n    name a\n");
}

CASE(bindings) {
  (void)state;
  expect("f() -> x: list<num>",
         "bind x: list<num>\n  call f\n");
  expect("f() -> a, b: num, _",
         "bind a, b: num, _\n  call f\n");
  expect("let x: list<list<num>>= y",
         "bind x: list<list<num>>\n  name y\n");
  expect("x = 1\nx = x + 1",
         "assign x\n  num 1\nassign x\n  concat\n    name x\n"
         "    num 1\n");
  expect("null -> x; x == null",
         "bind x\n  null\nvalue\n  ==\n    name x\n    null\n");
}

CASE(ifs) {
  (void)state;
  expect("if (a) f() else g()",
         "if\n  name a\n  then\n    value\n      call f\n  else\n"
         "    value\n      call g\n");
  expect("if (a) f(); else g();",
         "if\n  name a\n  then\n    value\n      call f\n  else\n"
         "    value\n      call g\n");
  expect("if (a) if (b) f() else g()",
         "if\n  name a\n  then\n    if\n      name b\n      then\n"
         "        value\n          call f\n      else\n"
         "        value\n          call g\n");
  expect("if (a) { } else if (b) { } else { 1 } -> x",
         "if -> x\n  name a\n  then\n  else\n    if\n      name b\n"
         "      then\n      else\n        value\n          num 1\n");
  expect("if (a) f() -> x\ng()",
         "if\n  name a\n  then\n    bind x\n      call f\nvalue\n"
         "  call g\n");
  expect("if (a) { f() } (b)",
         "if\n  name a\n  then\n    value\n      call f\nvalue\n"
         "  name b\n");
}

/* A comma after a bare arm ends it, although its statement could go on. */
CASE(switches) {
  (void)state;
  expect("switch v { case \"a\\n"
         "\" => f() -> x, case \"b\" => { 1 }; default => return "
         "case \"c\" => g(1, 2), } -> z",
         "switch -> z\n  name v\n  case \"a\\n\"\n    bind x\n"
         "      call f\n  case \"b\"\n    value\n      num 1\n"
         "  default\n    return\n  case \"c\"\n    value\n"
         "      call g\n        num 1\n        num 2\n");
  expect("switch f(x).y { }",
         "switch\n  field y\n    call f\n      name x\n");
  expect("switch v { default => return\ncase \"x\" => return a }",
         "switch\n  name v\n  default\n    return\n  case \"x\"\n"
         "    return\n      name a\n");
  expect("switch v { case \"a\" => f() -> x, y case \"b\" => 1 }",
         "switch\n  name v\n  case \"a\"\n    bind x, y\n"
         "      call f\n  case \"b\"\n    value\n      num 1\n");
}

CASE(loops) {
  (void)state;
  expect("loop (x in f(xs), parallel: 4, ordered: true) { x } -> ys",
         "loop x -> ys\n  call f\n    name xs\n  parallel:\n"
         "    num 4\n  ordered:\n    bool true\n  body\n    value\n"
         "      name x\n");
  expect("loop (in in xs) f(in)",
         "loop in\n  name xs\n  body\n    value\n      call f\n"
         "        name in\n");
  expect("while (a < 3, max: 10) { a = a + 1 }",
         "while\n  <\n    name a\n    num 3\n  max:\n    num 10\n"
         "  body\n    assign a\n      concat\n        name a\n"
         "        num 1\n");
  expect("while (a, max: 1) loop (x in xs) f(x)",
         "while\n  name a\n  max:\n    num 1\n  body\n    loop x\n"
         "      name xs\n      body\n        value\n"
         "          call f\n            name x\n");
}

CASE(tries_and_parallel) {
  (void)state;
  expect("try { f() } catch (e) { e.message } -> x",
         "try -> x\n  body\n    value\n      call f\n  catch e\n"
         "    value\n      field message\n        name e\n");
  expect("try { f() } catch { 1 }",
         "try\n  body\n    value\n      call f\n  catch\n"
         "    value\n      num 1\n");
  expect("parallel { f() -> a; g() -> b }",
         "parallel\n  body\n    bind a\n      call f\n    bind b\n"
         "      call g\n");
  expect("parallel { }\nparallel(1)\nreturn parallel",
         "parallel\n  body\nvalue\n  call parallel\n    num 1\n"
         "return\n  name parallel\n");
  expect("return parallel { f() }",
         "return\nparallel\n  body\n    value\n      call f\n");
}

CASE(durations) {
  (void)state;
  expect("f(timeout: 30s, retry: 250ms, a: 2m, b: 1.5h)",
         "value\n  call f\n    timeout:\n      milliseconds 30000\n"
         "    retry:\n      milliseconds 250\n    a:\n"
         "      milliseconds 120000\n    b:\n      milliseconds 5400000\n");
}

/* Words of the grammar are names where it has no place for them. */
CASE(soft_words) {
  (void)state;
  expect("let goal = context\n"
         "response(type, import, case, in) -> handle",
         "bind goal\n  name context\nbind handle\n  call response\n"
         "    name type\n    name import\n    name case\n"
         "    name in\n");
  expect("let parallel = default\ntools = on + with + from",
         "bind parallel\n  name default\nassign tools\n  concat\n"
         "    name on\n    name with\n    name from\n");
  expect("let flow = agent\nagent -> a; f(flow)",
         "bind flow\n  name agent\nbind a\n  name agent\nvalue\n"
         "  call f\n    name flow\n");
  expect("let catch = memory.goals[plans]",
         "bind catch\n  index\n    field goals\n      name memory\n"
         "    name plans\n");
}

CASE(annotations) {
  (void)state;
  expect("@no_fuse f() -> x",
         "bind x\n  @no_fuse\n  call f\n");
  expect("@[no_fuse] if (a) { }",
         "if\n  @no_fuse\n  name a\n  then\n");
  expect("@no_fuse\n@[no_fuse]\nf()",
         "value\n  @no_fuse\n  call f\n"
         "E0112 3:1 `@no_fuse` is written twice\n");
  expect("@entry f()",
         "value\n  call f\nE0111 2:1 `@entry` before a statement\n");
  expect("@retri f()",
         "value\n  call f\nE0111 2:1 unknown annotation `@retri`\n");
  expect("@cache(3) f()",
         "value\n  call f\nE0111 2:1 `@cache` has no meaning yet\n");
}

CASE(annotations_with_values) {
  (void)state;
  expect("@retry(3) @[timeout(30s)]\n(a + b) |> f -> x",
         "bind x\n  @retry\n    num 3\n  @timeout\n    milliseconds 30000\n"
         "  call f\n    concat\n      name a\n      name b\n");
  expect("@backend(\"b\",) return f()",
         "return\n  @backend\n    text \"b\"\n  call f\n");
  expect("@no_fuse\n(a)", "value\n  @no_fuse\n  name a\n");
  expect("@retry f(); g()", "value\n  call f\nvalue\n  call g\n"
                            "E0321 2:1 `@retry` takes one value\n");
  expect("@retry() f()",
         "value\n  call f\nE0321 2:1 `@retry` takes one value\n");
  expect("@retry(1, 2) f()",
         "value\n  call f\nE0321 2:1 `@retry` takes one value\n");
  expect("@retry(n: 2) f()",
         "value\n  call f\nE0321 2:1 `@retry` takes one value\n");
  expect("@no_fuse() f()",
         "value\n  call f\nE0321 2:1 `@no_fuse` takes no value\n");
  expect("@retry(3)", "E0010 3:1 expected a statement, found `}`\n");
}

CASE(legacy) {
  (void)state;
  expect("ask \"p\" + x -> y",
         "bind y\n  call ask\n    concat\n      text \"p\"\n"
         "      name x\nW0007 2:1 `ask` as it was written once\n");
  expect("think \"p {{x}}\" -> y",
         "bind y\n  call think\n    concat\n      text \"p \"\n"
         "      name x\nW0007 2:1 `think` as it was written once\n");
  expect("merge [a, b] -> r; wait [a]",
         "bind r\n  call merge\n    name a\n    name b\nvalue\n"
         "  call wait\n    name a\n"
         "W0007 2:1 `merge` as it was written once\n"
         "W0007 2:20 `wait` as it was written once\n");
  expect("rsn(\"p\", c) -> y\nx |> llm -> z",
         "bind y\n  call ask\n    text \"p\"\n    name c\nbind z\n"
         "  call ask\n    name x\n"
         "W0007 2:1 `rsn` as it was written once\n"
         "W0007 3:6 `llm` as it was written once\n");
  expect("merge[0] -> x\nask (\"p\")\nask\n\"p\"",
         "bind x\n  index\n    name merge\n    num 0\nvalue\n"
         "  call ask\n    text \"p\"\nvalue\n  name ask\nvalue\n"
         "  text \"p\"\n");
  expect("qmem ltm \"key\" -> c\numem stm \"key\" <- v",
         "bind c\n  call qmem\n    text \"key\"\n    text \"ltm\"\n"
         "value\n  call umem\n    name v\n    text \"key\"\n"
         "    text \"stm\"\n");
  expect("inv search(q) -> r; verify r with \"t\" -> b",
         "bind r\n  call inv\nbind b\n  call verify\n    name r\n"
         "    text \"t\"\n");
  expect("let qmem = 1; verify -> x",
         "bind qmem\n  num 1\nbind x\n  name verify\n");
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

static void expect_span(const char *text, Span span, const char *wanted) {
  assert_int_equal(span.length, strlen(wanted));
  assert_memory_equal(text + span.start, wanted, strlen(wanted));
}

CASE(spans_of_constructs) {
  (void)state;
  Parse p;
  const char *text =
      "agent A { flow f { if (a) { b } else c -> d\n"
      "switch (x + 1) * 2 { case \"l\" => { y } } -> z;\n"
      "try { t } catch (e) { u }; @no_fuse x = v |> g(1) } }";
  parse(&p, slice_of(text));
  const AstStmt *stmt = p.program->agents->flows->body.first;
  const AstArm *arm = stmt->control->arms;
  expect_span(text, stmt->span, "if (a) { b } else c -> d");
  expect_span(text, stmt->control->word, "if");
  expect_span(text, arm->body.span, "{ b }");
  expect_span(text, arm->next->span, "else");
  expect_span(text, arm->next->body.span, "c -> d");
  assert_true(arm->body.braces);
  assert_false(arm->next->body.braces);
  stmt = stmt->next;
  arm = stmt->control->arms;
  expect_span(text, stmt->expr->u.operation.left->span, "(x + 1)");
  expect_span(text, stmt->expr->span, "(x + 1) * 2");
  expect_span(text, arm->span, "case \"l\"");
  expect_span(text, arm->body.span, "{ y }");
  expect_span(text, stmt->target.name.span, "z");
  stmt = stmt->next;
  arm = stmt->control->arms;
  expect_span(text, stmt->span, "try { t } catch (e) { u }");
  expect_span(text, arm->span, "try");
  expect_span(text, arm->next->span, "catch");
  expect_span(text, stmt->control->variable.span, "e");
  stmt = stmt->next;
  expect_span(text, stmt->span, "x = v |> g(1)");
  expect_span(text, stmt->expr->span, "v |> g(1)");
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
      cmocka_unit_test(items),
      cmocka_unit_test(types_and_imports),
      cmocka_unit_test(operators),
      cmocka_unit_test(postfix),
      cmocka_unit_test(new_lines_and_operands),
      cmocka_unit_test(pipes),
      cmocka_unit_test(bindings),
      cmocka_unit_test(ifs),
      cmocka_unit_test(switches),
      cmocka_unit_test(loops),
      cmocka_unit_test(tries_and_parallel),
      cmocka_unit_test(durations),
      cmocka_unit_test(soft_words),
      cmocka_unit_test(annotations),
      cmocka_unit_test(annotations_with_values),
      cmocka_unit_test(legacy),
      cmocka_unit_test(spans_of_constructs),
      cmocka_unit_test(numbers),
      cmocka_unit_test(escapes),
      cmocka_unit_test(blocks),
  };
  return RUN(cases);
}
