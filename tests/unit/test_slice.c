/* SPDX-License-Identifier: MIT
 *
 * slice.c: comparing, trimming, spelling distance, UTF-8 checked against a
 * second, slower definition over every sequence of three bytes.
 */
#include "core/base/slice.h"

#include <limits.h>
#include <stdio.h>

#include "tests/unit/unit.h"

static const Slice empty = {NULL, 0};

CASE(equal_and_compare) {
  (void)state;
  assert_true(slice_equal(SLICE("abc"), SLICE("abc")));
  assert_false(slice_equal(SLICE("abc"), SLICE("abd")));
  assert_false(slice_equal(SLICE("abc"), SLICE("ab")));
  assert_true(slice_equal(empty, SLICE("")));
  assert_true(slice_equal_text(SLICE("abc"), "abc"));
  assert_false(slice_equal_text(SLICE("a\0c"), "a"));
}

CASE(parts) {
  (void)state;
  assert_true(slice_starts_with(SLICE("abc"), SLICE("ab")));
  assert_true(slice_starts_with(SLICE("abc"), empty));
  assert_false(slice_starts_with(SLICE("ab"), SLICE("abc")));
  assert_false(slice_starts_with(SLICE("abc"), SLICE("b")));
  assert_true(slice_ends_with(SLICE("x.ais"), SLICE(".ais")));
  assert_true(slice_ends_with(empty, empty));
  assert_false(slice_ends_with(SLICE(".ais2"), SLICE(".ais")));
  assert_false(slice_ends_with(SLICE("is"), SLICE(".ais")));
  assert_true(slice_contains(SLICE("a\0bc"), SLICE("\0b")));
  assert_true(slice_contains(empty, empty));
  assert_false(slice_contains(SLICE("abc"), SLICE("ac")));
  assert_false(slice_contains(empty, SLICE("a")));
}

CASE(trim) {
  (void)state;
  assert_true(slice_equal_text(slice_trim(SLICE(" \t\r\n\v\fa b \n")), "a b"));
  assert_int_equal(slice_trim(SLICE(" \n ")).length, 0);
  assert_int_equal(slice_trim(empty).length, 0);
  /* U+00A0 is not ASCII. */
  assert_int_equal(slice_trim(SLICE("\xC2\xA0")).length, 2);
}

CASE(printing) {
  (void)state;
  char out[32];
  snprintf(out, sizeof out, "[%.*s]", SLICE_ARG(slice_from("abcdef", 3)));
  assert_string_equal(out, "[abc]");
  snprintf(out, sizeof out, "[%.*s]", SLICE_ARG(empty));
  assert_string_equal(out, "[]");
  assert_int_equal(slice_int_length(slice_from("", SIZE_MAX)), INT_MAX);
}

/* The number is XXH3's for the empty text with seed 0: object files depend on
 * it staying the same. */
CASE(hash) {
  (void)state;
  assert_true(slice_hash(empty) == UINT64_C(0x2D06800538D394C2));
  assert_true(slice_hash(SLICE("a")) == slice_hash(SLICE("a")));
  assert_true(slice_hash(SLICE("a")) != slice_hash(SLICE("b")));
}

CASE(distance) {
  (void)state;
  assert_int_equal(slice_distance(SLICE("input"), SLICE("input")), 0);
  assert_int_equal(slice_distance(SLICE("inptu"), SLICE("input")), 1);
  assert_int_equal(slice_distance(SLICE("inut"), SLICE("input")), 1);
  assert_int_equal(slice_distance(SLICE("inpput"), SLICE("input")), 1);
  assert_int_equal(slice_distance(SLICE("imput"), SLICE("input")), 1);
  assert_int_equal(slice_distance(SLICE("kitten"), SLICE("sitting")), 3);
  assert_int_equal(slice_distance(SLICE("ca"), SLICE("abc")), 3);
  assert_int_equal(slice_distance(empty, SLICE("abc")), 3);
  assert_int_equal(slice_distance(SLICE("abc"), empty), 3);
  assert_int_equal(slice_distance(empty, empty), 0);
  char word[65] = {0};
  memset(word, 'a', sizeof word);
  assert_int_equal(slice_distance(slice_from(word, 64), empty), 64);
  assert_int_equal(slice_distance(slice_from(word, 65), empty), SIZE_MAX);
  assert_int_equal(slice_distance(empty, slice_from(word, 65)), SIZE_MAX);
}

/* Decodes by arithmetic: the code point and its length, or length 0. */
static size_t decode(const unsigned char *p, size_t room) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t length = p[0] < 0x80             ? 1
                  : (p[0] & 0xE0) == 0xC0 ? 2
                  : (p[0] & 0xF0) == 0xE0 ? 3
                  : (p[0] & 0xF8) == 0xF0 ? 4
                                          : 0;
  if (length <= 1) return length;
  if (length > room) return 0;
  uint32_t value = p[0] & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((p[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (p[i] & 0x3Fu);
  }
  if (value < least[length] || value > 0x10FFFF) return 0;
  return value >= 0xD800 && value <= 0xDFFF ? 0 : length;
}

static size_t valid_by_decoding(const unsigned char *p, size_t length) {
  size_t at = 0;
  while (at < length) {
    size_t step = decode(p + at, length - at);
    if (step == 0) break;
    at += step;
  }
  return at;
}

CASE(utf8_every_three_bytes) {
  (void)state;
  unsigned char p[4] = {0, 0, 0, 0xBF};
  for (uint32_t n = 0; n < 1u << 24; n++) {
    p[0] = (unsigned char)(n >> 16);
    p[1] = (unsigned char)(n >> 8);
    p[2] = (unsigned char)n;
    size_t length = 3 + (n & 1);
    size_t got = slice_valid_utf8(slice_from((char *)p, length));
    if (got != valid_by_decoding(p, length)) fail_msg("bytes %06x", n);
  }
}

CASE(utf8_after_ascii_runs) {
  (void)state;
  char text[64];
  for (size_t at = 0; at < 40; at++) {
    memset(text, 'a', sizeof text);
    memcpy(text + at, "\xE2\x82\xAC", 3);
    assert_int_equal(slice_valid_utf8(slice_from(text, 40)), at > 37 ? at : 40);
    text[at + 1] = 'x';
    assert_int_equal(slice_valid_utf8(slice_from(text, 48)), at);
  }
  assert_int_equal(slice_valid_utf8(empty), 0);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(equal_and_compare),
      cmocka_unit_test(parts),
      cmocka_unit_test(trim),
      cmocka_unit_test(printing),
      cmocka_unit_test(hash),
      cmocka_unit_test(distance),
      cmocka_unit_test(utf8_every_three_bytes),
      cmocka_unit_test(utf8_after_ascii_runs),
  };
  return RUN(cases);
}
