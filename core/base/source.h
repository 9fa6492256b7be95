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

/* One source text. The caller owns name and text. */
typedef struct Source {
  const char *name; /* as given on the command line */
  Slice text;
  uint32_t base; /* where it begins in the space of all sources */
} Source;

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

/* Reads the text from its start: for one place, not for a million. */
Place source_place(const Source *source, uint32_t offset);

/* Where every line begins, for many places of one source: a binary search and
 * the length of a line each. Immutable after init. */
typedef struct SourceLines {
  const Source *source; /* borrowed */
  VEC(uint32_t) starts; /* byte offset of each line */
} SourceLines;

void source_lines_init(SourceLines *lines, const Source *source);
void source_lines_free(SourceLines *lines);
Place source_lines_place(const SourceLines *lines, uint32_t offset);

/* The text of `line` (from 1), without its end. */
Slice source_lines_text(const SourceLines *lines, uint32_t line);

#endif
