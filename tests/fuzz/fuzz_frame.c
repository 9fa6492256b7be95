/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are the beginning of a request or a reply, as
 * the fault gate reads them. Where it ends must not depend on the pieces in
 * which it came, and a body is never longer than the message.
 */
#include <assert.h>

#include "server/http_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static HttpFrameState look_in_pieces(HttpFrame *frame, HttpFrameKind kind,
                                     Slice bytes, size_t piece) {
  HttpFrameState state = HTTP_FRAME_OPEN;
  for (size_t end = 0; end < bytes.length && state == HTTP_FRAME_OPEN;) {
    end = end + piece < bytes.length ? end + piece : bytes.length;
    state = http_frame_look(frame, kind, slice_from(bytes.data, end), MOST);
  }
  return state;
}

static void try_kind(HttpFrameKind kind, Slice bytes) {
  HttpFrame whole = {0}, pieces = {0};
  Buf body = {0};
  HttpFrameState one = look_in_pieces(&whole, kind, bytes, bytes.length);
  HttpFrameState two = look_in_pieces(&pieces, kind, bytes, 1);
  assert(one == two);
  if (one == HTTP_FRAME_WHOLE) {
    assert(whole.end == pieces.end && whole.end <= bytes.length);
    bytes.length = whole.end;
    http_frame_add_body(&whole, bytes, &body);
    assert(body.length + whole.head <= whole.end);
    (void)http_frame_field(slice_from(bytes.data, whole.head), "Expect");
  }
  buf_free(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Slice bytes = slice_from((const char *)data, size);
  if (size == 0) return 0;
  try_kind(HTTP_FRAME_REQUEST, bytes);
  try_kind(HTTP_FRAME_REPLY, bytes);
  try_kind(HTTP_FRAME_REPLY_TO_HEAD, bytes);
  return 0;
}
