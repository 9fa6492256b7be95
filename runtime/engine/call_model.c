/* SPDX-License-Identifier: MIT
 *
 * Model operations: the prompt is the plain forms of the inputs, one after the
 * other; the rest of the request comes from the node's attributes. The call
 * goes pending unless the backend answers at once, and its completion is
 * counted either way by the worker that routes its token.
 */
#include <math.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"
#include "runtime/engine/task.h"

static Pending *of_request(ModelRequest *request) {
  return (Pending *)(void *)((char *)request - offsetof(Pending, request));
}

/* I/O thread. */
static void on_delta(ModelRequest *request, Slice text) {
  const RunOptions *options = &of_request(request)->frame->run->options;
  if (text.length > 0) options->delta(options->user, request->attempt, text);
}

/* Who shows the text as it comes learns that the attempt is over. */
static void end_text(ModelRequest *request) {
  const RunOptions *options = &of_request(request)->frame->run->options;
  if (request->delta != NULL)
    options->delta(options->user, request->attempt, (Slice){0});
}

/* Any thread. */
static void on_started(ModelRequest *request) {
  const Pending *pending = of_request(request);
  gauge_up(&pending->frame->run->in_flight);
  run_see_limit(pending->frame->run, pending->backend);
  if (request->attempt == 1) observe_started(pending);
}

/* Any thread. */
static void on_paused(ModelRequest *request) {
  const Pending *pending = of_request(request);
  end_text(request);
  gauge_down(&pending->frame->run->in_flight);
  observe_paused(pending);
}

/* Any thread, before anybody else can take its place. */
static void on_ended(ModelRequest *request) {
  Run *run = of_request(request)->frame->run;
  gauge_down(&run->demand);
  if (!request->is_open) return;
  end_text(request);
  gauge_down(&run->in_flight);
}

/* The I/O thread. */
static void on_done(ModelRequest *request) {
  Pending *pending = of_request(request);
  Engine *engine = pending->frame->run->engine;
  observe_reply(pending);
  if (scope_leave(pending)) fire_finish_here(engine, pending);
}

static void cancel_call(Pending *pending) {
  model_cancel(pending->backend, &pending->request);
}

static Slice text_attr(const Object *object, uint32_t row, Attr attr) {
  const ObjConst *value = object_attr(object, row, attr);
  return value == NULL ? (Slice){0} : object_text(object, value->string);
}

static double number_attr(const Object *object, uint32_t row, Attr attr,
                          double otherwise) {
  const ObjConst *value = object_attr(object, row, attr);
  return value == NULL ? otherwise
                       : value_to_num(frame_constant(
                             object, (uint32_t)(value - object->consts)));
}

/* What the program says, else the configuration. */
static Slice system_of(const Run *run, uint32_t row, Slice operation) {
  Slice text = text_attr(run->object, row, ATTR_SYSTEM);
  if (text.length > 0) return text;
  const char *standard = config_instruction(run->engine->config, operation);
  return standard == NULL ? text : slice_of(standard);
}

static void fill_request(const Firing *firing, Pending *pending) {
  ModelRequest *request = &pending->request;
  const Frame *frame = firing->frame;
  const Object *object = frame->run->object;
  uint32_t row = object->graphs[frame->graph].first_node + firing->node;
  const ObjNode *node = &object->nodes[row];
  request->operation = slice_of(op_table[node->op].text);
  pending->backend = run_backend_at(frame->run, row);
  request->system = system_of(frame->run, row, request->operation);
  request->model = text_attr(object, row, ATTR_MODEL);
  request->temperature = number_attr(object, row, ATTR_TEMPERATURE, NAN);
  request->max_tokens = (uint32_t)number_attr(object, row, ATTR_MAX_TOKENS, 0);
  request->budget_tokens =
      (uint32_t)number_attr(object, row, ATTR_BUDGET_TOKENS, 0);
  request->limit_ns =
      (uint64_t)(number_attr(object, row, ATTR_TIMEOUT, 0) * NS_PER_MS);
  request->retries =
      (uint32_t)number_attr(object, row, ATTR_RETRIES, MODEL_RETRIES_UNSET);
  request->deadline = run_ends_at(frame->run);
  request->run = frame->run->id;
  request->name = frame->run->options.name;
  if (frame->run->engine->has_tape)
    frame_add_site(frame, firing->node, &request->site);
  request->phase = frame->run->options.phase;
  request->rank = frame->rank_base + node->rank;
  request->started = on_started;
  request->paused = on_paused;
  request->ended = on_ended;
  request->done = on_done;
  if (frame->run->options.delta != NULL &&
      stream_is_result(frame, firing->node))
    request->delta = on_delta;
}

