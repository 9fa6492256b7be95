/* SPDX-License-Identifier: MIT
 *
 * Functions of texts. Texts are UTF-8; what is looked for is looked for by
 * bytes, which finds no half code points. A function that changes nothing gives
 * back the text it got.
 */
#include <string.h>

#include "core/base/fold.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/engine/pure_int.h"

/* ---- taking apart -------------------------------------------------------- */

/* Pieces are counted first and then made, so that too many are not made. */
typedef struct Pieces {
  Value *items; /* NULL: to be counted */
  uint64_t count;
} Pieces;

typedef void Cutter(Slice text, Slice separator, Pieces *pieces);

static void add_piece(Pieces *pieces, const char *from, const char *to) {
  if (pieces->items != NULL)
    pieces->items[pieces->count] =
        value_text(slice_from(from, (size_t)(to - from)));
  pieces->count++;
}

/* VALUE_EMPTY when there are too many pieces, or too much in them. */
static Value cut(Slice text, Slice separator, Cutter *cutter) {
  Pieces pieces = {0};
  Value list = VALUE_EMPTY;
  cutter(text, separator, &pieces);
  if (pieces.count > LIMIT_LIST_ITEMS) return list;
  pieces.items = mem_alloc((size_t)pieces.count * sizeof(Value) + 1);
  pieces.count = 0;
  cutter(text, separator, &pieces);
  uint32_t count = (uint32_t)pieces.count;
  if (value_list_fits(pieces.items, count))
    list = value_list(pieces.items, count);
  else
    for (uint32_t i = 0; i < count; i++) value_drop(pieces.items[i]);
  mem_free(pieces.items);
  return list;
}

static void cut_lines(Slice text, Slice separator, Pieces *pieces) {
  const char *at = text.data, *end = text.data + text.length;
  (void)separator;
  while (at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    const char *last = stop == NULL ? end : stop;
    if (stop != NULL && last > at && last[-1] == '\r') last--;
    add_piece(pieces, at, last);
    at = stop == NULL ? end : stop + 1;
  }
}

static void cut_characters(Slice text, Slice separator, Pieces *pieces) {
  const char *end = text.data + text.length;
  (void)separator;
  for (const char *at = text.data; at < end;) {
    const char *next = at + 1;
    while (next < end && ((unsigned char)*next & 0xC0) == 0x80) next++;
    add_piece(pieces, at, next);
    at = next;
  }
}

static void cut_at(Slice text, Slice separator, Pieces *pieces) {
  const char *at = text.data, *end = text.data + text.length;
  for (;;) {
    const char *stop =
        memmem(at, (size_t)(end - at), separator.data, separator.length);
    add_piece(pieces, at, stop == NULL ? end : stop);
    if (stop == NULL) return;
    at = stop + separator.length;
  }
}

Value pure_lines(const Value *in, uint32_t count) {
  if (!is_text(in[0])) return VALUE_EMPTY;
  Value list = cut(value_to_slice(in[0]), (Slice){0}, cut_lines);
  return pure_done(in, count, list);
}

Value pure_split(const Value *in, uint32_t count) {
  if (!is_text(in[0]) || !is_text(in[1])) return VALUE_EMPTY;
  Slice separator = value_to_slice(in[1]);
  Cutter *cutter = separator.length == 0 ? cut_characters : cut_at;
  return pure_done(in, count, cut(value_to_slice(in[0]), separator, cutter));
}

/* ---- putting together ---------------------------------------------------- */

Value pure_join(const Value *in, uint32_t count) {
  Buf text = {0};
  Value result = VALUE_EMPTY;
  if (!is_list(in[0]) || (count > 1 && !is_text(in[1]))) return VALUE_EMPTY;
  const ListValue *list = value_pointer(in[0]);
  Slice separator = count > 1 ? value_to_slice(in[1]) : (Slice){0};
  if (concat_values(list->items, (uint32_t)list->length, separator, &text))
    result = value_text(buf_slice(&text));
  buf_free(&text);
  return pure_done(in, count, result);
}

/* Bytes that the text has when every `from` is a `to`. */
static uint64_t replaced_length(Slice text, Slice from, Slice to) {
  uint64_t length = text.length;
  const char *at = text.data, *end = text.data + text.length;
  while ((at = memmem(at, (size_t)(end - at), from.data, from.length))) {
    length += to.length;
    length -= from.length;
    at += from.length;
  }
  return length;
}

