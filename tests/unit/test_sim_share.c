/* SPDX-License-Identifier: MIT
 *
 * Processor sharing, on times that the test makes up: against figures worked
 * out by hand, against a reference that goes in small steps, and the profile
 * workload4 against the figures it was fitted to.
 */
#include "runtime/model/sim_share.h"

#include <math.h>

#include "core/base/clock.h"
#include "runtime/model/sim.h"
#include "tests/unit/unit.h"

enum { MOST = 64 };

/* Requests with what is known of them. */
typedef struct Row {
  ModelRequest request;   /* first */
  double work;            /* ms */
  double arrival, finish; /* ms */
} Row;

static uint64_t ns(double ms) {
  return (uint64_t)(ms * (double)NS_PER_MS);
}

static void arrive(SimShare *share, Row *row) {
  sim_share_arrive(share, &row->request, row->work * (double)NS_PER_MS,
                   ns(row->arrival));
}

/* Takes out all that finish before `end` (ms), each when it is due. */
static void run_until(SimShare *share, double end) {
  for (;;) {
    uint64_t due = sim_share_next(share);
    if (due == UINT64_MAX || due > ns(end)) return;
    Row *row = (Row *)sim_share_take(share, due);
    assert_non_null(row);
    row->finish = (double)due / (double)NS_PER_MS;
  }
}

/* Rows are in order of arrival. */
static void run_all(const ShareRates *rates, Row *rows, uint32_t count) {
  SimShare share = {.rates = *rates};
  for (uint32_t i = 0; i < count; i++) {
    run_until(&share, rows[i].arrival);
    arrive(&share, &rows[i]);
  }
  run_until(&share, 1e9);
  assert_int_equal(share.open.length, 0);
  sim_share_free(&share);
}

static const ShareRates one_server = {.capacity = 1};

CASE(rates_come_from_table_then_capacity) {
  (void)state;
  ShareRates rates = {.rates = {1, 0.9, 0.8}, .count = 3, .capacity = 2.4};
  assert_true(share_rate(&rates, 1) == 1);
  assert_true(share_rate(&rates, 3) == 0.8);
  assert_true(fabs(share_rate(&rates, 6) - 0.4) < 1e-12);
  ShareRates wide = {.capacity = 4};
  assert_true(share_rate(&wide, 3) == 1);
  assert_true(share_rate(&wide, 8) == 0.5);
}

CASE(one_request_takes_its_work) {
  (void)state;
  Row row = {.work = 100, .arrival = 5};
  run_all(&one_server, &row, 1);
  assert_true(fabs(row.finish - 105) < 1e-3);
}

/* 100 and 300 ms of work on one server: the first is done at 200, with half of
 * the server; the second has got 100 by then and needs 200 more. */
CASE(two_requests_share) {
  (void)state;
  Row rows[2] = {{.work = 100}, {.work = 300}};
  run_all(&one_server, rows, 2);
  assert_true(fabs(rows[0].finish - 200) < 1e-3);
  assert_true(fabs(rows[1].finish - 400) < 1e-3);
}

/* 100 at 0; 100 at 50: the first has 50 left, at half speed 100 more; then the
 * second has 50 left, alone. */
CASE(late_arrival_slows_the_first_down) {
  (void)state;
  Row rows[2] = {{.work = 100}, {.work = 100, .arrival = 50}};
  run_all(&one_server, rows, 2);
  assert_true(fabs(rows[0].finish - 150) < 1e-3);
  assert_true(fabs(rows[1].finish - 200) < 1e-3);
}

CASE(departure_speeds_the_rest_up) {
  (void)state;
  Row rows[2] = {{.work = 100}, {.work = 100}};
  SimShare share = {.rates = one_server};
  arrive(&share, &rows[0]);
  arrive(&share, &rows[1]);
  assert_int_equal(sim_share_next(&share), ns(200));
  assert_true(sim_share_leave(&share, &rows[0].request, ns(100)));
  assert_false(sim_share_leave(&share, &rows[0].request, ns(100)));
  assert_int_equal(sim_share_next(&share), ns(150));
  assert_null(sim_share_take(&share, ns(149)));
  assert_ptr_equal(sim_share_take(&share, ns(150)), &rows[1]);
  assert_int_equal(sim_share_next(&share), UINT64_MAX);
  assert_null(sim_share_take(&share, UINT64_MAX - 1));
  sim_share_free(&share);
}

