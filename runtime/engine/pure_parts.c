/* SPDX-License-Identifier: MIT
 *
 * What lists, objects and texts have in common: parts, by number or by name.
 * Numbers count from 0, negative ones from the end; texts are counted in code
 * points.
 */
#include <math.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/engine/pure_int.h"

/* ---- parts --------------------------------------------------------------- */

/* False when there is no such place among `length`. */
static bool find_place(double number, uint64_t length, uint64_t *place) {
  if (!is_whole(number)) return false;
  if (number < 0) number += (double)length;
  if (number < 0 || number >= (double)length) return false;
  *place = (uint64_t)number;
  return true;
}

/* The item, borrowed; VALUE_EMPTY when it has none there. */
static Value item_at(Value list, Value index) {
  uint64_t place;
  if (!find_place(value_to_num(index), value_length(list), &place))
    return VALUE_EMPTY;
  return value_item(list, place);
}

/* The entry of an object or of null, borrowed; VALUE_EMPTY of anything else. */
static Value entry_of(Value base, Value name) {
  if (base == VALUE_NULL) return VALUE_NULL;
  if (!is_map(base)) return VALUE_EMPTY;
  Value entry = value_map_get(base, value_to_slice(name));
  return entry == VALUE_EMPTY ? VALUE_NULL : entry;
}

Value pure_field(const Value *in, uint32_t count) {
  if (!is_text(in[1])) return VALUE_EMPTY;
  Value entry = entry_of(in[0], in[1]);
  return entry == VALUE_EMPTY ? entry : pure_part(in, count, entry);
}

Value pure_index(const Value *in, uint32_t count) {
  if (is_text(in[1])) return pure_field(in, count);
  if (!is_list(in[0]) || !is_num(in[1])) return VALUE_EMPTY;
  Value item = item_at(in[0], in[1]);
  return item == VALUE_EMPTY ? item : pure_part(in, count, item);
}

/* As indexing, but what is not there, or is null, is the default. */
Value pure_get(const Value *in, uint32_t count) {
  Value part = VALUE_EMPTY;
  if (is_list(in[0]) && is_num(in[1]))
    part = item_at(in[0], in[1]);
  else if (is_map(in[0]) && is_text(in[1]))
    part = value_map_get(in[0], value_to_slice(in[1]));
  else if (in[0] != VALUE_NULL)
    return VALUE_EMPTY;
  if (part == VALUE_EMPTY || part == VALUE_NULL)
    part = count > 2 ? in[2] : VALUE_NULL;
  return pure_part(in, count, part);
}

Value pure_keys(const Value *in, uint32_t count) {
  if (!is_map(in[0])) return VALUE_EMPTY;
  const MapValue *map = value_pointer(in[0]);
  Value *keys = mem_alloc((size_t)map->length * sizeof *keys + 1);
  for (uint64_t i = 0; i < map->length; i++)
    value_take(keys[i] = map->entries[2 * i], 1);
  Value list = value_list(keys, (uint32_t)map->length);
  mem_free(keys);
  return pure_done(in, count, list);
}

/* ---- the whole ----------------------------------------------------------- */

Value pure_len(const Value *in, uint32_t count) {
  uint64_t length;
  if (is_text(in[0]))
    length = slice_code_points(value_to_slice(in[0]));
  else if (is_list(in[0]) || is_map(in[0]))
    length = value_length(in[0]);
  else
    return VALUE_EMPTY;
  return pure_done(in, count, value_num((double)length));
}

static bool has_item(Value list, Value wanted) {
  uint64_t length = value_length(list);
  for (uint64_t i = 0; i < length; i++)
    if (value_equal(value_item(list, i), wanted)) return true;
  return false;
}

Value pure_contains(const Value *in, uint32_t count) {
  bool found;
  if (is_list(in[0]))
    found = has_item(in[0], in[1]);
  else if (is_text(in[0]) && is_text(in[1]))
    found = slice_contains(value_to_slice(in[0]), value_to_slice(in[1]));
  else
    return VALUE_EMPTY;
  return pure_done(in, count, value_bool(found));
}

/* ---- slices -------------------------------------------------------------- */

/* The place that `number` means, or the nearest end. */
static uint64_t clamp(double number, uint64_t length) {
  if (number < 0) number += (double)length;
  if (number < 0) return 0;
  return number > (double)length ? length : (uint64_t)number;
}

static Value slice_list(Value list, uint64_t from, uint64_t to) {
  const ListValue *whole = value_pointer(list);
  for (uint64_t i = from; i < to; i++) value_take(whole->items[i], 1);
  return value_list(whole->items + from, (uint32_t)(to - from));
}

static Value slice_text(Slice text, uint64_t from, uint64_t to) {
  size_t first = slice_code_point_at(text, from);
  Slice rest = slice_from(text.data + first, text.length - first);
  rest.length = slice_code_point_at(rest, to - from);
  return value_text(rest);
}

