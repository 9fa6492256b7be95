/* SPDX-License-Identifier: MIT
 *
 * Last phase, for flows without errors: what is written but has no effect.
 * Nothing after the first return counts, neither as a reader nor as something
 * to warn of but once: the program is built without it.
 */
#include "compiler/check/check_int.h"

static const AstExpr *find_model_call(const AstExpr *expr);

static const AstExpr *find_in(const AstExpr *expr) {
  const AstExpr *found = NULL;
  for (; expr != NULL && found == NULL; expr = expr->next) {
    found = find_model_call(expr);
  }
  return found;
}

/* The first model call in an expression whose result nothing else reads. */
static const AstExpr *find_model_call(const AstExpr *expr) {
  if (expr->kind == EXPR_CONCAT || expr->kind == EXPR_LIST) {
    return find_in(expr->u.parts.first);
  }
  if (expr->kind != EXPR_CALL) return NULL;
  const AstCall *call = expr->u.call;
  bool model =
      call->callee == CALLEE_OP && op_table[call->op].effect == EFFECT_MODEL;
  return model ? expr : find_in(call->args);
}

/* A model call costs money, so it is named before anything else. */
static void warn_result(Check *c, const AstExpr *call, Span span,
                        const char *label) {
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_RESULT, span,
                           "the result of `%.*s` is never read",
                           SLICE_ARG(call->u.call->name.text));
  diag->label = label;
  diag->help = "the call is removed at -O1; bind it with `-> _` to keep it";
}

static void warn_name(Check *c, const AstStmt *stmt) {
  const AstExpr *model = find_model_call(stmt->expr);
  if (model != NULL) {
    warn_result(c, model, stmt->target.name.span, "nothing reads this name");
    return;
  }
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_NAME, stmt->target.name.span,
                           "`%.*s` is never read", SLICE_ARG(stmt->target.name.text));
  diag->label = "bound here";
  diag->help = stmt->expr->kind == EXPR_CALL
                   ? "bind a value that is not needed to `_`"
                   : "remove the statement";
}

/* A call of a flow, or of print, is there for what it does. */
static void warn_value(Check *c, const AstStmt *stmt) {
  const AstExpr *expr = stmt->expr;
  const AstExpr *model = find_model_call(expr);
  if (expr->kind == EXPR_CALL) {
    const AstCall *call = expr->u.call;
    if (call->callee == CALLEE_FLOW) return;
    if (op_table[call->op].effect == EFFECT_OUTPUT) return;
  }
  if (model != NULL) {
    warn_result(c, model, model->span, "its value goes nowhere");
    return;
  }
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_VALUE, expr->span,
                           "the value of this statement is never used");
  diag->label = "its value goes nowhere";
  diag->help = "bind it with `-> name`, or remove it";
}

static void warn_params(Check *c, const AstFlow *flow) {
  for (const AstParam *param = flow->params; param; param = param->next) {
    Slice name = param->name.text;
    bool meant = slice_starts_with(name, SLICE("_"));
    if (param->binding->used || meant) continue;
    Diag *diag = diag_report(c->sink, DIAG_UNUSED_PARAM, param->name.span,
                             "parameter `%.*s` is never read", SLICE_ARG(name));
    diag->label = "not used in this flow";
    diag->help =
        diag_text(c->sink, "call it `_%.*s` if that is meant", SLICE_ARG(name));
  }
}

static void warn_unreachable(Check *c, const AstStmt *after,
                             const AstStmt *stmt) {
  Diag *diag = diag_report(c->sink, DIAG_UNREACHABLE, stmt->span,
                           "this is never reached");
  diag->label = "and what follows it neither";
  if (stmt->next == NULL) diag->label = "left out";
  diag->related = after->span;
  diag->related_label = "the flow ends here";
}

void check_usage(Check *c, AstFlow *flow) {
  warn_params(c, flow);
  if (flow->body.first == NULL) {
    Diag *diag = diag_report(c->sink, DIAG_EMPTY_FLOW, flow->name.span,
                             "flow `%.*s` has no statements",
                             SLICE_ARG(flow->name.text));
    diag->label = "does nothing";
  }
  for (const AstStmt *stmt = flow->body.first; stmt != NULL; stmt = stmt->next) {
    if (stmt->kind == STMT_EXPR) warn_value(c, stmt);
    if (stmt->target.binding != NULL && !stmt->target.binding->used) warn_name(c, stmt);
    if (stmt->kind != STMT_RETURN) continue;
    if (stmt->next != NULL) warn_unreachable(c, stmt, stmt->next);
    return;
  }
}
