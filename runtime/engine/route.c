/* SPDX-License-Identifier: MIT
 *
 * The slow half of routing: three kinds of nodes do not just count a token
 * down, and are marked by bits of their counter.
 *
 *   - Composites take tokens one by one: a call hands them to the child frame,
 *     which the first of them opens, the others to their gate (gate.h).
 *   - Joins of many are counted down in the worker first and in the slot now
 *     and then, so two workers do not fight for one cache line.
 *   - Timed nodes are stamped when they become ready.
 *
 * After the last token of a node was routed, its frame, its run and the object
 * may be gone: nothing here touches them then.
 */
#include "runtime/engine/route.h"

#include "core/base/clock.h"
#include "runtime/engine/gate.h"

/* In the slot of a composite that drains from its first token on. */
#define REFUSED VALUE_POISON

void route_later(EngineWorker *worker, Frame *frame, uint32_t node) {
  Task task = task_to_route(frame, node, 0, 0);
  sched_add(worker->worker, &task, 1);
}

/* ---- timed nodes and wide joins ------------------------------------------ */

/* A timed node is ready: notes the moment, and that a call is wanted from now
 * on, however late the scheduler makes it. */
static void stamp_if_timed(Frame *frame, uint32_t node, uint32_t bits) {
  if (!(bits & PENDING_TIMED)) return;
  store_relaxed(&frame->slots[node].value, clock_now());
  if (frame_is_model_call(frame, node)) gauge_up(&frame->run->demand);
}

/* Counts the held tokens down in the slot; pushes the join if it is ready. */
void route_settle(EngineWorker *worker) {
  Frame *frame = worker->join_frame;
  if (frame == NULL) return;
  worker->join_frame = NULL;
  Slot *slot = &frame->slots[worker->join_node];
  uint32_t before = sub_acq_rel(&slot->pending, worker->join_count);
  if ((before & PENDING_COUNT) != worker->join_count) return;
  stamp_if_timed(frame, worker->join_node, before);
  Task task = task_to_fire(frame, worker->join_node);
  sched_push(worker->worker, &task, 1);
}

/* One token for a wide join. True: it is ready, and this worker runs it. */
static bool arrive_at_join(EngineWorker *worker, Frame *frame, uint32_t node) {
  if (worker->join_frame != frame || worker->join_node != node) {
    route_settle(worker);
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

/* ---- composites ---------------------------------------------------------- */

uint32_t route_port_count(const Frame *frame, uint32_t node) {
  uint32_t port = node + 1;
  while (frame->ops[port] == OP_PORT) port++; /* END is behind them */
  return port - node - 1;
}

bool route_claim(Slot *slot, Value *seen, void *made) {
  Value wanted =
      made == NULL ? REFUSED : VALUE_TAG(VALUE_KIND_OTHER) | (uintptr_t)made;
  return atomic_compare_exchange_strong_explicit(
      &slot->value, seen, wanted, memory_order_acq_rel, memory_order_acquire);
}

/* A token from another frame, or a gate. */
void route_forward(EngineWorker *worker, Frame *to, uint32_t index, Value value,
                   uint32_t path) {
  frame_put(to, index, value);
  path_take(&to->run->paths, path);
  to->slots[index].path = path;
  route_later(worker, to, index);
}

/* A refused composite has all its tokens: poison to its ports, and it is
 * done. */
static void drain_composite(EngineWorker *worker, Frame *frame, uint32_t node) {
  uint32_t count = route_port_count(frame, node);
  run_tally(worker, frame)->drained++;
  for (uint32_t port = node + 1; port <= node + count; port++) {
    store_relaxed(&frame->slots[port].value, VALUE_POISON);
    route_later(worker, frame, port);
  }
  route_later(worker, frame, node);
}

void route_refuse(EngineWorker *worker, Frame *frame, uint32_t node,
                  Value value) {
  value_drop(value);
  uint32_t before = sub_acq_rel(&frame->slots[node].pending, 1);
  if ((before & PENDING_COUNT) == 1) drain_composite(worker, frame, node);
}

/* ---- calls -------------------------------------------------------------- */

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
    route_forward(worker, child, i - first,
                  frame_constant(parent->run->object, parent->inputs[i]), 0);
    i = next;
  }
  if (starts) route_later(worker, child, node_count);
}

