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
  CHUNK = 64,         /* consumers routed before the rest is left to a task */
  SETTLE_EVERY = 64,  /* routings a held join may wait */
  SMALL_INPUTS = 16,  /* collected on the stack */
  SAMPLE_EVERY = 256  /* nodes; fewer after a pause, when time is cheap */
};

/* A child frame that was refused: the call drains. */
#define CALL_REFUSED VALUE_POISON

/* ---- tasks -------------------------------------------------------------- */

/* Task.argument: two bits of kind, then what it needs. */
enum { TASK_FIRE, TASK_ROUTE, TASK_FINISH, TASK_BEGIN };

static Task fire_node_task(Frame *frame, uint32_t node) {
  return (Task){frame, (uint64_t)TASK_FIRE << 62 | node};
}

/* Route the consumers of `producer` from position `from` on. */
static Task route_task(Frame *frame, uint32_t producer, uint32_t from) {
  return (Task){frame, (uint64_t)TASK_ROUTE << 62 | (uint64_t)from << 30 |
                           producer};
}

Task fire_finish_task(Pending *pending) {
  return (Task){pending, (uint64_t)TASK_FINISH << 62};
}

Task fire_begin_task(Run *run) {
  return (Task){run, (uint64_t)TASK_BEGIN << 62};
}

static void push_route(EngineWorker *worker, Frame *frame, uint32_t node) {
  Task task = route_task(frame, node, 0);
  sched_push(worker->worker, &task, 1);
}

static bool is_draining(const Frame *frame) {
  return load_relaxed(&frame->run->cancelled);
}

static Tally *tally_of(const EngineWorker *worker, const Frame *frame) {
  return &frame->run->tallies[worker->index];
}

/* ---- wide joins --------------------------------------------------------- */

static void stamp_if_timed(Slot *slot, uint32_t bits) {
  if (bits & PENDING_TIMED) store_relaxed(&slot->value, clock_now());
}

/* Counts the held tokens down in the slot; pushes the join if it is ready. */
static void settle_join(EngineWorker *worker) {
  Frame *frame = worker->join_frame;
  worker->since_settle = 0;
  if (frame == NULL) return;
  worker->join_frame = NULL;
  Slot *slot = &frame->slots[worker->join_node];
  uint32_t before = sub_acq_rel(&slot->pending, worker->join_count);
  if ((before & PENDING_COUNT) != worker->join_count) return;
  stamp_if_timed(slot, before);
  Task task = fire_node_task(frame, worker->join_node);
  sched_push(worker->worker, &task, 1);
}

void fire_settle(void *engine, Worker *worker) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  state->sample_every = 1; /* about to look around or sleep: time is cheap */
  state->sample_in = 1;
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
  stamp_if_timed(slot, pending);
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

