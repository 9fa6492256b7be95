/* SPDX-License-Identifier: MIT
 *
 * One turn of the I/O thread: wait in epoll until something is ready or the
 * earliest timer is due; then ready descriptors, then jobs, then due timers.
 *
 * One mutex guards the timer heap, the job list and `asleep_until`. That last
 * field is how nobody wakes the thread in vain: it is 0 while the thread is
 * awake (it will look at heap and jobs again before it sleeps), else the
 * moment it sleeps until. Whoever brings something earlier sets it to 0 and
 * writes to the eventfd, so a batch of a thousand posts costs one write.
 *
 * The events of the batch being handled belong to the I/O thread alone, and so
 * does striking out those of a watch that is removed meanwhile.
 */
#include "runtime/io/reactor.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "core/base/vec.h"

enum {
  BATCH = 128,
  TIMERS_NS = 1000000 /* that due timers may take in one turn */
};

struct Reactor {
  Thread *thread;
  int epoll;
  int wake; /* eventfd; its epoll entry points at the reactor itself */

  Mutex mutex;           /* guards the fields of this paragraph */
  VEC(Timer *) timers;   /* binary heap, earliest first */
  ReactorJob *first;     /* jobs in order of arrival */
  ReactorJob *last;      /* meaningless while first is NULL */
  uint64_t asleep_until; /* 0 awake; UINT64_MAX until something happens */
  bool stopping;

  /* I/O thread only. */
  struct epoll_event batch[BATCH];
  int batch_next, batch_count; /* the events not yet handled */
  bool coarse;                 /* the kernel knows no epoll_pwait2 */
};

/* Which reactor's thread this is; NULL on all others. */
static _Thread_local const Reactor *here;

bool reactor_is_here(const Reactor *reactor) {
  return here == reactor;
}

/* ---- the timer heap; the mutex is held ---------------------------------- */

static void place(Reactor *reactor, Timer *timer, uint32_t at) {
  reactor->timers.data[at] = timer;
  timer->slot = at + 1;
}

static void sift_up(Reactor *reactor, Timer *timer, uint32_t at) {
  while (at > 0) {
    uint32_t up = (at - 1) / 2;
    Timer *parent = reactor->timers.data[up];
    if (parent->deadline <= timer->deadline) break;
    place(reactor, parent, at);
    at = up;
  }
  place(reactor, timer, at);
}

static void sift_down(Reactor *reactor, Timer *timer, uint32_t at) {
  uint32_t count = reactor->timers.length;
  Timer **heap = reactor->timers.data;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && heap[child + 1]->deadline < heap[child]->deadline)
      child++;
    if (timer->deadline <= heap[child]->deadline) break;
    place(reactor, heap[child], at);
    at = child;
  }
  place(reactor, timer, at);
}

static void heap_remove(Reactor *reactor, Timer *timer) {
  uint32_t at = timer->slot - 1;
  assert(reactor->timers.data[at] == timer);
  timer->slot = 0;
  Timer *moved = vec_pop(&reactor->timers);
  if (moved == timer) return;
  sift_up(reactor, moved, at);
  sift_down(reactor, moved, moved->slot - 1);
}

static void heap_set(Reactor *reactor, Timer *timer, uint64_t deadline) {
  if (timer->slot) heap_remove(reactor, timer);
  timer->deadline = deadline;
  vec_push(&reactor->timers, timer);
  sift_up(reactor, timer, reactor->timers.length - 1);
}

static uint64_t heap_earliest(const Reactor *reactor) {
  return reactor->timers.length ? reactor->timers.data[0]->deadline
                                : UINT64_MAX;
}

/* ---- waking ------------------------------------------------------------- */

/* True: the thread sleeps past `when`, and the caller is the one to wake it.
 * The mutex is held. */
static bool claim_wake(Reactor *reactor, uint64_t when) {
  if (when >= reactor->asleep_until) return false;
  reactor->asleep_until = 0;
  return true;
}

/* Without the mutex, so that the thread does not wake up into it. */
static void wake(Reactor *reactor) {
  uint64_t one = 1;
  ssize_t written;
  do written = write(reactor->wake, &one, sizeof one);
  while (written < 0 && errno == EINTR);
}

static void wake_seen(Reactor *reactor) {
  uint64_t count;
  ssize_t got;
  do got = read(reactor->wake, &count, sizeof count);
  while (got < 0 && errno == EINTR);
}

void reactor_timer_set(Reactor *reactor, Timer *timer, uint64_t deadline) {
  assert(timer->fire);
  mutex_lock(&reactor->mutex);
  heap_set(reactor, timer, deadline);
  bool must_wake = claim_wake(reactor, deadline);
  mutex_unlock(&reactor->mutex);
  if (must_wake) wake(reactor);
}

bool reactor_timer_cancel(Reactor *reactor, Timer *timer) {
  mutex_lock(&reactor->mutex);
  bool was_set = timer->slot != 0;
  if (was_set) heap_remove(reactor, timer);
  mutex_unlock(&reactor->mutex);
  return was_set;
}

