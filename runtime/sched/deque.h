/* SPDX-License-Identifier: MIT
 *
 * The work-stealing deque of Chase and Lev (SPAA 2005) with the C11 orders of
 * Le, Pop, Cohen and Zappa Nardelli, "Correct and Efficient Work-Stealing for
 * Weak Memory Models" (PPoPP 2013, figure 1). One owner pushes and takes at
 * the bottom, last in first out; any thread steals at the top, oldest first.
 *
 *        top (thieves: CAS)                    bottom (owner: store)
 *         v                                     v
 *     ... | t | t+1 | t+2 |  ...  | b-2 | b-1 | free ...
 *
 * A cell is two words; a thief may read a torn cell, but only when top has
 * moved on, and then its CAS fails and the cell is thrown away. A grown array
 * stays until the deque is freed, since a thief may still be reading it.
 * tests/spin/ models this file.
 */
#ifndef APXM_RUNTIME_SCHED_DEQUE_H
#define APXM_RUNTIME_SCHED_DEQUE_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/atomic.h"

/* What a worker runs; opaque here. */
typedef struct Task {
  void *object;
  uint64_t argument;
} Task;

typedef struct DequeCell {
  _Atomic(void *) object;
  _Atomic uint64_t argument;
} DequeCell;

typedef struct DequeArray {
  int64_t capacity;         /* a power of two */
  struct DequeArray *older; /* retired, freed with the deque */
  DequeCell cells[];
} DequeArray;

typedef struct Deque {
  alignas(CACHE_LINE) _Atomic int64_t top;    /* CAS by thieves and the owner */
  alignas(CACHE_LINE) _Atomic int64_t bottom; /* stored by the owner */
  _Atomic(DequeArray *) array;                /* stored by the owner */
} Deque;

typedef enum DequeSteal {
  DEQUE_EMPTY,
  DEQUE_LOST_RACE,
  DEQUE_STOLEN
} DequeSteal;

void deque_init(Deque *deque);
void deque_free(Deque *deque); /* when no thread uses it any more */

/* Owner. Makes room for `count` more; called by deque_push. */
DequeArray *deque_grow(Deque *deque, int64_t top, int64_t bottom,
                       int64_t count);

/* Owner. Pushes tasks[0 .. count - 1]; the last one is taken first. Returns
 * how many tasks the deque holds now (an upper estimate). */
static inline int64_t deque_push(Deque *deque, const Task *tasks,
                                 int64_t count) {
  int64_t bottom = load_relaxed(&deque->bottom);
  int64_t top = load_acquire(&deque->top);
  DequeArray *array = load_relaxed(&deque->array);
  if (bottom - top + count > array->capacity)
    array = deque_grow(deque, top, bottom, count);
  for (int64_t i = 0; i < count; i++) {
    DequeCell *cell = &array->cells[(bottom + i) & (array->capacity - 1)];
    store_relaxed(&cell->object, tasks[i].object);
    store_relaxed(&cell->argument, tasks[i].argument);
  }
  store_release(&deque->bottom, bottom + count);
  return bottom - top + count;
}

/* Owner. False when empty. */
bool deque_take(Deque *deque, Task *task);

/* Any thread. */
DequeSteal deque_steal(Deque *deque, Task *task);

/* Any thread. Whether it looked empty; exact only for a thread that is ordered
 * after the push (sched.c, park). */
static inline bool deque_looks_empty(Deque *deque) {
  int64_t top = load_seq(&deque->top);
  return load_seq(&deque->bottom) <= top;
}

#endif
