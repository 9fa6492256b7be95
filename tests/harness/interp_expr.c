/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: expressions, operators, access to parts.
 */
#include <math.h>

#include "tests/harness/interp_parts.h"

static Cell given(Datum datum, Cause cause) {
  return (Cell){datum, cause};
}

static Cell unwritten(DatumKind kind, Cause cause) {
  return (Cell){datum_of(kind), cause};
}

static Cell fail(Interp *in, FailureCode code, Cause cause) {
  return interp_fail(in, code, SLICE(""), SLICE(""), cause);
}

/* ---- names -------------------------------------------------------------- */

static bool is_open(const Datum *datum) {
  if (datum->kind != DATUM_MAP) return datum->kind == DATUM_OPEN;
  for (uint32_t i = 0; i < datum->count; i++)
    if (datum->items[i].kind == DATUM_OPEN) return true;
  return false;
}

static Cell name_value(Interp *in, const AstExpr *expr) {
  Cell cell = *interp_cell(in, expr->u.name.binding);
  if (is_open(&cell.datum))
    interp_undecided(in, "it looks at a failure that may be another one");
  return cell;
}

/* ---- numbers and texts --------------------------------------------------- */

static Cell arithmetic(Interp *in, Op op, double a, double b, Cause cause) {
  double result = 0;
  switch (op) {
    case OP_ADD:
      result = a + b;
      break;
    case OP_SUB:
      result = a - b;
      break;
    case OP_MUL:
      result = a * b;
      break;
    case OP_DIV:
      result = a / b;
      break;
    default:
      result = fmod(a, b);
      break;
  }
  if (!isfinite(result)) return fail(in, CODE_arithmetic, cause);
  return given(datum_num(result), cause);
}

/* The parts before the first text are added up when all are numbers. */
uint32_t interp_leading_numbers(const AstExpr *expr) {
  uint32_t count = 0;
  if (expr->braces) return 0;
  for (const AstExpr *part = expr->u.parts.first;
       part != NULL && part->type == TYPE_NUM; part = part->next)
    count++;
  return count;
}

Cell interp_sum(Interp *in, const AstExpr *part, uint32_t count) {
  Cell sum = interp_expr(in, part);
  for (part = part->next; --count > 0; part = part->next) {
    Cell cell = interp_expr(in, part);
    Cause cause = interp_join(in, sum.cause, cell.cause);
    DatumKind worst =
        cell.datum.kind > sum.datum.kind ? cell.datum.kind : sum.datum.kind;
    if (worst >= DATUM_ABSENT)
      sum = unwritten(worst, cause);
    else
      sum = arithmetic(in, OP_ADD, sum.datum.num, cell.datum.num, cause);
  }
  return sum;
}

static Cell concat(Interp *in, const AstExpr *expr) {
  uint32_t numbers = interp_leading_numbers(expr);
  const AstExpr *part = expr->u.parts.first;
  if (numbers == expr->u.parts.count) return interp_sum(in, part, numbers);
  DatumKind worst = DATUM_TEXT;
  Cause cause = 0;
  Buf text = {0};
  while (part != NULL) {
    uint32_t count = numbers > 0 ? numbers : 1;
    Cell cell = interp_sum(in, part, count);
    for (numbers = 0; count > 0; count--) part = part->next;
    cause = interp_join(in, cause, cell.cause);
    if (cell.datum.kind >= DATUM_ABSENT && cell.datum.kind > worst)
      worst = cell.datum.kind;
    datum_add_plain(&cell.datum, &text);
  }
  Slice kept = interp_keep(in, &text);
  if (worst >= DATUM_ABSENT) return unwritten(worst, cause);
  return given(datum_text(kept), cause);
}

static Cell list(Interp *in, const AstExpr *expr) {
  Datum *items = ARENA_ARRAY(in->arena, Datum, expr->u.parts.count + 1);
  DatumKind worst = DATUM_LIST;
  Cause cause = 0;
  uint32_t count = 0;
  for (const AstExpr *part = expr->u.parts.first; part; part = part->next) {
    Cell cell = interp_expr(in, part);
    cause = interp_join(in, cause, cell.cause);
    if (cell.datum.kind >= DATUM_ABSENT && cell.datum.kind > worst)
      worst = cell.datum.kind;
    items[count++] = cell.datum;
  }
  if (worst >= DATUM_ABSENT) return unwritten(worst, cause);
  return given(datum_list(items, count), cause);
}

