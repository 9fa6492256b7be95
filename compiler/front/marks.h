/* SPDX-License-Identifier: MIT
 *
 * Annotations as an enum and a lookup; marks.def is the table.
 */
#ifndef APXM_COMPILER_FRONT_MARKS_H
#define APXM_COMPILER_FRONT_MARKS_H

#include <stdbool.h>

#include "core/base/slice.h"
#include "core/object/attrs.h"

typedef enum Mark {
#define X(name, text, place, attr, example) MARK_##name,
#include "compiler/front/marks.def"
#undef X
  MARK_COUNT
} Mark;

typedef enum MarkPlace { MARK_FLOW, MARK_ANY, MARK_LATER } MarkPlace;

typedef struct MarkInfo {
  const char *text; /* with its `@` */
  MarkPlace place;
  Attr attr;           /* ATTR_COUNT: it has no value */
  const char *example; /* of a value */
} MarkInfo;

extern const MarkInfo mark_table[MARK_COUNT];

/* `name` is without the `@`. */
bool mark_find(Slice name, Mark *mark);

#endif
