/* SPDX-License-Identifier: MIT
 *
 * Percentiles against the sorted list itself: off by 1.6 % at most.
 */
#include "runtime/metrics/histogram.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "tests/unit/unit.h"

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t next_random(uint64_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 7;
  *seed ^= *seed << 17;
  return *seed;
}

CASE(empty_is_zero) {
  (void)state;
  Histogram *h = MEM_NEW(Histogram);
  assert_int_equal(histogram_percentile(h, 0.5), 0);
  assert_int_equal(histogram_mean(h), 0);
  histogram_free(h);
  mem_free(h);
}

CASE(one_entry_is_every_percentile) {
  (void)state;
  Histogram *h = MEM_NEW(Histogram);
  histogram_add(h, 123456789);
  for (int i = 0; i <= 100; i++)
    assert_int_equal(histogram_percentile(h, i / 100.0), 123456789);
  assert_int_equal(histogram_mean(h), 123456789);
  histogram_free(h);
  mem_free(h);
}

CASE(extremes_have_a_bucket) {
  (void)state;
  Histogram *h = MEM_NEW(Histogram);
  histogram_add(h, 0);
  histogram_add(h, UINT64_MAX);
  histogram_add(h, 31);
  histogram_add(h, 32);
  histogram_add(h, 63);
  histogram_add(h, 64);
  assert_int_equal(h->count, 6);
  assert_int_equal(h->min, 0);
  assert_true(h->max == UINT64_MAX);
  assert_int_equal(histogram_percentile(h, 0), 0);
  assert_int_equal(histogram_percentile(h, 2 / 6.0), 31);
  assert_int_equal(histogram_percentile(h, 0.5), 32);
  assert_true(histogram_percentile(h, 1) > UINT64_MAX / 64 * 63);
  histogram_free(h);
  mem_free(h);
}

static void check(double scale, uint64_t seed) {
  enum { COUNT = 5000 };
  static const double fractions[] = {0, 0.01, 0.5, 0.9, 0.99, 0.999, 1};
  uint64_t *all = mem_alloc_zero(COUNT, sizeof *all);
  Histogram *h = MEM_NEW(Histogram);
  uint64_t sum = 0;
  for (int i = 0; i < COUNT; i++) {
    double x = (double)(next_random(&seed) >> 11) / (double)(UINT64_C(1) << 53);
    all[i] = (uint64_t)(-log(1 - x) * scale);
    sum += all[i];
    histogram_add(h, all[i]);
  }
  qsort(all, COUNT, sizeof *all, compare);
  for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) {
    double rank = fmax(1, ceil(fractions[i] * COUNT));
    double exact = (double)all[(size_t)rank - 1];
    double got = (double)histogram_percentile(h, fractions[i]);
    assert_true(fabs(got - exact) <= exact / 62 + 0.5);
  }
  assert_int_equal(histogram_mean(h), sum / COUNT);
  assert_int_equal(h->min, all[0]);
  assert_int_equal(h->max, all[COUNT - 1]);
  histogram_free(h);
  mem_free(h);
  mem_free(all);
}

CASE(percentiles_are_close) {
  (void)state;
  for (uint64_t seed = 1; seed < 5; seed++) {
    check(40, seed);
    check(1e5, seed);
    check(2e9, seed);
    check(1e14, seed);
  }
}

CASE(parts_add_up_to_the_whole) {
  (void)state;
  Histogram whole = {0}, sum = {0}, parts[3] = {{0}, {0}, {0}};
  uint64_t seed = 7;
  for (int i = 0; i < 3000; i++) {
    uint64_t ns = next_random(&seed) >> (seed % 64);
    histogram_add(&whole, ns);
    histogram_add(&parts[i % 2], ns); /* one stays empty */
  }
  for (int i = 0; i < 3; i++) histogram_add_all(&sum, &parts[i]);
  assert_int_equal(sum.count, whole.count);
  assert_int_equal(sum.sum, whole.sum);
  assert_int_equal(sum.min, whole.min);
  assert_int_equal(sum.max, whole.max);
  for (int i = 0; i <= 1000; i++)
    assert_int_equal(histogram_percentile(&sum, i / 1000.0),
                     histogram_percentile(&whole, i / 1000.0));
  for (int i = 0; i < 3; i++) histogram_free(&parts[i]);
  histogram_free(&sum);
  histogram_free(&whole);
  assert_int_equal(histogram_percentile(&whole, 0.5), 0);
}

CASE(a_few_entries_cost_little) {
  (void)state;
  Histogram h = {0};
  uint32_t groups = 0;
  for (uint64_t ns = 1000; ns < 1020; ns++) histogram_add(&h, ns);
  for (uint32_t i = 0; i < HISTOGRAM_GROUPS; i++) groups += h.groups[i] != NULL;
  assert_int_equal(groups, 1);
  histogram_free(&h);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(empty_is_zero),
      cmocka_unit_test(one_entry_is_every_percentile),
      cmocka_unit_test(extremes_have_a_bucket),
      cmocka_unit_test(percentiles_are_close),
      cmocka_unit_test(parts_add_up_to_the_whole),
      cmocka_unit_test(a_few_entries_cost_little),
  };
  return RUN(cases);
}
