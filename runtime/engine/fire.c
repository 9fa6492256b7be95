/* SPDX-License-Identifier: MIT
 *
 * The firing rule. A ready node is fired, its token routed; the first consumer
 * that this makes ready is run by the same worker, in a loop; the others are
 * left to the scheduler.
 *
 *     fire:  collect inputs -> handler -> store the value
 *     route: count consumers down -> publish the ready ones (route.h)
 *
 * Once their scope has failed or was cancelled, nodes fire without running
 * (drain): each drops its inputs and yields poison. So every frame ends the
 * same way, by END, and nothing is ever torn down.
 *
 * After the last token of a node was routed, its frame, its run and the object
 * may be gone: nothing here touches them then.
 */
#include <assert.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/cycle.h"
#include "runtime/engine/route.h"

enum {
  LOOK_EVERY = 64,    /* nodes between two looks around */
  SMALL_INPUTS = 16,  /* collected on the stack */
  KEPT_INPUTS = 4096, /* room that a worker keeps between joins */
  SHORT_NODES = 16,   /* run by the I/O thread in a row */
  SHORT_BYTES = 4096, /* of text that such a node reads */
  SAMPLE_EVERY = 256  /* nodes; fewer after a pause, when time is cheap */
};

/* Where the loop is. */
typedef struct Spot {
  Frame *frame;
  uint32_t node; /* to run, or NO_NODE */
} Spot;

void fire_settle(void *engine, Worker *worker) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  /* About to look around or sleep: time is cheap, sample again. */
  state->sample_every = state->sample_in = 1;
  state->ticks = state->tick_length = 1;
  route_settle(state);
}

/* ---- firing ------------------------------------------------------------- */

static Value *inputs_array(EngineWorker *worker, uint32_t count) {
  if (count > worker->scratch_capacity) {
    mem_free(worker->scratch);
    worker->scratch = mem_alloc(count * sizeof(Value));
    worker->scratch_capacity = count;
  }
  return worker->scratch;
}

/* What a join of very many needed is not kept for ever. */
static void trim_inputs(EngineWorker *worker) {
  if (worker->scratch_capacity <= KEPT_INPUTS) return;
  mem_free(worker->scratch);
  worker->scratch = NULL;
  worker->scratch_capacity = 0;
}

/* The value inputs come first, then the order edges. */
static inline uint32_t collect(const Frame *frame, uint32_t first,
                               uint32_t count, Value *in) {
  const ObjRef *ref = frame->inputs + first;
  const ObjRef *end = ref + count;
  Value *next = in;
  for (; ref < end && !(*ref & OBJ_REF_ORDER); ref++, next++) {
    if (__builtin_expect(!(*ref & OBJ_REF_CONST), 1))
      *next = load_relaxed(&frame->slots[*ref].value);
    else
      *next = frame_constant(frame->run->object, *ref);
  }
  return (uint32_t)(next - in);
}

static uint32_t longest_path(const Frame *frame, const ObjNode *node) {
  const PathPool *pool = &frame->run->paths;
  uint32_t path = frame->path;
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if (!(ref & OBJ_REF_CONST))
      path = path_longer(pool, path, frame->slots[ref & OBJ_REF_INDEX].path);
  }
  return path;
}

/* Stores the outcome of a work node; its token can be routed after it. */
static inline void complete(Firing *firing, Outcome outcome, Value value,
                            uint32_t path) {
  Frame *frame = firing->frame;
  if (outcome == OUTCOME_FAILED) {
    run_tally(firing->worker, frame)->failed++;
    value = VALUE_POISON;
  }
  frame->slots[firing->node].path = path;
  frame_put(frame, firing->node, value);
}

/* The value of a result for who opened the frame. */
static void yield(Firing *firing, uint32_t index, Value value) {
  Frame *frame = firing->frame;
  if (frame->gate != NULL)
    frame->gate->kind->result(firing->worker, frame, index, value,
                              firing->path);
  else
    route_forward(firing->worker, frame->parent, frame->call + 1 + index, value,
                  firing->path);
}

/* A result goes on before its token does: while it is here, END cannot
 * fire. */
