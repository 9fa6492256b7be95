/* SPDX-License-Identifier: MIT
 *
 * The checker where test_errors.c does not look: what it fills in for the IR
 * builder, the types it infers, that one mistake is one message, and limits.
 */
#include "compiler/check/check.h"
#include "compiler/front/parse.h"
#include "tests/unit/unit.h"

typedef struct Checked {
  Source source;
  Arena arena;
  DiagSink sink;
  TypeTable types;
  AstProgram *program;
} Checked;

static void check(Checked *c, Slice text) {
  c->source = (Source){.name = "t.ais", .text = text};
  arena_init(&c->arena);
  diag_init(&c->sink, &c->source, &c->arena);
  type_table_init(&c->types);
  c->program = parse_source(&c->source, &c->arena, &c->sink);
  check_program(c->program, &c->types, &c->arena, &c->sink);
}

static void check_free(Checked *c) {
  type_table_free(&c->types);
  diag_free(&c->sink);
  arena_free(&c->arena);
}

/* The codes of the messages, in order of place. */
static void expect_codes(const char *text, const char *codes) {
  Checked c;
  Buf found = {0};
  check(&c, slice_of(text));
  diag_sort(&c.sink);
  for (uint32_t i = 0; i < c.sink.diags.length; i++) {
    if (i > 0) buf_add_char(&found, ' ');
    buf_add_text(&found, diag_code_text(c.sink.diags.data[i].code));
  }
  assert_string_equal(found.length ? found.data : "", codes);
  buf_free(&found);
  check_free(&c);
}

/* The result types of the flows of the program's first agent. */
static void expect_results(const char *text, const char *results) {
  Checked c;
  Buf found = {0};
  check(&c, slice_of(text));
  for (AstFlow *flow = c.program->agents->flows; flow; flow = flow->next) {
    if (found.length > 0) buf_add_char(&found, ' ');
    if (flow->result == TYPE_NONE) {
      buf_add_char(&found, '?');
    } else {
      type_add_name(type_table_view(&c.types), flow->result, &found);
    }
  }
  assert_string_equal(found.data, results);
  buf_free(&found);
  check_free(&c);
}

/* ---- what is filled in --------------------------------------------------- */

CASE(names_and_calls) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(x: num) { ask(\"q\" + x) -> a\n"
                  "return B.ask(a, a) } }\n"
                  "agent B { flow ask(y: str, z: str) { return y + z } }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  assert_int_equal(c.program->flow_count, 2);
  assert_ptr_equal(c.program->types, &c.types);
  const AstFlow *f = c.program->agents->flows;
  const AstFlow *ask = c.program->agents->next->flows;
  assert_int_equal(f->index, 0);
  assert_int_equal(ask->index, 1);
  const AstParam *x = f->params;
  assert_true(x->binding->is_param && x->binding->used);
  assert_int_equal(x->binding->type, TYPE_NUM);
  const AstStmt *first = f->body.first;
  assert_int_equal(first->expr->u.call->callee, CALLEE_OP);
  assert_int_equal(first->expr->u.call->op, OP_ASK);
  assert_int_equal(first->expr->type, TYPE_TEXT);
  const AstExpr *sum = first->expr->u.call->args;
  assert_ptr_equal(sum->u.parts.first->next->u.name.binding, x->binding);
  const AstCall *call = first->next->expr->u.call;
  assert_int_equal(call->callee, CALLEE_FLOW);
  assert_ptr_equal(call->flow, ask);
  assert_ptr_equal(call->args->u.name.binding, first->target.binding);
  assert_ptr_equal(first->target.binding->value, first->expr);
  check_free(&c);
}

CASE(a_flow_of_that_name_wins) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow merge(x: num) -> num { return x }\n"
                  "flow main { print(merge(1)) } }"));
  assert_int_equal(c.sink.error_count, 0);
  const AstFlow *main = c.program->agents->flows->next;
  const AstCall *print = main->body.first->expr->u.call;
  assert_int_equal(print->args->u.call->callee, CALLEE_FLOW);
  check_free(&c);
}

