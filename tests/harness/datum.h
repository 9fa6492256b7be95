/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter's values: plain structs in an arena that lives as
 * long as one interpretation. Nothing of runtime/value is used, so that a
 * mistake there shows as a difference.
 */
#ifndef APXM_TESTS_HARNESS_DATUM_H
#define APXM_TESTS_HARNESS_DATUM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/object/types.h"

typedef enum DatumKind {
  DATUM_UNIT, /* of a statement or flow without a value */
  DATUM_NULL,
  DATUM_BOOL,
  DATUM_NUM,
  DATUM_TEXT,
  DATUM_LIST,
  DATUM_MAP,    /* a record, or an object of json */
  DATUM_OPEN,   /* a field of a caught error that may be one thing or another */
  DATUM_ABSENT, /* skipped by a guard */
  DATUM_POISON  /* never known: something it needs has failed */
} DatumKind;

typedef struct Datum {
  DatumKind kind;
  uint32_t count; /* of LIST and MAP */
  union {
    bool boolean;
    double num;
    Slice text;
    struct {
      const struct Datum *items; /* of LIST and MAP */
      const Slice *keys;         /* of MAP, each once */
    };
  };
} Datum;

static inline Datum datum_of(DatumKind kind) {
  return (Datum){.kind = kind};
}
static inline Datum datum_num(double num) {
  return (Datum){.kind = DATUM_NUM, .num = num};
}
static inline Datum datum_bool(bool boolean) {
  return (Datum){.kind = DATUM_BOOL, .boolean = boolean};
}
static inline Datum datum_text(Slice text) {
  return (Datum){.kind = DATUM_TEXT, .text = text};
}
static inline Datum datum_list(const Datum *items, uint32_t count) {
  return (Datum){.kind = DATUM_LIST, .count = count, .items = items};
}

/* Text as it is, the rest as JSON without white space. */
void datum_add_plain(const Datum *datum, Buf *out);
void datum_add_json(const Datum *datum, Buf *out);

/* Equal as JSON, maps whatever the order of their keys. */
bool datum_equal(const Datum *a, const Datum *b);

/* NULL when the map has no such key. */
const Datum *datum_get(const Datum *map, Slice key);

/* False when `text` is not JSON. */
bool datum_parse(Slice text, Arena *arena, Datum *out);

/* A json value as one of `type`; false when it is none. */
bool datum_convert(const Datum *datum, TypeView types, TypeId type,
                   Arena *arena, Datum *out);

#endif