static void fire_result(Firing *firing) {
  Frame *frame = firing->frame;
  const ObjGraph *graph = &frame->run->object->graphs[frame->graph];
  uint32_t index = firing->node + 1 + graph->result_count - frame->node_count;
  bool has_value = firing->in_count > 0;
  Value value = has_value ? firing->in[0] : VALUE_UNIT;
  if (firing->draining) {
    firing_drop_inputs(firing);
    value = VALUE_POISON;
    run_tally(firing->worker, frame)->drained++;
  }
  path_take(&frame->run->paths, firing->path);
  frame->slots[firing->node].path = firing->path;
  store_relaxed(&frame->slots[firing->node].value, VALUE_UNIT);
  if (frame->parent != NULL)
    yield(firing, index, value);
  else if (has_value)
    frame->run->result = value == VALUE_POISON ? VALUE_UNIT : value;
}

static void finish_run(Run *run) {
  void (*finished)(void *) = run->options.finished;
  if (finished != NULL) finished(run->options.user);
  mutex_lock(&run->done_lock);
  run->finished = true;
  cond_broadcast(&run->done);
  mutex_unlock(&run->done_lock);
}

/* A gate tells when its node is done; it is gone then, the parent is not. */
static bool fire_gated_end(Firing *firing) {
  Frame *frame = firing->frame;
  firing->frame = frame->parent;
  firing->node = frame->call;
  return gate_child_ended(firing->worker, frame, firing->path);
}

/* Everything in the frame has come to rest. True: the composite in the parent
 * is done, and its token is to be routed. */
static bool fire_end(Firing *firing) {
  Frame *frame = firing->frame;
  Run *run = frame->run;
  Frame *parent = frame->parent;
  uint32_t call = frame->call;
  run_tally(firing->worker, frame)->executed +=
      run->object->links[frame->graph].work_count;
  if (run->options.trace != NULL) observe_frame(firing->worker, frame);
  if (parent == NULL) report_fill(run, firing->path);
  if (frame->gate != NULL) return fire_gated_end(firing);
  path_take(&run->paths, firing->path);
  frame_release(frame);
  if (parent == NULL) {
    finish_run(run);
    return false;
  }
  parent->slots[call].path = firing->path;
  store_relaxed(&parent->slots[call].value, VALUE_UNIT);
  firing->frame = parent;
  firing->node = call;
  return true;
}

/* Fires without running. */
static void drain(Firing *firing) {
  Frame *frame = firing->frame;
  Slot *slot = &frame->slots[firing->node];
  firing_drop_inputs(firing);
  run_tally(firing->worker, frame)->drained++;
  if (frame_is_model_call(frame, firing->node)) gauge_down(&frame->run->demand);
  path_take(&frame->run->paths, firing->path);
  slot->path = firing->path;
  store_relaxed(&slot->value, VALUE_POISON);
}

/* Counts a timed node that has completed and makes its link of the path. */
static uint32_t account(Firing *firing, Outcome *outcome, Value *value) {
  Pending *pending = firing->finished;
  *outcome = pending->is_model ? model_complete(firing, pending, value)
                               : print_complete(firing, pending, value);
  uint32_t path = firing->path;
  mem_free(pending);
  firing->finished = NULL;
  return path;
}

/* Runs the handler of a work node. False: it is pending. */
static inline bool run_handler(Firing *firing, const ObjNode *node) {
  Value value = VALUE_UNIT;
  Outcome outcome = OUTCOME_VALUE;
  if (!firing->has_absent || !absent_skips(firing, &value))
    outcome = handler_table[node->op](firing, &value);
  if (outcome == OUTCOME_PENDING) return false;
  uint32_t path = firing->path;
  if (firing->finished != NULL)
    path = account(firing, &outcome, &value);
  else if (path != 0)
    path_take(&firing->frame->run->paths, path);
  complete(firing, outcome, value, path);
  return true;
}

static bool fire_frame(Firing *firing, const ObjNode *node) {
  if (node->op == OP_END) return fire_end(firing);
  fire_result(firing);
  return true;
}

/* Fires one node whose inputs are in `firing`. True: the token of
 * firing->frame, firing->node is to be routed. */
