/* SPDX-License-Identifier: MIT
 *
 * Operators: which types they take and what comes out.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"

#define is_or_unknown(type, wanted) ((type) == (wanted) || (type) == TYPE_NONE)

/* ---- + ------------------------------------------------------------------- */

static void report_sum(Check *c, const AstExpr *left, const AstExpr *right) {
  Span span = {left->span.start,
               right->span.start + right->span.length - left->span.start};
  Diag *diag =
      check_fail(c, DIAG_NO_TEXT_SIDE, span,
                 "`+` needs two numbers, or a text on one side");
  if (!check_is_heard(c)) return;
  diag->label = diag_text(c->sink, "%s + %s", check_type_text(c, left->type),
                          check_type_text(c, right->type));
  const AstExpr *json = left->type == TYPE_JSON ? left : right;
  diag->help = "a text in front makes all of it one: \"\" + a + b";
  if (json->type == TYPE_JSON) check_help_value(c, json, TYPE_NUM, diag);
}

/* How many parts there are before the first text; all of them when there is
 * none. */
static uint32_t parts_before_text(const AstExpr *expr) {
  uint32_t count = 0;
  const AstExpr *part = expr->u.parts.first;
  while (part != NULL && part->type != TYPE_TEXT) {
    part = part->next;
    count++;
  }
  return count;
}

/* The first `count` parts are added as numbers. TYPE_NONE when one is none. */
static TypeId type_sum(Check *c, const AstExpr *expr, uint32_t count) {
  TypeId type = TYPE_NUM;
  const AstExpr *part = expr->u.parts.first;
  for (uint32_t i = 0; i + 1 < count; i++) {
    const AstExpr *next = part->next;
    bool numbers = is_or_unknown(part->type, TYPE_NUM) &&
                   is_or_unknown(next->type, TYPE_NUM);
    if (!numbers) {
      report_sum(c, part, next);
      return TYPE_NONE;
    }
    bool known = part->type != TYPE_NONE && next->type != TYPE_NONE;
    if (!known && !c->numbers) type = TYPE_NONE;
    part = next;
  }
  return type;
}

/* `+` goes from left to right: numbers are added until a text comes, which
 * makes all that follows text. */
TypeId check_concat(Check *c, AstExpr *expr) {
  check_values(c, expr->u.parts.first);
  uint32_t numbers = parts_before_text(expr);
  bool text = expr->braces || numbers < expr->u.parts.count;
  expr->u.parts.numbers = 0;
  if (numbers < 2) return TYPE_TEXT;
  TypeId sum = type_sum(c, expr, numbers);
  if (sum == TYPE_NUM) expr->u.parts.numbers = numbers;
  return text ? TYPE_TEXT : sum;
}

/* ---- the others ---------------------------------------------------------- */

static void report_operand(Check *c, const AstExpr *operand, const char *sign,
                           TypeId want) {
  Diag *diag = check_fail(c, DIAG_OPERAND_TYPE, operand->span,
                          "`%s` needs %s", sign,
                          want == TYPE_NUM ? "numbers" : "bools");
  diag->label = check_this_is(c, operand->type);
  check_help_value(c, operand, want, diag);
}

static void want_operand(Check *c, AstExpr *operand, const char *sign,
                         TypeId want) {
  TypeId type = check_value(c, operand);
  if (!is_or_unknown(type, want)) report_operand(c, operand, sign, want);
}

TypeId check_unary(Check *c, AstExpr *expr) {
  bool number = expr->u.operation.op == OP_NEG;
  TypeId type = number ? TYPE_NUM : TYPE_BOOL;
  want_operand(c, expr->u.operation.left, number ? "-" : "!", type);
  return type;
}

static void report_compared(Check *c, const AstExpr *expr, const char *why) {
  const AstExpr *left = expr->u.operation.left;
  const AstExpr *right = expr->u.operation.right;
  Diag *diag = check_fail(c, DIAG_COMPARED_TYPES, expr->span,
                          "`%s` between %s and %s",
                          op_table[expr->u.operation.op].text,
                          check_type_text(c, left->type),
                          check_type_text(c, right->type));
  diag->label = why;
}

static bool is_plain(TypeId type) {
  return type == TYPE_TEXT || type == TYPE_NUM || type == TYPE_BOOL ||
         type == TYPE_JSON;
}

static void check_equality(Check *c, const AstExpr *expr) {
  TypeId left = expr->u.operation.left->type;
  TypeId right = expr->u.operation.right->type;
  bool literal = expr->u.operation.left->kind == EXPR_TEXT ||
                 expr->u.operation.right->kind == EXPR_TEXT;
  if (literal && !c->body.unreachable) vec_push(&c->body.compared, expr);
  if (left == TYPE_NONE || right == TYPE_NONE) return;
  if (left == TYPE_JSON || right == TYPE_JSON) return;
  if (left != right) {
    report_compared(c, expr, "they are never equal");
  } else if (!is_plain(left)) {
    report_compared(c, expr, "only str, num, bool and json compare");
  }
}

static void check_order_of(Check *c, const AstExpr *expr) {
  TypeId left = expr->u.operation.left->type;
  TypeId right = expr->u.operation.right->type;
  if (left == TYPE_NONE || right == TYPE_NONE) return;
  bool same = left == right && (left == TYPE_NUM || left == TYPE_TEXT);
  if (same) return;
  report_compared(c, expr, "only two numbers or two texts have an order");
}

TypeId check_binary(Check *c, AstExpr *expr) {
  Op op = expr->u.operation.op;
  AstExpr *left = expr->u.operation.left;
  AstExpr *right = expr->u.operation.right;
  const char *sign = op_table[op].text;
  switch (op) {
    case OP_EQ:
    case OP_NE:
      check_value(c, left);
      check_value(c, right);
      check_equality(c, expr);
      return TYPE_BOOL;
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
      check_value(c, left);
      check_value(c, right);
      check_order_of(c, expr);
      return TYPE_BOOL;
    case OP_AND:
    case OP_OR:
      want_operand(c, left, sign, TYPE_BOOL);
      want_operand(c, right, sign, TYPE_BOOL);
      return TYPE_BOOL;
    default:
      want_operand(c, left, sign, TYPE_NUM);
      want_operand(c, right, sign, TYPE_NUM);
      return TYPE_NUM;
  }
}
