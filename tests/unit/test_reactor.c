/* SPDX-License-Identifier: MIT
 *
 * The I/O thread: timers fire in order and never early, a cancel and a firing
 * exclude each other, jobs run once and in order, a watch that was removed is
 * silent, and waiting costs nothing. Run under the thread sanitizer too.
 */
#include "runtime/io/reactor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "tests/unit/unit.h"

static Reactor *open_reactor(void) {
  Error error = {0};
  Reactor *reactor = reactor_new(&error);
  assert_non_null(reactor);
  return reactor;
}

static void wait_for(_Atomic uint32_t *count, uint32_t wanted) {
  while (load_acquire(count) < wanted) clock_sleep(50 * NS_PER_US);
}

/* ---- timers ------------------------------------------------------------- */

enum { TIMERS = 500 };

typedef struct Alarm {
  Timer timer; /* first */
  struct Bell *bell;
  uint32_t order; /* the how-manieth it was; 0: did not fire */
  uint64_t at;    /* when it fired */
} Alarm;

typedef struct Bell {
  _Atomic uint32_t rung;
  Alarm alarms[TIMERS];
} Bell;

static void ring(Timer *timer) {
  Alarm *alarm = (Alarm *)timer;
  alarm->at = clock_now();
  alarm->order = 1 + load_relaxed(&alarm->bell->rung);
  atomic_fetch_add_explicit(&alarm->bell->rung, 1, memory_order_release);
}

static Bell *new_bell(void) {
  Bell *bell = MEM_NEW(Bell);
  for (uint32_t i = 0; i < TIMERS; i++) {
    bell->alarms[i].timer.fire = ring;
    bell->alarms[i].bell = bell;
  }
  return bell;
}

CASE(timers_fire_in_order_and_not_early) {
  (void)state;
  Reactor *reactor = open_reactor();
  Bell *bell = new_bell();
  uint64_t start = clock_now() + 20 * NS_PER_MS;
  for (uint32_t i = 0; i < TIMERS; i++) {
    uint32_t shuffled = i * 211 % TIMERS;
    reactor_timer_set(reactor, &bell->alarms[shuffled].timer,
                      start + shuffled * 20 * NS_PER_US);
  }
  wait_for(&bell->rung, TIMERS);
  for (uint32_t i = 0; i < TIMERS; i++) {
    assert_int_equal(bell->alarms[i].order, i + 1);
    assert_true(bell->alarms[i].at >= start + i * 20 * NS_PER_US);
  }
  reactor_free(reactor);
  mem_free(bell);
}

CASE(timer_moves_and_is_cancelled) {
  (void)state;
  Reactor *reactor = open_reactor();
  Bell *bell = new_bell();
  uint64_t now = clock_now();
  Alarm *alarms = bell->alarms;
  reactor_timer_set(reactor, &alarms[0].timer, now + 3600 * NS_PER_S);
  reactor_timer_set(reactor, &alarms[1].timer, now + 3600 * NS_PER_S);
  reactor_timer_set(reactor, &alarms[2].timer, now + 5 * NS_PER_MS);
  reactor_timer_set(reactor, &alarms[0].timer, now + 2 * NS_PER_MS);
  reactor_timer_set(reactor, &alarms[2].timer, now + 9 * NS_PER_MS);
  assert_true(reactor_timer_cancel(reactor, &alarms[1].timer));
  assert_false(reactor_timer_cancel(reactor, &alarms[1].timer));
  wait_for(&bell->rung, 2);
  assert_int_equal(alarms[0].order, 1);
  assert_int_equal(alarms[2].order, 2);
  assert_true(alarms[2].at >= now + 9 * NS_PER_MS);
  assert_int_equal(alarms[1].order, 0);
  assert_false(reactor_timer_cancel(reactor, &alarms[0].timer));
  reactor_free(reactor);
  mem_free(bell);
}

static void set_again(Timer *timer) {
  Alarm *alarm = (Alarm *)timer;
  alarm->order++;
  atomic_fetch_add_explicit(&alarm->bell->rung, 1, memory_order_release);
}

