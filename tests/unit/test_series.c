/* SPDX-License-Identifier: MIT
 *
 * series.c and table.c: the figures of a workload, computed by hand beside it.
 */
#include "cli/series.h"

#include <math.h>

#include "cli/table.h"
#include "tests/unit/unit.h"

static bool near(double a, double b) {
  return fabs(a - b) <= 1e-9 * fmax(1, fabs(b));
}

static void add(Series *series, uint64_t duration, uint64_t t1, uint64_t t_inf,
                bool within) {
  RunMetrics metrics = {
      .duration_ns = duration,
      .nodes_executed = 5,
      .max_parallelism = 2,
      .latency = {.count = 2, .sum = t1},
      .overhead = {.nodes = 2,
                   .ready_ns = 100,
                   .input_ns = 200,
                   .dispatch_ns = 300,
                   .route_ns = 400},
      .work_span = {.t1_ns = t1, .t_inf_ns = t_inf, .within_bounds = within}};
  series_add_parallel(series, &metrics);
}

CASE(figures) {
  (void)state;
  Series series = {.n = 2};
  add(&series, 110, 190, 100, true);
  add(&series, 100, 200, 100, true);
  add(&series, 300, 280, 150, false);
  add(&series, 102, 204, 102, true);
  for (uint64_t i = 0; i < 3; i++) {
    RunMetrics metrics = {.duration_ns = 200 + 10 * i};
    series_add_sequential(&series, &metrics);
  }
  SeriesFigures out = series_figures(&series);
  assert_true(near(out.duration.mean, 153));
  assert_true(near(out.duration.median, 106));
  assert_true(near(out.duration.minimum, 100));
  assert_true(near(out.duration.maximum, 300));
  assert_true(
      near(out.duration.deviation, sqrt((1849 + 2809 + 21609 + 2601) / 3.0)));
  assert_true(near(out.t1, 202));
  assert_true(near(out.t1_sequential, 210));
  assert_true(near(out.t_inf, 101));
  assert_true(near(out.theoretical, 2));
  assert_true(near(out.speedup, 202.0 / 106));
  assert_true(near(out.speedup_sequential, 210.0 / 106));
  assert_true(near(out.efficiency, 101.0 / 106));
  assert_true(near(out.calls, 2));
  assert_true(near(out.avg_latency, 874.0 / 8));
  assert_true(near(out.input_per_node, 100));
  assert_true(near(out.route_per_node, 200));
  assert_true(near(out.overhead_per_node, 500));
  assert_true(near(out.overhead_per_run, 2500));
  assert_int_equal(series.within, 3);
  assert_int_equal(series.max_parallelism, 2);
  series_free(&series);
}

CASE(nothing_measured) {
  (void)state;
  Series series = {.n = 2};
  SeriesFigures out = series_figures(&series);
  assert_true(out.duration.median == 0 && out.speedup == 0);
  assert_true(isnan(out.overhead_per_node) && isnan(out.overhead_per_run));
}

CASE(tables) {
  (void)state;
  Table table;
  Buf out = {0};
  table_init(&table, "Title", "lrr");
  table_add(&table, "name");
  table_add(&table, "time");
  table_add(&table, "\xC3\xA9");
  table_add(&table, "a");
  table_add_ns(&table, 12345);
  table_add_ns(&table, (double)NAN);
  table_add(&table, "long name");
  table_add_ns(&table, 105.2e6);
  table_print(&table, &out);
  assert_string_equal(out.data,
                      "Title\n"
                      "  name           time  \xC3\xA9\n"
                      "  ----------------------\n"
                      "  a           12.3 us  -\n"
                      "  long name  105.2 ms   \n");
  table_free(&table);
  buf_free(&out);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(figures),
      cmocka_unit_test(nothing_measured),
      cmocka_unit_test(tables),
  };
  return RUN(cases);
}