/* ---- comparing ---------------------------------------------------------- */

static int compare_texts(Slice a, Slice b) {
  size_t least = a.length < b.length ? a.length : b.length;
  int order = least > 0 ? memcmp(a.data, b.data, least) : 0;
  if (order != 0) return order;
  return a.length < b.length ? -1 : a.length > b.length;
}

static int compare(const Datum *a, const Datum *b) {
  if (a->kind == DATUM_TEXT) return compare_texts(a->text, b->text);
  return a->num < b->num ? -1 : a->num > b->num;
}

static bool holds(Op op, const Datum *a, const Datum *b) {
  switch (op) {
    case OP_EQ:
      return datum_equal(a, b);
    case OP_NE:
      return !datum_equal(a, b);
    case OP_LT:
      return compare(a, b) < 0;
    case OP_LE:
      return compare(a, b) <= 0;
    case OP_GT:
      return compare(a, b) > 0;
    default:
      return compare(a, b) >= 0;
  }
}

/* ---- && and || ---------------------------------------------------------- */

static bool names_absent(Interp *in, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_NAME:
      return interp_cell(in, expr->u.name.binding)->datum.kind == DATUM_ABSENT;
    case EXPR_CONCAT:
    case EXPR_LIST:
      for (const AstExpr *part = expr->u.parts.first; part; part = part->next)
        if (names_absent(in, part)) return true;
      return false;
    case EXPR_UNARY:
      return names_absent(in, expr->u.operation.left);
    case EXPR_BINARY:
      return names_absent(in, expr->u.operation.left) ||
             names_absent(in, expr->u.operation.right);
    case EXPR_FIELD:
      return names_absent(in, expr->u.field.base);
    case EXPR_INDEX:
      return names_absent(in, expr->u.index.base) ||
             names_absent(in, expr->u.index.index);
    case EXPR_CALL:
      for (const AstExpr *arg = expr->u.call->args; arg; arg = arg->next)
        if (names_absent(in, arg)) return true;
      return false;
    default:
      return false;
  }
}

/* Whether an absent right side is looked at is the compiler's choice. */
static Cell logic(Interp *in, const AstExpr *expr) {
  const AstExpr *right = expr->u.operation.right;
  Cell left = interp_expr(in, expr->u.operation.left);
  if (left.datum.kind != DATUM_BOOL) return left;
  if (left.datum.boolean == (expr->u.operation.op == OP_OR)) {
    interp_note(in, EVENT_SHORT_CUT);
    if (names_absent(in, right))
      interp_undecided(in, "an absent side of && or || may be looked at");
    if (right->kind != EXPR_BOOL) in->outcome->depth_is_open = true;
    return left;
  }
  Cause before = in->control;
  in->control = interp_join(in, before, left.cause);
  Cell cell = interp_expr(in, right);
  in->control = before;
  cell.cause = interp_join(in, cell.cause, left.cause);
  return cell;
}

static Cell binary(Interp *in, const AstExpr *expr) {
  Op op = expr->u.operation.op;
  if (op == OP_AND || op == OP_OR) return logic(in, expr);
  Cell a = interp_expr(in, expr->u.operation.left);
  Cell b = interp_expr(in, expr->u.operation.right);
  Cause cause = interp_join(in, a.cause, b.cause);
  DatumKind worst = a.datum.kind > b.datum.kind ? a.datum.kind : b.datum.kind;
  if (worst >= DATUM_ABSENT) return unwritten(worst, cause);
  if (op >= OP_SUB && op <= OP_MOD)
    return arithmetic(in, op, a.datum.num, b.datum.num, cause);
  return given(datum_bool(holds(op, &a.datum, &b.datum)), cause);
}

static Cell unary(Interp *in, const AstExpr *expr) {
  Cell cell = interp_expr(in, expr->u.operation.left);
  if (cell.datum.kind >= DATUM_ABSENT) return cell;
  if (expr->u.operation.op == OP_NOT)
    return given(datum_bool(!cell.datum.boolean), cell.cause);
  return given(datum_num(-cell.datum.num), cell.cause);
}

