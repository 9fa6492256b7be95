/* SPDX-License-Identifier: MIT
 *
 * The line on a terminal that says how far things are, for who waits for what
 * takes long. Of a run:
 *
 *     running 12 · waiting 340 · done 48 · 12,345 tokens · 3.2 s
 *
 *     progress_prepare  before it begins
 *     progress_mind     for each output that may lead to the terminal
 *     progress_start    when it has begun
 *     progress_stop     when it is over; the line is gone
 *     progress_release  when no other thread is left
 */
#ifndef APXM_CLI_PROGRESS_H
#define APXM_CLI_PROGRESS_H

#include "cli/cli.h"
#include "cli/progress_line.h"
#include "core/base/thread.h"

/* Adds the line's items. I/O thread; short. */
typedef void ProgressText(void *user, ProgressLine *line);

enum { PROGRESS_OUTPUTS = 2 };

typedef struct Progress {
  Timer timer; /* first, so that it is the Progress too; I/O thread */
  /* Immutable from progress_start to progress_stop. */
  Reactor *reactor; /* NULL: not started */
  ProgressText *add_text;
  void *user;
  Output *outputs[PROGRESS_OUTPUTS]; /* it keeps out of their way */
  uint32_t output_count;
  int fd;     /* the terminal once more, non-blocking; -1: no line is shown */
  Mutex lock; /* guards the next two, and writing to fd */
  bool is_shown;  /* the line is on the terminal */
  bool is_over;   /* nothing is drawn any more */
  bool is_paused; /* nothing is drawn now; I/O thread */
} Progress;

/* Decides whether a line is shown at all (cli_may_draw). */
void progress_prepare(Progress *progress, const Cli *cli);
/* `output` writes to `fd`. */
void progress_mind(Progress *progress, Output *output, int fd);
void progress_start(Progress *progress, Reactor *reactor, ProgressText *text,
                    void *user);
/* With the line of a run. */
void progress_start_run(Progress *progress, Reactor *reactor, Run *run);
/* I/O thread: nothing is drawn while somebody is in the middle of a line. */
void progress_pause(Progress *progress, bool is_paused);
void progress_stop(Progress *progress);
void progress_release(Progress *progress);

#endif
