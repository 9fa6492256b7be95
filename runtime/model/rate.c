/* SPDX-License-Identifier: MIT
 *
 * Two token buckets and a moment. Levels are brought up to date when somebody
 * looks; nothing happens between.
 */
#include "runtime/model/rate.h"

#include <math.h>

#include "core/base/clock.h"

static const double minute = 60.0 * NS_PER_S;
static const double grain = 1e-6;       /* of a request or token */
static const double first_output = 256; /* tokens, before any reply came */
static const double burst = 1.0 / 20;   /* of a set limit, saved up at most */
static const uint64_t longest = 24 * 3600 * NS_PER_S;

/* ---- one bucket ---------------------------------------------------------- */

/* In any minute no more than `set` flows out: what was saved up and what flows
 * in meanwhile, the one that the minute began with included. */
static void set_limit(RateBucket *bucket, double set, uint64_t now) {
  bucket->set = bucket->per_minute = set;
  bucket->is_image = false;
  bucket->capacity = fmax(1, set * burst);
  bucket->inflow = set - bucket->capacity + 1;
  bucket->level = fmin(bucket->level, bucket->capacity);
  bucket->at = now;
}

static void advance(RateBucket *bucket, uint64_t now) {
  if (now <= bucket->at) return;
  double passed = (double)(now - bucket->at) / minute;
  double level = bucket->level + passed * bucket->inflow;
  bucket->level = fmin(bucket->capacity, level);
  bucket->at = now;
}

/* Moments until there is enough for `cost`; 0: there is. */
static uint64_t time_until(const RateBucket *bucket, double cost) {
  double missing = fmin(cost, bucket->capacity) - bucket->level;
  if (bucket->per_minute <= 0 || missing <= grain) return 0;
  double ns = ceil(missing / bucket->inflow * minute);
  return ns < (double)longest ? (uint64_t)ns : longest;
}

static void take(RateBucket *bucket, double cost) {
  bucket->open += cost;
  if (bucket->per_minute > 0) bucket->level -= cost;
}

static void settle(RateBucket *bucket, uint64_t now, double reserved,
                   double used) {
  bucket->open = fmax(0, bucket->open - reserved);
  if (bucket->per_minute <= 0) return;
  advance(bucket, now);
  bucket->level = fmin(bucket->capacity, bucket->level + reserved - used);
}

/* ---- both ---------------------------------------------------------------- */

void rate_init(Rate *rate, uint32_t rpm, uint32_t tpm, uint64_t now) {
  *rate = (Rate){0};
  rate->requests.level = rpm; /* all that can be saved up */
  rate->tokens.level = tpm;
  if (rpm > 0) set_limit(&rate->requests, rpm, now);
  if (tpm > 0) set_limit(&rate->tokens, tpm, now);
}

uint32_t rate_estimate(const Rate *rate, uint32_t input, uint32_t most_output) {
  double output = rate->mean_output > 0 ? rate->mean_output : first_output;
  if (most_output > 0) output = fmin(output, most_output);
  double sum = (double)input + output;
  return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

void rate_leave(Rate *rate, uint64_t now) {
  rate->held_ns = rate_held(rate, now);
  rate->held_since = 0;
}

uint64_t rate_held(const Rate *rate, uint64_t now) {
  bool is_held = rate->held_since != 0 && now > rate->held_since;
  return rate->held_ns + (is_held ? now - rate->held_since : 0);
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

uint64_t rate_take(Rate *rate, uint64_t now, uint32_t tokens) {
  advance(&rate->requests, now);
  advance(&rate->tokens, now);
  uint64_t wait =
      larger(time_until(&rate->requests, 1), time_until(&rate->tokens, tokens));
  uint64_t until = wait > 0 ? now + wait : 0;
  if (rate->quiet_until > now) until = larger(until, rate->quiet_until);
  if (until != 0) {
    if (rate->held_since == 0) rate->held_since = now;
    return until;
  }
  if (rate->held_since != 0) rate_leave(rate, now);
  take(&rate->requests, 1);
  take(&rate->tokens, tokens);
  return 0;
}

void rate_settle(Rate *rate, uint64_t now, uint32_t reserved, uint32_t used,
                 uint32_t output) {
  settle(&rate->requests, now, 1, 1);
  settle(&rate->tokens, now, reserved, used);
  if (output == 0) return;
  double old = rate->mean_output > 0 ? rate->mean_output : output;
  rate->mean_output = old + (output - old) / 8;
}

void rate_quiet(Rate *rate, uint64_t until) {
  rate->quiet_until = larger(rate->quiet_until, until);
}

/* ---- learning ------------------------------------------------------------ */

/* A minute's worth of what is allowed. Some limits are a day's; then it takes
 * long until what was used is there again. */
static double minutes_worth(const RateSide *side) {
  double used = side->limit - side->rest;
  if (!side->has_rest || side->reset_ns == 0 || used < 1) return side->limit;
  double period = (double)side->reset_ns * side->limit / used;
  return period > 2 * minute ? side->limit * minute / period : side->limit;
}

/* The bucket becomes an image of the server's, unless a lower limit is set. */
static void learn_limit(RateBucket *bucket, const RateSide *side) {
  double a_minute = minutes_worth(side);
  if (bucket->set > 0 && bucket->set <= a_minute) {
    if (bucket->is_image) set_limit(bucket, bucket->set, bucket->at);
    return;
  }
  bool was_image = bucket->is_image;
  bucket->is_image = true;
  bucket->per_minute = bucket->inflow = a_minute;
  bucket->capacity = side->limit;
  if (!was_image) bucket->level = side->limit - bucket->open;
  bucket->level = fmin(bucket->level, side->limit);
}

/* What is open may or may not be counted in what is left, but for the call that
 * the reply answers (`own`): the level lies between the two. */
static void learn_rest(RateBucket *bucket, double rest, double own) {
  bucket->level = fmin(bucket->level, rest);
  if (!bucket->is_image) return;
  double certain = rest - fmax(0, bucket->open - own);
  bucket->level = fmax(bucket->level, fmin(certain, bucket->capacity));
}

static void learn(RateBucket *bucket, uint64_t now, const RateSide *side,
                  double own) {
  if (!side->has_limit || side->limit < 1) return;
  advance(bucket, now);
  bucket->at = now;
  learn_limit(bucket, side);
  if (side->has_rest && bucket->per_minute > 0)
    learn_rest(bucket, side->rest, own);
}

/* The tokens of the call itself are not known here; for what they are worth,
 * the lower end is a little lower. */
void rate_learn(Rate *rate, uint64_t now, const RateSeen *seen) {
  learn(&rate->requests, now, &seen->requests, 1);
  learn(&rate->tokens, now, &seen->tokens, 0);
}
