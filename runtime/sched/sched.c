/* SPDX-License-Identifier: MIT
 *
 * The workers. A worker takes from its own front and deque; out of work, it
 * settles what the client holds back, calls itself hungry, empties the inbox
 * into its deque, then looks at the other deques a bounded number of times,
 * then parks.
 *
 * No wake-up is lost: a worker that parks first announces itself (idle_count,
 * sequentially consistent) and then looks at the inbox and all deques once
 * more; one who posts first publishes and then looks at idle_count. One of the
 * two sees the other. A push on one's own deque looks at idle_count without
 * the fence: missing a worker that is just going to sleep costs parallelism
 * for a moment, never a task, because the owner is awake and will take it
 * itself. tests/spin/ models both.
 */
#include "runtime/sched/sched.h"

#include <stddef.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "core/base/vec.h"

enum {
  INBOX_EVERY = 64,   /* tasks between two looks at the inbox */
  SEARCH_ROUNDS = 32, /* fruitless looks at everybody before parking: some
                         microseconds, a fraction of what a wake costs */
  SURPLUS = 2, /* tasks in the deque that are worth waking somebody for */
  PATIENCE_NS = 20000 /* a wake's cost: so long a lone task waits for its owner,
                         before somebody is woken for it all the same */
};

struct Worker {
  WorkerFront front;         /* first: sched.h shows it; worker only */
  Deque deque;               /* see deque.h */
  Sched *sched;              /* immutable */
  Thread *thread;            /* main thread only */
  uint32_t index;            /* immutable */
  uint32_t since_inbox;      /* worker only */
  uint64_t waits_since;      /* worker only: when a poll first saw a task wait
                                in the deque and somebody parked; 0: not so */
  Cond woken;                /* with sched->lock */
  bool parked;               /* guarded by sched->lock: in the idle list */
  Worker *next_idle;         /* guarded by sched->lock */
  _Atomic uint64_t steal_ns; /* written by the worker, read by anybody */
  _Atomic uint64_t idle_ns;  /* the same */
};

typedef VEC(Task) TaskVec;

struct Sched {
  const SchedClient *client;                        /* immutable */
  void *user;                                       /* immutable */
  uint32_t count;                                   /* immutable */
  Worker **workers;                                 /* immutable */
  Worker *guest;                                    /* immutable; see sched.h */
  Mutex inbox_lock;                                 /* guards inbox */
  TaskVec inbox;                                    /* in order of arrival */
  alignas(CACHE_LINE) _Atomic uint32_t inbox_count; /* stored under inbox_lock,
                                                       read by anybody */
  alignas(CACHE_LINE) _Atomic uint32_t idle_count;  /* stored under lock, read
                                                      by anybody */
  alignas(CACHE_LINE) _Atomic uint32_t hungry; /* workers that search or are
                                                  parked; changed by each for
                                                  itself, read by anybody */
  Mutex lock;        /* guards the idle list and parking */
  Worker *idle;      /* parked workers, last in first */
  _Atomic bool stop; /* stored under lock, read by workers */
};

static void add_time(_Atomic uint64_t *total, uint64_t ns) {
  store_relaxed(total, load_relaxed(total) + ns);
}

/* ---- waking ------------------------------------------------------------- */

static void wake_one(Sched *sched) {
  mutex_lock(&sched->lock);
  Worker *worker = sched->idle;
  if (worker != NULL) {
    sched->idle = worker->next_idle;
    worker->parked = false;
    store_relaxed(&sched->idle_count, load_relaxed(&sched->idle_count) - 1);
    cond_signal(&worker->woken);
  }
  mutex_unlock(&sched->lock);
}

/* To the deque, in order, waking somebody when there is a surplus. */
static void share(Worker *worker, const Task *tasks, uint32_t count) {
  int64_t held = deque_push(&worker->deque, tasks, count);
  if (held >= SURPLUS && load_relaxed(&worker->sched->idle_count) > 0)
    wake_one(worker->sched);
}

/* The oldest `count` tasks of the front go to the deque. */
static void share_front(Worker *worker, uint32_t count) {
  WorkerFront *front = &worker->front;
  if (count == 0) return;
  share(worker, front->tasks, count);
  front->count -= count;
  memmove(front->tasks, front->tasks + count, front->count * sizeof(Task));
}

/* To the inbox; the last of `tasks` is to run first. */
static void post(Sched *sched, const Task *tasks, uint32_t count) {
  mutex_lock(&sched->inbox_lock);
  for (uint32_t i = count; i > 0; i--) vec_push(&sched->inbox, tasks[i - 1]);
  store_seq(&sched->inbox_count, sched->inbox.length);
  mutex_unlock(&sched->inbox_lock);
  /* A worker woken for an earlier post of a batch has left the idle list, so
   * a batch wakes each worker once. */
  if (load_seq(&sched->idle_count) > 0) wake_one(sched);
}

