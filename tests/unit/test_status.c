/* SPDX-License-Identifier: MIT
 *
 * status.c: the first cause is kept, long messages are cut between code
 * points, every status has a text.
 */
#include "core/base/status.h"

#include <errno.h>
#include <string.h>

#include "core/base/slice.h"
#include "tests/unit/unit.h"

CASE(message_is_formatted) {
  (void)state;
  Error error = {0};
  assert_int_equal(error_set(&error, STATUS_FORMAT, "byte %d", 7),
                   STATUS_FORMAT);
  assert_int_equal(error.status, STATUS_FORMAT);
  assert_string_equal(error.message, "byte 7");
}

CASE(first_cause_is_kept) {
  (void)state;
  Error error = {0};
  error_set(&error, STATUS_LIMIT, "first");
  assert_int_equal(error_set(&error, STATUS_IO, "second"), STATUS_IO);
  assert_int_equal(error_set_errno(&error, STATUS_IO, EIO, "third"), STATUS_IO);
  assert_int_equal(error.status, STATUS_LIMIT);
  assert_string_equal(error.message, "first");
}

CASE(null_error_is_fine) {
  (void)state;
  assert_int_equal(error_set(NULL, STATUS_IO, "x"), STATUS_IO);
  assert_int_equal(error_set_errno(NULL, STATUS_IO, EIO, "x"), STATUS_IO);
}

CASE(errno_is_appended) {
  (void)state;
  Error error = {0};
  error_set_errno(&error, STATUS_NOT_FOUND, ENOENT, "cannot read %s", "a.ais");
  assert_string_equal(error.message,
                      "cannot read a.ais: No such file or directory");
}

/* At each alignment of the cut with the code points. */
CASE(cut_keeps_code_points_whole) {
  (void)state;
  for (int shift = 0; shift < 4; shift++) {
    char text[2 * ERROR_MESSAGE_SIZE];
    memset(text, 'a', sizeof text);
    for (size_t i = (size_t)shift; i + 4 < sizeof text; i += 4) {
      memcpy(text + i, "\xF0\x9F\x98\x80", 4);
    }
    text[sizeof text - 1] = '\0';
    Error error = {0};
    error_set(&error, STATUS_IO, "%s", text);
    Slice kept = slice_of(error.message);
    assert_true(kept.length >= ERROR_MESSAGE_SIZE - 4);
    assert_int_equal(slice_valid_utf8(kept), kept.length);
  }
}

CASE(cut_in_ascii_loses_nothing_more) {
  (void)state;
  char text[2 * ERROR_MESSAGE_SIZE];
  memset(text, 'a', sizeof text);
  text[sizeof text - 1] = '\0';
  Error error = {0};
  error_set(&error, STATUS_IO, "%s", text);
  assert_int_equal(strlen(error.message), ERROR_MESSAGE_SIZE - 1);
  Error other = {0};
  text[ERROR_MESSAGE_SIZE - 5] = '\0';
  error_set_errno(&other, STATUS_IO, ENOENT, "%s", text);
  assert_int_equal(strlen(other.message), ERROR_MESSAGE_SIZE - 1);
  assert_string_equal(other.message + ERROR_MESSAGE_SIZE - 5, ": No");
}

CASE(every_status_has_a_text) {
  (void)state;
  assert_string_equal(status_text(STATUS_OK), "ok");
  assert_string_equal(status_text(STATUS_FAILED), "failed");
  assert_string_equal(status_text((Status)999), "unknown");
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(message_is_formatted),
      cmocka_unit_test(first_cause_is_kept),
      cmocka_unit_test(null_error_is_fine),
      cmocka_unit_test(errno_is_appended),
      cmocka_unit_test(cut_keeps_code_points_whole),
      cmocka_unit_test(cut_in_ascii_loses_nothing_more),
      cmocka_unit_test(every_status_has_a_text),
  };
  return RUN(cases);
}
