/* SPDX-License-Identifier: MIT
 *
 * Values: making, counting, printing, reading. A text is one block, header
 * and bytes; a list owns one reference to each item. Freeing a list frees its
 * items first; lists nest as deep as their type, which is bounded. Any thread:
 * counts are atomic and nothing else changes after a value was made.
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

enum { HEAP_TEXT, HEAP_LIST };

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
  text->kind = HEAP_TEXT;
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

static uint64_t least_bytes(Value v) {
  if (value_kind(v) == VALUE_KIND_TEXT) return value_to_slice(v).length + 2;
  if (value_kind(v) != VALUE_KIND_LIST) return 1;
  const ListValue *list = value_pointer(v);
  return list->least;
}

uint64_t value_list_least(const Value *items, uint32_t count) {
  uint64_t bytes = count == 0 ? 2 : 1; /* a comma or bracket after each */
  for (uint32_t i = 0; i < count; i++) bytes += least_bytes(items[i]) + 1;
  return bytes;
}

Value value_list(const Value *items, uint32_t count) {
  ListValue *list = mem_alloc(sizeof *list + count * sizeof(Value));
  atomic_init(&list->refs, 1);
  list->kind = HEAP_LIST;
  list->length = count;
  list->least = value_list_least(items, count);
  if (count > 0) memcpy(list->items, items, count * sizeof(Value));
  return heap_value(VALUE_KIND_LIST, list);
}

void value_free(Value v) {
  _Atomic uint32_t *refs = value_refs(v);
  if (load_relaxed(refs) >= VALUE_UNCOUNTED) return;
  if (sub_acq_rel(refs, 1) != 1) return;
  if (value_kind(v) == VALUE_KIND_LIST) {
    ListValue *list = value_pointer(v);
    for (uint64_t i = 0; i < list->length; i++) value_drop(list->items[i]);
  }
  mem_free(value_pointer(v));
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
    case VALUE_KIND_EMPTY:
    case VALUE_KIND_UNIT:
    case VALUE_KIND_POISON:
    case VALUE_KIND_OTHER:
    case VALUE_KIND_SIMPLE:
    case VALUE_KIND_SPARE:
    case VALUE_KIND_MAP:
    case VALUE_KIND_NULL:
    case VALUE_KIND_ABSENT:
      buf_add_text(out, "null");
      return;
  }
}

/* ---- reading an argument ------------------------------------------------ */

typedef struct Reader {
  TypeView types;
  Error *error;
} Reader;

static Status mismatch(const Reader *reader, TypeId type) {
  Buf name = {0};
  type_add_name(reader->types, type, &name);
  Status status = error_set(reader->error, STATUS_USAGE, "not a %s",
                            name.data == NULL ? "value" : name.data);
  buf_free(&name);
  return status;
}

static Status from_json(const Reader *reader, const cJSON *json, TypeId type,
                        Value *out);

static Status list_from_json(const Reader *reader, const cJSON *json,
                             TypeId element, Value *out) {
  VEC(Value) items = {0};
  Status status = STATUS_OK;
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    Value v;
    status = from_json(reader, item, element, &v);
    if (status != STATUS_OK) break;
    vec_push(&items, v);
  }
  if (status == STATUS_OK)
    *out = value_list(items.data, items.length);
  else
    for (uint32_t i = 0; i < items.length; i++) value_drop(items.data[i]);
  vec_free(&items);
  return status;
}

static Status from_json(const Reader *reader, const cJSON *json, TypeId type,
                        Value *out) {
  TypeKind kind = (TypeKind)reader->types.rows[type].kind;
  if (kind == TYPE_KIND_TEXT && cJSON_IsString(json))
    *out = value_text(slice_of(json->valuestring));
  else if (kind == TYPE_KIND_NUM && cJSON_IsNumber(json))
    *out = value_num(json->valuedouble);
  else if (kind == TYPE_KIND_BOOL && cJSON_IsBool(json))
    *out = value_bool(cJSON_IsTrue(json));
  else if (kind == TYPE_KIND_LIST && cJSON_IsArray(json))
    return list_from_json(reader, json, reader->types.rows[type].element, out);
  else
    return mismatch(reader, type);
  return STATUS_OK;
}

Status value_parse(Slice text, TypeView types, TypeId type, Value *out,
                   Error *error) {
  Reader reader = {types, error};
  if (type >= types.count) return mismatch(&reader, type);
  if (types.rows[type].kind == TYPE_KIND_TEXT) {
    if (slice_valid_utf8(text) != text.length)
      return error_set(error, STATUS_USAGE, "not valid UTF-8");
    *out = value_text(text);
    return STATUS_OK;
  }
  Error reason = {0};
  cJSON *json = json_parse(slice_trim(text), &reason);
  if (json == NULL && types.rows[type].kind == TYPE_KIND_LIST)
    return error_set(error, STATUS_USAGE, "not a list: %s", reason.message);
  if (json == NULL) return mismatch(&reader, type);
  Status status = from_json(&reader, json, type, out);
  cJSON_Delete(json);
  return status;
}
