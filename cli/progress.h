/* SPDX-License-Identifier: MIT
 *
 * The line on a terminal that says how far a run is, for who waits for one
 * that takes long:
 *
 *     running 12 · waiting 340 · done 48 · 12,345 tokens · 3.2 s
 *
 *     progress_prepare  before the run, with what its print lines go through
 *     progress_start    when it has started
 *     progress_stop     when it is over; the line is gone
 *     progress_release  when no other thread is left
 */
#ifndef APXM_CLI_PROGRESS_H
#define APXM_CLI_PROGRESS_H

#include "cli/cli.h"
#include "core/base/thread.h"

typedef struct Progress {
  Timer timer; /* first, so that it is the Progress too; I/O thread */
  /* Immutable from progress_start to progress_stop. */
  Reactor *reactor; /* NULL: not started */
  const Run *run;
  Output *output;
  int fd;     /* the terminal once more, non-blocking; -1: no line is shown */
  Mutex lock; /* guards the next two, and writing to fd */
  bool is_shown; /* the line is on the terminal */
  bool is_over;  /* nothing is drawn any more */
} Progress;

/* Decides whether a line is shown at all (cli_may_draw). */
void progress_prepare(Progress *progress, const Cli *cli, Output *output);
void progress_start(Progress *progress, Reactor *reactor, const Run *run);
void progress_stop(Progress *progress);
void progress_release(Progress *progress);

#endif