void sched_push(Worker *worker, const Task *tasks, uint32_t count) {
  WorkerFront *front = &worker->front;
  if (worker == worker->sched->guest) {
    sched_flush(worker);
    post(worker->sched, tasks, count);
    return;
  }
  if (load_relaxed(front->hungry) > 0 || count > FRONT_TASKS / 2) {
    share_front(worker, front->count);
    share(worker, tasks, count);
    return;
  }
  if (front->count + count > FRONT_TASKS)
    share_front(worker, front->count - FRONT_TASKS / 2);
  memcpy(front->tasks + front->count, tasks, count * sizeof(Task));
  front->count += count;
}

void sched_post(Sched *sched, Task task) {
  post(sched, &task, 1);
}

Worker *sched_guest(Sched *sched) {
  return sched->guest;
}

void sched_flush(Worker *guest) {
  WorkerFront *front = &guest->front;
  if (front->count == 0) return;
  post(guest->sched, front->tasks, front->count);
  front->count = 0;
}

/* ---- finding work ------------------------------------------------------- */

/* Moves the inbox to the worker's deque so that the oldest runs first. */
static bool empty_inbox(Worker *worker) {
  Sched *sched = worker->sched;
  if (load_relaxed(&sched->inbox_count) == 0) return false;
  mutex_lock(&sched->inbox_lock);
  TaskVec batch = sched->inbox;
  sched->inbox = (TaskVec){0};
  store_relaxed(&sched->inbox_count, 0);
  mutex_unlock(&sched->inbox_lock);
  for (uint32_t i = 0, j = batch.length; i + 1 < j; i++) {
    Task task = batch.data[i];
    batch.data[i] = batch.data[--j];
    batch.data[j] = task;
  }
  if (batch.length > 0) sched_push(worker, batch.data, batch.length);
  bool found = batch.length > 0;
  vec_free(&batch);
  return found;
}

static bool steal_from_others(Worker *worker, Task *task) {
  Sched *sched = worker->sched;
  for (uint32_t i = 1; i < sched->count; i++) {
    uint32_t victim = (worker->index + i) % sched->count;
    DequeSteal outcome;
    do {
      outcome = deque_steal(&sched->workers[victim]->deque, task);
    } while (outcome == DEQUE_LOST_RACE);
    if (outcome == DEQUE_STOLEN) return true;
  }
  return false;
}

static bool search(Worker *worker, Task *task) {
  uint64_t begin = clock_now();
  bool found = false;
  for (uint32_t round = 0; round < SEARCH_ROUNDS && !found; round++)
    found = (empty_inbox(worker) && deque_take(&worker->deque, task)) ||
            steal_from_others(worker, task);
  add_time(&worker->steal_ns, clock_now() - begin);
  return found;
}

static bool work_is_visible(Sched *sched) {
  if (load_seq(&sched->inbox_count) > 0) return true;
  for (uint32_t i = 0; i < sched->count; i++)
    if (!deque_looks_empty(&sched->workers[i]->deque)) return true;
  return false;
}

/* ---- parking ------------------------------------------------------------ */

static void announce_idle(Worker *worker) {
  Sched *sched = worker->sched;
  worker->parked = true;
  worker->next_idle = sched->idle;
  sched->idle = worker;
  store_seq(&sched->idle_count, load_relaxed(&sched->idle_count) + 1);
}

static void withdraw(Worker *worker) {
  Sched *sched = worker->sched;
  Worker **link = &sched->idle;
  while (*link != worker) link = &(*link)->next_idle;
  *link = worker->next_idle;
  worker->parked = false;
  store_relaxed(&sched->idle_count, load_relaxed(&sched->idle_count) - 1);
}

/* Returns when there may be work again, or the scheduler stops. */
static void park(Worker *worker) {
  Sched *sched = worker->sched;
  uint64_t begin = clock_now();
  mutex_lock(&sched->lock);
  announce_idle(worker);
  if (work_is_visible(sched) || load_relaxed(&sched->stop)) {
    withdraw(worker);
  } else {
    while (worker->parked && !load_relaxed(&sched->stop))
      cond_wait(&worker->woken, &sched->lock);
    if (worker->parked) withdraw(worker);
  }
  mutex_unlock(&sched->lock);
  add_time(&worker->idle_ns, clock_now() - begin);
}

/* ---- the loop ----------------------------------------------------------- */

static bool take(Worker *worker, Task *task) {
  WorkerFront *front = &worker->front;
  if (load_relaxed(front->hungry) > 0) share_front(worker, front->count);
  if (front->count == 0) return deque_take(&worker->deque, task);
  *task = front->tasks[--front->count];
  return true;
}

