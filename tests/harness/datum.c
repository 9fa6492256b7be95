/* SPDX-License-Identifier: MIT
 *
 * Values of the reference interpreter: printing, comparing, reading.
 */
#include "tests/harness/datum.h"

#include "core/base/json.h"

void datum_add_plain(const Datum *datum, Buf *out) {
  if (datum->kind == DATUM_TEXT)
    buf_add_slice(out, datum->text);
  else
    datum_add_json(datum, out);
}

static void add_items(const Datum *datum, Buf *out) {
  bool is_map = datum->kind == DATUM_MAP;
  buf_add_char(out, is_map ? '{' : '[');
  for (uint32_t i = 0; i < datum->count; i++) {
    if (i > 0) buf_add_char(out, ',');
    if (is_map) {
      json_add_text(out, datum->keys[i]);
      buf_add_char(out, ':');
    }
    datum_add_json(&datum->items[i], out);
  }
  buf_add_char(out, is_map ? '}' : ']');
}

void datum_add_json(const Datum *datum, Buf *out) {
  switch (datum->kind) {
    case DATUM_BOOL:
      buf_add_text(out, datum->boolean ? "true" : "false");
      return;
    case DATUM_NUM:
      json_add_number(out, datum->num);
      return;
    case DATUM_TEXT:
      json_add_text(out, datum->text);
      return;
    case DATUM_LIST:
    case DATUM_MAP:
      add_items(datum, out);
      return;
    case DATUM_NULL:
      buf_add_text(out, "null");
      return;
    case DATUM_OPEN:
      buf_add_text(out, "(open)");
      return;
    case DATUM_UNIT:
      buf_add_text(out, "(void)");
      return;
    case DATUM_ABSENT:
      buf_add_text(out, "(absent)");
      return;
    case DATUM_POISON:
      buf_add_text(out, "(never known)");
      return;
  }
}

const Datum *datum_get(const Datum *map, Slice key) {
  for (uint32_t i = 0; i < map->count; i++)
    if (slice_equal(map->keys[i], key)) return &map->items[i];
  return NULL;
}

static bool maps_equal(const Datum *a, const Datum *b) {
  for (uint32_t i = 0; i < a->count; i++) {
    const Datum *other = datum_get(b, a->keys[i]);
    if (other == NULL || !datum_equal(&a->items[i], other)) return false;
  }
  return true;
}

static bool lists_equal(const Datum *a, const Datum *b) {
  for (uint32_t i = 0; i < a->count; i++)
    if (!datum_equal(&a->items[i], &b->items[i])) return false;
  return true;
}

bool datum_equal(const Datum *a, const Datum *b) {
  if (a->kind != b->kind || a->count != b->count) return false;
  switch (a->kind) {
    case DATUM_BOOL:
      return a->boolean == b->boolean;
    case DATUM_NUM:
      return a->num == b->num;
    case DATUM_TEXT:
      return slice_equal(a->text, b->text);
    case DATUM_LIST:
      return lists_equal(a, b);
    case DATUM_MAP:
      return maps_equal(a, b);
    default:
      return true;
  }
}

/* ---- reading ------------------------------------------------------------ */

static Slice copy_text(const char *text, Arena *arena) {
  size_t length = strlen(text);
  return slice_from(arena_copy(arena, text, length), length);
}

static Datum from_json(const cJSON *json, Arena *arena) {
  if (cJSON_IsBool(json)) return datum_bool(cJSON_IsTrue(json));
  if (cJSON_IsNumber(json)) return datum_num(json->valuedouble);
  if (cJSON_IsString(json))
    return datum_text(copy_text(json->valuestring, arena));
  if (!cJSON_IsArray(json) && !cJSON_IsObject(json))
    return datum_of(DATUM_NULL);
  uint32_t count = (uint32_t)cJSON_GetArraySize(json);
  Datum *items = ARENA_ARRAY(arena, Datum, count + 1);
  Slice *keys = ARENA_ARRAY(arena, Slice, count + 1);
  uint32_t i = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, json) {
    if (item->string != NULL) keys[i] = copy_text(item->string, arena);
    items[i++] = from_json(item, arena);
  }
  Datum datum = datum_list(items, count);
  if (!cJSON_IsObject(json)) return datum;
  datum.kind = DATUM_MAP;
  datum.keys = keys;
  return datum;
}

bool datum_parse(Slice text, Arena *arena, Datum *out) {
  cJSON *json = json_parse(text, NULL);
  if (json == NULL) return false;
  *out = from_json(json, arena);
  cJSON_Delete(json);
  return true;
}

/* ---- converting --------------------------------------------------------- */

static bool convert_list(const Datum *datum, TypeView types, TypeId element,
                         Arena *arena, Datum *out) {
  if (datum->kind != DATUM_LIST) return false;
  Datum *items = ARENA_ARRAY(arena, Datum, datum->count + 1);
  for (uint32_t i = 0; i < datum->count; i++)
    if (!datum_convert(&datum->items[i], types, element, arena, &items[i]))
      return false;
  *out = datum_list(items, datum->count);
  return true;
}

/* All its fields and no other, in the order of the type. */
static bool convert_record(const Datum *datum, TypeView types,
                           const TypeRecord *record, Arena *arena, Datum *out) {
  uint32_t count = record->field_count;
  if (datum->kind != DATUM_MAP || datum->count != count) return false;
  Datum *items = ARENA_ARRAY(arena, Datum, count + 1);
  Slice *keys = ARENA_ARRAY(arena, Slice, count + 1);
  for (uint32_t i = 0; i < count; i++) {
    const TypeField *field = &types.fields[record->first_field + i];
    const Datum *item = datum_get(datum, field->name);
    keys[i] = field->name;
    if (item == NULL ||
        !datum_convert(item, types, field->type, arena, &items[i]))
      return false;
  }
  *out =
      (Datum){.kind = DATUM_MAP, .count = count, .items = items, .keys = keys};
  return true;
}

bool datum_convert(const Datum *datum, TypeView types, TypeId type,
                   Arena *arena, Datum *out) {
  const TypeRow *row = &types.rows[type];
  *out = *datum;
  switch ((TypeKind)row->kind) {
    case TYPE_KIND_TEXT:
      return datum->kind == DATUM_TEXT;
    case TYPE_KIND_NUM:
      return datum->kind == DATUM_NUM;
    case TYPE_KIND_BOOL:
      return datum->kind == DATUM_BOOL;
    case TYPE_KIND_LIST:
      return convert_list(datum, types, row->element, arena, out);
    case TYPE_KIND_RECORD:
      return convert_record(datum, types, &types.records[row->element], arena,
                            out);
    default:
      return true;
  }
}
