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

enum { NO_NODE = UINT32_MAX, ROUTE_CHUNK = 64 };

/* Leaves the whole token of `node` to a task. */
void route_later(EngineWorker *worker, Frame *frame, uint32_t node);

/* Leaves all but the first of 2^order chunks, of `count` consumers in all, to
 * tasks: the later half first, so that it is the first to be stolen. */
void route_split(EngineWorker *worker, Frame *frame, uint32_t producer,
                 uint32_t first, uint32_t order, uint32_t count);
void route_split_all(EngineWorker *worker, Frame *frame, uint32_t producer,
                     uint32_t count);

/* A token from another frame, for parameter or port `index` of `frame`; takes
 * over one reference. */
void route_forward(EngineWorker *worker, Frame *frame, uint32_t index,
                   Value value, uint32_t path);

/* The token on edge consumers[i] of `producer`, for a call. */
void route_to_call(EngineWorker *worker, Frame *frame, uint32_t producer,
                   const uint32_t *consumers, uint32_t i);

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

/* Counts a chunk of the consumers down; fills `ready`, of ROUTE_CHUNK entries.
 * The first chunk sees to the others. */
static inline uint32_t route_count_down(EngineWorker *worker, Frame *frame,
                                        uint32_t producer, uint32_t chunk,
                                        uint32_t *ready) {
  uint32_t to, count = 0, from = chunk * ROUTE_CHUNK;
  const uint32_t *consumers = frame_consumers(frame, producer, &to);
  Slot *slots = frame->slots;
  if (__builtin_expect(to - from > ROUTE_CHUNK, 0)) {
    if (from == 0) route_split_all(worker, frame, producer, to);
    to = from + ROUTE_CHUNK;
  }
  for (uint32_t i = from; i < to; i++) {
    uint32_t node = consumers[i] & CONSUMER_INDEX;
    uint32_t pending = load_acquire(&slots[node].pending);
    bool is_ready;
    if (__builtin_expect(pending <= PENDING_COUNT, 1)) {
      is_ready = route_arrive(worker, &slots[node], pending);
    } else if (pending & PENDING_CALL) {
      route_to_call(worker, frame, producer, consumers, i);
      is_ready = false;
    } else {
      is_ready = route_slowly(worker, frame, node, pending);
    }
    if (is_ready) ready[count++] = node;
  }
  return count;
}

/* Leaves ready[1 ..] to the scheduler, the earliest to be taken first; returns
 * the node to run now, or NO_NODE. */
static inline uint32_t route_publish(EngineWorker *worker, Frame *frame,
                                     const uint32_t *ready, uint32_t count) {
  Task tasks[ROUTE_CHUNK];
  for (uint32_t i = 1; i < count; i++)
    tasks[count - 1 - i] = task_to_fire(frame, ready[i]);
  if (count > 1) sched_add(worker->worker, tasks, count - 1);
  return count > 0 ? ready[0] : NO_NODE;
}

/* Routes a chunk; returns the node to run next, or NO_NODE. */
static inline uint32_t route_chunk(EngineWorker *worker, Frame *frame,
                                   uint32_t producer, uint32_t chunk) {
  uint32_t ready[ROUTE_CHUNK];
  uint32_t count = route_count_down(worker, frame, producer, chunk, ready);
  return route_publish(worker, frame, ready, count);
}

/* Routes the whole token; the same, with a short way for one consumer. */
static inline uint32_t route_token(EngineWorker *worker, Frame *frame,
                                   uint32_t producer) {
  uint32_t first = frame->first[producer];
  if (frame->first[producer + 1] - first != 1)
    return route_chunk(worker, frame, producer, 0);
  uint32_t node = frame->consumers[first] & CONSUMER_INDEX;
  Slot *slot = &frame->slots[node];
  uint32_t pending = load_acquire(&slot->pending);
  bool is_ready;
  if (__builtin_expect(pending <= PENDING_COUNT, 1))
    is_ready = route_arrive(worker, slot, pending);
  else if (pending & PENDING_CALL)
    return route_chunk(worker, frame, producer, 0);
  else
    is_ready = route_slowly(worker, frame, node, pending);
  return is_ready ? node : NO_NODE;
}

#endif