/* Hungry until it has a task again. */
static bool find_task(Worker *worker, Task *task) {
  Sched *sched = worker->sched;
  if (++worker->since_inbox >= INBOX_EVERY) sched_poll(worker);
  if (take(worker, task)) return true;
  sched->client->settle(sched->user, worker);
  if (take(worker, task)) return true;
  atomic_fetch_add(&sched->hungry, 1);
  while (!search(worker, task)) {
    if (load_relaxed(&sched->stop)) return false;
    park(worker);
  }
  atomic_fetch_sub(&sched->hungry, 1);
  return true;
}

/* Shares what is here with whoever is out of work: the owner may be busy with
 * one long chain of nodes, or with one long node, and never ask. */
static void offer(Worker *worker) {
  Sched *sched = worker->sched;
  if (load_relaxed(&sched->hungry) > 0)
    share_front(worker, worker->front.count);
  if (load_relaxed(&sched->idle_count) == 0 ||
      deque_looks_empty(&worker->deque)) {
    worker->waits_since = 0;
    return;
  }
  uint64_t now = clock_now();
  if (worker->waits_since == 0) {
    worker->waits_since = now;
  } else if (now - worker->waits_since > PATIENCE_NS) {
    worker->waits_since = 0;
    wake_one(sched);
  }
}

void sched_poll(Worker *worker) {
  worker->since_inbox = 0;
  empty_inbox(worker);
  offer(worker);
}

static void worker_main(void *argument) {
  Worker *worker = argument;
  Sched *sched = worker->sched;
  while (!load_relaxed(&sched->stop)) {
    Task task;
    if (find_task(worker, &task)) sched->client->run(sched->user, worker, task);
  }
}

uint32_t worker_index(const Worker *worker) {
  return worker->index;
}

/* A guest keeps its tasks until it is flushed, whoever is out of work. */
static const _Atomic uint32_t nobody_is_hungry;

static Worker *worker_new(Sched *sched, uint32_t index) {
  Worker *worker = mem_alloc_aligned(CACHE_LINE, sizeof *worker);
  worker->front.hungry = &sched->hungry;
  worker->sched = sched;
  worker->index = index;
  deque_init(&worker->deque);
  cond_init(&worker->woken);
  return worker;
}

Sched *sched_new(uint32_t count, const SchedClient *client, void *user,
                 Error *error) {
  Sched *sched = mem_alloc_aligned(CACHE_LINE, sizeof *sched);
  *sched = (Sched){.client = client, .user = user, .count = count};
  sched->workers = mem_alloc_zero(count, sizeof(Worker *));
  mutex_init(&sched->inbox_lock);
  mutex_init(&sched->lock);
  for (uint32_t i = 0; i < count; i++) sched->workers[i] = worker_new(sched, i);
  sched->guest = worker_new(sched, count);
  sched->guest->front.hungry = &nobody_is_hungry;
  for (uint32_t i = 0; i < count; i++) {
    if (thread_start(&sched->workers[i]->thread, "apxm-worker", worker_main,
                     sched->workers[i], error) != STATUS_OK) {
      sched_free(sched);
      return NULL;
    }
  }
  return sched;
}

static void worker_free(Worker *worker) {
  if (worker->thread != NULL) thread_join(worker->thread);
  deque_free(&worker->deque);
  cond_destroy(&worker->woken);
  mem_free(worker);
}

void sched_free(Sched *sched) {
  if (sched == NULL) return;
  mutex_lock(&sched->lock);
  store_relaxed(&sched->stop, true);
  for (uint32_t i = 0; i < sched->count; i++)
    cond_signal(&sched->workers[i]->woken);
  mutex_unlock(&sched->lock);
  for (uint32_t i = 0; i < sched->count; i++) {
    if (sched->workers[i]->thread == NULL) continue;
    thread_join(sched->workers[i]->thread);
    sched->workers[i]->thread = NULL;
  }
  for (uint32_t i = 0; i < sched->count; i++) worker_free(sched->workers[i]);
  worker_free(sched->guest);
  vec_free(&sched->inbox);
  mutex_destroy(&sched->inbox_lock);
  mutex_destroy(&sched->lock);
  mem_free(sched->workers);
  mem_free(sched);
}

void sched_times(Sched *sched, SchedTimes *times) {
  *times = (SchedTimes){0};
  for (uint32_t i = 0; i < sched->count; i++) {
    Worker *worker = sched->workers[i];
    times->cpu_ns += thread_cpu_time(worker->thread);
    times->steal_ns += load_relaxed(&worker->steal_ns);
    times->idle_ns += load_relaxed(&worker->idle_ns);
  }
}
