/* SPDX-License-Identifier: MIT
 *
 * The firing rule. A token that arrives counts its consumer's `pending` down;
 * the one that reaches zero makes the consumer ready. The first ready consumer
 * is run by the same worker, in a loop; the others go on its deque.
 *
 *     fire a node: collect inputs -> handler -> store the value
 *     route it:    count consumers down -> publish the ready ones
 *
 * Three kinds of nodes take the slow path of routing, marked by bits of their
 * counter: calls take tokens one by one and hand them to the child frame;
 * joins of many are counted down in the worker first and in the slot now and
 * then, so two workers do not fight for one cache line; timed nodes are
 * stamped when they become ready.
 *
 * Once the run has failed or was cancelled, nodes fire without running
 * (drain): each drops its inputs and yields poison. So every frame ends the
 * same way, by END, and nothing is ever torn down.
 *
 * After the last token of a node was routed, its frame, its run and the object
 * may be gone: nothing here touches them then.
 */
#include <assert.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"

enum {
  NO_NODE = UINT32_MAX,
  CHUNK = 64,        /* consumers routed before the rest is left to a task */
  LOOK_EVERY = 64,   /* nodes between two looks around */
  SMALL_INPUTS = 16, /* collected on the stack */
  SAMPLE_EVERY = 256 /* nodes; fewer after a pause, when time is cheap */
};

/* A child frame that was refused: the call drains. */
#define CALL_REFUSED VALUE_POISON

/* ---- tasks -------------------------------------------------------------- */

/* Task.argument: two bits of kind, then what it needs. */
enum { TASK_FIRE, TASK_ROUTE, TASK_FINISH, TASK_BEGIN };

static Task fire_node_task(Frame *frame, uint32_t node) {
  return (Task){frame, (uint64_t)TASK_FIRE << 62 | node};
}

/* Route 2^order chunks of the consumers of `producer` from chunk `first` on;
 * the last of them may lie behind the end. Ranges are halved until one chunk
 * is left, so a thief takes half of what there is. */
static Task route_task(Frame *frame, uint32_t producer, uint32_t first,
                       uint32_t order) {
  return (Task){frame, (uint64_t)TASK_ROUTE << 62 | (uint64_t)order << 56 |
                           (uint64_t)first << 28 | producer};
}

Task fire_finish_task(Pending *pending) {
  return (Task){pending, (uint64_t)TASK_FINISH << 62};
}

Task fire_begin_task(Run *run) {
  return (Task){run, (uint64_t)TASK_BEGIN << 62};
}

static void push_route(EngineWorker *worker, Frame *frame, uint32_t node) {
  Task task = route_task(frame, node, 0, 0);
  sched_add(worker->worker, &task, 1);
}

static bool is_draining(const Frame *frame) {
  return run_is_draining(frame->run);
}

static bool is_model_call(const Frame *frame, uint32_t node) {
  return op_table[frame->nodes[node].op].effect == EFFECT_MODEL;
}

static Tally *tally_of(const EngineWorker *worker, const Frame *frame) {
  return &frame->run->tallies[worker->index];
}

/* ---- wide joins --------------------------------------------------------- */

/* A timed node is ready: notes the moment, and that a call is wanted from now
 * on, however late the scheduler makes it. */
static void stamp_if_timed(Frame *frame, uint32_t node, uint32_t bits) {
  if (!(bits & PENDING_TIMED)) return;
  store_relaxed(&frame->slots[node].value, clock_now());
  if (is_model_call(frame, node)) gauge_up(&frame->run->demand);
}

/* Counts the held tokens down in the slot; pushes the join if it is ready. */
static void settle_join(EngineWorker *worker) {
  Frame *frame = worker->join_frame;
  if (frame == NULL) return;
  worker->join_frame = NULL;
  Slot *slot = &frame->slots[worker->join_node];
  uint32_t before = sub_acq_rel(&slot->pending, worker->join_count);
  if ((before & PENDING_COUNT) != worker->join_count) return;
  stamp_if_timed(frame, worker->join_node, before);
  Task task = fire_node_task(frame, worker->join_node);
  sched_push(worker->worker, &task, 1);
}

