/* SPDX-License-Identifier: MIT
 *
 * Whether there is another attempt, and when. retry.h has the rules; what is
 * retried at all stands in problems.def.
 */
#include "runtime/model/retry.h"

#include <string.h>
#include <time.h>

#include "core/base/clock.h"

static const uint64_t base_ns = 500 * NS_PER_MS;
static const uint64_t cap_ns = 30 * NS_PER_S;
/* Longer waits that a server asks for are taken as this: 30 years. */
static const uint64_t most_s = UINT64_C(1000000000);

/* ---- jitter ------------------------------------------------------------- */

/* One step of splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom
 * Number Generators", 2014) from state `x`. */
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

static uint64_t window_ns(uint32_t attempt) {
  uint64_t window = base_ns;
  for (uint32_t i = 1; i < attempt && window < cap_ns; i++) window *= 2;
  return window < cap_ns ? window : cap_ns;
}

/* 29 bits of the draw times a window below 2^35 fit into 64. */
uint64_t retry_jitter_ns(uint64_t seed, uint64_t arrival, uint32_t attempt) {
  uint64_t draw = mix(mix(mix(seed) + arrival) + attempt);
  return (draw >> 35) * window_ns(attempt) >> 29;
}

/* ---- the plan ----------------------------------------------------------- */

RetryPlan retry_plan(const ModelRequest *request, uint64_t seed,
                     uint32_t retries, uint64_t ends_at) {
  RetryPlan plan = {.verdict = RETRY_OVER};
  if (!model_problem_is_retried(request->problem)) return plan;
  if (request->attempt > retries) return plan;
  plan.wait_ns = request->has_retry_after
                     ? request->retry_after_ns
                     : retry_jitter_ns(seed, request->age, request->attempt);
  uint64_t left =
      ends_at > request->completed_at ? ends_at - request->completed_at : 0;
  plan.verdict = plan.wait_ns < left ? RETRY_AGAIN : RETRY_TOO_LATE;
  return plan;
}

/* ---- Retry-After -------------------------------------------------------- */

static bool is_digit_at(Slice text, size_t at) {
  return at < text.length && text.data[at] >= '0' && text.data[at] <= '9';
}

/* A number of units, maybe with a fraction, as ns. */
static bool read_number(Slice text, uint64_t unit_ns, uint64_t *ns) {
  const uint64_t most = most_s * (NS_PER_S / unit_ns);
  uint64_t whole = 0, part = 0, scale = unit_ns;
  size_t at = 0;
  if (!is_digit_at(text, at)) return false;
  for (; is_digit_at(text, at); at++)
    if (whole < most) whole = whole * 10 + (uint64_t)(text.data[at] - '0');
  if (at < text.length && text.data[at] == '.') at++;
  for (; is_digit_at(text, at); at++)
    part += (uint64_t)(text.data[at] - '0') * (scale /= 10);
  *ns = whole < most ? whole * unit_ns + part : most * unit_ns;
  return at == text.length;
}

/* The three forms that RFC 9110, 5.6.7 wants to be understood. */
static bool read_date(Slice text, int64_t *seconds) {
  static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
                                      "%A, %d-%b-%y %H:%M:%S GMT",
                                      "%a %b %d %H:%M:%S %Y"};
  char copy[64];
  if (text.length >= sizeof copy) return false;
  memcpy(copy, text.data, text.length);
  copy[text.length] = '\0';
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    struct tm fields = {0};
    const char *end = strptime(copy, forms[i], &fields);
    if (!end || *end) continue;
    *seconds = (int64_t)timegm(&fields);
    return true;
  }
  return false;
}

bool retry_after_read(Slice value, bool is_ms, int64_t wall_s, uint64_t *ns) {
  int64_t then;
  value = slice_trim(value);
  if (read_number(value, is_ms ? NS_PER_MS : NS_PER_S, ns)) return true;
  if (is_ms || !read_date(value, &then)) return false;
  uint64_t left = then > wall_s ? (uint64_t)(then - wall_s) : 0;
  *ns = (left < most_s ? left : most_s) * NS_PER_S;
  return true;
}