static inline bool fire(Firing *firing, const ObjNode *node) {
  if (node->op <= OP_END) return fire_frame(firing, node);
  if (__builtin_expect(firing->draining, 0)) {
    drain(firing);
    return true;
  }
  bool fired = run_handler(firing, node);
  firing_drop_inputs(firing);
  return fired;
}

static inline const ObjNode *dispatch(Firing *firing) {
  uint32_t mode = load_relaxed(&firing->frame->run->mode);
  const ObjNode *node = &firing->frame->nodes[firing->node];
  firing->draining =
      (mode & RUN_DRAINING) != 0 && scope_is_draining(firing->frame->scope);
  firing->has_absent = (mode & RUN_HAS_ABSENT) != 0;
  firing->has_paths = (mode & RUN_HAS_PATHS) != 0;
  bool is_traced = (mode & RUN_TRACED) != 0 && op_is_counted((Op)node->op);
  firing->begun_at = is_traced && !firing->draining ? clock_now() : 0;
  return node;
}

static inline void prepare(Firing *firing, const ObjNode *node, Value *small) {
  uint32_t inputs = node[1].inputs - node->inputs;
  if (node->op == OP_END) inputs = 0; /* order edges only */
  firing->in = small;
  if (__builtin_expect(inputs > SMALL_INPUTS, 0))
    firing->in = inputs_array(firing->worker, inputs);
  firing->in_count = collect(firing->frame, node->inputs, inputs, firing->in);
  firing->path = 0;
  if (__builtin_expect(firing->has_paths, 0))
    firing->path = longest_path(firing->frame, node);
  firing->finished = NULL;
}

/* ---- the loop ----------------------------------------------------------- */

/* A phase from `from` to `to` of a node that stands for `weight` nodes; the
 * look at the clock is not part of it. */
static void add_phase(EngineWorker *worker, _Atomic uint64_t *sum,
                      uint64_t from, uint64_t to) {
  uint64_t cost = worker->engine->clock_cost_ns;
  if (to - from > cost) add_sum(sum, (to - from - cost) * worker->weight);
}

/* A turn of the loop with a look at the clock between the phases. */
static Spot turn_sampled(EngineWorker *worker, Spot spot) {
  Firing firing = {.worker = worker, .frame = spot.frame, .node = spot.node};
  Value small[SMALL_INPUTS];
  uint32_t ready[ROUTE_CHUNK];
  uint64_t t0 = clock_now();
  const ObjNode *node = dispatch(&firing);
  uint64_t t1 = clock_now();
  prepare(&firing, node, small);
  uint64_t t2 = clock_now();
  bool fired = fire(&firing, node);
  if (fired && firing.begun_at != 0) observe_fired(&firing);
  uint64_t t3 = clock_now();
  uint64_t t4 = t3, t5 = t3;
  spot = (Spot){firing.frame, NO_NODE};
  if (fired) {
    uint32_t count =
        route_count_down(worker, spot.frame, firing.node, 0, ready);
    t4 = clock_now();
    spot.node = route_publish(worker, spot.frame, ready, count);
    t5 = clock_now();
  }
  SampleSums *sums = &worker->sums;
  add_sum(&sums->nodes, worker->weight);
  add_phase(worker, &sums->dispatch_ns, t0, t1);
  add_phase(worker, &sums->input_ns, t1, t2);
  add_phase(worker, &sums->body_ns, t2, t3);
  add_phase(worker, &sums->route_ns, t3, t4);
  add_phase(worker, &sums->ready_ns, t4, t5);
  return spot;
}

/* Fires and routes whatever it is. */
static Spot turn_any(EngineWorker *worker, Spot spot) {
  Firing firing = {.worker = worker, .frame = spot.frame, .node = spot.node};
  Value small[SMALL_INPUTS];
  const ObjNode *node = dispatch(&firing);
  prepare(&firing, node, small);
  bool fired = fire(&firing, node);
  if (fired && firing.begun_at != 0) observe_fired(&firing);
  trim_inputs(worker);
  if (!fired) return (Spot){firing.frame, NO_NODE};
  uint32_t next = route_chunk(worker, firing.frame, firing.node, 0);
  return (Spot){firing.frame, next};
}

/* The same for the common case, a pure node of few inputs in a run that is
 * neither draining nor has timed a node yet, without what it does not need. */