CASE(timer_in_the_past_fires_and_can_be_set_again) {
  (void)state;
  Reactor *reactor = open_reactor();
  Bell *bell = new_bell();
  bell->alarms[0].timer.fire = set_again;
  for (uint32_t i = 1; i <= 100; i++) {
    reactor_timer_set(reactor, &bell->alarms[0].timer, i % 2);
    wait_for(&bell->rung, i);
  }
  assert_int_equal(bell->alarms[0].order, 100);
  reactor_free(reactor);
  mem_free(bell);
}

static void do_nothing(void *argument) {
  (void)argument;
}

/* Half of the timers are cancelled at about the moment they are due: each one
 * either fires or is cancelled. */
CASE(cancel_and_firing_exclude_each_other) {
  (void)state;
  Reactor *reactor = open_reactor();
  for (int round = 0; round < 20; round++) {
    Bell *bell = new_bell();
    uint64_t start = clock_now() + 200 * NS_PER_US;
    for (uint32_t i = 0; i < TIMERS; i++)
      reactor_timer_set(reactor, &bell->alarms[i].timer,
                        start + i * 2 * NS_PER_US);
    uint32_t cancelled = 0;
    for (uint32_t i = 0; i < TIMERS; i += 2) {
      while (clock_now() < start + i * 2 * NS_PER_US) {
      }
      bool was_set = reactor_timer_cancel(reactor, &bell->alarms[i].timer);
      if (was_set) assert_int_equal(bell->alarms[i].order, 0);
      cancelled += was_set;
    }
    wait_for(&bell->rung, TIMERS - cancelled);
    reactor_call(reactor, do_nothing, NULL);
    assert_int_equal(load_acquire(&bell->rung), TIMERS - cancelled);
    mem_free(bell);
  }
  reactor_free(reactor);
}

CASE(waiting_costs_nothing) {
  (void)state;
  enum { MANY = 10000 };
  Reactor *reactor = open_reactor();
  Alarm *alarms = mem_alloc_zero(MANY, sizeof(Alarm));
  for (uint32_t i = 0; i < MANY; i++) {
    alarms[i].timer.fire = ring;
    reactor_timer_set(reactor, &alarms[i].timer,
                      clock_now() + 3600 * NS_PER_S - i * NS_PER_MS);
  }
  clock_sleep(20 * NS_PER_MS);
  uint64_t before = clock_process_cpu();
  clock_sleep(300 * NS_PER_MS);
  uint64_t spent = clock_process_cpu() - before;
  assert_true(spent < 6 * NS_PER_MS);
  for (uint32_t i = 0; i < MANY; i++)
    assert_true(reactor_timer_cancel(reactor, &alarms[i].timer));
  reactor_free(reactor);
  mem_free(alarms);
}

/* ---- jobs --------------------------------------------------------------- */

enum { POSTERS = 4, POSTS = 5000 };

typedef struct Post {
  ReactorJob job; /* first */
  struct Poster *poster;
  uint32_t number;
} Post;

typedef struct Poster {
  Reactor *reactor;
  Post posts[POSTS];
  uint32_t next;         /* I/O thread: the number expected */
  uint32_t out_of_order; /* I/O thread */
  _Atomic uint32_t *runs;
} Poster;

static void run_post(ReactorJob *job) {
  Post *post = (Post *)job;
  if (post->poster->next++ != post->number) post->poster->out_of_order++;
  atomic_fetch_add_explicit(post->poster->runs, 1, memory_order_release);
}

static void post_all(void *argument) {
  Poster *poster = argument;
  for (uint32_t i = 0; i < POSTS; i++) {
    poster->posts[i] =
        (Post){.job = {.run = run_post}, .poster = poster, .number = i};
    reactor_post(poster->reactor, &poster->posts[i].job);
  }
}

CASE(jobs_of_many_threads_run_once_and_in_order) {
  (void)state;
  _Atomic uint32_t runs = 0;
  Reactor *reactor = open_reactor();
  Poster *posters = mem_alloc_zero(POSTERS, sizeof(Poster));
  Thread *threads[POSTERS];
  for (int i = 0; i < POSTERS; i++) {
    Error error = {0};
    posters[i].reactor = reactor;
    posters[i].runs = &runs;
    assert_int_equal(
        thread_start(&threads[i], "poster", post_all, &posters[i], &error),
        STATUS_OK);
  }
  for (int i = 0; i < POSTERS; i++) thread_join(threads[i]);
  wait_for(&runs, POSTERS * POSTS);
  reactor_free(reactor);
  for (int i = 0; i < POSTERS; i++) {
    assert_int_equal(posters[i].next, POSTS);
    assert_int_equal(posters[i].out_of_order, 0);
  }
  mem_free(posters);
}

