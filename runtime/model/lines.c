/* SPDX-License-Identifier: MIT
 *
 * The line splitter. Its whole memory between two pieces is the unfinished
 * line and whether a line feed is still to be swallowed, so where the stream
 * was cut cannot be seen in what comes out.
 */
#include "runtime/model/lines.h"

static Slice without_mark(LineReader *reader, Slice line) {
  Slice mark = SLICE("\xEF\xBB\xBF");
  bool is_marked = !reader->is_begun && slice_starts_with(line, mark);
  reader->is_begun = true;
  if (!is_marked) return line;
  return slice_from(line.data + mark.length, line.length - mark.length);
}

static void advance(Slice *piece, size_t bytes) {
  piece->data += bytes;
  piece->length -= bytes;
}

static void drop_given(LineReader *reader) {
  if (reader->is_given) buf_clear(&reader->held);
  reader->is_given = false;
}

/* Bytes before the first line end; piece.length when there is none. */
static size_t line_length(Slice piece) {
  size_t length = 0;
  while (length < piece.length && piece.data[length] != '\n' &&
         piece.data[length] != '\r')
    length++;
  return length;
}

LineResult lines_next(LineReader *reader, Slice *piece, Slice *line) {
  drop_given(reader);
  if (piece->length == 0) return LINE_NONE;
  if (reader->skips_feed && piece->data[0] == '\n') advance(piece, 1);
  reader->skips_feed = false;
  Slice found = slice_from(piece->data, line_length(*piece));
  if (found.length > reader->limit - reader->held.length) return LINE_TOO_LONG;
  bool is_whole = found.length < piece->length;
  if (reader->held.length || !is_whole) {
    buf_add_slice(&reader->held, found);
    reader->is_given = is_whole;
  }
  advance(piece, found.length);
  if (!is_whole) return LINE_NONE;
  reader->skips_feed = piece->data[0] == '\r';
  advance(piece, 1);
  if (reader->is_given) found = buf_slice(&reader->held);
  *line = without_mark(reader, found);
  return LINE_FOUND;
}

Slice lines_rest(LineReader *reader) {
  drop_given(reader);
  reader->is_given = true;
  return without_mark(reader, buf_slice(&reader->held));
}

void lines_free(LineReader *reader) {
  buf_free(&reader->held);
}
