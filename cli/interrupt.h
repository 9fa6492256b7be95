/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and SIGTERM while an engine runs. The first one calls `first` on the
 * I/O thread, and the process ends within a second, by itself or by a grace
 * (grace.h); the second ends it at once.
 *
 *     interrupt_watch    as soon as there is a reactor
 *     interrupt_unwatch  before the engine goes
 */
#ifndef APXM_CLI_INTERRUPT_H
#define APXM_CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "core/base/atomic.h"
#include "core/base/status.h"
#include "runtime/io/reactor.h"

typedef struct Interrupt {
  Watch watch;      /* first, so that it is the Interrupt too; I/O thread */
  Reactor *reactor; /* main thread; NULL while not watched */
  struct sigaction old_int, old_term; /* main thread */
  void (*first)(void *user);          /* I/O thread; immutable while watched */
  void *user;
} Interrupt;

/* Main thread, all; one at a time in a process. Zero it first; what was not
 * watched may be unwatched. A grace that has begun goes on after that: what is
 * left to do is to end. */
Status interrupt_watch(Interrupt *interrupt, Reactor *reactor,
                       void (*first)(void *user), void *user,
                       Error *error) MUST_USE;
void interrupt_unwatch(Interrupt *interrupt);

/* Whether a signal came since the last interrupt_watch. */
bool interrupt_came(void);

#endif