CASE(prompt_is_the_first_argument) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f { return think(system: \"s\", "
                  "prompt: \"p\", budget_tokens: 5) } }"));
  assert_int_equal(c.sink.error_count, 0);
  const AstCall *call = c.program->agents->flows->body.first->expr->u.call;
  assert_int_equal(call->arg_count, 1);
  assert_true(slice_equal_text(call->args->u.text, "p"));
  assert_int_equal(call->attrs->attr, ATTR_SYSTEM);
  assert_int_equal(call->attrs->next->attr, ATTR_BUDGET_TOKENS);
  assert_null(call->attrs->next->next);
  check_free(&c);
}

CASE(discarding_binds_nothing) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f { ask(\"a\") -> _ ask(\"b\") -> _\n"
                  "print(\"c\") -> _ let _: str = \"d\" } }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  for (AstStmt *stmt = c.program->agents->flows->body.first; stmt;
       stmt = stmt->next) {
    assert_null(stmt->target.binding);
  }
  check_free(&c);
}

/* ---- result types -------------------------------------------------------- */

CASE(results) {
  (void)state;
  expect_results(
      "agent A { flow a { } flow b { return } flow c { return 1 }\n"
      "flow d -> num { return 1 } flow e { return true }\n"
      "flow f(x: list<num>) { let y = x return y }\n"
      "flow g { return [\"a\"] } flow h { return wait(1, 2) }\n"
      "flow i { return [[], [[], [1]]] } flow j { return [] }\n"
      "flow k { let x: num = 1 return [x] } }",
      "void void num num bool list<num> list<str> list<num> "
      "list<list<list<num>>> list<?> list<num>");
}

CASE(results_of_each_other) {
  (void)state;
  expect_results(
      "agent A { flow a { return b() } flow b { return c() }\n"
      "flow c { d() -> x return [x] } flow d { return 1 }\n"
      "flow e { return \"x\" + e() } flow f -> num { return f() }\n"
      "flow g { return [f()] } flow h { return wait(g(), g()) } }",
      "list<num> list<num> list<num> num str num list<num> "
      "list<list<num>>");
}

CASE(results_without_end) {
  (void)state;
  const char *text =
      "agent A { flow a { return b() } flow b { return [c()] }\n"
      "flow c { return b() } flow d { return d() + \"x\" } }";
  expect_results(text, "? ? ? str");
  expect_codes(text, "E0211 W0012");
}

/* A chain of flows, each of which waits for the next one. */
CASE(a_long_chain) {
  (void)state;
  enum { LENGTH = 20000 };
  Buf text = {0};
  buf_add_text(&text, "agent A {");
  for (int i = 0; i < LENGTH; i++) {
    buf_addf(&text, "flow f%d { return f%d() }\n", i, i + 1);
  }
  buf_addf(&text, "flow f%d { return 1 } }", LENGTH);
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 0);
  assert_int_equal(c.program->agents->flows->result, TYPE_NUM);
  check_free(&c);
  buf_free(&text);
}

/* ---- control ------------------------------------------------------------- */

static const AstStmt *nth_stmt(const AstBlock *block, int n) {
  const AstStmt *stmt = block->first;
  while (n-- > 0) stmt = stmt->next;
  return stmt;
}

static const AstFlow *first_flow(const Checked *c) {
  return c->program->agents->flows;
}

CASE(arms_export_names) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(s: str) {\n"
                  "switch s { case \"a\" => { let x = 1 let y = 2 print(y) }\n"
                  "case \"b\" => return 0\n"
                  "default => { let z = s let x = 3 print(z) } }\n"
                  "return x } }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  const AstControl *control = first_flow(&c)->body.first->control;
  const AstExport *x = control->exports;
  assert_true(slice_equal_text(x->binding->name.text, "x"));
  assert_null(x->next);
  assert_int_equal(x->binding->type, TYPE_NUM);
  assert_true(x->binding->used);
  assert_ptr_equal(x->inner[0], control->arms->body.first->target.binding);
  assert_true(x->inner[0]->used);
  assert_null(x->inner[1]);
  const AstArm *last = control->arms->next->next;
  assert_ptr_equal(x->inner[2], nth_stmt(&last->body, 1)->target.binding);
  assert_true(control->arms->next->body.ends);
  assert_true(control->arms->next->body.returns);
  assert_false(last->body.ends);
  const AstStmt *result = first_flow(&c)->body.first->next;
  assert_ptr_equal(result->expr->u.name.binding, x->binding);
  check_free(&c);
}

