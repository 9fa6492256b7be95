/* SPDX-License-Identifier: MIT
 *
 * Lines and server-sent events: every stream gives the same result wherever it
 * is cut, in two pieces, in three, and byte by byte.
 */
#include "runtime/model/lines.h"

#include "core/base/mem.h"
#include "runtime/model/sse.h"
#include "tests/unit/unit.h"

enum { LIMIT = 40 };

/* ---- what a stream reads as ---------------------------------------------- */

/* Reads `pieces` one after the other; each line is shown as "[line]", the rest
 * as "<rest>", a line that is too long as "!". */
static void show_lines(const Slice *pieces, size_t count, Buf *shown) {
  LineReader reader = {.limit = LIMIT};
  LineResult result = LINE_NONE;
  buf_clear(shown);
  for (size_t i = 0; i < count && result != LINE_TOO_LONG; i++) {
    Slice piece = pieces[i];
    Slice line;
    while ((result = lines_next(&reader, &piece, &line)) == LINE_FOUND)
      buf_addf(shown, "[%.*s]", SLICE_ARG(line));
    if (result == LINE_NONE) assert_int_equal(piece.length, 0);
  }
  if (result == LINE_TOO_LONG) buf_add_char(shown, '!');
  Slice rest = lines_rest(&reader);
  if (result == LINE_NONE) buf_addf(shown, "<%.*s>", SLICE_ARG(rest));
  lines_free(&reader);
}

static void add_event(SseEvent *event, Slice line, Buf *shown) {
  switch (sse_add_line(event, line)) {
    case SSE_WHOLE:
      buf_addf(shown, "%s{%.*s}", event->is_error ? "error" : "",
               SLICE_ARG(buf_slice(&event->data)));
      break;
    case SSE_STRANGE:
      buf_addf(shown, "?%.*s?", SLICE_ARG(line));
      break;
    case SSE_TOO_LONG:
      buf_add_char(shown, '!');
      break;
    case SSE_MORE:
      break;
  }
}

static void show_events(const Slice *pieces, size_t count, Buf *shown) {
  LineReader reader = {.limit = LIMIT};
  SseEvent event = {.limit = LIMIT};
  buf_clear(shown);
  for (size_t i = 0; i < count; i++) {
    Slice piece = pieces[i];
    Slice line;
    while (lines_next(&reader, &piece, &line) == LINE_FOUND)
      add_event(&event, line, shown);
  }
  sse_free(&event);
  lines_free(&reader);
}

/* ---- cutting ------------------------------------------------------------- */

typedef void (*Show)(const Slice *pieces, size_t count, Buf *shown);

static void expect(Show show, const Slice *pieces, size_t count,
                   const char *wanted, const char *how) {
  Buf shown = {0};
  show(pieces, count, &shown);
  if (!slice_equal_text(buf_slice(&shown), wanted))
    fail_msg("%s: \"%s\", not \"%s\"", how, shown.data, wanted);
  buf_free(&shown);
}

/* A copy in memory of its own, so that a read beyond a piece is seen. */
static Slice own(const char *data, size_t length) {
  char *copy = mem_alloc(length + 1);
  if (length) memcpy(copy, data, length);
  char *fit = mem_realloc(copy, length ? length : 1);
  return slice_from(fit, length);
}

static void disown(Slice *pieces, size_t count) {
  for (size_t i = 0; i < count; i++) mem_free((char *)pieces[i].data);
}

static void cut_twice(Show show, Slice stream, const char *wanted) {
  for (size_t i = 0; i <= stream.length; i++) {
    for (size_t j = i; j <= stream.length; j++) {
      Slice pieces[3] = {own(stream.data, i), own(stream.data + i, j - i),
                         own(stream.data + j, stream.length - j)};
      expect(show, pieces, 3, wanted, "cut twice");
      disown(pieces, 3);
    }
  }
}

static void expect_everywhere(Show show, const char *text, const char *wanted) {
  Slice stream = slice_of(text);
  Slice *bytes = mem_alloc_zero(stream.length + 1, sizeof(Slice));
  expect(show, &stream, 1, wanted, "whole");
  for (size_t i = 0; i < stream.length; i++) bytes[i] = own(stream.data + i, 1);
  expect(show, bytes, stream.length, wanted, "byte by byte");
  disown(bytes, stream.length);
  mem_free(bytes);
  cut_twice(show, stream, wanted);
}