/* Whatever a fresh child can have at once: constants, and its start. */
static void begin_child(EngineWorker *worker, Frame *parent, Frame *child) {
  const ObjNode *call = &parent->nodes[child->call];
  bool starts = parent->run->object->links[child->graph].start_count > 0;
  uint32_t node_count = child->node_count;
  for (uint32_t i = call->inputs; i < call[1].inputs; i++) {
    ObjRef ref = parent->inputs[i];
    if (ref & OBJ_REF_CONST)
      forward(worker, child, i - call->inputs,
              frame_constant(parent->run->object, ref), 0);
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
    run_fail(frame, node, "calls are nested deeper than %d",
             LIMIT_CALL_DEPTH);
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
      begin_child(worker, frame, child);
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

static void refuse_token(EngineWorker *worker, Frame *frame, uint32_t producer,
                         uint32_t node) {
  const ObjNode *call = &frame->nodes[node];
  uint32_t edges = 0;
  for (uint32_t i = call->inputs; i < call[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if ((ref & OBJ_REF_CONST) || (ref & OBJ_REF_INDEX) != producer) continue;
    edges++;
    if (!(ref & OBJ_REF_ORDER))
      value_drop(load_relaxed(&frame->slots[producer].value));
  }
  if (producer == frame->node_count) edges = 1; /* the start edge */
  uint32_t before = sub_acq_rel(&frame->slots[node].pending, edges);
  if ((before & PENDING_COUNT) == edges) drain_call(worker, frame, node);
}

/* The token of `producer` for a call, on all edges between the two. */
static void arrive_at_call(EngineWorker *worker, Frame *frame,
                           uint32_t producer, uint32_t node) {
  Frame *child = open_call(worker, frame, node);
  if (child == NULL) {
    refuse_token(worker, frame, producer, node);
    return;
  }
  if (producer == frame->node_count) return;
  const ObjNode *call = &frame->nodes[node];
  Slot *slot = &frame->slots[producer];
  for (uint32_t i = call->inputs; i < call[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if ((ref & OBJ_REF_CONST) || (ref & OBJ_REF_INDEX) != producer) continue;
    Value value = ref & OBJ_REF_ORDER ? VALUE_UNIT : load_relaxed(&slot->value);
    forward(worker, child, i - call->inputs, value, slot->path);
  }
}

/* ---- routing ------------------------------------------------------------ */

/* A token for a node with PENDING bits. True: this worker runs the node. */
static bool arrive_slowly(EngineWorker *worker, Frame *frame,
                          uint32_t producer, uint32_t node, uint32_t pending) {
  if (pending & PENDING_CALL) {
    arrive_at_call(worker, frame, producer, node);
    return false;
  }
  if (pending & PENDING_WIDE) return arrive_at_join(worker, frame, node);
  Slot *slot = &frame->slots[node];
  if ((sub_acq_rel(&slot->pending, 1) & PENDING_COUNT) != 1) return false;
  stamp_if_timed(slot, pending);
  return true;
}

/* Counts a chunk of the consumers of `producer` down and leaves the rest to a
 * task; fills `ready`, of CHUNK entries. */
static uint32_t count_down(EngineWorker *worker, Frame *frame,
                           uint32_t producer, uint32_t from,
                           uint32_t *ready) {
  uint32_t to, count = 0;
  const uint32_t *consumers = frame_consumers(frame, producer, &to);
  Slot *slots = frame->slots;
  if (to - from > CHUNK) {
    to = from + CHUNK;
    Task rest = route_task(frame, producer, to);
    sched_push(worker->worker, &rest, 1);
  }
  for (uint32_t i = from; i < to; i++) {
    uint32_t node = consumers[i] & CONSUMER_INDEX;
    uint32_t pending = load_acquire(&slots[node].pending);
    if (__builtin_expect(pending > PENDING_COUNT, 0)) {
      /* A call takes all edges from one producer at the first of them. */
      bool seen = (pending & PENDING_CALL) && i > 0 &&
                  (consumers[i - 1] & CONSUMER_INDEX) == node;
      if (seen || !arrive_slowly(worker, frame, producer, node, pending))
        continue;
    } else if (pending != 1 && sub_acq_rel(&slots[node].pending, 1) != 1) {
      continue; /* with 1 left nobody else will touch the counter */
    }
    ready[count++] = node;
  }
  return count;
}

/* Puts ready[1 ..] on the deque, the earliest to be taken first; returns the
 * node to run now, or NO_NODE. */
static uint32_t publish(EngineWorker *worker, Frame *frame,
                        const uint32_t *ready, uint32_t count) {
  if (count == 0) return NO_NODE;
  if (count > 1) {
    Task tasks[CHUNK];
    for (uint32_t i = 1; i < count; i++)
      tasks[count - 1 - i] = fire_node_task(frame, ready[i]);
    sched_push(worker->worker, tasks, count - 1);
  }
  return ready[0];
}

static uint32_t route(EngineWorker *worker, Frame *frame, uint32_t producer,
                      uint32_t from) {
  uint32_t ready[CHUNK];
  uint32_t count = count_down(worker, frame, producer, from, ready);
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
static uint32_t collect(const Frame *frame, const ObjNode *node, Value *in) {
  uint32_t count = 0;
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if (ref & OBJ_REF_ORDER) break;
    in[count++] = ref & OBJ_REF_CONST
                      ? frame_constant(frame->run->object, ref)
                      : load_relaxed(&frame->slots[ref].value);
  }
  return count;
}

static uint32_t longest_path(const Frame *frame, const ObjNode *node) {
  const PathPool *pool = &frame->run->paths;
  uint32_t path = 0;
  if (!load_relaxed(&pool->live)) return 0;
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    ObjRef ref = frame->inputs[i];
    if (!(ref & OBJ_REF_CONST))
      path = path_longer(pool, path, frame->slots[ref & OBJ_REF_INDEX].path);
  }
  return path;
}

/* Stores the outcome of a work node; its token can be routed after it. */
static void complete(Firing *firing, Outcome outcome, Value value,
                     uint32_t path) {
  Frame *frame = firing->frame;
  if (outcome == OUTCOME_FAILED) {
    tally_of(firing->worker, frame)->failed++;
    value = VALUE_POISON;
  }
  frame->slots[firing->node].path = path;
  frame_put(frame, firing->node, value);
}

static void drop_inputs(const Firing *firing) {
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
  drop_inputs(firing);
  tally_of(firing->worker, firing->frame)->drained++;
  store_relaxed(&firing->frame->slots[firing->node].value, VALUE_POISON);
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
static bool run_handler(Firing *firing, const ObjNode *node) {
  Value value = VALUE_UNIT;
  Outcome outcome = handler_table[node->op](firing, &value);
  if (outcome == OUTCOME_PENDING) return false;
  uint32_t path = firing->path;
  if (firing->finished != NULL)
    path = account(firing, &outcome, &value);
  else
    path_take(&firing->frame->run->paths, path);
  complete(firing, outcome, value, path);
  return true;
}

/* Fires one node whose inputs are in `firing`. True: the token of
 * firing->frame, firing->node is to be routed. */
static bool fire(Firing *firing, const ObjNode *node) {
  if (node->op == OP_END) return fire_end(firing);
  if (node->op == OP_RESULT) {
    fire_result(firing);
    return true;
  }
  if (firing->draining) {
    drain(firing);
    return true;
  }
  bool fired = run_handler(firing, node);
  drop_inputs(firing);
  return fired;
}

static const ObjNode *dispatch(Firing *firing) {
  firing->draining = is_draining(firing->frame);
  return &firing->frame->nodes[firing->node];
}

static void prepare(Firing *firing, const ObjNode *node, Value *small) {
  uint32_t inputs = node[1].inputs - node->inputs;
  firing->in =
      inputs <= SMALL_INPUTS ? small : inputs_array(firing->worker, inputs);
  firing->in_count = collect(firing->frame, node, firing->in);
  firing->path = longest_path(firing->frame, node);
  firing->finished = NULL;
}

/* ---- the loop ----------------------------------------------------------- */

/* `cost` is what the look at the clock itself took. */
static void add_sample(_Atomic uint64_t *sum, uint64_t ns, uint64_t cost) {
  store_relaxed(sum, load_relaxed(sum) + (ns > cost ? ns - cost : 0));
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
    uint32_t count =
        count_down(worker, firing->frame, firing->node, 0, ready);
    t4 = clock_now();
    *next = publish(worker, firing->frame, ready, count);
    t5 = clock_now();
  }
  SampleSums *sums = &worker->sums;
  uint64_t cost = worker->engine->clock_cost_ns;
  add_sample(&sums->nodes, 1, 0);
  add_sample(&sums->dispatch_ns, t1 - t0, cost);
  add_sample(&sums->input_ns, t2 - t1, cost);
  add_sample(&sums->body_ns, t3 - t2, cost);
  add_sample(&sums->route_ns, t4 - t3, cost);
  add_sample(&sums->ready_ns, t5 - t4, cost);
  return fired;
}

static bool turn(Firing *firing, uint32_t *next) {
  Value small[SMALL_INPUTS];
  const ObjNode *node = dispatch(firing);
  prepare(firing, node, small);
  if (!fire(firing, node)) return false;
  *next = route(firing->worker, firing->frame, firing->node, 0);
  return true;
}

static bool is_sample(EngineWorker *worker) {
  if (--worker->sample_in > 0) return false;
  if (worker->sample_every < SAMPLE_EVERY) worker->sample_every *= 2;
  worker->sample_in = worker->sample_every;
  return true;
}

static void run_from(EngineWorker *worker, Frame *frame, uint32_t node) {
  Firing firing = {.worker = worker, .frame = frame, .node = node};
  while (firing.node != NO_NODE) {
    uint32_t next = NO_NODE;
    bool fired = is_sample(worker) ? turn_sampled(&firing, &next)
                                   : turn(&firing, &next);
    if (!fired) return;
    if (++worker->since_settle >= SETTLE_EVERY) settle_join(worker);
    firing.node = next;
  }
}

static void route_on(EngineWorker *worker, Frame *frame, uint64_t argument) {
  const uint64_t mask = (UINT64_C(1) << 30) - 1;
  uint32_t producer = (uint32_t)(argument & mask);
  uint32_t from = (uint32_t)(argument >> 30 & mask);
  uint32_t next = route(worker, frame, producer, from);
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

void fire_task(void *engine, Worker *worker, Task task) {
  Engine *self = engine;
  EngineWorker *state = &self->workers[worker_index(worker)];
  state->worker = worker;
  switch (task.argument >> 62) {
    case TASK_FIRE:
      run_from(state, task.object, (uint32_t)task.argument);
      return;
    case TASK_ROUTE:
      route_on(state, task.object, task.argument);
      return;
    case TASK_FINISH:
      finish_pending(state, task.object);
      return;
    case TASK_BEGIN:
      begin_run(state, task.object);
      return;
  }
}