static inline Spot turn(EngineWorker *worker, Spot spot) {
  Frame *frame = spot.frame;
  const ObjSpan *span = &frame->spans[spot.node];
  uint32_t inputs = span[1].inputs - span->inputs;
  PureFunction pure = pure_table[frame->ops[spot.node]];
  if (pure == NULL || inputs > SMALL_INPUTS ||
      load_relaxed(&frame->run->mode) != 0)
    return turn_any(worker, spot);
  Value in[SMALL_INPUTS];
  Value value = pure(in, collect(frame, span->inputs, inputs, in));
  if (value == VALUE_EMPTY) return turn_any(worker, spot);
  frame_put(frame, spot.node, value);
  uint32_t first = span->consumers, count = span[1].consumers - first;
  return (Spot){frame, route_token(worker, frame, spot.node, first, count)};
}

/* A look around: publishes a held join, brings in the inbox. True: the next
 * node is to be timed by phases. */
static bool tick(EngineWorker *worker) {
  route_settle(worker);
  sched_poll(worker->worker);
  worker->sample_in -= worker->tick_length;
  bool is_sample = worker->sample_in == 0;
  if (is_sample) {
    worker->weight = worker->sample_every;
    if (worker->sample_every < SAMPLE_EVERY) worker->sample_every *= 2;
    worker->sample_in = worker->sample_every;
  }
  worker->tick_length =
      worker->sample_in < LOOK_EVERY ? worker->sample_in : LOOK_EVERY;
  worker->ticks = worker->tick_length;
  return is_sample;
}

/* Runs `spot`, what it makes ready, and the worker's newest nodes after that,
 * until the scheduler is wanted. */
static void run_from(EngineWorker *worker, Spot spot) {
  for (;;) {
    while (spot.node != NO_NODE) {
      if (__builtin_expect(--worker->ticks == 0, 0) && tick(worker))
        spot = turn_sampled(worker, spot);
      else
        spot = turn(worker, spot);
    }
    const Task *task = sched_newest(worker->worker);
    if (task == NULL || task_kind(task->argument) != TASK_FIRE) return;
    spot = (Spot){task->object, task_node(task->argument)};
    sched_drop_newest(worker->worker);
  }
}

static void route_on(EngineWorker *worker, Frame *frame, uint64_t argument) {
  uint32_t producer = task_node(argument);
  uint32_t first = task_first_chunk(argument);
  uint32_t order = task_order(argument);
  uint32_t count;
  frame_consumers(frame, producer, &count);
  route_split(worker, frame, producer, first, order, count);
  uint32_t next = route_chunk(worker, frame, producer, first);
  run_from(worker, (Spot){frame, next});
}

/* There is room for what a `try` has printed. */
static Spot resume(EngineWorker *worker, Pending *pending) {
  Frame *frame = pending->frame;
  uint32_t node = pending->node;
  bool done = try_resume(worker, pending);
  return (Spot){frame, done ? route_chunk(worker, frame, node, 0) : NO_NODE};
}

/* Accounts for a node that somebody finished and routes its token. */
static Spot finish(EngineWorker *worker, Pending *pending) {
  if (pending->gate != NULL) return resume(worker, pending);
  Firing firing = {.worker = worker,
                   .frame = pending->frame,
                   .node = pending->node,
                   .path = pending->path,
                   .finished = pending};
  Outcome outcome;
  Value value = VALUE_UNIT;
  bool is_traced = pending->frame->run->options.trace != NULL;
  uint64_t begun_at = is_traced ? clock_now() : 0;
  uint32_t path = account(&firing, &outcome, &value);
  complete(&firing, outcome, value, path);
  if (is_traced) observe_resumed(&firing, begun_at);
  uint32_t next = route_chunk(worker, firing.frame, firing.node, 0);
  return (Spot){firing.frame, next};
}

/* ---- on the I/O thread --------------------------------------------------- */

