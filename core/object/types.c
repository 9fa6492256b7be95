/* SPDX-License-Identifier: MIT
 *
 * The type table. A list's element is an earlier row, so walking from a type
 * to its innermost element ends; no more than LIMIT_TYPE_DEPTH steps are ever
 * needed, and none of it recurses.
 */
#include "core/object/types.h"

#include "core/base/limits.h"

void type_table_init(TypeTable *table) {
  *table = (TypeTable){0};
  for (uint16_t kind = 0; kind < TYPE_BUILTIN_COUNT; kind++)
    vec_push(&table->rows, ((TypeRow){.kind = kind}));
}

void type_table_free(TypeTable *table) {
  vec_free(&table->rows);
}

static bool is_list(const TypeRow *rows, uint32_t count, TypeId type) {
  return type < count && rows[type].kind == TYPE_KIND_LIST;
}

/* How many lists are around the innermost element. */
static uint32_t depth_of(const TypeRow *rows, uint32_t count, TypeId type) {
  uint32_t depth = 0;
  for (; is_list(rows, count, type); type = rows[type].element) depth++;
  return depth;
}

TypeId type_list_of(TypeTable *table, TypeId element) {
  uint32_t count = table->rows.length;
  if (element == TYPE_VOID) return TYPE_NONE;
  for (uint32_t i = TYPE_BUILTIN_COUNT; i < count; i++)
    if (table->rows.data[i].element == element) return (TypeId)i;
  if (count >= TYPE_NONE) return TYPE_NONE;
  if (depth_of(table->rows.data, count, element) >= LIMIT_TYPE_DEPTH)
    return TYPE_NONE;
  vec_push(&table->rows,
           ((TypeRow){.kind = TYPE_KIND_LIST, .element = element}));
  return (TypeId)count;
}

bool type_fits(const TypeRow *rows, uint32_t count, TypeId from, TypeId to) {
  while (from != to) {
    if (!is_list(rows, count, from) || !is_list(rows, count, to)) return false;
    if (rows[from].element == TYPE_NONE) return true;
    from = rows[from].element;
    to = rows[to].element;
  }
  return true;
}

void type_add_name(const TypeRow *rows, uint32_t count, TypeId type, Buf *out) {
  static const char *const names[] = {"void", "str", "num", "bool"};
  uint32_t depth = 0;
  for (; is_list(rows, count, type); type = rows[type].element) {
    buf_add_text(out, "list<");
    depth++;
  }
  buf_add_text(out, type < TYPE_BUILTIN_COUNT ? names[type] : "?");
  buf_add_repeat(out, '>', depth);
}