/* The timer comes 40 ms late; those that are left must not pay for it. */
CASE(late_timer_changes_nothing) {
  (void)state;
  Row rows[2] = {{.work = 100}, {.work = 300}};
  SimShare share = {.rates = one_server};
  arrive(&share, &rows[0]);
  arrive(&share, &rows[1]);
  assert_ptr_equal(sim_share_take(&share, ns(240)), &rows[0]);
  assert_null(sim_share_take(&share, ns(240)));
  assert_int_equal(sim_share_next(&share), ns(400));
  sim_share_leave(&share, &rows[1].request, ns(250));
  sim_share_free(&share);
}

CASE(positions_count_from_idle) {
  (void)state;
  Row rows[3] = {{.work = 10}, {.work = 10}, {.work = 10, .arrival = 500}};
  SimShare share = {.rates = one_server};
  assert_int_equal(sim_share_position(&share), 0);
  arrive(&share, &rows[0]);
  assert_int_equal(sim_share_position(&share), 1);
  arrive(&share, &rows[1]);
  assert_int_equal(sim_share_position(&share), 2);
  run_until(&share, 400);
  assert_int_equal(sim_share_position(&share), 0);
  arrive(&share, &rows[2]);
  assert_int_equal(sim_share_position(&share), 1);
  run_until(&share, 1000);
  sim_share_free(&share);
}

/* ---- against small steps ------------------------------------------------ */

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 8;
}

/* Everybody open gets rate(n) * step of work, again and again. */
static void run_in_steps(const ShareRates *rates, Row *rows, uint32_t count,
                         double step) {
  double left[MOST];
  uint32_t done = 0;
  for (uint32_t i = 0; i < count; i++) left[i] = rows[i].work;
  for (double now = 0; done < count; now += step) {
    uint32_t open = 0;
    for (uint32_t i = 0; i < count; i++)
      open += rows[i].arrival <= now && left[i] > 0;
    for (uint32_t i = 0; i < count; i++) {
      if (rows[i].arrival > now || left[i] <= 0) continue;
      left[i] -= share_rate(rates, open) * step;
      if (left[i] > 0) continue;
      rows[i].finish = now + step;
      done++;
    }
  }
}

CASE(agrees_with_small_steps) {
  (void)state;
  const ShareRates rates = {
      .rates = {1, 0.95, 0.9, 0.7}, .count = 4, .capacity = 2.8};
  uint32_t seed = 1;
  for (int round = 0; round < 20; round++) {
    Row rows[MOST] = {{.work = 0}};
    Row steps[MOST];
    double at = 0;
    for (uint32_t i = 0; i < MOST; i++) {
      rows[i].work = 1 + next_random(&seed) % 200;
      rows[i].arrival = at;
      at += next_random(&seed) % 60;
    }
    memcpy(steps, rows, sizeof rows);
    run_all(&rates, rows, MOST);
    run_in_steps(&rates, steps, MOST, 0.02);
    for (uint32_t i = 0; i < MOST; i++)
      assert_true(fabs(rows[i].finish - steps[i].finish) < 2);
  }
}

/* ---- workload4 ---------------------------------------------------------- */

static void expect_near(double value, double wanted) {
  if (fabs(value / wanted - 1) > 0.01)
    fail_msg("%.1f is not within 1%% of %.1f", value, wanted);
}

/* N asks that arrive together: average latency, time until the last is done. */
static void check_figures(const SimProfile *profile, uint32_t n,
                          double average_ms, double last_ms) {
  Row rows[8] = {{.work = 0}};
  double sum = 0;
  double last = 0;
  for (uint32_t i = 0; i < n; i++)
    rows[i].work = sim_profile_work(profile, &rows[i].request, i) / 1e6;
  run_all(&profile->rates, rows, n);
  for (uint32_t i = 0; i < n; i++) {
    sum += rows[i].finish;
    last = fmax(last, rows[i].finish);
  }
  expect_near(sum / n, average_ms);
  expect_near(last, last_ms);
}

CASE(workload4_fits_its_figures) {
  (void)state;
  SimProfile profile;
  Error error = {0};
  assert_int_equal(sim_profile_load("workload4", &profile, &error), STATUS_OK);
  check_figures(&profile, 2, 1686, 1859);
  check_figures(&profile, 4, 1972, 3183);
  check_figures(&profile, 8, 3591, 5818);
  check_figures(&profile, 1, 1500, 1500);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(rates_come_from_table_then_capacity),
      cmocka_unit_test(one_request_takes_its_work),
      cmocka_unit_test(two_requests_share),
      cmocka_unit_test(late_arrival_slows_the_first_down),
      cmocka_unit_test(departure_speeds_the_rest_up),
      cmocka_unit_test(late_timer_changes_nothing),
      cmocka_unit_test(positions_count_from_idle),
      cmocka_unit_test(agrees_with_small_steps),
      cmocka_unit_test(workload4_fits_its_figures),
  };
  return RUN(cases);
}
