/* SPDX-License-Identifier: MIT
 *
 * Requests and tokens a minute, in times that the test makes up: what a limit
 * promises for any minute, what is learned from a server with a bucket of its
 * own, how providers write it.
 */
#include "runtime/model/rate.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/base/vec.h"
#include "tests/unit/unit.h"

enum { MINUTE_S = 60 };

typedef VEC(uint64_t) Times;

/* Everything that goes within `seconds` when there are always calls. */
static void go_for(Rate *rate, uint64_t seconds, uint32_t tokens,
                   Times *times) {
  uint64_t now = NS_PER_S;
  while (now < (1 + seconds) * NS_PER_S) {
    uint64_t until = rate_take(rate, now, tokens);
    assert_true(until == 0 || until > now);
    if (until == 0)
      vec_push(times, now);
    else
      now = until;
  }
}

/* Most of `times` within one minute. */
static uint32_t most_in_a_minute(const Times *times) {
  uint32_t most = 0, first = 0;
  for (uint32_t i = 0; i < times->length; i++) {
    while (times->data[i] - times->data[first] >= MINUTE_S * NS_PER_S) first++;
    if (i - first + 1 > most) most = i - first + 1;
  }
  return most;
}

CASE(no_limit_lets_everything_go) {
  (void)state;
  Rate rate;
  rate_init(&rate, 0, 0, NS_PER_S);
  for (int i = 0; i < 1000; i++)
    assert_int_equal(rate_take(&rate, NS_PER_S, 1000000), 0);
  assert_int_equal(rate_held(&rate, NS_PER_S), 0);
}

CASE(no_minute_has_more_requests_than_were_set) {
  (void)state;
  static const uint32_t limits[] = {1, 2, 3, 19, 20, 21, 60, 599, 600, 5000};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    Rate rate;
    Times times = {0};
    rate_init(&rate, limits[i], 0, NS_PER_S);
    go_for(&rate, 10 * MINUTE_S, 1, &times);
    assert_true(most_in_a_minute(&times) <= limits[i]);
    assert_true(times.length >= 10 * limits[i] * 95 / 100);
    vec_free(&times);
  }
}

CASE(no_minute_has_more_after_a_pause) {
  (void)state;
  Rate rate;
  Times times = {0};
  rate_init(&rate, 100, 0, NS_PER_S);
  uint64_t now = NS_PER_S;
  for (int i = 0; i < 2000; i++) {
    uint64_t until = rate_take(&rate, now, 1);
    if (until == 0) vec_push(&times, now);
    now = until > now ? until : now;
    if (i % 37 == 0) now += 23 * NS_PER_S;
  }
  assert_true(most_in_a_minute(&times) <= 100);
  vec_free(&times);
}

CASE(tokens_hold_back_too) {
  (void)state;
  Rate rate;
  Times times = {0};
  rate_init(&rate, 0, 60000, NS_PER_S);
  go_for(&rate, 10 * MINUTE_S, 300, &times);
  assert_true(most_in_a_minute(&times) <= 200 + 1);
  assert_true(times.length >= 1900);
  vec_free(&times);
}

CASE(a_call_beyond_the_bucket_goes_when_it_is_full) {
  (void)state;
  Rate rate;
  Times times = {0};
  rate_init(&rate, 0, 1000, NS_PER_S); /* 50 can be saved up */
  go_for(&rate, 10 * MINUTE_S, 2000, &times);
  assert_int_equal(times.data[0], NS_PER_S);
  assert_in_range(times.length, 4, 6); /* each costs two minutes */
  vec_free(&times);
}