typedef struct Chain {
  ReactorJob job; /* first */
  Reactor *reactor;
  _Atomic uint32_t left;
  _Atomic uint32_t over;
} Chain;

static void run_chain(ReactorJob *job) {
  Chain *chain = (Chain *)job;
  if (sub_acq_rel(&chain->left, 1) > 1)
    reactor_post(chain->reactor, job);
  else
    store_release(&chain->over, 1);
}

/* A job that posts itself for ever does not keep timers from firing. */
CASE(job_that_posts_itself_starves_no_timer) {
  (void)state;
  Reactor *reactor = open_reactor();
  Bell *bell = new_bell();
  Chain chain = {
      .job = {.run = run_chain}, .reactor = reactor, .left = UINT32_MAX};
  reactor_post(reactor, &chain.job);
  reactor_timer_set(reactor, &bell->alarms[0].timer,
                    clock_now() + 2 * NS_PER_MS);
  wait_for(&bell->rung, 1);
  store_release(&chain.left, 2);
  wait_for(&chain.over, 1);
  reactor_free(reactor);
  mem_free(bell);
}

typedef struct Rush {
  Timer timer; /* first */
  Reactor *reactor;
  _Atomic uint32_t runs;
  _Atomic uint32_t stop;
  _Atomic uint32_t over;
} Rush;

static void rush_on(Timer *timer) {
  Rush *rush = (Rush *)timer;
  add_relaxed(&rush->runs, 1);
  if (load_acquire(&rush->stop))
    store_release(&rush->over, 1);
  else
    reactor_timer_set(rush->reactor, timer, 0);
}

static void stop_rush(void *argument) {
  store_release(&((Rush *)argument)->stop, 1);
}

/* A timer that sets itself to the past does not keep jobs from running. */
CASE(timer_in_the_past_starves_no_job) {
  (void)state;
  Reactor *reactor = open_reactor();
  Rush rush = {.timer = {.fire = rush_on}, .reactor = reactor};
  reactor_timer_set(reactor, &rush.timer, 0);
  wait_for(&rush.runs, 1000);
  reactor_call(reactor, stop_rush, &rush);
  wait_for(&rush.over, 1);
  reactor_free(reactor);
}

typedef struct Where {
  Reactor *reactor;
  bool was_here;
} Where;

static void look(void *argument) {
  Where *where = argument;
  where->was_here = reactor_is_here(where->reactor);
}

CASE(call_runs_on_the_io_thread) {
  (void)state;
  Reactor *reactor = open_reactor();
  Where where = {reactor, false};
  reactor_call(reactor, look, &where);
  assert_true(where.was_here);
  assert_false(reactor_is_here(reactor));
  reactor_free(reactor);
}

/* ---- watches ------------------------------------------------------------ */

typedef struct Pipe {
  Watch watch; /* first; its fd is the end for reading */
  int end;     /* for writing */
  Reactor *reactor;
  struct Pipe *other; /* removed by the callback, if set */
  bool reads;         /* the callback takes a byte */
  _Atomic uint32_t calls;
} Pipe;

static void on_ready(Watch *watch, uint32_t events) {
  Pipe *p = (Pipe *)watch;
  char byte;
  assert_true(events & EPOLLIN);
  if (p->reads) assert_int_equal(read(watch->fd, &byte, 1), 1);
  if (p->other) reactor_unwatch(p->reactor, &p->other->watch);
  if (p->other) reactor_unwatch(p->reactor, &p->watch);
  atomic_fetch_add_explicit(&p->calls, 1, memory_order_release);
}

static void open_pipe(Pipe *p, Reactor *reactor, bool reads) {
  int ends[2];
  Error error = {0};
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  *p = (Pipe){.watch = {.fd = ends[0], .ready = on_ready},
              .end = ends[1],
              .reactor = reactor,
              .reads = reads};
  assert_int_equal(reactor_watch(reactor, &p->watch, EPOLLIN, &error),
                   STATUS_OK);
}

