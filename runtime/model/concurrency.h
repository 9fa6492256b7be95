/* SPDX-License-Identifier: MIT
 *
 * How many calls may be open at once on a server that does not say: additive
 * increase, multiplicative decrease. It grows while calls wait for a slot and
 * all goes well; it shrinks when the server says that it has too much to do,
 * and, gently, while replies take longer than more of them at once explains
 * (the latency gradient). Pure: time comes in, nothing is looked up. Guarded by
 * its owner.
 */
#ifndef APXM_RUNTIME_MODEL_CONCURRENCY_H
#define APXM_RUNTIME_MODEL_CONCURRENCY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ConcurrencySample {
  uint64_t now;        /* clock_now() at the end of the attempt */
  uint64_t started_at; /* the same at its dispatch */
  uint32_t open;       /* attempts open when it started, itself included */
  uint32_t waiting;    /* calls that wait for a slot now */
  uint32_t tokens;     /* of the reply; 0: nobody knows, or there is none */
  bool is_ok;          /* there is a reply */
  bool is_load;        /* model_problem_is_load: it shrinks */
} ConcurrencySample;

/* Private. */
typedef struct Concurrency {
  bool is_fixed;
  double limit;
  uint32_t least, most;           /* bounds */
  uint32_t least_seen, most_seen; /* that it was */
  uint64_t shrunk_at;             /* once a round trip is enough */
  double fast, slow;              /* averages of latency */
  uint64_t window_start;
  uint64_t window_tokens, window_calls;
  double best_rate;
} Concurrency;

/* `is_fixed`: it stays at `start`; else it moves from 1 to `most`. */
void concurrency_init(Concurrency *concurrency, uint32_t start, uint32_t most,
                      bool is_fixed);
uint32_t concurrency_limit(const Concurrency *concurrency);
void concurrency_ended(Concurrency *concurrency,
                       const ConcurrencySample *sample);

#endif
