/* SPDX-License-Identifier: MIT
 *
 * source.c: lines and columns, both ways of finding them, at every offset.
 */
#include "core/base/source.h"

#include "tests/unit/unit.h"

static void assert_place(const Source *source, const SourceLines *lines,
                         uint32_t offset, uint32_t line, uint32_t column) {
  Place one = source_place(source, offset);
  Place many = source_lines_place(lines, offset);
  assert_int_equal(one.line, line);
  assert_int_equal(one.column, column);
  assert_int_equal(many.line, line);
  assert_int_equal(many.column, column);
}

CASE(places) {
  (void)state;
  Source source = {.name = "x.ais", .text = SLICE("ab\n\n\xC3\xA9z\r\nq")};
  SourceLines lines;
  source_lines_init(&lines, &source);
  assert_int_equal(lines.starts.length, 4);
  assert_place(&source, &lines, 0, 1, 1);
  assert_place(&source, &lines, 2, 1, 3);
  assert_place(&source, &lines, 3, 2, 1);
  assert_place(&source, &lines, 4, 3, 1);
  assert_place(&source, &lines, 6, 3, 2);
  assert_place(&source, &lines, 7, 3, 3);
  assert_place(&source, &lines, 9, 4, 1);
  assert_place(&source, &lines, 10, 4, 2);
  assert_place(&source, &lines, UINT32_MAX, 4, 2);
  assert_true(slice_equal_text(source_lines_text(&lines, 1), "ab"));
  assert_true(slice_equal_text(source_lines_text(&lines, 2), ""));
  assert_true(slice_equal_text(source_lines_text(&lines, 3), "\xC3\xA9z"));
  assert_true(slice_equal_text(source_lines_text(&lines, 4), "q"));
  source_lines_free(&lines);
}

CASE(empty_text) {
  (void)state;
  Source source = {.name = "x.ais", .text = {NULL, 0}};
  SourceLines lines;
  source_lines_init(&lines, &source);
  assert_place(&source, &lines, 0, 1, 1);
  assert_place(&source, &lines, 5, 1, 1);
  assert_int_equal(source_lines_text(&lines, 1).length, 0);
  source_lines_free(&lines);
}

CASE(text_that_ends_a_line) {
  (void)state;
  Source source = {.name = "x.ais", .text = SLICE("a\n")};
  SourceLines lines;
  source_lines_init(&lines, &source);
  assert_place(&source, &lines, 1, 1, 2);
  assert_place(&source, &lines, 2, 2, 1);
  assert_int_equal(source_lines_text(&lines, 2).length, 0);
  source_lines_free(&lines);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(places),
      cmocka_unit_test(empty_text),
      cmocka_unit_test(text_that_ends_a_line),
  };
  return RUN(cases);
}
