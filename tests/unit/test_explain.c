/* SPDX-License-Identifier: MIT
 *
 * Every code has an explanation, in the form that `apxm explain` and editors
 * show. That the programs in them are wrong and right is shown by
 * tests/explain_test.py.
 */
#include "core/base/explain.h"

#include "tests/unit/unit.h"

enum { COLUMNS = 76, LINES_MIN = 2, LINES_MAX = 12 };

static uint32_t count_lines(const char *code, const char *text) {
  uint32_t count = 0;
  for (const char *line = text; *line != '\0'; count++) {
    const char *end = strchr(line, '\n');
    if (end == NULL) fail_msg("%s: a line without an end", code);
    if (end - line > COLUMNS) fail_msg("%s: a line too long: %s", code, line);
    line = end + 1;
  }
  return count;
}

CASE(every_code_has_one) {
  (void)state;
  for (int i = 0; i < DIAG_CODE_COUNT; i++) {
    const char *code = diag_code_text((DiagCode)i);
    const Explanation *explanation = explain_of((DiagCode)i);
    if (explanation->text == NULL) fail_msg("%s: no explanation", code);
    uint32_t lines = count_lines(code, explanation->text);
    if (lines < LINES_MIN || lines > LINES_MAX)
      fail_msg("%s: %u lines of text", code, lines);
    if ((explanation->wrong == NULL) != (explanation->right == NULL))
      fail_msg("%s: a wrong program without a right one, or the other way",
               code);
  }
}

CASE(found_in_any_letter_case) {
  (void)state;
  DiagCode code = DIAG_CODE_COUNT;
  assert_true(explain_find(SLICE("E0102"), &code));
  assert_int_equal(code, DIAG_UNDEFINED_VARIABLE);
  assert_true(explain_find(SLICE("w0001"), &code));
  assert_int_equal(code, DIAG_UNUSED_RESULT);
  assert_false(explain_find(SLICE("E010"), &code));
  assert_false(explain_find(SLICE("E01022"), &code));
  assert_false(explain_find(SLICE(""), &code));
}

CASE(page) {
  (void)state;
  Buf page = {0};
  explain_add(DIAG_NUMBER_RANGE, &page);
  assert_non_null(strstr(page.data, "E0005: a number too large"));
  assert_non_null(strstr(page.data, "\nWrong:\n\n    let limit = 1e999\n"));
  assert_non_null(strstr(page.data, "\nRight:\n\n    let limit = 1e300\n"));
  buf_free(&page);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(every_code_has_one),
      cmocka_unit_test(found_in_any_letter_case),
      cmocka_unit_test(page),
  };
  return RUN(cases);
}
