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
#include "core/base/slice.h"
#include "core/base/vec.h"

typedef uint16_t TypeId;

typedef enum TypeKind {
  TYPE_KIND_VOID,
  TYPE_KIND_TEXT,
  TYPE_KIND_NUM,
  TYPE_KIND_BOOL,
  TYPE_KIND_JSON,   /* any value; its parts are looked at when it runs */
  TYPE_KIND_LIST,   /* of `element` */
  TYPE_KIND_RECORD, /* `element` is a row of records */
  TYPE_KIND_COUNT
} TypeKind;

/* Row i of every table is the kind i for these five. */
enum {
  TYPE_VOID = TYPE_KIND_VOID,
  TYPE_TEXT = TYPE_KIND_TEXT,
  TYPE_NUM = TYPE_KIND_NUM,
  TYPE_BOOL = TYPE_KIND_BOOL,
  TYPE_JSON = TYPE_KIND_JSON,
  TYPE_BUILTIN_COUNT,
  TYPE_NONE = 0xFFFF /* not known, or in error; never in an object file but
                        as the element of an empty list's type */
};

/* As stored in the file. */
typedef struct TypeRow {
  uint16_t kind;    /* TypeKind */
  uint16_t element; /* of a list the TypeId of its elements, of a record its
                       row of records, else 0 */
} TypeRow;

typedef struct TypeField {
  Slice name;
  TypeId type;
} TypeField;

typedef struct TypeRecord {
  Slice name;
  uint32_t first_field; /* into fields */
  uint32_t field_count;
} TypeRecord;

/* A type table to read: of the compiler or of a loaded object. */
typedef struct TypeView {
  const TypeRow *rows; /* by TypeId */
  const TypeRecord *records;
  const TypeField *fields;
  uint32_t count, record_count, field_count;
} TypeView;

/* A type table that grows. Names are borrowed. */
typedef struct TypeTable {
  VEC(TypeRow) rows;
  VEC(TypeRecord) records;
  VEC(TypeField) fields;
} TypeTable;

void type_table_init(TypeTable *table); /* with the built-in rows */
void type_table_free(TypeTable *table);
TypeView type_table_view(const TypeTable *table); /* until it grows */

/* The type `list<element>`, made once. TYPE_NONE when the table is full, the
 * nesting is over LIMIT_TYPE_DEPTH or the element is void. */
TypeId type_list_of(TypeTable *table, TypeId element);

/* A new record type without fields; TYPE_NONE when the table is full. Its
 * fields are added, all of one record after the other, by type_add_field. */
TypeId type_record(TypeTable *table, Slice name);
void type_add_field(TypeTable *table, TypeId record, Slice name, TypeId type);

/* Whether a value of type `from` may be bound to `to` as it is: equal; `to` is
 * json and `from` not void; or both lists and their elements fit, the empty
 * list's type any. A json value fits nothing else: see OP_CONVERT. */
bool type_fits(TypeView view, TypeId from, TypeId to);

/* The field `name` of a record type; NULL when it has none. */
const TypeField *type_field(TypeView view, TypeId record, Slice name);

/* "str", "num", "bool", "json", "void", "list<str>", "Invoice". */
void type_add_name(TypeView view, TypeId type, Buf *out);

#endif
