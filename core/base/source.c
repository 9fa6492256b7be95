/* SPDX-License-Identifier: MIT
 *
 * From byte offsets to lines and columns. A column is the number of bytes
 * that begin a code point, which is right for UTF-8 and harmless for bytes
 * that are not. An offset before the source or past its end counts as its start
 * or its end.
 */
#include "core/base/source.h"

#include <assert.h>
#include <string.h>

/* The offset in the source's own text. */
static uint32_t own_offset(const Source *source, uint32_t offset) {
  uint32_t own = offset > source->base ? offset - source->base : 0;
  size_t length = source->text.length;
  return own > length ? (uint32_t)length : own;
}

const Source *source_at(const Source *any, uint32_t offset) {
  if (any->all == NULL) return any;
  const Source *const *list = any->all->list.data;
  uint32_t low = 0; /* list[low]->base <= offset < list[high]->base */
  uint32_t high = any->all->list.length;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (list[middle]->base <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return list[low];
}

static uint32_t count_columns(const char *from, size_t length) {
  uint32_t count = 0;
  for (size_t i = 0; i < length; i++) {
    count += ((unsigned char)from[i] & 0xC0) != 0x80;
  }
  return count;
}

/* The offset after the next end of line, or UINT32_MAX when there is none. */
static uint32_t next_line(Slice text, uint32_t offset) {
  if (offset >= text.length) return UINT32_MAX;
  const char *end =
      memchr(text.data + offset, '\n', text.length - (size_t)offset);
  return end ? (uint32_t)(end - text.data) + 1 : UINT32_MAX;
}

static Place place_in_line(Slice text, uint32_t line, uint32_t begin,
                           uint32_t offset) {
  uint32_t before =
      offset > begin ? count_columns(text.data + begin, offset - begin) : 0;
  return (Place){.line = line, .column = before + 1};
}

Place source_place(const Source *source, uint32_t offset) {
  source = source_at(source, offset);
  Slice text = source->text;
  offset = own_offset(source, offset);
  uint32_t line = 1;
  uint32_t begin = 0;
  for (;;) {
    uint32_t next = next_line(text, begin);
    if (next > offset) break;
    begin = next;
    line++;
  }
  return place_in_line(text, line, begin, offset);
}

void source_lines_init(SourceLines *lines, const Source *source) {
  assert(source->text.length < UINT32_MAX);
  *lines = (SourceLines){.source = source};
  uint32_t begin = 0;
  while (begin != UINT32_MAX) {
    vec_push(&lines->starts, begin);
    begin = next_line(source->text, begin);
  }
}

void source_lines_free(SourceLines *lines) {
  vec_free(&lines->starts);
}

Place source_lines_place(const SourceLines *lines, uint32_t offset) {
  Slice text = lines->source->text;
  offset = own_offset(lines->source, offset);
  uint32_t low = 0; /* starts[low] <= offset < starts[high] */
  uint32_t high = lines->starts.length;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (lines->starts.data[middle] <= offset) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return place_in_line(text, low + 1, lines->starts.data[low], offset);
}

Slice source_lines_text(const SourceLines *lines, uint32_t line) {
  assert(line >= 1 && line <= lines->starts.length);
  Slice text = lines->source->text;
  size_t begin = lines->starts.data[line - 1];
  size_t end = line < lines->starts.length
                   ? (size_t)lines->starts.data[line] - 1
                   : text.length;
  if (end > begin && text.data[end - 1] == '\r') end--;
  return slice_from(text.length ? text.data + begin : "", end - begin);
}
