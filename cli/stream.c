/* SPDX-License-Identifier: MIT
 *
 * A text is held apart from the print lines (output_hold) from its first piece
 * until its attempt is over; then a newline ends it. Its last attempt is kept,
 * to know whether the result has to be printed.
 */
#include "cli/stream.h"

static void begin(Stream *stream, uint32_t attempt) {
  Buf line = {0};
  stream->is_open = true;
  progress_pause(stream->progress, true);
  output_hold(stream->output);
  buf_clear(&stream->text);
  if (stream->shown++ > 0)
    buf_addf(&line, "--- attempt %u: the text begins anew ---\n", attempt);
  output_insert(stream->output, buf_slice(&line));
  buf_free(&line);
}

static void end(Stream *stream) {
  stream->is_open = false;
  output_insert(stream->output, SLICE("\n"));
  output_release(stream->output);
  progress_pause(stream->progress, false);
}

void stream_take(Stream *stream, uint32_t attempt, Slice text) {
  if (text.length == 0) {
    if (stream->is_open) end(stream);
    return;
  }
  if (!stream->is_open) begin(stream, attempt);
  buf_add_slice(&stream->text, text);
  output_insert(stream->output, text);
}

bool stream_has_shown(const Stream *stream, Slice result) {
  return stream->shown > 0 && slice_equal(buf_slice(&stream->text), result);
}

void stream_free(Stream *stream) {
  buf_free(&stream->text);
}
