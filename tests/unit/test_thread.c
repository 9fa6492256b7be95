/* SPDX-License-Identifier: MIT
 *
 * thread.c: locks exclude, waits wake, deadlines pass, a new thread has its
 * name and no signals. Run under the thread sanitizer too.
 */
#include "core/base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "tests/unit/unit.h"

enum { THREADS = 4, ROUNDS = 20000 };

/* What the threads of a test share. */
typedef struct Shared {
  Mutex lock;     /* guards all below */
  Cond changed;   /* `turn` or `waiting` changed */
  uint64_t count; /* of rounds done */
  unsigned turn;
  unsigned waiting;
} Shared;

static void shared_init(Shared *shared) {
  *shared = (Shared){.count = 0};
  mutex_init(&shared->lock);
  cond_init(&shared->changed);
}

static void shared_destroy(Shared *shared) {
  cond_destroy(&shared->changed);
  mutex_destroy(&shared->lock);
}

static void run_all(void (*body)(void *), Shared *shared) {
  Thread *threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    Error error = {0};
    assert_int_equal(thread_start(&threads[i], "worker", body, shared, &error),
                     STATUS_OK);
  }
  for (int i = 0; i < THREADS; i++) thread_join(threads[i]);
}

static void count_up(void *data) {
  Shared *shared = data;
  for (int i = 0; i < ROUNDS; i++) {
    mutex_lock(&shared->lock);
    shared->count++;
    mutex_unlock(&shared->lock);
  }
}

CASE(mutex_excludes) {
  (void)state;
  Shared shared;
  shared_init(&shared);
  run_all(count_up, &shared);
  assert_int_equal(shared.count, THREADS * ROUNDS);
  shared_destroy(&shared);
}

/* Each thread takes a number and then every THREADS-th turn. */
static void take_turns(void *data) {
  Shared *shared = data;
  mutex_lock(&shared->lock);
  unsigned mine = shared->waiting++;
  for (unsigned i = 0; i < 500; i++, mine += THREADS) {
    while (shared->turn != mine) cond_wait(&shared->changed, &shared->lock);
    shared->turn++;
    cond_broadcast(&shared->changed);
  }
  mutex_unlock(&shared->lock);
}

CASE(broadcast_wakes) {
  (void)state;
  Shared shared;
  shared_init(&shared);
  run_all(take_turns, &shared);
  assert_int_equal(shared.turn, THREADS * 500);
  shared_destroy(&shared);
}

static void wait_for_turn(void *data) {
  Shared *shared = data;
  mutex_lock(&shared->lock);
  shared->waiting++;
  cond_signal(&shared->changed);
  uint64_t far = clock_now() + 60 * NS_PER_S;
  while (shared->turn == 0) {
    assert_true(cond_wait_until(&shared->changed, &shared->lock, far));
  }
  mutex_unlock(&shared->lock);
}

CASE(signal_ends_a_timed_wait) {
  (void)state;
  Shared shared;
  shared_init(&shared);
  Thread *thread = NULL;
  assert_int_equal(
      thread_start(&thread, "waiter", wait_for_turn, &shared, NULL), STATUS_OK);
  mutex_lock(&shared.lock);
  while (shared.waiting == 0) cond_wait(&shared.changed, &shared.lock);
  shared.turn = 1;
  mutex_unlock(&shared.lock);
  cond_signal(&shared.changed);
  thread_join(thread);
  shared_destroy(&shared);
}

CASE(deadline_passes) {
  (void)state;
  Shared shared;
  shared_init(&shared);
  mutex_lock(&shared.lock);
  uint64_t deadline = clock_now() + 5 * NS_PER_MS;
  while (cond_wait_until(&shared.changed, &shared.lock, deadline)) {
  }
  assert_true(clock_now() >= deadline);
  assert_false(cond_wait_until(&shared.changed, &shared.lock, 0));
  mutex_unlock(&shared.lock);
  shared_destroy(&shared);
}

/* What a new thread finds out about itself. */
typedef struct Self {
  char name[16];
  sigset_t mask;
} Self;

static void look_at_self(void *data) {
  Self *self = data;
  prctl(PR_GET_NAME, self->name);
  sigprocmask(SIG_SETMASK, NULL, &self->mask);
}

CASE(name_and_signals) {
  (void)state;
  Self self = {0};
  Thread *thread = NULL;
  Status status = thread_start(&thread, "a name that is too long", look_at_self,
                               &self, NULL);
  assert_int_equal(status, STATUS_OK);
  thread_join(thread);
  assert_string_equal(self.name, "a name that is ");
  assert_int_equal(sigismember(&self.mask, SIGINT), 1);
  assert_int_equal(sigismember(&self.mask, SIGTERM), 1);
  assert_int_equal(sigismember(&self.mask, SIGPIPE), 1);
  sigset_t ours;
  sigprocmask(SIG_SETMASK, NULL, &ours);
  assert_int_equal(sigismember(&ours, SIGINT), 0);
}

CASE(processors) {
  (void)state;
  uint32_t count = thread_cpu_count();
  assert_true(count >= 1);
  assert_true(count <= (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(mutex_excludes),
      cmocka_unit_test(broadcast_wakes),
      cmocka_unit_test(signal_ends_a_timed_wait),
      cmocka_unit_test(deadline_passes),
      cmocka_unit_test(name_and_signals),
      cmocka_unit_test(processors),
  };
  return RUN(cases);
}
