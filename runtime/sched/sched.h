/* SPDX-License-Identifier: MIT
 *
 * Workers that run opaque tasks: one deque each, work stealing between them,
 * an inbox for other threads, and parking without spinning. What a task means
 * is the client's business (two functions).
 *
 *     other threads --post--> [inbox] --+
 *                                       v
 *     worker 0: [deque] <--steal-- worker 1: [deque]   ... parked workers
 */
#ifndef APXM_RUNTIME_SCHED_SCHED_H
#define APXM_RUNTIME_SCHED_SCHED_H

#include <stdint.h>

#include "core/base/status.h"
#include "runtime/sched/deque.h"

typedef struct Sched Sched;
typedef struct Worker Worker;

typedef struct SchedClient {
  /* Runs one task on the worker's thread. */
  void (*run)(void *user, Worker *worker, Task task);
  /* The worker is out of local work: publish whatever is held back (it may
   * push). Called before stealing and again before parking. */
  void (*settle)(void *user, Worker *worker);
} SchedClient;

/* Starts `count` workers. `client` and `user` outlive the scheduler. */
Sched *sched_new(uint32_t count, const SchedClient *client, void *user,
                 Error *error);

/* Stops and joins the workers; tasks still queued are not run. */
void sched_free(Sched *sched);

/* On the worker's own thread: pushes on its deque; the last one runs first.
 * Wakes a parked worker when there is a real surplus. */
void sched_push(Worker *worker, const Task *tasks, uint32_t count);

/* Any thread: through the inbox; at most one wake. */
void sched_post(Sched *sched, Task task);

uint32_t worker_index(const Worker *worker);

/* Sums over the workers since they started. */
typedef struct SchedTimes {
  uint64_t cpu_ns;   /* processor time of the workers' threads */
  uint64_t steal_ns; /* looking for work elsewhere */
  uint64_t idle_ns;  /* parked */
} SchedTimes;
void sched_times(Sched *sched, SchedTimes *times);

#endif
