/* SPDX-License-Identifier: MIT
 *
 * Source texts and places in them. Everything that points into a source does
 * so by byte; line and column are computed where a person reads them.
 */
#ifndef APXM_CORE_BASE_SOURCE_H
#define APXM_CORE_BASE_SOURCE_H

#include <stdint.h>

#include "core/base/slice.h"
#include "core/base/vec.h"

/* One source text. The caller owns name and text. The sources of one program
 * lie one after the other in one space of offsets. */
typedef struct Source {
  const char *name; /* as given on the command line, or by an import */
  Slice text;
  uint32_t base; /* where it begins in the space of all sources */
  const struct Sources *all; /* of the program; NULL: it is the only one */
} Source;

/* All sources of a program, by their bases. Between two is one offset that is
 * in neither, so that the end of one is not the start of the next. */
typedef struct Sources {
  VEC(const Source *) list;
} Sources;

/* The source that `offset` is in, going by any one of the program. */
const Source *source_at(const Source *any, uint32_t offset);

/* A byte range of a source. */
typedef struct Span {
  uint32_t start;  /* byte offset in the space of all sources */
  uint32_t length; /* bytes; 0 points between two bytes */
} Span;

/* Line and column, both from 1; the column counts code points. */
typedef struct Place {
  uint32_t line;
  uint32_t column;
} Place;

/* The place in the source that the offset is in, which may be another one of
 * the program. Reads the text from its start: for one place, not for a
 * million. */
Place source_place(const Source *source, uint32_t offset);

/* Where every line begins, for many places of one source: a binary search and
 * the length of a line each. Immutable after init. */
typedef struct SourceLines {
  const Source *source; /* borrowed */
  VEC(uint32_t) starts; /* of each line, in bytes from the source's start */
} SourceLines;

void source_lines_init(SourceLines *lines, const Source *source);
void source_lines_free(SourceLines *lines);
Place source_lines_place(const SourceLines *lines, uint32_t offset);

/* The text of `line` (from 1), without its end. */
Slice source_lines_text(const SourceLines *lines, uint32_t line);

#endif
