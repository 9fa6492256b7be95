/* SPDX-License-Identifier: MIT
 *
 * What the scheduler's opaque tasks mean to the engine: three bits of kind,
 * then what that kind needs, packed into Task.argument.
 *
 *      63  61 60   56 55           28 27            0
 *     +------+-------+---------------+---------------+
 *     | kind | order | first chunk   | node          |
 *     +------+-------+---------------+---------------+
 */
#ifndef APXM_RUNTIME_ENGINE_TASK_H
#define APXM_RUNTIME_ENGINE_TASK_H

#include "runtime/engine/frame.h"
#include "runtime/sched/sched.h"

typedef enum TaskKind {
  TASK_FIRE,   /* object: Frame; a ready node */
  TASK_ROUTE,  /* object: Frame; chunks of a producer's consumers */
  TASK_FINISH, /* object: Pending that has completed */
  TASK_BEGIN,  /* object: Run to open the entry frame of */
  TASK_OPEN    /* object: Cycle to open an iteration of */
} TaskKind;

static inline Task task_to_fire(Frame *frame, uint32_t node) {
  return (Task){frame, (uint64_t)TASK_FIRE << 61 | node};
}

/* Route 2^order chunks of the consumers of `producer` from chunk `first` on;
 * the last of them may lie behind the end. */
static inline Task task_to_route(Frame *frame, uint32_t producer,
                                 uint32_t first, uint32_t order) {
  return (Task){frame, (uint64_t)TASK_ROUTE << 61 | (uint64_t)order << 56 |
                           (uint64_t)first << 28 | producer};
}

static inline Task task_to_finish(void *pending) {
  return (Task){pending, (uint64_t)TASK_FINISH << 61};
}

static inline Task task_to_begin(Run *run) {
  return (Task){run, (uint64_t)TASK_BEGIN << 61};
}

static inline Task task_to_open(void *cycle) {
  return (Task){cycle, (uint64_t)TASK_OPEN << 61};
}

static inline TaskKind task_kind(uint64_t argument) {
  return (TaskKind)(argument >> 61);
}

static inline uint32_t task_node(uint64_t argument) {
  return (uint32_t)argument & ((UINT32_C(1) << 28) - 1);
}

static inline uint32_t task_first_chunk(uint64_t argument) {
  return (uint32_t)(argument >> 28) & ((UINT32_C(1) << 28) - 1);
}

static inline uint32_t task_order(uint64_t argument) {
  return (uint32_t)(argument >> 56) & 31;
}

#endif
