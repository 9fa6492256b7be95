/* SPDX-License-Identifier: MIT
 *
 * The table of all handlers, and the pure operations as such. A handler gets
 * its inputs collected, returns a value or says that it is pending or has
 * failed; it never blocks and never routes.
 */
#include "runtime/engine/pure.h"
#include "runtime/engine/run.h"

/* `text` is freed. */
static Outcome fail_with(Firing *firing, FailureCode code, Buf *text) {
  run_fail(firing->frame, firing->node, code, "%s",
           text->data == NULL ? "" : text->data);
  buf_free(text);
  return OUTCOME_FAILED;
}

static Outcome run_pure(Firing *firing, Value *result) {
  Op op = (Op)firing->frame->nodes[firing->node].op;
  Buf text = {0};
  *result = pure_table[op](firing->in, firing->in_count);
  if (*result == VALUE_EMPTY)
    return fail_with(
        firing, pure_explain(op, firing->in, firing->in_count, &text), &text);
  firing->in_count = 0; /* consumed */
  return OUTCOME_VALUE;
}

static Outcome convert(Firing *firing, Value *result) {
  const Frame *frame = firing->frame;
  Error error = {0};
  if (value_convert(firing->in[0], frame->run->object->types,
                    frame->nodes[firing->node].type, result,
                    &error) == STATUS_OK)
    return OUTCOME_VALUE;
  run_fail(frame, firing->node, FAILURE_WRONG_TYPE, "%s", error.message);
  return OUTCOME_FAILED;
}

const Handler handler_table[OP_COUNT] = {
    [OP_PASS] = run_pure,         [OP_TEXT] = run_pure,
    [OP_LIST] = run_pure,         [OP_MERGE] = run_pure,
    [OP_WAIT] = run_pure,         [OP_ASK] = model_call,
    [OP_THINK] = model_call,      [OP_REASON] = model_call,
    [OP_PRINT] = print_line,      [OP_NONE] = run_pure,
    [OP_ABSENT] = control_absent, [OP_NIL] = run_pure,
    [OP_CONVERT] = convert,       [OP_ADD] = run_pure,
    [OP_SUB] = run_pure,          [OP_MUL] = run_pure,
    [OP_DIV] = run_pure,          [OP_MOD] = run_pure,
    [OP_NEG] = run_pure,          [OP_EQ] = run_pure,
    [OP_NE] = run_pure,           [OP_LT] = run_pure,
    [OP_LE] = run_pure,           [OP_GT] = run_pure,
    [OP_GE] = run_pure,           [OP_AND] = run_pure,
    [OP_OR] = run_pure,           [OP_NOT] = run_pure,
    [OP_FIELD] = run_pure,        [OP_INDEX] = run_pure,
    [OP_LEN] = run_pure,          [OP_LINES] = run_pure,
    [OP_SPLIT] = run_pure,        [OP_JOIN] = run_pure,
    [OP_TRIM] = run_pure,         [OP_LOWER] = run_pure,
    [OP_UPPER] = run_pure,        [OP_CONTAINS] = run_pure,
    [OP_REPLACE] = run_pure,      [OP_SLICE] = run_pure,
    [OP_RANGE] = run_pure,        [OP_TO_NUM] = run_pure,
    [OP_TO_TEXT] = run_pure,      [OP_TO_JSON] = run_pure,
    [OP_GET] = run_pure,          [OP_KEYS] = run_pure,
    [OP_FENCE] = run_pure,        [OP_ERR] = control_err,
    [OP_GUARD] = control_guard,
};
