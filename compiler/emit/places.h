/* SPDX-License-Identifier: MIT
 *
 * Line, column and length of very many spans of a program's sources, each in
 * constant time however long a line is: the counts are kept for every 64th
 * byte.
 */
#ifndef APXM_COMPILER_EMIT_PLACES_H
#define APXM_COMPILER_EMIT_PLACES_H

#include "core/base/diag.h"

/* The state of the count before a byte. */
typedef struct PlaceMark {
  uint32_t line;       /* from 1 */
  uint32_t points;     /* code points before it */
  uint32_t line_start; /* code points before its line */
} PlaceMark;

/* The marks of one source. */
typedef struct PlaceTable {
  const Source *source; /* borrowed; less than 4 GiB */
  PlaceMark *marks;     /* one a block of the text, and one after the last */
} PlaceTable;

typedef struct Places {
  VEC(PlaceTable) tables; /* one a source, by base */
} Places;

/* Of all sources of the program that `any` is one of. */
void places_init(Places *places, const Source *any);
void places_free(Places *places);

/* Where the span begins, and its length in code points. The same answers as
 * source_place. An offset past the end counts as the end. */
Place places_find(const Places *places, Span span, uint32_t *length);

/* The source that the offset is in. */
const Source *places_source(const Places *places, uint32_t offset);

#endif