static Frame *refuse_child(EngineWorker *worker, Frame *frame) {
  run_tally(worker, frame)->failed++;
  return NULL;
}

static Frame *make_child(EngineWorker *worker, Frame *frame, uint32_t node) {
  Run *run = frame->run;
  uint32_t graph = object_body(run->object, &frame->nodes[node]);
  if (frame->depth >= LIMIT_CALL_DEPTH) {
    run_fail(frame, node, FAILURE_TOO_DEEP, "calls are nested deeper than %d",
             LIMIT_CALL_DEPTH);
    return refuse_child(worker, frame);
  }
  Frame *child = frame_new(run, graph, frame, node);
  if (child == NULL) {
    run_fail(frame, node, FAILURE_NO_MEMORY,
             "no memory for a frame of %u nodes",
             run->object->graphs[graph].node_count);
    return refuse_child(worker, frame);
  }
  child->path = frame->path;
  path_take(&run->paths, child->path);
  return child;
}

/* Whether the start of its graph brings a call a token: see links.h. */
static bool call_is_start(const Frame *frame, uint32_t node,
                          const Frame *child) {
  uint32_t first = frame->nodes[node].inputs;
  uint32_t end = frame->nodes[node + 1].inputs;
  return first == end || child->links->opens_at_once ||
         next_constant(frame, first, end) < end;
}

/* The child frame of a call, made by whoever brings the first token; NULL
 * when that one was refused, then all others are too. */
static Frame *open_call(EngineWorker *worker, Frame *frame, uint32_t node) {
  Slot *slot = &frame->slots[node];
  Value seen = load_acquire(&slot->value);
  if (seen == VALUE_EMPTY) {
    bool drains = scope_is_draining(frame->scope);
    Frame *child = drains ? NULL : make_child(worker, frame, node);
    if (route_claim(slot, &seen, child)) {
      if (child == NULL) return NULL;
      run_tally(worker, frame)->frames++;
      if (child->links->start_count > 0 && !call_is_start(frame, node, child))
        route_later(worker, child, child->node_count);
      return child;
    }
    if (child != NULL) frame_release(child);
  }
  return seen == REFUSED ? NULL : value_pointer(seen);
}

/* The start edge of a call brings what the child can have at once. Nobody else
 * does, so the child cannot end before this token came. */
static void start_call(EngineWorker *worker, Frame *frame, uint32_t node) {
  Frame *child = open_call(worker, frame, node);
  if (child == NULL)
    route_refuse(worker, frame, node, VALUE_UNIT);
  else
    begin_child(worker, frame, child);
}

static void feed_call(EngineWorker *worker, Frame *frame, uint32_t node,
                      uint32_t index, Value value, uint32_t path) {
  Frame *child = open_call(worker, frame, node);
  if (child == NULL)
    route_refuse(worker, frame, node, value);
  else
    route_forward(worker, child, index, value, path);
}

/* ---- tokens for composites ----------------------------------------------- */

/* Which input of `node` the edge from `producer` is that comes after `skip`
 * others between the two. */
static uint32_t input_of_edge(const Frame *frame, uint32_t producer,
                              uint32_t node, uint32_t skip) {
  const ObjRef *inputs = frame->inputs + frame->nodes[node].inputs;
  uint32_t index = 0;
  for (;; index++) {
    if (inputs[index] & OBJ_REF_CONST) continue;
    if ((inputs[index] & OBJ_REF_INDEX) == producer && skip-- == 0)
      return index;
  }
}

