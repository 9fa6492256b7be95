/* SPDX-License-Identifier: MIT
 *
 * Admission to one backend. A request takes one of `limit` slots at once when
 * one is free and nobody waits; else it waits in a heap ordered by rank, then
 * age. It keeps its slot until its `done` has returned: whatever that submits
 * competes for the slot by rank instead of losing it to an earlier but less
 * urgent request. An attempt that is followed by another gives it back before.
 *
 *     NEW --submit--> QUEUED --admit--> STARTED --finish--> FINISHED
 *       \               ^                ^  |
 *        \              +--- WAITING <------+   (attempts.c)
 *         \_____________________________/       (a slot was free)
 *
 * One thread at a time admits (`admitting`), in a loop: a provider that
 * completes in `start` causes neither recursion nor, because the loop stops
 * for breath and goes on as a job of the I/O thread, starvation of timers.
 *
 * `done` is called exactly once because exactly one party gets to complete: a
 * cancel that takes the request out of the heap or out of its wait; a cancel
 * whose provider gave the exchange up; `start`, when it returns true;
 * provider_finish otherwise. A cancel marks the request under the lock under
 * which the next attempt is decided on, so it meets the one that it found.
 */
#include "runtime/model/backend.h"

#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "runtime/model/attempts.h"
#include "runtime/model/permits.h"

/* Requests completed in one go by the admission loop. */
enum { ADMIT_BATCH = 64 };

/* ---- completion --------------------------------------------------------- */

void provider_fill_cancelled(ModelRequest *request) {
  request->status = STATUS_CANCELLED;
  request->problem = MODEL_PROBLEM_NONE;
  buf_clear(&request->reply);
  buf_add_text(&request->reply, "cancelled");
  request->input_tokens = request->output_tokens = 0;
}

/* The call is over; gives back `slots` (0 or 1) as well. True: others wait for
 * a slot. */
static bool close_call(ModelBackend *backend, ModelRequest *request,
                       uint32_t slots) {
  uint64_t now = clock_now();
  bool was_started = request->stage == MODEL_STAGE_STARTED;
  if (request->attempt && !was_started) attempts_end_wait(request, now);
  request->completed_at = now;
  if (request->ended) request->ended(request);
  request->is_open = false;
  request_log_add(backend->log, request);
  if (backend->recorder) recorder_add(backend->recorder, request);
  mutex_lock(&backend->mutex);
  request->stage = MODEL_STAGE_FINISHED;
  if (was_started) permit_end(backend, request);
  backend->slots_taken -= slots;
  bool others_wait = queue_length(&backend->queue) != 0;
  mutex_unlock(&backend->mutex);
  return others_wait;
}

void backend_complete(ModelBackend *backend, ModelRequest *request) {
  bool had_slot = request->stage == MODEL_STAGE_STARTED;
  close_call(backend, request, 0);
  request->done(request);
  if (!had_slot) return;
  mutex_lock(&backend->mutex);
  backend->slots_taken--;
  mutex_unlock(&backend->mutex);
}

/* The attempt is over, if it came to one, and the reply is filled. False: the
 * call is over, too. */
static bool goes_on(ModelBackend *backend, ModelRequest *request) {
  return request->status != STATUS_OK &&
         request->stage == MODEL_STAGE_STARTED &&
         attempt_is_followed(backend, request);
}

/* I/O thread. */
static void finish(ModelBackend *backend, ModelRequest *request) {
  if (!goes_on(backend, request)) backend_complete(backend, request);
}

void provider_finish(ModelRequest *request) {
  ModelBackend *backend = request->backend;
  assert(reactor_is_here(backend->reactor));
  finish(backend, request);
  backend_admit(backend);
}

static void run_completion(ReactorJob *job) {
  ModelRequest *request =
      (ModelRequest *)((char *)job - offsetof(ModelRequest, job));
  provider_finish(request);
}

/* Any thread: the reply is filled; the I/O thread will say so. */
static void complete_later(ModelRequest *request) {
  request->job.run = run_completion;
  reactor_post(request->backend->reactor, &request->job);
}

