/* SPDX-License-Identifier: MIT
 *
 * A request that a tape does not have, beside the recorded one that is most
 * like it. The distance of two prompts is the number of bytes to change
 * between their common start and their common end: exactly (Levenshtein) where
 * that is cheap, else the longer of the two middles. What else differs counts
 * a little: among equal prompts the nearest has the fewest other differences.
 */
#include <math.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "runtime/model/tape.h"

enum {
  EXACT_BYTES = 1024,     /* longer middles are not compared byte by byte */
  EXACT_CELLS = 20 << 20, /* steps of comparing, for one search; about 20 ms */
  AROUND_BYTES = 24,      /* of the common text, before a difference */
  SHOWN_BYTES = 56        /* from there on */
};

/* ---- distance ------------------------------------------------------------ */

static size_t common_start(Slice a, Slice b) {
  size_t most = a.length < b.length ? a.length : b.length;
  size_t i = 0;
  while (i < most && a.data[i] == b.data[i]) i++;
  return i;
}

static size_t common_end(Slice a, Slice b) {
  size_t most = a.length < b.length ? a.length : b.length;
  size_t i = 0;
  while (i < most && a.data[a.length - 1 - i] == b.data[b.length - 1 - i]) i++;
  return i;
}

static Slice without_start(Slice text, size_t length) {
  return slice_from(text.data + length, text.length - length);
}

static size_t least_of(size_t a, size_t b, size_t c) {
  size_t least = a < b ? a : b;
  return least < c ? least : c;
}

/* One row of the table at a time; neither is longer than EXACT_BYTES. */
static size_t edits(Slice a, Slice b) {
  size_t row[EXACT_BYTES + 1];
  for (size_t j = 0; j <= b.length; j++) row[j] = j;
  for (size_t i = 1; i <= a.length; i++) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.length; j++) {
      size_t change = corner + (a.data[i - 1] != b.data[j - 1]);
      corner = row[j];
      row[j] = least_of(row[j] + 1, row[j - 1] + 1, change);
    }
  }
  return row[b.length];
}

static size_t text_distance(Slice a, Slice b, size_t *cells) {
  size_t start = common_start(a, b);
  a = without_start(a, start);
  b = without_start(b, start);
  size_t end = common_end(a, b);
  a.length -= end;
  b.length -= end;
  size_t longer = a.length > b.length ? a.length : b.length;
  if (longer > EXACT_BYTES || a.length * b.length > *cells) return longer;
  *cells -= a.length * b.length;
  return edits(a, b);
}

static bool same_number(double a, double b) {
  return a == b || (!isfinite(a) && !isfinite(b));
}

/* How many of the short fields differ. */
static size_t count_differences(const TapeRequest *a, const TapeRequest *b) {
  return (size_t)!slice_equal(a->operation, b->operation) +
         (size_t)!slice_equal(a->model, b->model) +
         (size_t)!same_number(a->temperature, b->temperature) +
         (size_t)(a->max_tokens != b->max_tokens) +
         (size_t)(a->budget_tokens != b->budget_tokens);
}

static const TapeEntry *find_nearest(const TapeEntry *const *entries,
                                     uint32_t count,
                                     const TapeRequest *wanted) {
  const TapeEntry *best = NULL;
  size_t least = SIZE_MAX;
  size_t cells = EXACT_CELLS;
  for (uint32_t i = 0; i < count; i++) {
    const TapeRequest *other = &entries[i]->request;
    size_t distance = text_distance(other->prompt, wanted->prompt, &cells) +
                      text_distance(other->system, wanted->system, &cells) +
                      count_differences(other, wanted);
    if (distance >= least) continue;
    least = distance;
    best = entries[i];
  }
  return best;
}

/* ---- in words ------------------------------------------------------------ */

/* Whether the byte at `at` begins a code point, or the text ends there. */
static bool is_boundary(Slice text, size_t at) {
  return at >= text.length || ((unsigned char)text.data[at] & 0xC0) != 0x80;
}

/* What stands around byte `at`, in quotes. */
static void add_piece(Slice text, size_t at, Buf *out) {
  size_t begin = at > AROUND_BYTES ? at - AROUND_BYTES : 0;
  size_t end = at + SHOWN_BYTES;
  Buf piece = {0};
  while (!is_boundary(text, begin)) begin--;
  if (end > text.length) end = text.length;
  while (!is_boundary(text, end)) end--;
  if (begin > 0) buf_add_text(&piece, "...");
  buf_add(&piece, text.data + begin, end - begin);
  if (end < text.length) buf_add_text(&piece, "...");
  json_add_text(out, buf_slice(&piece));
  buf_free(&piece);
}

static void add_field(const char *name, uint32_t *count, Buf *out) {
  buf_addf(out, "%s%s ", (*count)++ > 0 ? "; " : "", name);
}

static void add_text(const char *name, Slice is, Slice was, uint32_t *count,
                     Buf *out) {
  if (slice_equal(is, was)) return;
  size_t at = common_start(is, was);
  add_field(name, count, out);
  add_piece(is, at, out);
  buf_add_text(out, " was ");
  add_piece(was, at, out);
}

static void add_value(double value, bool is_said, Buf *out) {
  if (is_said)
    json_add_number(out, value);
  else
    buf_add_text(out, "not set");
}

static void add_count(const char *name, uint32_t is, uint32_t was,
                      uint32_t *count, Buf *out) {
  if (is == was) return;
  add_field(name, count, out);
  add_value(is, is != 0, out);
  buf_add_text(out, " was ");
  add_value(was, was != 0, out);
}

void tape_add_nearest(const TapeEntry *const *entries, uint32_t count,
                      const TapeRequest *wanted, Buf *out) {
  const TapeEntry *nearest = find_nearest(entries, count, wanted);
  uint32_t shown = 0;
  if (!nearest) return;
  const TapeRequest *was = &nearest->request;
  buf_add_text(out, "; compared to the nearest: ");
  add_text("op", wanted->operation, was->operation, &shown, out);
  add_text("model", wanted->model, was->model, &shown, out);
  add_text("prompt", wanted->prompt, was->prompt, &shown, out);
  add_text("system", wanted->system, was->system, &shown, out);
  if (!same_number(wanted->temperature, was->temperature)) {
    add_field("temperature", &shown, out);
    add_value(wanted->temperature, isfinite(wanted->temperature), out);
    buf_add_text(out, " was ");
    add_value(was->temperature, isfinite(was->temperature), out);
  }
  add_count("max_tokens", wanted->max_tokens, was->max_tokens, &shown, out);
  add_count("budget_tokens", wanted->budget_tokens, was->budget_tokens, &shown,
            out);
}
