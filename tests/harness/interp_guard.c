/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: guards and their conditions.
 */
#include "tests/harness/interp_parts.h"

static Slice rest(Slice text, size_t count) {
  return slice_trim(slice_from(text.data + count, text.length - count));
}

static Slice unquoted(Slice text) {
  if (text.length < 2) return text;
  char quote = *text.data;
  if ((quote != '"' && quote != '\'') || text.data[text.length - 1] != quote)
    return text;
  return slice_from(text.data + 1, text.length - 2);
}

/* -1, 0 or 1. Numbers when both sides read as numbers and neither is quoted. */
static int order(Interp *in, const Datum *datum, Slice operand) {
  Buf buf = {0};
  double a, b;
  datum_add_plain(datum, &buf);
  Slice plain = interp_keep(in, &buf);
  if (interp_read_number(operand, &b) && interp_read_number(plain, &a))
    return (a > b) - (a < b);
  operand = unquoted(operand);
  size_t least = plain.length < operand.length ? plain.length : operand.length;
  int by_bytes = least > 0 ? memcmp(plain.data, operand.data, least) : 0;
  if (by_bytes != 0) return by_bytes;
  return (plain.length > operand.length) - (plain.length < operand.length);
}

static bool is_empty(const Datum *datum) {
  if (datum->kind == DATUM_TEXT) return datum->text.length == 0;
  if (datum->kind == DATUM_LIST || datum->kind == DATUM_MAP)
    return datum->count == 0;
  return datum->kind == DATUM_NULL;
}

static bool is_word(const Datum *datum, bool value) {
  if (datum->kind == DATUM_BOOL) return datum->boolean == value;
  return datum->kind == DATUM_TEXT &&
         slice_equal_text(datum->text, value ? "true" : "false");
}

static bool compares(Interp *in, const Datum *datum, Slice condition) {
  bool or_equal = condition.length > 1 && condition.data[1] == '=';
  Slice operand = rest(condition, or_equal ? 2 : 1);
  bool is_equality = *condition.data == '=' || *condition.data == '!';
  if (is_equality && slice_equal_text(operand, "null"))
    return (datum->kind == DATUM_NULL) == (*condition.data == '=');
  int by = order(in, datum, operand);
  switch (*condition.data) {
    case '>':
      return by > 0 || (or_equal && by == 0);
    case '<':
      return by < 0 || (or_equal && by == 0);
    case '=':
      return by == 0;
    default:
      return by != 0;
  }
}

static bool meets(Interp *in, const Datum *datum, Slice condition) {
  condition = slice_trim(condition);
  if (slice_equal_text(condition, "not_empty")) return !is_empty(datum);
  if (slice_equal_text(condition, "is_empty")) return is_empty(datum);
  if (slice_equal_text(condition, "is_null")) return datum->kind == DATUM_NULL;
  if (slice_equal_text(condition, "not_null")) return datum->kind != DATUM_NULL;
  if (slice_equal_text(condition, "is_true")) return is_word(datum, true);
  if (slice_equal_text(condition, "is_false")) return is_word(datum, false);
  return compares(in, datum, condition);
}

/* A text literal, or a bare word. */
static Slice word_of(const AstCall *call, Attr wanted) {
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    if (attr->attr != wanted) continue;
    return attr->value->kind == EXPR_NAME ? attr->value->u.name.text
                                          : attr->value->u.text;
  }
  return (Slice){0};
}

Cell interp_guard(Interp *in, const AstCall *call) {
  Cell cell = interp_expr(in, call->args);
  if (cell.datum.kind >= DATUM_ABSENT) return cell;
  if (meets(in, &cell.datum, word_of(call, ATTR_CONDITION))) {
    interp_note(in, EVENT_GUARD_HELD);
    return cell;
  }
  if (!slice_equal_text(word_of(call, ATTR_ON_FAIL), "skip"))
    return interp_fail(in, CODE_guard_failed, word_of(call, ATTR_ERROR_MESSAGE),
                       SLICE(""), cell.cause);
  interp_note(in, EVENT_ABSENT);
  cell.datum = datum_of(DATUM_ABSENT);
  return cell;
}