/* ---- admission ---------------------------------------------------------- */

/* True: completed already. False: hands off, it may be gone. */
static bool dispatch(ModelBackend *backend, ModelRequest *request) {
  if (request->started) request->started(request);
  return backend->provider->class->start(backend->provider, request);
}

/* The mutex is held: there will be no attempt any more. */
static void leave(ModelBackend *backend, ModelRequest *request) {
  attempts_stop_waiting(backend, request);
  permit_unwanted(backend);
  request->stage = MODEL_STAGE_FINISHED;
}

/* The mutex is held. The first in the queue leaves it; NULL: it may not go yet,
 * and the timer says when. */
static ModelRequest *take_first(ModelBackend *backend) {
  ModelRequest *request = queue_first(&backend->queue);
  uint64_t until = permit_ask(backend, request);
  if (until != 0 && until != UINT64_MAX) {
    reactor_timer_set(backend->reactor, &backend->wake, until);
    return NULL;
  }
  queue_remove(&backend->queue, request);
  if (until == 0) {
    attempt_begin(backend, request);
  } else {
    leave(backend, request);
  }
  return request;
}

/* The next request to start, or to fail if its stage says so; NULL, and the
 * loop is left, when there is none or no slot for it. */
static ModelRequest *take_next(ModelBackend *backend) {
  ModelRequest *request = NULL;
  mutex_lock(&backend->mutex);
  if (queue_length(&backend->queue) && permits_have_slot(backend))
    request = take_first(backend);
  if (!request) backend->admitting = false;
  mutex_unlock(&backend->mutex);
  return request;
}

/* True: it is over already, one way or the other. */
static bool start_or_fail(ModelBackend *backend, ModelRequest *request) {
  if (request->stage == MODEL_STAGE_STARTED) return dispatch(backend, request);
  attempts_fill_too_late(request);
  return true;
}

/* Only whoever has set `admitting`. What completes at once is completed here
 * when this is the I/O thread, else handed to it with the slot still taken. */
static void admit_batch(ModelBackend *backend) {
  bool is_here = reactor_is_here(backend->reactor);
  for (uint32_t left = ADMIT_BATCH; left > 0;) {
    ModelRequest *request = take_next(backend);
    if (!request) return;
    if (!start_or_fail(backend, request)) continue;
    if (!is_here) {
      complete_later(request);
    } else {
      finish(backend, request);
      left--;
    }
  }
  reactor_post(backend->reactor, &backend->admission);
}

static void run_admission(ReactorJob *job) {
  admit_batch((ModelBackend *)job);
}

void backend_admit(ModelBackend *backend) {
  mutex_lock(&backend->mutex);
  bool mine = !backend->admitting && queue_length(&backend->queue) &&
              permits_have_slot(backend);
  if (mine) backend->admitting = true;
  mutex_unlock(&backend->mutex);
  if (mine) admit_batch(backend);
}

/* I/O thread. */
static void wake(Timer *timer) {
  backend_admit((ModelBackend *)((char *)timer - offsetof(ModelBackend, wake)));
}

/* Registers the arrival. True: it has a slot and is to be dispatched. */
static bool arrive(ModelBackend *backend, ModelRequest *request,
                   bool *is_cancelled) {
  mutex_lock(&backend->mutex);
  assert(request->stage == MODEL_STAGE_NEW);
  request->backend = backend;
  request->queued_at = clock_now();
  request->age = request_log_arrive(backend->log, request->queued_at);
  *is_cancelled = request->cancelled;
  bool has_slot = !*is_cancelled && queue_length(&backend->queue) == 0 &&
                  permits_have_slot(backend) &&
                  permit_ask(backend, request) == 0;
  if (has_slot) {
    attempt_begin(backend, request);
  } else if (!*is_cancelled) {
    request->stage = MODEL_STAGE_QUEUED;
    queue_add(&backend->queue, request);
  }
  mutex_unlock(&backend->mutex);
  return has_slot;
}