/* A name goes out through all constructs whose arms have it. */
CASE(exports_of_exports) {
  (void)state;
  expect_codes(
      "agent A { flow f(a: bool, b: bool) {\n"
      "if (a) { if (b) { let x = 1 } else { let x = 2 } }\n"
      "else { try { let x = 3 } catch { return 4 } }\n"
      "return x } }",
      "");
  expect_codes(
      "agent A { flow f(a: bool) {\n"
      "if (a) { parallel { let x = 1 } } else { let x = 2 }\n"
      "return x } }",
      "");
  /* What nobody reads in the end is told where it is bound. */
  expect_codes(
      "agent A { flow f(a: bool) {\n"
      "if (a) { let x = 1 } else { let x = 2 } } }",
      "W0003 W0003");
  /* json takes all others in. */
  expect_codes(
      "agent A { flow f(a: bool, j: json) -> json {\n"
      "if (a) { let x = 1 } else { let x = j }\nreturn x } }",
      "");
}

CASE(names_may_return) {
  (void)state;
  /* The same name in two arms, and after a block that has closed. */
  expect_codes(
      "agent A { flow f(a: bool) {\n"
      "if (a) { let x = 1 print(x) } else { let x = \"b\" print(x) }\n"
      "let x = true print(x)\n"
      "loop (i in [1]) print(i) loop (i in [2]) print(i) } }",
      "");
  /* The arrow's name goes before what arms bind. */
  expect_codes(
      "agent A { flow f(s: str) -> str {\n"
      "switch s { case \"a\" => ask(\"1\") -> x default => ask(\"2\") -> x } "
      "-> x\nreturn x } }",
      "");
  /* What is exported is bound. */
  expect_codes(
      "agent A { flow f(a: bool) {\n"
      "if (a) { let x = 1 } else { let x = 2 }\n"
      "let x = 3 print(x) } }",
      "E0101");
}

CASE(values_of_constructs) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(s: str, a: bool) -> str {\n"
                  "switch s { case \"a\" => { if (a) { 1 } else { 2 } }\n"
                  "default => err(\"no\") } -> n\n"
                  "loop (i in range(3)) { i + n } -> sums\n"
                  "try { s -> t } catch { s = \"x\" } -> u\n"
                  "if (a) { print(u) }\n"
                  "return join(sums) } }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  const AstBlock *body = &first_flow(&c)->body;
  const AstControl *choice = body->first->control;
  assert_int_equal(choice->value, TYPE_NUM);
  assert_true(choice->value_wanted);
  const AstControl *inner = choice->arms->body.first->control;
  assert_true(inner->value_wanted);
  assert_int_equal(inner->value, TYPE_NUM);
  const AstControl *loop = nth_stmt(body, 1)->control;
  assert_int_equal(loop->value, type_list_of(&c.types, TYPE_NUM));
  assert_int_equal(loop->variable_binding->type, TYPE_NUM);
  assert_int_equal(nth_stmt(body, 2)->control->value, TYPE_TEXT);
  const AstControl *last = nth_stmt(body, 3)->control;
  assert_int_equal(last->value, TYPE_VOID);
  assert_false(last->value_wanted);
  check_free(&c);
}

CASE(returns_on_every_path) {
  (void)state;
  expect_codes(
      "agent A { flow f(s: str, a: bool) -> num {\n"
      "switch s { case \"a\" => return 1 case \"b\" => err(\"no\") } }\n"
      "flow g(a: bool) -> num { if (a) { return 1 } else if (!a) { return 2 }\n"
      "else { err(\"no\") } }\n"
      "flow h(a: bool) -> num { try { parallel { return 1 } } catch (_) {\n"
      "while (a, max: 2) { return 3 } return 2 } } }",
      "W0002"); /* only that `f` does not read `a` */
  expect_codes("agent A { flow f(a: bool) -> num { if (a) { return 1 } } }",
               "E0403");
  expect_codes("agent A { flow f(a: bool) { if (a) { return 1 } } }", "E0403");
  expect_codes(
      "agent A { flow f(a: bool) -> num { while (a, max: 9) { return 1 } } }",
      "E0403");
  expect_codes("agent A { flow f(s: str) -> num { switch s { case \"a\" =>\n"
               "return 1 default => print(1) } } }",
               "E0403");
}

