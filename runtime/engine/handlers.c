/* SPDX-License-Identifier: MIT
 *
 * The pure operations, and the table of all handlers. A handler gets its
 * inputs collected, returns a value or says that it is pending or has failed;
 * it never blocks and never routes. A pure operation is a function of its
 * inputs, known to the firing loop as such, so it needs nothing around it.
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
  if (result == VALUE_EMPTY) return result;
  for (uint32_t i = 0; i < count; i++) value_drop(in[i]);
  return result;
}

static Value text(const Value *in, uint32_t count) {
  return join(in, count, SLICE(""));
}

static Value merge(const Value *in, uint32_t count) {
  return join(in, count, SLICE("\n"));
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

const PureFunction pure_table[OP_COUNT] = {
    [OP_PASS] = pass,   [OP_TEXT] = text, [OP_LIST] = list,
    [OP_MERGE] = merge, [OP_WAIT] = list,
};

static Outcome run_pure(Firing *firing, Value *result) {
  const Frame *frame = firing->frame;
  Op op = (Op)frame->nodes[firing->node].op;
  *result = pure_table[op](firing->in, firing->in_count);
  if (*result != VALUE_EMPTY) {
    firing->in_count = 0; /* consumed */
    return OUTCOME_VALUE;
  }
  const char *kind = op == OP_LIST || op == OP_WAIT ? "list" : "text";
  run_fail(frame, firing->node, FAILURE_TOO_LARGE,
           "the %s would be longer than %d MiB", kind, LIMIT_VALUE_BYTES >> 20);
  return OUTCOME_FAILED;
}

const Handler handler_table[OP_COUNT] = {
    [OP_PASS] = run_pure,       [OP_TEXT] = run_pure,
    [OP_LIST] = run_pure,       [OP_MERGE] = run_pure,
    [OP_WAIT] = run_pure,       [OP_ASK] = model_call,
    [OP_THINK] = model_call,    [OP_REASON] = model_call,
    [OP_PRINT] = print_line,    [OP_ABSENT] = control_absent,
    [OP_GUARD] = control_guard, [OP_ERR] = control_err,
};