CASE(usage_settles_what_was_reserved) {
  (void)state;
  Rate rate;
  rate_init(&rate, 0, 20000, NS_PER_S); /* 1000 can be saved up */
  assert_int_equal(rate_take(&rate, NS_PER_S, 900), 0);
  assert_true(rate_take(&rate, NS_PER_S, 900) > NS_PER_S);
  rate_settle(&rate, NS_PER_S, 900, 50, 20);
  assert_int_equal(rate_take(&rate, NS_PER_S, 900), 0);
  rate_settle(&rate, NS_PER_S, 900, 5000, 20); /* more than thought */
  uint64_t until = rate_take(&rate, NS_PER_S, 900);
  double owed = 5000 + 50 - 1000 + 900;
  double seconds = owed / rate.tokens.inflow * MINUTE_S;
  assert_true(fabs((double)(until - NS_PER_S) / NS_PER_S - seconds) < 0.001);
}

CASE(estimates_follow_the_replies) {
  (void)state;
  Rate rate;
  rate_init(&rate, 0, 1000, 0);
  assert_int_equal(rate_estimate(&rate, 100, 0), 356);
  assert_int_equal(rate_estimate(&rate, 100, 50), 150);
  for (int i = 0; i < 100; i++) rate_settle(&rate, 0, 0, 0, 40);
  assert_in_range(rate_estimate(&rate, 100, 0), 139, 141);
  assert_int_equal(rate_estimate(&rate, 100, 10), 110);
  assert_int_equal(rate_estimate(&rate, UINT32_MAX, 0), UINT32_MAX);
}

CASE(quiet_is_kept_to_the_nanosecond) {
  (void)state;
  Rate rate;
  rate_init(&rate, 0, 0, 100);
  rate_quiet(&rate, 5000);
  rate_quiet(&rate, 3000); /* a shorter one takes nothing back */
  assert_int_equal(rate_take(&rate, 100, 1), 5000);
  assert_int_equal(rate_take(&rate, 4999, 1), 5000);
  assert_int_equal(rate_held(&rate, 4999), 4899);
  assert_int_equal(rate_take(&rate, 5000, 1), 0);
  assert_int_equal(rate_held(&rate, 9999), 4900);
}

CASE(held_ends_when_nobody_waits) {
  (void)state;
  Rate rate;
  rate_init(&rate, 0, 0, 100);
  rate_quiet(&rate, 5000);
  assert_int_equal(rate_take(&rate, 200, 1), 5000);
  rate_leave(&rate, 700);
  rate_leave(&rate, 900);
  assert_int_equal(rate_held(&rate, 4000), 500);
}

/* ---- learning ------------------------------------------------------------ */

/* A server with a bucket: what it allows a minute, all of it at once. */
typedef struct Server {
  double limit, level;
  uint64_t at;
} Server;

static bool server_takes(Server *server, uint64_t now, RateSeen *seen) {
  double passed = (double)(now - server->at) / (60.0 * NS_PER_S);
  server->level = fmin(server->limit, server->level + passed * server->limit);
  server->at = now;
  bool is_ok = server->level >= 1;
  if (is_ok) server->level -= 1;
  double missing = server->limit - server->level;
  *seen = (RateSeen){0};
  seen->requests =
      (RateSide){true, true, server->limit, floor(server->level),
                 (uint64_t)(missing / server->limit * 60.0 * NS_PER_S)};
  return is_ok;
}

/* Calls one after the other, each learned from: after the first ones none is
 * refused, and all that is allowed is used. */
CASE(a_learned_limit_is_neither_missed_nor_exceeded) {
  (void)state;
  Rate rate;
  Server server = {.limit = 120, .level = 120, .at = NS_PER_S};
  uint32_t done = 0, refused = 0;
  uint64_t now = NS_PER_S, end = now + 5 * MINUTE_S * NS_PER_S;
  rate_init(&rate, 0, 0, now);
  while (now < end) {
    RateSeen seen;
    uint64_t until = rate_take(&rate, now, 1);
    if (until != 0) {
      now = until;
      continue;
    }
    bool is_ok = server_takes(&server, now, &seen);
    rate_learn(&rate, now, &seen);
    rate_settle(&rate, now, 1, 1, 0);
    done += is_ok;
    refused += !is_ok;
    now += NS_PER_MS;
  }
  assert_in_range(done, 120 + 5 * 120 - 10, 120 + 5 * 120 + 1);
  assert_true(refused <= 5);
}