static Pending *make_pending(Firing *firing) {
  Frame *frame = firing->frame;
  Pending *pending = MEM_NEW(Pending);
  pending->frame = frame;
  pending->node = firing->node;
  pending->path = firing->path;
  pending->ready_at = load_relaxed(&frame->slots[firing->node].value);
  pending->cancel = cancel_call;
  pending->is_model = true;
  return pending;
}

static void free_pending(Pending *pending) {
  model_request_clear(&pending->request);
  mem_free(pending);
}

/* The run is being cancelled: the call is not made. */
static Outcome not_made(Firing *firing, Pending *pending, Value *result) {
  Run *run = firing->frame->run;
  run->tallies[firing->worker->index].drained++;
  gauge_down(&run->demand);
  free_pending(pending);
  *result = VALUE_POISON;
  return OUTCOME_VALUE;
}

Outcome model_call(Firing *firing, Value *result) {
  Run *run = firing->frame->run;
  Engine *engine = run->engine;
  Pending *pending = make_pending(firing);
  if (!concat_values(firing->in, firing->in_count, SLICE(""),
                     &pending->request.prompt)) {
    run_fail(firing->frame, firing->node, FAILURE_TOO_LARGE,
             "the prompt is longer than %d MiB", LIMIT_VALUE_BYTES >> 20);
    gauge_down(&run->demand);
    free_pending(pending);
    return OUTCOME_FAILED;
  }
  firing_drop_inputs(firing);
  fill_request(firing, pending);
  if (engine->lazy_ns > 0) clock_sleep(engine->lazy_ns);
  if (!scope_enter(pending)) return not_made(firing, pending, result);
  path_take(&run->paths, pending->path);
  if (model_submit(pending->backend, &pending->request)) {
    scope_withdraw(pending);
  } else {
    observe_fired(firing);
    if (!scope_submitted(pending)) return OUTCOME_PENDING;
  }
  firing->finished = pending;
  return OUTCOME_VALUE;
}

/* ---- completion --------------------------------------------------------- */

/* With the backend: without the time between two attempts, whether it is spent
 * waiting for the server or for a slot. All attempts that failed are noted. */
static uint64_t service_of(const ModelRequest *request) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < request->attempts.length; i++)
    sum += request->attempts.data[i].took_ns;
  if (request->attempt > request->attempts.length)
    sum += request->completed_at - request->attempted_at;
  return sum;
}

/* Between two attempts, on purpose: not for a slot. */
static uint64_t retry_wait_of(const ModelRequest *request) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < request->attempts.length; i++)
    sum += request->attempts.data[i].waited_ns;
  return sum;
}

static void count_streamed(Tally *tally, const ModelRequest *request) {
  uint64_t first = request->first_text_at, last = request->last_text_at;
  if (request->status != STATUS_OK || first == 0) return;
  histogram_add(&tally->first_token, first - request->attempted_at);
  if (request->output_tokens > 1 && last > first)
    histogram_add(&tally->token_time,
                  (last - first) / (request->output_tokens - 1));
}

/* A call that was cut off counts as made, but its node did not run to its
 * end. */
