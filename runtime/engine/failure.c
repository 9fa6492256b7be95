/* SPDX-License-Identifier: MIT
 *
 * What a program is told of a failure, and what is kept for a report. Of a
 * model call a program learns what it can act upon: ask again later, ask for
 * less, ask another one. The finer kinds of problems.def are for reports.
 *
 * The node whose failure ended the run is one thread's until its token is
 * routed, so that thread keeps the call without a lock. Calls that were
 * cancelled with the run end on any thread; scope_lock guards what is kept of
 * them.
 */
#include "runtime/engine/failure.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"
#include "runtime/model/secrets.h"

/* ---- codes --------------------------------------------------------------- */

const char *failure_text(FailureCode code) {
  static const char *const texts[FAILURE_CODE_COUNT] = {
#define X(name, text, meaning) text,
#include "runtime/engine/failures.def"
#undef X
  };
  return texts[code];
}

FailureCode failure_of_problem(ModelProblem problem) {
  switch (problem) {
    case MODEL_PROBLEM_RATE_LIMITED:
      return FAILURE_RATE_LIMITED;
    case MODEL_PROBLEM_FIRST_TIMEOUT:
    case MODEL_PROBLEM_IDLE_TIMEOUT:
    case MODEL_PROBLEM_TIMED_OUT:
      return FAILURE_TIMED_OUT;
    case MODEL_PROBLEM_UNREACHABLE:
    case MODEL_PROBLEM_TLS:
    case MODEL_PROBLEM_CERTIFICATE:
    case MODEL_PROBLEM_CONNECT_TIMEOUT:
      return FAILURE_UNREACHABLE;
    case MODEL_PROBLEM_NOT_RECORDED:
      return FAILURE_NOT_RECORDED;
    default:
      return FAILURE_MODEL_FAILED;
  }
}

/* ---- what a report says -------------------------------------------------- */

void run_place(const Run *run, uint32_t graph, uint32_t node, RunPlace *place) {
  const Object *object = run->object;
  uint32_t row = object->graphs[graph].first_node + node;
  const ObjPlace *from = &object->places[object->nodes[row].place];
  report_label(object, graph, node, place->label, sizeof place->label);
  place->file = object_text(object, from->file);
  place->line = from->line;
  place->column = from->column;
}

void failure_begin(RunFailure *failure, const char *code) {
  failure->at = clock_now();
  clock_wall_text(failure->time);
  failure->code = code;
}

static void move_text(Buf *from, Buf *to) {
  *to = *from;
  *from = (Buf){0};
}

static void move_attempts(ModelRequest *request, FailedCall *call) {
  call->attempts = request->attempts.data;
  call->attempt_count = request->attempts.length;
  request->attempts.data = NULL;
  request->attempts.length = request->attempts.capacity = 0;
}

/* All that its request is not needed for any more. */
static void take_call(Pending *pending, FailedCall *call) {
  static const Secrets none = {0};
  ModelRequest *request = &pending->request;
  const ModelBackend *backend = pending->backend;
  Slice prompt = buf_slice(&request->prompt);
  run_place(pending->frame->run, pending->frame->graph, pending->node,
            &call->place);
  call->backend = model_backend_name(backend);
  call->provider = model_backend_provider(backend);
  call->detail = model_backend_detail(backend);
  if (request->model.length > 0)
    buf_add_slice(&call->model, request->model);
  else
    buf_add_text(&call->model, model_backend_model(backend));
  secrets_quote(&none, prompt, LIMIT_QUOTED_PROMPT_BYTES, &call->prompt);
  call->prompt_bytes = prompt.length;
  move_text(&request->sent, &call->sent);
  move_text(&request->received, &call->received);
  move_text(&request->advice, &call->advice);
  call->problem = request->problem;
  call->code = request->code;
  call->dispatched_at = request->dispatched_at;
  if (request->dispatched_at > 0)
    call->took_ns = request->completed_at - request->dispatched_at;
  move_attempts(request, call);
}

static void clear_call(FailedCall *call) {
  for (uint32_t i = 0; i < call->attempt_count; i++)
    mem_free(call->attempts[i].cause);
  mem_free(call->attempts);
  buf_free(&call->model);
  buf_free(&call->prompt);
  buf_free(&call->sent);
  buf_free(&call->received);
  buf_free(&call->advice);
  *call = (FailedCall){0};
}

/* Another attempt would have come after the deadline. */
static void expire_late(Run *run) {
  mutex_lock(&run->scope_lock);
  run->status = RUN_EXPIRED;
  mutex_unlock(&run->scope_lock);
}

void failure_keep_call(Pending *pending) {
  Run *run = pending->frame->run;
  RunFailure *failure = &run->failure;
  const ModelRequest *request = &pending->request;
  bool is_deadline =
      request->deadline > 0 && request->ends_at == request->deadline;
  if (request->is_late && is_deadline && !request->has_retry_after)
    expire_late(run);
  failure->has_call = true;
  take_call(pending, &failure->call);
}

/* Where a call that began at `at` belongs among those that are shown, in order
 * of time: made free. NULL: they all began before. */
static FailedCall *make_room(RunFailure *failure, uint64_t at) {
  FailedCall *shown = failure->shown;
  uint32_t place = failure->shown_count;
  while (place > 0 && shown[place - 1].dispatched_at > at) place--;
  if (place == LIMIT_SHOWN_CALLS) return NULL;
  if (failure->shown_count == LIMIT_SHOWN_CALLS)
    clear_call(&shown[--failure->shown_count]);
  memmove(shown + place + 1, shown + place,
          (failure->shown_count++ - place) * sizeof *shown);
  shown[place] = (FailedCall){0};
  return &shown[place];
}

/* An attempt that the run's own end has cut off has not failed: it was open. */
static void forget_last(Pending *pending) {
  ModelRequest *request = &pending->request;
  uint32_t count = request->attempts.length;
  if (request->problem != MODEL_PROBLEM_TIMED_OUT || count == 0 ||
      count < request->attempt)
    return;
  mem_free(request->attempts.data[count - 1].cause);
  request->attempts.length--;
}

/* Under scope_lock. */
static void keep_open(RunFailure *failure, Pending *pending) {
  const ModelRequest *request = &pending->request;
  if (request->dispatched_at == 0) {
    failure->waiting++;
    return;
  }
  forget_last(pending);
  bool is_open = request->attempt > request->attempts.length;
  if (is_open)
    failure->open++;
  else
    failure->paused++;
  FailedCall *call = make_room(failure, request->dispatched_at);
  if (call == NULL) return;
  take_call(pending, call);
  call->is_open = is_open;
}

void failure_keep_open(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  if (run->status != RUN_SUCCESS) keep_open(&run->failure, pending);
  mutex_unlock(&run->scope_lock);
}

const RunFailure *run_failure(const Run *run) {
  return run->failure.at == 0 ? NULL : &run->failure;
}

void run_failure_free(RunFailure *failure) {
  buf_free(&failure->cause);
  buf_free(&failure->flow);
  clear_call(&failure->call);
  for (uint32_t i = 0; i < failure->shown_count; i++)
    clear_call(&failure->shown[i]);
}