CASE(assignments) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(n: num) {\n"
                  "let x: json = 1\n"
                  "while (n > 0, max: 5) { n = n - 1 x = n }\n"
                  "return x } }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  const AstFlow *flow = first_flow(&c);
  assert_true(flow->params->binding->assigned);
  const AstBinding *x = flow->body.first->target.binding;
  assert_true(x->assigned);
  assert_int_equal(x->type, TYPE_JSON);
  const AstArm *step = flow->body.first->next->control->arms;
  assert_ptr_equal(nth_stmt(&step->body, 1)->target.binding, x);
  const AstAttr *max = flow->body.first->next->control->attrs;
  assert_int_equal(max->attr, ATTR_MAX);
  check_free(&c);
  /* The last value of a name counts, unless a loop reads it next time. */
  expect_codes("agent A { flow f { let x = 1 print(x) x = 2 } }", "W0013");
  expect_codes("agent A { flow f(a: bool) { let x = 1\n"
               "if (a) { x = 2 } else { x = 3 } print(x) } }",
               "");
}

/* ---- expressions --------------------------------------------------------- */

CASE(sums_before_texts) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(s: str) { print(1 + 2 + 3)\n"
                  "print(1 + 2 + s + 3) print(1 + s)\n"
                  "print(\"{{1}}{{2}}\") } }"));
  assert_int_equal(c.sink.error_count, 0);
  static const struct {
    TypeId type;
    uint32_t numbers;
  } expected[] = {
      {TYPE_NUM, 3}, {TYPE_TEXT, 2}, {TYPE_TEXT, 0}, {TYPE_TEXT, 0}};
  const AstStmt *stmt = first_flow(&c)->body.first;
  for (int i = 0; i < 4; i++, stmt = stmt->next) {
    const AstExpr *sum = stmt->expr->u.call->args;
    assert_int_equal(sum->type, expected[i].type);
    assert_int_equal(sum->u.parts.numbers, expected[i].numbers);
  }
  check_free(&c);
}

CASE(types_of_parts) {
  (void)state;
  expect_results(
      "agent A { flow a(xs: list<list<num>>) { return xs[0][-1] }\n"
      "flow b(p: P) { return p.tags[0] } flow c(j: json) { return j.a[0].b }\n"
      "flow d(j: json) { return j[\"k\"] } flow e { return [][0] }\n"
      "flow f(p: P) { return p } flow g { return null }\n"
      "flow h(b: bool) { if (b) { return null } return 1 }\n"
      "flow i { return !(1 < 2) && \"a\" <= \"b\" || null == 1 }\n"
      "flow j { return -(7 % 2) / 3 } }\n"
      "type P { name: str, tags: list<str> }",
      "num str json json json P json json bool num");
}

CASE(types_of_functions) {
  (void)state;
  expect_results(
      "agent A { flow a(s: str) { return [len(s), len([1]), len(json(s))] }\n"
      "flow b(s: str) { return lines(trim(lower(upper(s)))) }\n"
      "flow c(s: str) { return split(s, \",\") }\n"
      "flow d(x: list<num>) { return join(x) + join(x, \"-\") }\n"
      "flow e(s: str) { return contains(s, \"a\") && contains([1], 1) }\n"
      "flow f(s: str) { return slice(replace(s, \"a\", \"b\"), 1, -1) }\n"
      "flow g(x: list<num>) { return slice(x, 1) } flow h { return range(3) }\n"
      "flow i(s: str) { return num(s) + num(true) }\n"
      "flow j { return str([1]) }\n"
      "flow k(x: list<num>) { return get(x, 0, 5) }\n"
      "flow l(x: list<num>) { return get(x, 0) }\n"
      "flow m(x: json) { return get(x, \"a\", 1) }\n"
      "flow n(x: json) { return keys(x) }\n"
      "flow o(x: num) { return guard(x, condition: \"> 1\", on_fail: skip) } }",
      "list<num> list<str> list<str> str bool str list<num> list<num> num str "
      "num json json list<str> num");
}

CASE(json_converts_at_a_binding_only) {
  (void)state;
  expect_codes(
      "agent A { flow f(j: json) -> num { let a: num = j j -> b: list<P>\n"
      "j -> c: bool, _ print(a, b, c) return a }\n"
      "flow g(j: json) -> num { f(j) -> a return a + f(1) } }\n"
      "type P { x: num }",
      "");
  expect_codes("agent A { flow f(j: json) -> num { return j } }", "E0203");
  expect_codes("agent A { flow f(n: num) { print(n) }\n"
               "flow g(j: json) { f(j) } }",
               "E0202");
}

