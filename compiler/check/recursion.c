/* SPDX-License-Identifier: MIT
 *
 * Recursion without a base case: flows that call each other, or themselves, on
 * every path. A flow of a ring comes to an end if some path through it calls
 * none that does not; what is left when no more are found never ends. Looking
 * from the innermost flow outwards, one round finds nearly all of them.
 */
#include "compiler/check/body.h"
#include "compiler/check/check_int.h"
#include "compiler/check/visit.h"

enum { ROUNDS_MAX = 8 }; /* then nothing is said: this is only a warning */

typedef struct Paths {
  bool falls;  /* some path reaches the end */
  bool leaves; /* some path returns or fails before */
} Paths;

/* The first call in the expression, on every path through it, of a flow that
 * is not known to end. */
static const AstExpr *find_endless(const Check *c, const AstExpr *expr);

static const AstExpr *find_in_list(const Check *c, const AstExpr *expr) {
  const AstExpr *found = NULL;
  for (; expr != NULL && found == NULL; expr = expr->next) {
    found = find_endless(c, expr);
  }
  return found;
}

static const AstExpr *find_in_binary(const Check *c, const AstExpr *expr) {
  const AstExpr *found = find_endless(c, expr->u.operation.left);
  Op op = expr->u.operation.op;
  if (found != NULL || op == OP_AND || op == OP_OR) return found;
  return find_endless(c, expr->u.operation.right);
}

static const AstExpr *find_endless(const Check *c, const AstExpr *expr) {
  const AstExpr *found;
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      return find_in_list(c, expr->u.parts.first);
    case EXPR_UNARY:
      return find_endless(c, expr->u.operation.left);
    case EXPR_BINARY:
      return find_in_binary(c, expr);
    case EXPR_FIELD:
      return find_endless(c, expr->u.field.base);
    case EXPR_INDEX:
      found = find_endless(c, expr->u.index.base);
      return found ? found : find_endless(c, expr->u.index.index);
    case EXPR_CALL: {
      const AstCall *call = expr->u.call;
      bool endless = call->callee == CALLEE_FLOW &&
                     c->endless.data[call->flow->index];
      return endless ? expr : find_in_list(c, call->args);
    }
    default:
      return NULL;
  }
}

static Paths block_paths(const Check *c, const AstBlock *block);

/* One of the arms is taken. */
static Paths any_arm(const Check *c, const AstStmt *stmt) {
  Paths paths = {false, false};
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    Paths one = block_paths(c, &arm->body);
    paths.falls = paths.falls || one.falls;
    paths.leaves = paths.leaves || one.leaves;
  }
  return paths;
}

static bool has_default(const AstStmt *stmt) {
  const AstArm *arm = stmt->control->arms;
  while (arm != NULL && arm->kind != ARM_DEFAULT) arm = arm->next;
  return arm != NULL;
}

static Paths stmt_paths(const Check *c, const AstStmt *stmt) {
  if (stmt->expr && find_endless(c, stmt->expr)) return (Paths){false, false};
  if (stmt->control == NULL) {
    bool ends = check_stmt_ends(stmt);
    return (Paths){!ends, ends};
  }
  Paths paths = any_arm(c, stmt);
  switch (stmt->kind) {
    case STMT_IF:
      paths.falls = paths.falls || stmt->control->arm_count < 2;
      break;
    case STMT_SWITCH: /* without a match it fails */
      paths.leaves = paths.leaves || !has_default(stmt);
      break;
    case STMT_LOOP:
    case STMT_WHILE: /* maybe not a single step */
      paths.falls = true;
      break;
    default:
      break;
  }
  return paths;
}

static Paths block_paths(const Check *c, const AstBlock *block) {
  Paths paths = {true, false};
  const AstStmt *stmt = block->first;
  for (; stmt != NULL && paths.falls; stmt = stmt->next) {
    Paths one = stmt_paths(c, stmt);
    paths.falls = one.falls;
    paths.leaves = paths.leaves || one.leaves;
  }
  return paths;
}

/* ---- the warning --------------------------------------------------------- */

static void keep_endless_call(void *context, AstExpr *expr) {
  AstExpr **found = context;
  if (*found == NULL && expr->kind == EXPR_CALL &&
      expr->u.call->callee == CALLEE_FLOW) {
    *found = expr;
  }
}

/* The first call of a flow of the ring, for the second place. */
static const AstExpr *first_call(const Check *c, AstFlow *flow) {
  for (const AstStmt *stmt = flow->body.first; stmt; stmt = stmt->next) {
    const AstExpr *found = stmt->expr ? find_endless(c, stmt->expr) : NULL;
    if (found != NULL) return found;
  }
  AstExpr *any = NULL;
  check_visit_block(&flow->body, keep_endless_call, &any);
  return any;
}

static void warn(Check *c, AstFlow *flow, bool alone) {
  const AstExpr *call = first_call(c, flow);
  Diag *diag = diag_report(
      c->sink, DIAG_ENDLESS_RECURSION, flow->name.span,
      alone ? "`%.*s` calls itself on every path"
            : "`%.*s` and the flows it calls call each other on every path",
      SLICE_ARG(flow->name.text));
  diag->label = "never comes to an end";
  if (call != NULL) {
    diag->related = call->u.call->name.span;
    diag->related_label = alone ? "by this call" : "beginning with this call";
  }
  diag->help = "return without the call when there is nothing left to do: "
               "if (n <= 0) { return ... }";
}

/* Removes from the flows taken for endless those that end. */
static uint32_t remove_ending(Check *c, const uint32_t *members,
                              uint32_t count) {
  uint32_t removed = 0;
  for (uint32_t i = count; i > 0; i--) {
    uint32_t flow = members[i - 1];
    if (!c->endless.data[flow]) continue;
    Paths paths = block_paths(c, &c->flows.data[flow]->body);
    if (!paths.falls && !paths.leaves) continue;
    c->endless.data[flow] = false;
    removed++;
  }
  return removed;
}

void check_recursion(Check *c, const uint32_t *members, uint32_t count) {
  uint32_t left = count;
  uint32_t removed = 1;
  for (uint32_t i = 0; i < count; i++) c->endless.data[members[i]] = true;
  for (int round = 0; round < ROUNDS_MAX && removed > 0; round++) {
    removed = remove_ending(c, members, count);
    left -= removed;
  }
  AstFlow *first = NULL;
  bool faulty = false;
  for (uint32_t i = 0; i < count; i++) {
    AstFlow *flow = c->flows.data[members[i]];
    faulty = faulty || flow->faulty;
    if (!c->endless.data[members[i]]) continue;
    if (first == NULL || flow->index < first->index) first = flow;
  }
  if (removed == 0 && left > 0 && !faulty) warn(c, first, left == 1);
  for (uint32_t i = 0; i < count; i++) c->endless.data[members[i]] = false;
}