void fire_settle(void *engine, Worker *worker) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  /* About to look around or sleep: time is cheap, sample again. */
  state->sample_every = state->sample_in = 1;
  state->ticks = state->tick_length = 1;
  settle_join(state);
}

/* One token for a wide join. True: it is ready, and this worker runs it. */
static bool arrive_at_join(EngineWorker *worker, Frame *frame, uint32_t node) {
  if (worker->join_frame != frame || worker->join_node != node) {
    settle_join(worker);
    worker->join_frame = frame;
    worker->join_node = node;
    worker->join_count = 0;
  }
  worker->join_count++;
  Slot *slot = &frame->slots[node];
  uint32_t pending = load_acquire(&slot->pending);
  if ((pending & PENDING_COUNT) != worker->join_count) return false;
  worker->join_frame = NULL; /* all that was missing is held here */
  stamp_if_timed(frame, node, pending);
  return true;
}

/* ---- calls -------------------------------------------------------------- */

/* Gives parameter `index` of `child` its token; takes over one reference. */
static void forward(EngineWorker *worker, Frame *child, uint32_t index,
                    Value value, uint32_t path) {
  frame_put(child, index, value);
  path_take(&child->run->paths, path);
  child->slots[index].path = path;
  push_route(worker, child, index);
}

/* The next constant among the inputs from `i` on, or `end`. Looked for before
 * the one in hand is forwarded: the frame may be gone after the last. */
static uint32_t next_constant(const Frame *frame, uint32_t i, uint32_t end) {
  while (i < end && !(frame->inputs[i] & OBJ_REF_CONST)) i++;
  return i;
}

/* What a fresh child can have at once: constants, and its start. One of the
 * two there is, or the call would not be among the starts of its graph. */
static void begin_child(EngineWorker *worker, Frame *parent, Frame *child) {
  const ObjNode *call = &parent->nodes[child->call];
  bool starts = child->links->start_count > 0;
  uint32_t node_count = child->node_count;
  uint32_t first = call->inputs, end = call[1].inputs;
  for (uint32_t i = next_constant(parent, first, end); i < end;) {
    uint32_t next = next_constant(parent, i + 1, end);
    forward(worker, child, i - first,
            frame_constant(parent->run->object, parent->inputs[i]), 0);
    i = next;
  }
  if (starts) push_route(worker, child, node_count);
}

static Frame *refuse_child(EngineWorker *worker, Frame *frame) {
  tally_of(worker, frame)->failed++;
  return NULL;
}

static Frame *make_child(EngineWorker *worker, Frame *frame, uint32_t node) {
  uint32_t graph = frame->nodes[node].target;
  if (frame->depth >= LIMIT_CALL_DEPTH) {
    run_fail(frame, node, "calls are nested deeper than %d", LIMIT_CALL_DEPTH);
    return refuse_child(worker, frame);
  }
  Frame *child = frame_new(frame->run, graph, frame, node);
  if (child != NULL) return child;
  run_fail(frame, node, "no memory for a frame of %u nodes",
           frame->run->object->graphs[graph].node_count);
  return refuse_child(worker, frame);
}

/* The child frame of a call, made by whoever brings the first token; NULL
 * when that one was refused, then all others are too. */
static Frame *open_call(EngineWorker *worker, Frame *frame, uint32_t node) {
  Slot *slot = &frame->slots[node];
  Value seen = load_acquire(&slot->value);
  if (seen == VALUE_EMPTY) {
    Frame *child = is_draining(frame) ? NULL : make_child(worker, frame, node);
    Value wanted = child == NULL
                       ? CALL_REFUSED
                       : VALUE_TAG(VALUE_KIND_OTHER) | (uintptr_t)child;
    if (atomic_compare_exchange_strong_explicit(&slot->value, &seen, wanted,
                                                memory_order_acq_rel,
                                                memory_order_acquire)) {
      if (child == NULL) return NULL;
      tally_of(worker, frame)->frames++;
      return child;
    }
    if (child != NULL) frame_release(child);
  }
  return seen == CALL_REFUSED ? NULL : value_pointer(seen);
}