CASE(names_for_parts) {
  (void)state;
  Checked c;
  check(&c, SLICE("agent A { flow f(p: P, xs: list<bool>, j: json) {\n"
                  "p -> a, b xs -> c, _ j -> d: str, e\n"
                  "print(a, b, c, d, e) } }\n"
                  "type P { x: num, y: str }"));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  static const TypeId types[] = {TYPE_NUM, TYPE_TEXT, TYPE_BOOL,
                                 TYPE_NONE, TYPE_TEXT, TYPE_JSON};
  const AstStmt *stmt = first_flow(&c)->body.first;
  for (int i = 0; i < 6; stmt = stmt->next) {
    const AstTarget *target = &stmt->target;
    for (; target != NULL; target = target->next, i++) {
      TypeId type = target->binding ? target->binding->type : TYPE_NONE;
      assert_int_equal(type, types[i]);
      if (target->binding) assert_null(target->binding->value);
    }
  }
  check_free(&c);
}

CASE(caught_errors) {
  (void)state;
  expect_results(
      "agent A { flow f { try { print(1) } catch (e) { return e }\n"
      "err(\"no\") }\n"
      "flow g(e: error) { return e.message + e.code + e.node } }",
      "error str");
}

/* ---- flows that call each other ------------------------------------------ */

CASE(results_from_base_cases) {
  (void)state;
  expect_results(
      "agent A { flow fact(n: num) { if (n <= 1) { return 1 }\n"
      "return n * fact(n - 1) }\n"
      "flow even(n: num) { if (n == 0) { return true } return odd(n - 1) }\n"
      "flow odd(n: num) { if (n == 0) { return false } return even(n - 1) }\n"
      "flow all(n: num) { if (n == 0) { return \"\" }\n"
      "all(n - 1) -> rest return rest + n }\n"
      "flow wide(n: num) { if (n == 0) { return 1 }\n"
      "return json(wide(n - 1)) }\n"
      "flow late(n: num) { if (n > 0) { return late(n - 1) } return [n] } }",
      "num bool bool str json list<num>");
  expect_results(
      "agent A { flow text(n: num) { if (n > 0) { return n + text(n - 1) }\n"
      "return \"\" } flow f(n: num) { if (n > 0) { return f(n - 1) + g(n) }\n"
      "return g(n) } flow g(n: num) { return f(n - 1) + g(n - 1) } }",
      "str num num");
  /* A list of itself has no end. */
  expect_codes("agent A { flow f(n: num) { if (n == 0) { return [] }\n"
               "return [f(n - 1)] } }",
               "E0211");
  /* What is guessed from the base is held against the rest. */
  expect_codes("agent A { flow f(n: num) { if (n == 0) { return 1 }\n"
               "return f(n - 1) + \"x\" } }",
               "E0212");
}

/* A ring of many flows, and one flow that many call. */
CASE(a_large_ring) {
  (void)state;
  enum { LENGTH = 20000 };
  Buf text = {0};
  buf_add_text(&text, "agent A {");
  for (int i = 0; i < LENGTH; i++) {
    buf_addf(&text, "flow f%d(n: num) { return f%d(n) + f0(n) }\n", i, i + 1);
  }
  buf_addf(&text, "flow f%d(n: num) { if (n > 0) { return f0(n) } return n } }",
           LENGTH);
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 0);
  assert_int_equal(first_flow(&c)->result, TYPE_NUM);
  check_free(&c);
  buf_free(&text);
}

CASE(recursion_without_end) {
  (void)state;
  expect_codes("agent A { flow f(n: num) -> num { print(n) -> _\n"
               "let m: num = f(n - 1) return m } }",
               "W0012");
  expect_codes(
      "agent A { flow f(n: num) -> bool { return n < 1 || f(n - 1) }\n"
      "flow g(n: num) { loop (i in range(n)) g(i) }\n"
      "flow h(n: num) { switch str(n) { case \"1\" => h(n - 1) } }\n"
      "flow i(n: num) -> num { if (n < 0) { err(\"no\") } return i(n - 1) } }",
      "");
}

/* ---- files --------------------------------------------------------------- */

