/* SPDX-License-Identifier: MIT
 *
 * The type table. A list's element is an earlier row, so walking from a type
 * to its innermost element ends; no more than LIMIT_TYPE_DEPTH steps are ever
 * needed, and none of it recurses.
 */
#include "core/object/types.h"

#include <assert.h>

#include "core/base/limits.h"

void type_table_init(TypeTable *table) {
  *table = (TypeTable){0};
  for (uint16_t kind = 0; kind < TYPE_BUILTIN_COUNT; kind++)
    vec_push(&table->rows, ((TypeRow){.kind = kind}));
}

void type_table_free(TypeTable *table) {
  vec_free(&table->rows);
  vec_free(&table->records);
  vec_free(&table->fields);
}

TypeView type_table_view(const TypeTable *table) {
  return (TypeView){.rows = table->rows.data,
                    .records = table->records.data,
                    .fields = table->fields.data,
                    .count = table->rows.length,
                    .record_count = table->records.length,
                    .field_count = table->fields.length};
}

static bool is_list(TypeView view, TypeId type) {
  return type < view.count && view.rows[type].kind == TYPE_KIND_LIST;
}

/* How many lists are around the innermost element. */
static uint32_t depth_of(TypeView view, TypeId type) {
  uint32_t depth = 0;
  for (; is_list(view, type); type = view.rows[type].element) depth++;
  return depth;
}

TypeId type_list_of(TypeTable *table, TypeId element) {
  uint32_t count = table->rows.length;
  if (element == TYPE_VOID) return TYPE_NONE;
  for (uint32_t i = TYPE_BUILTIN_COUNT; i < count; i++) {
    const TypeRow *row = &table->rows.data[i];
    if (row->kind == TYPE_KIND_LIST && row->element == element)
      return (TypeId)i;
  }
  if (count >= TYPE_NONE) return TYPE_NONE;
  if (depth_of(type_table_view(table), element) >= LIMIT_TYPE_DEPTH)
    return TYPE_NONE;
  vec_push(&table->rows,
           ((TypeRow){.kind = TYPE_KIND_LIST, .element = element}));
  return (TypeId)count;
}

TypeId type_record(TypeTable *table, Slice name) {
  uint32_t count = table->rows.length, record = table->records.length;
  if (count >= TYPE_NONE) return TYPE_NONE;
  vec_push(&table->rows, ((TypeRow){.kind = TYPE_KIND_RECORD,
                                    .element = (uint16_t)record}));
  vec_push(&table->records,
           ((TypeRecord){.name = name, .first_field = table->fields.length}));
  return (TypeId)count;
}

void type_add_field(TypeTable *table, TypeId record, Slice name, TypeId type) {
  TypeRecord *row = &table->records.data[table->rows.data[record].element];
  if (row->field_count == 0) row->first_field = table->fields.length;
  assert(row->first_field + row->field_count == table->fields.length);
  vec_push(&table->fields, ((TypeField){name, type}));
  row->field_count++;
}

bool type_fits(TypeView view, TypeId from, TypeId to) {
  while (from != to) {
    if (to == TYPE_JSON) return from != TYPE_VOID;
    if (!is_list(view, from) || !is_list(view, to)) return false;
    if (view.rows[from].element == TYPE_NONE) return true;
    from = view.rows[from].element;
    to = view.rows[to].element;
  }
  return true;
}

const TypeField *type_field(TypeView view, TypeId record, Slice name) {
  const TypeRecord *row = &view.records[view.rows[record].element];
  for (uint32_t i = 0; i < row->field_count; i++) {
    const TypeField *field = &view.fields[row->first_field + i];
    if (slice_equal(field->name, name)) return field;
  }
  return NULL;
}

void type_add_name(TypeView view, TypeId type, Buf *out) {
  static const char *const names[] = {"void", "str", "num", "bool", "json"};
  uint32_t depth = 0;
  for (; is_list(view, type); type = view.rows[type].element) {
    buf_add_text(out, "list<");
    depth++;
  }
  if (type < TYPE_BUILTIN_COUNT)
    buf_add_text(out, names[type]);
  else if (type < view.count)
    buf_add_slice(out, view.records[view.rows[type].element].name);
  else
    buf_add_char(out, '?');
  buf_add_repeat(out, '>', depth);
}
