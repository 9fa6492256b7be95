/* SPDX-License-Identifier: MIT
 *
 * The only source of time. Reading a clock that the system lacks is a mistake
 * of ours, not of the world, so it is an assert. Any thread.
 */
#include "core/base/clock.h"

#include <assert.h>
#include <time.h>

static uint64_t read_clock(clockid_t id) {
  struct timespec now = {0};
  int failed = clock_gettime(id, &now);
  assert(!failed);
  (void)failed;
  return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_now(void) {
  return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_process_cpu(void) {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_wall_seconds(void) {
  return (uint64_t)time(NULL);
}

void clock_wall_text(char *out) {
  time_t now = time(NULL);
  struct tm parts = {0};
  gmtime_r(&now, &parts);
  size_t length = strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
  assert(length > 0);
  (void)length;
}

void clock_sleep(uint64_t ns) {
  uint64_t end = clock_now() + ns;
  struct timespec until = {(time_t)(end / NS_PER_S), (long)(end % NS_PER_S)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0) {
  }
}
