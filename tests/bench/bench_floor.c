/* SPDX-License-Identifier: MIT
 *
 * The floor under the scheduler: the least C that runs the shapes of
 * cli/bench_shapes.h with empty bodies, and nothing a real engine needs beside
 * it (no values, no frames, no failure, no figures, no parking in a run). Hand
 * written, with the care a good engineer would take:
 *
 *   - one pending counter a node. Whoever finds 1 in it is the last to arrive
 *     and needs no read-modify-write (in-degree 1 never does);
 *   - arrivals at a node of in-degree 64 or more are counted by the worker and
 *     handed over when it runs out of work;
 *   - the first ready successor is run in place, the others go on the worker's
 *     Chase-Lev deque (orders of Le, Pop, Cohen, Zappella Nardelli 2013);
 *   - nodes done are counted by the worker, and told when it runs out.
 *
 * The thread that asks for a run is worker 0; the others sleep between runs.
 * The same code runs for one worker and for several. Prints bench lines: build
 * (allocate the counters and fill them), first, warm (fills them again).
 */
#include <assert.h>
#include <sched.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_line.h"
#include "cli/bench_shapes.h"
#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"

enum { RING_SLOTS = 1024, WIDE_FROM = 64 };
#define NONE UINT32_MAX
#define WIDE UINT32_C(0x40000000) /* a bit of a pending counter */
#define COUNT (WIDE - 1)

/* The slots of a deque; outgrown ones stay until the end for late thieves. */
typedef struct Ring {
  struct Ring *older;
  int64_t mask;
  _Atomic uint32_t slots[];
} Ring;

typedef struct Floor Floor;

typedef struct Worker {
  alignas(CACHE_LINE) _Atomic int64_t top;    /* thieves move it */
  alignas(CACHE_LINE) _Atomic int64_t bottom; /* the owner moves it */
  _Atomic(Ring *) ring;
  Floor *floor;
  Thread *thread;      /* NULL: worker 0 */
  uint32_t index;      /* in floor->workers */
  uint32_t wide;       /* node whose arrivals are counted here, or NONE */
  uint32_t wide_count; /* that many */
  uint32_t done;       /* nodes run and not yet told */
} Worker;

struct Floor {
  const Shape *shape;
  _Atomic uint32_t *pending; /* by node: arrivals to come, and WIDE */
  Worker *workers;
  uint32_t worker_count;
  alignas(CACHE_LINE) _Atomic uint32_t remaining; /* nodes of the run */
  alignas(CACHE_LINE) _Atomic uint32_t inside;    /* helpers in the run */
  Mutex mutex; /* guards the three below; taken between runs only */
  Cond changed;
  uint64_t generation; /* number of the run */
  bool open;           /* helpers may still join it */
  bool closing;        /* helpers end */
};

/* ---- the deque ----------------------------------------------------------- */

static Ring *ring_new(int64_t slots, Ring *older) {
  Ring *ring =
      mem_alloc(sizeof *ring + (size_t)slots * sizeof(_Atomic uint32_t));
  ring->older = older;
  ring->mask = slots - 1;
  return ring;
}

static Ring *grow(Worker *w, Ring *old, int64_t top, int64_t bottom) {
  Ring *ring = ring_new(2 * (old->mask + 1), old);
  for (int64_t i = top; i < bottom; i++)
    store_relaxed(&ring->slots[i & ring->mask],
                  load_relaxed(&old->slots[i & old->mask]));
  store_release(&w->ring, ring);
  return ring;
}

static inline void push(Worker *w, uint32_t node) {
  int64_t bottom = load_relaxed(&w->bottom), top = load_acquire(&w->top);
  Ring *ring = load_relaxed(&w->ring);
  if (bottom - top > ring->mask) ring = grow(w, ring, top, bottom);
  store_relaxed(&ring->slots[bottom & ring->mask], node);
  store_release(&w->bottom, bottom + 1);
}

static inline uint32_t take(Worker *w) {
  int64_t bottom = load_relaxed(&w->bottom) - 1;
  Ring *ring = load_relaxed(&w->ring);
  store_relaxed(&w->bottom, bottom);
  atomic_thread_fence(memory_order_seq_cst);
  int64_t top = load_relaxed(&w->top);
  if (top > bottom) {
    store_relaxed(&w->bottom, bottom + 1);
    return NONE;
  }
  uint32_t node = load_relaxed(&ring->slots[bottom & ring->mask]);
  if (top < bottom) return node;
  if (!atomic_compare_exchange_strong(&w->top, &top, top + 1)) node = NONE;
  store_relaxed(&w->bottom, bottom + 1);
  return node;
}

