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
  const AstCall *print = c.program->agents->flows->next->body.first->expr->u.call;
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

/* As deep as the parser allows: a call and a `+` are two. */
CASE(deep_expressions) {
  (void)state;
  Buf text = {0};
  buf_add_text(&text, "agent A { flow f(x: str, y: str) { return ");
  for (int i = 0; i < LIMIT_EXPR_DEPTH / 2 - 2; i++) buf_add_text(&text, "f(x, y + ");
  buf_add_char(&text, '1');
  for (int i = 0; i < LIMIT_EXPR_DEPTH / 2 - 2; i++) buf_add_char(&text, ')');
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
      cmocka_unit_test(sound_programs),
      cmocka_unit_test(no_cascades),
      cmocka_unit_test(errors_before_warnings),
      cmocka_unit_test(after_return),
      cmocka_unit_test(too_many_parameters),
      cmocka_unit_test(deep_expressions),
      cmocka_unit_test(many_errors_among_many_names),
  };
  return RUN(cases);
}
