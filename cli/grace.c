/* SPDX-License-Identifier: MIT
 *
 * One timer a kind, made before there are threads. SIGALRM is blocked in all
 * threads but the main one, so that one is stopped in whatever it does; the
 * handler calls only what may be called there, writes its line if standard
 * error has room for it, and leaves.
 */
#include "cli/grace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/exit.h"
#include "core/base/log.h"

#define AGAIN_NS (100 * NS_PER_MS)

typedef struct Ending {
  int code;
  const char *for_people, *for_programs;
} Ending;

#define ENDING(code, text)                                    \
  {                                                           \
    (code), "apxm: error: " text "\n",                        \
        "{\"severity\":\"error\",\"message\":\"" text "\"}\n" \
  }

static const Ending endings[GRACE_KIND_COUNT] = {
    [GRACE_INTERRUPT] = ENDING(EXIT_CODE_INTERRUPTED,
                               "interrupted; what had not ended 0.8 s later "
                               "was given up"),
    [GRACE_DEADLINE] = ENDING(EXIT_CODE_BUDGET,
                              "the deadline has passed; what had not ended "
                              "0.8 s later was given up"),
};

/* Immutable after grace_prepare. */
static timer_t timers[GRACE_KIND_COUNT];
static bool is_prepared;
static bool is_json;

static _Atomic bool is_held;

static void say(const Ending *ending) {
  const char *text = is_json ? ending->for_programs : ending->for_people;
  struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};
  if (poll(&error, 1, 0) != 1 || !(error.revents & POLLOUT)) return;
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static void over(int number, siginfo_t *info, void *context) {
  int kept = errno;
  GraceKind kind = (GraceKind)info->si_value.sival_int;
  (void)number;
  (void)context;
  if (info->si_code != SI_TIMER) return;
  if (!load_relaxed(&is_held)) {
    say(&endings[kind]);
    _exit(endings[kind].code);
  }
  grace_begin(kind, AGAIN_NS);
  errno = kept;
}

void grace_prepare(void) {
  struct sigaction action = {.sa_sigaction = over,
                             .sa_flags = SA_SIGINFO | SA_RESTART};
  if (is_prepared) return;
  sigfillset(&action.sa_mask);
  is_prepared = sigaction(SIGALRM, &action, NULL) == 0;
  is_json = log_is_json();
  for (int kind = 0; kind < GRACE_KIND_COUNT; kind++) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGALRM,
                             .sigev_value.sival_int = kind};
    if (timer_create(CLOCK_MONOTONIC, &event, &timers[kind]) != 0)
      is_prepared = false;
  }
}

static void set(GraceKind kind, uint64_t ns) {
  struct itimerspec when = {.it_value = {.tv_sec = (time_t)(ns / NS_PER_S),
                                         .tv_nsec = (long)(ns % NS_PER_S)}};
  if (is_prepared) timer_settime(timers[kind], 0, &when, NULL);
}

void grace_begin(GraceKind kind, uint64_t ns) {
  set(kind, ns);
}

void grace_end(GraceKind kind) {
  set(kind, 0);
}

void grace_hold(bool hold) {
  store_relaxed(&is_held, hold);
}
