/* SPDX-License-Identifier: MIT
 *
 * Values: making, counting, comparing, printing. A text is one block, header
 * and bytes; a list owns one reference to each item, a map to each key and
 * value. Freeing a list frees its items first, and so on down: every list and
 * map knows how deep it is, and that is bounded where they are made. Any
 * thread: counts are atomic and nothing else changes after a value was made.
 */
#include "runtime/value/value.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/object/format.h"

_Static_assert(sizeof(TextValue) == sizeof(ObjText), "constants in place");
_Static_assert(offsetof(TextValue, bytes) == offsetof(ObjText, bytes),
               "constants in place");
_Static_assert(VALUE_IMMORTAL == OBJ_IMMORTAL, "constants in place");

_Static_assert(offsetof(ListValue, items) == offsetof(MapValue, entries),
               "both have a Head");

static Value heap_value(ValueKind kind, const void *pointer) {
  uint64_t bits = (uint64_t)(uintptr_t)pointer;
  assert((bits & ~VALUE_PAYLOAD) == 0);
  return VALUE_TAG(kind) | bits;
}

Value value_num(double number) {
  Value v;
  if (isnan(number)) return UINT64_C(0x7FF8) << 48;
  memcpy(&v, &number, sizeof v);
  return v;
}

double value_to_num(Value v) {
  double number;
  assert(value_kind(v) == VALUE_KIND_NUM);
  memcpy(&number, &v, sizeof number);
  return number;
}

Value value_text_new(size_t length, char **bytes) {
  TextValue *text = mem_alloc(sizeof *text + length + 1);
  atomic_init(&text->refs, 1);
  text->kind = 0;
  text->length = length;
  text->bytes[length] = '\0';
  *bytes = text->bytes;
  return heap_value(VALUE_KIND_TEXT, text);
}

Value value_text(Slice source) {
  char *bytes;
  Value v = value_text_new(source.length, &bytes);
  if (source.length > 0) memcpy(bytes, source.data, source.length);
  return v;
}

Value value_text_constant(const void *obj_text) {
  return heap_value(VALUE_KIND_TEXT, obj_text);
}

Slice value_to_slice(Value v) {
  const TextValue *text = value_pointer(v);
  assert(value_kind(v) == VALUE_KIND_TEXT);
  return (Slice){text->bytes, (size_t)text->length};
}

/* ---- lists and maps ------------------------------------------------------ */

/* What items add up to. */
typedef struct Extent {
  uint64_t least; /* bytes of their JSON, a comma or bracket after each */
  uint32_t depth; /* of the deepest; 0 when all are flat */
} Extent;

static Extent measure(const Value *items, uint64_t count) {
  Extent all = {0};
  for (uint64_t i = 0; i < count; i++) {
    Value v = items[i];
    uint64_t least = 1;
    if (value_is_heap(v) && value_kind(v) == VALUE_KIND_TEXT) {
      least = value_to_slice(v).length + 2;
    } else if (value_is_heap(v)) {
      const ListValue *list = value_pointer(v);
      least = list->least;
      if (list->depth > all.depth) all.depth = list->depth;
    }
    all.least += least + 1;
  }
  return all;
}

bool value_list_fits(const Value *items, uint32_t count) {
  Extent all = measure(items, count);
  return all.least < LIMIT_VALUE_BYTES && all.depth < LIMIT_JSON_DEPTH;
}

Value value_list(const Value *items, uint32_t count) {
  ListValue *list = mem_alloc(sizeof *list + count * sizeof(Value));
  Extent all = measure(items, count);
  atomic_init(&list->refs, 1);
  list->depth = all.depth + 1;
  list->length = count;
  list->least = count == 0 ? 2 : all.least + 1;
  if (count > 0) memcpy(list->items, items, count * sizeof(Value));
  return heap_value(VALUE_KIND_LIST, list);
}

/* Pairs of a map up to which looking at each key is as fast as an index. */
enum { INDEXED_FROM = 9 };

/* Slots of a map's index: a power of two, so that half of them are free. */
static uint32_t index_size(uint64_t length) {
  uint32_t size = 32;
  if (length < INDEXED_FROM) return 0;
  while (size < length * 2) size *= 2;
  return size;
}

/* Each slot has a pair's number + 1; 0 is a free one. */
static uint32_t *index_of(const MapValue *map) {
  return (uint32_t *)(void *)(uintptr_t)(map->entries + 2 * map->length);
}

static void fill_index(MapValue *map) {
  uint32_t size = index_size(map->length), *slots = index_of(map);
  if (size == 0) return;
  memset(slots, 0, size * sizeof *slots);
  for (uint32_t i = 0; i < map->length; i++) {
    uint64_t at = slice_hash(value_to_slice(map->entries[2 * i]));
    while (slots[at & (size - 1)] != 0) at++;
    slots[at & (size - 1)] = i + 1;
  }
}

Value value_map(const Value *entries, uint32_t count) {
  size_t pairs = (size_t)count * 2 * sizeof(Value);
  MapValue *map =
      mem_alloc(sizeof *map + pairs + index_size(count) * sizeof(uint32_t));
  Extent all = measure(entries, (uint64_t)count * 2);
  atomic_init(&map->refs, 1);
  map->depth = all.depth + 1;
  map->length = count;
  map->least = count == 0 ? 2 : all.least + 1;
  if (count > 0) memcpy(map->entries, entries, pairs);
  fill_index(map);
  return heap_value(VALUE_KIND_MAP, map);
}

