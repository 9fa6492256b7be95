/* SPDX-License-Identifier: MIT
 *
 * Lines out of a byte stream that arrives in pieces cut anywhere. A line ends
 * with LF, CR or CR LF; a byte order mark before the first one is passed over.
 * Only a line that began in an earlier piece is copied.
 *
 *     while (lines_next(&reader, &piece, &line) == LINE_FOUND) ...
 */
#ifndef APXM_RUNTIME_MODEL_LINES_H
#define APXM_RUNTIME_MODEL_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

/* Zero it and set `limit`. */
typedef struct LineReader {
  size_t limit;    /* bytes of one line */
  Buf held;        /* the beginning of a line whose end has not come */
  bool is_given;   /* `held` is a whole line, given out */
  bool is_begun;   /* the first line was given out */
  bool skips_feed; /* the last line ended with CR: LF would belong to it */
} LineReader;

typedef enum LineResult {
  LINE_NONE,    /* the piece is used up */
  LINE_FOUND,   /* `line` is one, without its end; valid until the next call */
  LINE_TOO_LONG /* longer than the limit; read no further */
} LineResult;

/* Takes what it reads away from the front of `piece`. */
LineResult lines_next(LineReader *reader, Slice *piece, Slice *line);

/* At the end of the stream: what came after the last line end. */
Slice lines_rest(LineReader *reader);

void lines_free(LineReader *reader);

#endif
