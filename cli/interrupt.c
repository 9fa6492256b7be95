/* SPDX-License-Identifier: MIT
 *
 * A handler that does three things which are allowed there: it counts, it
 * wakes the I/O thread through an eventfd, and it begins a grace. All other
 * threads block every signal, so it runs on the main one. Before and after,
 * the signals have their usual effect: a file that is waited for must not keep
 * the process from being ended.
 *
 * Not a signalfd: who reads that may itself be what hangs.
 */
#include "cli/interrupt.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cli/grace.h"
#include "core/base/exit.h"

/* Of the one that is watched. */
static _Atomic uint32_t count; /* signals that came */
static _Atomic int wake = -1;  /* the eventfd */

static void take_signal(int number) {
  int kept = errno;
  uint64_t one = 1;
  (void)number;
  if (add_relaxed(&count, 1) > 0) _exit(EXIT_CODE_INTERRUPTED);
  grace_begin(GRACE_INTERRUPT, GRACE_NS);
  ssize_t written = write(load_relaxed(&wake), &one, sizeof one);
  (void)written;
  errno = kept;
}

/* I/O thread. */
static void wake_up(Watch *watch, uint32_t events) {
  Interrupt *interrupt = (Interrupt *)(void *)watch;
  uint64_t signals;
  (void)events;
  if (read(watch->fd, &signals, sizeof signals) == (ssize_t)sizeof signals)
    interrupt->first(interrupt->user);
}

static void catch_signals(Interrupt *interrupt) {
  struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  store_relaxed(&count, 0);
  store_relaxed(&wake, interrupt->watch.fd);
  sigaction(SIGINT, &action, &interrupt->old_int);
  sigaction(SIGTERM, &action, &interrupt->old_term);
}

Status interrupt_watch(Interrupt *interrupt, Reactor *reactor,
                       void (*first)(void *user), void *user, Error *error) {
  grace_prepare();
  interrupt->watch.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (interrupt->watch.fd < 0)
    return error_set_errno(error, STATUS_IO, errno, "cannot watch for signals");
  interrupt->watch.ready = wake_up;
  interrupt->first = first;
  interrupt->user = user;
  Status status = reactor_watch(reactor, &interrupt->watch, EPOLLIN, error);
  if (status != STATUS_OK) {
    close(interrupt->watch.fd);
    return status;
  }
  interrupt->reactor = reactor;
  catch_signals(interrupt);
  return STATUS_OK;
}

void interrupt_unwatch(Interrupt *interrupt) {
  if (!interrupt->reactor) return;
  sigaction(SIGINT, &interrupt->old_int, NULL);
  sigaction(SIGTERM, &interrupt->old_term, NULL);
  reactor_unwatch(interrupt->reactor, &interrupt->watch);
  interrupt->reactor = NULL;
  close(interrupt->watch.fd);
}

bool interrupt_came(void) {
  return load_relaxed(&count) > 0;
}
