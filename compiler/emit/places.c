/* SPDX-License-Identifier: MIT
 *
 * One pass over the source leaves a mark at every block; a question then reads
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

void places_init(Places *places, Slice text) {
  size_t blocks = text.length / BLOCK;
  PlaceMark mark = {.line = 1};
  places->text = text;
  places->marks = mem_alloc_zero(blocks + 1, sizeof *places->marks);
  for (size_t i = 0; i < blocks; i++) {
    places->marks[i] = mark;
    step(&mark, text.data + i * BLOCK, BLOCK);
  }
  places->marks[blocks] = mark;
}

void places_free(Places *places) {
  mem_free(places->marks);
  *places = (Places){0};
}

static PlaceMark find(const Places *places, uint64_t offset) {
  if (offset > places->text.length) offset = places->text.length;
  PlaceMark mark = places->marks[offset / BLOCK];
  size_t rest = offset % BLOCK;
  if (rest > 0) step(&mark, places->text.data + offset - rest, rest);
  return mark;
}

Place places_find(const Places *places, Span span, uint32_t *length) {
  PlaceMark start = find(places, span.start);
  PlaceMark end = find(places, (uint64_t)span.start + span.length);
  *length = end.points - start.points;
  return (Place){.line = start.line,
                 .column = start.points - start.line_start + 1};
}
