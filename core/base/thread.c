/* SPDX-License-Identifier: MIT
 *
 * POSIX threads behind the names of thread.h; the only file that knows them.
 * A Mutex and a Cond carry their POSIX object in their own storage. A lock or
 * wait that the system refuses is a mistake of ours (an object not set up, a
 * lock not held), so it is an assert; only starting a thread can fail.
 */
#include "core/base/thread.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/mem.h"

static_assert(sizeof(pthread_mutex_t) <= sizeof(Mutex), "Mutex too small");
static_assert(sizeof(pthread_cond_t) <= sizeof(Cond), "Cond too small");
static_assert(alignof(pthread_mutex_t) <= alignof(Mutex), "Mutex alignment");
static_assert(alignof(pthread_cond_t) <= alignof(Cond), "Cond alignment");

/* Immutable after thread_start. */
struct Thread {
  pthread_t handle;     /* for the join */
  void (*body)(void *); /* what it runs */
  void *argument;       /* the body's */
  char name[16];        /* as tools show it, NUL included */
};

static void must(int code) {
  assert(code == 0);
  (void)code;
}

/* ---- threads ------------------------------------------------------------- */

static void *run_body(void *data) {
  Thread *thread = data;
  pthread_setname_np(pthread_self(), thread->name); /* only for tools */
  thread->body(thread->argument);
  return NULL;
}

Status thread_start(Thread **thread, const char *name, void (*body)(void *),
                    void *argument, Error *error) {
  Thread *new_thread = MEM_NEW(Thread);
  new_thread->body = body;
  new_thread->argument = argument;
  snprintf(new_thread->name, sizeof new_thread->name, "%s", name);
  /* A thread inherits the mask, so there is no moment when it could be
   * chosen for a signal. */
  sigset_t all, old;
  sigfillset(&all);
  must(pthread_sigmask(SIG_SETMASK, &all, &old));
  int code = pthread_create(&new_thread->handle, NULL, run_body, new_thread);
  must(pthread_sigmask(SIG_SETMASK, &old, NULL));
  if (code != 0) {
    mem_free(new_thread);
    return error_set_errno(error, STATUS_FAILED, code,
                           "cannot start the thread %s", name);
  }
  *thread = new_thread;
  return STATUS_OK;
}

void thread_join(Thread *thread) {
  must(pthread_join(thread->handle, NULL));
  mem_free(thread);
}

uint64_t thread_cpu_time(const Thread *thread) {
  clockid_t clock;
  struct timespec used = {0};
  must(pthread_getcpuclockid(thread->handle, &clock));
  must(clock_gettime(clock, &used) == 0 ? 0 : errno);
  return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

uint32_t thread_cpu_count(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  long count = 0;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    count = CPU_COUNT(&set);
  } else { /* more processors than a cpu_set_t has bits */
    count = sysconf(_SC_NPROCESSORS_ONLN);
  }
  return count < 1 ? 1 : (uint32_t)count;
}

/* ---- locks --------------------------------------------------------------- */

static pthread_mutex_t *mutex_of(Mutex *mutex) {
  return (pthread_mutex_t *)(void *)mutex->u.storage;
}

static pthread_cond_t *cond_of(Cond *cond) {
  return (pthread_cond_t *)(void *)cond->u.storage;
}

void mutex_init(Mutex *mutex) {
  must(pthread_mutex_init(mutex_of(mutex), NULL));
}

void mutex_destroy(Mutex *mutex) {
  must(pthread_mutex_destroy(mutex_of(mutex)));
}

void mutex_lock(Mutex *mutex) {
  must(pthread_mutex_lock(mutex_of(mutex)));
}

void mutex_unlock(Mutex *mutex) {
  must(pthread_mutex_unlock(mutex_of(mutex)));
}

/* ---- sleeping ------------------------------------------------------------ */

void cond_init(Cond *cond) {
  pthread_condattr_t attributes;
  must(pthread_condattr_init(&attributes));
  must(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC));
  must(pthread_cond_init(cond_of(cond), &attributes));
  must(pthread_condattr_destroy(&attributes));
}

void cond_destroy(Cond *cond) {
  must(pthread_cond_destroy(cond_of(cond)));
}

void cond_wait(Cond *cond, Mutex *mutex) {
  must(pthread_cond_wait(cond_of(cond), mutex_of(mutex)));
}

bool cond_wait_until(Cond *cond, Mutex *mutex, uint64_t deadline) {
  struct timespec until = {.tv_sec = (time_t)(deadline / NS_PER_S),
                           .tv_nsec = (long)(deadline % NS_PER_S)};
  int code = pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &until);
  if (code == ETIMEDOUT) return false;
  must(code);
  return true;
}

void cond_signal(Cond *cond) {
  must(pthread_cond_signal(cond_of(cond)));
}

void cond_broadcast(Cond *cond) {
  must(pthread_cond_broadcast(cond_of(cond)));
}
