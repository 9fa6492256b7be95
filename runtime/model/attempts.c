/* SPDX-License-Identifier: MIT
 *
 * The attempts of a call. One that failed of something that may go better is
 * noted, gives its slot back and waits by a timer; then the call is in the
 * queue again, with the rank and the age that it had. Whatever its attempts
 * and waits take, the call is over at `ends_at`: the provider sees to that
 * during an attempt, retry_plan before a wait, and the same timer in the queue.
 *
 *     STARTED --attempt_is_followed--> WAITING --timer--> QUEUED --> STARTED
 *
 * A call enters WAITING on the I/O thread, or on the thread that submits it
 * and that nobody else knows yet. So no callback of its timer can be under way
 * then, and one that is late finds it STARTED, or cancelled and not yet done.
 */
#include "runtime/model/attempts.h"

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/unit.h"
#include "runtime/model/permits.h"
#include "runtime/model/retry.h"

/* ---- an attempt begins; the mutex is held -------------------------------- */

uint64_t attempts_end(const ModelBackend *backend, const ModelRequest *request,
                      uint64_t now) {
  if (request->attempt) return request->ends_at;
  uint64_t limit =
      request->limit_ns ? request->limit_ns : backend->config.total_ns;
  uint64_t end = limit && limit < UINT64_MAX - now ? now + limit : UINT64_MAX;
  return request->deadline && request->deadline < end ? request->deadline : end;
}

void attempt_begin(ModelBackend *backend, ModelRequest *request) {
  uint64_t now = clock_now();
  request->attempted_at = now;
  if (request->attempt == 0) {
    if (backend->is_replay)
      request->retries = 0;
    else if (request->retries == MODEL_RETRIES_UNSET)
      request->retries = backend->config.retries;
    request->dispatched_at = now;
    request->ends_at = attempts_end(backend, request, now);
  } else {
    attempts_stop_waiting(backend, request);
    request->waited_ns += now - request->completed_at;
  }
  request->attempt++;
  backend->slots_taken++;
  request->open_at_start = ++backend->open;
  request->is_open = true;
  request->stage = MODEL_STAGE_STARTED;
}

void attempts_stop_waiting(ModelBackend *backend, ModelRequest *request) {
  if (request->attempt) reactor_timer_cancel(backend->reactor, &request->wait);
}

/* ---- between two attempts ------------------------------------------------ */

static ModelAttempt *last_attempt(const ModelRequest *request) {
  return &request->attempts.data[request->attempts.length - 1];
}

/* The mutex is held. */
static void queue_again(ModelBackend *backend, ModelRequest *request) {
  last_attempt(request)->waited_ns = clock_now() - request->completed_at;
  request->stage = MODEL_STAGE_QUEUED;
  queue_add(&backend->queue, request);
  if (request->ends_at != UINT64_MAX)
    reactor_timer_set(backend->reactor, &request->wait, request->ends_at);
}

void provider_fill_expired(ModelRequest *request) {
  request->status = STATUS_MODEL;
  request->problem = MODEL_PROBLEM_TIMED_OUT;
  request->input_tokens = request->output_tokens = 0;
  buf_clear(&request->reply);
  buf_addf(&request->reply, "backend %s: the time of the call was over: ",
           request->backend->config.name);
  unit_add_span(request->ends_at - request->dispatched_at, &request->reply);
}

void attempts_end_wait(ModelRequest *request, uint64_t now) {
  ModelAttempt *last = last_attempt(request);
  uint64_t waited = now - request->completed_at;
  request->waited_ns += waited;
  if (last->waited_ns > waited) last->waited_ns = waited;
}

/* It was in the queue for another attempt when its time was over. */
static void fill_expired(ModelRequest *request) {
  provider_fill_expired(request);
  buf_addf(&request->reply, ", and no slot for attempt %u; the last one: %s",
           request->attempt + 1, last_attempt(request)->cause);
}

void attempts_fill_too_late(ModelRequest *request) {
  bool is_first = request->attempt == 0;
  request->status = STATUS_MODEL;
  request->problem = MODEL_PROBLEM_RATE_LIMITED;
  buf_clear(&request->reply);
  buf_addf(&request->reply,
           "backend %s: the server wants to be left alone, or a limit of "
           "requests or tokens a minute is reached, for longer than the call "
           "has time",
           request->backend->config.name);
  if (!is_first)
    buf_addf(&request->reply, "; the last attempt: %s",
             last_attempt(request)->cause);
}

