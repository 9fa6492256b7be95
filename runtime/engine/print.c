/* SPDX-License-Identifier: MIT
 *
 * Print: the inputs' plain forms and a newline, handed to the run's output.
 * The output token orders the lines; when the reader is slow the node waits
 * for room, so a blocked terminal holds back the prints behind it and nothing
 * else.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"
#include "runtime/engine/task.h"

static Pending *of_waiter(OutputWaiter *waiter) {
  return (Pending *)(void *)((char *)waiter - offsetof(Pending, waiter));
}

/* The I/O thread. */
static void on_room(OutputWaiter *waiter) {
  Pending *pending = of_waiter(waiter);
  Engine *engine = pending->frame->run->engine;
  if (scope_leave(pending)) sched_post(engine->sched, task_to_finish(pending));
}

/* Under the scope lock, so the completion is posted, not run. */
static void cancel_wait(Pending *pending) {
  Run *run = pending->frame->run;
  if (!output_cancel(run->options.output, &pending->waiter)) return;
  scope_unlink(pending);
  sched_post(run->engine->sched, task_to_finish(pending));
}

Pending *print_pending(Frame *frame, uint32_t node, uint32_t path,
                       uint64_t ready_at) {
  Pending *pending = MEM_NEW(Pending);
  pending->frame = frame;
  pending->node = node;
  pending->path = path;
  pending->ready_at = ready_at;
  pending->begun_at = clock_now();
  pending->cancel = cancel_wait;
  pending->waiter.room = on_room;
  return pending;
}

PrintOutcome print_write(Pending *pending, Slice text, Firing *firing) {
  Run *run = pending->frame->run;
  if (!scope_enter(pending)) return PRINT_WRITTEN;
  path_take(&run->paths, pending->path);
  if (output_write(run->options.output, text, &pending->waiter)) {
    scope_withdraw(pending);
    path_drop(&run->paths, pending->path);
    return PRINT_WRITTEN;
  }
  if (firing != NULL) observe_fired(firing);
  return scope_submitted(pending) ? PRINT_WAITED : PRINT_WAITS;
}

static Outcome write_line(Firing *firing, Slice line) {
  Frame *frame = firing->frame;
  uint64_t ready_at = load_relaxed(&frame->slots[firing->node].value);
  Pending *pending = print_pending(frame, firing->node, firing->path, ready_at);
  switch (print_write(pending, line, firing)) {
    case PRINT_WAITS:
      return OUTCOME_PENDING;
    case PRINT_WAITED:
      firing->finished = pending;
      return OUTCOME_VALUE;
    case PRINT_WRITTEN:
      break;
  }
  mem_free(pending);
  return OUTCOME_VALUE;
}

/* Held by the `try` it is in, or written, and kept for who wants it. */
static Outcome put_line(Firing *firing, Slice line) {
  Scope *scope = firing->frame->scope;
  const RunOptions *options = &scope->run->options;
  bool is_held = scope->parent != NULL;
  if (is_held || options->keep_output) scope_keep_line(scope, line);
  if (is_held || options->output == NULL) return OUTCOME_VALUE;
  return write_line(firing, line);
}

Outcome print_line(Firing *firing, Value *result) {
  Buf line = {0};
  *result = VALUE_UNIT;
  if (!concat_values(firing->in, firing->in_count, SLICE(""), &line)) {
    run_fail(firing->frame, firing->node, FAILURE_TOO_LARGE,
             "the line is longer than %d MiB", LIMIT_VALUE_BYTES >> 20);
    buf_free(&line);
    return OUTCOME_FAILED;
  }
  firing_drop_inputs(firing);
  buf_add_char(&line, '\n');
  Outcome outcome = put_line(firing, buf_slice(&line));
  buf_free(&line);
  return outcome;
}

uint32_t print_extend_path(Pending *pending) {
  Run *run = pending->frame->run;
  PathLink link = {.graph = pending->frame->graph,
                   .node = pending->node,
                   .service_ns = clock_now() - pending->begun_at,
                   .delay_ns = pending->begun_at - pending->ready_at};
  atomic_fetch_or(&run->mode, RUN_HAS_PATHS);
  uint32_t path = path_extend(&run->paths, pending->path, &link);
  path_drop(&run->paths, pending->path);
  return path;
}

Outcome print_complete(Firing *firing, Pending *pending, Value *result) {
  firing->path = print_extend_path(pending);
  *result = VALUE_UNIT;
  return OUTCOME_VALUE;
}