/* A refused call has all its tokens: poison to its ports, and it is done. */
static void drain_call(EngineWorker *worker, Frame *frame, uint32_t node) {
  uint32_t count =
      frame->run->object->graphs[frame->nodes[node].target].result_count;
  tally_of(worker, frame)->drained++;
  for (uint32_t port = node + 1; port <= node + count; port++) {
    store_relaxed(&frame->slots[port].value, VALUE_POISON);
    push_route(worker, frame, port);
  }
  push_route(worker, frame, node);
}

/* A token for a refused call is only counted; `value` is dropped. */
static void refuse_token(EngineWorker *worker, Frame *frame, uint32_t node,
                         Value value) {
  value_drop(value);
  uint32_t before = sub_acq_rel(&frame->slots[node].pending, 1);
  if ((before & PENDING_COUNT) == 1) drain_call(worker, frame, node);
}

/* The start edge of a call brings what the child can have at once. Nobody else
 * does, so the child cannot end before this token came. */
static void start_call(EngineWorker *worker, Frame *frame, uint32_t node) {
  Frame *child = open_call(worker, frame, node);
  if (child == NULL)
    refuse_token(worker, frame, node, VALUE_UNIT);
  else
    begin_child(worker, frame, child);
}

/* The token of `producer` for a call, on the edge after `skip` others between
 * the two. */
static void feed_call(EngineWorker *worker, Frame *frame, uint32_t producer,
                      uint32_t node, uint32_t skip) {
  const ObjRef *inputs = frame->inputs + frame->nodes[node].inputs;
  uint32_t index = 0;
  for (;; index++) {
    if (inputs[index] & OBJ_REF_CONST) continue;
    if ((inputs[index] & OBJ_REF_INDEX) == producer && skip-- == 0) break;
  }
  const Slot *slot = &frame->slots[producer];
  bool has_value = !(inputs[index] & OBJ_REF_ORDER);
  Value value = has_value ? load_relaxed(&slot->value) : VALUE_UNIT;
  Frame *child = open_call(worker, frame, node);
  if (child == NULL)
    refuse_token(worker, frame, node, value);
  else
    forward(worker, child, index, value, slot->path);
}

/* The token on edge consumers[i] for a call: the start's or a producer's. */
static void arrive_at_call(EngineWorker *worker, Frame *frame,
                           uint32_t producer, const uint32_t *consumers,
                           uint32_t i) {
  uint32_t node = consumers[i] & CONSUMER_INDEX;
  if (producer == frame->node_count) {
    start_call(worker, frame, node);
    return;
  }
  uint32_t skip = 0;
  while (skip < i && (consumers[i - skip - 1] & CONSUMER_INDEX) == node) skip++;
  feed_call(worker, frame, producer, node, skip);
}

/* ---- routing ------------------------------------------------------------ */

/* A token for a join of many or a timed node. True: this worker runs it. */
static bool arrive_slowly(EngineWorker *worker, Frame *frame, uint32_t node,
                          uint32_t pending) {
  if (pending & PENDING_WIDE) return arrive_at_join(worker, frame, node);
  Slot *slot = &frame->slots[node];
  if ((sub_acq_rel(&slot->pending, 1) & PENDING_COUNT) != 1) return false;
  stamp_if_timed(frame, node, pending);
  return true;
}

/* One token less to wait for. True: that was the last. A sole worker is the
 * only one to touch the counter, and so is whoever brings the last token. */
static inline bool arrive(const EngineWorker *worker, Slot *slot,
                          uint32_t pending) {
  if (pending == 1) return true;
  if (worker->is_alone) {
    store_relaxed(&slot->pending, pending - 1);
    return false;
  }
  return sub_acq_rel(&slot->pending, 1) == 1;
}

/* Leaves all but the first of 2^order chunks to tasks: the later half first,
 * so that it is the first to be stolen. None lies wholly behind the end: it
 * could outlive the frame. */
static void split(EngineWorker *worker, Frame *frame, uint32_t producer,
                  uint32_t first, uint32_t order, uint32_t count) {
  uint32_t chunks = (count + CHUNK - 1) / CHUNK;
  while (order-- > 0) {
    uint32_t half = first + (UINT32_C(1) << order);
    if (half >= chunks) continue;
    Task task = route_task(frame, producer, half, order);
    sched_add(worker->worker, &task, 1);
  }
}

