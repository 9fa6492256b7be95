/* SPDX-License-Identifier: MIT
 *
 * A timer of the I/O thread draws the line over itself. The terminal may be
 * stopped or slow, and that thread must not wait for it, so the line goes
 * through an open file of its own that never blocks; what does not get through
 * is drawn the next time. Whoever else is about to write to the terminal has
 * the line taken away first: the program's output (output_set_before) and the
 * log (log_set_before).
 */
#include "cli/progress.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/clock.h"

#define FIRST_NS (300 * NS_PER_MS) /* shorter runs need no line */
#define EVERY_NS (125 * NS_PER_MS)

enum { USUAL_COLUMNS = 80 };

/* ---- a run's line -------------------------------------------------------- */

static void add_run(void *user, ProgressLine *line) {
  const Run *run = user;
  RunProgress now;
  run_progress(run, &now);
  progress_add_count(line, "running", now.open);
  progress_add_count(line, "waiting", now.waiting);
  progress_add_count(line, "done", now.done - now.failed);
  if (now.failed > 0) progress_add_count(line, "failed", now.failed);
  progress_add_number(line, now.input_tokens + now.output_tokens, "tokens");
  progress_add_time(line, now.elapsed_ns, "");
}

/* ---- the terminal; the lock is held -------------------------------------- */

/* Now or never; returns how much there was room for. */
static size_t try_write(const Progress *progress, const Buf *text) {
  ssize_t written = write(progress->fd, text->data, text->length);
  return written < 0 ? 0 : (size_t)written;
}

/* One column stays free: a full line makes some terminals begin a new one. */
static size_t columns_of(const Progress *progress) {
  struct winsize size = {0};
  bool is_known = ioctl(progress->fd, TIOCGWINSZ, &size) == 0 && size.ws_col;
  return (is_known ? size.ws_col : USUAL_COLUMNS) - 1;
}

/* A job in the background leaves the terminal to the one in front. Where there
 * is no job control nobody is in front. */
static bool is_in_front(const Progress *progress) {
  pid_t front = tcgetpgrp(progress->fd);
  return front < 0 || front == getpgrp();
}

static void take_away(Progress *progress) {
  Buf text = {0};
  if (!progress->is_shown) return;
  buf_add_text(&text, "\r\033[K");
  if (try_write(progress, &text) == text.length) progress->is_shown = false;
  buf_free(&text);
}

static void draw(Progress *progress) {
  ProgressLine line = {.room = columns_of(progress)};
  Buf text = {0};
  progress->add_text(progress->user, &line);
  if (line.text.length > 0) {
    buf_addf(&text, "\r%s\033[K", line.text.data);
    progress->is_shown |= try_write(progress, &text) > 0;
  } else {
    take_away(progress);
  }
  buf_free(&line.text);
  buf_free(&text);
}

/* ---- when ---------------------------------------------------------------- */

static bool are_idle(const Progress *progress) {
  for (uint32_t i = 0; i < progress->output_count; i++) {
    if (!output_is_idle(progress->outputs[i])) return false;
  }
  return true;
}

/* I/O thread. While print lines wait the terminal may be in the middle of
 * one. */
static void tick(Timer *timer) {
  Progress *progress = (Progress *)(void *)timer;
  bool may_draw =
      !progress->is_paused && are_idle(progress) && is_in_front(progress);
  mutex_lock(&progress->lock);
  if (!progress->is_over) {
    if (may_draw) draw(progress);
    reactor_timer_set(progress->reactor, timer, clock_now() + EVERY_NS);
  }
  mutex_unlock(&progress->lock);
}

void progress_pause(Progress *progress, bool is_paused) {
  progress->is_paused = is_paused;
}

/* Any thread: somebody is about to write. */
static void make_way(void *user) {
  Progress *progress = user;
  mutex_lock(&progress->lock);
  take_away(progress);
  mutex_unlock(&progress->lock);
}

void progress_prepare(Progress *progress, const Cli *cli) {
  *progress = (Progress){.timer.fire = tick, .fd = -1};
  if (!cli_may_draw(cli)) return;
  progress->fd =
      open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (progress->fd < 0) return;
  mutex_init(&progress->lock);
  log_set_before(make_way, progress);
}

void progress_mind(Progress *progress, Output *output, int fd) {
  if (progress->fd < 0) return;
  progress->outputs[progress->output_count++] = output;
  if (isatty(fd)) output_set_before(output, make_way, progress);
}

void progress_start(Progress *progress, Reactor *reactor, ProgressText *text,
                    void *user) {
  if (progress->fd < 0) return;
  progress->reactor = reactor;
  progress->add_text = text;
  progress->user = user;
  reactor_timer_set(reactor, &progress->timer, clock_now() + FIRST_NS);
}

void progress_start_run(Progress *progress, Reactor *reactor, Run *run) {
  progress_start(progress, reactor, add_run, run);
}

static void pass_by(void *nothing) {
  (void)nothing;
}

void progress_stop(Progress *progress) {
  if (!progress->reactor) return;
  mutex_lock(&progress->lock);
  progress->is_over = true;
  take_away(progress);
  mutex_unlock(&progress->lock);
  /* The timer may be about to fire; when somebody else has been on that thread
   * after it, it has. */
  if (!reactor_timer_cancel(progress->reactor, &progress->timer))
    reactor_call(progress->reactor, pass_by, NULL);
}

void progress_release(Progress *progress) {
  if (progress->fd < 0) return;
  log_set_before(NULL, NULL);
  mutex_destroy(&progress->lock);
  close(progress->fd);
  progress->fd = -1;
}
