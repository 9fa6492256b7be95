/* SPDX-License-Identifier: MIT
 *
 * The scheduler: posts from outside wake a sleeping worker every time (a lost
 * wake-up hangs this test), work spreads by stealing, what a client holds back
 * is settled before a worker sleeps, and stopping joins everybody.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/thread.h"
#include "runtime/sched/sched.h"

typedef struct Client {
  _Atomic uint64_t runs;
  _Atomic uint64_t settled;
  _Atomic uint64_t held; /* tokens a worker holds back until it settles */
  _Atomic uint64_t by_worker[4];
} Client;

/* A task of height h pushes two of height h - 1. */
static void run_tree(void *user, Worker *worker, Task task) {
  Client *client = user;
  if (task.argument > 0) {
    Task children[2] = {{task.object, task.argument - 1},
                        {task.object, task.argument - 1}};
    sched_push(worker, children, 2);
  }
  add_relaxed(&client->by_worker[worker_index(worker)], 1);
  atomic_fetch_add(&client->runs, 1);
}

static void settle_nothing(void *user, Worker *worker) {
  (void)worker;
  add_relaxed(&((Client *)user)->settled, 1);
}

static void wait_for(_Atomic uint64_t *count, uint64_t wanted) {
  while (load_acquire(count) < wanted) clock_sleep(20 * NS_PER_US);
}

static void tree_runs_whole(void **state) {
  (void)state;
  const SchedClient table = {run_tree, settle_nothing};
  Client client = {0};
  Error error = {0};
  Sched *sched = sched_new(4, &table, &client, &error);
  assert_non_null(sched);
  for (uint64_t round = 1; round <= 20; round++) {
    sched_post(sched, (Task){&client, 12});
    wait_for(&client.runs, round * ((1 << 13) - 1));
  }
  sched_free(sched);
  assert_int_equal(client.runs, 20 * ((1 << 13) - 1));
}

/* One post at a time, each after the workers had time to go to sleep or are
 * about to: the window in which a wake-up can be lost. */
static void no_wake_up_is_lost(void **state) {
  (void)state;
  enum { POSTS = 20000 };
  const SchedClient table = {run_tree, settle_nothing};
  Client client = {0};
  Error error = {0};
  Sched *sched = sched_new(2, &table, &client, &error);
  assert_non_null(sched);
  for (uint64_t i = 1; i <= POSTS; i++) {
    sched_post(sched, (Task){&client, 0});
    uint64_t spins = i % 7 * 40;
    while (load_acquire(&client.runs) < i) {
    }
    while (spins-- > 0) (void)load_acquire(&client.runs);
  }
  sched_free(sched);
  assert_int_equal(client.runs, POSTS);
}

typedef struct Poster {
  Sched *sched;
  Client *client;
} Poster;

enum { POSTERS = 3, POSTS_EACH = 20000 };

static void post_many(void *argument) {
  Poster *poster = argument;
  for (int i = 0; i < POSTS_EACH; i++)
    sched_post(poster->sched, (Task){poster->client, 0});
}

static void posts_from_many_threads(void **state) {
  (void)state;
  const SchedClient table = {run_tree, settle_nothing};
  Client client = {0};
  Error error = {0};
  Thread *threads[POSTERS];
  Sched *sched = sched_new(2, &table, &client, &error);
  assert_non_null(sched);
  Poster poster = {sched, &client};
  for (int i = 0; i < POSTERS; i++)
    assert_int_equal(
        thread_start(&threads[i], "poster", post_many, &poster, &error),
        STATUS_OK);
  for (int i = 0; i < POSTERS; i++) thread_join(threads[i]);
  wait_for(&client.runs, POSTERS * POSTS_EACH);
  sched_free(sched);
  assert_int_equal(client.runs, POSTERS * POSTS_EACH);
}

/* Tokens held back are published by settle; the last one runs only then. */
static void run_held(void *user, Worker *worker, Task task) {
  Client *client = user;
  (void)worker;
  if (task.argument == 1)
    add_relaxed(&client->held, 1);
  else
    atomic_fetch_add(&client->runs, 1);
}

static void settle_held(void *user, Worker *worker) {
  Client *client = user;
  if (atomic_exchange(&client->held, 0) == 0) return;
  Task task = {user, 0};
  sched_push(worker, &task, 1);
}

static void held_work_is_settled_before_sleep(void **state) {
  (void)state;
  const SchedClient table = {run_held, settle_held};
  Client client = {0};
  Error error = {0};
  Sched *sched = sched_new(1, &table, &client, &error);
  assert_non_null(sched);
  for (uint64_t i = 1; i <= 1000; i++) {
    sched_post(sched, (Task){&client, 1});
    wait_for(&client.runs, i);
  }
  sched_free(sched);
}

static void parked_workers_use_no_processor(void **state) {
  (void)state;
  const SchedClient table = {run_tree, settle_nothing};
  Client client = {0};
  Error error = {0};
  SchedTimes before, after;
  Sched *sched = sched_new(2, &table, &client, &error);
  assert_non_null(sched);
  sched_post(sched, (Task){&client, 4});
  wait_for(&client.runs, 31);
  clock_sleep(20 * NS_PER_MS); /* whatever was running has parked */
  sched_times(sched, &before);
  clock_sleep(200 * NS_PER_MS);
  sched_times(sched, &after);
  assert_in_range(after.cpu_ns - before.cpu_ns, 0, NS_PER_MS);
  sched_free(sched);
}

/* The order in which the one worker ran them. */
typedef struct Order {
  uint64_t seen[2000];
  _Atomic uint64_t count;
} Order;

static void note_order(void *user, Worker *worker, Task task) {
  Order *order = user;
  (void)worker;
  order->seen[load_relaxed(&order->count)] = task.argument;
  atomic_fetch_add(&order->count, 1);
}

static void settle_never(void *user, Worker *worker) {
  (void)user;
  (void)worker;
}

/* A guest keeps what it is given, also when workers have nothing to do; its
 * newest runs first, there or, after the flush, with the workers; and what
 * does not fit goes to them at once. */
static void guest_keeps_its_tasks_until_it_is_flushed(void **state) {
  (void)state;
  enum { MANY = 1000 };
  const SchedClient table = {note_order, settle_never};
  Order order = {0};
  Error error = {0};
  Sched *sched = sched_new(1, &table, &order, &error);
  assert_non_null(sched);
  Worker *guest = sched_guest(sched);
  assert_int_equal(worker_index(guest), 1);
  sched_flush(guest);
  sched_add(guest, (Task[]){{NULL, 3}, {NULL, 2}}, 2);
  sched_add(guest, &(Task){NULL, 1}, 1);
  assert_int_equal(sched_newest(guest)->argument, 1);
  clock_sleep(5 * NS_PER_MS); /* a worker that could steal them would have */
  assert_int_equal(load_relaxed(&order.count), 0);
  sched_flush(guest);
  assert_null(sched_newest(guest));
  wait_for(&order.count, 3);
  for (uint64_t i = 0; i < 3; i++) assert_int_equal(order.seen[i], i + 1);
  for (uint64_t i = 0; i < MANY; i++) sched_add(guest, &(Task){NULL, i}, 1);
  sched_flush(guest);
  wait_for(&order.count, 3 + MANY);
  sched_free(sched);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tree_runs_whole),
      cmocka_unit_test(no_wake_up_is_lost),
      cmocka_unit_test(posts_from_many_threads),
      cmocka_unit_test(held_work_is_settled_before_sleep),
      cmocka_unit_test(parked_workers_use_no_processor),
      cmocka_unit_test(guest_keeps_its_tasks_until_it_is_flushed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
