/* SPDX-License-Identifier: MIT
 *
 * Node attributes as an enum and a lookup; attrs.def is the table.
 */
#ifndef APXM_CORE_OBJECT_ATTRS_H
#define APXM_CORE_OBJECT_ATTRS_H

#include <stdbool.h>

#include "core/base/slice.h"
#include "core/object/ops.h"

typedef enum Attr {
#define X(name, text, type, ops, minimum, maximum) ATTR_##name,
#include "core/object/attrs.def"
#undef X
  ATTR_COUNT
} Attr;

typedef enum AttrType {
  ATTR_TYPE_TEXT,
  ATTR_TYPE_NUM,
  ATTR_TYPE_COUNT, /* a whole number */
  ATTR_TYPE_TIME   /* milliseconds */
} AttrType;

typedef enum AttrOps {
  ATTR_OPS_ANY,
  ATTR_OPS_MODEL,
  ATTR_OPS_THINK,
  ATTR_OPS_GUARD
} AttrOps;

typedef struct AttrInfo {
  const char *text;
  AttrType type;
  AttrOps ops;
  double minimum, maximum; /* of what is no text, inclusive */
} AttrInfo;

extern const AttrInfo attr_table[ATTR_COUNT];

/* Whether a program may write `attr` on `op`. */
bool attr_fits(Attr attr, Op op);

/* Finds an attribute a program may write. */
bool attr_find(Slice name, Attr *attr);

#endif
