/* SPDX-License-Identifier: MIT
 *
 * A piece of text that somebody else owns. Not NUL-terminated.
 */
#ifndef APXM_CORE_BASE_SLICE_H
#define APXM_CORE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct Slice {
  const char *data; /* may be NULL when length is 0 */
  size_t length;    /* bytes */
} Slice;

/* For printf("%.*s", SLICE_ARG(s)); the length is cut at INT_MAX. */
#define SLICE_ARG(s) slice_int_length(s), ((s).length ? (s).data : "")
#define SLICE(literal) ((Slice){(literal), sizeof(literal) - 1})

static inline Slice slice_of(const char *text) {
  return (Slice){text, strlen(text)};
}

static inline Slice slice_from(const char *data, size_t length) {
  return (Slice){data, length};
}

static inline bool slice_equal(Slice a, Slice b) {
  return a.length == b.length &&
         (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

int slice_int_length(Slice s);
bool slice_equal_text(Slice s, const char *text);
bool slice_starts_with(Slice s, Slice prefix);
bool slice_ends_with(Slice s, Slice suffix);
bool slice_contains(Slice s, Slice part);
Slice slice_trim(Slice s);    /* ASCII white space at both ends */
uint64_t slice_hash(Slice s); /* XXH3, 64 bits, seed 0 */

/* XXH3, 128 bits, seed 0, as lower-case hexadecimal digits and a NUL. */
enum { SLICE_DIGEST_SIZE = 33 };
void slice_digest(Slice s, char digest[SLICE_DIGEST_SIZE]);

/* Edit distance (Damerau-Levenshtein with adjacent swaps), for "did you mean".
 * Words longer than 64 bytes are at distance SIZE_MAX. */
size_t slice_distance(Slice a, Slice b);

/* Code points of valid UTF-8; the byte at which one of them begins. */
size_t slice_code_points(Slice s);
size_t slice_code_point_at(Slice s, size_t index); /* s.length: the end */

/* Number of bytes at the start of `s` that are valid UTF-8; s.length if all. */
size_t slice_valid_utf8(Slice s);

#endif
