/* SPDX-License-Identifier: MIT
 *
 * ops.c and attrs.c: the tables say what their .def files say, and what a
 * program may call or write is found and nothing else.
 */
#include "core/object/attrs.h"
#include "core/object/ops.h"
#include "tests/unit/unit.h"

CASE(tables_are_whole) {
  (void)state;
  for (Op op = 0; op < OP_COUNT; op++) {
    assert_non_null(op_table[op].text);
    assert_true(op_table[op].min_inputs <= op_table[op].max_inputs);
    if (op_table[op].effect == EFFECT_NONE) assert_int_not_equal(op, OP_ASK);
  }
  for (Attr attr = 0; attr < ATTR_COUNT; attr++) {
    assert_non_null(attr_table[attr].text);
    assert_true(attr_table[attr].minimum <= attr_table[attr].maximum);
  }
  assert_string_equal(op_table[OP_MERGE].text, "merge");
  assert_int_equal(op_table[OP_CALL].shape, OP_COMPOSITE);
  assert_int_equal(op_table[OP_PRINT].effect, EFFECT_OUTPUT);
}

CASE(spaces_of_effects) {
  (void)state;
  assert_int_equal(effect_space(EFFECT_OUTPUT), SPACE_OUTPUT);
  assert_int_equal(effect_space(EFFECT_NONE), -1);
  assert_int_equal(effect_space(EFFECT_PURE), -1);
  assert_int_equal(effect_space(EFFECT_MODEL), -1);
}

CASE(callable_operations) {
  (void)state;
  static const char *const names[] = {"ask",  "think", "reason", "merge",
                                      "wait", "print", "len",    "get",
                                      "json", "guard", "fence",  "err"};
  static const char *const others[] = {
      "param",   "port", "result", "end",  "call", "pass",  "text",
      "list",    "loop", "try",    "null", "+",    "field", "none",
      "convert", "&&",   "Ask",    "as",   "asks", ""};
  Op op;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_true(op_find_callable(slice_of(names[i]), &op));
    assert_string_equal(op_table[op].text, names[i]);
  }
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    assert_false(op_find_callable(slice_of(others[i]), &op));
}

CASE(counted_operations) {
  (void)state;
  assert_false(op_is_counted(OP_PARAM));
  assert_false(op_is_counted(OP_PORT));
  assert_false(op_is_counted(OP_END));
  assert_true(op_is_counted(OP_RESULT));
  assert_true(op_is_counted(OP_CALL));
  assert_true(op_is_counted(OP_ASK));
}

CASE(attributes_by_name) {
  (void)state;
  Attr attr;
  assert_true(attr_find(SLICE("max_tokens"), &attr));
  assert_int_equal(attr, ATTR_MAX_TOKENS);
  assert_false(attr_find(SLICE("name"), &attr));
  assert_false(attr_find(SLICE("max_token"), &attr));
}

/* Object files have these numbers. */
CASE(attributes_keep_their_numbers) {
  (void)state;
  assert_int_equal(ATTR_NAME, 0);
  assert_int_equal(ATTR_MAX, 12);
  assert_int_equal(ATTR_TIMEOUT, 13);
  assert_int_equal(ATTR_RETRIES, 14);
}

CASE(attributes_of_operations) {
  (void)state;
  assert_true(attr_fits(ATTR_SYSTEM, OP_ASK));
  assert_true(attr_fits(ATTR_SYSTEM, OP_REASON));
  assert_false(attr_fits(ATTR_SYSTEM, OP_PRINT));
  assert_true(attr_fits(ATTR_BUDGET_TOKENS, OP_THINK));
  assert_false(attr_fits(ATTR_BUDGET_TOKENS, OP_ASK));
  assert_false(attr_fits(ATTR_NAME, OP_ASK));
  assert_true(attr_fits(ATTR_FALLBACK, OP_REASON));
  assert_true(attr_fits(ATTR_TIMEOUT, OP_ASK));
  assert_true(attr_fits(ATTR_RETRIES, OP_THINK));
  assert_false(attr_fits(ATTR_TIMEOUT, OP_GUARD));
  assert_true(attr_fits(ATTR_CONDITION, OP_GUARD));
  assert_false(attr_fits(ATTR_CONDITION, OP_ASK));
  assert_false(attr_fits(ATTR_MAX, OP_WHILE)); /* not written in a call */
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(tables_are_whole),
      cmocka_unit_test(spaces_of_effects),
      cmocka_unit_test(callable_operations),
      cmocka_unit_test(counted_operations),
      cmocka_unit_test(attributes_by_name),
      cmocka_unit_test(attributes_keep_their_numbers),
      cmocka_unit_test(attributes_of_operations),
  };
  return RUN(cases);
}
