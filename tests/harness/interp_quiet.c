/* SPDX-License-Identifier: MIT
 *
 * What a try has from outside. Its results are held until its body is quiet,
 * and that it is not before everything that it or the catch may read has come,
 * read or not. So this walks over the text of both.
 */
#include "tests/harness/interp_parts.h"

/* A walk over a try. */
typedef struct Outside {
  Interp *in;
  VEC(const AstBinding *) inner; /* bound in it */
  uint32_t depth;
} Outside;

static void walk_block(Outside *o, const AstBlock *block);

static void take(Outside *o, AstBinding *binding) {
  for (uint32_t i = 0; i < o->inner.length; i++)
    if (o->inner.data[i] == binding) return;
  uint32_t depth = interp_depth(o->in, interp_cell(o->in, binding)->cause);
  if (depth > o->depth) o->depth = depth;
}

static void walk_expr(Outside *o, const AstExpr *expr) {
  if (expr == NULL) return;
  switch (expr->kind) {
    case EXPR_NAME:
      if (expr->u.name.binding != NULL) take(o, expr->u.name.binding);
      return;
    case EXPR_CONCAT:
    case EXPR_LIST:
      for (const AstExpr *part = expr->u.parts.first; part; part = part->next)
        walk_expr(o, part);
      return;
    case EXPR_UNARY:
    case EXPR_BINARY:
      walk_expr(o, expr->u.operation.left);
      walk_expr(o, expr->u.operation.right);
      return;
    case EXPR_FIELD:
      walk_expr(o, expr->u.field.base);
      return;
    case EXPR_INDEX:
      walk_expr(o, expr->u.index.base);
      walk_expr(o, expr->u.index.index);
      return;
    case EXPR_CALL:
      for (const AstExpr *arg = expr->u.call->args; arg; arg = arg->next)
        walk_expr(o, arg);
      return;
    default:
      return;
  }
}

static void add_inner(Outside *o, const AstBinding *binding) {
  if (binding != NULL) vec_push(&o->inner, binding);
}

static void walk_control(Outside *o, const AstControl *control) {
  add_inner(o, control->variable_binding);
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    walk_block(o, &arm->body);
  for (const AstExport *e = control->exports; e != NULL; e = e->next)
    add_inner(o, e->binding);
}

static void walk_block(Outside *o, const AstBlock *block) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    walk_expr(o, stmt->expr);
    if (stmt->control != NULL) walk_control(o, stmt->control);
    const AstTarget *target = &stmt->target;
    for (; target != NULL; target = target->next) {
      if (target->binding == NULL) continue;
      if (stmt->kind == STMT_ASSIGN)
        take(o, target->binding);
      else
        add_inner(o, target->binding);
    }
  }
}

uint32_t interp_captured(Interp *in, const AstControl *control) {
  Outside o = {.in = in};
  walk_control(&o, control);
  vec_free(&o.inner);
  return o.depth;
}
