/* SPDX-License-Identifier: MIT
 *
 * Admission. A request takes one of `limit` slots at once when one is free and
 * nobody waits; else it waits in a heap ordered by rank, then age. It keeps its
 * slot until its `done` has returned: whatever that submits competes for the
 * slot by rank instead of losing it to an earlier but less urgent request.
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
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "core/base/vec.h"
#include "runtime/model/provider.h"

/* Requests completed in one go by the admission loop. */
enum { ADMIT_BATCH = 64 };

struct ModelClient {
  ReactorJob admission; /* first: the job is the client */
  Provider *provider;
  Reactor *reactor;
  uint32_t limit; /* slots */
  int log;        /* descriptor of the request log; -1: none */

  Mutex mutex;               /* guards what follows */
  VEC(ModelRequest *) queue; /* binary heap, the most urgent first */
  uint32_t slots_taken;      /* admitted, `done` not returned */
  uint32_t open;             /* with the provider */
  uint64_t arrivals;         /* requests ever submitted */
  uint64_t first_arrival;    /* when the first one came */
  bool admitting;            /* somebody is in the admission loop */
};

/* ---- the admission heap; the mutex is held ------------------------------ */

static bool is_before(const ModelRequest *a, const ModelRequest *b) {
  return a->rank != b->rank ? a->rank > b->rank : a->age < b->age;
}

static void place(ModelClient *client, ModelRequest *request, uint32_t at) {
  client->queue.data[at] = request;
  request->place = at + 1;
}

static void sift_up(ModelClient *client, ModelRequest *request, uint32_t at) {
  while (at > 0) {
    uint32_t up = (at - 1) / 2;
    ModelRequest *parent = client->queue.data[up];
    if (!is_before(request, parent)) break;
    place(client, parent, at);
    at = up;
  }
  place(client, request, at);
}

static void sift_down(ModelClient *client, ModelRequest *request, uint32_t at) {
  ModelRequest **heap = client->queue.data;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= client->queue.length) break;
    if (child + 1 < client->queue.length &&
        is_before(heap[child + 1], heap[child]))
      child++;
    if (!is_before(heap[child], request)) break;
    place(client, heap[child], at);
    at = child;
  }
  place(client, request, at);
}

static void queue_add(ModelClient *client, ModelRequest *request) {
  request->stage = MODEL_STAGE_QUEUED;
  vec_push(&client->queue, request);
  sift_up(client, request, client->queue.length - 1);
}

static void queue_remove(ModelClient *client, ModelRequest *request) {
  uint32_t at = request->place - 1;
  assert(client->queue.data[at] == request);
  request->place = 0;
  ModelRequest *moved = vec_pop(&client->queue);
  if (moved == request) return;
  sift_up(client, moved, at);
  sift_down(client, moved, moved->place - 1);
}

/* ---- the request log ---------------------------------------------------- */

static void add_field(Buf *line, const char *name, Slice text) {
  buf_addf(line, ",\"%s\":", name);
  json_add_text(line, text);
}

static void add_number(Buf *line, const char *name, double value,
                       bool is_given) {
  buf_addf(line, ",\"%s\":", name);
  if (is_given)
    json_add_number(line, value);
  else
    buf_add_text(line, "null");
}

static double ms_since(uint64_t from, uint64_t to) {
  return (double)(to - from) / (double)NS_PER_MS;
}

static const char *outcome_text(Status status) {
  if (status == STATUS_OK) return "ok";
  return status == STATUS_CANCELLED ? "cancelled" : "error";
}

static void add_line(const ModelClient *client, const ModelRequest *request,
                     Buf *line) {
  const ModelRequest *r = request;
  buf_addf(line, "{\"run\":%llu,\"seq\":%llu", (unsigned long long)r->run,
           (unsigned long long)r->age);
  add_field(line, "op", r->operation);
  add_field(line, "prompt", buf_slice(&r->prompt));
  buf_addf(line, ",\"prompt_hash\":\"%016llx\"",
           (unsigned long long)slice_hash(buf_slice(&r->prompt)));
  add_field(line, "system", r->system);
  add_field(line, "model", r->model);
  add_number(line, "temperature", r->temperature, isfinite(r->temperature));
  add_number(line, "max_tokens", r->max_tokens, r->max_tokens != 0);
  add_number(line, "budget_tokens", r->budget_tokens, r->budget_tokens != 0);
  add_number(line, "arrival_ms", ms_since(client->first_arrival, r->queued_at),
             true);
  add_number(line, "end_ms", ms_since(client->first_arrival, r->completed_at),
             true);
  add_number(line, "open", r->open_at_start, true);
  add_field(line, "status", slice_of(outcome_text(r->status)));
  add_field(line, "reply", buf_slice(&r->reply));
  buf_add_text(line, "}\n");
}

