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

/* ---- the text ------------------------------------------------------------ */

static void add_grouped(Buf *out, uint64_t number) {
  char digits[24];
  int length =
      snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
  for (int i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0) buf_add_char(out, ',');
    buf_add_char(out, digits[i]);
  }
}

static void add_elapsed(Buf *out, uint64_t ns) {
  uint64_t seconds = ns / NS_PER_S;
  if (seconds < 60)
    buf_addf(out, "%.1f s", (double)ns / (double)NS_PER_S);
  else
    buf_addf(out, "%llu:%02llu min", (unsigned long long)(seconds / 60),
             (unsigned long long)(seconds % 60));
}

/* Adds "name number" to the line if it fits. True: it did. */
static bool add_item(Buf *line, size_t *columns, const Buf *item) {
  size_t need = item->length + (line->length > 0 ? 3 : 0);
  if (need > *columns) return false;
  if (line->length > 0) buf_add_text(line, " \xC2\xB7 ");
  buf_add_slice(line, buf_slice(item));
  *columns -= need;
  return true;
}

static bool add_count(Buf *line, size_t *columns, const char *name,
                      uint64_t number) {
  Buf item = {0};
  buf_addf(&item, "%s ", name);
  add_grouped(&item, number);
  bool fits = add_item(line, columns, &item);
  buf_free(&item);
  return fits;
}

static bool add_tokens(Buf *line, size_t *columns, uint64_t tokens) {
  Buf item = {0};
  add_grouped(&item, tokens);
  buf_add_text(&item, " tokens");
  bool fits = add_item(line, columns, &item);
  buf_free(&item);
  return fits;
}

static bool add_time(Buf *line, size_t *columns, uint64_t ns) {
  Buf item = {0};
  add_elapsed(&item, ns);
  bool fits = add_item(line, columns, &item);
  buf_free(&item);
  return fits;
}

/* The line for a terminal of `columns` columns: what does not fit is left out,
 * from the end. Empty when nothing fits. */
static void add_line(const RunProgress *now, size_t columns, Buf *out) {
  uint64_t tokens = now->input_tokens + now->output_tokens;
  bool fits =
      add_count(out, &columns, "running", now->open) &&
      add_count(out, &columns, "waiting", now->waiting) &&
      add_count(out, &columns, "done", now->done - now->failed) &&
      (now->failed == 0 || add_count(out, &columns, "failed", now->failed)) &&
      add_tokens(out, &columns, tokens) &&
      add_time(out, &columns, now->elapsed_ns);
  (void)fits; /* what does not is left out */
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
  RunProgress now;
  Buf line = {0}, text = {0};
  run_progress(progress->run, &now);
  add_line(&now, columns_of(progress), &line);
  if (line.length > 0) {
    buf_addf(&text, "\r%s\033[K", line.data);
    progress->is_shown |= try_write(progress, &text) > 0;
  } else {
    take_away(progress);
  }
  buf_free(&line);
  buf_free(&text);
}

/* ---- when ---------------------------------------------------------------- */

/* I/O thread. While print lines wait the terminal may be in the middle of
 * one. */
static void tick(Timer *timer) {
  Progress *progress = (Progress *)(void *)timer;
  bool may_draw = output_is_idle(progress->output) && is_in_front(progress);
  mutex_lock(&progress->lock);
  if (!progress->is_over) {
    if (may_draw) draw(progress);
    reactor_timer_set(progress->reactor, timer, clock_now() + EVERY_NS);
  }
  mutex_unlock(&progress->lock);
}

/* Any thread: somebody is about to write. */
static void make_way(void *user) {
  Progress *progress = user;
  mutex_lock(&progress->lock);
  take_away(progress);
  mutex_unlock(&progress->lock);
}

void progress_prepare(Progress *progress, const Cli *cli, Output *output) {
  *progress = (Progress){.timer.fire = tick, .output = output, .fd = -1};
  if (!cli_may_draw(cli)) return;
  progress->fd =
      open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (progress->fd < 0) return;
  mutex_init(&progress->lock);
  log_set_before(make_way, progress);
  if (isatty(STDOUT_FILENO)) output_set_before(output, make_way, progress);
}

void progress_start(Progress *progress, Reactor *reactor, const Run *run) {
  if (progress->fd < 0) return;
  progress->reactor = reactor;
  progress->run = run;
  reactor_timer_set(reactor, &progress->timer, clock_now() + FIRST_NS);
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