void reactor_post(Reactor *reactor, ReactorJob *job) {
  job->next = NULL;
  mutex_lock(&reactor->mutex);
  if (reactor->first)
    reactor->last->next = job;
  else
    reactor->first = job;
  reactor->last = job;
  bool must_wake = claim_wake(reactor, 0);
  mutex_unlock(&reactor->mutex);
  if (must_wake) wake(reactor);
}

/* A call that another thread waits for; it lives on that one's stack. */
typedef struct Call {
  ReactorJob job; /* first: the job is the call */
  void (*body)(void *);
  void *argument;
  Mutex mutex; /* guards done */
  Cond changed;
  bool done;
} Call;

static void run_call(ReactorJob *job) {
  Call *call = (Call *)job;
  call->body(call->argument);
  mutex_lock(&call->mutex);
  call->done = true;
  cond_signal(&call->changed);
  mutex_unlock(&call->mutex);
}

void reactor_call(Reactor *reactor, void (*body)(void *), void *argument) {
  if (reactor_is_here(reactor)) {
    body(argument);
    return;
  }
  Call call = {.job = {.run = run_call}, .body = body, .argument = argument};
  mutex_init(&call.mutex);
  cond_init(&call.changed);
  reactor_post(reactor, &call.job);
  mutex_lock(&call.mutex);
  while (!call.done) cond_wait(&call.changed, &call.mutex);
  mutex_unlock(&call.mutex);
  cond_destroy(&call.changed);
  mutex_destroy(&call.mutex);
}

/* ---- one turn of the I/O thread ----------------------------------------- */

/* The jobs that are there now; more may come while they run. */
static void run_jobs(Reactor *reactor) {
  mutex_lock(&reactor->mutex);
  ReactorJob *job = reactor->first;
  reactor->first = NULL;
  mutex_unlock(&reactor->mutex);
  while (job) {
    ReactorJob *next = job->next;
    job->run(job);
    job = next;
  }
}

/* The earliest timer that is due at `now`, taken out of the heap; or NULL. */
static Timer *take_due(Reactor *reactor, uint64_t now) {
  mutex_lock(&reactor->mutex);
  Timer *timer = NULL;
  if (heap_earliest(reactor) <= now) {
    timer = reactor->timers.data[0];
    heap_remove(reactor, timer);
  }
  mutex_unlock(&reactor->mutex);
  return timer;
}

/* For TIMERS_NS and at most BATCH, so that neither a timer that sets itself to
 * the past nor one that opens a hundred connections keeps descriptors waiting:
 * what is left makes the next turn's time-out 0. */
static void run_timers(Reactor *reactor) {
  uint64_t begin = clock_now(), now = begin;
  Timer *timer;
  for (int left = BATCH; left > 0 && now - begin < TIMERS_NS; left--) {
    if (!(timer = take_due(reactor, now))) break;
    timer->fire(timer);
    now = clock_now();
  }
}

static void run_events(Reactor *reactor) {
  while (reactor->batch_next < reactor->batch_count) {
    struct epoll_event *event = &reactor->batch[reactor->batch_next++];
    Watch *watch = event->data.ptr;
    if (watch == (void *)reactor)
      wake_seen(reactor);
    else if (watch) /* else struck out by an unwatch */
      watch->ready(watch, event->events);
  }
}

/* How long to sleep for a timer that is `left` ns away. The kernel lets a
 * time-out be late by a thousandth of its length; sleeping in two steps, the
 * second a thousand times shorter, gives that back for one more wake-up. */
static uint64_t sleep_length(uint64_t left) {
  return left < 10 * NS_PER_MS ? left : left - left / 1000;
}

/* epoll_wait with a time-out in ns; UINT64_MAX waits for ever. Never returns
 * early for lack of precision: milliseconds are rounded up. */
static int wait_ready(Reactor *reactor, uint64_t ns) {
  bool forever = ns == UINT64_MAX;
  if (!reactor->coarse) {
    struct timespec time = {.tv_sec = (time_t)(ns / NS_PER_S),
                            .tv_nsec = (long)(ns % NS_PER_S)};
    int count = epoll_pwait2(reactor->epoll, reactor->batch, BATCH,
                             forever ? NULL : &time, NULL);
    if (count >= 0 || errno != ENOSYS) return count;
    reactor->coarse = true;
  }
  uint64_t ms = ns / NS_PER_MS + (ns % NS_PER_MS != 0);
  return epoll_wait(reactor->epoll, reactor->batch, BATCH,
                    forever          ? -1
                    : ms > INT32_MAX ? INT32_MAX
                                     : (int)ms);
}

