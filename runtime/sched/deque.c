/* SPDX-License-Identifier: MIT
 *
 * The out-of-line half of the deque: taking, stealing, growing. The
 * sequentially consistent fence between the owner's store of bottom and its
 * load of top, and the one between a thief's two loads, decide who gets the
 * last task; the thread-sanitizer build says the same with ordered operations,
 * because that tool does not see fences.
 */
#include "runtime/sched/deque.h"

#include <stddef.h>

#include "core/base/mem.h"

enum { FIRST_CAPACITY = 256 };

static DequeArray *array_new(int64_t capacity, DequeArray *older) {
  DequeArray *array =
      mem_alloc(sizeof *array + (size_t)capacity * sizeof(DequeCell));
  array->capacity = capacity;
  array->older = older;
  return array;
}

void deque_init(Deque *deque) {
  atomic_init(&deque->top, 0);
  atomic_init(&deque->bottom, 0);
  atomic_init(&deque->array, array_new(FIRST_CAPACITY, NULL));
}

void deque_free(Deque *deque) {
  DequeArray *array = load_relaxed(&deque->array);
  while (array != NULL) {
    DequeArray *older = array->older;
    mem_free(array);
    array = older;
  }
}

static void copy_cell(DequeArray *to, DequeArray *from, int64_t index) {
  DequeCell *source = &from->cells[index & (from->capacity - 1)];
  DequeCell *target = &to->cells[index & (to->capacity - 1)];
  store_relaxed(&target->object, load_relaxed(&source->object));
  store_relaxed(&target->argument, load_relaxed(&source->argument));
}

DequeArray *deque_grow(Deque *deque, int64_t top, int64_t bottom,
                       int64_t count) {
  DequeArray *old = load_relaxed(&deque->array);
  int64_t capacity = old->capacity * 2;
  while (capacity < bottom - top + count) capacity *= 2;
  DequeArray *array = array_new(capacity, old);
  for (int64_t i = top; i < bottom; i++) copy_cell(array, old, i);
  store_release(&deque->array, array);
  return array;
}

static void read_cell(DequeArray *array, int64_t index, Task *task) {
  DequeCell *cell = &array->cells[index & (array->capacity - 1)];
  task->object = load_relaxed(&cell->object);
  task->argument = load_relaxed(&cell->argument);
}

/* Announces that the owner wants the task below `bottom`, then looks where
 * the thieves are. */
static int64_t announce_take(Deque *deque, int64_t bottom) {
  if (ATOMIC_NO_FENCES) {
    store_seq(&deque->bottom, bottom);
    return load_seq(&deque->top);
  }
  store_relaxed(&deque->bottom, bottom);
  fence_seq();
  return load_relaxed(&deque->top);
}

static bool win_top(Deque *deque, int64_t top) {
  return atomic_compare_exchange_strong_explicit(
      &deque->top, &top, top + 1, memory_order_seq_cst, memory_order_relaxed);
}

bool deque_take(Deque *deque, Task *task) {
  int64_t bottom = load_relaxed(&deque->bottom) - 1;
  DequeArray *array = load_relaxed(&deque->array);
  /* Only the owner adds, so an empty deque needs no announcement. */
  if (load_relaxed(&deque->top) > bottom) return false;
  int64_t top = announce_take(deque, bottom);
  if (top < bottom) {
    read_cell(array, bottom, task);
    return true;
  }
  bool won = false;
  if (top == bottom) { /* the last one: race with the thieves */
    read_cell(array, bottom, task);
    won = win_top(deque, top);
  }
  store_relaxed(&deque->bottom, bottom + 1);
  return won;
}

DequeSteal deque_steal(Deque *deque, Task *task) {
  int64_t top, bottom;
  if (ATOMIC_NO_FENCES) {
    top = load_seq(&deque->top);
    bottom = load_seq(&deque->bottom);
  } else {
    top = load_acquire(&deque->top);
    fence_seq();
    bottom = load_acquire(&deque->bottom);
  }
  if (top >= bottom) return DEQUE_EMPTY;
  read_cell(load_acquire(&deque->array), top, task);
  return win_top(deque, top) ? DEQUE_STOLEN : DEQUE_LOST_RACE;
}