static void split_all(EngineWorker *worker, Frame *frame, uint32_t producer,
                      uint32_t count) {
  uint32_t chunks = (count + CHUNK - 1) / CHUNK;
  uint32_t order = 32 - (uint32_t)__builtin_clz(chunks - 1);
  split(worker, frame, producer, 0, order, count);
}

/* Counts a chunk of the consumers of `producer` down; fills `ready`, of CHUNK
 * entries. The first chunk sees to the others. */
static inline uint32_t count_down(EngineWorker *worker, Frame *frame,
                                  uint32_t producer, uint32_t chunk,
                                  uint32_t *ready) {
  uint32_t to, count = 0, from = chunk * CHUNK;
  const uint32_t *consumers = frame_consumers(frame, producer, &to);
  Slot *slots = frame->slots;
  if (__builtin_expect(to - from > CHUNK, 0)) {
    if (from == 0) split_all(worker, frame, producer, to);
    to = from + CHUNK;
  }
  for (uint32_t i = from; i < to; i++) {
    uint32_t node = consumers[i] & CONSUMER_INDEX;
    uint32_t pending = load_acquire(&slots[node].pending);
    if (__builtin_expect(pending > PENDING_COUNT, 0)) {
      if (pending & PENDING_CALL)
        arrive_at_call(worker, frame, producer, consumers, i);
      else if (arrive_slowly(worker, frame, node, pending))
        ready[count++] = node;
      continue;
    } else if (!arrive(worker, &slots[node], pending)) {
      continue;
    }
    ready[count++] = node;
  }
  return count;
}

/* Leaves ready[1 ..] to the scheduler, the earliest to be taken first; returns
 * the node to run now, or NO_NODE. */
static inline uint32_t publish(EngineWorker *worker, Frame *frame,
                               const uint32_t *ready, uint32_t count) {
  if (count == 0) return NO_NODE;
  if (count > 1) {
    Task tasks[CHUNK];
    for (uint32_t i = 1; i < count; i++)
      tasks[count - 1 - i] = fire_node_task(frame, ready[i]);
    sched_add(worker->worker, tasks, count - 1);
  }
  return ready[0];
}

static inline uint32_t route(EngineWorker *worker, Frame *frame,
                             uint32_t producer, uint32_t chunk) {
  uint32_t ready[CHUNK];
  uint32_t count = count_down(worker, frame, producer, chunk, ready);
  if (count == 1) return ready[0];
  return publish(worker, frame, ready, count);
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

/* The value inputs come first, then the order edges. */
static inline uint32_t collect(const Frame *frame, const ObjNode *node,
                               Value *in) {
  uint32_t count = 0;
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if (ref & OBJ_REF_ORDER) break;
    in[count++] = ref & OBJ_REF_CONST ? frame_constant(frame->run->object, ref)
                                      : load_relaxed(&frame->slots[ref].value);
  }
  return count;
}

static uint32_t longest_path(const Frame *frame, const ObjNode *node) {
  const PathPool *pool = &frame->run->paths;
  uint32_t path = 0;
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
    tally_of(firing->worker, frame)->failed++;
    value = VALUE_POISON;
  }
  frame->slots[firing->node].path = path;
  frame_put(frame, firing->node, value);
}

static inline void drop_inputs(const Firing *firing) {
  for (uint32_t i = 0; i < firing->in_count; i++) value_drop(firing->in[i]);
}

/* A result goes to the parent's port, or is the run's. */
static void fire_result(Firing *firing) {
  Frame *frame = firing->frame;
  const ObjGraph *graph = &frame->run->object->graphs[frame->graph];
  uint32_t index = firing->node + 1 + graph->result_count - frame->node_count;
  bool has_value = firing->in_count > 0;
  Value value = has_value ? firing->in[0] : VALUE_UNIT;
  if (firing->draining) {
    drop_inputs(firing);
    value = VALUE_POISON;
    tally_of(firing->worker, frame)->drained++;
  }
  path_take(&frame->run->paths, firing->path);
  frame->slots[firing->node].path = firing->path;
  store_relaxed(&frame->slots[firing->node].value, VALUE_UNIT);
  if (frame->parent != NULL) {
    forward(firing->worker, frame->parent, frame->call + 1 + index, value,
            firing->path);
  } else if (has_value) {
    frame->run->result = value == VALUE_POISON ? VALUE_UNIT : value;
  }
}

