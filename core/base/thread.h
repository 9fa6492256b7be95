/* SPDX-License-Identifier: MIT
 *
 * Threads, locks and sleeping. thread.c is the only file that says `pthread_`.
 * A lock names its territory where it is declared; no callback runs under one.
 */
#ifndef APXM_CORE_BASE_THREAD_H
#define APXM_CORE_BASE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct Thread Thread;
typedef struct Mutex Mutex;
typedef struct Cond Cond;

/* Starts `body(argument)` on a new thread called `name` (15 bytes at most).
 * Signals are blocked in it. */
Status thread_start(Thread **thread, const char *name, void (*body)(void *),
                    void *argument, Error *error) MUST_USE;
void thread_join(Thread *thread);               /* and frees it */
uint64_t thread_cpu_time(const Thread *thread); /* ns of processor time so far;
                                                   any thread, before join */
uint32_t thread_cpu_count(void); /* processors this process may use, >= 1 */

/* The storage is inside, so that a struct can embed one. */
struct Mutex {
  union {
    char storage[64];
    void *align;
  } u;
};
struct Cond {
  union {
    char storage[64];
    void *align;
  } u;
};

void mutex_init(Mutex *mutex);
void mutex_destroy(Mutex *mutex);
void mutex_lock(Mutex *mutex);
void mutex_unlock(Mutex *mutex);

void cond_init(Cond *cond); /* waits on the monotonic clock */
void cond_destroy(Cond *cond);
void cond_wait(Cond *cond, Mutex *mutex); /* may wake for nothing */
/* False when clock_now() reached `deadline` first. */
bool cond_wait_until(Cond *cond, Mutex *mutex, uint64_t deadline);
void cond_signal(Cond *cond);
void cond_broadcast(Cond *cond);

#endif