/* One write(2) a line, so that lines of several threads and processes do not
 * mix; a log that cannot be written costs the run nothing but the line. */
static void log_request(const ModelClient *client,
                        const ModelRequest *request) {
  if (client->log < 0) return;
  Buf line = {0};
  add_line(client, request, &line);
  if (write(client->log, line.data, line.length) != (ssize_t)line.length)
    log_warning("a line of the request log could not be written");
  buf_free(&line);
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
static bool close_exchange(ModelClient *client, ModelRequest *request,
                           uint32_t slots) {
  request->completed_at = clock_now();
  if (request->ended) request->ended(request);
  log_request(client, request);
  mutex_lock(&client->mutex);
  request->stage = MODEL_STAGE_FINISHED;
  if (request->dispatched_at) client->open--;
  client->slots_taken -= slots;
  bool others_wait = client->queue.length != 0;
  mutex_unlock(&client->mutex);
  return others_wait;
}

static void admit(ModelClient *client);

/* I/O thread: the reply is filled; says so and gives the slot back, if the
 * request had come as far as to have one. */
static void complete(ModelClient *client, ModelRequest *request) {
  bool had_slot = request->dispatched_at != 0;
  close_exchange(client, request, 0);
  request->done(request);
  if (!had_slot) return;
  mutex_lock(&client->mutex);
  client->slots_taken--;
  mutex_unlock(&client->mutex);
}

void provider_finish(ModelRequest *request) {
  ModelClient *client = request->client;
  assert(reactor_is_here(client->reactor));
  complete(client, request);
  admit(client);
}

static void run_completion(ReactorJob *job) {
  ModelRequest *request =
      (ModelRequest *)((char *)job - offsetof(ModelRequest, job));
  provider_finish(request);
}

/* Any thread: the reply is filled; the I/O thread will say so. */
static void complete_later(ModelRequest *request) {
  request->job.run = run_completion;
  reactor_post(request->client->reactor, &request->job);
}

/* ---- admission ---------------------------------------------------------- */

/* The mutex is held: the request gets a slot. */
static void take_slot(ModelClient *client, ModelRequest *request) {
  client->slots_taken++;
  request->open_at_start = ++client->open;
  request->stage = MODEL_STAGE_STARTED;
  request->dispatched_at = clock_now();
}

/* True: completed already. False: hands off, it may be gone. */
static bool dispatch(ModelClient *client, ModelRequest *request) {
  if (request->started) request->started(request);
  return client->provider->class->start(client->provider, request);
}

/* The next request to start; NULL, and the loop is left, when there is none or
 * no slot for it. */
static ModelRequest *take_next(ModelClient *client) {
  ModelRequest *request = NULL;
  mutex_lock(&client->mutex);
  if (client->queue.length && client->slots_taken < client->limit) {
    request = client->queue.data[0];
    queue_remove(client, request);
    take_slot(client, request);
  } else {
    client->admitting = false;
  }
  mutex_unlock(&client->mutex);
  return request;
}

/* Only whoever has set `admitting`. What completes at once is completed here
 * when this is the I/O thread, else handed to it with the slot still taken. */
static void admit_batch(ModelClient *client) {
  bool is_here = reactor_is_here(client->reactor);
  for (uint32_t left = ADMIT_BATCH; left > 0;) {
    ModelRequest *request = take_next(client);
    if (!request) return;
    if (!dispatch(client, request)) continue;
    if (!is_here) {
      complete_later(request);
    } else {
      complete(client, request);
      left--;
    }
  }
  reactor_post(client->reactor, &client->admission);
}

static void run_admission(ReactorJob *job) {
  admit_batch((ModelClient *)job);
}

static void admit(ModelClient *client) {
  mutex_lock(&client->mutex);
  bool mine = !client->admitting && client->queue.length &&
              client->slots_taken < client->limit;
  if (mine) client->admitting = true;
  mutex_unlock(&client->mutex);
  if (mine) admit_batch(client);
}

/* Registers the arrival. True: it has a slot and is to be dispatched. */
static bool arrive(ModelClient *client, ModelRequest *request,
                   bool *is_cancelled) {
  mutex_lock(&client->mutex);
  assert(request->stage == MODEL_STAGE_NEW);
  request->client = client;
  request->queued_at = clock_now();
  if (client->arrivals == 0) client->first_arrival = request->queued_at;
  request->age = ++client->arrivals;
  *is_cancelled = request->cancelled;
  bool has_slot = !*is_cancelled && client->queue.length == 0 &&
                  client->slots_taken < client->limit;
  if (has_slot)
    take_slot(client, request);
  else if (!*is_cancelled)
    queue_add(client, request);
  mutex_unlock(&client->mutex);
  return has_slot;
}

bool model_submit(ModelClient *client, ModelRequest *request) {
  assert(request->done);
  bool is_cancelled;
  bool has_slot = arrive(client, request, &is_cancelled);
  if (is_cancelled) {
    provider_fill_cancelled(request);
    close_exchange(client, request, 0);
    return true;
  }
  if (!has_slot) {
    admit(client);
    return false;
  }
  if (!dispatch(client, request)) return false;
  if (close_exchange(client, request, 1)) admit(client);
  return true;
}

/* ---- cancellation ------------------------------------------------------- */

/* A second cancel finds the request FINISHED, or the provider without it. */
void model_cancel(ModelClient *client, ModelRequest *request) {
  mutex_lock(&client->mutex);
  ModelStage stage = request->stage;
  request->cancelled = true;
  if (stage == MODEL_STAGE_QUEUED) {
    queue_remove(client, request);
    request->stage = MODEL_STAGE_FINISHED;
  }
  mutex_unlock(&client->mutex);
  bool is_mine = stage == MODEL_STAGE_QUEUED ||
                 (stage == MODEL_STAGE_STARTED &&
                  client->provider->class->cancel(client->provider, request));
  if (!is_mine) return;
  provider_fill_cancelled(request);
  complete_later(request);
}

/* ---- life --------------------------------------------------------------- */

static Status open_log(ModelClient *client, const char *path, Error *error) {
  client->log = -1;
  if (!path) return STATUS_OK;
  client->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (client->log >= 0) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, errno,
                         "cannot open the request log %s", path);
}

