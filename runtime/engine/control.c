/* SPDX-License-Identifier: MIT
 *
 * Operations that decide whether things go on: guard, err, and the value of
 * what was skipped.
 */
#include "core/object/condition.h"
#include "runtime/engine/run.h"

Outcome control_absent(Firing *firing, Value *result) {
  absent_announce(firing->frame->run);
  *result = VALUE_ABSENT;
  return OUTCOME_VALUE;
}

Outcome control_err(Firing *firing, Value *result) {
  Buf text = {0};
  (void)result;
  value_add_plain(firing->in[0], &text);
  run_fail(firing->frame, firing->node, FAILURE_RAISED, "%.*s",
           SLICE_ARG(buf_slice(&text)));
  buf_free(&text);
  return OUTCOME_FAILED;
}

/* ---- guard --------------------------------------------------------------- */

static bool is_empty(Value value) {
  switch (value_kind(value)) {
    case VALUE_KIND_TEXT:
      return value_to_slice(value).length == 0;
    case VALUE_KIND_LIST:
    case VALUE_KIND_MAP:
      return value_length(value) == 0;
    default:
      return value == VALUE_NULL;
  }
}

static bool compare(const Condition *condition, Value value) {
  Buf plain = {0};
  value_add_plain(value, &plain);
  bool holds = condition_compare(condition, buf_slice(&plain));
  buf_free(&plain);
  return holds;
}

static bool holds(const Condition *condition, Value value) {
  switch (condition->kind) {
    case CONDITION_NOT_EMPTY:
      return !is_empty(value);
    case CONDITION_IS_EMPTY:
      return is_empty(value);
    case CONDITION_IS_NULL:
      return value == VALUE_NULL;
    case CONDITION_NOT_NULL:
      return value != VALUE_NULL;
    case CONDITION_IS_TRUE:
      return value == VALUE_TRUE;
    case CONDITION_IS_FALSE:
      return value == VALUE_FALSE;
    default:
      return compare(condition, value);
  }
}

/* The text of an attribute; empty without. */
static Slice text_at(const Object *object, uint32_t row, Attr attr) {
  const ObjConst *value = object_attr(object, row, attr);
  return value == NULL ? (Slice){0} : object_text(object, value->string);
}

static void fail_guard(const Firing *firing, uint32_t row, Slice condition) {
  enum { SHOWN = 200 };
  const Object *object = firing->frame->run->object;
  Slice message = text_at(object, row, ATTR_ERROR_MESSAGE);
  Buf plain = {0};
  value_add_plain(firing->in[0], &plain);
  Slice shown = buf_slice(&plain);
  if (shown.length > SHOWN) {
    shown.length = SHOWN;
    shown.length = slice_valid_utf8(shown);
  }
  if (message.length > 0)
    run_fail(firing->frame, firing->node, FAILURE_GUARD_FAILED, "%.*s",
             SLICE_ARG(message));
  else
    run_fail(firing->frame, firing->node, FAILURE_GUARD_FAILED,
             "the condition `%.*s` does not hold for `%.*s`%s",
             SLICE_ARG(condition), SLICE_ARG(shown),
             shown.length < plain.length ? "..." : "");
  buf_free(&plain);
}

Outcome control_guard(Firing *firing, Value *result) {
  const Frame *frame = firing->frame;
  const Object *object = frame->run->object;
  uint32_t row = object->graphs[frame->graph].first_node + firing->node;
  Slice text = text_at(object, row, ATTR_CONDITION);
  Condition condition;
  const char *fault;
  bool is_sound = condition_parse(text, &condition, &fault);
  if (is_sound && holds(&condition, firing->in[0])) {
    *result = firing->in[0];
    firing->in_count = 0;
    return OUTCOME_VALUE;
  }
  if (slice_equal_text(text_at(object, row, ATTR_ON_FAIL), "skip"))
    return control_absent(firing, result);
  fail_guard(firing, row, text);
  return OUTCOME_FAILED;
}
