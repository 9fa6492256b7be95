/* SPDX-License-Identifier: MIT
 *
 * Every expression of a flow, in order of text, parents before their parts.
 * Attributes are literals and not visited. Recursion is as deep as the program
 * is nested, which the parser limits.
 */
#include "compiler/check/visit.h"

void check_visit_exprs(AstExpr *expr, CheckVisit *visit, void *context) {
  for (; expr != NULL; expr = expr->next) {
    check_visit_expr(expr, visit, context);
  }
}

void check_visit_expr(AstExpr *expr, CheckVisit *visit, void *context) {
  visit(context, expr);
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      check_visit_exprs(expr->u.parts.first, visit, context);
      break;
    case EXPR_UNARY:
      check_visit_expr(expr->u.operation.left, visit, context);
      break;
    case EXPR_BINARY:
      check_visit_expr(expr->u.operation.left, visit, context);
      check_visit_expr(expr->u.operation.right, visit, context);
      break;
    case EXPR_FIELD:
      check_visit_expr(expr->u.field.base, visit, context);
      break;
    case EXPR_INDEX:
      check_visit_expr(expr->u.index.base, visit, context);
      check_visit_expr(expr->u.index.index, visit, context);
      break;
    case EXPR_CALL:
      check_visit_exprs(expr->u.call->args, visit, context);
      break;
    default:
      break;
  }
}

void check_visit_block(AstBlock *block, CheckVisit *visit, void *context) {
  for (AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    if (stmt->expr != NULL) check_visit_expr(stmt->expr, visit, context);
    if (stmt->control == NULL) continue;
    for (AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
      check_visit_block(&arm->body, visit, context);
    }
  }
}
