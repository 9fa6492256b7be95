/* SPDX-License-Identifier: MIT
 *
 * See http_frame.h.
 */
#include "server/http_frame.h"

#include <string.h>
#include <strings.h>

enum { HEAD_MOST = 64 << 10, SIZE_LINE_MOST = 256 };

static const Slice head_end = {"\r\n\r\n", 4};
static const Slice line_end = {"\r\n", 2};

/* Where `part` begins in `bytes`, from `at` on; SIZE_MAX: nowhere yet. */
static size_t find(Slice bytes, size_t at, Slice part) {
  if (at >= bytes.length) return SIZE_MAX;
  const char *found =
      memmem(bytes.data + at, bytes.length - at, part.data, part.length);
  return found ? (size_t)(found - bytes.data) : SIZE_MAX;
}

Slice http_frame_field(Slice head, const char *name) {
  size_t length = strlen(name), at = 0;
  while ((at = find(head, at, line_end)) != SIZE_MAX) {
    at += line_end.length;
    if (head.length - at <= length || head.data[at + length] != ':') continue;
    if (strncasecmp(head.data + at, name, length) != 0) continue;
    size_t from = at + length + 1, to = find(head, from, line_end);
    if (to == SIZE_MAX) to = head.length;
    return slice_trim(slice_from(head.data + from, to - from));
  }
  return (Slice){0};
}

unsigned http_frame_code(Slice head) {
  unsigned code = 0;
  if (head.length < 12 || !slice_starts_with(head, SLICE("HTTP/1."))) return 0;
  for (int i = 9; i < 12; i++) {
    if (head.data[i] < '0' || head.data[i] > '9') return 0;
    code = code * 10 + (unsigned)(head.data[i] - '0');
  }
  return code;
}

/* Digits of the base 10 or 16 and nothing else, up to `most`. */
static bool read_size(Slice text, unsigned base, size_t most, size_t *size) {
  static const char digits[] = "0123456789abcdef";
  *size = 0;
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i] >= 'A' && text.data[i] <= 'F'
                 ? (char)(text.data[i] - 'A' + 'a')
                 : text.data[i];
    const char *digit = memchr(digits, c, base);
    if (!digit) return false;
    *size = *size * base + (size_t)(digit - digits);
    if (*size > most) return false;
  }
  return text.length > 0;
}

static bool has_no_body(HttpFrameKind kind, unsigned code) {
  return kind == HTTP_FRAME_REPLY_TO_HEAD ||
         (kind == HTTP_FRAME_REPLY &&
          (code < 200 || code == 204 || code == 304));
}

/* The head is there: what does it say of the body? False: nonsense. */
static bool read_head(HttpFrame *frame, HttpFrameKind kind, Slice head,
                      size_t most) {
  Slice length = http_frame_field(head, "Content-Length");
  Slice coding = http_frame_field(head, "Transfer-Encoding");
  size_t size = 0;
  frame->at = frame->end = frame->head;
  if (kind != HTTP_FRAME_REQUEST && http_frame_code(head) == 0) return false;
  if (has_no_body(kind, http_frame_code(head))) return true;
  frame->is_chunked = coding.data != NULL;
  if (frame->is_chunked) return slice_equal_text(coding, "chunked");
  frame->lasts = !length.data && kind != HTTP_FRAME_REQUEST;
  if (!length.data) return true;
  if (!read_size(length, 10, most, &size)) return false;
  frame->end = frame->head + size;
  return frame->end <= most;
}

/* Whether HTTP can begin so; TLS, for one, does not. */
static bool begins_well(Slice bytes) {
  char c = bytes.data[0];
  return (c > ' ' && c <= '~') || c == '\r' || c == '\n';
}

