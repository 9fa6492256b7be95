/* SPDX-License-Identifier: MIT
 *
 * An engine and its runs: making, starting, waiting, freeing. What happens in
 * between is fire.c.
 */
#include "runtime/engine/engine.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"
#include "runtime/engine/task.h"

static const SchedClient sched_client = {fire_task, fire_settle};

uint32_t engine_default_workers(void) {
  uint32_t count = thread_cpu_count();
  return count < 2 ? count : 2;
}

/* The least of some looks, in ns. */
static uint64_t measure_clock(void) {
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 16; i++) {
    uint64_t begin = clock_now();
    uint64_t cost = clock_now() - begin;
    if (cost < least) least = cost;
  }
  return least;
}

static void init_workers(Engine *engine) {
  uint32_t count = engine->worker_count;
  engine->workers =
      mem_alloc_aligned(CACHE_LINE, (count + 1) * sizeof(EngineWorker));
  for (uint32_t i = 0; i <= count; i++) {
    engine->workers[i].engine = engine;
    engine->workers[i].index = i;
    engine->workers[i].is_alone = count == 1;
    engine->workers[i].sample_in = engine->workers[i].sample_every = 1;
    engine->workers[i].ticks = engine->workers[i].tick_length = 1;
  }
}

Engine *engine_new(const EngineOptions *options, Error *error) {
  Engine *engine = MEM_NEW(Engine);
  engine->worker_count =
      options->workers == 0 ? engine_default_workers() : options->workers;
  if (engine->worker_count > LIMIT_WORKERS) {
    error_set(error, STATUS_LIMIT, "more than %d workers", LIMIT_WORKERS);
    mem_free(engine);
    return NULL;
  }
  engine->lazy_ns = options->lazy_ns;
  engine->window = options->window;
  engine->config = options->model.config;
  engine->has_tape = options->model.record || options->model.replay;
  engine->clock_cost_ns = measure_clock();
  engine->flush.run = fire_flush;
  init_workers(engine);
  model_reserve(&options->model);
  engine->reactor = reactor_new(error);
  if (engine->reactor != NULL)
    engine->model = model_client_new(&options->model, engine->reactor, error);
  if (engine->model != NULL)
    engine->sched =
        sched_new(engine->worker_count, &sched_client, engine, error);
  if (engine->sched == NULL) {
    engine_free(engine);
    return NULL;
  }
  return engine;
}

void engine_free(Engine *engine) {
  if (engine == NULL) return;
  /* The client first: the I/O thread may still be inside the post that told
   * us that all is over, and must be out of it before the inbox goes. */
  if (engine->model != NULL) model_client_free(engine->model);
  sched_free(engine->sched);
  if (engine->reactor != NULL) reactor_free(engine->reactor);
  for (uint32_t i = 0; i <= engine->worker_count; i++)
    mem_free(engine->workers[i].scratch);
  mem_free(engine->workers);
  mem_free(engine);
}

Reactor *engine_reactor(Engine *engine) {
  return engine->reactor;
}
ModelClient *engine_model(Engine *engine) {
  return engine->model;
}
uint32_t engine_workers(const Engine *engine) {
  return engine->worker_count;
}

/* ---- runs --------------------------------------------------------------- */

static Run *make_run(Engine *engine, const Object *object,
                     const RunOptions *options) {
  Run *run = MEM_NEW(Run);
  uint32_t args = object->flows[options->flow].param_count;
  run->engine = engine;
  run->object = object;
  run->options = *options;
  run->options.args = NULL;
  run->args = mem_alloc_zero(args + 1, sizeof(Value));
  if (args > 0) memcpy(run->args, options->args, args * sizeof(Value));
  run->id = add_relaxed(&engine->next_run, 1) + 1;
  run->result = VALUE_UNIT;
  run->tallies =
      mem_alloc_aligned(CACHE_LINE, (engine->worker_count + 1) * sizeof(Tally));
  run->pool = mem_alloc_zero(object->graph_count + 1, sizeof(Frame *));
  run->scope.run = run;
  run->deadline.fire = run_expire;
  path_pool_init(&run->paths);
  window_init(&run->window);
  partial_init(&run->partial);
  mutex_init(&run->pool_lock);
  mutex_init(&run->scope_lock);
  mutex_init(&run->done_lock);
  cond_init(&run->done);
  return run;
}