static void finish_run(Run *run) {
  void (*finished)(void *) = run->options.finished;
  if (finished != NULL) finished(run->options.user);
  mutex_lock(&run->done_lock);
  run->finished = true;
  cond_broadcast(&run->done);
  mutex_unlock(&run->done_lock);
}

/* Everything in the frame has come to rest. True: the call in the parent is
 * done, and its token is to be routed. */
static bool fire_end(Firing *firing) {
  Frame *frame = firing->frame;
  Run *run = frame->run;
  Frame *parent = frame->parent;
  uint32_t call = frame->call;
  tally_of(firing->worker, frame)->executed +=
      run->object->links[frame->graph].work_count;
  if (parent == NULL) report_fill(run, firing->path);
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
  drop_inputs(firing);
  tally_of(firing->worker, frame)->drained++;
  if (is_model_call(frame, firing->node)) gauge_down(&frame->run->demand);
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
  Outcome outcome = handler_table[node->op](firing, &value);
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
  drop_inputs(firing);
  return fired;
}

static inline const ObjNode *dispatch(Firing *firing) {
  uint32_t mode = load_relaxed(&firing->frame->run->mode);
  firing->draining = (mode & RUN_DRAINING) != 0;
  firing->has_paths = (mode & RUN_HAS_PATHS) != 0;
  return &firing->frame->nodes[firing->node];
}

static inline void prepare(Firing *firing, const ObjNode *node, Value *small) {
  uint32_t inputs = node[1].inputs - node->inputs;
  firing->in = small;
  if (__builtin_expect(inputs > SMALL_INPUTS, 0))
    firing->in = inputs_array(firing->worker, inputs);
  firing->in_count = collect(firing->frame, node, firing->in);
  firing->path = 0;
  if (__builtin_expect(firing->has_paths, 0))
    firing->path = longest_path(firing->frame, node);
  firing->finished = NULL;
}

/* ---- the loop ----------------------------------------------------------- */

static void add_sum(_Atomic uint64_t *sum, uint64_t amount) {
  store_relaxed(sum, load_relaxed(sum) + amount);
}

/* A phase from `from` to `to` of a node that stands for `weight` nodes; the
 * look at the clock is not part of it. */
static void add_phase(EngineWorker *worker, _Atomic uint64_t *sum,
                      uint64_t from, uint64_t to) {
  uint64_t cost = worker->engine->clock_cost_ns;
  if (to - from > cost) add_sum(sum, (to - from - cost) * worker->weight);
}

/* One turn of run_from with a look at the clock between the phases. */
static bool turn_sampled(Firing *firing, uint32_t *next) {
  EngineWorker *worker = firing->worker;
  Value small[SMALL_INPUTS];
  uint32_t ready[CHUNK];
  uint64_t t0 = clock_now();
  const ObjNode *node = dispatch(firing);
  uint64_t t1 = clock_now();
  prepare(firing, node, small);
  uint64_t t2 = clock_now();
  bool fired = fire(firing, node);
  uint64_t t3 = clock_now();
  uint64_t t4 = t3, t5 = t3;
  if (fired) {
    uint32_t count = count_down(worker, firing->frame, firing->node, 0, ready);
    t4 = clock_now();
    *next = publish(worker, firing->frame, ready, count);
    t5 = clock_now();
  }
  SampleSums *sums = &worker->sums;
  add_sum(&sums->nodes, worker->weight);
  add_phase(worker, &sums->dispatch_ns, t0, t1);
  add_phase(worker, &sums->input_ns, t1, t2);
  add_phase(worker, &sums->body_ns, t2, t3);
  add_phase(worker, &sums->route_ns, t3, t4);
  add_phase(worker, &sums->ready_ns, t4, t5);
  return fired;
}

/* Fires and routes whatever it is. */
static bool turn_any(Firing *firing, uint32_t *next) {
  Value small[SMALL_INPUTS];
  const ObjNode *node = dispatch(firing);
  prepare(firing, node, small);
  if (!fire(firing, node)) return false;
  *next = route(firing->worker, firing->frame, firing->node, 0);
  return true;
}

