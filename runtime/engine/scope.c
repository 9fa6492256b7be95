/* SPDX-License-Identifier: MIT
 *
 * What fails together, and how it ends: the first failure or a cancel marks
 * the run, asks every node that waits for somebody outside to come back, and
 * from then on nodes fire without running. The run is over when all of them
 * have come back: a cancelled call is acknowledged, never forgotten.
 *
 * A waiting node is in the run's list from before it is submitted until it is
 * finished. Both ends may race: the submitter lets go (scope_submitted) and
 * somebody finishes it (scope_leave); whoever comes second goes on with it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/engine/run.h"

static void list_add(Run *run, Pending *pending) {
  pending->before = NULL;
  pending->next = run->pending;
  if (run->pending != NULL) run->pending->before = pending;
  run->pending = pending;
}

void scope_unlink(Pending *pending) {
  Run *run = pending->frame->run;
  if (pending->before != NULL)
    pending->before->next = pending->next;
  else
    run->pending = pending->next;
  if (pending->next != NULL) pending->next->before = pending->before;
}

bool scope_enter(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  bool open = !run_is_draining(run);
  if (open) list_add(run, pending);
  mutex_unlock(&run->scope_lock);
  return open;
}

bool scope_submitted(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  pending->submitted = true;
  bool finished = pending->finished;
  if (finished)
    scope_unlink(pending);
  else if (pending->cancel_wanted)
    pending->cancel(pending);
  mutex_unlock(&run->scope_lock);
  return finished;
}

bool scope_leave(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  bool submitted = pending->submitted;
  if (submitted)
    scope_unlink(pending);
  else
    pending->finished = true;
  mutex_unlock(&run->scope_lock);
  return submitted;
}

void scope_withdraw(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  scope_unlink(pending);
  mutex_unlock(&run->scope_lock);
}

/* Under scope_lock, once. */
static void cancel_all(Run *run, RunStatus status) {
  run->status = status;
  atomic_fetch_or(&run->mode, RUN_DRAINING);
  Pending *next;
  for (Pending *pending = run->pending; pending != NULL; pending = next) {
    next = pending->next; /* a cancel may take it out of the list */
    if (pending->submitted)
      pending->cancel(pending);
    else
      pending->cancel_wanted = true;
  }
}

void run_cancel(Run *run) {
  mutex_lock(&run->scope_lock);
  if (!run_is_draining(run)) cancel_all(run, RUN_CANCELLED);
  mutex_unlock(&run->scope_lock);
}

/* "FILE:LINE:COL: in Agent.flow > Agent.other, ask `x`: ". */
static void add_where(const Frame *frame, uint32_t node, Buf *out) {
  const Object *object = frame->run->object;
  uint32_t row = object->graphs[frame->graph].first_node + node;
  const ObjPlace *place = &object->places[object->nodes[row].place];
  if (place->line > 0)
    buf_addf(out, "%.*s:%u:%u: ", SLICE_ARG(object_text(object, place->file)),
             place->line, place->column);
  buf_add_text(out, "in ");
  frame_add_path(frame, out);
  buf_addf(out, ", %s", op_table[object->nodes[row].op].text);
  const ObjConst *name = object_attr(object, row, ATTR_NAME);
  if (name != NULL)
    buf_addf(out, " `%.*s`", SLICE_ARG(object_text(object, name->string)));
  buf_add_text(out, ": ");
}

const char *failure_text(FailureCode code) {
  static const char *const texts[FAILURE_CODE_COUNT] = {
#define X(name, text, meaning) text,
#include "runtime/engine/failures.def"
#undef X
  };
  return texts[code];
}

void run_fail(const Frame *frame, uint32_t node, FailureCode code,
              const char *format, ...) {
  Run *run = frame->run;
  Buf text = {0};
  add_where(frame, node, &text);
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  mutex_lock(&run->scope_lock);
  if (!run_is_draining(run)) {
    error_set(&run->error, STATUS_FAILED, "%s", text.data);
    run->failure = code;
    cancel_all(run, RUN_FAILED);
  } else {
    run->more_failures++;
  }
  mutex_unlock(&run->scope_lock);
  buf_free(&text);
}
