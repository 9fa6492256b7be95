/* SPDX-License-Identifier: MIT
 *
 * Requests and tokens a minute: two token buckets, set by the configuration or
 * learned from the headers of replies, and the time until which a server asked
 * for quiet. What a call will cost is reserved by an estimate when it leaves
 * admission and settled when its usage is known. Pure: time comes in. Guarded
 * by its owner.
 *
 * A limit that was set holds for any minute, not on average: a twentieth of it
 * can be saved up and comes off what flows in. A bucket that was learned is an
 * image of the server's own: as large, and filled to what the server says is
 * left.
 */
#ifndef APXM_RUNTIME_MODEL_RATE_H
#define APXM_RUNTIME_MODEL_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"

/* Private. In requests or tokens. */
typedef struct RateBucket {
  double set;        /* a minute, by the configuration; 0: nobody did */
  double per_minute; /* what holds; 0: no limit */
  bool is_image;     /* of the server's bucket */
  double inflow;     /* a minute */
  double capacity;   /* most that can be saved up */
  double level;      /* below 0 after a call that cost more than expected */
  double open;       /* taken and not settled yet */
  uint64_t at;       /* clock_now() of `level` */
} RateBucket;

/* Private, but for reports: per_minute of both; quiet_until. */
typedef struct Rate {
  RateBucket requests, tokens;
  uint64_t quiet_until; /* clock_now(); 0: not */
  double mean_output;   /* tokens of a reply, moving; for estimates */
  uint64_t held_since;  /* somebody waits although there is a slot; 0: nobody */
  uint64_t held_ns;     /* before that */
} Rate;

/* What the headers of one reply say of one bucket. */
typedef struct RateSide {
  bool has_limit, has_rest;
  double limit, rest; /* in all; left now */
  uint64_t reset_ns;  /* until all is there again; 0: nobody says */
} RateSide;

/* Zero it. */
typedef struct RateSeen {
  RateSide requests, tokens;
} RateSeen;

void rate_init(Rate *rate, uint32_t rpm, uint32_t tpm, uint64_t now);

/* What a call with so many input tokens, and at most so many output tokens (0:
 * nobody says), is expected to cost. */
uint32_t rate_estimate(const Rate *rate, uint32_t input, uint32_t most_output);

/* For the next call, when it has a slot: takes one request and `tokens`. 0:
 * taken, go. Else when to ask again (clock_now()), and nothing is taken. A call
 * that costs more than can be saved up goes when the bucket is full. */
uint64_t rate_take(Rate *rate, uint64_t now, uint32_t tokens);

/* Nobody waits any more, or not for this: the one that rate_take held back has
 * gone away, or its slot has. */
void rate_leave(Rate *rate, uint64_t now);
/* How long somebody waited although there was a slot, until now. */
uint64_t rate_held(const Rate *rate, uint64_t now);

/* Once for each that rate_take let go: it cost `used` instead of `reserved`;
 * `output` tokens of these were the reply (0: there was none). */
void rate_settle(Rate *rate, uint64_t now, uint32_t reserved, uint32_t used,
                 uint32_t output);

/* Before the call whose reply it was is settled. */
void rate_learn(Rate *rate, uint64_t now, const RateSeen *seen);
/* Nothing goes before `until`. */
void rate_quiet(Rate *rate, uint64_t until);

/* One header of a reply, of any provider: x-ratelimit-*, anthropic-ratelimit-*.
 * `wall_s`: seconds since 1970, for resets that are dates. */
void rate_read_header(Slice name, Slice value, int64_t wall_s, RateSeen *seen);

#endif
