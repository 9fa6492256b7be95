/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and SIGTERM while an engine runs: blocked in every thread, and read
 * from a descriptor by the I/O thread, so that no code runs in a signal
 * handler. The first one calls `first`; the second ends the process at once.
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
  Watch watch;       /* first, so that it is the Interrupt too; I/O thread */
  Reactor *reactor;  /* main thread; NULL while not watched */
  sigset_t old_mask; /* main thread */
  void (*first)(void *user); /* I/O thread; immutable while watched */
  void *user;
  _Atomic uint32_t count; /* signals read; I/O thread adds, anyone reads */
} Interrupt;

/* Main thread, both. Zero it first; what was not watched may be unwatched. */
Status interrupt_watch(Interrupt *interrupt, Reactor *reactor,
                       void (*first)(void *user), void *user,
                       Error *error) MUST_USE;
void interrupt_unwatch(Interrupt *interrupt);

#endif
