/* SPDX-License-Identifier: MIT
 *
 * The lines of a file or of standard input, one at a time, each in bounded
 * memory. A line ends with LF or where the input does. Nothing blocks: where
 * the input may come later (a pipe, a terminal), the caller polls `fd`. One
 * thread.
 */
#ifndef APXM_CLI_INPUT_LINES_H
#define APXM_CLI_INPUT_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/status.h"

typedef enum InputResult {
  INPUT_LINE,     /* there is one */
  INPUT_TOO_LONG, /* one over the limit was passed over */
  INPUT_LATER,    /* nothing yet: poll `fd` for reading */
  INPUT_END,
  INPUT_FAILED /* errno is in `code` */
} InputResult;

typedef struct InputLines {
  int fd;
  bool is_stdin;   /* not ours to close */
  size_t limit;    /* bytes of one line */
  uint64_t size;   /* of a regular file when it was opened; 0: nobody knows */
  int code;        /* errno of a failed read; 0 so far */
  Buf buffer;      /* what was read and not given out yet */
  size_t at;       /* where in it the next line begins */
  size_t looked;   /* there is no line end from `at` to here */
  bool is_passing; /* `at` is in a line over the limit */
  bool is_whole;   /* nothing more will come */
} InputLines;

/* "-" is standard input. STATUS_IO, STATUS_NOT_FOUND: it cannot be read. Free
 * in any case. */
Status input_lines_open(InputLines *input, const char *path, size_t limit,
                        Error *error) MUST_USE;
void input_lines_close(InputLines *input);

/* INPUT_LINE: `line`, without its end, is valid until the next call. `bytes`
 * is what the line took of the input, for INPUT_TOO_LONG at least so much. */
InputResult input_lines_next(InputLines *input, Slice *line, size_t *bytes);

#endif