Run *run_start(Engine *engine, const Object *object, const RunOptions *options,
               Error *error) {
  Run *run = make_run(engine, object, options);
  if (run_find_backends(run, error) != STATUS_OK) {
    const ObjFlow *flow = &object->flows[options->flow];
    for (uint32_t i = 0; i < flow->param_count; i++) value_drop(run->args[i]);
    run_free(run);
    return NULL;
  }
  run->window.limit = engine->window > 0
                          ? engine->window
                          : window_limit(run_in_flight_bound(run));
  sched_times(engine->sched, &run->times_before);
  report_samples(engine, &run->samples_before);
  run->started_at = run->failure.started_at = clock_now();
  if (options->trace != NULL) {
    trace_begin(options->trace, run->id, run->started_at);
    atomic_fetch_or(&run->mode, RUN_TRACED);
  }
  if (options->deadline_ns > 0)
    reactor_timer_set(engine->reactor, &run->deadline, run_ends_at(run));
  sched_post(engine->sched, task_to_begin(run));
  return run;
}

void run_wait(Run *run) {
  mutex_lock(&run->done_lock);
  while (!run->finished) cond_wait(&run->done, &run->done_lock);
  mutex_unlock(&run->done_lock);
}

RunStatus run_status(const Run *run) {
  return run->metrics.status;
}

const char *run_error(const Run *run) {
  return run->error.message;
}

Value run_result(const Run *run) {
  return run->metrics.status == RUN_SUCCESS ? run->result : VALUE_UNIT;
}

uint32_t run_output_lines(const Run *run, const Slice **lines) {
  *lines = run->scope.lines.data;
  return run->scope.lines.length;
}

uint32_t run_partial(const Run *run, const RunReply **replies,
                     uint64_t *dropped) {
  const Partial *partial = &run->partial;
  *dropped = partial->dropped;
  *replies = partial->replies.data;
  if (partial->gone > 0) *replies += partial->gone;
  return partial->replies.length - partial->gone;
}

const RunMetrics *run_metrics(const Run *run) {
  return &run->metrics;
}

static void free_pool(Run *run) {
  for (uint32_t i = 0; i < run->object->graph_count; i++) {
    Frame *frame = run->pool[i];
    while (frame != NULL) {
      Frame *next = frame->next_free;
      mem_free(frame);
      frame = next;
    }
  }
  mem_free(run->pool);
}

static void free_tallies(Run *run) {
  for (uint32_t i = 0; i <= run->engine->worker_count; i++) {
    histogram_free(&run->tallies[i].latency);
    histogram_free(&run->tallies[i].first_token);
    histogram_free(&run->tallies[i].token_time);
  }
  mem_free(run->tallies);
}

static void pass_by(void *nothing) {
  (void)nothing;
}

/* It may be about to fire; when somebody else has been on that thread after
 * it, it has. */
static void stop_deadline(Run *run) {
  Reactor *reactor = run->engine->reactor;
  if (run->options.deadline_ns == 0) return;
  if (!reactor_timer_cancel(reactor, &run->deadline))
    reactor_call(reactor, pass_by, NULL);
}

void run_free(Run *run) {
  if (run == NULL) return;
  stop_deadline(run);
  free_pool(run);
  free_tallies(run);
  metrics_free(&run->metrics);
  path_pool_free(&run->paths);
  value_drop(run->result);
  scope_clear(&run->scope);
  run_failure_free(&run->failure);
  window_free(&run->window);
  partial_free(&run->partial);
  vec_free(&run->backends);
  mutex_destroy(&run->pool_lock);
  mutex_destroy(&run->scope_lock);
  mutex_destroy(&run->done_lock);
  cond_destroy(&run->done);
  mem_free(run->args);
  mem_free(run);
}