static Value scan_map(const MapValue *map, Slice key) {
  for (uint64_t i = 0; i < map->length; i++)
    if (slice_equal(value_to_slice(map->entries[2 * i]), key))
      return map->entries[2 * i + 1];
  return VALUE_EMPTY;
}

Value value_map_get(Value v, Slice key) {
  const MapValue *map = value_pointer(v);
  uint32_t size = index_size(map->length), *slots = index_of(map);
  assert(value_kind(v) == VALUE_KIND_MAP);
  if (size == 0) return scan_map(map, key);
  for (uint64_t at = slice_hash(key);; at++) {
    uint32_t pair = slots[at & (size - 1)];
    if (pair == 0) return VALUE_EMPTY;
    const Value *entry = &map->entries[2 * (pair - 1)];
    if (slice_equal(value_to_slice(entry[0]), key)) return entry[1];
  }
}

uint64_t value_length(Value v) {
  const ListValue *list = value_pointer(v);
  assert(value_kind(v) == VALUE_KIND_LIST || value_kind(v) == VALUE_KIND_MAP);
  return list->length;
}

Value value_item(Value v, uint64_t index) {
  const ListValue *list = value_pointer(v);
  assert(value_kind(v) == VALUE_KIND_LIST && index < list->length);
  return list->items[index];
}

/* How many values a list or a map owns. */
static uint64_t count_owned(Value v) {
  return value_length(v) * (value_kind(v) == VALUE_KIND_MAP ? 2 : 1);
}

void value_free(Value v) {
  _Atomic uint32_t *refs = value_refs(v);
  if (load_relaxed(refs) >= VALUE_UNCOUNTED) return;
  if (sub_acq_rel(refs, 1) != 1) return;
  if (value_kind(v) != VALUE_KIND_TEXT) {
    ListValue *list = value_pointer(v);
    uint64_t count = count_owned(v);
    for (uint64_t i = 0; i < count; i++) value_drop(list->items[i]);
  }
  mem_free(value_pointer(v));
}

/* ---- equality ------------------------------------------------------------ */

static bool equal_lists(const ListValue *a, const ListValue *b) {
  for (uint64_t i = 0; i < a->length; i++)
    if (!value_equal(a->items[i], b->items[i])) return false;
  return true;
}

static bool equal_maps(const MapValue *a, Value b) {
  for (uint64_t i = 0; i < a->length; i++) {
    Value other = value_map_get(b, value_to_slice(a->entries[2 * i]));
    if (other == VALUE_EMPTY || !value_equal(a->entries[2 * i + 1], other))
      return false;
  }
  return true;
}

bool value_equal(Value a, Value b) {
  ValueKind kind = value_kind(a);
  if (a == b) return true;
  if (kind != value_kind(b)) return false;
  if (kind == VALUE_KIND_NUM) return value_to_num(a) == value_to_num(b);
  if (!value_is_heap(a)) return false;
  if (kind == VALUE_KIND_TEXT)
    return slice_equal(value_to_slice(a), value_to_slice(b));
  const ListValue *one = value_pointer(a), *two = value_pointer(b);
  if (one->length != two->length || one->least != two->least) return false;
  return kind == VALUE_KIND_LIST ? equal_lists(one, two)
                                 : equal_maps(value_pointer(a), b);
}

/* ---- printing ------------------------------------------------------------ */

const char *value_kind_words(Value v) {
  switch (value_kind(v)) {
    case VALUE_KIND_NUM:
      return "a number";
    case VALUE_KIND_BOOL:
      return "a bool";
    case VALUE_KIND_TEXT:
      return "a text";
    case VALUE_KIND_LIST:
      return "a list";
    case VALUE_KIND_MAP:
      return "an object";
    case VALUE_KIND_NULL:
      return "null";
    default:
      return "nothing";
  }
}

void value_add_plain(Value v, Buf *out) {
  if (value_kind(v) == VALUE_KIND_TEXT)
    buf_add_slice(out, value_to_slice(v));
  else
    value_add_json(v, out);
}

static void add_list(const ListValue *list, Buf *out) {
  buf_add_char(out, '[');
  for (uint64_t i = 0; i < list->length; i++) {
    if (i > 0) buf_add_char(out, ',');
    value_add_json(list->items[i], out);
  }
  buf_add_char(out, ']');
}

static void add_map(const MapValue *map, Buf *out) {
  buf_add_char(out, '{');
  for (uint64_t i = 0; i < map->length; i++) {
    if (i > 0) buf_add_char(out, ',');
    value_add_json(map->entries[2 * i], out);
    buf_add_char(out, ':');
    value_add_json(map->entries[2 * i + 1], out);
  }
  buf_add_char(out, '}');
}

void value_add_json(Value v, Buf *out) {
  switch (value_kind(v)) {
    case VALUE_KIND_NUM:
      json_add_number(out, value_to_num(v));
      return;
    case VALUE_KIND_BOOL:
      buf_add_text(out, v == VALUE_TRUE ? "true" : "false");
      return;
    case VALUE_KIND_TEXT:
      json_add_text(out, value_to_slice(v));
      return;
    case VALUE_KIND_LIST:
      add_list(value_pointer(v), out);
      return;
    case VALUE_KIND_MAP:
      add_map(value_pointer(v), out);
      return;
    case VALUE_KIND_EMPTY:
    case VALUE_KIND_UNIT:
    case VALUE_KIND_POISON:
    case VALUE_KIND_OTHER:
    case VALUE_KIND_SIMPLE:
    case VALUE_KIND_SPARE:
    case VALUE_KIND_NULL:
    case VALUE_KIND_ABSENT:
      buf_add_text(out, "null");
      return;
  }
}