bool model_submit(ModelBackend *backend, ModelRequest *request) {
  assert(request->done);
  bool is_cancelled;
  bool has_slot = arrive(backend, request, &is_cancelled);
  if (is_cancelled) {
    provider_fill_cancelled(request);
    close_call(backend, request, 0);
    return true;
  }
  if (!has_slot) {
    backend_admit(backend);
    return false;
  }
  if (!dispatch(backend, request)) return false;
  bool is_over = !goes_on(backend, request);
  if (!is_over || close_call(backend, request, 1)) backend_admit(backend);
  return is_over;
}

/* ---- cancellation ------------------------------------------------------- */

/* The mutex is held. True: it was waiting, and waits no more. */
static bool stop_waiting(ModelBackend *backend, ModelRequest *request) {
  bool is_queued = request->stage == MODEL_STAGE_QUEUED;
  if (!is_queued && request->stage != MODEL_STAGE_WAITING) return false;
  if (is_queued) queue_remove(&backend->queue, request);
  leave(backend, request);
  return true;
}

/* A second cancel finds the request FINISHED, or the provider without it. */
void model_cancel(ModelBackend *backend, ModelRequest *request) {
  mutex_lock(&backend->mutex);
  request->cancelled = true;
  bool is_started = request->stage == MODEL_STAGE_STARTED;
  bool is_mine = stop_waiting(backend, request);
  mutex_unlock(&backend->mutex);
  if (is_started)
    is_mine = backend->provider->class->cancel(backend->provider, request);
  if (!is_mine) return;
  provider_fill_cancelled(request);
  complete_later(request);
}

/* ---- life --------------------------------------------------------------- */

static Provider *make_provider(const ProviderSetup *setup, Error *error) {
  const char *kind = setup->config->provider;
  if (setup->tape) return replay_new(setup);
#define X(name, url, key, in_flight, text) \
  if (strcmp(kind, #name) == 0) return name##_new(setup, error);
#include "core/config/providers.def"
#undef X
  error_set(error, STATUS_USAGE, "backend %s: there is no provider `%s`",
            setup->config->name, kind);
  return NULL;
}

ModelBackend *backend_new(const ProviderSetup *setup, RequestLog *log,
                          Error *error) {
  ModelBackend *backend = MEM_NEW(ModelBackend);
  backend->config = *setup->config;
  backend->model = setup->model ? setup->model : "";
  backend->reactor = setup->reactor;
  backend->log = log;
  backend->recorder = setup->recorder;
  backend->is_replay = setup->tape != NULL;
  backend->retry_seed = setup->options->retry_seed;
  backend->admission.run = run_admission;
  backend->wake.fire = wake;
  mutex_init(&backend->mutex);
  backend->provider = make_provider(setup, error);
  if (backend->provider) {
    permits_init(backend, setup);
    return backend;
  }
  backend_free(backend);
  return NULL;
}

static void pass_by(void *nothing) {
  (void)nothing;
}

static bool is_at_rest(ModelBackend *backend) {
  mutex_lock(&backend->mutex);
  bool at_rest = backend->slots_taken == 0 && !backend->admitting;
  mutex_unlock(&backend->mutex);
  return at_rest;
}

/* The last `done` may have been what told the caller that all is over: the I/O
 * thread still has to come out of it and give the slot back. */
void backend_free(ModelBackend *backend) {
  if (backend->provider) {
    board_remove(backend->board, &backend->source);
    reactor_timer_cancel(backend->reactor, &backend->wake);
    do reactor_call(backend->reactor, pass_by, NULL);
    while (!is_at_rest(backend));
    backend->provider->class->free(backend->provider);
  }
  queue_free(&backend->queue);
  mutex_destroy(&backend->mutex);
  mem_free(backend);
}

/* ---- questions ---------------------------------------------------------- */

const char *model_backend_name(const ModelBackend *backend) {
  return backend->config.name;
}

const char *model_backend_provider(const ModelBackend *backend) {
  return backend->config.provider;
}

const char *model_backend_detail(const ModelBackend *backend) {
  return backend->provider->detail;
}

const char *model_backend_model(const ModelBackend *backend) {
  return backend->model;
}

uint64_t model_backend_retry_seed(const ModelBackend *backend) {
  return backend->retry_seed;
}