/* ---- parts -------------------------------------------------------------- */

static Cell field(Interp *in, const AstExpr *expr) {
  const AstExpr *base = expr->u.field.base;
  Cell cell = base->kind == EXPR_NAME ? *interp_cell(in, base->u.name.binding)
                                      : interp_expr(in, base);
  if (cell.datum.kind >= DATUM_ABSENT || cell.datum.kind == DATUM_NULL)
    return cell;
  if (cell.datum.kind != DATUM_MAP) return fail(in, CODE_no_field, cell.cause);
  const Datum *item = datum_get(&cell.datum, expr->u.field.name.text);
  if (item == NULL) return unwritten(DATUM_NULL, cell.cause);
  if (is_open(item))
    interp_undecided(in, "it looks at a failure that may be another one");
  return given(*item, cell.cause);
}

static Cell list_item(Interp *in, const Datum *of, double index, Cause cause) {
  if (index < 0) index += of->count;
  if (index != floor(index) || index < 0 || index >= of->count)
    return fail(in, CODE_out_of_range, cause);
  return given(of->items[(uint32_t)index], cause);
}

static Cell item(Interp *in, const AstExpr *expr) {
  Cell base = interp_expr(in, expr->u.index.base);
  Cell index = interp_expr(in, expr->u.index.index);
  Cause cause = interp_join(in, base.cause, index.cause);
  DatumKind worst =
      base.datum.kind > index.datum.kind ? base.datum.kind : index.datum.kind;
  if (worst >= DATUM_ABSENT) return unwritten(worst, cause);
  if (base.datum.kind == DATUM_LIST && index.datum.kind == DATUM_NUM)
    return list_item(in, &base.datum, index.datum.num, cause);
  if (index.datum.kind != DATUM_TEXT) return fail(in, CODE_wrong_type, cause);
  if (base.datum.kind == DATUM_NULL) return unwritten(DATUM_NULL, cause);
  if (base.datum.kind != DATUM_MAP) return fail(in, CODE_no_field, cause);
  const Datum *found = datum_get(&base.datum, index.datum.text);
  if (found == NULL) return unwritten(DATUM_NULL, cause);
  return given(*found, cause);
}

/* ---- the whole ---------------------------------------------------------- */

static Cell call_flow(Interp *in, const AstCall *call) {
  Cell *args = ARENA_ARRAY(in->arena, Cell, call->arg_count + 1);
  uint32_t count = 0;
  for (const AstExpr *arg = call->args; arg != NULL; arg = arg->next)
    args[count++] = interp_expr(in, arg);
  bool is_read = in->act->is_read &&
                 (in->prints[call->flow->index] || interp_is_read(in, call));
  return interp_call(in, call->flow, args, is_read);
}

Cell interp_named(Interp *in, const AstExpr *expr, Slice name) {
  if (interp_gave_up(in)) return unwritten(DATUM_POISON, 0);
  switch (expr->kind) {
    case EXPR_TEXT:
      return given(datum_text(expr->u.text), 0);
    case EXPR_NUM:
      return given(datum_num(expr->u.num), 0);
    case EXPR_BOOL:
      return given(datum_bool(expr->u.boolean), 0);
    case EXPR_NULL:
      return unwritten(DATUM_NULL, 0);
    case EXPR_NAME:
      return name_value(in, expr);
    case EXPR_CONCAT:
      return concat(in, expr);
    case EXPR_LIST:
      return list(in, expr);
    case EXPR_UNARY:
      return unary(in, expr);
    case EXPR_BINARY:
      return binary(in, expr);
    case EXPR_FIELD:
      return field(in, expr);
    case EXPR_INDEX:
      return item(in, expr);
    case EXPR_CALL:
      if (expr->u.call->callee == CALLEE_FLOW)
        return call_flow(in, expr->u.call);
      return interp_operation(in, expr, name);
    default:
      interp_undecided(in, "an expression that no program should have");
      return unwritten(DATUM_POISON, 0);
  }
}

Cell interp_expr(Interp *in, const AstExpr *expr) {
  return interp_named(in, expr, SLICE(""));
}
