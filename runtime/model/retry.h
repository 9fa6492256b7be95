/* SPDX-License-Identifier: MIT
 *
 * Whether a failed attempt is followed by another one, and when: the one place
 * in which anything is tried again. Pure: it looks at no clock.
 *
 * Waits are exponential with full jitter (Brooker, "Exponential Backoff and
 * Jitter", 2015): before attempt k + 1 uniform in
 * [0, min(cap, base * 2^(k-1))).
 * What a server says (Retry-After) stands in for that. The jitter comes from
 * seed, request and attempt alone, so a run with the same seed and the same
 * order of arrival waits the same.
 */
#ifndef APXM_RUNTIME_MODEL_RETRY_H
#define APXM_RUNTIME_MODEL_RETRY_H

#include "runtime/model/request.h"

typedef enum RetryVerdict {
  RETRY_AGAIN,   /* after `wait_ns` */
  RETRY_OVER,    /* no: not that kind of problem, or all attempts are used up */
  RETRY_TOO_LATE /* no: the wait would end after the call's time; the problem
                    becomes RATE_LIMITED if the server named the wait */
} RetryVerdict;

typedef struct RetryPlan {
  RetryVerdict verdict;
  uint64_t wait_ns;
} RetryPlan;

/* The jitter before attempt `attempt` + 1 of the request that arrived as number
 * `arrival`, in ns. */
uint64_t retry_jitter_ns(uint64_t seed, uint64_t arrival, uint32_t attempt);

/* `request` has its problem, retry_after, attempt and completed_at; `ends_at`
 * is when its time is over (UINT64_MAX: never), `retries` what holds for it. */
RetryPlan retry_plan(const ModelRequest *request, uint64_t seed,
                     uint32_t retries, uint64_t ends_at);

/* Retry-After in both forms (seconds, maybe with a fraction; an HTTP date
 * against `wall_s`, seconds since 1970), or retry-after-ms when `is_ms`. False:
 * neither; a date that is past is 0. */
bool retry_after_read(Slice value, bool is_ms, int64_t wall_s, uint64_t *ns);

#endif
