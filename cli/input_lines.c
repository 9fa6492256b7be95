/* SPDX-License-Identifier: MIT
 *
 * One buffer, read into at its end and given out from its front. Only a line
 * that is not there whole makes it grow, up to the limit; of a longer one
 * nothing is kept.
 */
#include "cli/input_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  CHUNK = 64 << 10,
  KEPT = 1 << 20 /* a larger buffer is given back once it is empty */
};

static Status cannot_read(const char *path, int code, Error *error) {
  Status status = code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
  return error_set_errno(error, status, code, "cannot read %s", path);
}

Status input_lines_open(InputLines *input, const char *path, size_t limit,
                        Error *error) {
  struct stat info;
  bool is_stdin = strcmp(path, "-") == 0;
  *input = (InputLines){.fd = STDIN_FILENO, .is_stdin = is_stdin};
  input->limit = limit;
  if (!is_stdin) input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (input->fd < 0 || fstat(input->fd, &info) != 0)
    return cannot_read(path, errno, error);
  if (S_ISDIR(info.st_mode)) return cannot_read(path, EISDIR, error);
  if (S_ISREG(info.st_mode)) input->size = (uint64_t)info.st_size;
  return STATUS_OK;
}

void input_lines_close(InputLines *input) {
  if (input->fd >= 0 && !input->is_stdin) close(input->fd);
  buf_free(&input->buffer);
  input->fd = -1;
}

static size_t left(const InputLines *input) {
  return input->buffer.length - input->at;
}

/* What was given out goes, and the rest moves to the front. */
static void compact(InputLines *input) {
  Buf *buffer = &input->buffer;
  size_t rest = left(input);
  if (rest > 0 && input->at > 0)
    memmove(buffer->data, buffer->data + input->at, rest);
  buffer->length = rest;
  input->looked -= input->at;
  input->at = 0;
  if (rest == 0 && buffer->capacity > KEPT) buf_free(buffer);
}

/* INPUT_LINE: there is more to look at. */
static InputResult read_more(InputLines *input) {
  struct pollfd ready = {.fd = input->fd, .events = POLLIN};
  compact(input);
  if (poll(&ready, 1, 0) == 0) return INPUT_LATER;
  buf_reserve(&input->buffer, CHUNK);
  ssize_t count =
      read(input->fd, input->buffer.data + input->buffer.length, CHUNK);
  if (count > 0) {
    input->buffer.length += (size_t)count;
  } else if (count == 0) {
    input->is_whole = true;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    return INPUT_LATER;
  } else if (errno != EINTR) {
    input->code = errno;
    return INPUT_FAILED;
  }
  return INPUT_LINE;
}

/* The line goes to `end`, its end to `next`. */
static InputResult give(InputLines *input, size_t end, size_t next, Slice *line,
                        size_t *bytes) {
  bool was_passing = input->is_passing;
  *bytes = next - input->at;
  *line = slice_from(input->buffer.data + input->at, end - input->at);
  input->at = input->looked = next;
  input->is_passing = false;
  return was_passing || line->length > input->limit ? INPUT_TOO_LONG
                                                    : INPUT_LINE;
}

/* The position of the next line end; false: it has not come yet. */
static bool find_end(InputLines *input, size_t *end) {
  const Buf *buffer = &input->buffer;
  size_t rest = buffer->length - input->looked;
  if (rest == 0) return false;
  const char *from = buffer->data + input->looked;
  const char *found = memchr(from, '\n', rest);
  input->looked = buffer->length;
  if (found) *end = (size_t)(found - buffer->data);
  return found != NULL;
}

/* Nothing of a line over the limit is kept. */
static void pass_over(InputLines *input) {
  input->is_passing = true;
  input->at = input->looked = input->buffer.length;
}

InputResult input_lines_next(InputLines *input, Slice *line, size_t *bytes) {
  size_t end;
  for (;;) {
    if (find_end(input, &end)) return give(input, end, end + 1, line, bytes);
    if (left(input) > input->limit || input->is_passing) pass_over(input);
    if (input->is_whole) break;
    InputResult result = read_more(input);
    if (result != INPUT_LINE) return result;
  }
  if (left(input) == 0 && !input->is_passing) return INPUT_END;
  end = input->buffer.length;
  return give(input, end, end, line, bytes);
}