static HttpFrameState find_head(HttpFrame *frame, HttpFrameKind kind,
                                Slice bytes, size_t most) {
  if (bytes.length && !begins_well(bytes)) return HTTP_FRAME_BROKEN;
  size_t from = frame->at < 3 ? 0 : frame->at - 3;
  size_t found = find(bytes, from, head_end);
  frame->at = bytes.length;
  if (found == SIZE_MAX)
    return bytes.length < HEAD_MOST ? HTTP_FRAME_OPEN : HTTP_FRAME_BROKEN;
  frame->head = found + head_end.length;
  Slice head = slice_from(bytes.data, frame->head);
  if (frame->head > HEAD_MOST || !read_head(frame, kind, head, most))
    return HTTP_FRAME_BROKEN;
  return HTTP_FRAME_WHOLE;
}

/* The size of the chunk at `at`, and where its data begins. */
static HttpFrameState read_chunk(Slice bytes, size_t at, size_t most,
                                 size_t *size, size_t *data) {
  size_t end = find(bytes, at, line_end);
  if (end == SIZE_MAX)
    return bytes.length - at <= SIZE_LINE_MOST ? HTTP_FRAME_OPEN
                                               : HTTP_FRAME_BROKEN;
  if (end - at >= SIZE_LINE_MOST) return HTTP_FRAME_BROKEN;
  Slice line = slice_from(bytes.data + at, end - at);
  const char *extension = memchr(line.data, ';', line.length);
  if (extension) line.length = (size_t)(extension - line.data);
  *data = end + line_end.length;
  return read_size(slice_trim(line), 16, most, size) ? HTTP_FRAME_WHOLE
                                                     : HTTP_FRAME_BROKEN;
}

/* Behind the last chunk: lines, of which the last is empty. */
static HttpFrameState find_trailer(HttpFrame *frame, Slice bytes, size_t at) {
  size_t end = find(bytes, at, line_end);
  while (end != SIZE_MAX && end != at) {
    at = end + line_end.length;
    end = find(bytes, at, line_end);
  }
  if (end == SIZE_MAX)
    return bytes.length - frame->at < HEAD_MOST ? HTTP_FRAME_OPEN
                                                : HTTP_FRAME_BROKEN;
  frame->end = end + line_end.length;
  return frame->end - frame->at <= HEAD_MOST ? HTTP_FRAME_WHOLE
                                             : HTTP_FRAME_BROKEN;
}

static HttpFrameState walk_chunks(HttpFrame *frame, Slice bytes, size_t most) {
  for (;;) {
    size_t size, data;
    HttpFrameState state = read_chunk(bytes, frame->at, most, &size, &data);
    if (state != HTTP_FRAME_WHOLE) return state;
    if (size == 0) return find_trailer(frame, bytes, data);
    if (data + size > most) return HTTP_FRAME_BROKEN;
    if (data + size + line_end.length > bytes.length) return HTTP_FRAME_OPEN;
    frame->at = data + size + line_end.length;
  }
}

HttpFrameState http_frame_look(HttpFrame *frame, HttpFrameKind kind,
                               Slice bytes, size_t most) {
  if (frame->head == 0) {
    HttpFrameState state = find_head(frame, kind, bytes, most);
    if (state != HTTP_FRAME_WHOLE) return state;
  }
  if (frame->is_chunked) return walk_chunks(frame, bytes, most);
  if (frame->lasts)
    return bytes.length <= most ? HTTP_FRAME_OPEN : HTTP_FRAME_BROKEN;
  return bytes.length >= frame->end ? HTTP_FRAME_WHOLE : HTTP_FRAME_OPEN;
}

void http_frame_add_body(const HttpFrame *frame, Slice bytes, Buf *out) {
  size_t at = frame->head, size, data;
  if (!frame->is_chunked) {
    buf_add(out, bytes.data + at, bytes.length - at);
    return;
  }
  while (read_chunk(bytes, at, bytes.length, &size, &data) ==
             HTTP_FRAME_WHOLE &&
         size > 0) {
    buf_add(out, bytes.data + data, size);
    at = data + size + line_end.length;
  }
}
