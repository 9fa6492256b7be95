/* SPDX-License-Identifier: MIT
 *
 * A function of the caller as the place where print lines go. The engine
 * writes to an Output, which wants a descriptor; so there is a pipe between,
 * and both its ends are served by the I/O thread: the function is called there,
 * and a run that prints faster than it reads waits as for any slow reader.
 */
#ifndef APXM_LIB_SINK_H
#define APXM_LIB_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/thread.h"
#include "runtime/io/output.h"

typedef void SinkCall(void *user, const char *text, size_t length);

typedef struct Sink {
  Watch watch;      /* the reading end; first: it is the Sink too */
  int write_fd;     /* the owner's */
  Reactor *reactor; /* immutable */
  Output *output;   /* the owner's: what a run is given */
  SinkCall *call;   /* immutable; called on the I/O thread */
  void *user;
  Mutex lock; /* guards is_over */
  Cond over;
  bool is_over; /* the end of the pipe was read */
} Sink;

Status sink_open(Sink *sink, Reactor *reactor, SinkCall *call, void *user,
                 Error *error) MUST_USE;

/* Delivers what is left and closes. Not the I/O thread; the run is over. */
void sink_close(Sink *sink);

#endif
