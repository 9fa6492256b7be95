/* SPDX-License-Identifier: MIT
 *
 * What is asked of a piece of text: comparing, searching, hashing, spelling
 * distance and whether it is UTF-8. Nothing here allocates. Any thread.
 */
#include "core/base/slice.h"

#include <limits.h>
#include <xxhash.h>

int slice_int_length(Slice s) {
  return s.length > INT_MAX ? INT_MAX : (int)s.length;
}

bool slice_equal_text(Slice s, const char *text) {
  return slice_equal(s, slice_of(text));
}

bool slice_starts_with(Slice s, Slice prefix) {
  if (s.length < prefix.length) return false;
  return slice_equal(slice_from(s.data, prefix.length), prefix);
}

bool slice_ends_with(Slice s, Slice suffix) {
  if (suffix.length == 0) return true;
  if (s.length < suffix.length) return false;
  const char *tail = s.data + (s.length - suffix.length);
  return memcmp(tail, suffix.data, suffix.length) == 0;
}

bool slice_contains(Slice s, Slice part) {
  if (part.length == 0) return true;
  if (s.length < part.length) return false;
  return memmem(s.data, s.length, part.data, part.length) != NULL;
}

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

Slice slice_trim(Slice s) {
  while (s.length > 0 && is_space(s.data[0])) {
    s.data++;
    s.length--;
  }
  while (s.length > 0 && is_space(s.data[s.length - 1])) s.length--;
  return s;
}

uint64_t slice_hash(Slice s) {
  return XXH3_64bits(s.length ? s.data : "", s.length);
}

void slice_digest(Slice s, char digest[SLICE_DIGEST_SIZE]) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes,
                           XXH3_128bits(s.length ? s.data : "", s.length));
  for (size_t i = 0; i < sizeof bytes.digest; i++) {
    digest[2 * i] = "0123456789abcdef"[bytes.digest[i] >> 4];
    digest[2 * i + 1] = "0123456789abcdef"[bytes.digest[i] & 15];
  }
  digest[SLICE_DIGEST_SIZE - 1] = '\0';
}

/* ---- spelling distance --------------------------------------------------- */

enum { WORD_MAX = 64 }; /* bytes; no name worth a suggestion is longer */

static size_t min3(size_t a, size_t b, size_t c) {
  size_t least = a < b ? a : b;
  return least < c ? least : c;
}

/* The restricted edit distance by dynamic programming over three rows; a swap
 * of neighbours costs one, a place is edited once. Source: F. Damerau 1964,
 * R. Wagner and M. Fischer 1974. */
size_t slice_distance(Slice a, Slice b) {
  if (a.length > WORD_MAX || b.length > WORD_MAX) return SIZE_MAX;
  size_t rows[3][WORD_MAX + 1];
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.length; j++) row[j] = j;
  for (size_t i = 1; i <= a.length; i++) {
    size_t *spare = before;
    before = above;
    above = row;
    row = spare;
    row[0] = i;
    for (size_t j = 1; j <= b.length; j++) {
      size_t change = a.data[i - 1] == b.data[j - 1] ? 0 : 1;
      row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
      bool swapped = i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                     a.data[i - 2] == b.data[j - 1];
      if (swapped && before[j - 2] + 1 < row[j]) row[j] = before[j - 2] + 1;
    }
  }
  return row[b.length];
}

/* ---- UTF-8 --------------------------------------------------------------- */

static bool is_tail(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

/* Bytes of the valid code point at `p`, 0 when there is none: no overlong
 * forms, no surrogates, nothing above U+10FFFF (Unicode 15, table 3-7). */
static size_t code_point(const unsigned char *p, size_t room) {
  unsigned char c = p[0];
  if (c < 0x80) return 1;
  if (c < 0xC2 || c > 0xF4) return 0;
  size_t need = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  if (room < need) return 0;
  unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
  unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
  if (p[1] < low || p[1] > high) return 0;
  if (need > 2 && !is_tail(p[2])) return 0;
  if (need > 3 && !is_tail(p[3])) return 0;
  return need;
}

size_t slice_valid_utf8(Slice s) {
  const unsigned char *p = (const unsigned char *)s.data;
  size_t at = 0;
  while (at < s.length) {
    uint64_t eight;
    while (s.length - at >= sizeof eight) { /* mostly ASCII: eight at once */
      memcpy(&eight, p + at, sizeof eight);
      if (eight & UINT64_C(0x8080808080808080)) break;
      at += sizeof eight;
    }
    if (at == s.length) break;
    size_t bytes = code_point(p + at, s.length - at);
    if (bytes == 0) break;
    at += bytes;
  }
  return at;
}

static bool is_first_byte(char byte) {
  return ((unsigned char)byte & 0xC0) != 0x80;
}

size_t slice_code_points(Slice s) {
  size_t count = 0;
  for (size_t i = 0; i < s.length; i++) count += is_first_byte(s.data[i]);
  return count;
}

size_t slice_code_point_at(Slice s, size_t index) {
  for (size_t i = 0; i < s.length; i++) {
    if (is_first_byte(s.data[i]) && index-- == 0) return i;
  }
  return s.length;
}
