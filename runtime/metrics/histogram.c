/* SPDX-License-Identifier: MIT
 *
 * The bucket of a duration is its highest bit and the five bits below it: 32
 * buckets to each doubling, none wider than a 32nd of what it holds. Durations
 * below 32 ns have a bucket each.
 */
#include "runtime/metrics/histogram.h"

#include <math.h>

enum { SUB_BITS = 5, SUB_BUCKETS = 1 << SUB_BITS };

static uint32_t bucket_of(uint64_t ns) {
  if (ns < SUB_BUCKETS) return (uint32_t)ns;
  uint32_t shift = 63 - (uint32_t)__builtin_clzll(ns) - SUB_BITS;
  uint32_t sub = (uint32_t)(ns >> shift) - SUB_BUCKETS;
  return (shift + 1) * SUB_BUCKETS + sub;
}

static uint64_t bucket_middle(uint32_t bucket) {
  if (bucket < SUB_BUCKETS) return bucket;
  uint32_t shift = bucket / SUB_BUCKETS - 1;
  uint64_t low = (uint64_t)(SUB_BUCKETS + bucket % SUB_BUCKETS) << shift;
  return low + (UINT64_C(1) << shift) / 2;
}

void histogram_add(Histogram *histogram, uint64_t ns) {
  if (histogram->count == 0 || ns < histogram->min) histogram->min = ns;
  if (ns > histogram->max) histogram->max = ns;
  histogram->count++;
  histogram->sum += ns;
  histogram->buckets[bucket_of(ns)]++;
}

static uint64_t clamp(const Histogram *histogram, uint64_t ns) {
  if (ns < histogram->min) return histogram->min;
  return ns > histogram->max ? histogram->max : ns;
}

uint64_t histogram_percentile(const Histogram *histogram, double fraction) {
  if (histogram->count == 0) return 0;
  double wanted = ceil(fraction * (double)histogram->count);
  uint64_t rank = wanted >= 1 ? (uint64_t)wanted : 1;
  uint64_t seen = 0;
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += histogram->buckets[i];
    if (seen >= rank) return clamp(histogram, bucket_middle(i));
  }
  return histogram->max;
}

uint64_t histogram_mean(const Histogram *histogram) {
  return histogram->count ? histogram->sum / histogram->count : 0;
}
