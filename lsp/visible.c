/* SPDX-License-Identifier: MIT
 *
 * Goes through the blocks that hold the place: what a statement before it has
 * bound is visible, and what a construct binds for the arm around it.
 */
#include "lsp/visible.h"

static void add(VisibleNames *names, const AstBinding *binding) {
  if (binding != NULL) vec_push(&names->list, binding);
}

static void in_block(const AstBlock *block, uint32_t offset,
                     VisibleNames *names);

static bool is_before(Span span, uint32_t offset) {
  return span.start + span.length < offset;
}

/* What a statement leaves behind. */
static void after_stmt(const AstStmt *stmt, uint32_t offset,
                       VisibleNames *names) {
  if (stmt->kind == STMT_PARALLEL) {
    in_block(&stmt->control->arms->body, offset, names);
    return;
  }
  const AstTarget *target = stmt->kind == STMT_ASSIGN ? NULL : &stmt->target;
  for (; target != NULL; target = target->next) add(names, target->binding);
  const AstExport *export = stmt->control ? stmt->control->exports : NULL;
  for (; export != NULL; export = export->next) add(names, export->binding);
}

static bool holds(Span span, uint32_t offset) {
  return offset >= span.start && offset <= span.start + span.length;
}

static void in_control(const AstStmt *stmt, uint32_t offset,
                       VisibleNames *names) {
  const AstControl *control = stmt->control;
  for (const AstArm *arm = control->arms; arm; arm = arm->next) {
    if (!holds(arm->body.span, offset)) continue;
    bool bound = stmt->kind == STMT_LOOP || arm->kind == ARM_CATCH;
    if (bound) add(names, control->variable_binding);
    in_block(&arm->body, offset, names);
  }
}

static void in_block(const AstBlock *block, uint32_t offset,
                     VisibleNames *names) {
  for (const AstStmt *stmt = block->first; stmt; stmt = stmt->next) {
    if (is_before(stmt->span, offset)) {
      after_stmt(stmt, offset, names);
    } else if (stmt->control != NULL && holds(stmt->span, offset)) {
      in_control(stmt, offset, names);
    }
  }
}

void visible_names(const AstFlow *flow, uint32_t offset, VisibleNames *names) {
  for (const AstParam *param = flow->params; param; param = param->next) {
    add(names, param->binding);
  }
  in_block(&flow->body, offset, names);
}

const AstBinding *visible_find(const VisibleNames *names, Slice name) {
  for (uint32_t i = names->list.length; i-- > 0;) {
    if (slice_equal(names->list.data[i]->name.text, name)) {
      return names->list.data[i];
    }
  }
  return NULL;
}
