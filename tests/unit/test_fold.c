/* SPDX-License-Identifier: MIT
 *
 * fold.c: case inside and outside ASCII, what is trimmed from a label and what
 * belongs to it, and that ASCII needs no library.
 */
#include "core/base/fold.h"

#include <dlfcn.h>

#include "tests/unit/unit.h"

typedef Status Change(Slice text, Buf *out, Error *error);

static void expect(Change *change, Slice text, const char *expected) {
  Buf out = {0};
  Error error = {0};
  buf_add_char(&out, '>');
  assert_int_equal(change(text, &out, &error), STATUS_OK);
  assert_string_equal(out.data + 1, expected);
  assert_int_equal(out.length, strlen(expected) + 1);
  buf_free(&out);
}

#define FOLDED(text, expected) expect(fold_label, SLICE(text), expected)

static bool is_loaded(void) {
  return dlopen("libutf8proc.so.2", RTLD_LAZY | RTLD_NOLOAD) != NULL;
}

/* The first case: after it the library is there. */
CASE(ascii_needs_no_library) {
  (void)state;
  expect(fold_lower, SLICE("aZ 09 [~]"), "az 09 [~]");
  expect(fold_upper, SLICE("az 09 `{"), "AZ 09 `{");
  FOLDED(" \"Yes!\" ", "yes");
  assert_false(is_loaded());
  expect(fold_lower, SLICE("\xC3\x84"), "\xC3\xA4");
  assert_true(is_loaded());
}

CASE(letters) {
  (void)state;
  expect(fold_lower, SLICE("\xC3\x89T\xC3\x89 \xD0\x96 \xCE\xA9"),
         "\xC3\xA9t\xC3\xA9 \xD0\xB6 \xCF\x89");
  expect(fold_upper, SLICE("\xC3\xA9t\xC3\xA9 \xD0\xB6 \xCF\x89"),
         "\xC3\x89T\xC3\x89 \xD0\x96 \xCE\xA9");
  expect(fold_lower, SLICE("\xF0\x90\x90\x80"), "\xF0\x90\x90\xA8");
  expect(fold_lower, SLICE("\xE6\x97\xA5\xE6\x9C\xAC"),
         "\xE6\x97\xA5\xE6\x9C\xAC");
  expect(fold_lower, SLICE(""), "");
  /* What is not UTF-8 stays. */
  expect(fold_lower, SLICE("A\xFF\xC3"), "a\xFF\xC3");
}

CASE(labels) {
  (void)state;
  FOLDED("Technical.", "technical");
  FOLDED(" **Technical**\n", "technical");
  FOLDED("- `billing`", "billing");
  FOLDED("\"Not sure\"", "not sure");
  FOLDED("a.b-c", "a.b-c");
  FOLDED("", "");
  FOLDED("\xC2\xA0\xC2\xABOui\xC2\xBB\xE3\x80\x82", "oui");
  FOLDED("\xE2\x80\x9CJA\xE2\x80\x9D\xE2\x80\xA6", "ja");
}

CASE(what_belongs_to_the_word) {
  (void)state;
  FOLDED("C++.", "c++");
  FOLDED("C#", "c#");
  FOLDED("-1", "-1");
  FOLDED("(-1)", "-1");
  FOLDED("- one", "one");
  FOLDED("5%", "5%");
  /* Nothing would be left. */
  FOLDED(" ? ", "?");
  FOLDED("...", "...");
  FOLDED(" \n", "");
  FOLDED("\xFF.", "\xFF");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ascii_needs_no_library),
      cmocka_unit_test(letters),
      cmocka_unit_test(labels),
      cmocka_unit_test(what_belongs_to_the_word),
  };
  return RUN(tests);
}