/* Whether the inputs of a node are a page of text at most. */
static bool inputs_are_small(const Frame *frame, const ObjSpan *span) {
  size_t bytes = 0;
  if (span[1].inputs - span->inputs > SMALL_INPUTS) return false;
  for (uint32_t i = span->inputs; i < span[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if (ref & OBJ_REF_ORDER) continue;
    Value value = ref & OBJ_REF_CONST ? frame_constant(frame->run->object, ref)
                                      : load_relaxed(&frame->slots[ref].value);
    ValueKind kind = value_kind(value);
    if (kind == VALUE_KIND_LIST || kind == VALUE_KIND_MAP) return false;
    if (kind == VALUE_KIND_TEXT) bytes += value_to_slice(value).length;
  }
  return bytes <= SHORT_BYTES;
}

/* Pure, or a model call, which only hands a request on; and little to copy. A
 * range makes much of little. */
static bool is_short(const Engine *engine, Spot spot) {
  Op op = (Op)spot.frame->ops[spot.node];
  bool fits = (pure_table[op] != NULL && op != OP_RANGE) ||
              (op_table[op].effect == EFFECT_MODEL && engine->lazy_ns == 0);
  return fits && inputs_are_small(spot.frame, &spot.frame->spans[spot.node]);
}

/* What is ready at `spot`, and what that makes ready, as long as it is short;
 * at most SHORT_NODES. */
static void run_short(EngineWorker *lane, Spot spot) {
  for (uint32_t left = SHORT_NODES; spot.node != NO_NODE; left--) {
    if (left == 0 || !is_short(lane->engine, spot)) {
      Task task = task_to_fire(spot.frame, spot.node);
      sched_add(lane->worker, &task, 1);
      return;
    }
    spot = turn(lane, spot);
  }
}

void fire_flush(ReactorJob *job) {
  Engine *engine = (Engine *)((char *)job - offsetof(Engine, flush));
  engine->is_flushing = false;
  EngineWorker *lane = &engine->workers[engine->worker_count];
  route_settle(lane);
  sched_flush(lane->worker);
}

void fire_finish_here(Engine *engine, Pending *pending) {
  if (engine->worker_count == 1) {
    sched_post(engine->sched, task_to_finish(pending));
    return;
  }
  EngineWorker *lane = &engine->workers[engine->worker_count];
  lane->worker = sched_guest(engine->sched);
  if (!engine->is_flushing) reactor_post(engine->reactor, &engine->flush);
  engine->is_flushing = true;
  run_short(lane, finish(lane, pending));
}

/* There is no memory for the entry frame: the run is over. */
static void refuse_run(Run *run, uint32_t node_count) {
  const ObjFlow *flow = &run->object->flows[run->options.flow];
  for (uint32_t i = 0; i < flow->param_count; i++) value_drop(run->args[i]);
  mutex_lock(&run->scope_lock);
  run->status = RUN_FAILED;
  error_set(&run->error, STATUS_NO_MEMORY, "no memory for %u nodes",
            node_count);
  failure_begin(&run->failure, failure_text(FAILURE_NO_MEMORY));
  mutex_unlock(&run->scope_lock);
  report_fill(run, 0);
  finish_run(run);
}

/* Opens the entry frame and hands it the arguments. */
static void begin_run(EngineWorker *worker, Run *run) {
  const ObjFlow *flow = &run->object->flows[run->options.flow];
  const ObjGraph *graph = &run->object->graphs[flow->graph];
  bool starts = run->object->links[flow->graph].start_count > 0;
  uint32_t params = graph->param_count;
  uint32_t node_count = graph->node_count;
  Frame *frame = frame_new(run, flow->graph, NULL, 0);
  if (frame == NULL) {
    refuse_run(run, node_count);
    return;
  }
  run->tallies[worker->index].frames++;
  uint32_t values = flow->param_count;
  Value *args = run->args;
  for (uint32_t i = 0; i < params; i++)
    route_forward(worker, frame, i, i < values ? args[i] : VALUE_UNIT, 0);
  if (starts) route_later(worker, frame, node_count);
}

void fire_task(void *engine, Worker *worker, Task task) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  switch (task_kind(task.argument)) {
    case TASK_FIRE:
      run_from(state, (Spot){task.object, task_node(task.argument)});
      return;
    case TASK_ROUTE:
      route_on(state, task.object, task.argument);
      return;
    case TASK_FINISH:
      run_from(state, finish(state, task.object));
      return;
    case TASK_BEGIN:
      begin_run(state, task.object);
      return;
    case TASK_OPEN:
      cycle_open(state, task.object);
      return;
  }
}
