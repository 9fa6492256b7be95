/* SPDX-License-Identifier: MIT
 *
 * Requests and tokens a minute: two token buckets, set by the configuration or
 * learned from the headers of replies, and the time until which a server asked
 * for quiet. What a call will cost is reserved by an estimate when it leaves
 * admission and settled when its usage is known. Pure: time comes in. Guarded
 * by its owner.
 */
#ifndef APXM_RUNTIME_MODEL_RATE_H
#define APXM_RUNTIME_MODEL_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"

typedef struct RateBucket {
  double per_minute; /* 0: no limit */
  double capacity;   /* most that can be saved up */
  double level;      /* may be below 0 after a settlement */
  uint64_t at;       /* clock_now() of `level` */
  bool is_set;       /* by the configuration: learned figures only lower it */
} RateBucket;

typedef struct Rate {
  RateBucket requests, tokens;
  uint64_t quiet_until; /* clock_now(); 0: not */
  double mean_output;   /* tokens of a reply, moving; for estimates */
  uint64_t held_since;  /* somebody waits although there is a slot; 0: nobody */
  uint64_t held_ns;     /* so far */
} Rate;

/* What the headers of one reply say. Zero it. */
typedef struct RateSeen {
  bool has_request_limit, has_request_rest, has_request_reset;
  bool has_token_limit, has_token_rest, has_token_reset;
  double request_limit, request_rest; /* a minute; left now */
  double token_limit, token_rest;
  uint64_t request_reset_ns, token_reset_ns; /* until all is there again */
} RateSeen;

void rate_init(Rate *rate, uint32_t rpm, uint32_t tpm, uint64_t now);

/* What a call with so many input tokens, and at most so many output tokens (0:
 * nobody says), is expected to cost. */
uint32_t rate_estimate(const Rate *rate, uint32_t input, uint32_t most_output);

/* Takes one request and `tokens`. 0: taken, go. Else when to ask again
 * (clock_now()), and nothing is taken. A call that costs more than a minute's
 * tokens goes when the bucket is full. */
uint64_t rate_take(Rate *rate, uint64_t now, uint32_t tokens);

/* The attempt is over: it cost `used` instead of `reserved`. */
void rate_settle(Rate *rate, uint64_t now, uint32_t reserved, uint32_t used,
                 uint32_t output);

void rate_learn(Rate *rate, uint64_t now, const RateSeen *seen);
/* Nothing goes before `until`. */
void rate_quiet(Rate *rate, uint64_t until);

/* One header of a reply, of any provider: x-ratelimit-*, anthropic-ratelimit-*.
 * `wall_s`: seconds since 1970, for resets that are dates. */
void rate_read_header(Slice name, Slice value, int64_t wall_s, RateSeen *seen);

#endif
