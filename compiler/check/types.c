/* SPDX-License-Identifier: MIT
 *
 * Fourth phase: the type of every expression, bottom up, and whether it suits
 * the place it stands in. TYPE_NONE is the type of what was reported already;
 * it suits every place, so one mistake is one message.
 */
#include "compiler/check/check_int.h"

static TypeId type_expr(Check *c, AstExpr *expr);

/* The type of an expression whose value is needed. */
static TypeId type_value(Check *c, AstExpr *expr) {
  TypeId type = type_expr(c, expr);
  if (type != TYPE_VOID) return type;
  const AstCall *call = expr->u.call; /* nothing else is void */
  Diag *diag = check_fail(c, DIAG_NO_VALUE, expr->span, "`%.*s` has no value",
                          SLICE_ARG(call->name.text));
  diag->label = "a value is needed here";
  diag->help = "it returns nothing; make the call a statement of its own";
  return expr->type = TYPE_NONE;
}

static void type_all(Check *c, AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) type_value(c, expr);
}

/* `+` goes from left to right: once one side is text, all of it is. */
static TypeId type_concat(Check *c, AstExpr *expr) {
  AstExpr *left = expr->u.parts.first;
  AstExpr *right = left->next;
  type_all(c, left);
  bool known = left->type != TYPE_NONE && right->type != TYPE_NONE;
  if (!known || left->type == TYPE_TEXT || right->type == TYPE_TEXT) {
    return TYPE_TEXT;
  }
  Span span = {left->span.start,
               right->span.start + right->span.length - left->span.start};
  Diag *diag =
      check_fail(c, DIAG_NO_TEXT_SIDE, span, "`+` needs a text on one side");
  diag->label = diag_text(c->sink, "%s + %s", check_type_text(c, left->type),
                          check_type_text(c, right->type));
  diag->help =
      "`+` joins texts; a text in front makes all of it one: "
      "\"\" + a + b";
  return TYPE_TEXT;
}

static TypeId wrap_list(Check *c, Span span, TypeId element) {
  TypeId type = type_list_of(c->types, element);
  if (type != TYPE_NONE) return type;
  Diag *diag =
      check_fail(c, DIAG_TYPE_DEPTH, span, "lists nested deeper than %d levels",
                 LIMIT_TYPE_DEPTH);
  diag->label = "too deep";
  return type;
}

TypeId check_same_types(Check *c, const AstExpr *part, DiagCode code,
                        const char *of_what) {
  TypeId common = TYPE_NONE;
  const AstExpr *first = part;
  for (; part != NULL; part = part->next) {
    TypeId before = common;
    if (check_common_type(c, before, part->type, &common)) {
      if (before == TYPE_NONE) first = part;
      continue;
    }
    Diag *diag =
        check_fail(c, code, part->span, "%s of different types", of_what);
    diag->label =
        diag_text(c->sink, "this is %s", check_type_text(c, part->type));
    diag->related = first->span;
    diag->related_label =
        diag_text(c->sink, "this is %s", check_type_text(c, common));
    return TYPE_NONE;
  }
  return common;
}

static TypeId type_list(Check *c, AstExpr *expr) {
  type_all(c, expr->u.parts.first);
  TypeId element = check_same_types(c, expr->u.parts.first, DIAG_LIST_TYPES,
                                    "a list with elements");
  return wrap_list(c, expr->span, element);
}

static TypeId type_call(Check *c, AstExpr *expr) {
  AstCall *call = expr->u.call;
  type_all(c, call->args);
  TypeId type = check_call_type(c, expr);
  bool waits =
      call->callee == CALLEE_OP && op_table[call->op].result == OP_RESULT_LIST;
  return waits ? wrap_list(c, expr->span, type) : type;
}

static TypeId type_expr(Check *c, AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
      return expr->type = TYPE_TEXT;
    case EXPR_NUM:
      return expr->type = TYPE_NUM;
    case EXPR_BOOL:
      return expr->type = TYPE_BOOL;
    case EXPR_NAME: {
      const AstBinding *binding = expr->u.name.binding;
      return expr->type = binding != NULL ? binding->type : TYPE_NONE;
    }
    case EXPR_CONCAT:
      return expr->type = type_concat(c, expr);
    case EXPR_LIST:
      return expr->type = type_list(c, expr);
    case EXPR_CALL:
      return expr->type = type_call(c, expr);
    case EXPR_ERROR:
      break;
  }
  return expr->type = TYPE_NONE;
}

