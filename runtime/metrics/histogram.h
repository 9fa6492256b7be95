/* SPDX-License-Identifier: MIT
 *
 * Durations counted in buckets: 32 to each doubling, so a percentile is off by
 * at most 1.6 %. The counts of a doubling are there once a duration has fallen
 * into it: a run of one call, of which thousands may be open, costs 1 KB, a
 * million calls 16 KB at most. The guarded owner says who may touch it.
 */
#ifndef APXM_RUNTIME_METRICS_HISTOGRAM_H
#define APXM_RUNTIME_METRICS_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_GROUPS = 64, HISTOGRAM_GROUP_BUCKETS = 32 };

/* How many fell into each bucket of one doubling. */
typedef struct HistogramGroup {
  uint64_t buckets[HISTOGRAM_GROUP_BUCKETS];
} HistogramGroup;

/* Zeroed it is empty. */
typedef struct Histogram {
  uint64_t count;
  uint64_t sum;                             /* ns, exact */
  uint64_t min, max;                        /* ns, exact; 0 while empty */
  HistogramGroup *groups[HISTOGRAM_GROUPS]; /* owned; NULL: none fell there */
} Histogram;

void histogram_free(Histogram *histogram); /* then it is empty */

void histogram_add(Histogram *histogram, uint64_t ns);
/* Adds all entries of another one. */
void histogram_add_all(Histogram *to, const Histogram *from);

/* The value below or at which `fraction` (0..1) of the entries lie: nearest
 * rank, the middle of its bucket, clamped to min and max. 0 when empty. */
uint64_t histogram_percentile(const Histogram *histogram, double fraction);
uint64_t histogram_mean(const Histogram *histogram);

#endif
