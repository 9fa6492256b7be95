/* SPDX-License-Identifier: MIT
 *
 * Text on its way to a descriptor (standard output) without ever blocking a
 * worker: lines are queued and written by the I/O thread when epoll says the
 * reader has room, at most PIPE_BUF bytes at a time, so the descriptor need
 * not be made non-blocking (others may share it). A regular file is written at
 * once, by the thread that adds the text.
 */
#ifndef APXM_RUNTIME_IO_OUTPUT_H
#define APXM_RUNTIME_IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/slice.h"
#include "core/base/status.h"
#include "runtime/io/reactor.h"

typedef struct Output Output;

/* Waits for room; embedded in what waits. */
typedef struct OutputWaiter {
  struct OutputWaiter *next;
  void (*room)(struct OutputWaiter *waiter); /* on the I/O thread */
} OutputWaiter;

/* Makes its own copy of `fd`, which stays the caller's. `broken(user)` is
 * called once, on the I/O thread or in output_write, when the reader has gone
 * (EPIPE) or the descriptor cannot be written (a full disk): see output_error.
 * What is written after that is swallowed. */
Output *output_new(Reactor *reactor, int fd, void (*broken)(void *user),
                   void *user, Error *error);

/* A function in the place of a descriptor: gets the text in pieces, in order,
 * on the I/O thread, with no lock held. Nothing breaks it. */
typedef void OutputCall(void *user, const char *text, size_t length);
Output *output_new_call(Reactor *reactor, OutputCall *call, void *user);

/* Drops what was not flushed, but a function gets it; nobody may wait. Not on
 * the I/O thread. */
void output_free(Output *output);

/* Any thread. Queues `text` whole. True: done. False: it was queued, but more
 * than LIMIT_OUTPUT_QUEUE_BYTES wait; `waiter->room` is called once there is
 * room again (also when the output breaks), unless `waiter` is NULL. */
bool output_write(Output *output, Slice text, OutputWaiter *waiter) MUST_USE;

/* Text that nothing may come between, though it is written piece by piece: from
 * output_hold to output_release all that output_write brings waits, and
 * output_insert goes before it. All three on the I/O thread. */
void output_hold(Output *output);
void output_insert(Output *output, Slice text);
void output_release(Output *output);

/* Any thread. True: `waiter` was waiting and its `room` will not be called;
 * false: it has been, or is about to be. */
bool output_cancel(Output *output, OutputWaiter *waiter);

/* Before anything is written: `before(user)` is called on the I/O thread each
 * time something is about to be written to what can be watched, such as a
 * terminal. */
void output_set_before(Output *output, void (*before)(void *user), void *user);

/* Any thread: nothing waits to be written. */
bool output_is_idle(Output *output);

/* Blocks until all was written or the output broke. Not the I/O thread. */
Status output_flush(Output *output, Error *error) MUST_USE;

/* The same until clock_now() reaches `deadline`; false: something still
 * waits. */
bool output_flush_until(Output *output, uint64_t deadline) MUST_USE;

/* errno of what broke it (EPIPE, ENOSPC, ...), 0 while whole. */
int output_error(Output *output);

#endif
