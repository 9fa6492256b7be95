/* SPDX-License-Identifier: MIT
 *
 * Second phase: what every name in a flow's body means. One scope a flow:
 * parameters, then what its statements bind, each visible from the next
 * statement on. A statement that could not be read still binds its names, to
 * an error, so that one mistake is one message.
 */
#include <assert.h>

#include "compiler/check/check_int.h"

static AstBinding *find_binding(const Check *c, Slice name) {
  uint32_t row;
  return map_get(&c->names, name, &row) ? c->bindings.data[row] : NULL;
}

static void add_binding(Check *c, AstBinding *binding) {
  map_set(&c->names, binding->name.text, c->bindings.length);
  vec_push(&c->bindings, binding);
}

/* ---- reading names ------------------------------------------------------- */

/* The place where a later statement binds the name; length 0 when none. */
static Span bound_later(const Check *c, Slice name, uint32_t offset) {
  for (const AstStmt *stmt = c->flow->body.first; stmt; stmt = stmt->next) {
    bool later = stmt->kind == STMT_BIND && stmt->target.name.span.start > offset;
    if (later && slice_equal(stmt->target.name.text, name)) return stmt->target.name.span;
  }
  return (Span){0, 0};
}

static void help_undefined(Check *c, Slice name, Diag *diag) {
  uint32_t row;
  Op op;
  if (map_get(&c->agent_flows.data[c->flow->agent->index], name, &row) ||
      op_find_callable(name, &op)) {
    diag->help =
        diag_text(c->sink, "a call is written %.*s(...)", SLICE_ARG(name));
    return;
  }
  Nearest nearest = nearest_new(name, &c->guesses);
  for (uint32_t i = 0; i < c->bindings.length; i++) {
    nearest_offer(&nearest, c->bindings.data[i]->name.text);
  }
  check_suggest(c, &nearest, diag);
}

static void report_undefined(Check *c, const AstExpr *expr) {
  Slice name = expr->u.name.text;
  Diag *diag = check_fail(c, DIAG_UNDEFINED_VARIABLE, expr->span,
                          "undefined variable `%.*s`", SLICE_ARG(name));
  diag->label = "not bound in this flow";
  if (c->sink->error_count > LIMIT_DIAGNOSTICS) return; /* not kept */
  Span later = bound_later(c, name, expr->span.start);
  if (later.length == 0) {
    help_undefined(c, name, diag);
    return;
  }
  diag->label = "not bound yet";
  diag->related = later;
  diag->related_label = "bound only here";
  diag->help = "move the statement that binds it up";
}

static void resolve_name(Check *c, AstExpr *expr) {
  Slice name = expr->u.name.text;
  if (slice_equal_text(name, "_")) {
    Diag *diag = check_fail(c, DIAG_NAMELESS, expr->span, "`_` is not a value");
    diag->label = "what is bound to `_` is discarded";
    return;
  }
  AstBinding *binding = find_binding(c, name);
  expr->u.name.binding = binding;
  if (binding != NULL) {
    binding->used = binding->used || !c->returned;
  } else if (!c->flow->lost_head) {
    report_undefined(c, expr);
  }
}

static void resolve_expr(Check *c, AstExpr *expr);

static void resolve_list(Check *c, AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) resolve_expr(c, expr);
}

static void resolve_expr(Check *c, AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
    case EXPR_NUM:
    case EXPR_BOOL:
    case EXPR_ERROR:
      break;
    case EXPR_NAME:
      resolve_name(c, expr);
      break;
    case EXPR_CONCAT:
    case EXPR_LIST:
      resolve_list(c, expr->u.parts.first);
      break;
    case EXPR_CALL:
      check_callee(c, expr->u.call);
      resolve_list(c, expr->u.call->args);
      break; /* attributes are literals */
  }
}

/* ---- binding names ------------------------------------------------------- */

static AstBinding *bind_name(Check *c, AstStmt *stmt) {
  AstBinding *binding = ARENA_NEW(c->arena, AstBinding);
  binding->name = stmt->target.name;
  binding->value = stmt->expr;
  binding->type = TYPE_NONE;
  AstBinding *first = find_binding(c, stmt->target.name.text);
  if (first == NULL) {
    add_binding(c, binding);
  } else if (stmt->expr->kind != EXPR_ERROR) {
    Diag *diag =
        check_fail(c, DIAG_BOUND_TWICE, stmt->target.name.span,
                   "`%.*s` is already bound", SLICE_ARG(stmt->target.name.text));
    diag->label = "bound again here";
    diag->related = first->name.span;
    diag->related_label =
        first->is_param ? "it is a parameter" : "first bound here";
    diag->help = "give the second value a name of its own";
  }
  return binding;
}

static void resolve_stmt(Check *c, AstStmt *stmt) {
  if (stmt->expr != NULL) resolve_expr(c, stmt->expr);
  if (stmt->kind != STMT_BIND) return;
  assert(stmt->expr != NULL);
  TypeId declared = TYPE_NONE;
  if (stmt->target.declared != NULL) declared = check_written_type(c, stmt->target.declared);
  if (declared == TYPE_VOID) {
    Diag *diag = check_fail(c, DIAG_VOID_TYPE, stmt->target.declared->span,
                            "there is no value of type void");
    diag->label = "cannot be the type of a name";
    declared = TYPE_NONE;
  }
  stmt->target.declared_type = declared;
  if (slice_equal_text(stmt->target.name.text, "_")) return;
  stmt->target.binding = bind_name(c, stmt);
  stmt->target.binding->type = declared;
}

static void bind_params(Check *c, const AstFlow *flow) {
  for (AstParam *param = flow->params; param; param = param->next) {
    AstBinding *first = find_binding(c, param->name.text);
    if (first == NULL) {
      add_binding(c, param->binding);
      continue;
    }
    Diag *diag = check_fail(c, DIAG_SAME_PARAM, param->name.span,
                            "two parameters are called `%.*s`",
                            SLICE_ARG(param->name.text));
    diag->label = "the second one";
    diag->related = first->name.span;
    diag->related_label = "the first one";
  }
}

void check_names(Check *c, AstFlow *flow) {
  c->flow = flow;
  bind_params(c, flow);
  c->returned = false;
  for (AstStmt *stmt = flow->body.first; stmt != NULL; stmt = stmt->next) {
    resolve_stmt(c, stmt);
    c->returned = c->returned || stmt->kind == STMT_RETURN;
  }
  map_free(&c->names);
  c->bindings.length = 0;
  c->flow = NULL;
}
