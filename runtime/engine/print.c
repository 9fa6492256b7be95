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

/* Locked, because only the compiler promises that prints are in one chain: an
 * object file made by hand may have two of them behind one token. */
static void keep_line(Run *run, Slice line) {
  char *copy = mem_alloc(line.length + 1);
  memcpy(copy, line.data, line.length);
  copy[line.length] = '\0';
  mutex_lock(&run->scope_lock);
  vec_push(&run->lines, slice_from(copy, line.length));
  mutex_unlock(&run->scope_lock);
}

static Outcome wait_for_room(Firing *firing, Slice line) {
  Frame *frame = firing->frame;
  Pending *pending = MEM_NEW(Pending);
  pending->frame = frame;
  pending->node = firing->node;
  pending->path = firing->path;
  pending->ready_at = load_relaxed(&frame->slots[firing->node].value);
  pending->begun_at = clock_now();
  pending->cancel = cancel_wait;
  pending->waiter.room = on_room;
  if (!scope_enter(pending)) {
    mem_free(pending);
    return OUTCOME_VALUE;
  }
  path_take(&frame->run->paths, pending->path);
  if (output_write(frame->run->options.output, line, &pending->waiter)) {
    scope_withdraw(pending);
    path_drop(&frame->run->paths, pending->path);
    mem_free(pending);
    return OUTCOME_VALUE;
  }
  observe_fired(firing);
  if (!scope_submitted(pending)) return OUTCOME_PENDING;
  firing->finished = pending;
  return OUTCOME_VALUE;
}

Outcome print_line(Firing *firing, Value *result) {
  Run *run = firing->frame->run;
  Buf line = {0};
  Outcome outcome = OUTCOME_VALUE;
  *result = VALUE_UNIT;
  if (!concat_values(firing->in, firing->in_count, SLICE(""), &line)) {
    run_fail(firing->frame, firing->node, FAILURE_TOO_LARGE,
             "the line is longer than %d MiB", LIMIT_VALUE_BYTES >> 20);
    buf_free(&line);
    return OUTCOME_FAILED;
  }
  firing_drop_inputs(firing);
  buf_add_char(&line, '\n');
  if (run->options.keep_output) keep_line(run, buf_slice(&line));
  if (run->options.output != NULL)
    outcome = wait_for_room(firing, buf_slice(&line));
  buf_free(&line);
  return outcome;
}

Outcome print_complete(Firing *firing, Pending *pending, Value *result) {
  Run *run = pending->frame->run;
  PathLink link = {.graph = pending->frame->graph,
                   .node = pending->node,
                   .service_ns = clock_now() - pending->begun_at,
                   .delay_ns = pending->begun_at - pending->ready_at};
  atomic_fetch_or(&run->mode, RUN_HAS_PATHS);
  firing->path = path_extend(&run->paths, pending->path, &link);
  path_drop(&run->paths, pending->path);
  *result = VALUE_UNIT;
  return OUTCOME_VALUE;
}
