/* SPDX-License-Identifier: MIT
 *
 * buf.c: the NUL is always there and never counted; growth; what is safe to
 * show on a terminal.
 */
#include "core/base/buf.h"

#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/unit.h"

CASE(adding) {
  (void)state;
  Buf buf = {0};
  buf_add_text(&buf, "");
  assert_string_equal(buf.data, "");
  buf_add_text(&buf, "ab");
  buf_add_char(&buf, 'c');
  buf_add_slice(&buf, slice_from("defgh", 2));
  buf_add_repeat(&buf, '-', 3);
  buf_add_repeat(&buf, '-', 0);
  buf_add(&buf, NULL, 0);
  buf_addf(&buf, "%d%s", 7, "x");
  assert_string_equal(buf.data, "abcde---7x");
  assert_int_equal(buf.length, 10);
  assert_int_equal(buf_slice(&buf).length, 10);
  buf_clear(&buf);
  assert_string_equal(buf.data, "");
  buf_free(&buf);
  assert_null(buf.data);
  buf_clear(&buf);
  buf_free(&buf);
}

/* Each way of adding, across every boundary of growth. */
CASE(growing) {
  (void)state;
  Buf buf = {0};
  for (size_t i = 0; i < 5000; i++) {
    assert_int_equal(buf.length, i);
    if (i % 3 == 0) buf_add_char(&buf, (char)('a' + i % 26));
    if (i % 3 == 1) buf_addf(&buf, "%c", (char)('a' + i % 26));
    if (i % 3 == 2) buf_add_repeat(&buf, (char)('a' + i % 26), 1);
    assert_int_equal(buf.data[buf.length], '\0');
    assert_true(buf.length < buf.capacity);
  }
  for (size_t i = 0; i < 5000; i++) {
    assert_int_equal(buf.data[i], 'a' + i % 26);
  }
  buf_free(&buf);
}

CASE(long_formats) {
  (void)state;
  Buf buf = {0};
  for (int width = 50; width < 80; width++) {
    buf_clear(&buf);
    buf_addf(&buf, "%*d", width, 1);
    assert_int_equal(buf.length, width);
    assert_int_equal(buf.data[width - 1], '1');
  }
  buf_addf(&buf, "%100000d", 2);
  assert_int_equal(buf.length, 100079);
  assert_int_equal(strlen(buf.data), 100079);
  buf_free(&buf);
}

CASE(reserve) {
  (void)state;
  Buf buf = {0};
  buf_reserve(&buf, 1000);
  assert_string_equal(buf.data, "");
  const char *before = buf.data;
  buf_add_repeat(&buf, 'x', 1000);
  assert_ptr_equal(buf.data, before);
  assert_true(buf_try_reserve(&buf, 10));
  assert_false(buf_try_reserve(&buf, SIZE_MAX));
  assert_false(buf_try_reserve(&buf, PTRDIFF_MAX));
  assert_int_equal(buf.length, 1000);
  assert_int_equal(buf.data[999], 'x');
  buf_free(&buf);
}

CASE(take) {
  (void)state;
  Buf buf = {0};
  char *nothing = buf_take(&buf);
  assert_string_equal(nothing, "");
  mem_free(nothing);
  buf_add_text(&buf, "abc");
  char *text = buf_take(&buf);
  assert_string_equal(text, "abc");
  assert_null(buf.data);
  assert_int_equal(buf.length, 0);
  mem_free(text);
}

static void assert_shown(Slice text, const char *expected) {
  Buf buf = {0};
  buf_add_visible(&buf, text);
  assert_string_equal(buf.data, expected);
  buf_free(&buf);
}

CASE(visible) {
  (void)state;
  assert_shown(SLICE("plain ~"), "plain ~");
  assert_shown(SLICE("a\nb\tc\r"), "a\\x0Ab\\x09c\\x0D");
  assert_shown(SLICE("\033[31m\177"), "\\x1B[31m\\x7F");
  assert_shown(SLICE("a\0b"), "a\\x00b");
  assert_shown(SLICE("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
               "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  assert_shown(SLICE("\xC2\x9B"), "\\xC2\\x9B");
  assert_shown(SLICE("\xFF\xC3"), "\\xFF\\xC3");
  assert_shown(SLICE("\xE2\x82"), "\\xE2\\x82");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(adding),       cmocka_unit_test(growing),
      cmocka_unit_test(long_formats), cmocka_unit_test(reserve),
      cmocka_unit_test(take),         cmocka_unit_test(visible),
  };
  return RUN(cases);
}