/* The same for the common case, a pure node of few inputs in a run that is
 * neither draining nor has timed a node yet, without what it does not need. */
static inline bool turn(Firing *firing, uint32_t *next) {
  Frame *frame = firing->frame;
  const ObjNode *node = &frame->nodes[firing->node];
  PureFunction pure = pure_table[node->op];
  if (pure == NULL || node[1].inputs - node->inputs > SMALL_INPUTS ||
      load_relaxed(&frame->run->mode) != 0)
    return turn_any(firing, next);
  Value in[SMALL_INPUTS], value;
  uint32_t count = collect(frame, node, in);
  if (!pure(in, &count, &value)) return turn_any(firing, next);
  frame_put(frame, firing->node, value);
  for (uint32_t i = 0; i < count; i++) value_drop(in[i]);
  *next = route(firing->worker, frame, firing->node, 0);
  return true;
}

/* A look around: publishes a held join, brings in the inbox. True: the next
 * node is to be timed by phases. */
static bool tick(EngineWorker *worker) {
  settle_join(worker);
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

/* Runs `node`, what it makes ready, and the worker's newest nodes after that,
 * until the scheduler is wanted. */
static void run_from(EngineWorker *worker, Frame *frame, uint32_t node) {
  Firing firing = {.worker = worker, .frame = frame, .node = node};
  for (;;) {
    uint32_t next = NO_NODE;
    bool fired;
    if (__builtin_expect(--worker->ticks == 0, 0) && tick(worker))
      fired = turn_sampled(&firing, &next);
    else
      fired = turn(&firing, &next);
    if (fired && next != NO_NODE) {
      firing.node = next;
      continue;
    }
    const Task *task = sched_newest(worker->worker);
    if (task == NULL || task->argument >> 62 != TASK_FIRE) return;
    firing.frame = task->object;
    firing.node = (uint32_t)task->argument;
    sched_drop_newest(worker->worker);
  }
}

static void route_on(EngineWorker *worker, Frame *frame, uint64_t argument) {
  const uint32_t mask = (UINT32_C(1) << 28) - 1;
  uint32_t producer = (uint32_t)argument & mask;
  uint32_t first = (uint32_t)(argument >> 28) & mask;
  uint32_t order = (uint32_t)(argument >> 56) & 63;
  uint32_t count;
  frame_consumers(frame, producer, &count);
  split(worker, frame, producer, first, order, count);
  uint32_t next = route(worker, frame, producer, first);
  if (next != NO_NODE) run_from(worker, frame, next);
}

static void finish_pending(EngineWorker *worker, Pending *pending) {
  Firing firing = {.worker = worker,
                   .frame = pending->frame,
                   .node = pending->node,
                   .path = pending->path,
                   .finished = pending};
  Outcome outcome;
  Value value = VALUE_UNIT;
  uint32_t path = account(&firing, &outcome, &value);
  complete(&firing, outcome, value, path);
  uint32_t next = route(worker, firing.frame, firing.node, 0);
  if (next != NO_NODE) run_from(worker, firing.frame, next);
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
    run->status = RUN_FAILED;
    error_set(&run->error, STATUS_NO_MEMORY, "no memory for %u nodes",
              node_count);
    report_fill(run, 0);
    finish_run(run);
    return;
  }
  run->tallies[worker->index].frames++;
  uint32_t values = flow->param_count;
  Value *args = run->args;
  for (uint32_t i = 0; i < params; i++)
    forward(worker, frame, i, i < values ? args[i] : VALUE_UNIT, 0);
  if (starts) push_route(worker, frame, node_count);
}

static void fire_other(EngineWorker *worker, Task task) {
  switch (task.argument >> 62) {
    case TASK_ROUTE:
      route_on(worker, task.object, task.argument);
      return;
    case TASK_FINISH:
      finish_pending(worker, task.object);
      return;
    case TASK_BEGIN:
      begin_run(worker, task.object);
      return;
  }
}

void fire_task(void *engine, Worker *worker, Task task) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  if (task.argument >> 62 == TASK_FIRE)
    run_from(state, task.object, (uint32_t)task.argument);
  else
    fire_other(state, task);
}
