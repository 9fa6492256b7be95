/* SPDX-License-Identifier: MIT
 *
 * `--stream`: the text of the ask that is the flow's result goes to standard
 * output while it comes. Print lines that come meanwhile follow it. When the
 * call fails on the way and is tried again, the text begins anew below a line
 * that says so.
 */
#ifndef APXM_CLI_STREAM_H
#define APXM_CLI_STREAM_H

#include "cli/progress.h"

typedef struct Stream {
  Output *output;
  Progress *progress;
  /* I/O thread; the main thread's when the run is over. */
  bool is_open;   /* in the middle of a text */
  uint32_t shown; /* attempts that had a text */
  Buf text;       /* of the last one */
} Stream;

/* RunOptions.delta. */
void stream_take(Stream *stream, uint32_t attempt, Slice text);
/* Whether `result`, with a newline, stands on standard output already. */
bool stream_has_shown(const Stream *stream, Slice result);
void stream_free(Stream *stream);

#endif