static uint32_t steal(Worker *w) {
  int64_t top = load_acquire(&w->top);
  atomic_thread_fence(memory_order_seq_cst);
  if (top >= load_acquire(&w->bottom)) return NONE;
  Ring *ring = load_acquire(&w->ring);
  uint32_t node = load_relaxed(&ring->slots[top & ring->mask]);
  return atomic_compare_exchange_strong(&w->top, &top, top + 1) ? node : NONE;
}

/* ---- nodes --------------------------------------------------------------- */

/* Hands over the arrivals counted for the wide node. True when it is ready. */
static bool flush_wide(Worker *w) {
  if (w->wide == NONE) return false;
  uint32_t before = sub_acq_rel(&w->floor->pending[w->wide], w->wide_count);
  return (before & COUNT) == w->wide_count;
}

static void count_wide(Worker *w, uint32_t node) {
  if (w->wide != node) {
    if (flush_wide(w)) push(w, w->wide);
    w->wide = node;
    w->wide_count = 0;
  }
  w->wide_count++;
}

/* One predecessor of `node` is done. True when it was the last. */
static inline bool arrive(Worker *w, _Atomic uint32_t *pending, uint32_t node) {
  uint32_t left = load_acquire(&pending[node]);
  if (left == 1) return true;
  if (left & WIDE) {
    count_wide(w, node);
    return false;
  }
  return sub_acq_rel(&pending[node], 1) == 1;
}

/* Runs `node` and what it makes ready until the deque is empty. */
static void run_nodes(Worker *w, uint32_t node) {
  const uint32_t *first = w->floor->shape->first;
  const uint32_t *next = w->floor->shape->next;
  _Atomic uint32_t *pending = w->floor->pending;
  uint32_t done = 0;
  while (node != NONE) {
    uint32_t ready = NONE;
    for (uint32_t e = first[node]; e < first[node + 1]; e++) {
      if (!arrive(w, pending, next[e])) continue;
      if (ready == NONE)
        ready = next[e];
      else
        push(w, next[e]);
    }
    done++;
    node = ready != NONE ? ready : take(w);
  }
  w->done += done;
}

static uint32_t find_work(Worker *w) {
  bool ready = flush_wide(w);
  uint32_t node = w->wide;
  w->wide = NONE;
  if (ready) return node;
  if (w->done > 0) sub_acq_rel(&w->floor->remaining, w->done);
  w->done = 0;
  for (uint32_t i = 1; i < w->floor->worker_count; i++) {
    uint32_t victim = (w->index + i) % w->floor->worker_count;
    node = steal(&w->floor->workers[victim]);
    if (node != NONE) return node;
  }
  return NONE;
}

static void take_part(Worker *w, uint32_t node) {
  for (;;) {
    if (node != NONE) run_nodes(w, node);
    node = find_work(w);
    if (node != NONE) continue;
    if (load_acquire(&w->floor->remaining) == 0) return;
    sched_yield();
  }
}

/* ---- runs ---------------------------------------------------------------- */

static bool wait_for_run(Floor *floor, uint64_t *seen) {
  mutex_lock(&floor->mutex);
  while (!floor->closing && !(floor->open && floor->generation != *seen))
    cond_wait(&floor->changed, &floor->mutex);
  *seen = floor->generation;
  bool go = !floor->closing;
  if (go) add_relaxed(&floor->inside, 1);
  mutex_unlock(&floor->mutex);
  return go;
}

static void helper_main(void *argument) {
  Worker *w = argument;
  uint64_t seen = 0;
  while (wait_for_run(w->floor, &seen)) {
    take_part(w, NONE);
    sub_acq_rel(&w->floor->inside, 1);
  }
}

static void announce(Floor *floor, bool open, bool closing) {
  mutex_lock(&floor->mutex);
  floor->open = open;
  floor->closing = closing;
  if (open) floor->generation++;
  if (open || closing) cond_broadcast(&floor->changed);
  mutex_unlock(&floor->mutex);
}

