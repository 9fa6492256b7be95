/* SPDX-License-Identifier: MIT
 *
 * Which model calls are read for certain, whatever the optimizer may find out:
 * their value comes to a print, a result, a condition that decides about one,
 * by names that are bound once. Such a call is made where the text has it, even
 * if what reads it is not reached. Of other calls only the reading itself tells
 * whether they were needed.
 *
 * Names are marked in `binding->level`, which nobody else uses in this tree.
 * Marks grow until nothing changes.
 */
#include "tests/harness/interp_parts.h"

static void walk_block(Interp *in, const AstBlock *block, bool value_read);

static bool is_marked(const AstBinding *binding) {
  return binding != NULL && binding->level != 0;
}

static void mark(Interp *in, AstBinding *binding) {
  if (binding == NULL || binding->level != 0 || binding->assigned) return;
  binding->level = 1;
  in->marks_grew = true;
}

bool interp_is_read(const Interp *in, const AstCall *call) {
  for (uint32_t i = 0; i < in->read_calls.length; i++)
    if (in->read_calls.data[i] == call) return true;
  return false;
}

/* ---- expressions whose value is read ------------------------------------ */

static void read_expr(Interp *in, const AstExpr *expr);

static void read_all(Interp *in, const AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) read_expr(in, expr);
}

static void read_call(Interp *in, const AstCall *call) {
  if (!interp_is_read(in, call)) vec_push(&in->read_calls, call);
  read_all(in, call->args);
}

static void read_expr(Interp *in, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_NAME:
      mark(in, expr->u.name.binding);
      return;
    case EXPR_CONCAT:
    case EXPR_LIST:
      read_all(in, expr->u.parts.first);
      return;
    case EXPR_UNARY:
      read_expr(in, expr->u.operation.left);
      return;
    case EXPR_BINARY:
      read_expr(in, expr->u.operation.left);
      read_expr(in, expr->u.operation.right);
      return;
    case EXPR_FIELD:
      read_expr(in, expr->u.field.base);
      return;
    case EXPR_INDEX:
      read_expr(in, expr->u.index.base);
      read_expr(in, expr->u.index.index);
      return;
    case EXPR_CALL:
      read_call(in, expr->u.call);
      return;
    default:
      return;
  }
}

/* ---- expressions whose value may be left out ----------------------------- */

static void keep_expr(Interp *in, const AstExpr *expr);

static void keep_all(Interp *in, const AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) keep_expr(in, expr);
}

static void keep_call(Interp *in, const AstCall *call) {
  bool prints = call->callee == CALLEE_FLOW ? in->prints[call->flow->index]
                                            : call->op == OP_PRINT;
  if (prints)
    read_call(in, call);
  else
    keep_all(in, call->args);
}

/* What prints in it is not left out, and reads its arguments. */
static void keep_expr(Interp *in, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      keep_all(in, expr->u.parts.first);
      return;
    case EXPR_UNARY:
      keep_expr(in, expr->u.operation.left);
      return;
    case EXPR_BINARY: {
      const AstExpr *right = expr->u.operation.right;
      bool branches =
          expr->u.operation.op == OP_AND || expr->u.operation.op == OP_OR;
      if (branches && interp_expr_prints(in, right))
        read_expr(in, expr->u.operation.left);
      keep_expr(in, expr->u.operation.left);
      keep_expr(in, right);
      return;
    }
    case EXPR_FIELD:
      keep_expr(in, expr->u.field.base);
      return;
    case EXPR_INDEX:
      keep_expr(in, expr->u.index.base);
      keep_expr(in, expr->u.index.index);
      return;
    case EXPR_CALL:
      keep_call(in, expr->u.call);
      return;
    default:
      return;
  }
}

/* ---- statements --------------------------------------------------------- */

static void walk_binding(Interp *in, const AstStmt *stmt, bool value_read) {
  bool is_read = value_read;
  for (const AstTarget *target = &stmt->target; target; target = target->next)
    is_read |= target->binding == NULL || is_marked(target->binding);
  if (is_read)
    read_expr(in, stmt->expr);
  else
    keep_expr(in, stmt->expr);
}

/* Whether it matters which arm is taken, or how often. */
static bool decides(const Interp *in, const AstControl *control) {
  bool has_result = in->walked->result != TYPE_VOID;
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    if ((arm->body.returns && has_result) ||
        interp_block_prints(in, &arm->body))
      return true;
  for (const AstExport *e = control->exports; e != NULL; e = e->next)
    if (is_marked(e->binding)) return true;
  return false;
}

static void walk_construct(Interp *in, const AstStmt *stmt, bool value_read) {
  const AstControl *control = stmt->control;
  bool is_bound = stmt->target.name.text.length > 0;
  bool is_read =
      is_bound ? stmt->target.binding == NULL || is_marked(stmt->target.binding)
               : value_read;
  if (stmt->expr != NULL && (is_read || decides(in, control)))
    read_expr(in, stmt->expr);
  for (const AstExport *e = control->exports; e != NULL; e = e->next)
    for (uint32_t i = 0; is_marked(e->binding) && i < control->arm_count; i++)
      mark(in, e->inner[i]);
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    walk_block(in, &arm->body, is_read);
}

static void walk_block(Interp *in, const AstBlock *block, bool value_read) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    bool is_read = value_read && stmt->next == NULL;
    if (stmt->control != NULL)
      walk_construct(in, stmt, is_read);
    else if (stmt->kind == STMT_BIND)
      walk_binding(in, stmt, is_read);
    else if (stmt->expr != NULL && (is_read || stmt->kind == STMT_RETURN))
      read_expr(in, stmt->expr);
    else if (stmt->expr != NULL)
      keep_expr(in, stmt->expr);
  }
}

void interp_find_read(Interp *in) {
  do {
    in->marks_grew = false;
    for (const AstAgent *agent = in->program->agents; agent;
         agent = agent->next)
      for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
        in->walked = flow;
        walk_block(in, &flow->body, false);
      }
  } while (in->marks_grew);
}
