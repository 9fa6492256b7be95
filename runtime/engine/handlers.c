/* SPDX-License-Identifier: MIT
 *
 * The handlers of the pure operations, and the table of all. A handler gets
 * its inputs collected, returns a value or says that it is pending or has
 * failed; it never blocks and never routes.
 */
#include "runtime/engine/run.h"

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

static Outcome too_long(const Firing *firing) {
  run_fail(firing->frame, firing->node,
           "the text would be longer than %d MiB", LIMIT_VALUE_BYTES >> 20);
  return OUTCOME_FAILED;
}

/* The usual case, texts only, without a detour over a buffer. */
static bool join_texts(const Firing *firing, Slice separator, Value *result) {
  size_t length = firing->in_count > 1
                      ? (firing->in_count - 1) * separator.length
                      : 0;
  for (uint32_t i = 0; i < firing->in_count; i++) {
    if (value_kind(firing->in[i]) != VALUE_KIND_TEXT) return false;
    length += value_to_slice(firing->in[i]).length;
  }
  if (length > LIMIT_VALUE_BYTES) return false;
  char *next;
  *result = value_text_new(length, &next);
  for (uint32_t i = 0; i < firing->in_count; i++) {
    Slice text = value_to_slice(firing->in[i]);
    if (i > 0 && separator.length > 0) {
      memcpy(next, separator.data, separator.length);
      next += separator.length;
    }
    memcpy(next, text.data, text.length);
    next += text.length;
  }
  return true;
}

static Outcome join(Firing *firing, Slice separator, Value *result) {
  if (join_texts(firing, separator, result)) return OUTCOME_VALUE;
  Buf text = {0};
  bool fits =
      concat_values(firing->in, firing->in_count, separator, &text);
  if (fits) *result = value_text(buf_slice(&text));
  buf_free(&text);
  return fits ? OUTCOME_VALUE : too_long(firing);
}

static Outcome text(Firing *firing, Value *result) {
  return join(firing, SLICE(""), result);
}

static Outcome merge(Firing *firing, Value *result) {
  return join(firing, SLICE("\n"), result);
}

static Outcome list(Firing *firing, Value *result) {
  *result = value_list(firing->in, firing->in_count);
  firing->in_count = 0; /* the list has them now */
  return OUTCOME_VALUE;
}

static Outcome pass(Firing *firing, Value *result) {
  if (firing->in_count == 0) return OUTCOME_VALUE;
  *result = firing->in[0];
  firing->in[0] = VALUE_UNIT;
  return OUTCOME_VALUE;
}

const Handler handler_table[OP_COUNT] = {
    [OP_PASS] = pass,        [OP_TEXT] = text,        [OP_LIST] = list,
    [OP_MERGE] = merge,      [OP_WAIT] = list,        [OP_ASK] = model_call,
    [OP_THINK] = model_call, [OP_REASON] = model_call, [OP_PRINT] = print_line,
};
