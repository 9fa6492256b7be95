/* SPDX-License-Identifier: MIT
 *
 * Durations counted in buckets: 32 to each doubling, so a percentile is off by
 * at most 1.6 %, and a million calls cost the same 16 KB as one. The guarded
 * owner says who may touch it.
 */
#ifndef APXM_RUNTIME_METRICS_HISTOGRAM_H
#define APXM_RUNTIME_METRICS_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 64 * 32 };

typedef struct Histogram {
  uint64_t count;
  uint64_t sum;                        /* ns, exact */
  uint64_t min, max;                   /* ns, exact; 0 while empty */
  uint64_t buckets[HISTOGRAM_BUCKETS]; /* how many fell into each */
} Histogram;

void histogram_add(Histogram *histogram, uint64_t ns);

/* The value below or at which `fraction` (0..1) of the entries lie: nearest
 * rank, the middle of its bucket, clamped to min and max. 0 when empty. */
uint64_t histogram_percentile(const Histogram *histogram, double fraction);
uint64_t histogram_mean(const Histogram *histogram);

#endif
