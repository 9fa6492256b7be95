/* SPDX-License-Identifier: MIT
 *
 * A table of texts for a terminal: a title, a head, rows; columns as wide as
 * their widest cell.
 */
#ifndef APXM_CLI_TABLE_H
#define APXM_CLI_TABLE_H

#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/vec.h"

typedef struct Table {
  const char *title; /* borrowed; NULL for none */
  const char *sides; /* borrowed; one letter a column, l or r: where its
                               cells are set */
  uint32_t columns;
  VEC(const char *) cells; /* row by row, the head first; in the arena */
  Arena arena;
} Table;

void table_init(Table *table, const char *title, const char *sides);
void table_free(Table *table);

/* The next cell, printf-like. */
void table_add(Table *table, const char *format, ...) PRINTF_LIKE(2, 3);
/* A duration with a unit that suits it: "850 ns", "12.3 us", "105.2 ms". */
void table_add_ns(Table *table, double ns);

/* Appends it; an unfinished last row is filled with empty cells. */
void table_print(Table *table, Buf *out);

#endif
