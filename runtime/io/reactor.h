/* SPDX-License-Identifier: MIT
 *
 * The I/O thread: epoll, timers, and work that others hand to it. It takes its
 * epoll_wait time-out from the earliest timer and wakes for nothing else.
 * Callbacks run on the I/O thread, one at a time, without any lock held; they
 * must not block.
 */
#ifndef APXM_RUNTIME_IO_REACTOR_H
#define APXM_RUNTIME_IO_REACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct Reactor Reactor;

/* Embedded in the struct that waits; zero it first. */
typedef struct Timer {
  uint64_t deadline; /* clock_now() at which it fires */
  uint32_t slot;     /* the reactor's: place in the heap plus 1; 0 not set */
  void (*fire)(struct Timer *timer); /* set by the owner before timer_set */
} Timer;

/* Embedded; handed to the I/O thread once. */
typedef struct ReactorJob {
  struct ReactorJob *next;
  void (*run)(struct ReactorJob *job);
} ReactorJob;

/* A descriptor under watch; embedded. */
typedef struct Watch {
  int fd;
  void (*ready)(struct Watch *watch, uint32_t events); /* EPOLLIN, ... */
} Watch;

Reactor *reactor_new(Error *error); /* starts the thread */
void reactor_free(Reactor *reactor); /* stops it: nothing may be under way */

/* Whether the caller is this reactor's I/O thread. */
bool reactor_is_here(const Reactor *reactor);

/* Any thread. Sets or moves a timer; the thread is woken only when the new
 * deadline is earlier than the one it sleeps for. */
void reactor_timer_set(Reactor *reactor, Timer *timer, uint64_t deadline);

/* Any thread. True: it was set and will not fire. False: it was not set, or
 * its callback is running or about to. */
bool reactor_timer_cancel(Reactor *reactor, Timer *timer);

/* Any thread. The job may be freed or posted again once `run` has begun. */
void reactor_post(Reactor *reactor, ReactorJob *job);

/* Runs `body(argument)` on the I/O thread and waits for it; at once when called
 * there. The caller must hold no lock that a callback takes. Everything posted
 * before has run when it returns. */
void reactor_call(Reactor *reactor, void (*body)(void *), void *argument);

/* Any thread. `events` as epoll's; level-triggered. STATUS_USAGE when epoll
 * cannot watch this kind of file (regular files are always ready). */
Status reactor_watch(Reactor *reactor, Watch *watch, uint32_t events,
                     Error *error) MUST_USE;
void reactor_watch_change(Reactor *reactor, Watch *watch, uint32_t events);

/* Any thread. When it returns, the callback is not running (unless this is
 * called from in it) and will not run again. As reactor_call, it waits for the
 * I/O thread to pass by. */
void reactor_unwatch(Reactor *reactor, Watch *watch);

#endif