/* Others use the same key: what is left is less than we know. */
CASE(what_others_used_is_not_there) {
  (void)state;
  Rate rate;
  RateSeen seen = {.requests = {true, true, 100, 3, 58 * NS_PER_S}};
  rate_init(&rate, 0, 0, NS_PER_S);
  assert_int_equal(rate_take(&rate, NS_PER_S, 1), 0);
  rate_learn(&rate, NS_PER_S, &seen);
  rate_settle(&rate, NS_PER_S, 1, 1, 0);
  for (int i = 0; i < 3; i++)
    assert_int_equal(rate_take(&rate, NS_PER_S, 1), 0);
  assert_in_range(rate_take(&rate, NS_PER_S, 1), NS_PER_S + 599 * NS_PER_MS,
                  NS_PER_S + 601 * NS_PER_MS);
}

CASE(what_is_set_is_not_raised) {
  (void)state;
  Rate rate;
  RateSeen seen = {.requests = {true, true, 10000, 9999, NS_PER_S}};
  rate_init(&rate, 60, 0, NS_PER_S);
  rate_learn(&rate, NS_PER_S, &seen);
  assert_true(rate.requests.per_minute == 60);
  assert_true(rate.requests.level <= 3);
  seen.requests = (RateSide){true, true, 30, 12, 36 * NS_PER_S};
  rate_learn(&rate, NS_PER_S, &seen);
  assert_true(rate.requests.per_minute == 30);
  seen.requests = (RateSide){true, false, 100, 0, 0};
  rate_learn(&rate, NS_PER_S, &seen);
  assert_true(rate.requests.per_minute == 60);
  assert_true(rate.requests.level <= 3);
}

/* 200 a day: one comes back in 432 s. */
CASE(the_limit_of_a_day_is_not_one_of_a_minute) {
  (void)state;
  Rate rate;
  RateSeen seen = {.requests = {true, true, 200, 199, 432 * NS_PER_S}};
  rate_init(&rate, 0, 0, NS_PER_S);
  rate_learn(&rate, NS_PER_S, &seen);
  assert_true(fabs(rate.requests.per_minute - 60.0 / 432) < 1e-9);
  for (int i = 0; i < 199; i++)
    assert_int_equal(rate_take(&rate, NS_PER_S, 1), 0);
  uint64_t until = rate_take(&rate, NS_PER_S, 1);
  assert_in_range(until / NS_PER_S, 432, 433);
}

CASE(nonsense_is_not_learned) {
  (void)state;
  Rate rate;
  RateSeen seen = {.requests = {true, true, 0, 0, 0},
                   .tokens = {false, true, 0, 0, 0}};
  rate_init(&rate, 0, 0, NS_PER_S);
  rate_learn(&rate, NS_PER_S, &seen);
  assert_int_equal(rate_take(&rate, NS_PER_S, 1000), 0);
}

/* ---- headers ------------------------------------------------------------- */

static RateSeen read(const char *name, const char *value) {
  RateSeen seen = {0};
  rate_read_header(slice_of(name), slice_of(value), 1767225600, &seen);
  return seen;
}

static double reset_of(const char *value) {
  RateSeen seen = read("x-ratelimit-reset-tokens", value);
  return (double)seen.tokens.reset_ns / NS_PER_S;
}

CASE(openai_headers_are_read) {
  (void)state;
  RateSeen seen = read("X-RateLimit-Limit-Requests", " 500 ");
  assert_true(seen.requests.has_limit && seen.requests.limit == 500);
  seen = read("x-ratelimit-remaining-tokens", "29986");
  assert_true(seen.tokens.has_rest && seen.tokens.rest == 29986);
  assert_false(seen.tokens.has_limit || seen.requests.has_rest);
}

