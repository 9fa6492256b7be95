/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: statements without a block of their own, blocks,
 * and what can be read off the tree about prints.
 */
#include "tests/harness/interp_parts.h"

static const Cell poison = {{.kind = DATUM_POISON}, 0};

/* ---- what may print ------------------------------------------------------ */

static bool call_prints(const Interp *in, const AstCall *call) {
  if (call->callee == CALLEE_FLOW && in->prints[call->flow->index]) return true;
  if (call->callee == CALLEE_OP && call->op == OP_PRINT) return true;
  for (const AstExpr *arg = call->args; arg != NULL; arg = arg->next)
    if (interp_expr_prints(in, arg)) return true;
  return false;
}

bool interp_expr_prints(const Interp *in, const AstExpr *expr) {
  if (expr == NULL) return false;
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      for (const AstExpr *part = expr->u.parts.first; part; part = part->next)
        if (interp_expr_prints(in, part)) return true;
      return false;
    case EXPR_UNARY:
    case EXPR_BINARY:
      return interp_expr_prints(in, expr->u.operation.left) ||
             interp_expr_prints(in, expr->u.operation.right);
    case EXPR_FIELD:
      return interp_expr_prints(in, expr->u.field.base);
    case EXPR_INDEX:
      return interp_expr_prints(in, expr->u.index.base) ||
             interp_expr_prints(in, expr->u.index.index);
    case EXPR_CALL:
      return call_prints(in, expr->u.call);
    default:
      return false;
  }
}

static bool stmt_prints(const Interp *in, const AstStmt *stmt) {
  if (interp_expr_prints(in, stmt->expr)) return true;
  if (stmt->control == NULL) return false;
  for (const AstArm *arm = stmt->control->arms; arm != NULL; arm = arm->next)
    if (interp_block_prints(in, &arm->body)) return true;
  return false;
}

bool interp_block_prints(const Interp *in, const AstBlock *block) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next)
    if (stmt_prints(in, stmt)) return true;
  return false;
}

/* ---- binding ------------------------------------------------------------ */

/* As the declared type of `target`, when that says more than json. */
static Cell converted(Interp *in, const AstTarget *target, TypeId from,
                      Cell cell) {
  bool converts = target->declared != NULL && from == TYPE_JSON &&
                  target->declared_type != TYPE_JSON;
  if (!converts || cell.datum.kind >= DATUM_ABSENT) return cell;
  if (datum_convert(&cell.datum, in->types, target->declared_type, in->arena,
                    &cell.datum))
    return cell;
  return interp_fail(in, CODE_wrong_type, SLICE(""), SLICE(""), cell.cause);
}

static void bind(Interp *in, const AstTarget *target, TypeId from, Cell cell) {
  cell = converted(in, target, from, cell);
  cell.cause = interp_join(in, cell.cause, in->control);
  if (target->binding == NULL)
    interp_observe(in, cell.cause);
  else
    *interp_cell(in, target->binding) = cell;
}

static Cell part_of(Interp *in, const Cell *whole, uint32_t index) {
  if (whole->datum.kind >= DATUM_ABSENT) return *whole;
  bool has_parts =
      whole->datum.kind == DATUM_LIST || whole->datum.kind == DATUM_MAP;
  if (!has_parts)
    return interp_fail(in, CODE_wrong_type, SLICE(""), SLICE(""), whole->cause);
  if (index >= whole->datum.count)
    return interp_fail(in, CODE_out_of_range, SLICE(""), SLICE(""),
                       whole->cause);
  return (Cell){whole->datum.items[index], whole->cause};
}

/* The type of part `index` of a list, a record or json. */
static TypeId part_type(const Interp *in, TypeId whole, uint32_t index) {
  const TypeRow *row = &in->types.rows[whole];
  if (row->kind == TYPE_KIND_LIST) return row->element;
  if (row->kind != TYPE_KIND_RECORD) return TYPE_JSON;
  const TypeRecord *record = &in->types.records[row->element];
  return in->types.fields[record->first_field + index].type;
}

static Cell bind_all(Interp *in, const AstStmt *stmt, Cell cell) {
  const AstTarget *target = &stmt->target;
  if (target->next == NULL) {
    bind(in, target, stmt->expr->type, cell);
    return target->binding == NULL ? cell : *interp_cell(in, target->binding);
  }
  uint32_t index = 0;
  for (; target != NULL; target = target->next, index++)
    bind(in, target, part_type(in, stmt->expr->type, index),
         part_of(in, &cell, index));
  return cell;
}

