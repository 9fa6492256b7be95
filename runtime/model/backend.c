/* SPDX-License-Identifier: MIT
 *
 * Admission to one backend. A request takes one of `limit` slots at once when
 * one is free and nobody waits; else it waits in a heap ordered by rank, then
 * age. It keeps its slot until its `done` has returned: whatever that submits
 * competes for the slot by rank instead of losing it to an earlier but less
 * urgent request.
 *
 *     NEW --submit--> QUEUED --admit--> STARTED --finish--> FINISHED
 *       \______________________________/   (a slot was free)
 *
 * One thread at a time admits (`admitting`), in a loop: a provider that
 * completes in `start` causes neither recursion nor, because the loop stops
 * for breath and goes on as a job of the I/O thread, starvation of timers.
 *
 * `done` is called exactly once because exactly one party gets to complete: a
 * cancel that takes the request out of the heap; a cancel whose provider gave
 * the exchange up; `start`, when it returns true; provider_finish otherwise.
 */
#include "runtime/model/backend.h"

#include <assert.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"

/* Requests completed in one go by the admission loop. */
enum { ADMIT_BATCH = 64 };

/* ---- the admission heap; the mutex is held ------------------------------ */

static bool is_before(const ModelRequest *a, const ModelRequest *b) {
  return a->rank != b->rank ? a->rank > b->rank : a->age < b->age;
}

static void place(ModelBackend *backend, ModelRequest *request, uint32_t at) {
  backend->queue.data[at] = request;
  request->place = at + 1;
}

static void sift_up(ModelBackend *backend, ModelRequest *request, uint32_t at) {
  while (at > 0) {
    uint32_t up = (at - 1) / 2;
    ModelRequest *parent = backend->queue.data[up];
    if (!is_before(request, parent)) break;
    place(backend, parent, at);
    at = up;
  }
  place(backend, request, at);
}

static void sift_down(ModelBackend *backend, ModelRequest *request,
                      uint32_t at) {
  ModelRequest **heap = backend->queue.data;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= backend->queue.length) break;
    if (child + 1 < backend->queue.length &&
        is_before(heap[child + 1], heap[child]))
      child++;
    if (!is_before(heap[child], request)) break;
    place(backend, heap[child], at);
    at = child;
  }
  place(backend, request, at);
}

static void queue_add(ModelBackend *backend, ModelRequest *request) {
  request->stage = MODEL_STAGE_QUEUED;
  vec_push(&backend->queue, request);
  sift_up(backend, request, backend->queue.length - 1);
}

static void queue_remove(ModelBackend *backend, ModelRequest *request) {
  uint32_t at = request->place - 1;
  assert(backend->queue.data[at] == request);
  request->place = 0;
  ModelRequest *moved = vec_pop(&backend->queue);
  if (moved == request) return;
  sift_up(backend, moved, at);
  sift_down(backend, moved, moved->place - 1);
}

/* ---- completion --------------------------------------------------------- */

void provider_fill_cancelled(ModelRequest *request) {
  request->status = STATUS_CANCELLED;
  buf_clear(&request->reply);
  buf_add_text(&request->reply, "cancelled");
  request->input_tokens = request->output_tokens = 0;
}

/* The exchange is over; gives back `slots` (0 or 1) as well. True: others wait
 * for a slot. */
static bool close_exchange(ModelBackend *backend, ModelRequest *request,
                           uint32_t slots) {
  request->completed_at = clock_now();
  if (request->ended) request->ended(request);
  request_log_add(backend->log, request);
  mutex_lock(&backend->mutex);
  request->stage = MODEL_STAGE_FINISHED;
  if (request->dispatched_at) backend->open--;
  backend->slots_taken -= slots;
  bool others_wait = backend->queue.length != 0;
  mutex_unlock(&backend->mutex);
  return others_wait;
}

static void admit(ModelBackend *backend);

/* I/O thread: the reply is filled; says so and gives the slot back, if the
 * request had come as far as to have one. */
static void complete(ModelBackend *backend, ModelRequest *request) {
  bool had_slot = request->dispatched_at != 0;
  close_exchange(backend, request, 0);
  request->done(request);
  if (!had_slot) return;
  mutex_lock(&backend->mutex);
  backend->slots_taken--;
  mutex_unlock(&backend->mutex);
}

