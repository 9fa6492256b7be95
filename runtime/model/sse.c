/* SPDX-License-Identifier: MIT
 *
 * The event assembler: one line in, maybe one event out.
 */
#include "runtime/model/sse.h"

static SseResult add_data(SseEvent *event, Slice value) {
  size_t more = value.length + event->has_data;
  if (more > event->limit - event->data.length) return SSE_TOO_LONG;
  if (event->has_data) buf_add_char(&event->data, '\n');
  buf_add_slice(&event->data, value);
  event->has_data = true;
  return SSE_MORE;
}

static void begin_event(SseEvent *event) {
  buf_clear(&event->data);
  event->has_data = event->is_error = event->is_given = false;
}

/* An event without data is none. */
static SseResult end_event(SseEvent *event) {
  event->is_given = true;
  return event->has_data ? SSE_WHOLE : SSE_MORE;
}

/* One space after the colon belongs to it. */
static Slice value_of(Slice line, size_t name_length) {
  size_t from = name_length;
  if (from < line.length) from++;
  if (from < line.length && line.data[from] == ' ') from++;
  return slice_from(line.data + from, line.length - from);
}

SseResult sse_add_line(SseEvent *event, Slice line) {
  if (event->is_given) begin_event(event);
  if (line.length == 0) return end_event(event);
  if (line.data[0] == ':') return SSE_MORE;
  const char *colon = memchr(line.data, ':', line.length);
  size_t length = colon ? (size_t)(colon - line.data) : line.length;
  Slice name = slice_from(line.data, length);
  if (slice_equal(name, SLICE("data")))
    return add_data(event, value_of(line, length));
  if (slice_equal(name, SLICE("event"))) {
    event->is_error = slice_equal_text(value_of(line, length), "error");
    return SSE_MORE;
  }
  bool is_known =
      slice_equal(name, SLICE("id")) || slice_equal(name, SLICE("retry"));
  return is_known ? SSE_MORE : SSE_STRANGE;
}

void sse_free(SseEvent *event) {
  buf_free(&event->data);
}