static Status read_text(void *context, const char *path, size_t limit, Buf *out,
                        Error *error) {
  (void)limit;
  if (strcmp(path, "dir/p.md") != 0) {
    return error_set(error, STATUS_NOT_FOUND, "there is no %s", path);
  }
  buf_add_text(out, context);
  return STATUS_OK;
}

CASE(files_become_literals) {
  (void)state;
  Checked c = {.source = {.name = "dir/t.ais"}};
  c.source.text = SLICE("agent A { flow f { return file(\"p.md\") + \"!\" }\n"
                        "flow g { return file(\"q.md\") } }");
  SourceReader reader = {.read = read_text, .context = "Be brief.\n"};
  arena_init(&c.arena);
  diag_init(&c.sink, &c.source, &c.arena);
  type_table_init(&c.types);
  c.program = parse_source(&c.source, &c.arena, &c.sink);
  c.program->reader = &reader;
  check_program(c.program, &c.types, &c.arena, &c.sink);
  assert_int_equal(c.sink.error_count, 1);
  assert_int_equal(c.sink.diags.data[0].code, DIAG_FILE_READ);
  assert_string_equal(c.sink.diags.data[0].message, "there is no dir/q.md");
  const AstExpr *file = first_flow(&c)->body.first->expr->u.parts.first;
  assert_int_equal(file->kind, EXPR_TEXT);
  assert_true(slice_equal_text(file->u.text, "Be brief.\n"));
  check_free(&c);
}

/* ---- what suits what ----------------------------------------------------- */

CASE(sound_programs) {
  (void)state;
  expect_codes(
      "agent A { flow f(xs: list<list<num>>) -> list<list<num>> {\n"
      "let ys: list<list<num>> = [[], [1], []]\n"
      "let zs: list<list<str>> = []\n"
      "print(xs, ys, zs, 1, true, \"x\")\n"
      "let s = 1 + \"a\" + 2 + true + [3]\n"
      "let t = \"{{1}}{{2}}\" + 3\n"
      "ask(5, [s], t, temperature: 2, max_tokens: 1) -> _\n"
      "ask(\"\", t) -> _\n"
      "if (len(xs) == 0) { return f([]) } return xs } }",
      "");
  /* Soft names: those of operations and of what comes later. */
  expect_codes(
      "agent A { flow print2(goal: str, ask: str) {\n"
      "let merge = goal + ask print(merge) } }",
      "");
}

/* ---- one mistake, one message -------------------------------------------- */

CASE(no_cascades) {
  (void)state;
  expect_codes(
      "agent A { flow f(x: strr) -> num {\n"
      "let a = missing + x\n"
      "let b: num = x\n"
      "let c = [missing2, 1, x]\n"
      "let d: list<str> = c\n"
      "frob(a, b, missing3) -> e\n"
      "let g: str = e\n"
      "return [e] } }",
      "E0103 E0102 E0102 E0201 E0104 E0102");
  /* The names of a statement that could not be read are bound. */
  expect_codes(
      "agent A { flow f -> str {\n"
      "ask(\"a\" \"b\") -> x\n"
      "let y = x * 2\n"
      "return x + y } }",
      "E0010");
  /* Nor is anything said of a flow whose head could not be. */
  expect_codes(
      "agent A { flow f(x str) -> str { return x }\n"
      "flow g { print(f(1, 2)) } }",
      "E0010");
  /* A statement that was not understood may have been the return. */
  expect_codes("agent A { flow f -> str { return \"a\" \"b } }", "E0006");
}

/* Warnings wait until the flow has no errors. */
CASE(errors_before_warnings) {
  (void)state;
  expect_codes("agent A { flow f(x: str) { ask(missing) -> a } }", "E0102");
  expect_codes("agent A { flow f(x: str) { ask(\"b\") -> a } }", "W0002 W0001");
}

/* What follows a return neither reads nor is warned of twice. */
CASE(after_return) {
  (void)state;
  expect_codes("agent A { flow f(x: str) { return 1\nlet a = x\nlet b = a } }",
               "W0002 W0005");
}

/* ---- limits -------------------------------------------------------------- */

CASE(too_many_parameters) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f(");
  for (int i = 0; i < LIMIT_GRAPH_PARAMS; i++) {
    buf_addf(&text, "_p%d: num, ", i);
  }
  buf_add_text(&text, ") { return 1 } }");
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 1);
  assert_int_equal(c.sink.diags.data[0].code, DIAG_PARAM_LIMIT);
  assert_non_null(c.sink.diags.data[0].label);
  check_free(&c);
  buf_free(&text);
}