static void count_call(Tally *tally, const ModelRequest *request) {
  uint64_t service = service_of(request);
  add_sum(&tally->requests, 1);
  add_sum(&tally->requests_failed, request->status != STATUS_OK);
  add_sum(&tally->replies_cut, request->status == STATUS_OK && request->is_cut);
  add_sum(&tally->input_tokens, request->input_tokens);
  add_sum(&tally->output_tokens, request->output_tokens);
  tally->tokens_estimated |= request->tokens_estimated;
  tally->attempts += request->attempt;
  tally->retry_wait_ns += retry_wait_of(request);
  tally->service_ns += service;
  histogram_add(&tally->latency, service);
  count_streamed(tally, request);
}

static uint32_t extend_path(Run *run, const Pending *pending) {
  const ModelRequest *request = &pending->request;
  uint64_t queued = request->queued_at;
  PathLink link = {
      .graph = pending->frame->graph,
      .node = pending->node,
      .service_ns = service_of(request) + retry_wait_of(request),
      .delay_ns = queued > pending->ready_at ? queued - pending->ready_at : 0};
  atomic_fetch_or(&run->mode, RUN_HAS_PATHS);
  return path_extend(&run->paths, pending->path, &link);
}

/* It did not come to its end, because the run does not. */
static void give_cancelled(Pending *pending, Tally *tally, Value *result) {
  failure_keep_open(pending);
  tally->drained++;
  *result = VALUE_POISON;
}

/* Its time was the run's. */
static bool is_over_with_run(const Pending *pending) {
  const ModelRequest *request = &pending->request;
  return request->problem == MODEL_PROBLEM_TIMED_OUT && request->deadline > 0 &&
         request->ends_at == request->deadline;
}

static const ObjConst *fallback_of(const Pending *pending) {
  const Frame *frame = pending->frame;
  const Object *object = frame->run->object;
  uint32_t row = object->graphs[frame->graph].first_node + pending->node;
  return object_attr(object, row, ATTR_FALLBACK);
}

/* Why there is no reply, unless the program has a value for that. What a replay
 * lacks is a fault of the replay, which no program may hide. */
static Outcome give_failure(Pending *pending, Value *result) {
  const ModelRequest *request = &pending->request;
  const Frame *frame = pending->frame;
  const ObjConst *fallback = fallback_of(pending);
  if (fallback != NULL && request->problem != MODEL_PROBLEM_NOT_RECORDED) {
    const Object *object = frame->run->object;
    *result = frame_constant(object, (uint32_t)(fallback - object->consts));
    return OUTCOME_VALUE;
  }
  bool is_end =
      run_fail(frame, pending->node, failure_of_problem(request->problem), "%s",
               request->reply.data == NULL ? status_text(request->status)
                                           : request->reply.data);
  if (is_end) failure_keep_call(pending);
  return OUTCOME_FAILED;
}

static void keep_reply(const Pending *pending, Value text) {
  Run *run = pending->frame->run;
  if (!run->options.keep_partial) return;
  partial_keep(&run->partial, &(RunReply){.graph = pending->frame->graph,
                                          .node = pending->node,
                                          .at = pending->request.completed_at,
                                          .text = text});
}

/* The reply as a value, or why there is none. */
static Outcome give_reply(Pending *pending, Tally *tally, Value *result) {
  const ModelRequest *request = &pending->request;
  if (request->status == STATUS_OK) {
    *result = value_text(buf_slice(&request->reply));
    keep_reply(pending, *result);
  } else if (request->status == STATUS_CANCELLED) {
    give_cancelled(pending, tally, result);
  } else if (is_over_with_run(pending)) {
    run_expire(&pending->frame->run->deadline);
    give_cancelled(pending, tally, result);
  } else {
    return give_failure(pending, result);
  }
  return OUTCOME_VALUE;
}

Outcome model_complete(Firing *firing, Pending *pending, Value *result) {
  Run *run = pending->frame->run;
  Tally *tally = &run->tallies[firing->worker->index];
  firing->path = 0;
  if (pending->request.dispatched_at != 0) {
    count_call(tally, &pending->request);
    firing->path = extend_path(run, pending);
  }
  observe_ended(firing->worker, pending);
  path_drop(&run->paths, pending->path);
  Outcome outcome = give_reply(pending, tally, result);
  model_request_clear(&pending->request);
  return outcome;
}
