/* SPDX-License-Identifier: MIT
 *
 * What flows on an edge: 64 bits, copied freely. A number is the double
 * itself; everything else hides in the payload of a quiet NaN:
 *
 *      63           48 47                                            0
 *     +---------------+-----------------------------------------------+
 *     | 0xFFF8 + kind | number of a simple value, or a heap pointer   |
 *     +---------------+-----------------------------------------------+
 *
 * A NaN that a program makes is stored as the canonical 0x7FF8... . Heap
 * values are immutable and counted. Only value_take and value_drop change
 * counts; a constant of the object file is a text with an immortal count.
 */
#ifndef APXM_RUNTIME_VALUE_VALUE_H
#define APXM_RUNTIME_VALUE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/object/types.h"

typedef uint64_t Value;

/* Kinds up to MAP are the tag; the simple values share one tag and differ in
 * the payload. */
typedef enum ValueKind {
  VALUE_KIND_NUM = 0,
  VALUE_KIND_SIMPLE, /* the tag alone; value_kind gives one of those below */
  VALUE_KIND_BOOL,
  VALUE_KIND_OTHER, /* the engine's: a child frame, a gate, a request */
  VALUE_KIND_SPARE,
  VALUE_KIND_TEXT, /* heap kinds from here to MAP */
  VALUE_KIND_LIST,
  VALUE_KIND_MAP,    /* a record, or an object of json */
  VALUE_KIND_EMPTY,  /* no value yet: a slot before its node fired */
  VALUE_KIND_UNIT,   /* void: an effect token, a print's result */
  VALUE_KIND_POISON, /* of a node in a cancelled frame: never looked at */
  VALUE_KIND_NULL,   /* of json */
  VALUE_KIND_ABSENT  /* skipped by a guard */
} ValueKind;

#define VALUE_TAG(kind) ((UINT64_C(0xFFF8) + (uint64_t)(kind)) << 48)
#define VALUE_PAYLOAD UINT64_C(0x0000FFFFFFFFFFFF)
#define VALUE_SIMPLE(kind) (VALUE_TAG(VALUE_KIND_SIMPLE) | (uint64_t)(kind))
#define VALUE_EMPTY VALUE_SIMPLE(VALUE_KIND_EMPTY)
#define VALUE_UNIT VALUE_SIMPLE(VALUE_KIND_UNIT)
#define VALUE_POISON VALUE_SIMPLE(VALUE_KIND_POISON)
#define VALUE_NULL VALUE_SIMPLE(VALUE_KIND_NULL)
#define VALUE_ABSENT VALUE_SIMPLE(VALUE_KIND_ABSENT)
#define VALUE_FALSE VALUE_TAG(VALUE_KIND_BOOL)
#define VALUE_TRUE (VALUE_TAG(VALUE_KIND_BOOL) | 1)

/* The same layout as ObjText of core/object/format.h, so a constant is a value
 * in place (asserted in value.c). */
typedef struct TextValue {
  _Atomic uint32_t refs;
  uint32_t kind; /* 0 */
  uint64_t length;
  char bytes[];
} TextValue;

typedef struct ListValue {
  _Atomic uint32_t refs;
  uint32_t depth; /* lists and maps one in the other, this one too */
  uint64_t length;
  uint64_t least; /* bytes of its JSON, at the least */
  Value items[];
} ListValue;

/* As a list, of key, value, key, value, ... Keys are texts, each once, in the
 * order they were added. Behind the entries of a large one an index follows. */
typedef struct MapValue {
  _Atomic uint32_t refs;
  uint32_t depth;
  uint64_t length; /* pairs */
  uint64_t least;
  Value entries[];
} MapValue;

static inline ValueKind value_kind(Value v) {
  if (v <= VALUE_TAG(0)) return VALUE_KIND_NUM;
  ValueKind kind = (ValueKind)((v >> 48) - UINT64_C(0xFFF8));
  return kind == VALUE_KIND_SIMPLE ? (ValueKind)(v & 0xFF) : kind;
}
const char *value_kind_words(Value v); /* "a text", "an object", "null" */
static inline bool value_is_heap(Value v) {
  return v >= VALUE_TAG(VALUE_KIND_TEXT);
}
static inline void *value_pointer(Value v) {
  return (void *)(uintptr_t)(v & VALUE_PAYLOAD);
}

Value value_num(double number);
double value_to_num(Value v);
static inline Value value_bool(bool b) {
  return b ? VALUE_TRUE : VALUE_FALSE;
}

/* A new text, one reference. `text` is copied. */
Value value_text(Slice text);
/* A new text of `length` bytes to be filled through `bytes` before it is
 * shared; the NUL is there. */
Value value_text_new(size_t length, char **bytes);
/* A text of an object file, never counted. */
Value value_text_constant(const void *obj_text);
Slice value_to_slice(Value v);

/* A new list that takes over the references in `items`. */
Value value_list(const Value *items, uint32_t count);
/* Whether that list is one: its JSON, which may be much longer than what it
 * takes in memory because lists share their items, within LIMIT_VALUE_BYTES,
 * and its nesting within LIMIT_JSON_DEPTH. A list must be. */
bool value_list_fits(const Value *items, uint32_t count);

/* A new map that takes over the references in `entries`: key, value, ...;
 * `count` pairs whose keys differ. */
Value value_map(const Value *entries, uint32_t count);
/* Borrowed; VALUE_EMPTY when the map has no such key. */
Value value_map_get(Value map, Slice key);
uint64_t value_length(Value v); /* items of a list, pairs of a map */
Value value_item(Value list, uint64_t index); /* borrowed */

/* Equal as JSON; maps whatever the order of their keys. */
bool value_equal(Value a, Value b);

/* Parses JSON from outside, within the limits of json.h. */
Status value_from_json(Slice text, Value *out, Error *error) MUST_USE;

/* `v`, borrowed, as a value of `type`: the same where it is one, a record made
 * of an object with all its fields and no other. One new reference. The error
 * says where in the value: `.items[2]: expected num, found a text`. */
Status value_convert(Value v, TypeView types, TypeId type, Value *out,
                     Error *error) MUST_USE;

/* `count` more references; nothing for simple values. */
static inline void value_take(Value v, uint32_t count);
static inline void value_drop(Value v);
void value_free(Value v); /* value_drop's: the last reference has gone */

/* The plain form: text as it is, numbers and bools as one reads them, the rest
 * as JSON without white space. */
void value_add_plain(Value v, Buf *out);
/* JSON without white space. */
void value_add_json(Value v, Buf *out);

/* Reads `text` as a value of `type` (an argument of a flow): text as it is,
 * numbers, true/false, everything else as JSON. */
Status value_parse(Slice text, TypeView types, TypeId type, Value *out,
                   Error *error) MUST_USE;

/* ------------------------------------------------------------------------ */

#define VALUE_IMMORTAL UINT32_C(0xFFFFFFFF)
/* Counts from here on stay: a value with so many references is never freed. */
#define VALUE_UNCOUNTED UINT32_C(0x80000000)

static inline _Atomic uint32_t *value_refs(Value v) {
  return (_Atomic uint32_t *)value_pointer(v);
}
static inline void value_take(Value v, uint32_t count) {
  if (!value_is_heap(v) || load_relaxed(value_refs(v)) >= VALUE_UNCOUNTED)
    return;
  uint64_t before = add_relaxed(value_refs(v), count);
  if (before + count >= VALUE_UNCOUNTED)
    store_relaxed(value_refs(v), VALUE_IMMORTAL);
}
static inline void value_drop(Value v) {
  if (value_is_heap(v)) value_free(v);
}

#endif