static void destroy(ModelClient *client) {
  if (client->provider) client->provider->class->free(client->provider);
  if (client->log >= 0) close(client->log);
  vec_free(&client->queue);
  mutex_destroy(&client->mutex);
  mem_free(client);
}

ModelClient *model_client_new(const ModelOptions *options, Reactor *reactor,
                              Error *error) {
  ModelClient *client = MEM_NEW(ModelClient);
  client->reactor = reactor;
  client->admission.run = run_admission;
  mutex_init(&client->mutex);
  if (open_log(client, options->request_log, error) == STATUS_OK)
    client->provider = sim_new(options, reactor, error);
  if (!client->provider) {
    destroy(client);
    return NULL;
  }
  client->limit = options->max_in_flight
                      ? options->max_in_flight
                      : client->provider->class->default_in_flight;
  if (client->limit > LIMIT_IN_FLIGHT) client->limit = LIMIT_IN_FLIGHT;
  return client;
}

static void pass_by(void *nothing) {
  (void)nothing;
}

static bool is_at_rest(ModelClient *client) {
  mutex_lock(&client->mutex);
  bool at_rest = client->slots_taken == 0 && !client->admitting;
  mutex_unlock(&client->mutex);
  return at_rest;
}

/* The last `done` may have been what told the caller that all is over: the I/O
 * thread still has to come out of it and give the slot back. */
void model_client_free(ModelClient *client) {
  if (!client) return;
  do reactor_call(client->reactor, pass_by, NULL);
  while (!is_at_rest(client));
  assert(client->queue.length == 0);
  destroy(client);
}

uint32_t model_in_flight_limit(const ModelClient *client) {
  return client->limit;
}

const char *model_backend_name(const ModelClient *client) {
  return client->provider->class->name;
}

const char *model_backend_detail(const ModelClient *client) {
  return client->provider->detail;
}

void model_request_clear(ModelRequest *request) {
  buf_free(&request->prompt);
  buf_free(&request->reply);
}

uint32_t model_estimate_tokens(Slice text) {
  size_t tokens = text.length / 4 + (text.length % 4 != 0);
  return tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}
