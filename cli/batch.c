/* SPDX-License-Identifier: MIT
 *
 * The loop of a batch, on the main thread. It takes what has ended, writes what
 * is next, begins what there is room for, and waits for one of these. Runs
 * come to rest on the engine's threads, signals and room in the outputs come
 * from the I/O thread; all of them leave a note under the lock and wake it.
 */
#include "cli/batch.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/grace.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

/* How often somebody who wants an end is looked for while a reader is slow, and
 * how long that one still has then. */
#define FLUSH_LOOK_NS (50 * NS_PER_MS)
#define FLUSH_GRACE_NS (300 * NS_PER_MS)

/* Calls that wait are counted so often; and a run that was just begun has made
 * none yet, so after some of them it is waited for a moment. */
enum { LOOK_MS = 5, BURST = 64, BURST_MS = 1 };

static BatchLine *line_at(const Batch *batch, uint64_t index) {
  return &batch->ring[index % LIMIT_BATCH_LINES];
}

/* ---- other threads ------------------------------------------------------- */

void batch_wake(Batch *batch) {
  uint64_t one = 1;
  (void)!write(batch->wake, &one, sizeof one); /* full is woken as well */
}

void batch_stop(Batch *batch) {
  mutex_lock(&batch->lock);
  batch->is_stopped = true;
  mutex_unlock(&batch->lock);
  batch_wake(batch);
}

static void set_blocked(BatchPort *port, bool is_blocked) {
  mutex_lock(&port->batch->lock);
  port->is_blocked = is_blocked;
  mutex_unlock(&port->batch->lock);
}

/* I/O thread. */
static void on_room(OutputWaiter *waiter) {
  BatchPort *port = (BatchPort *)((char *)waiter - offsetof(BatchPort, waiter));
  set_blocked(port, false);
  batch_wake(port->batch);
}

static void add_rate(double rate, ProgressLine *line) {
  char item[48];
  snprintf(item, sizeof item, rate < 10 ? "%.1f lines/s" : "%.0f lines/s",
           rate);
  progress_add_item(line, item);
}

void batch_add_progress(void *user, ProgressLine *line) {
  Batch *batch = user;
  mutex_lock(&batch->lock);
  BatchFigures now = batch->figures;
  mutex_unlock(&batch->lock);
  uint64_t passed = clock_now() - batch->started_at;
  uint64_t ended = now.good + now.failed;
  progress_add_count(line, "done", now.good);
  if (now.failed > 0) progress_add_count(line, "failed", now.failed);
  progress_add_count(line, "running", now.open);
  add_rate((double)ended * 1e9 / (double)(passed + 1), line);
  if (now.bytes == 0 || batch->input->size < now.bytes) return;
  double share = (double)batch->input->size / (double)now.bytes;
  progress_add_time(line, (uint64_t)((double)passed * (share - 1)), " left");
}

/* ---- what has ended ------------------------------------------------------ */

static void count_ended(Batch *batch, const BatchLine *line) {
  BatchFigures *figures = &batch->figures;
  mutex_lock(&batch->lock);
  figures->good += line->state == BATCH_GOOD;
  figures->failed += line->state == BATCH_FAILED;
  figures->stopped += line->state == BATCH_STOPPED;
  figures->bytes += line->bytes;
  mutex_unlock(&batch->lock);
}

static void count_open(Batch *batch, bool more) {
  mutex_lock(&batch->lock);
  if (more)
    batch->figures.open++;
  else
    batch->figures.open--;
  mutex_unlock(&batch->lock);
}

/* What is held of it from now on is its result. */
static void settle(BatchLine *line) {
  Batch *batch = line->batch;
  size_t held = line->text.length + line->prints.length;
  batch->held += held - line->held;
  line->held = held;
  count_ended(batch, line);
  if (line->state == BATCH_FAILED && batch->on_error == BATCH_FAIL &&
      line->number - 1 < batch->stop_before)
    batch->stop_before = line->number - 1;
}

static BatchLine *ended_lines(Batch *batch) {
  mutex_lock(&batch->lock);
  BatchLine *lines = batch->ended;
  batch->ended = NULL;
  mutex_unlock(&batch->lock);
  return lines;
}