Value pure_slice(const Value *in, uint32_t count) {
  for (uint32_t i = 1; i < count; i++)
    if (!is_num(in[i]) || value_to_num(in[i]) != trunc(value_to_num(in[i])))
      return VALUE_EMPTY;
  if (!is_text(in[0]) && !is_list(in[0])) return VALUE_EMPTY;
  uint64_t length = is_list(in[0]) ? value_length(in[0])
                                   : slice_code_points(value_to_slice(in[0]));
  uint64_t from = clamp(value_to_num(in[1]), length);
  uint64_t to = count > 2 ? clamp(value_to_num(in[2]), length) : length;
  if (to < from) to = from;
  if (to - from == length) return in[0];
  return pure_done(in, count,
                   is_list(in[0])
                       ? slice_list(in[0], from, to)
                       : slice_text(value_to_slice(in[0]), from, to));
}

/* ---- JSON ---------------------------------------------------------------- */

/* Where a line that begins with ``` does so; else the first ``` there is. */
static const char *fence_end(Slice text) {
  const char *end = text.data + text.length, *first = NULL;
  for (const char *at = text.data;; at += 3) {
    at = memmem(at, (size_t)(end - at), "```", 3);
    if (at == NULL) return first == NULL ? end : first;
    const char *line = at;
    while (line > text.data && (line[-1] == ' ' || line[-1] == '\t')) line--;
    if (line > text.data && line[-1] == '\n') return at;
    if (first == NULL) first = at;
  }
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What stands in the first fence, without the word that may follow its ```.
 * Without a fence the NULL slice. */
static Slice fenced(Slice text) {
  const char *end = text.data + text.length;
  const char *at = memmem(text.data, text.length, "```", 3);
  if (at == NULL) return (Slice){0};
  for (at += 3; at < end && is_letter(*at); at++) continue;
  text = slice_from(at, (size_t)(end - at));
  text.length = (size_t)(fence_end(text) - at);
  return slice_trim(text);
}

/* The error is that of the whole text. */
static Status read_json(Slice text, Value *out, Error *error) {
  Status status = value_from_json(slice_trim(text), out, error);
  Slice inner = {0};
  if (status != STATUS_OK) inner = fenced(text);
  if (inner.data == NULL) return status;
  return value_from_json(inner, out, &(Error){0});
}

Value pure_json(const Value *in, uint32_t count) {
  Value result;
  if (!is_text(in[0])) return in[0];
  if (read_json(value_to_slice(in[0]), &result, &(Error){0}) != STATUS_OK)
    return VALUE_EMPTY;
  return pure_done(in, count, result);
}

/* ---- failures ------------------------------------------------------------ */

static FailureCode explain_index(const Value *in, Buf *text) {
  buf_addf(text, "there is no index ");
  value_add_plain(in[1], text);
  buf_addf(text, " in a list of %llu", (unsigned long long)value_length(in[0]));
  return FAILURE_OUT_OF_RANGE;
}

static FailureCode explain_field(const Value *in, Buf *text) {
  buf_addf(text, "%s has no field ", value_kind_words(in[0]));
  pure_show(in[1], text);
  return FAILURE_NO_FIELD;
}

static FailureCode explain_json(const Value *in, Buf *text) {
  Value unused;
  Error error = {0};
  if (read_json(value_to_slice(in[0]), &unused, &error) == STATUS_OK)
    value_drop(unused);
  buf_add_text(text, "not JSON: ");
  buf_add_text(text, error.message);
  return FAILURE_NOT_JSON;
}

static FailureCode explain_slice(const Value *in, uint32_t count, Buf *text) {
  for (uint32_t i = 1; i < count; i++) {
    if (!is_num(in[i])) return explain_kind(OP_SLICE, in[i], text);
    if (value_to_num(in[i]) == trunc(value_to_num(in[i]))) continue;
    buf_add_text(text, "slice takes whole numbers, not ");
    value_add_plain(in[i], text);
    return FAILURE_BAD_ARGUMENT;
  }
  return explain_kind(OP_SLICE, in[0], text);
}

FailureCode explain_parts(Op op, const Value *in, uint32_t count, Buf *text) {
  switch (op) {
    case OP_FIELD:
      if (is_text(in[1])) return explain_field(in, text);
      return explain_kind(op, in[1], text);
    case OP_INDEX:
      if (is_text(in[1])) return explain_field(in, text);
      if (is_list(in[0]) && is_num(in[1])) return explain_index(in, text);
      buf_addf(text, "%s has no items", value_kind_words(in[0]));
      return FAILURE_WRONG_TYPE;
    case OP_SLICE:
      return explain_slice(in, count, text);
    case OP_TO_JSON:
      return explain_json(in, text);
    case OP_CONTAINS:
      return explain_kind(op, in[is_text(in[0]) ? 1 : 0], text);
    default:
      return explain_kind(op, in[0], text);
  }
}
