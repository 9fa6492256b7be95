/* SPDX-License-Identifier: MIT
 *
 * The last word on when this process ends. What is told to end takes its time
 * from others: a reader that does not read, a disk that does not answer, a
 * resolver that does not come back. A grace is a timer of the kernel's whose
 * signal ends the process on the spot with an exit code, whatever its threads
 * are doing; it is taken back when all has gone well.
 */
#ifndef APXM_CLI_GRACE_H
#define APXM_CLI_GRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/sanitized.h"

/* How long what was told to end may take. */
#define GRACE_NS (UINT64_C(800000000) * SANITIZED_SLOWDOWN)

typedef enum GraceKind {
  GRACE_INTERRUPT, /* after Ctrl-C: exit code 130 */
  GRACE_DEADLINE,  /* after --deadline: exit code 6 */
  GRACE_KIND_COUNT
} GraceKind;

/* Main thread, before any grace begins. */
void grace_prepare(void);

/* Also in a signal handler. The process ends `ns` from now. */
void grace_begin(GraceKind kind, uint64_t ns);
/* Any thread: it does not. */
void grace_end(GraceKind kind);

/* Any thread. While a file is being written that is wanted whole, no grace is
 * over; that must end by itself. */
void grace_hold(bool is_held);

#endif
