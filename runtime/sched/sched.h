/* SPDX-License-Identifier: MIT
 *
 * Workers that run opaque tasks: one deque each, work stealing between them,
 * an inbox for other threads, and parking without spinning. What a task means
 * is the client's business (two functions).
 *
 *     other threads --post--> [inbox] --+
 *                                       v
 *     worker 0: [front][deque] <--steal-- worker 1: [front][deque]  ... parked
 *
 * The newest tasks of a worker stay in its front, a small private stack that
 * costs no fence; they go to the deque, where others can steal them, when the
 * front is full or some worker is out of work (hungry). So sharing is paid for
 * when there is somebody to share with (Acar, Chargueraud and Rainey, PPoPP
 * 2013, reach the same by messages between private deques).
 */
#ifndef APXM_RUNTIME_SCHED_SCHED_H
#define APXM_RUNTIME_SCHED_SCHED_H

#include <stddef.h>
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

enum { FRONT_TASKS = 256 };

/* The public beginning of every Worker; its own thread only. */
typedef struct WorkerFront {
  uint32_t count;
  const _Atomic uint32_t *hungry; /* workers that are out of work */
  Task tasks[FRONT_TASKS];        /* the last one runs first */
} WorkerFront;

/* On the worker's own thread: adds tasks; the last one runs first. Wakes a
 * parked worker when there is a real surplus. */
void sched_push(Worker *worker, const Task *tasks, uint32_t count);

/* The same, without a call in the usual case. */
static inline void sched_add(Worker *worker, const Task *tasks,
                             uint32_t count) {
  WorkerFront *front = (WorkerFront *)(void *)worker;
  if (front->count + count > FRONT_TASKS || load_relaxed(front->hungry) > 0) {
    sched_push(worker, tasks, count);
    return;
  }
  for (uint32_t i = 0; i < count; i++) front->tasks[front->count++] = tasks[i];
}

/* The newest task of the front, still in it; NULL when there is none, or when
 * somebody is hungry: then the client returns to the scheduler. */
static inline const Task *sched_newest(const Worker *worker) {
  const WorkerFront *front = (const WorkerFront *)(const void *)worker;
  if (front->count == 0 || load_relaxed(front->hungry) > 0) return NULL;
  return &front->tasks[front->count - 1];
}
static inline void sched_drop_newest(Worker *worker) {
  ((WorkerFront *)(void *)worker)->count--;
}

/* To be called now and then by a client that takes from the front for long:
 * brings in what has arrived in the inbox, and offers what waits here to
 * workers that have nothing. */
void sched_poll(Worker *worker);

/* Any thread: through the inbox; at most one wake. */
void sched_post(Sched *sched, Task task);

/* A place for the tasks of one other thread, which runs short ones itself: it
 * has a front like a worker, takes from it with sched_newest, and nobody steals
 * from it. That thread only; its index is the number of workers. */
Worker *sched_guest(Sched *sched);

/* On that thread: all that is in the guest's front goes to the inbox, in the
 * order in which it would have run; at most one wake. */
void sched_flush(Worker *guest);

uint32_t worker_index(const Worker *worker);

/* Sums over the workers since they started. */
typedef struct SchedTimes {
  uint64_t cpu_ns;   /* processor time of the workers' threads */
  uint64_t steal_ns; /* looking for work elsewhere */
  uint64_t idle_ns;  /* parked */
} SchedTimes;
void sched_times(Sched *sched, SchedTimes *times);

#endif
