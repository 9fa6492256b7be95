/* SPDX-License-Identifier: MIT
 *
 * The deque: order, growth, and every task exactly once while one owner pushes
 * and takes and thieves steal. Run it under the thread sanitizer: there the
 * orders are checked, not only the counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/sched/deque.h"

static Task task_of(uint64_t number) {
  return (Task){(void *)(uintptr_t)(number + 1), ~number};
}

static uint64_t number_of(Task task) {
  uint64_t number = (uint64_t)(uintptr_t)task.object - 1;
  assert_true(task.argument == ~number); /* no torn cell gets out */
  return number;
}

static void owner_takes_last_in_first_out(void **state) {
  (void)state;
  Deque deque;
  Task task;
  deque_init(&deque);
  assert_false(deque_take(&deque, &task));
  for (uint64_t i = 0; i < 1000; i++) {
    Task pushed = task_of(i);
    assert_int_equal(deque_push(&deque, &pushed, 1), i + 1);
  }
  for (uint64_t i = 1000; i-- > 0;) {
    assert_true(deque_take(&deque, &task));
    assert_int_equal(number_of(task), i);
  }
  assert_false(deque_take(&deque, &task));
  assert_true(deque_looks_empty(&deque));
  deque_free(&deque);
}

static void thief_takes_the_oldest(void **state) {
  (void)state;
  Deque deque;
  Task task, tasks[3] = {task_of(0), task_of(1), task_of(2)};
  deque_init(&deque);
  assert_int_equal(deque_steal(&deque, &task), DEQUE_EMPTY);
  deque_push(&deque, tasks, 3);
  for (uint64_t i = 0; i < 3; i++) {
    assert_int_equal(deque_steal(&deque, &task), DEQUE_STOLEN);
    assert_int_equal(number_of(task), i);
  }
  assert_int_equal(deque_steal(&deque, &task), DEQUE_EMPTY);
  deque_free(&deque);
}

enum { THIEVES = 3, TASKS = 200000 };

typedef struct Stress {
  Deque deque;
  _Atomic uint32_t seen[TASKS]; /* how often each was run */
  _Atomic uint32_t done;        /* tasks run by anybody */
} Stress;

static void run_task(Stress *stress, Task task) {
  add_relaxed(&stress->seen[number_of(task)], 1);
  add_relaxed(&stress->done, 1);
}

static void thief(void *argument) {
  Stress *stress = argument;
  while (load_relaxed(&stress->done) < TASKS) {
    Task task;
    if (deque_steal(&stress->deque, &task) == DEQUE_STOLEN)
      run_task(stress, task);
  }
}

/* Bursts of pushes and runs of takes of random lengths, so that owner and
 * thieves meet at the last task again and again. */
static void own(Stress *stress) {
  uint32_t random = 12345;
  uint64_t pushed = 0;
  while (load_relaxed(&stress->done) < TASKS) {
    random = random * 1664525 + 1013904223;
    for (uint32_t n = random >> 28; n > 0 && pushed < TASKS; n--) {
      Task task = task_of(pushed++);
      deque_push(&stress->deque, &task, 1);
    }
    Task task;
    for (uint32_t n = random >> 16 & 15; n > 0; n--)
      if (deque_take(&stress->deque, &task)) run_task(stress, task);
  }
}

static void every_task_runs_once(void **state) {
  (void)state;
  Stress *stress = MEM_NEW(Stress);
  Thread *threads[THIEVES];
  Error error = {0};
  deque_init(&stress->deque);
  for (int i = 0; i < THIEVES; i++)
    assert_int_equal(thread_start(&threads[i], "thief", thief, stress, &error),
                     STATUS_OK);
  own(stress);
  for (int i = 0; i < THIEVES; i++) thread_join(threads[i]);
  for (int i = 0; i < TASKS; i++) assert_int_equal(stress->seen[i], 1);
  deque_free(&stress->deque);
  mem_free(stress);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(owner_takes_last_in_first_out),
      cmocka_unit_test(thief_takes_the_oldest),
      cmocka_unit_test(every_task_runs_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
