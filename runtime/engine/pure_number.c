/* SPDX-License-Identifier: MIT
 *
 * Numbers, comparisons and logic. Numbers are finite: a result that is not has
 * no value, so what flows is always a number that JSON can write.
 */
#include <math.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/number.h"
#include "runtime/engine/pure_int.h"

/* ---- arithmetic ---------------------------------------------------------- */

static Value if_finite(double number) {
  return isfinite(number) ? value_num(number) : VALUE_EMPTY;
}

static bool are_nums(const Value *in, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (!is_num(in[i])) return false;
  return true;
}

Value pure_add(const Value *in, uint32_t count) {
  double sum = 0;
  if (!are_nums(in, count)) return VALUE_EMPTY;
  for (uint32_t i = 0; i < count; i++) sum += value_to_num(in[i]);
  return if_finite(sum);
}

Value pure_sub(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  return if_finite(value_to_num(in[0]) - value_to_num(in[1]));
}

Value pure_mul(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  return if_finite(value_to_num(in[0]) * value_to_num(in[1]));
}

Value pure_div(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  return if_finite(value_to_num(in[0]) / value_to_num(in[1]));
}

Value pure_mod(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  return if_finite(fmod(value_to_num(in[0]), value_to_num(in[1])));
}

Value pure_neg(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  return value_num(-value_to_num(in[0]));
}

/* ---- comparisons --------------------------------------------------------- */

/* Texts by bytes, which is by code points. */
static int compare_texts(Slice a, Slice b) {
  size_t length = a.length < b.length ? a.length : b.length;
  int order = length > 0 ? memcmp(a.data, b.data, length) : 0;
  return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* Below, at or above 0 as the first input is to the second. */
static bool compare(const Value *in, int *order) {
  if (is_num(in[0]) && is_num(in[1])) {
    double a = value_to_num(in[0]), b = value_to_num(in[1]);
    *order = (a > b) - (a < b);
    return true;
  }
  if (!is_text(in[0]) || !is_text(in[1])) return false;
  *order = compare_texts(value_to_slice(in[0]), value_to_slice(in[1]));
  return true;
}

#define COMPARISON(name, holds)                           \
  Value name(const Value *in, uint32_t count) {           \
    int order;                                            \
    if (!compare(in, &order)) return VALUE_EMPTY;         \
    return pure_done(in, count, value_bool(order holds)); \
  }

COMPARISON(pure_lt, < 0)
COMPARISON(pure_le, <= 0)
COMPARISON(pure_gt, > 0)
COMPARISON(pure_ge, >= 0)

/* ---- logic --------------------------------------------------------------- */

Value pure_and(const Value *in, uint32_t count) {
  (void)count;
  if (!is_bool(in[0]) || !is_bool(in[1])) return VALUE_EMPTY;
  return value_bool(in[0] == VALUE_TRUE && in[1] == VALUE_TRUE);
}

Value pure_or(const Value *in, uint32_t count) {
  (void)count;
  if (!is_bool(in[0]) || !is_bool(in[1])) return VALUE_EMPTY;
  return value_bool(in[0] == VALUE_TRUE || in[1] == VALUE_TRUE);
}

Value pure_not(const Value *in, uint32_t count) {
  (void)count;
  return is_bool(in[0]) ? value_bool(in[0] != VALUE_TRUE) : VALUE_EMPTY;
}

/* ---- functions ----------------------------------------------------------- */

static Value whole_numbers(double first, uint32_t count) {
  Value *items = mem_alloc((size_t)count * sizeof *items + 1);
  for (uint32_t i = 0; i < count; i++) items[i] = value_num(first + i);
  Value list = value_list(items, count);
  mem_free(items);
  return list;
}

Value pure_range(const Value *in, uint32_t count) {
  if (!are_nums(in, count)) return VALUE_EMPTY;
  double first = count == 1 ? 0 : value_to_num(in[0]);
  double end = value_to_num(in[count - 1]);
  if (!is_whole(first) || !is_whole(end) || end - first > LIMIT_LIST_ITEMS)
    return VALUE_EMPTY;
  return whole_numbers(first, end > first ? (uint32_t)(end - first) : 0);
}

Value pure_num(const Value *in, uint32_t count) {
  double number;
  if (is_num(in[0])) return in[0];
  if (is_bool(in[0])) return value_num(in[0] == VALUE_TRUE);
  if (!is_text(in[0]) || !number_read(value_to_slice(in[0]), &number))
    return VALUE_EMPTY;
  return pure_done(in, count, value_num(number));
}

/* ---- failures ------------------------------------------------------------ */

static FailureCode explain_arithmetic(Op op, const Value *in, uint32_t count,
                                      Buf *text) {
  if ((op == OP_DIV || op == OP_MOD) && value_to_num(in[1]) == 0) {
    buf_add_text(text, "division by zero");
    return FAILURE_ARITHMETIC;
  }
  buf_add_char(text, '`');
  for (uint32_t i = 0; i < count && i < 4; i++) {
    if (i > 0) buf_addf(text, " %s ", op_table[op].text);
    value_add_plain(in[i], text);
  }
  buf_add_text(
      text, count > 4 ? " ...` is no finite number" : "` is no finite number");
  return FAILURE_ARITHMETIC;
}

static FailureCode explain_range(const Value *in, uint32_t count, Buf *text) {
  for (uint32_t i = 0; i < count; i++) {
    if (is_whole(value_to_num(in[i]))) continue;
    buf_add_text(text, "range takes whole numbers, not ");
    value_add_plain(in[i], text);
    return FAILURE_BAD_ARGUMENT;
  }
  buf_addf(text, "range would make more than %d numbers", LIMIT_LIST_ITEMS);
  return FAILURE_TOO_LARGE;
}

static bool is_logic(Op op) {
  return op == OP_AND || op == OP_OR || op == OP_NOT;
}

FailureCode explain_number(Op op, const Value *in, uint32_t count, Buf *text) {
  bool nums = are_nums(in, count) && !is_logic(op);
  if (op == OP_TO_NUM) {
    pure_show(in[0], text);
    buf_add_text(text, " is not a number");
    return FAILURE_NOT_A_NUMBER;
  }
  if (nums && op == OP_RANGE) return explain_range(in, count, text);
  if (nums) return explain_arithmetic(op, in, count, text);
  for (uint32_t i = 0; i + 1 < count; i++)
    if (!(is_logic(op) ? is_bool(in[i]) : is_num(in[i])))
      return explain_kind(op, in[i], text);
  return explain_kind(op, in[count - 1], text);
}