static void run_once(Floor *floor) {
  store_relaxed(&floor->remaining, floor->shape->node_count);
  if (floor->worker_count > 1) announce(floor, true, false);
  take_part(&floor->workers[0], 0);
  if (floor->worker_count > 1) announce(floor, false, false);
  while (load_acquire(&floor->inside) > 0) sched_yield();
}

static void fill_counters(Floor *floor, const uint32_t *fresh) {
  memcpy((void *)floor->pending, fresh,
         floor->shape->node_count * sizeof *fresh);
}

static void start_workers(Floor *floor, uint32_t count) {
  floor->workers = aligned_alloc(CACHE_LINE, count * sizeof *floor->workers);
  assert(floor->workers != NULL);
  memset((void *)floor->workers, 0, count * sizeof *floor->workers);
  floor->worker_count = count;
  mutex_init(&floor->mutex);
  cond_init(&floor->changed);
  for (uint32_t i = 0; i < count; i++) {
    Worker *w = &floor->workers[i];
    w->floor = floor;
    w->index = i;
    w->wide = NONE;
    store_relaxed(&w->ring, ring_new(RING_SLOTS, NULL));
  }
  for (uint32_t i = 1; i < count; i++) {
    Error error = {0};
    if (thread_start(&floor->workers[i].thread, "floor", helper_main,
                     &floor->workers[i], &error) != STATUS_OK) {
      fprintf(stderr, "bench_floor: %s\n", error.message);
      exit(1);
    }
  }
}

static void stop_workers(Floor *floor) {
  announce(floor, false, true);
  for (uint32_t i = 0; i < floor->worker_count; i++) {
    Worker *w = &floor->workers[i];
    if (w->thread != NULL) thread_join(w->thread);
    for (Ring *ring = load_relaxed(&w->ring); ring != NULL;) {
      Ring *older = ring->older;
      mem_free(ring);
      ring = older;
    }
  }
  free(floor->workers);
  cond_destroy(&floor->changed);
  mutex_destroy(&floor->mutex);
}

/* ---- measuring ----------------------------------------------------------- */

/* What a loader would have derived: the degrees, the wide ones marked. */
static uint32_t *fresh_counters(const Shape *shape) {
  uint32_t *fresh = mem_alloc_zero(shape->node_count, sizeof *fresh);
  for (uint32_t i = 0; i < shape->node_count; i++)
    fresh[i] = shape->degree[i] | (shape->degree[i] >= WIDE_FROM ? WIDE : 0);
  return fresh;
}

static uint64_t graph_bytes(const Shape *shape) {
  uint64_t nodes = shape->node_count, edges = shape->first[nodes];
  return (2 * nodes + 1 + edges) * sizeof(uint32_t);
}

static void measure(Floor *floor, const BenchJob *job) {
  const Shape *shape = floor->shape;
  uint32_t *fresh = fresh_counters(shape), nodes = shape->node_count;
  uint64_t heap = bench_heap_bytes(), start = clock_now();
  floor->pending = mem_alloc(nodes * sizeof *floor->pending);
  fill_counters(floor, fresh);
  uint64_t built = clock_now();
  run_once(floor);
  uint64_t ended = clock_now(), build = built - start, first = ended - built;
  uint64_t *warm = mem_alloc_zero(job->warm, sizeof *warm);
  for (uint32_t i = 0; i < job->warm; i++) {
    start = clock_now();
    fill_counters(floor, fresh);
    run_once(floor);
    warm[i] = clock_now() - start;
  }
  uint64_t bytes = graph_bytes(shape) + bench_heap_bytes() - heap;
  bench_line_write(stdout, "floor", job, "build", nodes, &build, 1, 0);
  bench_line_write(stdout, "floor", job, "first", nodes, &first, 1, 0);
  bench_line_write(stdout, "floor", job, "warm", nodes, warm, job->warm, bytes);
  mem_free(warm);
  mem_free((void *)floor->pending);
  mem_free(fresh);
}

int main(int argc, char **argv) {
  BenchJob job;
  if (!bench_job_parse(argc, argv, &job)) return 2;
  Shape shape = shape_make(job.shape, job.nodes);
  Floor floor = {.shape = &shape};
  start_workers(&floor, job.workers);
  measure(&floor, &job);
  stop_workers(&floor);
  shape_free(&shape);
  return 0;
}
