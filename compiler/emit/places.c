/* SPDX-License-Identifier: MIT
 *
 * One pass over each source leaves a mark at every block; a question then reads
 * at most one block. Sources may be one line of 100 MB, so counting from the
 * start of the line for every node would not end.
 */
#include "compiler/emit/places.h"

#include "core/base/mem.h"

enum { BLOCK = 64 }; /* bytes between marks */

/* Counts byte by byte. */
static void step_bytes(PlaceMark *mark, const char *from, size_t length) {
  for (size_t i = 0; i < length; i++) {
    mark->points += ((unsigned char)from[i] & 0xC0) != 0x80;
    if (from[i] == '\n') {
      mark->line++;
      mark->line_start = mark->points;
    }
  }
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Nonzero when one of the eight bytes is zero. */
static uint64_t has_zero(uint64_t word) {
  return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* Bytes 10xxxxxx, which go on with a code point. */
static uint32_t continuations(uint64_t word) {
  uint64_t ones = word >> 7 & ~(word >> 6) & EACH_BYTE(1);
  return (uint32_t)(ones * EACH_BYTE(1) >> 56);
}

/* Counts eight bytes at a time where no line ends. */
static void step(PlaceMark *mark, const char *from, size_t length) {
  for (; length >= sizeof(uint64_t); length -= sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
    if (has_zero(word ^ EACH_BYTE('\n')) != 0) {
      step_bytes(mark, from, sizeof word);
    } else {
      mark->points += (uint32_t)sizeof word - continuations(word);
    }
    from += sizeof word;
  }
  step_bytes(mark, from, length);
}

static void add_source(Places *places, const Source *source) {
  size_t blocks = source->text.length / BLOCK;
  PlaceMark mark = {.line = 1};
  PlaceTable table = {.source = source};
  table.marks = mem_alloc_zero(blocks + 1, sizeof *table.marks);
  for (size_t i = 0; i < blocks; i++) {
    table.marks[i] = mark;
    step(&mark, source->text.data + i * BLOCK, BLOCK);
  }
  table.marks[blocks] = mark;
  vec_push(&places->tables, table);
}

void places_init(Places *places, const Source *any) {
  *places = (Places){0};
  if (any->all == NULL) {
    add_source(places, any);
    return;
  }
  for (uint32_t i = 0; i < any->all->list.length; i++) {
    add_source(places, any->all->list.data[i]);
  }
}

void places_free(Places *places) {
  for (uint32_t i = 0; i < places->tables.length; i++) {
    mem_free(places->tables.data[i].marks);
  }
  vec_free(&places->tables);
}

static const PlaceTable *table_at(const Places *places, uint32_t offset) {
  uint32_t low = 0; /* tables[low] begins at or before the offset */
  uint32_t high = places->tables.length;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (places->tables.data[middle].source->base <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return &places->tables.data[low];
}

const Source *places_source(const Places *places, uint32_t offset) {
  return table_at(places, offset)->source;
}

/* `offset` counts from the start of the source. */
static PlaceMark find(const PlaceTable *table, uint64_t offset) {
  Slice text = table->source->text;
  if (offset > text.length) offset = text.length;
  PlaceMark mark = table->marks[offset / BLOCK];
  size_t rest = offset % BLOCK;
  if (rest > 0) step(&mark, text.data + offset - rest, rest);
  return mark;
}

Place places_find(const Places *places, Span span, uint32_t *length) {
  const PlaceTable *table = table_at(places, span.start);
  uint64_t own = (uint64_t)span.start - table->source->base;
  PlaceMark start = find(table, own);
  PlaceMark end = find(table, own + span.length);
  *length = end.points - start.points;
  return (Place){.line = start.line,
                 .column = start.points - start.line_start + 1};
}
