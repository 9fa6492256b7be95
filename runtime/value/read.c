/* SPDX-License-Identifier: MIT
 *
 * Values from outside: JSON read into values, values held against a type, and
 * arguments of a flow, which are both after the other. What a type wants and
 * what is there instead is said with the place in the value, so that a reply
 * of a page can be put right. Recursion is as deep as JSON may be.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/vec.h"
#include "runtime/value/value.h"

typedef VEC(Value) Values;

/* ---- JSON ---------------------------------------------------------------- */

static Value from_json(const cJSON *json);

static Value list_from_json(const cJSON *json) {
  Values items = {0};
  const cJSON *item;
  cJSON_ArrayForEach(item, json) vec_push(&items, from_json(item));
  Value list = value_list(items.data, items.length);
  vec_free(&items);
  return list;
}

/* Where the pair with this key is, or a new one at the end of `entries`. */
static uint32_t place_of(Map *seen, Values *entries, const char *name) {
  Slice key = slice_of(name);
  uint32_t at;
  if (map_get(seen, key, &at)) return at;
  at = entries->length;
  map_set(seen, key, at);
  vec_push(entries, value_text(key));
  vec_push(entries, VALUE_NULL);
  return at;
}

/* Of a key that is there twice the last value counts. */
static Value map_from_json(const cJSON *json) {
  Map seen = {0}; /* its keys are borrowed from `json` */
  Values entries = {0};
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    uint32_t at = place_of(&seen, &entries, item->string);
    value_drop(entries.data[at + 1]);
    entries.data[at + 1] = from_json(item);
  }
  Value map = value_map(entries.data, entries.length / 2);
  map_free(&seen);
  vec_free(&entries);
  return map;
}

static Value from_json(const cJSON *json) {
  if (cJSON_IsString(json)) return value_text(slice_of(json->valuestring));
  if (cJSON_IsNumber(json)) return value_num(json->valuedouble);
  if (cJSON_IsBool(json)) return value_bool(cJSON_IsTrue(json));
  if (cJSON_IsArray(json)) return list_from_json(json);
  if (cJSON_IsObject(json)) return map_from_json(json);
  return VALUE_NULL;
}

Status value_from_json(Slice text, Value *out, Error *error) {
  Error reason = {0};
  cJSON *json = json_parse(text, &reason);
  if (json == NULL)
    return error_set(error, reason.status, "%s", reason.message);
  *out = from_json(json);
  cJSON_Delete(json);
  return STATUS_OK;
}

/* ---- types --------------------------------------------------------------- */

/* The way from the whole value to the part in hand. */
typedef struct Step {
  Slice field;    /* of a record; else NULL */
  uint64_t index; /* of a list */
} Step;

typedef struct Reader {
  TypeView types;
  VEC(Step) path;
  Error *error;
} Reader;

static Status convert(Reader *reader, Value v, TypeId type, Value *out);

static void add_path(const Reader *reader, Buf *out) {
  for (uint32_t i = 0; i < reader->path.length; i++) {
    Step step = reader->path.data[i];
    if (step.field.data != NULL)
      buf_addf(out, ".%.*s", SLICE_ARG(step.field));
    else
      buf_addf(out, "[%llu]", (unsigned long long)step.index);
  }
  if (reader->path.length > 0) buf_add_text(out, ": ");
}

static Status mismatch(const Reader *reader, TypeId type, Value found) {
  Buf text = {0};
  add_path(reader, &text);
  buf_add_text(&text, "expected ");
  type_add_name(reader->types, type, &text);
  buf_addf(&text, ", found %s", value_kind_words(found));
  Status status = error_set(reader->error, STATUS_FORMAT, "%s", text.data);
  buf_free(&text);
  return status;
}

static Status bad_field(const Reader *reader, TypeId type, const char *what,
                        Slice name) {
  Buf text = {0};
  add_path(reader, &text);
  buf_addf(&text, "%s field `%.*s` of ", what, SLICE_ARG(name));
  type_add_name(reader->types, type, &text);
  Status status = error_set(reader->error, STATUS_FORMAT, "%s", text.data);
  buf_free(&text);
  return status;
}

static Status convert_part(Reader *reader, Value v, TypeId type, Step step,
                           Values *out) {
  Value part;
  vec_push(&reader->path, step);
  Status status = convert(reader, v, type, &part);
  if (status != STATUS_OK) return status; /* the path stays for nobody */
  reader->path.length--;
  vec_push(out, part);
  return STATUS_OK;
}

static void drop_all(Values *values) {
  for (uint32_t i = 0; i < values->length; i++) value_drop(values->data[i]);
  vec_free(values);
}

/* Whether every value of this type is one already, whatever it holds. */
static bool takes_all(const Reader *reader, TypeId type) {
  return type == TYPE_JSON || type >= reader->types.count;
}

