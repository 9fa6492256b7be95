/* SPDX-License-Identifier: MIT
 *
 * Are the types sound? The built-in rows, then lists of earlier rows and
 * records, which stand in the order of RECORDS. The fields of a record may be
 * of any type, its own list included: only a value ends such a chain. What
 * passes is made into the view that everybody else reads, with names that
 * point into STRINGS.
 */
#include "core/base/limits.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/object/loader.h"

static bool verify_builtin_types(Loader *loader) {
  const Object *o = loader->object;
  if (o->type_count < TYPE_BUILTIN_COUNT)
    return refuse(loader, "%u types lack the built-in ones", o->type_count);
  if (o->type_count > TYPE_NONE)
    return refuse(loader, "%u types are too many", o->type_count);
  for (uint32_t row = 0; row < TYPE_BUILTIN_COUNT; row++)
    if (o->types.rows[row].kind != row || o->types.rows[row].element != 0)
      return refuse(loader, "type %u: not the built-in one", row);
  return true;
}

/* `depths` has the nesting of the rows before. */
static bool verify_list(Loader *loader, uint32_t row, uint8_t *depths) {
  TypeId element = loader->object->types.rows[row].element;
  depths[row] = 1;
  if (element == TYPE_NONE) return true;
  if (element >= row || element == TYPE_VOID)
    return refuse(loader, "type %u: a list of type %u", row, element);
  depths[row] = (uint8_t)(depths[element] + 1);
  if (depths[row] > LIMIT_TYPE_DEPTH)
    return refuse(loader, "type %u: nested over %d deep", row,
                  LIMIT_TYPE_DEPTH);
  return true;
}

static bool verify_rows(Loader *loader, uint8_t *depths) {
  const Object *o = loader->object;
  uint32_t records = 0;
  for (uint32_t row = TYPE_BUILTIN_COUNT; row < o->type_count; row++) {
    TypeRow type = o->types.rows[row];
    if (type.kind == TYPE_KIND_LIST) {
      if (!verify_list(loader, row, depths)) return false;
    } else if (type.kind != TYPE_KIND_RECORD) {
      return refuse(loader, "type %u: kind %u cannot stand here", row,
                    type.kind);
    } else if (type.element != records++) {
      return refuse(loader, "type %u: record %u is not the next", row,
                    type.element);
    }
  }
  if (records == o->record_count) return true;
  return refuse(loader, "%u records for %u types", o->record_count, records);
}

/* `names` are those of the fields before it. */
static bool verify_field(Loader *loader, uint32_t row, Map *names) {
  const Object *o = loader->object;
  const ObjField *field = &o->fields[row];
  uint32_t twin;
  if (!verify_string(loader, field->name, "field", row)) return false;
  if (field->type >= o->type_count || field->type == TYPE_VOID)
    return refuse(loader, "field %u: of type %u", row, field->type);
  if (map_get(names, object_text(o, field->name), &twin))
    return refuse(loader, "field %u: named as field %u", row, twin);
  map_set(names, object_text(o, field->name), row);
  return true;
}

/* `first` is where the fields of the record before it end. */
static bool verify_record(Loader *loader, uint32_t row, uint32_t first) {
  const Object *o = loader->object;
  const ObjRecord *record = &o->records[row];
  Map names = {0};
  bool sound = true;
  if (record->first_field != first)
    return refuse(loader, "record %u: begins at field %u, not %u", row,
                  record->first_field, first);
  if (record->field_count > o->field_count - first)
    return refuse(loader, "record %u: ends outside `fields`", row);
  if (record->field_count > LIMIT_RECORD_FIELDS)
    return refuse(loader, "record %u: over %d fields", row,
                  LIMIT_RECORD_FIELDS);
  for (uint32_t i = 0; sound && i < record->field_count; i++)
    sound = verify_field(loader, first + i, &names);
  map_free(&names);
  return sound && verify_string(loader, record->name, "record", row);
}

static bool verify_records(Loader *loader) {
  const Object *o = loader->object;
  uint32_t first = 0;
  for (uint32_t row = 0; row < o->record_count; row++) {
    if (!verify_record(loader, row, first)) return false;
    first += o->records[row].field_count;
  }
  if (first == o->field_count) return true;
  return refuse(loader, "field %u belongs to no record", first);
}

static bool make_view(Loader *loader) {
  Object *o = loader->object;
  TypeRecord *records = mem_try((size_t)o->record_count + 1, sizeof *records);
  TypeField *fields = mem_try((size_t)o->field_count + 1, sizeof *fields);
  o->types.records = records; /* object_free's, whatever follows */
  o->types.fields = fields;
  if (records == NULL || fields == NULL) return refuse_memory(loader);
  for (uint32_t i = 0; i < o->record_count; i++)
    records[i] =
        (TypeRecord){object_text(o, o->records[i].name),
                     o->records[i].first_field, o->records[i].field_count};
  for (uint32_t i = 0; i < o->field_count; i++)
    fields[i] = (TypeField){object_text(o, o->fields[i].name),
                            (TypeId)o->fields[i].type};
  o->types.count = o->type_count;
  o->types.record_count = o->record_count;
  o->types.field_count = o->field_count;
  return true;
}

bool verify_types(Loader *loader) {
  uint8_t *depths;
  bool sound;
  if (!verify_builtin_types(loader)) return false;
  depths = mem_try_zero(loader->object->type_count, 1);
  if (depths == NULL) return refuse_memory(loader);
  sound = verify_rows(loader, depths);
  mem_free(depths);
  return sound && verify_records(loader) && make_view(loader);
}