CASE(anthropic_headers_are_read) {
  (void)state;
  RateSeen seen = read("anthropic-ratelimit-requests-limit", "50");
  assert_true(seen.requests.has_limit && seen.requests.limit == 50);
  seen = read("Anthropic-RateLimit-Tokens-Remaining", "39000");
  assert_true(seen.tokens.has_rest && seen.tokens.rest == 39000);
  seen = read("anthropic-ratelimit-tokens-reset", "2026-01-01T00:00:12Z");
  assert_int_equal(seen.tokens.reset_ns, 12 * NS_PER_S);
  seen =
      read("anthropic-ratelimit-tokens-reset", "2026-01-01T02:01:00.5+02:00");
  assert_int_equal(seen.tokens.reset_ns, 60 * NS_PER_S);
  seen = read("anthropic-ratelimit-tokens-reset", "2025-12-31T23:59:59Z");
  assert_int_equal(seen.tokens.reset_ns, 0);
}

CASE(resets_are_durations_of_every_form) {
  (void)state;
  assert_true(fabs(reset_of("6m0s") - 360) < 1e-6);
  assert_true(fabs(reset_of("20ms") - 0.02) < 1e-6);
  assert_true(fabs(reset_of("7.66s") - 7.66) < 1e-6);
  assert_true(fabs(reset_of("1h2m3.5s") - 3723.5) < 1e-6);
  assert_true(fabs(reset_of("2d") - 172800) < 1e-6);
  assert_true(fabs(reset_of("33.01") - 33.01) < 1e-6);
  assert_true(fabs(reset_of("0") - 0) < 1e-6);
  assert_true(fabs(reset_of("1e300") - 30 * 86400.0) < 1e-6);
}

CASE(what_is_no_such_header_is_passed_over) {
  (void)state;
  static const char *const names[] = {"",
                                      "x",
                                      "x-ratelimit-",
                                      "x-ratelimit-limit",
                                      "x-ratelimit-limit-",
                                      "x-ratelimit-limit-request",
                                      "x-ratelimit-limit-requests-day",
                                      "anthropic-ratelimit-",
                                      "anthropic-ratelimit-requests",
                                      "anthropic-ratelimit-requests-",
                                      "anthropic-ratelimit-input-tokens-limit",
                                      "content-type"};
  static const char *const values[] = {
      "",  "-1",  "x", "nan",        "inf",  "1x",
      "s", "1s2", ".", "2026-13-01", "1.s.", "2026-01-01T00:00"};
  const RateSeen nothing = {0};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    RateSeen seen = read(names[i], "7");
    assert_memory_equal(&seen, &nothing, sizeof seen);
  }
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    RateSeen seen = read("x-ratelimit-reset-tokens", values[i]);
    assert_memory_equal(&seen, &nothing, sizeof seen);
    seen = read("x-ratelimit-limit-tokens", values[i]);
    assert_false(seen.tokens.has_limit);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(no_limit_lets_everything_go),
      cmocka_unit_test(no_minute_has_more_requests_than_were_set),
      cmocka_unit_test(no_minute_has_more_after_a_pause),
      cmocka_unit_test(tokens_hold_back_too),
      cmocka_unit_test(a_call_beyond_the_bucket_goes_when_it_is_full),
      cmocka_unit_test(usage_settles_what_was_reserved),
      cmocka_unit_test(estimates_follow_the_replies),
      cmocka_unit_test(quiet_is_kept_to_the_nanosecond),
      cmocka_unit_test(held_ends_when_nobody_waits),
      cmocka_unit_test(a_learned_limit_is_neither_missed_nor_exceeded),
      cmocka_unit_test(what_others_used_is_not_there),
      cmocka_unit_test(what_is_set_is_not_raised),
      cmocka_unit_test(the_limit_of_a_day_is_not_one_of_a_minute),
      cmocka_unit_test(nonsense_is_not_learned),
      cmocka_unit_test(openai_headers_are_read),
      cmocka_unit_test(anthropic_headers_are_read),
      cmocka_unit_test(resets_are_durations_of_every_form),
      cmocka_unit_test(what_is_no_such_header_is_passed_over),
  };
  return RUN(cases);
}
