/* SPDX-License-Identifier: MIT
 *
 * One line of a batch: its run while it is under way, and after that a line of
 * the results. Main thread, but for the few moments in which its run tells that
 * it has come to rest.
 */
#ifndef APXM_CLI_BATCH_LINE_H
#define APXM_CLI_BATCH_LINE_H

#include "core/base/buf.h"
#include "lib/session.h"

typedef struct Batch Batch;

typedef enum BatchLineState {
  BATCH_OPEN,   /* its run is under way */
  BATCH_GOOD,   /* ended, `text` is the result */
  BATCH_FAILED, /* ended, `text` is the error object */
  BATCH_STOPPED /* its run was cancelled, `text` is the error object */
} BatchLineState;

typedef struct BatchLine {
  Session session; /* while it is open */
  Batch *batch;
  struct BatchLine *next; /* in `ended` */
  uint64_t number;        /* from 1 */
  size_t bytes;           /* of the input */
  size_t held;            /* bytes counted in the batch's `held` */
  BatchLineState state;
  Buf text;   /* a line of the results, with its line feed */
  Buf prints; /* what the run printed */
} BatchLine;

/* Starts its run, or finds out that there is none: then it has ended. */
void batch_line_begin(BatchLine *line, Slice text);
/* The same for a line over the limit. */
void batch_line_refuse(BatchLine *line);
/* Its run has come to rest: takes what came of it and frees the run. */
void batch_line_end(BatchLine *line);

/* Any thread, batch.c: the main thread looks around. */
void batch_wake(Batch *batch);

#endif
