/* SPDX-License-Identifier: MIT
 *
 * The checker as a list of its phases; check_int.h says what each does. And
 * what all of them share: words of help.
 */
#include "compiler/check/check.h"

#include "compiler/check/check_int.h"

enum { GUESSES = 5000000 }; /* less than a second of comparing names */

bool check_is_heard(const Check *c) {
  return !c->silent && c->sink->error_count <= LIMIT_DIAGNOSTICS;
}

void check_suggest(Check *c, const Nearest *nearest, Diag *diag) {
  Slice name = nearest_found(nearest);
  if (name.length == 0) return;
  diag->help = diag_text(c->sink, "did you mean `%.*s`?", SLICE_ARG(name));
  diag->replacement = arena_copy(c->arena, name.data, name.length);
}

/* ---- help ---------------------------------------------------------------- */

/* The call of `function` with what stands at `expr`, as the fix. */
static void wrap(Check *c, const AstExpr *expr, const char *function,
                 const char *what, Diag *diag) {
  Slice text = check_source_text(c, expr->span);
  if (expr->kind == EXPR_TEXT || expr->kind == EXPR_NUM) return;
  diag->help = diag_text(c->sink, "`%s(...)` %s", function, what);
  if (!check_is_balanced(text)) return;
  diag->replacement =
      diag_text(c->sink, "%s(%.*s)", function, SLICE_ARG(text));
}

void check_help_value(Check *c, const AstExpr *expr, TypeId want, Diag *diag) {
  if (!check_is_heard(c) || want == TYPE_NONE) return;
  if (want == TYPE_TEXT && expr->type != TYPE_VOID) {
    wrap(c, expr, "str", "makes a text of it", diag);
  } else if (expr->type == TYPE_JSON) {
    diag->help = diag_text(
        c->sink, "bind it with its type first, for example: let value: %s = ...",
        check_type_text(c, want));
  } else if (expr->type == TYPE_TEXT && want == TYPE_NUM) {
    wrap(c, expr, "num", "reads a number from a text", diag);
  } else if (expr->type == TYPE_BOOL && want == TYPE_NUM) {
    wrap(c, expr, "num", "makes 0 or 1 of it", diag);
  } else if (expr->type == TYPE_TEXT && want == TYPE_BOOL) {
    diag->help = "compare it, for example: x == \"yes\"";
  } else if (expr->type == TYPE_NUM && want == TYPE_BOOL) {
    diag->help = "compare it, for example: x != 0";
  } else if (expr->type == TYPE_TEXT && want >= TYPE_BUILTIN_COUNT) {
    diag->help = diag_text(c->sink,
                           "json(...) reads a text that holds JSON: "
                           "let value: %s = json(...)",
                           check_type_text(c, want));
  }
}

Slice check_source_text(const Check *c, Span span) {
  const Source *source = source_at(c->program->source, span.start);
  return slice_from(source->text.data + (span.start - source->base),
                    span.length);
}

/* The span of an expression ends before a bracket around its last part, so it
 * may be no expression when it is taken out of its place. */
bool check_is_balanced(Slice text) {
  size_t open = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.length; i++) {
    char ch = text.data[i];
    if (quoted && ch == '\\') i++;
    if (ch == '"') quoted = !quoted;
    if (quoted) continue;
    if (ch == '(' || ch == '[') open++;
    if ((ch == ')' || ch == ']') && open-- == 0) return false;
  }
  return open == 0 && !quoted;
}

/* ---- the phases ---------------------------------------------------------- */

static void free_check(Check *c) {
  for (uint32_t i = 0; i < c->agent_flows.length; i++) {
    map_free(&c->agent_flows.data[i]);
  }
  vec_free(&c->agent_flows);
  vec_free(&c->agent);
  vec_free(&c->flows);
  vec_free(&c->calls);
  vec_free(&c->first_call);
  vec_free(&c->endless);
  vec_free(&c->body.exporting);
  vec_free(&c->body.braces);
  vec_free(&c->body.assigns);
  scope_free(&c->body.scope);
  map_free(&c->agents);
  map_free(&c->records);
}

void check_program(AstProgram *program, TypeTable *types, Arena *arena,
                   DiagSink *sink) {
  Check c = {.program = program,
             .types = types,
             .arena = arena,
             .sink = sink,
             .error_type = TYPE_NONE,
             .guesses = GUESSES};
  program->types = types;
  check_declare(&c);
  check_callees(&c);
  check_order(&c);
  bool sound = sink->error_count == 0;
  for (uint32_t i = 0; i < c.agent.length && sound; i++) {
    check_items(&c, c.agent.data[i]);
  }
  free_check(&c);
}
