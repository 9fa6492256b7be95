/* SPDX-License-Identifier: MIT
 *
 * Cells are kept as texts and measured when the table is printed. A column is
 * as wide as its widest cell in code points.
 */
#include "cli/table.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/slice.h"

void table_init(Table *table, const char *title, const char *sides) {
  *table = (Table){
      .title = title, .sides = sides, .columns = (uint32_t)strlen(sides)};
  arena_init(&table->arena);
}

void table_free(Table *table) {
  vec_free(&table->cells);
  arena_free(&table->arena);
}

void table_add(Table *table, const char *format, ...) {
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  vec_push(&table->cells,
           arena_copy(&table->arena, text.data ? text.data : "", text.length));
  buf_free(&text);
}

void table_add_ns(Table *table, double ns) {
  if (isnan(ns))
    table_add(table, "-");
  else if (ns < 1e3)
    table_add(table, "%.0f ns", ns);
  else if (ns < 1e6)
    table_add(table, "%.1f us", ns / 1e3);
  else if (ns < 1e11)
    table_add(table, "%.1f ms", ns / 1e6);
  else
    table_add(table, "%.1f s", ns / 1e9);
}

static size_t width_of(const char *text) {
  size_t width = 0;
  for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
  return width;
}

/* The widths of all columns, in the table's arena. */
static const size_t *measure(Table *table) {
  size_t *widths = ARENA_ARRAY(&table->arena, size_t, table->columns);
  for (uint32_t i = 0; i < table->cells.length; i++) {
    size_t width = width_of(table->cells.data[i]);
    if (width > widths[i % table->columns]) widths[i % table->columns] = width;
  }
  return widths;
}

static void print_cell(const Table *table, uint32_t column, const char *text,
                       size_t width, Buf *out) {
  size_t gap = width - width_of(text);
  bool is_last = column + 1 == table->columns;
  buf_add_text(out, "  ");
  if (table->sides[column] == 'r') buf_add_repeat(out, ' ', gap);
  buf_add_text(out, text);
  if (table->sides[column] == 'l' && !is_last) buf_add_repeat(out, ' ', gap);
  if (is_last) buf_add_char(out, '\n');
}

static void print_rule(const Table *table, const size_t *widths, Buf *out) {
  size_t width = 0;
  for (uint32_t i = 0; i < table->columns; i++) width += widths[i] + 2;
  buf_add_text(out, "  ");
  buf_add_repeat(out, '-', width - 2);
  buf_add_char(out, '\n');
}

void table_print(Table *table, Buf *out) {
  while (table->cells.length % table->columns != 0) table_add(table, "%s", "");
  const size_t *widths = measure(table);
  if (table->title) buf_addf(out, "%s\n", table->title);
  for (uint32_t i = 0; i < table->cells.length; i++) {
    uint32_t column = i % table->columns;
    if (i == table->columns) print_rule(table, widths, out);
    print_cell(table, column, table->cells.data[i], widths[column], out);
  }
}
