/* SPDX-License-Identifier: MIT
 *
 * Routing: the token of a node counts each consumer's `pending` down, and the
 * one that reaches zero makes the consumer ready. This header holds the fast
 * half, inlined into the firing loop; route.c the slow one.
 *
 * Consumers are routed in chunks. All but the first are left to tasks, ranges
 * that are halved until one chunk is left: a thief takes half of what is left.
 */
#ifndef APXM_RUNTIME_ENGINE_ROUTE_H
#define APXM_RUNTIME_ENGINE_ROUTE_H

#include "runtime/engine/run.h"
#include "runtime/engine/task.h"

#define NO_NODE UINT32_MAX
enum { ROUTE_CHUNK = 64 };

/* Leaves the whole token of `node` to a task. */
void route_later(EngineWorker *worker, Frame *frame, uint32_t node);

/* Leaves all but the first of 2^order chunks, of `count` consumers in all, to
 * tasks: the later half first, so that it is the first to be stolen. */
void route_split(EngineWorker *worker, Frame *frame, uint32_t producer,
                 uint32_t first, uint32_t order, uint32_t count);

/* A token from another frame, for parameter or port `index` of `frame`; takes
 * over one reference. */
void route_forward(EngineWorker *worker, Frame *frame, uint32_t index,
                   Value value, uint32_t path);

/* The token on edge consumers[i] of `producer`, for a composite. */
void route_to_composite(EngineWorker *worker, Frame *frame, uint32_t producer,
                        const uint32_t *consumers, uint32_t i);

/* Makes `made` what the slot of a composite holds, or that it was refused
 * (NULL). False: somebody was faster; `seen` is what there is. */
bool route_claim(Slot *slot, Value *seen, void *made);

/* A token for a composite that was refused is only counted; takes the value.
 * After the last one the node drains. */
void route_refuse(EngineWorker *worker, Frame *frame, uint32_t node,
                  Value value);

/* The PORT nodes after a composite. */
uint32_t route_port_count(const Frame *frame, uint32_t node);

/* A token for a join of many or a timed node. True: this worker runs it. */
bool route_slowly(EngineWorker *worker, Frame *frame, uint32_t node,
                  uint32_t pending);

/* Publishes the tokens held back for a wide join. */
void route_settle(EngineWorker *worker);

/* True: that was the last token. Who brings it is alone with the counter. */
static inline bool route_arrive(const EngineWorker *worker, Slot *slot,
                                uint32_t pending) {
  if (pending == 1) return true;
  if (!worker->is_alone) return sub_acq_rel(&slot->pending, 1) == 1;
  store_relaxed(&slot->pending, pending - 1);
  return false;
}

/* The token on edge consumers[i] of `producer`; fills `node`, its consumer.
 * True: this worker runs it. */
static inline bool route_edge(EngineWorker *worker, Frame *frame,
                              uint32_t producer, const uint32_t *consumers,
                              uint32_t i, uint32_t *node) {
  *node = consumers[i] & CONSUMER_INDEX;
  Slot *slot = &frame->slots[*node];
  uint32_t pending = load_acquire(&slot->pending);
  if (__builtin_expect(pending <= PENDING_COUNT, 1))
    return route_arrive(worker, slot, pending);
  if (pending & PENDING_CALL) {
    route_to_composite(worker, frame, producer, consumers, i);
    return false;
  }
  bool is_held = worker->join_frame == frame && worker->join_node == *node;
  if (is_held && worker->join_count + 1 < (pending & PENDING_COUNT)) {
    worker->join_count++;
    return false;
  }
  return route_slowly(worker, frame, *node, pending);
}

/* The two halves of route_chunk, for who looks at the clock between them:
 * counts the consumers of a chunk down and fills `ready`, of ROUTE_CHUNK
 * entries; hands all but the first to the scheduler. */
uint32_t route_count_down(EngineWorker *worker, Frame *frame, uint32_t producer,
                          uint32_t chunk, uint32_t *ready);
uint32_t route_publish(EngineWorker *worker, Frame *frame,
                       const uint32_t *ready, uint32_t count);

/* Routes a chunk, the first of which sees to the others. Returns the node to
 * run next, or NO_NODE; what else became ready is left to the scheduler, the
 * earliest to be taken first. */
uint32_t route_chunk(EngineWorker *worker, Frame *frame, uint32_t producer,
                     uint32_t chunk);

/* Routes the whole token; the same, with a short way for few consumers, which
 * are `count` from row `first` on. */
static inline uint32_t route_token(EngineWorker *worker, Frame *frame,
                                   uint32_t producer, uint32_t first,
                                   uint32_t count) {
  uint32_t node, other;
  if (count == 0 || count > 2) return route_chunk(worker, frame, producer, 0);
  const uint32_t *consumers = frame->consumers + first;
  bool is_ready = route_edge(worker, frame, producer, consumers, 0, &node);
  if (!is_ready) node = NO_NODE;
  if (count == 1) return node;
  if (!route_edge(worker, frame, producer, consumers, 1, &other)) return node;
  if (!is_ready) return other;
  Task task = task_to_fire(frame, other);
  sched_add(worker->worker, &task, 1);
  return node;
}

#endif
