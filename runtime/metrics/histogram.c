/* SPDX-License-Identifier: MIT
 *
 * The bucket of a duration is its highest bit and the five bits below it: 32
 * buckets to each doubling, none wider than a 32nd of what it holds. Durations
 * below 32 ns have a bucket each.
 */
#include "runtime/metrics/histogram.h"

#include <math.h>

#include "core/base/mem.h"

enum { SUB_BITS = 5, SUB_BUCKETS = HISTOGRAM_GROUP_BUCKETS };

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

static HistogramGroup *group_at(Histogram *histogram, uint32_t index) {
  if (histogram->groups[index] == NULL)
    histogram->groups[index] = MEM_NEW(HistogramGroup);
  return histogram->groups[index];
}

void histogram_free(Histogram *histogram) {
  for (uint32_t i = 0; i < HISTOGRAM_GROUPS; i++)
    mem_free(histogram->groups[i]);
  *histogram = (Histogram){0};
}

void histogram_add(Histogram *histogram, uint64_t ns) {
  uint32_t bucket = bucket_of(ns);
  if (histogram->count == 0 || ns < histogram->min) histogram->min = ns;
  if (ns > histogram->max) histogram->max = ns;
  histogram->count++;
  histogram->sum += ns;
  group_at(histogram, bucket / SUB_BUCKETS)->buckets[bucket % SUB_BUCKETS]++;
}

static void add_group(HistogramGroup *to, const HistogramGroup *from) {
  for (uint32_t i = 0; i < SUB_BUCKETS; i++) to->buckets[i] += from->buckets[i];
}

void histogram_add_all(Histogram *to, const Histogram *from) {
  if (from->count == 0) return;
  if (to->count == 0 || from->min < to->min) to->min = from->min;
  if (from->max > to->max) to->max = from->max;
  to->count += from->count;
  to->sum += from->sum;
  for (uint32_t i = 0; i < HISTOGRAM_GROUPS; i++) {
    if (from->groups[i] != NULL) add_group(group_at(to, i), from->groups[i]);
  }
}

static uint64_t clamp(const Histogram *histogram, uint64_t ns) {
  if (ns < histogram->min) return histogram->min;
  return ns > histogram->max ? histogram->max : ns;
}

/* The bucket of the entry with that rank, from 1. */
static uint32_t bucket_of_rank(const Histogram *histogram, uint64_t rank) {
  uint64_t seen = 0;
  uint32_t last = 0;
  for (uint32_t i = 0; i < HISTOGRAM_GROUPS; i++) {
    const HistogramGroup *group = histogram->groups[i];
    for (uint32_t k = 0; group != NULL && k < SUB_BUCKETS; k++) {
      seen += group->buckets[k];
      last = i * SUB_BUCKETS + k;
      if (seen >= rank) return last;
    }
  }
  return last;
}

uint64_t histogram_percentile(const Histogram *histogram, double fraction) {
  if (histogram->count == 0) return 0;
  double wanted = ceil(fraction * (double)histogram->count);
  uint64_t rank = wanted >= 1 ? (uint64_t)wanted : 1;
  if (rank > histogram->count) return histogram->max;
  return clamp(histogram, bucket_middle(bucket_of_rank(histogram, rank)));
}

uint64_t histogram_mean(const Histogram *histogram) {
  return histogram->count ? histogram->sum / histogram->count : 0;
}