static Cell assign(Interp *in, const AstStmt *stmt) {
  Cell cell = interp_named(in, stmt->expr, stmt->target.name.text);
  cell.cause = interp_join(in, cell.cause, in->control);
  *interp_cell(in, stmt->target.binding) = cell;
  return cell;
}

/* ---- statements --------------------------------------------------------- */

static bool is_model_call(const AstExpr *expr) {
  return expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_OP &&
         op_table[expr->u.call->op].effect == EFFECT_MODEL;
}

/* The optimizer leaves out a model call that nobody reads, and its failure. */
static void note_unread(Interp *in, const AstStmt *stmt, Cell cell) {
  const AstBinding *binding = stmt->target.binding;
  bool is_bound = stmt->kind == STMT_BIND;
  bool is_read = is_bound && (binding == NULL || binding->used);
  if (cell.datum.kind == DATUM_POISON && is_model_call(stmt->expr) && !is_read)
    interp_undecided(in, "a model call fails that nobody reads");
}

static bool is_err(const AstStmt *stmt) {
  return stmt->expr->kind == EXPR_CALL &&
         stmt->expr->u.call->callee == CALLEE_OP &&
         stmt->expr->u.call->op == OP_ERR;
}

static Step execute(Interp *in, const AstStmt *stmt) {
  Step step = {WAY_ON, {{0}, 0}};
  switch (stmt->kind) {
    case STMT_BIND: {
      bool is_named = stmt->target.binding != NULL;
      Cell cell = interp_named(in, stmt->expr,
                               is_named ? stmt->target.name.text : SLICE(""));
      note_unread(in, stmt, cell);
      step.value = bind_all(in, stmt, cell);
      return step;
    }
    case STMT_ASSIGN:
      step.value = assign(in, stmt);
      return step;
    case STMT_EXPR:
      step.value = interp_expr(in, stmt->expr);
      note_unread(in, stmt, step.value);
      if (is_err(stmt)) step.way = WAY_ENDED;
      return step;
    case STMT_RETURN:
      step.way = WAY_RETURNED;
      if (stmt->expr != NULL) step.value = interp_expr(in, stmt->expr);
      step.value.cause = interp_join(in, step.value.cause, in->control);
      return step;
    default:
      return interp_control(in, stmt);
  }
}

static bool rest_prints(const Interp *in, const AstStmt *stmt) {
  for (; stmt != NULL; stmt = stmt->next)
    if (stmt_prints(in, stmt)) return true;
  return false;
}

Step interp_inline(Interp *in, const AstBlock *block) {
  Step step = {WAY_ON, {{0}, 0}};
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    if (interp_gave_up(in)) return (Step){WAY_ENDED, poison};
    step = execute(in, stmt);
    if (step.way == WAY_STUCK && rest_prints(in, stmt->next))
      in->scope->chain_broken = true;
    if (step.way != WAY_ON) return step;
  }
  return step;
}

enum { FENCE_OPEN = UINT32_MAX };

/* What follows waits for all that was asked in the block. */
void interp_fence(Interp *in) {
  const InterpOutcome *outcome = in->outcome;
  uint32_t depth = 0;
  for (uint32_t i = in->block_from; i < outcome->requests.length; i++)
    if (outcome->requests.data[i].depth > depth)
      depth = outcome->requests.data[i].depth;
  in->control = interp_after(in, in->control, depth);
  InterpFence fence = {in->block_from, in->outcome->requests.length,
                       FENCE_OPEN};
  vec_push(&in->outcome->fences, fence);
}

Step interp_block(Interp *in, const AstBlock *block) {
  InterpOutcome *outcome = in->outcome;
  uint32_t before = in->block_from;
  Cause control = in->control;
  uint32_t fences = outcome->fences.length;
  in->block_from = outcome->requests.length;
  Step step = interp_inline(in, block);
  in->block_from = before;
  if (!block->returns) in->control = control;
  for (uint32_t i = fences; i < outcome->fences.length; i++)
    if (outcome->fences.data[i].to == FENCE_OPEN)
      outcome->fences.data[i].to = outcome->requests.length;
  return step;
}
