/* SPDX-License-Identifier: MIT
 *
 * input_lines.c: whatever pieces the lines come in, they are the same; a line
 * over the limit is told of and costs no memory.
 */
#include "cli/input_lines.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { LIMIT = 100 };

/* An input that is fed by hand. */
typedef struct Feed {
  InputLines input;
  int fd; /* -1: closed */
} Feed;

static void feed_open(Feed *feed) {
  int fds[2];
  char path[32];
  Error error = {0};
  assert_int_equal(pipe(fds), 0);
  snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
  if (input_lines_open(&feed->input, path, LIMIT, &error))
    fail_msg("%s", error.message);
  close(fds[0]);
  feed->fd = fds[1];
}

static void feed(Feed *feed, const char *text, size_t length) {
  assert_int_equal(write(feed->fd, text, length), (ssize_t)length);
}

static void feed_end(Feed *feed) {
  if (feed->fd >= 0) close(feed->fd);
  feed->fd = -1;
}

static void feed_close(Feed *feed) {
  feed_end(feed);
  input_lines_close(&feed->input);
}

/* Appends what there is: "[line]" for each, "!" for one that is too long, "$"
 * at the end. */
static void take(Feed *feed, Buf *out) {
  Slice line;
  size_t bytes;
  for (;;) {
    InputResult result = input_lines_next(&feed->input, &line, &bytes);
    if (result == INPUT_LATER) return;
    if (result == INPUT_LINE) {
      buf_add_char(out, '[');
      buf_add_slice(out, line);
      buf_add_char(out, ']');
    } else {
      buf_add_char(out, result == INPUT_TOO_LONG ? '!' : '$');
      assert_int_not_equal(result, INPUT_FAILED);
    }
    if (result == INPUT_END) return;
  }
}

/* In pieces of `size` bytes. */
static void check_pieces(Slice text, size_t size, const char *wanted) {
  Feed source;
  Buf got = {0};
  feed_open(&source);
  take(&source, &got);
  assert_int_equal(got.length, 0);
  for (size_t at = 0; at < text.length; at += size) {
    size_t rest = text.length - at;
    feed(&source, text.data + at, rest < size ? rest : size);
    take(&source, &got);
  }
  feed_end(&source);
  take(&source, &got);
  assert_string_equal(got.data, wanted);
  buf_free(&got);
  feed_close(&source);
}

static void check(const char *text, const char *wanted) {
  for (size_t size = 1; size <= strlen(text) + 1; size++)
    check_pieces(slice_of(text), size, wanted);
}

CASE(lines_in_any_pieces) {
  (void)state;
  check("", "$");
  check("\n", "[]$");
  check("a", "[a]$");
  check("a\n", "[a]$");
  check("a\nbc\n", "[a][bc]$");
  check("a\n\nbc", "[a][][bc]$");
  check("a\r\nb\n\n", "[a\r][b][]$");
}

CASE(long_lines_are_passed_over) {
  (void)state;
  Buf text = {0}, wanted = {0};
  buf_add_repeat(&text, 'a', LIMIT);
  buf_addf(&wanted, "[%s]!", text.data);
  buf_add_char(&text, '\n');
  buf_add_repeat(&text, 'b', LIMIT + 1);
  buf_add_text(&text, "\nc\n");
  buf_add_text(&wanted, "[c]!$");
  buf_add_repeat(&text, 'd', 3 * LIMIT);
  check(text.data, wanted.data);
  buf_free(&text);
  buf_free(&wanted);
}

CASE(a_long_line_takes_no_memory) {
  (void)state;
  enum { PIECE = 4096, PIECES = 5000 };
  char piece[PIECE];
  Feed source;
  Buf got = {0};
  memset(piece, 'x', sizeof piece);
  feed_open(&source);
  for (int i = 0; i < PIECES; i++) {
    feed(&source, piece, sizeof piece);
    take(&source, &got);
    assert_true(source.input.buffer.capacity < 1 << 20);
  }
  feed_end(&source);
  take(&source, &got);
  assert_string_equal(got.data, "!$");
  buf_free(&got);
  feed_close(&source);
}

CASE(bytes_add_up_to_the_file) {
  (void)state;
  char path[] = "/tmp/apxm-lines-XXXXXX";
  int fd = mkstemp(path);
  Buf text = {0};
  InputLines input;
  Error error = {0};
  Slice line;
  size_t bytes, sum = 0;
  uint32_t count = 0;
  for (int i = 0; i < 5000; i++) buf_addf(&text, "{\"n\": %d}\n", i * i * 7);
  assert_int_equal(write(fd, text.data, text.length), (ssize_t)text.length);
  close(fd);
  assert_int_equal(input_lines_open(&input, path, LIMIT, &error), STATUS_OK);
  assert_int_equal(input.size, text.length);
  while (input_lines_next(&input, &line, &bytes) == INPUT_LINE) {
    count++;
    sum += bytes;
  }
  assert_int_equal(count, 5000);
  assert_int_equal(sum, text.length);
  input_lines_close(&input);
  unlink(path);
  buf_free(&text);
}

CASE(what_cannot_be_read) {
  (void)state;
  InputLines input;
  Error error = {0};
  assert_int_equal(input_lines_open(&input, "/nowhere/x", LIMIT, &error),
                   STATUS_NOT_FOUND);
  input_lines_close(&input);
  error = (Error){0};
  assert_int_equal(input_lines_open(&input, "/tmp", LIMIT, &error), STATUS_IO);
  assert_string_equal(error.message, "cannot read /tmp: Is a directory");
  input_lines_close(&input);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(lines_in_any_pieces),
      cmocka_unit_test(long_lines_are_passed_over),
      cmocka_unit_test(a_long_line_takes_no_memory),
      cmocka_unit_test(bytes_add_up_to_the_file),
      cmocka_unit_test(what_cannot_be_read),
  };
  return RUN(cases);
}