/* ---- lines --------------------------------------------------------------- */

static void lines_are(const char *text, const char *wanted) {
  expect_everywhere(show_lines, text, wanted);
}

CASE(line_ends) {
  (void)state;
  lines_are("", "<>");
  lines_are("a", "<a>");
  lines_are("a\n", "[a]<>");
  lines_are("a\r", "[a]<>");
  lines_are("a\r\n", "[a]<>");
  lines_are("a\nb\r\nc\rd", "[a][b][c]<d>");
  lines_are("\n\n", "[][]<>");
  lines_are("\r\r", "[][]<>");
  lines_are("\r\n\r\n", "[][]<>");
  lines_are("\n\r", "[][]<>");
  lines_are("\r\n\n\rx", "[][][]<x>");
}

CASE(byte_order_mark_only_at_the_start) {
  (void)state;
  lines_are("\xEF\xBB\xBF", "<>");
  lines_are(
      "\xEF\xBB\xBF"
      "a\nb\n",
      "[a][b]<>");
  lines_are(
      "a\n\xEF\xBB\xBF"
      "b\n",
      "[a][\xEF\xBB\xBF"
      "b]<>");
  lines_are(
      "\xEF\xBB"
      "a\n",
      "[\xEF\xBB"
      "a]<>");
  lines_are("\n\xEF\xBB\xBF", "[]<\xEF\xBB\xBF>");
}

CASE(line_at_its_limit) {
  (void)state;
  char text[LIMIT + 8];
  Buf wanted = {0};
  memset(text, 'x', LIMIT);
  memcpy(text + LIMIT, "\ny\n", 4);
  buf_addf(&wanted, "[%.*s][y]<>", LIMIT, text);
  lines_are(text, wanted.data);
  memcpy(text + LIMIT, "xy\n", 4);
  lines_are(text, "!");
  buf_free(&wanted);
}

/* ---- events -------------------------------------------------------------- */

static void events_are(const char *text, const char *wanted) {
  expect_everywhere(show_events, text, wanted);
}

CASE(events) {
  (void)state;
  events_are("data: a\n\n", "{a}");
  events_are("data: a\n", "");
  events_are("data:a\r\n\r\ndata:  b\r\n\r\n", "{a}{ b}");
  events_are("data: a\rdata: b\r\r", "{a\nb}");
  events_are("data\n\n", "{}");
  events_are("data:\ndata\n\n", "{\n}");
  events_are("data: a\n\n\n\ndata: b\n\n", "{a}{b}");
}

CASE(other_fields_and_comments) {
  (void)state;
  events_are(":\n\n: ping\n\ndata: a\n: in it\n\n", "{a}");
  events_are("event: error\ndata: a\n\ndata: b\n\n", "error{a}{b}");
  events_are("event: error\n\ndata: b\n\n", "{b}");
  events_are("event: message\ndata: b\n\n", "{b}");
  events_are("id: 1\nretry: 5\nid\ndata: b\n\n", "{b}");
  events_are("{\"a\": 1}\n", "?{\"a\": 1}?");
  events_are("hello\ndata: b\n\n", "?hello?{b}");
  events_are("Data: b\n", "?Data: b?");
}

CASE(data_at_its_limit) {
  (void)state;
  enum { HALF = LIMIT / 2 - 8 };
  Buf text = {0};
  Buf wanted = {0};
  for (int i = 0; i < 2; i++) buf_addf(&text, "data: %0*d\n", HALF, i);
  buf_addf(&text, "data: %0*d\n\n", LIMIT - 2 * HALF - 2, 2);
  buf_addf(&wanted, "{%0*d\n%0*d\n%0*d}", HALF, 0, HALF, 1,
           LIMIT - 2 * HALF - 2, 2);
  events_are(text.data, wanted.data);
  buf_clear(&text);
  for (int i = 0; i < 2; i++) buf_addf(&text, "data: %0*d\n", HALF, i);
  buf_addf(&text, "data: %0*d\n", LIMIT - 2 * HALF - 1, 2);
  events_are(text.data, "!");
  buf_free(&text);
  buf_free(&wanted);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(line_ends),
      cmocka_unit_test(byte_order_mark_only_at_the_start),
      cmocka_unit_test(line_at_its_limit),
      cmocka_unit_test(events),
      cmocka_unit_test(other_fields_and_comments),
      cmocka_unit_test(data_at_its_limit),
  };
  return RUN(cases);
}
