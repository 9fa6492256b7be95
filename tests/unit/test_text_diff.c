/* SPDX-License-Identifier: MIT
 *
 * Differences as they are shown.
 */
#include "cli/text_diff.h"

#include "tests/unit/unit.h"

static void expect(const char *was, const char *is, const char *wanted) {
  Buf out = {0};
  text_diff_add(slice_of(was), slice_of(is), "", false, &out);
  assert_string_equal(out.data ? out.data : "", wanted);
  buf_free(&out);
}

CASE(equal_texts_have_none) {
  (void)state;
  expect("", "", "");
  expect("a", "a", "");
  expect("a\nb\n", "a\nb\n", "");
}

CASE(a_changed_line_is_marked) {
  (void)state;
  expect("the answer is 42.", "the answer is 43.",
         "- the answer is 42.\n+ the answer is 43.\n                 ^\n");
  expect("gr\xC3\xBC\xC3\x9F dich", "gr\xC3\xBC\xC3\x9E dich",
         "- gr\xC3\xBC\xC3\x9F dich\n+ gr\xC3\xBC\xC3\x9E dich\n"
         "     ^\n");
  expect("ab", "axyb", "- ab\n+ axyb\n   ^^\n");
  expect("axyb", "ab", "- axyb\n   ^^\n+ ab\n");
  expect("", "x", "- \n+ x\n  ^\n");
}

CASE(lines_that_come_and_go) {
  (void)state;
  expect("a\nb\nc", "a\nc", "  a\n- b\n  c\n");
  expect("a\nc", "a\nb\nc", "  a\n+ b\n  c\n");
  expect("a\nb\nc\nd", "a\nB\nC\nd", "  a\n- b\n- c\n+ B\n+ C\n  d\n");
  expect("1\n2\n3\n4\n5\n6\n7\n8\n9", "1\n2\n3\n4\nx\n6\n7\n8\n9",
         "  3\n  4\n- 5\n+ x\n  ^\n  6\n  7\n");
  expect("x\n2\n3\n4\n5\n6\n7\ny", "X\n2\n3\n4\n5\n6\n7\nY",
         "- x\n+ X\n  ^\n  2\n  3\n  ...\n  6\n  7\n- y\n+ Y\n  ^\n");
}

CASE(a_final_line_feed_is_told_of) {
  (void)state;
  expect("a\n", "a",
         "  (the expected text ends with a line feed, the other does not)\n");
  expect("a", "a\n",
         "  (the actual text ends with a line feed, the other does not)\n");
}

CASE(what_a_terminal_would_obey_is_made_visible) {
  (void)state;
  expect("a\x1b[2J", "a", "- a\\x1B[2J\n   ^^^^^^^\n+ a\n");
}

/* Long lines are cut around what differs, long differences after a while. */
CASE(long_ones_are_cut) {
  (void)state;
  Buf was = {0}, is = {0}, out = {0};
  buf_add_repeat(&was, 'x', 5000);
  buf_add_repeat(&is, 'x', 5000);
  is.data[3000] = 'y';
  text_diff_add(buf_slice(&was), buf_slice(&is), "  ", false, &out);
  assert_true(out.length < 400);
  assert_true(slice_contains(buf_slice(&out), SLICE("y")));
  buf_clear(&was);
  buf_clear(&is);
  buf_clear(&out);
  for (int i = 0; i < 5000; i++) {
    buf_addf(&was, "was %d\n", i);
    buf_addf(&is, "is %d\n", i);
  }
  text_diff_add(buf_slice(&was), buf_slice(&is), "", false, &out);
  assert_true(out.length < 2000);
  assert_true(
      slice_contains(buf_slice(&out), SLICE("9940 more lines that differ")));
  buf_free(&was);
  buf_free(&is);
  buf_free(&out);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(equal_texts_have_none),
      cmocka_unit_test(a_changed_line_is_marked),
      cmocka_unit_test(lines_that_come_and_go),
      cmocka_unit_test(a_final_line_feed_is_told_of),
      cmocka_unit_test(what_a_terminal_would_obey_is_made_visible),
      cmocka_unit_test(long_ones_are_cut),
  };
  return RUN(cases);
}
