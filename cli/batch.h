/* SPDX-License-Identifier: MIT
 *
 * A batch: one flow run once for each line of an input, all runs sharing one
 * engine. What each line gives is written in the order of the lines.
 *
 *     input --line--> [ring of lines: open, ended, open, ...] --> results
 *                            |         ^
 *                            v         | `ended` list, wake
 *                          runs, on the engine's threads
 *
 * A line is read only when there is use for it: the runs that are open, the
 * lines in the ring and their bytes are bounded. So memory is, too, and who
 * reads the results slowly, or a first line that takes long, holds up what is
 * read, not the other way round.
 */
#ifndef APXM_CLI_BATCH_H
#define APXM_CLI_BATCH_H

#include "cli/batch_line.h"
#include "cli/cli.h"
#include "cli/input_lines.h"
#include "cli/progress_line.h"

typedef enum BatchOnError {
  BATCH_COLLECT, /* an object says what is wrong in place of a result */
  BATCH_FAIL,    /* the first line that fails ends it */
  BATCH_NULL     /* null in place of a result */
} BatchOnError;

/* An output, and whether it has room. */
typedef struct BatchPort {
  Output *output;
  Batch *batch;
  OutputWaiter waiter;
  bool is_blocked; /* the batch's lock; until `waiter` is called */
} BatchPort;

/* How far it is; read by the progress line. */
typedef struct BatchFigures {
  uint64_t good, failed, stopped; /* lines that have ended */
  uint64_t bytes;                 /* of these, in the input */
  uint32_t open;
} BatchFigures;

struct Batch {
  /* Filled by the caller, immutable while it runs. */
  const Cli *cli;
  Engine *engine;
  const Program *program;
  uint32_t flow;
  const Value *fixed; /* arguments that are the same for every line */
  BatchOnError on_error;
  uint64_t deadline_ns; /* of each line's run; 0: none */
  InputLines *input;
  BatchPort results; /* `output` */
  BatchPort prints;  /* the same; standard error */
  bool is_file;      /* the results go to a regular file */
  RunMetrics *total; /* gets the figures of all runs; NULL: not wanted */

  /* The main thread's. */
  BatchLine *ring;         /* LIMIT_BATCH_LINES; line n has place n mod that */
  uint64_t first, next;    /* lines in it: first .. next - 1, from 0 */
  uint64_t stop_before;    /* BATCH_FAIL: the first line that failed, from 0 */
  uint64_t cancelled_from; /* this line and all behind it were cancelled */
  size_t held;             /* bytes of open lines, and of results in the ring */
  uint32_t limit;          /* calls that may be open at once, as last seen */
  const ModelBackend *backend; /* of its runs; NULL: none yet, or no calls */
  bool awaits_input;           /* there is use for a line, and none yet */
  int look_ms;                 /* the same a little later; -1: it need not be */
  uint32_t burst;              /* lines begun without a look around */
  bool input_ended;
  uint64_t written_bytes; /* of results, while they could be written */
  uint64_t started_at, duration_ns;
  uint64_t failed_first; /* the number of the first line that failed; 0 */
  Buf failed_why;
  int code; /* not 0: it cannot go on, and that has been said */

  int wake;             /* an eventfd: something below has changed */
  Mutex lock;           /* guards what follows, and the ports */
  BatchLine *ended;     /* runs that have come to rest, the last one first */
  bool is_stopped;      /* begin nothing more: a signal, or nobody reads */
  BatchFigures figures; /* changed by the main thread only */
};

/* Main thread; the caller has filled the first part and zeroed the rest.
 * STATUS_IO: the system refuses an eventfd. Free in any case, after the outputs
 * and what else may call batch_stop. */
Status batch_init(Batch *batch, Error *error) MUST_USE;
void batch_free(Batch *batch);

/* Reads, runs and writes until all is done, or it was stopped. */
void batch_run(Batch *batch);

/* Any thread: no other line begins, and what is open is cancelled. */
void batch_stop(Batch *batch);

/* Any thread: "done 812 · failed 3 · running 64 · 24 lines/s · 3:12 min left";
 * a ProgressText. */
void batch_add_progress(void *batch, ProgressLine *line);

#endif