static Value replaced(Slice text, Slice from, Slice to, size_t length) {
  char *out;
  Value result = value_text_new(length, &out);
  const char *at = text.data, *end = text.data + text.length;
  for (;;) {
    const char *stop = memmem(at, (size_t)(end - at), from.data, from.length);
    size_t kept = (size_t)((stop == NULL ? end : stop) - at);
    memcpy(out, at, kept);
    if (stop == NULL) return result;
    memcpy(out + kept, to.data, to.length);
    out += kept + to.length;
    at = stop + from.length;
  }
}

Value pure_replace(const Value *in, uint32_t count) {
  if (!is_text(in[0]) || !is_text(in[1]) || !is_text(in[2])) return VALUE_EMPTY;
  Slice text = value_to_slice(in[0]), from = value_to_slice(in[1]);
  Slice to = value_to_slice(in[2]);
  if (from.length == 0) return VALUE_EMPTY;
  uint64_t length = replaced_length(text, from, to);
  if (length > LIMIT_VALUE_BYTES) return VALUE_EMPTY;
  return pure_done(in, count, replaced(text, from, to, (size_t)length));
}

/* ---- white space and letter case ----------------------------------------- */

/* Bytes of the white space that `text` begins with (White_Space of Unicode,
 * PropList.txt), or 0. */
static size_t space_at(const char *text, size_t left) {
  static const char *const wide[] = {
      "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\xA8",
      "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};
  unsigned char c = (unsigned char)text[0];
  if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
  if (c < 0x80) return 0;
  if (left >= 3 && memcmp(text, "\xE2\x80", 2) == 0 &&
      (unsigned char)text[2] >= 0x80 && (unsigned char)text[2] <= 0x8A)
    return 3;
  for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
    size_t length = strlen(wide[i]);
    if (left >= length && memcmp(text, wide[i], length) == 0) return length;
  }
  return 0;
}

/* Bytes of the white space that `text` ends with, or 0. */
static size_t space_before(Slice text) {
  size_t start = text.length - 1;
  while (start > 0 && ((unsigned char)text.data[start] & 0xC0) == 0x80) start--;
  size_t length = text.length - start;
  return space_at(text.data + start, length) == length ? length : 0;
}

static Slice trimmed(Slice text) {
  size_t space;
  while (text.length > 0 && (space = space_at(text.data, text.length)) > 0)
    text = slice_from(text.data + space, text.length - space);
  while (text.length > 0 && (space = space_before(text)) > 0)
    text.length -= space;
  return text;
}

Value pure_trim(const Value *in, uint32_t count) {
  if (!is_text(in[0])) return VALUE_EMPTY;
  Slice text = value_to_slice(in[0]), rest = trimmed(text);
  if (rest.length == text.length) return in[0];
  return pure_done(in, count, value_text(rest));
}

typedef Status Folding(Slice text, Buf *out, Error *error);

static Value with_case(const Value *in, uint32_t count, Folding *fold) {
  Buf text = {0};
  Error error = {0};
  Value result = VALUE_EMPTY;
  if (!is_text(in[0])) return VALUE_EMPTY;
  if (fold(value_to_slice(in[0]), &text, &error) == STATUS_OK &&
      text.length <= LIMIT_VALUE_BYTES)
    result = value_text(buf_slice(&text));
  buf_free(&text);
  return pure_done(in, count, result);
}

Value pure_lower(const Value *in, uint32_t count) {
  return with_case(in, count, fold_lower);
}

Value pure_upper(const Value *in, uint32_t count) {
  return with_case(in, count, fold_upper);
}

/* ---- failures ------------------------------------------------------------ */

static FailureCode explain_case(Op op, const Value *in, Buf *text) {
  Buf unused = {0};
  Error error = {0};
  Folding *fold = op == OP_LOWER ? fold_lower : fold_upper;
  Status status = fold(value_to_slice(in[0]), &unused, &error);
  buf_free(&unused);
  if (status == STATUS_OK) return explain_size(text);
  buf_add_text(text, error.message);
  return FAILURE_UNAVAILABLE;
}

FailureCode explain_text(Op op, const Value *in, Buf *text) {
  if (op == OP_JOIN ? !is_list(in[0]) : !is_text(in[0]))
    return explain_kind(op, in[0], text);
  if (op == OP_LOWER || op == OP_UPPER) return explain_case(op, in, text);
  if (op == OP_REPLACE && is_text(in[1]) && value_to_slice(in[1]).length == 0) {
    buf_add_text(text, "replace has an empty text to look for");
    return FAILURE_BAD_ARGUMENT;
  }
  if (op != OP_LINES && op != OP_SPLIT) return explain_size(text);
  buf_addf(text, "%s would make more than %d texts, or over %d MiB of them",
           op_table[op].text, LIMIT_LIST_ITEMS, LIMIT_VALUE_BYTES >> 20);
  return FAILURE_TOO_LARGE;
}