/* ---- statements ---------------------------------------------------------- */

static void type_bind(Check *c, AstStmt *stmt) {
  bool discards = stmt->target.binding == NULL && stmt->target.declared == NULL;
  TypeId type = discards ? type_expr(c, stmt->expr) : type_value(c, stmt->expr);
  TypeId declared = stmt->target.declared_type;
  if (stmt->target.declared == NULL && stmt->target.binding != NULL) {
    stmt->target.binding->type = type;
  }
  if (stmt->target.declared == NULL || check_fits(c, type, declared)) return;
  Diag *diag =
      check_fail(c, DIAG_BINDING_TYPE, stmt->expr->span,
                 "`%.*s` is declared as %s, not %s", SLICE_ARG(stmt->target.name.text),
                 check_type_text(c, declared), check_type_text(c, type));
  diag->label = diag_text(c->sink, "this is %s", check_type_text(c, type));
  diag->related = stmt->target.declared->span;
  diag->related_label = "declared here";
}

static void report_return(Check *c, const AstStmt *stmt, const char *actual) {
  const AstFlow *flow = c->flow;
  Span span = stmt->expr != NULL ? stmt->expr->span : stmt->span;
  Diag *diag = check_fail(
      c, DIAG_RETURN_TYPE, span, "`%.*s` returns %s, not %s",
      SLICE_ARG(flow->name.text), check_type_text(c, flow->result), actual);
  diag->label = diag_text(c->sink, "this is %s", actual);
  if (stmt->expr == NULL) diag->label = "returns nothing";
  if (flow->declared != NULL) {
    diag->related = flow->declared->span;
    diag->related_label = "declared here";
  } else {
    diag->help = "declare the flow's result type";
  }
}

static void report_conflict(Check *c, const AstStmt *stmt, const AstStmt *first,
                            const char *actual) {
  Span span = stmt->expr != NULL ? stmt->expr->span : stmt->span;
  Diag *diag = check_fail(c, DIAG_RETURN_CONFLICT, span,
                          "`%.*s` returns values of different types",
                          SLICE_ARG(c->flow->name.text));
  diag->label = diag_text(c->sink, "this is %s", actual);
  if (stmt->expr == NULL) diag->label = "returns nothing";
  diag->related = first->span;
  diag->related_label =
      diag_text(c->sink, "this is %s", check_type_text(c, c->flow->result));
}

/* `first` is the flow's first return, maybe this one. */
static void type_return(Check *c, const AstStmt *stmt, const AstStmt *first) {
  TypeId result = c->flow->result;
  TypeId type = TYPE_VOID;
  if (stmt->expr != NULL) type = type_value(c, stmt->expr);
  if (check_fits(c, type, result)) return;
  const char *actual = check_type_text(c, type);
  if (c->flow->declared != NULL || stmt == first) {
    report_return(c, stmt, actual);
  } else {
    report_conflict(c, stmt, first, actual);
  }
}

static void report_no_return(Check *c, const AstFlow *flow) {
  Diag *diag =
      check_fail(c, DIAG_MISSING_RETURN, flow->end_span,
                 "`%.*s` ends without a return", SLICE_ARG(flow->name.text));
  diag->label = diag_text(c->sink, "a value of type %s is due here",
                          check_type_text(c, flow->result));
  diag->related = flow->declared->span;
  diag->related_label = "promised here";
}

void check_types(Check *c, AstFlow *flow) {
  c->flow = flow;
  const AstStmt *first = NULL;
  for (AstStmt *stmt = flow->body.first; stmt != NULL; stmt = stmt->next) {
    switch (stmt->kind) {
      case STMT_BIND:
        type_bind(c, stmt);
        break;
      case STMT_EXPR:
        type_expr(c, stmt->expr);
        break;
      case STMT_RETURN:
        if (first == NULL) first = stmt;
        type_return(c, stmt, first);
        break;
    }
  }
  bool due = flow->declared != NULL && flow->result != TYPE_VOID &&
             flow->result != TYPE_NONE;
  if (due && first == NULL && !flow->lost_body && !flow->lost_head) {
    report_no_return(c, flow);
  }
  c->flow = NULL;
}
