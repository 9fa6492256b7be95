/* SPDX-License-Identifier: MIT
 *
 * A signalfd under the reactor. The signals are blocked while it is watched and
 * no longer: before, a file that is waited for must not keep the process from
 * being ended. Only the main thread does so, and all others block every signal
 * anyway, so sigprocmask, which speaks for one thread, is enough.
 */
#include "cli/interrupt.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/base/exit.h"

static Status block(Interrupt *interrupt, Error *error) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, &interrupt->old_mask);
  interrupt->watch.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (interrupt->watch.fd >= 0) return STATUS_OK;
  int code = errno;
  sigprocmask(SIG_SETMASK, &interrupt->old_mask, NULL);
  return error_set_errno(error, STATUS_IO, code, "cannot watch for signals");
}

static void release(Interrupt *interrupt) {
  close(interrupt->watch.fd);
  sigprocmask(SIG_SETMASK, &interrupt->old_mask, NULL);
}

/* I/O thread. */
static void take_signal(Watch *watch, uint32_t events) {
  Interrupt *interrupt = (Interrupt *)(void *)watch;
  struct signalfd_siginfo info;
  (void)events;
  while (read(watch->fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (add_relaxed(&interrupt->count, 1) > 0) _exit(EXIT_CODE_INTERRUPTED);
    interrupt->first(interrupt->user);
  }
}

Status interrupt_watch(Interrupt *interrupt, Reactor *reactor,
                       void (*first)(void *user), void *user, Error *error) {
  Status status = block(interrupt, error);
  if (status != STATUS_OK) return status;
  interrupt->watch.ready = take_signal;
  interrupt->first = first;
  interrupt->user = user;
  status = reactor_watch(reactor, &interrupt->watch, EPOLLIN, error);
  if (status == STATUS_OK)
    interrupt->reactor = reactor;
  else
    release(interrupt);
  return status;
}

void interrupt_unwatch(Interrupt *interrupt) {
  if (!interrupt->reactor) return;
  reactor_unwatch(interrupt->reactor, &interrupt->watch);
  interrupt->reactor = NULL;
  release(interrupt);
}