static void close_pipe(Pipe *p) {
  close(p->watch.fd);
  close(p->end);
}

CASE(watch_reports_what_is_there) {
  (void)state;
  Reactor *reactor = open_reactor();
  Pipe p;
  open_pipe(&p, reactor, true);
  assert_int_equal(write(p.end, "abc", 3), 3);
  wait_for(&p.calls, 3);
  reactor_unwatch(reactor, &p.watch);
  assert_int_equal(write(p.end, "d", 1), 1);
  reactor_call(reactor, do_nothing, NULL);
  assert_int_equal(load_acquire(&p.calls), 3);
  reactor_free(reactor);
  close_pipe(&p);
}

/* Level-triggered and never read, so it is called all the time; once it is
 * removed, no more. */
CASE(no_call_after_unwatch_by_another_thread) {
  (void)state;
  Reactor *reactor = open_reactor();
  for (int round = 0; round < 50; round++) {
    Pipe p;
    open_pipe(&p, reactor, false);
    assert_int_equal(write(p.end, "x", 1), 1);
    wait_for(&p.calls, 1);
    reactor_unwatch(reactor, &p.watch);
    uint32_t calls = load_acquire(&p.calls);
    for (int i = 0; i < 3; i++) reactor_call(reactor, do_nothing, NULL);
    assert_int_equal(load_acquire(&p.calls), calls);
    close_pipe(&p);
  }
  reactor_free(reactor);
}

/* On the I/O thread, so that both are ready when it looks again. */
static void fill_both(void *argument) {
  Pipe *pipes = argument;
  assert_int_equal(write(pipes[0].end, "x", 1), 1);
  assert_int_equal(write(pipes[1].end, "x", 1), 1);
}

/* Two descriptors become ready in one batch and each callback removes both:
 * only one of them is called. */
CASE(callback_removes_the_other_of_its_batch) {
  (void)state;
  Reactor *reactor = open_reactor();
  Pipe pipes[2];
  open_pipe(&pipes[0], reactor, false);
  open_pipe(&pipes[1], reactor, false);
  pipes[0].other = &pipes[1];
  pipes[1].other = &pipes[0];
  reactor_call(reactor, fill_both, pipes);
  while (load_acquire(&pipes[0].calls) + load_acquire(&pipes[1].calls) == 0)
    clock_sleep(50 * NS_PER_US);
  for (int i = 0; i < 3; i++) reactor_call(reactor, do_nothing, NULL);
  assert_int_equal(
      load_acquire(&pipes[0].calls) + load_acquire(&pipes[1].calls), 1);
  reactor_free(reactor);
  close_pipe(&pipes[0]);
  close_pipe(&pipes[1]);
}

CASE(watch_of_a_regular_file_is_refused) {
  (void)state;
  Reactor *reactor = open_reactor();
  Error error = {0};
  char path[] = "/tmp/apxm-reactor-XXXXXX";
  Watch watch = {.fd = mkstemp(path), .ready = on_ready};
  assert_true(watch.fd >= 0);
  assert_int_equal(reactor_watch(reactor, &watch, EPOLLIN, &error),
                   STATUS_USAGE);
  close(watch.fd);
  unlink(path);
  watch.fd = -1;
  error = (Error){0};
  assert_int_equal(reactor_watch(reactor, &watch, EPOLLIN, &error), STATUS_IO);
  reactor_free(reactor);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(timers_fire_in_order_and_not_early),
      cmocka_unit_test(timer_moves_and_is_cancelled),
      cmocka_unit_test(timer_in_the_past_fires_and_can_be_set_again),
      cmocka_unit_test(cancel_and_firing_exclude_each_other),
      cmocka_unit_test(waiting_costs_nothing),
      cmocka_unit_test(jobs_of_many_threads_run_once_and_in_order),
      cmocka_unit_test(job_that_posts_itself_starves_no_timer),
      cmocka_unit_test(timer_in_the_past_starves_no_job),
      cmocka_unit_test(call_runs_on_the_io_thread),
      cmocka_unit_test(watch_reports_what_is_there),
      cmocka_unit_test(no_call_after_unwatch_by_another_thread),
      cmocka_unit_test(callback_removes_the_other_of_its_batch),
      cmocka_unit_test(watch_of_a_regular_file_is_refused),
  };
  return RUN(cases);
}