static void take_ended(Batch *batch) {
  BatchLine *next;
  for (BatchLine *line = ended_lines(batch); line; line = next) {
    next = line->next;
    batch_line_end(line);
    count_open(batch, false);
    settle(line);
  }
}

/* ---- stopping ------------------------------------------------------------ */

static bool is_stopping(Batch *batch) {
  mutex_lock(&batch->lock);
  bool is_stopped = batch->is_stopped;
  mutex_unlock(&batch->lock);
  return is_stopped || batch->code != EXIT_CODE_DONE;
}

/* What is open and not wanted any more. */
static void cancel_unwanted(Batch *batch) {
  uint64_t from = is_stopping(batch) ? batch->first : batch->stop_before;
  if (from >= batch->cancelled_from) return;
  batch->cancelled_from = from;
  for (uint64_t i = from; i < batch->next; i++) {
    BatchLine *line = line_at(batch, i);
    if (line->state == BATCH_OPEN) session_cancel(&line->session);
  }
}

/* ---- writing ------------------------------------------------------------- */

static bool is_blocked(BatchPort *port) {
  mutex_lock(&port->batch->lock);
  bool is_blocked = port->is_blocked;
  mutex_unlock(&port->batch->lock);
  return is_blocked;
}

/* Blocked comes first: there may be room before output_write has returned. The
 * last lines of a batch do not wait for it. */
static void put(BatchPort *port, const Buf *text) {
  if (text->length == 0) return;
  OutputWaiter *waiter = is_blocked(port) ? NULL : &port->waiter;
  if (waiter) set_blocked(port, true);
  if (output_write(port->output, buf_slice(text), waiter) && waiter)
    set_blocked(port, false);
}

static bool has_room(Batch *batch) {
  return !is_blocked(&batch->results) && !is_blocked(&batch->prints);
}

static void write_line(Batch *batch) {
  BatchLine *line = line_at(batch, batch->first++);
  put(&batch->prints, &line->prints);
  put(&batch->results, &line->text);
  if (output_error(batch->results.output) == 0)
    batch->written_bytes += line->text.length;
  batch->held -= line->held;
  buf_free(&line->prints);
  buf_free(&line->text);
}

/* Lines whose turn it is. */
static bool has_next(const Batch *batch) {
  return batch->first < batch->next && batch->first < batch->stop_before &&
         line_at(batch, batch->first)->state != BATCH_OPEN;
}

static void write_ready(Batch *batch) {
  while (has_next(batch) && has_room(batch)) write_line(batch);
}

/* Nothing is open: what has been done is not lost. A line that was cancelled
 * counts only where others behind it are done. */
static void write_rest(Batch *batch) {
  uint64_t last = batch->next;
  if (batch->on_error == BATCH_FAIL) {
    last = batch->first;
    while (last < batch->next && line_at(batch, last)->state == BATCH_GOOD)
      last++;
  }
  while (last > batch->first &&
         line_at(batch, last - 1)->state == BATCH_STOPPED)
    last--;
  while (batch->first < last) write_line(batch);
}

/* Whoever reads may take the time it needs, until somebody wants an end: that
 * is `end` then, for both outputs. */
static void flush(Batch *batch, Output *output, uint64_t *end) {
  while (!output_flush_until(output, clock_now() + FLUSH_LOOK_NS)) {
    if (*end == 0 && is_stopping(batch)) *end = clock_now() + FLUSH_GRACE_NS;
    if (*end != 0 && clock_now() >= *end) return;
  }
}

/* ---- beginning ----------------------------------------------------------- */

/* Runs that may be open: enough to keep all slots of the backends busy while
 * some are between two calls. */
static uint32_t window(const Batch *batch) {
  enum { LEAST = 64, MORE = 256 };
  uint32_t most = batch->limit < MORE ? 2 * batch->limit : batch->limit + MORE;
  return most < LEAST ? LEAST : most;
}

static bool wants_more(Batch *batch) {
  return !batch->input_ended && batch->stop_before == UINT64_MAX &&
         !is_stopping(batch);
}

/* Where a run makes many calls at once, few runs keep the slots busy. More of
 * them would only take memory, and come to their ends later. */
