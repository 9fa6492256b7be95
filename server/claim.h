/* SPDX-License-Identifier: MIT
 *
 * A server that runs on its own is found again by a file named after its
 * address. Nothing in the file is believed: the server holds a lock on it as
 * long as it lives, and the kernel says who holds the lock. So a file that a
 * killed server left behind means nothing, and no signal ever goes to a
 * process that only happens to have got the number.
 *
 * The folder is $XDG_RUNTIME_DIR/apxm, or else /tmp/apxm-UID; it must belong
 * to us and be closed to others. Main thread.
 */
#ifndef APXM_SERVER_CLAIM_H
#define APXM_SERVER_CLAIM_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/status.h"

typedef struct Claim {
  int fd;     /* open and locked; -1: nothing is claimed */
  char *path; /* owned */
} Claim;

/* `name` is the address, "127.0.0.1:8089". STATUS_EXISTS: another process has
 * it. The lock belongs to the process that calls this, not to its children. */
Status claim_take(const char *name, Claim *claim, Error *error) MUST_USE;
void claim_drop(Claim *claim); /* removes the file */

/* The process that has claimed `name`; 0: none. Removes a file that nobody
 * holds. */
Status claim_holder(const char *name, pid_t *pid, Error *error) MUST_USE;

/* SIGTERM to the holder, and waits until it is gone, at most `wait_ns`.
 * STATUS_NOT_FOUND: nobody has claimed `name`. STATUS_FAILED: it has not ended
 * in time. `pid` is who it was. */
Status claim_stop_holder(const char *name, uint64_t wait_ns, pid_t *pid,
                         Error *error) MUST_USE;

#endif