/* I/O thread: the wait is over, or the call's time. */
static void wait_over(Timer *timer) {
  ModelRequest *request =
      (ModelRequest *)((char *)timer - offsetof(ModelRequest, wait));
  ModelBackend *backend = request->backend;
  mutex_lock(&backend->mutex);
  ModelStage stage = request->stage;
  if (stage == MODEL_STAGE_WAITING) {
    queue_again(backend, request);
  } else if (stage == MODEL_STAGE_QUEUED) {
    queue_remove(&backend->queue, request);
    permit_unwanted(backend);
    request->stage = MODEL_STAGE_FINISHED;
  }
  mutex_unlock(&backend->mutex);
  if (stage == MODEL_STAGE_QUEUED) {
    fill_expired(request);
    backend_complete(backend, request);
  }
  if (stage != MODEL_STAGE_STARTED) backend_admit(backend);
}

/* The mutex is held: nothing of the last attempt is left, but what `attempts`
 * keeps of it. No provider may look: a cancel that had found it STARTED would
 * have left its mark. */
static void forget_attempt(ModelRequest *request) {
  request->problem = MODEL_PROBLEM_NONE;
  request->code = 0;
  request->has_retry_after = false;
  request->is_cut = false;
  request->input_tokens = request->output_tokens = 0;
  request->connected_at = request->first_byte_at = 0;
  request->first_text_at = request->last_text_at = 0;
  request->provider_data = NULL;
  request->provider_state = 0;
  buf_clear(&request->advice);
  buf_clear(&request->sent);
  buf_clear(&request->received);
}

/* False: a cancel came first. */
static bool set_aside(ModelBackend *backend, ModelRequest *request,
                      uint64_t wait_ns) {
  request->is_open = false;
  if (request->paused) request->paused(request);
  mutex_lock(&backend->mutex);
  bool is_cancelled = request->cancelled;
  if (!is_cancelled) {
    permit_end(backend, request);
    forget_attempt(request);
    request->stage = MODEL_STAGE_WAITING;
    backend->slots_taken--;
    if (!request->wait.fire) request->wait.fire = wait_over;
    reactor_timer_set(backend->reactor, &request->wait,
                      request->completed_at + wait_ns);
  }
  mutex_unlock(&backend->mutex);
  return !is_cancelled;
}

/* ---- an attempt has failed ----------------------------------------------- */

static void note_attempt(ModelRequest *request, const RetryPlan *plan) {
  Buf cause = {0};
  buf_add_slice(&cause, buf_slice(&request->reply));
  ModelAttempt attempt = {
      .problem = request->problem,
      .code = request->code,
      .started_at = request->attempted_at,
      .took_ns = request->completed_at - request->attempted_at,
      .waited_ns = plan->verdict == RETRY_AGAIN ? plan->wait_ns : 0,
      .cause = buf_take(&cause)};
  vec_push(&request->attempts, attempt);
}

static void add_attempts(const ModelRequest *request, const RetryPlan *plan,
                         uint64_t seed, Buf *out) {
  buf_addf(out, " (%u attempt%s in ", request->attempt,
           request->attempt == 1 ? "" : "s");
  unit_add_span(request->completed_at - request->dispatched_at, out);
  if (plan->verdict == RETRY_TOO_LATE) {
    buf_add_text(out, "; there is no time to wait another ");
    unit_add_span(plan->wait_ns, out);
  }
  if (request->attempt > 1)
    buf_addf(out, "; retry seed %llu", (unsigned long long)seed);
  buf_add_char(out, ')');
}

/* After the cause: what was tried, and what to do. */
static void end_sentence(ModelRequest *request, const RetryPlan *plan,
                         uint64_t seed) {
  Buf *out = &request->reply;
  if (request->attempt > 1 || plan->verdict == RETRY_TOO_LATE)
    add_attempts(request, plan, seed, out);
  if (request->advice.length) {
    buf_add_text(out, "; ");
    buf_add_slice(out, buf_slice(&request->advice));
  }
}

bool attempt_is_followed(ModelBackend *backend, ModelRequest *request) {
  if (request->status == STATUS_CANCELLED) return false;
  request->completed_at = clock_now();
  RetryPlan plan = retry_plan(request, backend->retry_seed, request->retries,
                              request->ends_at);
  note_attempt(request, &plan);
  if (plan.verdict == RETRY_AGAIN) {
    if (set_aside(backend, request, plan.wait_ns)) return true;
    provider_fill_cancelled(request);
    return false;
  }
  request->is_late = plan.verdict == RETRY_TOO_LATE;
  if (request->is_late && request->has_retry_after)
    request->problem = MODEL_PROBLEM_RATE_LIMITED;
  end_sentence(request, &plan, backend->retry_seed);
  return false;
}
