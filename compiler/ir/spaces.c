/* SPDX-License-Identifier: MIT
 *
 * In: a checked tree. Out: a mask of spaces a flow. The masks are the least
 * fixpoint of "mine and those of all I call" over the call graph, which may
 * have cycles: one walk collects each flow's own effects and its calls, then a
 * worklist hands every gain on to the callers. A mask grows at most
 * SPACE_COUNT times, so the whole is linear in the number of calls.
 */
#include "compiler/ir/spaces.h"

#include <assert.h>

#include "core/base/mem.h"

typedef struct CallEdge {
  uint32_t caller; /* index of a flow */
  uint32_t callee;
} CallEdge;

typedef struct Summary {
  uint16_t *masks; /* by flow */
  uint32_t flow;   /* the one that is being looked at */
  bool skips;      /* some guard skips */
  VEC(CallEdge) calls;
  uint32_t *first_caller; /* by callee, into `callers`; flows + 1 */
  uint32_t *callers;      /* the calls' callers, sorted by callee */
  VEC(uint32_t) work;     /* flows whose gain the callers have not seen */
} Summary;

/* ---- collect ------------------------------------------------------------- */

static void visit(Summary *summary, const AstExpr *expr);
static void visit_stmts(Summary *summary, const AstStmt *first);

static void visit_list(Summary *summary, const AstExpr *first) {
  for (const AstExpr *expr = first; expr != NULL; expr = expr->next) {
    visit(summary, expr);
  }
}

static bool is_skip(const AstExpr *value) {
  Slice word = value->kind == EXPR_NAME ? value->u.name.text : value->u.text;
  return (value->kind == EXPR_NAME || value->kind == EXPR_TEXT) &&
         slice_equal_text(word, "skip");
}

static void visit_call(Summary *summary, const AstCall *call) {
  visit_list(summary, call->args);
  if (call->callee == CALLEE_FLOW) {
    CallEdge edge = {summary->flow, call->flow->index};
    vec_push(&summary->calls, edge);
    return;
  }
  int space = effect_space(op_table[call->op].effect);
  if (space >= 0) {
    uint16_t *mask = &summary->masks[summary->flow];
    *mask = (uint16_t)(*mask | 1u << space);
  }
  if (call->op != OP_GUARD) return;
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    if (attr->attr == ATTR_ON_FAIL && is_skip(attr->value)) {
      summary->skips = true;
    }
  }
}

static void visit(Summary *summary, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      visit_list(summary, expr->u.parts.first);
      break;
    case EXPR_BINARY:
      visit(summary, expr->u.operation.right);
      visit(summary, expr->u.operation.left);
      break;
    case EXPR_UNARY:
      visit(summary, expr->u.operation.left);
      break;
    case EXPR_FIELD:
      visit(summary, expr->u.field.base);
      break;
    case EXPR_INDEX:
      visit(summary, expr->u.index.base);
      visit(summary, expr->u.index.index);
      break;
    case EXPR_CALL:
      visit_call(summary, expr->u.call);
      break;
    default:
      break;
  }
}

static void visit_stmt(Summary *summary, const AstStmt *stmt) {
  if (stmt->expr != NULL) visit(summary, stmt->expr);
  if (stmt->control == NULL) return;
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    visit_stmts(summary, arm->body.first);
  }
}

static void visit_stmts(Summary *summary, const AstStmt *first) {
  for (const AstStmt *stmt = first; stmt != NULL; stmt = stmt->next) {
    visit_stmt(summary, stmt);
    if (stmt->kind == STMT_RETURN) break;
  }
}

/* ---- spread -------------------------------------------------------------- */

/* Sorts the calls by callee (counting sort). */
static void index_callers(Summary *summary, uint32_t flow_count) {
  uint32_t *first = mem_alloc_zero((size_t)flow_count + 2, sizeof *first);
  uint32_t count = summary->calls.length;
  for (uint32_t i = 0; i < count; i++) {
    first[summary->calls.data[i].callee + 2]++;
  }
  for (uint32_t i = 2; i < flow_count + 2; i++) first[i] += first[i - 1];
  summary->callers = mem_alloc_zero((size_t)count + 1, sizeof(uint32_t));
  for (uint32_t i = 0; i < count; i++) {
    CallEdge edge = summary->calls.data[i];
    summary->callers[first[edge.callee + 1]++] = edge.caller;
  }
  summary->first_caller = first;
}

static void spread(Summary *summary) {
  while (summary->work.length > 0) {
    uint32_t flow = vec_pop(&summary->work);
    uint32_t end = summary->first_caller[flow + 1];
    for (uint32_t i = summary->first_caller[flow]; i < end; i++) {
      uint16_t *mask = &summary->masks[summary->callers[i]];
      uint16_t gained = (uint16_t)(*mask | summary->masks[flow]);
      if (gained == *mask) continue;
      *mask = gained;
      vec_push(&summary->work, summary->callers[i]);
    }
  }
}

bool spaces_summarize(const AstProgram *ast, uint16_t *masks) {
  Summary summary = {.masks = masks};
  for (const AstAgent *agent = ast->agents; agent; agent = agent->next) {
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      assert(flow->index < ast->flow_count);
      summary.flow = flow->index;
      masks[flow->index] = 0;
      visit_stmts(&summary, flow->body.first);
    }
  }
  index_callers(&summary, ast->flow_count);
  for (uint32_t i = 0; i < ast->flow_count; i++) {
    if (masks[i] != 0) vec_push(&summary.work, i);
  }
  spread(&summary);
  vec_free(&summary.work);
  vec_free(&summary.calls);
  mem_free(summary.first_caller);
  mem_free(summary.callers);
  return summary.skips;
}