static bool has_enough_calls(const Batch *batch) {
  enum { LEAST = 64 };
  uint64_t enough = batch->limit < LEAST ? LEAST : batch->limit;
  return batch->figures.open > 0 &&
         model_client_waiting(engine_model(batch->engine)) >= enough;
}

static bool may_begin(Batch *batch) {
  if (!wants_more(batch) || batch->figures.open >= window(batch) ||
      batch->next - batch->first >= LIMIT_BATCH_LINES ||
      batch->held >= LIMIT_BATCH_BYTES)
    return false;
  if (batch->burst++ >= BURST)
    batch->look_ms = BURST_MS;
  else if (has_enough_calls(batch))
    batch->look_ms = LOOK_MS;
  return batch->look_ms < 0;
}

static void begin(Batch *batch, InputResult result, Slice text, size_t bytes) {
  BatchLine *line = line_at(batch, batch->next++);
  *line = (BatchLine){.batch = batch, .number = batch->next, .bytes = bytes};
  if (result == INPUT_LINE)
    batch_line_begin(line, text);
  else
    batch_line_refuse(line);
  if (line->state != BATCH_OPEN) {
    settle(line);
    return;
  }
  line->held = bytes;
  batch->held += bytes;
  count_open(batch, true);
}

/* True: something came of it. */
static bool begin_next(Batch *batch) {
  Slice text;
  size_t bytes;
  batch->awaits_input = false;
  batch->look_ms = -1;
  if (!may_begin(batch)) return false;
  InputResult result = input_lines_next(batch->input, &text, &bytes);
  if (result == INPUT_LINE || result == INPUT_TOO_LONG)
    begin(batch, result, text, bytes);
  else if (result == INPUT_LATER)
    batch->awaits_input = true;
  else
    batch->input_ended = true;
  return result != INPUT_LATER;
}

/* ---- the loop ------------------------------------------------------------ */

static bool is_done(Batch *batch) {
  if (batch->figures.open > 0 || wants_more(batch)) return false;
  return is_stopping(batch) || !has_next(batch);
}

/* What is noted after this is seen in the next round. Nobody says when fewer
 * calls wait. */
static void wait_for_news(Batch *batch) {
  struct pollfd fds[] = {{.fd = batch->wake, .events = POLLIN},
                         {.fd = batch->input->fd, .events = POLLIN}};
  uint64_t count;
  while (poll(fds, batch->awaits_input ? 2 : 1, batch->look_ms) < 0 &&
         errno == EINTR) {
  }
  batch->burst = 0;
  (void)!read(batch->wake, &count, sizeof count); /* nothing is fine, too */
}

/* Whoever is still blocked is so no longer. */
static void close_port(BatchPort *port, uint64_t *end) {
  flush(port->batch, port->output, end);
  output_cancel(port->output, &port->waiter);
}

void batch_run(Batch *batch) {
  batch->started_at = clock_now();
  for (;;) {
    take_ended(batch);
    cancel_unwanted(batch);
    if (!is_stopping(batch)) write_ready(batch);
    if (is_done(batch)) break;
    if (!begin_next(batch)) wait_for_news(batch);
  }
  grace_hold(batch->is_file);
  if (is_stopping(batch)) write_rest(batch);
  grace_hold(false);
  uint64_t end = 0;
  close_port(&batch->results, &end);
  close_port(&batch->prints, &end);
  batch->duration_ns = clock_now() - batch->started_at;
}

Status batch_init(Batch *batch, Error *error) {
  mutex_init(&batch->lock);
  batch->results.batch = batch->prints.batch = batch;
  batch->results.waiter.room = batch->prints.waiter.room = on_room;
  batch->stop_before = batch->cancelled_from = UINT64_MAX;
  batch->ring = mem_alloc_zero(LIMIT_BATCH_LINES, sizeof *batch->ring);
  batch->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (batch->wake >= 0) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, errno, "cannot make an eventfd");
}

void batch_free(Batch *batch) {
  if (!batch->ring) return;
  for (; batch->first < batch->next; batch->first++) {
    buf_free(&line_at(batch, batch->first)->prints);
    buf_free(&line_at(batch, batch->first)->text);
  }
  buf_free(&batch->failed_why);
  mem_free(batch->ring);
  if (batch->wake >= 0) close(batch->wake);
  mutex_destroy(&batch->lock);
}
