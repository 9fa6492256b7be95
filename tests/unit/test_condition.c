/* SPDX-License-Identifier: MIT
 *
 * condition.c, and the reading of numbers below it (number.c).
 */
#include "core/object/condition.h"

#include "core/base/number.h"
#include "tests/unit/unit.h"

static Condition parse(const char *text) {
  Condition condition;
  const char *fault = NULL;
  if (!condition_parse(slice_of(text), &condition, &fault)) {
    fail_msg("`%s`: %s", text, fault);
  }
  return condition;
}

static void expect_fault(const char *text, const char *expected) {
  Condition condition;
  const char *fault = NULL;
  assert_false(condition_parse(slice_of(text), &condition, &fault));
  assert_string_equal(fault, expected);
}

static bool meets(const char *text, const char *plain) {
  Condition condition = parse(text);
  assert_true(condition.kind <= CONDITION_NOT_EQUAL); /* a comparison */
  return condition_compare(&condition, slice_of(plain));
}

CASE(numbers) {
  (void)state;
  double number = 0;
  assert_true(number_read(SLICE(" -12.5e1\n"), &number));
  assert_true(number == -125);
  static const char *const good[] = {"0", "+7", ".5", "5.", "1e3", "1E-3"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(number_read(slice_of(good[i]), &number));
  }
  static const char *const bad[] = {"",    ".",   "-",   "1e",    "1e+", "0x1",
                                    "nan", "inf", "1 2", "1e999", "1,5", "1_0"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(number_read(slice_of(bad[i]), &number));
  }
  assert_false(number_read(SLICE("1\0"), &number));
}

CASE(comparisons_of_numbers) {
  (void)state;
  assert_true(meets("> 0.8", "0.9"));
  assert_true(meets(">0.8", " 10 "));
  assert_false(meets("> 0.8", "0.8"));
  assert_true(meets(">= 0.8", "0.80"));
  assert_true(meets("< 10", "9"));
  assert_false(meets("<= 10", "1e2"));
  assert_true(meets("== 5", "5.0"));
  assert_true(meets("!= 5", "6"));
}

CASE(comparisons_of_texts) {
  (void)state;
  assert_true(meets("== yes", "yes"));
  assert_false(meets("== yes", "Yes"));
  assert_true(meets("== \"a b\"", "a b"));
  assert_true(meets("!= 'x'", ""));
  assert_true(meets("== \"\"", ""));
  assert_true(meets("> a", "b"));
  assert_true(meets("< 10", "")); /* not a number: by bytes */
  assert_true(meets("> ab", "abc"));
  /* In quotes a number is a text. */
  assert_true(meets("< \"9\"", "10"));
  assert_false(meets("== \"5\"", "5.0"));
}

CASE(words) {
  (void)state;
  assert_int_equal(parse("not_empty").kind, CONDITION_NOT_EMPTY);
  assert_int_equal(parse(" IS_EMPTY ").kind, CONDITION_IS_EMPTY);
  assert_int_equal(parse("is_null").kind, CONDITION_IS_NULL);
  assert_int_equal(parse("not_null").kind, CONDITION_NOT_NULL);
  assert_int_equal(parse("is_true").kind, CONDITION_IS_TRUE);
  assert_int_equal(parse("is_false").kind, CONDITION_IS_FALSE);
  assert_int_equal(parse("== null").kind, CONDITION_IS_NULL);
  assert_int_equal(parse("!=null").kind, CONDITION_NOT_NULL);
  assert_int_equal(parse("== \"null\"").kind, CONDITION_EQUAL);
  assert_int_equal(parse("not_null").kind, CONDITION_NOT_NULL);
}

CASE(faults) {
  (void)state;
  expect_fault("", "there is no condition");
  expect_fault("  ", "there is no condition");
  expect_fault("0.8", "not a condition");
  expect_fault("= 5", "not a condition");
  expect_fault("=== 5", "not a comparison");
  expect_fault(">", "nothing to compare with");
  expect_fault("> null", "null is neither greater nor less than anything");
  expect_fault("== \"a", "a quote is still open at the end");
  expect_fault("== \"", "a quote is still open at the end");
  expect_fault("not empty", "not a condition");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers),
      cmocka_unit_test(comparisons_of_numbers),
      cmocka_unit_test(comparisons_of_texts),
      cmocka_unit_test(words),
      cmocka_unit_test(faults),
  };
  return RUN(tests);
}