/* The token on edge consumers[i]: the start's or a producer's. */
void route_to_composite(EngineWorker *worker, Frame *frame, uint32_t producer,
                        const uint32_t *consumers, uint32_t i) {
  uint32_t node = consumers[i] & CONSUMER_INDEX;
  bool is_call = frame->ops[node] == OP_CALL;
  if (producer == frame->node_count) {
    (is_call ? start_call : gate_start)(worker, frame, node);
    return;
  }
  uint32_t skip = 0;
  while (skip < i && (consumers[i - skip - 1] & CONSUMER_INDEX) == node) skip++;
  uint32_t index = input_of_edge(frame, producer, node, skip);
  ObjRef ref = frame->inputs[frame->nodes[node].inputs + index];
  const Slot *slot = &frame->slots[producer];
  Value value = ref & OBJ_REF_ORDER ? VALUE_UNIT : load_relaxed(&slot->value);
  (is_call ? feed_call : gate_feed)(worker, frame, node, index, value,
                                    slot->path);
}

/* ---- the door ----------------------------------------------------------- */

/* A token for a join of many or a timed node. True: this worker runs it. */
bool route_slowly(EngineWorker *worker, Frame *frame, uint32_t node,
                  uint32_t pending) {
  if (pending & PENDING_WIDE) return arrive_at_join(worker, frame, node);
  Slot *slot = &frame->slots[node];
  if ((sub_acq_rel(&slot->pending, 1) & PENDING_COUNT) != 1) return false;
  stamp_if_timed(frame, node, pending);
  return true;
}

/* Leaves all but the first of 2^order chunks to tasks: the later half first,
 * so that it is the first to be stolen. None lies wholly behind the end: it
 * could outlive the frame. */
void route_split(EngineWorker *worker, Frame *frame, uint32_t producer,
                 uint32_t first, uint32_t order, uint32_t count) {
  uint32_t chunks = (count + ROUTE_CHUNK - 1) / ROUTE_CHUNK;
  while (order-- > 0) {
    uint32_t half = first + (UINT32_C(1) << order);
    if (half >= chunks) continue;
    Task task = task_to_route(frame, producer, half, order);
    sched_add(worker->worker, &task, 1);
  }
}

static void split_all(EngineWorker *worker, Frame *frame, uint32_t producer,
                      uint32_t count) {
  uint32_t chunks = (count + ROUTE_CHUNK - 1) / ROUTE_CHUNK;
  uint32_t order = 32 - (uint32_t)__builtin_clz(chunks - 1);
  route_split(worker, frame, producer, 0, order, count);
}

uint32_t route_count_down(EngineWorker *worker, Frame *frame, uint32_t producer,
                          uint32_t chunk, uint32_t *ready) {
  uint32_t to, count = 0, from = chunk * ROUTE_CHUNK;
  const uint32_t *consumers = frame_consumers(frame, producer, &to);
  if (to - from > ROUTE_CHUNK) {
    if (from == 0) split_all(worker, frame, producer, to);
    to = from + ROUTE_CHUNK;
  }
  for (uint32_t i = from; i < to; i++)
    count += route_edge(worker, frame, producer, consumers, i, &ready[count]);
  return count;
}

uint32_t route_publish(EngineWorker *worker, Frame *frame,
                       const uint32_t *ready, uint32_t count) {
  Task tasks[ROUTE_CHUNK];
  for (uint32_t i = 1; i < count; i++)
    tasks[count - 1 - i] = task_to_fire(frame, ready[i]);
  if (count > 1) sched_add(worker->worker, tasks, count - 1);
  return count > 0 ? ready[0] : NO_NODE;
}

uint32_t route_chunk(EngineWorker *worker, Frame *frame, uint32_t producer,
                     uint32_t chunk) {
  uint32_t ready[ROUTE_CHUNK];
  uint32_t count = route_count_down(worker, frame, producer, chunk, ready);
  return route_publish(worker, frame, ready, count);
}
