/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes that are a source without syntax errors have a
 * layout, which means the same and has itself as its layout.
 */
#include <stdlib.h>

#include "compiler/front/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static FormatResult lay_out(Slice text, Buf *out) {
  Arena arena;
  DiagSink sink;
  Source source = {.name = "fuzz.ais", .text = text};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  FormatResult result = format_source(&source, &arena, &sink, out);
  diag_free(&sink);
  arena_free(&arena);
  return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Buf once = {0};
  Buf twice = {0};
  FormatResult result = lay_out(slice_from((const char *)data, size), &once);
  if (result == FORMAT_REFUSED) abort();
  if (result == FORMAT_DONE) {
    if (lay_out(buf_slice(&once), &twice) != FORMAT_DONE) abort();
    if (!slice_equal(buf_slice(&once), buf_slice(&twice))) abort();
  }
  buf_free(&once);
  buf_free(&twice);
  return 0;
}
