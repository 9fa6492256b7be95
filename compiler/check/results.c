/* SPDX-License-Identifier: MIT
 *
 * Third phase: the result types of flows that declare none. Such a flow has
 * the type of what its first `return` returns, or void. That expression's type
 * comes from one place in the end: a literal, an operation, a parameter, a
 * declared type, or the result of another flow, with some lists around it.
 * So every flow waits for at most one other, and one walk along each such
 * chain settles all of it. A chain that bites its tail has no type.
 */
#include <assert.h>

#include "compiler/check/check_int.h"

/* Where a type comes from: `lists` times list<> around a type or around the
 * result of a flow. */
typedef struct Origin {
  TypeId type; /* when flow is NULL */
  const AstFlow *flow;
  uint32_t lists;
} Origin;

typedef enum Progress {
  PROGRESS_NONE,
  PROGRESS_WALKING, /* on the chain that is being followed */
  PROGRESS_DONE
} Progress;

typedef struct Link {
  Origin origin;
  Progress progress;
} Link;

static bool is_empty_list(const AstExpr *expr) {
  return expr->kind == EXPR_LIST && expr->u.parts.count == 0;
}

/* The element that tells the type of a list; NULL when none does. */
static const AstExpr *telling(const AstExpr *part) {
  const AstExpr *first = part;
  while (part != NULL && is_empty_list(part)) part = part->next;
  return part != NULL ? part : first;
}

static TypeId literal_type(AstExprKind kind) {
  switch (kind) {
    case EXPR_TEXT:
    case EXPR_CONCAT:
      return TYPE_TEXT;
    case EXPR_NUM:
      return TYPE_NUM;
    case EXPR_BOOL:
      return TYPE_BOOL;
    default:
      return TYPE_NONE;
  }
}

/* One step towards the origin of an expression's type. Returns the expression
 * to go on with, or NULL when `origin` is found. */
static const AstExpr *step(const AstExpr *expr, Origin *origin) {
  const AstExpr *parts = NULL;
  if (expr->kind == EXPR_NAME) {
    const AstBinding *binding = expr->u.name.binding;
    if (binding == NULL) return NULL;
    origin->type = binding->type;
    return binding->type == TYPE_NONE ? binding->value : NULL;
  }
  if (expr->kind == EXPR_LIST) {
    parts = expr->u.parts.first;
  } else if (expr->kind == EXPR_CALL) {
    const AstCall *call = expr->u.call;
    if (call->callee == CALLEE_FLOW) origin->flow = call->flow;
    if (call->callee != CALLEE_OP) return NULL;
    OpResult result = op_table[call->op].result;
    if (result == OP_RESULT_TEXT) origin->type = TYPE_TEXT;
    if (result == OP_RESULT_VOID) origin->type = TYPE_VOID;
    if (result != OP_RESULT_LIST) return NULL;
    parts = call->args;
  } else {
    origin->type = literal_type(expr->kind);
    return NULL;
  }
  origin->lists++;
  return telling(parts);
}

static const AstStmt *first_return(const AstFlow *flow) {
  const AstStmt *stmt = flow->body.first;
  while (stmt != NULL && stmt->kind != STMT_RETURN) stmt = stmt->next;
  return stmt;
}

static Origin find_origin(const AstFlow *flow) {
  Origin origin = {TYPE_NONE, NULL, 0};
  if (flow->declared != NULL || flow->lost_head) {
    origin.type = flow->result;
    return origin;
  }
  const AstStmt *stmt = first_return(flow);
  if (stmt == NULL || stmt->expr == NULL) {
    origin.type = flow->lost_body ? TYPE_NONE : TYPE_VOID;
    return origin;
  }
  const AstExpr *expr = stmt->expr;
  while (expr != NULL) expr = step(expr, &origin);
  if (origin.type == TYPE_VOID) origin.type = TYPE_NONE; /* reported later */
  return origin;
}

/* ---- chains -------------------------------------------------------------- */

static void report_endless(Check *c, AstFlow *flow) {
  c->flow = flow;
  Diag *diag = check_fail(c, DIAG_ENDLESS_RESULT, flow->name.span,
                          "the result type of `%.*s` cannot be told",
                          SLICE_ARG(flow->name.text));
  diag->label = "it only returns what it returns itself";
  const AstStmt *result = first_return(flow);
  assert(result != NULL); /* or it would wait for nobody */
  diag->related = result->span;
  diag->related_label = "by way of this";
  diag->help = "declare it, for example: -> str";
  c->flow = NULL;
}

/* Settles the flows of `chain`, last one first. The last waits for nothing, or
 * for one of the chain: a ring, whose flows get no type. */
static void settle(Check *c, Link *links, const uint32_t *chain,
                   uint32_t count) {
  AstFlow **flows = c->flows.data;
  const AstFlow *awaited = links[chain[count - 1]].origin.flow;
  if (awaited && links[awaited->index].progress == PROGRESS_WALKING) {
    report_endless(c, flows[awaited->index]);
  }
  while (count > 0) {
    Link *link = &links[chain[--count]];
    AstFlow *flow = flows[chain[count]];
    Origin origin = link->origin;
    TypeId type = origin.flow ? origin.flow->result : origin.type;
    if (origin.flow && type == TYPE_VOID) type = TYPE_NONE;
    for (uint32_t i = 0; i < origin.lists && type != TYPE_NONE; i++) {
      type = type_list_of(c->types, type);
    }
    flow->result = type;
    link->progress = PROGRESS_DONE;
  }
}

/* Without a type inside, a list is still a list: `return []`. */
static TypeId list_of_nothing(Check *c, uint32_t lists) {
  TypeId type = TYPE_NONE;
  for (uint32_t i = 0; i < lists; i++) type = type_list_of(c->types, type);
  return type;
}

void check_results(Check *c) {
  uint32_t count = c->flows.length;
  Link *links = mem_alloc_zero(count + 1, sizeof *links);
  uint32_t *chain = mem_alloc_zero(count + 1, sizeof *chain);
  for (uint32_t i = 0; i < count; i++) {
    AstFlow *flow = c->flows.data[i];
    links[i].origin = find_origin(flow);
    Origin *origin = &links[i].origin;
    bool empty = origin->flow == NULL && origin->type == TYPE_NONE;
    if (empty && origin->lists > 0) {
      origin->type = list_of_nothing(c, origin->lists);
      origin->lists = 0;
    }
  }
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length = 0;
    const AstFlow *flow = c->flows.data[i];
    while (flow && links[flow->index].progress == PROGRESS_NONE) {
      links[flow->index].progress = PROGRESS_WALKING;
      chain[length++] = flow->index;
      flow = links[flow->index].origin.flow;
    }
    if (length > 0) settle(c, links, chain, length);
  }
  mem_free(chain);
  mem_free(links);
}