static Status convert_list(Reader *reader, Value v, TypeId element,
                           Value *out) {
  Values items = {0};
  uint64_t count = value_length(v);
  bool is_same = true;
  Status status = STATUS_OK;
  for (uint64_t i = 0; i < count && status == STATUS_OK; i++) {
    Step step = {.index = i};
    status = convert_part(reader, value_item(v, i), element, step, &items);
    is_same &= status == STATUS_OK && items.data[i] == value_item(v, i);
  }
  if (status == STATUS_OK && !is_same) {
    *out = value_list(items.data, items.length);
    vec_free(&items);
    return STATUS_OK;
  }
  drop_all(&items);
  if (status == STATUS_OK) value_take(*out = v, 1);
  return status;
}

/* A field that the record does not have. */
static Status find_stranger(const Reader *reader, Value v, TypeId type) {
  const MapValue *map = value_pointer(v);
  for (uint64_t i = 0; i < map->length; i++) {
    Slice key = value_to_slice(map->entries[2 * i]);
    if (type_field(reader->types, type, key) == NULL)
      return bad_field(reader, type, "there is no", key);
  }
  return STATUS_OK;
}

static Status convert_field(Reader *reader, Value v, TypeId type,
                            const TypeField *field, Values *entries) {
  Value part = value_map_get(v, field->name);
  Step step = {.field = field->name};
  if (part == VALUE_EMPTY)
    return bad_field(reader, type, "it lacks the", field->name);
  vec_push(entries, value_text(field->name));
  return convert_part(reader, part, field->type, step, entries);
}

static Status convert_record(Reader *reader, Value v, TypeId type, Value *out) {
  const TypeRecord *record =
      &reader->types.records[reader->types.rows[type].element];
  Values entries = {0};
  Status status = STATUS_OK;
  for (uint32_t i = 0; i < record->field_count && status == STATUS_OK; i++)
    status =
        convert_field(reader, v, type,
                      &reader->types.fields[record->first_field + i], &entries);
  if (status == STATUS_OK && value_length(v) != record->field_count)
    status = find_stranger(reader, v, type);
  if (status != STATUS_OK) {
    drop_all(&entries);
    return status;
  }
  *out = value_map(entries.data, entries.length / 2);
  vec_free(&entries);
  return STATUS_OK;
}

static Status convert(Reader *reader, Value v, TypeId type, Value *out) {
  static const ValueKind kinds[TYPE_KIND_COUNT] = {
      [TYPE_KIND_TEXT] = VALUE_KIND_TEXT,  [TYPE_KIND_NUM] = VALUE_KIND_NUM,
      [TYPE_KIND_BOOL] = VALUE_KIND_BOOL,  [TYPE_KIND_LIST] = VALUE_KIND_LIST,
      [TYPE_KIND_RECORD] = VALUE_KIND_MAP,
  };
  TypeRow row = {.kind = TYPE_KIND_JSON};
  if (!takes_all(reader, type)) row = reader->types.rows[type];
  if (row.kind == TYPE_KIND_VOID ||
      (row.kind != TYPE_KIND_JSON && value_kind(v) != kinds[row.kind]))
    return mismatch(reader, type, v);
  if (row.kind == TYPE_KIND_LIST && !takes_all(reader, row.element))
    return convert_list(reader, v, row.element, out);
  if (row.kind == TYPE_KIND_RECORD) return convert_record(reader, v, type, out);
  value_take(*out = v, 1);
  return STATUS_OK;
}

Status value_convert(Value v, TypeView types, TypeId type, Value *out,
                     Error *error) {
  Reader reader = {.types = types, .error = error};
  Status status = convert(&reader, v, type, out);
  vec_free(&reader.path);
  return status;
}

/* ---- arguments ----------------------------------------------------------- */

/* `reason` may be NULL: the word says it all. */
static Status not_a(TypeView types, TypeId type, const Error *reason,
                    Error *error) {
  Buf name = {0};
  type_add_name(types, type, &name);
  Status status =
      error_set(error, STATUS_USAGE, "not a %s%s%s", name.data,
                reason != NULL ? ": " : "", reason ? reason->message : "");
  buf_free(&name);
  return status;
}

static Status parse_text(Slice text, Value *out, Error *error) {
  if (slice_valid_utf8(text) != text.length)
    return error_set(error, STATUS_USAGE, "not valid UTF-8");
  *out = value_text(text);
  return STATUS_OK;
}

Status value_parse(Slice text, TypeView types, TypeId type, Value *out,
                   Error *error) {
  Error reason = {0};
  Value json;
  if (type == TYPE_TEXT) return parse_text(text, out, error);
  bool is_simple = type == TYPE_NUM || type == TYPE_BOOL;
  Status status = value_from_json(slice_trim(text), &json, &reason);
  if (status != STATUS_OK)
    return not_a(types, type, is_simple ? NULL : &reason, error);
  status = value_convert(json, types, type, out, &reason);
  value_drop(json);
  if (status == STATUS_OK) return status;
  return not_a(types, type, is_simple ? NULL : &reason, error);
}
