/* SPDX-License-Identifier: MIT
 *
 * The table of the pure operations, and those that only put values together.
 */
#include "runtime/engine/pure.h"

#include <string.h>

#include "core/base/limits.h"
#include "runtime/engine/pure_int.h"

bool concat_values(const Value *values, uint32_t count, Slice separator,
                   Buf *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) buf_add_slice(out, separator);
    if (value_kind(values[i]) == VALUE_KIND_TEXT &&
        value_to_slice(values[i]).length > LIMIT_VALUE_BYTES - out->length)
      return false;
    value_add_plain(values[i], out);
    if (out->length > LIMIT_VALUE_BYTES - separator.length) return false;
  }
  return true;
}

/* The usual case, texts only, without a detour over a buffer. */
static bool join_texts(const Value *in, uint32_t count, Slice separator,
                       Value *result) {
  size_t length = count > 1 ? (count - 1) * separator.length : 0;
  for (uint32_t i = 0; i < count; i++) {
    if (value_kind(in[i]) != VALUE_KIND_TEXT) return false;
    length += value_to_slice(in[i]).length;
  }
  if (length > LIMIT_VALUE_BYTES) return false;
  char *next;
  *result = value_text_new(length, &next);
  for (uint32_t i = 0; i < count; i++) {
    Slice text = value_to_slice(in[i]);
    if (i > 0 && separator.length > 0) {
      memcpy(next, separator.data, separator.length);
      next += separator.length;
    }
    memcpy(next, text.data, text.length);
    next += text.length;
  }
  return true;
}

/* VALUE_EMPTY when it would be too long. */
static Value join(const Value *in, uint32_t count, Slice separator) {
  Value result = VALUE_EMPTY;
  if (!join_texts(in, count, separator, &result)) {
    Buf text = {0};
    if (concat_values(in, count, separator, &text))
      result = value_text(buf_slice(&text));
    buf_free(&text);
  }
  return pure_done(in, count, result);
}

static Value text(const Value *in, uint32_t count) {
  return join(in, count, SLICE(""));
}

static Value merge(const Value *in, uint32_t count) {
  return join(in, count, SLICE("\n"));
}

static Value str(const Value *in, uint32_t count) {
  return is_text(in[0]) ? in[0] : join(in, count, SLICE(""));
}

static Value list(const Value *in, uint32_t count) {
  if (!value_list_fits(in, count)) return VALUE_EMPTY;
  return value_list(in, count);
}

static Value pass(const Value *in, uint32_t count) {
  if (count == 0) return VALUE_UNIT;
  for (uint32_t i = 1; i < count; i++) value_drop(in[i]);
  return in[0];
}

static Value none(const Value *in, uint32_t count) {
  return pure_done(in, count, VALUE_UNIT);
}

static Value null(const Value *in, uint32_t count) {
  return pure_done(in, count, VALUE_NULL);
}

static Value eq(const Value *in, uint32_t count) {
  return pure_done(in, count, value_bool(value_equal(in[0], in[1])));
}

static Value ne(const Value *in, uint32_t count) {
  return pure_done(in, count, value_bool(!value_equal(in[0], in[1])));
}

static Value fence(const Value *in, uint32_t count) {
  return pure_done(in, count, VALUE_TRUE);
}

const PureFunction pure_table[OP_COUNT] = {
    [OP_PASS] = pass,
    [OP_TEXT] = text,
    [OP_LIST] = list,
    [OP_MERGE] = merge,
    [OP_WAIT] = list,
    [OP_NONE] = none,
    [OP_NIL] = null,
    [OP_ADD] = pure_add,
    [OP_SUB] = pure_sub,
    [OP_MUL] = pure_mul,
    [OP_DIV] = pure_div,
    [OP_MOD] = pure_mod,
    [OP_NEG] = pure_neg,
    [OP_EQ] = eq,
    [OP_NE] = ne,
    [OP_LT] = pure_lt,
    [OP_LE] = pure_le,
    [OP_GT] = pure_gt,
    [OP_GE] = pure_ge,
    [OP_AND] = pure_and,
    [OP_OR] = pure_or,
    [OP_NOT] = pure_not,
    [OP_FIELD] = pure_field,
    [OP_INDEX] = pure_index,
    [OP_LEN] = pure_len,
    [OP_LINES] = pure_lines,
    [OP_SPLIT] = pure_split,
    [OP_JOIN] = pure_join,
    [OP_TRIM] = pure_trim,
    [OP_LOWER] = pure_lower,
    [OP_UPPER] = pure_upper,
    [OP_REPLACE] = pure_replace,
    [OP_CONTAINS] = pure_contains,
    [OP_SLICE] = pure_slice,
    [OP_RANGE] = pure_range,
    [OP_TO_NUM] = pure_num,
    [OP_TO_TEXT] = str,
    [OP_TO_JSON] = pure_json,
    [OP_GET] = pure_get,
    [OP_KEYS] = pure_keys,
    [OP_FENCE] = fence,
};

/* ---- failures ------------------------------------------------------------ */

enum { SHOWN_BYTES = 60 }; /* of a value in a message */

void pure_show(Value v, Buf *text) {
  Buf plain = {0};
  value_add_plain(v, &plain);
  Slice all = buf_slice(&plain), shown = all;
  if (shown.length > SHOWN_BYTES) shown.length = SHOWN_BYTES;
  shown.length = slice_valid_utf8(shown);
  buf_add_char(text, '`');
  buf_add_visible(text, shown);
  buf_add_text(text, shown.length < all.length ? "...`" : "`");
  buf_free(&plain);
}

FailureCode explain_size(Buf *text) {
  buf_addf(text, "the text would be longer than %d MiB",
           LIMIT_VALUE_BYTES >> 20);
  return FAILURE_TOO_LARGE;
}

FailureCode explain_kind(Op op, Value v, Buf *text) {
  bool is_function = (op_table[op].shape & OP_SYNTAX) == 0 && op != OP_KEYS;
  buf_addf(text, "`%s` cannot take %s", op_table[op].text, value_kind_words(v));
  return is_function ? FAILURE_BAD_ARGUMENT : FAILURE_WRONG_TYPE;
}

static FailureCode explain_list(Buf *text) {
  buf_addf(text, "the list would be longer than %d MiB, or nested over %d deep",
           LIMIT_VALUE_BYTES >> 20, LIMIT_JSON_DEPTH);
  return FAILURE_TOO_LARGE;
}

FailureCode pure_explain(Op op, const Value *in, uint32_t count, Buf *text) {
  switch (op) {
    case OP_LIST:
    case OP_WAIT:
      return explain_list(text);
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_MOD:
    case OP_NEG:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
    case OP_AND:
    case OP_OR:
    case OP_NOT:
    case OP_RANGE:
    case OP_TO_NUM:
      return explain_number(op, in, count, text);
    case OP_LINES:
    case OP_SPLIT:
    case OP_JOIN:
    case OP_TRIM:
    case OP_LOWER:
    case OP_UPPER:
    case OP_REPLACE:
      return explain_text(op, in, text);
    case OP_TEXT:
    case OP_MERGE:
    case OP_TO_TEXT:
      return explain_size(text);
    default:
      return explain_parts(op, in, count, text);
  }
}
