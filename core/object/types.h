/* SPDX-License-Identifier: MIT
 *
 * Types as small numbers. The first are built in; the rest are rows of a type
 * table that the compiler fills, the object file carries and the engine reads.
 */
#ifndef APXM_CORE_OBJECT_TYPES_H
#define APXM_CORE_OBJECT_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/vec.h"

typedef uint16_t TypeId;

typedef enum TypeKind {
  TYPE_KIND_VOID,
  TYPE_KIND_TEXT,
  TYPE_KIND_NUM,
  TYPE_KIND_BOOL,
  TYPE_KIND_LIST, /* of `element` */
  TYPE_KIND_COUNT
} TypeKind;

/* Row i of every table is the kind i for these four; TYPE_ANY is the element
 * type of the empty list and of nothing else. */
enum {
  TYPE_VOID = TYPE_KIND_VOID,
  TYPE_TEXT = TYPE_KIND_TEXT,
  TYPE_NUM = TYPE_KIND_NUM,
  TYPE_BOOL = TYPE_KIND_BOOL,
  TYPE_BUILTIN_COUNT,
  TYPE_NONE = 0xFFFF /* not known, or in error; never in an object file but
                        as the element of an empty list's type */
};

/* As stored in the file. */
typedef struct TypeRow {
  uint16_t kind;    /* TypeKind */
  uint16_t element; /* TypeId of a list's elements, else 0 */
} TypeRow;

typedef struct TypeTable {
  VEC(TypeRow) rows; /* by TypeId */
} TypeTable;

void type_table_init(TypeTable *table); /* with the built-in rows */
void type_table_free(TypeTable *table);

/* The type `list<element>`, made once. TYPE_NONE when the table is full, the
 * nesting is over LIMIT_TYPE_DEPTH or the element is void. */
TypeId type_list_of(TypeTable *table, TypeId element);

/* Whether a value of type `from` may be bound to `to`: equal, or both lists
 * and `from` is the empty list's type, at any depth. */
bool type_fits(const TypeRow *rows, uint32_t count, TypeId from, TypeId to);

/* "str", "num", "bool", "void", "list<str>". */
void type_add_name(const TypeRow *rows, uint32_t count, TypeId type, Buf *out);

#endif
