/* SPDX-License-Identifier: MIT
 *
 * Numbers from a seed, the same on every machine: SplitMix64 (Steele, Lea and
 * Flood, OOPSLA 2014).
 */
#ifndef APXM_TESTS_HARNESS_RANDOM_H
#define APXM_TESTS_HARNESS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Random {
  uint64_t state;
} Random;

static inline uint64_t random_next(Random *random) {
  uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

/* Neighbouring seeds share nothing. */
static inline Random random_from(uint64_t seed) {
  Random random = {seed * UINT64_C(0xD1B54A32D192ED03)};
  random.state = random_next(&random);
  return random;
}

/* 0 .. count - 1; count >= 1. */
static inline uint32_t random_below(Random *random, uint32_t count) {
  return (uint32_t)((random_next(random) >> 32) * count >> 32);
}

static inline bool random_chance(Random *random, uint32_t percent) {
  return random_below(random, 100) < percent;
}

#endif