void provider_finish(ModelRequest *request) {
  ModelBackend *backend = request->backend;
  assert(reactor_is_here(backend->reactor));
  complete(backend, request);
  admit(backend);
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

/* The mutex is held: the request gets a slot. */
static void take_slot(ModelBackend *backend, ModelRequest *request) {
  backend->slots_taken++;
  request->open_at_start = ++backend->open;
  request->stage = MODEL_STAGE_STARTED;
  request->dispatched_at = clock_now();
}

/* True: completed already. False: hands off, it may be gone. */
static bool dispatch(ModelBackend *backend, ModelRequest *request) {
  if (request->started) request->started(request);
  return backend->provider->class->start(backend->provider, request);
}

/* The next request to start; NULL, and the loop is left, when there is none or
 * no slot for it. */
static ModelRequest *take_next(ModelBackend *backend) {
  ModelRequest *request = NULL;
  mutex_lock(&backend->mutex);
  if (backend->queue.length && backend->slots_taken < backend->limit) {
    request = backend->queue.data[0];
    queue_remove(backend, request);
    take_slot(backend, request);
  } else {
    backend->admitting = false;
  }
  mutex_unlock(&backend->mutex);
  return request;
}

/* Only whoever has set `admitting`. What completes at once is completed here
 * when this is the I/O thread, else handed to it with the slot still taken. */
static void admit_batch(ModelBackend *backend) {
  bool is_here = reactor_is_here(backend->reactor);
  for (uint32_t left = ADMIT_BATCH; left > 0;) {
    ModelRequest *request = take_next(backend);
    if (!request) return;
    if (!dispatch(backend, request)) continue;
    if (!is_here) {
      complete_later(request);
    } else {
      complete(backend, request);
      left--;
    }
  }
  reactor_post(backend->reactor, &backend->admission);
}

static void run_admission(ReactorJob *job) {
  admit_batch((ModelBackend *)job);
}

static void admit(ModelBackend *backend) {
  mutex_lock(&backend->mutex);
  bool mine = !backend->admitting && backend->queue.length &&
              backend->slots_taken < backend->limit;
  if (mine) backend->admitting = true;
  mutex_unlock(&backend->mutex);
  if (mine) admit_batch(backend);
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
  bool has_slot = !*is_cancelled && backend->queue.length == 0 &&
                  backend->slots_taken < backend->limit;
  if (has_slot)
    take_slot(backend, request);
  else if (!*is_cancelled)
    queue_add(backend, request);
  mutex_unlock(&backend->mutex);
  return has_slot;
}

bool model_submit(ModelBackend *backend, ModelRequest *request) {
  assert(request->done);
  bool is_cancelled;
  bool has_slot = arrive(backend, request, &is_cancelled);
  if (is_cancelled) {
    provider_fill_cancelled(request);
    close_exchange(backend, request, 0);
    return true;
  }
  if (!has_slot) {
    admit(backend);
    return false;
  }
  if (!dispatch(backend, request)) return false;
  if (close_exchange(backend, request, 1)) admit(backend);
  return true;
}

/* ---- cancellation ------------------------------------------------------- */

/* A second cancel finds the request FINISHED, or the provider without it. */
void model_cancel(ModelBackend *backend, ModelRequest *request) {
  mutex_lock(&backend->mutex);
  ModelStage stage = request->stage;
  request->cancelled = true;
  if (stage == MODEL_STAGE_QUEUED) {
    queue_remove(backend, request);
    request->stage = MODEL_STAGE_FINISHED;
  }
  mutex_unlock(&backend->mutex);
  bool is_mine = stage == MODEL_STAGE_QUEUED ||
                 (stage == MODEL_STAGE_STARTED &&
                  backend->provider->class->cancel(backend->provider, request));
  if (!is_mine) return;
  provider_fill_cancelled(request);
  complete_later(request);
}

/* ---- life --------------------------------------------------------------- */

static Provider *make_provider(const ProviderSetup *setup, Error *error) {
  const char *kind = setup->config->provider;
#define X(name, url, key, in_flight, text) \
  if (strcmp(kind, #name) == 0) return name##_new(setup, error);
#include "core/config/providers.def"
#undef X
  error_set(error, STATUS_USAGE, "backend %s: there is no provider `%s`",
            setup->config->name, kind);
  return NULL;
}

/* What was asked for, as far as the descriptors go. */
static uint32_t choose_limit(const ProviderSetup *setup) {
  const BackendConfig *config = setup->config;
  uint32_t limit = setup->options->max_in_flight;
  if (limit == 0) limit = config->max_in_flight;
  if (limit > LIMIT_IN_FLIGHT) limit = LIMIT_IN_FLIGHT;
  if (!setup->http) return limit;
  uint32_t most = setup->connections;
  if (limit <= most) return limit;
  log_warning(
      "backend %s: %u calls in flight instead of %u: this process may "
      "not open more descriptors (see `ulimit -n`)",
      config->name, most, limit);
  return most;
}

ModelBackend *backend_new(const ProviderSetup *setup, RequestLog *log,
                          Error *error) {
  ModelBackend *backend = MEM_NEW(ModelBackend);
  backend->config = *setup->config;
  backend->model = setup->model ? setup->model : "";
  backend->reactor = setup->reactor;
  backend->log = log;
  backend->admission.run = run_admission;
  mutex_init(&backend->mutex);
  backend->provider = make_provider(setup, error);
  if (backend->provider) {
    backend->limit = choose_limit(setup);
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
    do reactor_call(backend->reactor, pass_by, NULL);
    while (!is_at_rest(backend));
    backend->provider->class->free(backend->provider);
  }
  assert(backend->queue.length == 0);
  vec_free(&backend->queue);
  mutex_destroy(&backend->mutex);
  mem_free(backend);
}

/* ---- questions ---------------------------------------------------------- */

uint32_t model_backend_limit(const ModelBackend *backend) {
  return backend->limit;
}

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