CASE(too_many_early_returns) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f(n: num) {\n");
  for (int i = 0; i <= LIMIT_EXPR_DEPTH; i++) {
    buf_addf(&text, "if (n == %d) { return %d }\n", i, i);
  }
  buf_add_text(&text, "return n } }");
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 1);
  assert_int_equal(c.sink.diags.data[0].code, DIAG_BLOCK_LIMIT);
  assert_non_null(c.sink.diags.data[0].label);
  check_free(&c);
  buf_free(&text);
}

/* Blocks in blocks, with a name that goes out through all of them. */
CASE(deep_blocks) {
  (void)state;
  enum { DEPTH = LIMIT_EXPR_DEPTH - 10 };
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f(b: bool) -> num {\n");
  for (int i = 0; i < DEPTH; i++) buf_add_text(&text, "if (b) {\n");
  buf_add_text(&text, "let x = 1\n");
  for (int i = 0; i < DEPTH; i++) {
    buf_add_text(&text, "} else { let x = 2 }\n");
  }
  buf_add_text(&text, "return x } }");
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count + c.sink.warning_count, 0);
  check_free(&c);
  buf_free(&text);
}

/* As deep as the parser allows: a call and a `+` are two. */
CASE(deep_expressions) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f(x: str, y: str) { return ");
  enum { DEPTH = LIMIT_EXPR_DEPTH / 2 - 2 };
  for (int i = 0; i < DEPTH; i++) buf_add_text(&text, "f(x, y + ");
  buf_add_char(&text, '1');
  for (int i = 0; i < DEPTH; i++) buf_add_char(&text, ')');
  buf_add_text(&text, " + \"\" } }");
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 0);
  assert_int_equal(c.program->agents->flows->result, TYPE_TEXT);
  check_free(&c);
  buf_free(&text);
}

/* Looking for the nearest of many names for many errors ends soon. */
CASE(many_errors_among_many_names) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f {");
  for (int i = 0; i < 20000; i++) buf_addf(&text, "let name%05d = 1\n", i);
  for (int i = 0; i < 20000; i++) buf_addf(&text, "print(nome%05d)\n", i);
  buf_add_text(&text, "} }");
  Checked c;
  check(&c, buf_slice(&text));
  assert_int_equal(c.sink.error_count, 20000);
  assert_string_equal(c.sink.diags.data[0].help, "did you mean `name00000`?");
  assert_string_equal(c.sink.diags.data[0].replacement, "name00000");
  check_free(&c);
  buf_free(&text);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(names_and_calls),
      cmocka_unit_test(a_flow_of_that_name_wins),
      cmocka_unit_test(prompt_is_the_first_argument),
      cmocka_unit_test(discarding_binds_nothing),
      cmocka_unit_test(results),
      cmocka_unit_test(results_of_each_other),
      cmocka_unit_test(results_without_end),
      cmocka_unit_test(a_long_chain),
      cmocka_unit_test(arms_export_names),
      cmocka_unit_test(exports_of_exports),
      cmocka_unit_test(names_may_return),
      cmocka_unit_test(values_of_constructs),
      cmocka_unit_test(returns_on_every_path),
      cmocka_unit_test(assignments),
      cmocka_unit_test(sums_before_texts),
      cmocka_unit_test(types_of_parts),
      cmocka_unit_test(types_of_functions),
      cmocka_unit_test(json_converts_at_a_binding_only),
      cmocka_unit_test(names_for_parts),
      cmocka_unit_test(caught_errors),
      cmocka_unit_test(results_from_base_cases),
      cmocka_unit_test(a_large_ring),
      cmocka_unit_test(recursion_without_end),
      cmocka_unit_test(files_become_literals),
      cmocka_unit_test(sound_programs),
      cmocka_unit_test(no_cascades),
      cmocka_unit_test(errors_before_warnings),
      cmocka_unit_test(after_return),
      cmocka_unit_test(too_many_parameters),
      cmocka_unit_test(too_many_early_returns),
      cmocka_unit_test(deep_blocks),
      cmocka_unit_test(deep_expressions),
      cmocka_unit_test(many_errors_among_many_names),
  };
  return RUN(cases);
}