/* Decides how long to sleep and says so to the other threads. */
static uint64_t fall_asleep(Reactor *reactor) {
  mutex_lock(&reactor->mutex);
  uint64_t earliest = heap_earliest(reactor);
  bool work = reactor->first || reactor->stopping;
  uint64_t now = earliest == UINT64_MAX ? 0 : clock_now();
  uint64_t length = UINT64_MAX;
  if (work || earliest <= now)
    length = 0;
  else if (earliest != UINT64_MAX)
    length = sleep_length(earliest - now);
  reactor->asleep_until = length ? earliest : 0;
  mutex_unlock(&reactor->mutex);
  return length;
}

static bool wake_up(Reactor *reactor) {
  mutex_lock(&reactor->mutex);
  reactor->asleep_until = 0;
  bool go_on = !reactor->stopping || reactor->first;
  mutex_unlock(&reactor->mutex);
  return go_on;
}

static void run_thread(void *argument) {
  Reactor *reactor = argument;
  here = reactor;
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  do {
    int count = wait_ready(reactor, fall_asleep(reactor));
    reactor->batch_next = 0;
    reactor->batch_count = count > 0 ? count : 0;
    bool go_on = wake_up(reactor);
    run_events(reactor);
    run_jobs(reactor);
    run_timers(reactor);
    if (!go_on) break;
  } while (true);
  here = NULL;
}

/* ---- watches ------------------------------------------------------------ */

/* The mutex orders what the caller wrote before with what the callback reads:
 * the I/O thread takes it between an event and its callback. */
static int control(Reactor *reactor, int operation, Watch *watch,
                   uint32_t events) {
  struct epoll_event event = {.events = events, .data = {.ptr = watch}};
  mutex_lock(&reactor->mutex);
  int code =
      epoll_ctl(reactor->epoll, operation, watch->fd, &event) ? errno : 0;
  mutex_unlock(&reactor->mutex);
  return code;
}

Status reactor_watch(Reactor *reactor, Watch *watch, uint32_t events,
                     Error *error) {
  assert(watch->ready);
  int code = control(reactor, EPOLL_CTL_ADD, watch, events);
  if (code == 0) return STATUS_OK;
  return error_set_errno(error, code == EPERM ? STATUS_USAGE : STATUS_IO, code,
                         "cannot watch descriptor %d", watch->fd);
}

void reactor_watch_change(Reactor *reactor, Watch *watch, uint32_t events) {
  int code = control(reactor, EPOLL_CTL_MOD, watch, events);
  assert(code == 0);
  (void)code;
}

/* I/O thread: out of epoll, and out of the batch being handled. */
static void unwatch_here(Reactor *reactor, Watch *watch) {
  control(reactor, EPOLL_CTL_DEL, watch, 0);
  for (int i = reactor->batch_next; i < reactor->batch_count; i++)
    if (reactor->batch[i].data.ptr == watch) reactor->batch[i].data.ptr = NULL;
}

typedef struct Removal {
  Reactor *reactor;
  Watch *watch;
} Removal;

static void remove_watch(void *argument) {
  const Removal *removal = argument;
  unwatch_here(removal->reactor, removal->watch);
}

void reactor_unwatch(Reactor *reactor, Watch *watch) {
  Removal removal = {reactor, watch};
  reactor_call(reactor, remove_watch, &removal);
}

/* ---- life --------------------------------------------------------------- */

static Status open_descriptors(Reactor *reactor, Error *error) {
  reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (reactor->epoll < 0)
    return error_set_errno(error, STATUS_IO, errno, "epoll_create1");
  reactor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (reactor->wake < 0)
    return error_set_errno(error, STATUS_IO, errno, "eventfd");
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = reactor}};
  if (epoll_ctl(reactor->epoll, EPOLL_CTL_ADD, reactor->wake, &event))
    return error_set_errno(error, STATUS_IO, errno, "epoll_ctl");
  return STATUS_OK;
}

static void destroy(Reactor *reactor) {
  if (reactor->wake >= 0) close(reactor->wake);
  if (reactor->epoll >= 0) close(reactor->epoll);
  vec_free(&reactor->timers);
  mutex_destroy(&reactor->mutex);
  mem_free(reactor);
}

Reactor *reactor_new(Error *error) {
  Reactor *reactor = MEM_NEW(Reactor);
  reactor->epoll = reactor->wake = -1;
  mutex_init(&reactor->mutex);
  if (open_descriptors(reactor, error) == STATUS_OK &&
      thread_start(&reactor->thread, "apxm-io", run_thread, reactor, error) ==
          STATUS_OK)
    return reactor;
  destroy(reactor);
  return NULL;
}

void reactor_free(Reactor *reactor) {
  if (!reactor) return;
  assert(!reactor_is_here(reactor));
  mutex_lock(&reactor->mutex);
  reactor->stopping = true;
  bool must_wake = claim_wake(reactor, 0);
  mutex_unlock(&reactor->mutex);
  if (must_wake) wake(reactor);
  thread_join(reactor->thread);
  assert(!reactor->first && reactor->timers.length == 0);
  destroy(reactor);
}
