/* SPDX-License-Identifier: MIT
 *
 * Calls that are held back although there is a slot: for requests a minute,
 * because the server asked for quiet, and how that ends. Bounds are lower ones.
 * Run under the thread sanitizer too.
 */
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "tests/client_bench.h"
#include "tests/unit/unit.h"

/* The embedded model as a backend with `rpm`; 0: none is set, and a lot of
 * tokens make the backend a metered one. */
static void bench_open_metered(Bench *bench, Config *config, uint32_t rpm,
                               const char *script, uint32_t calls) {
  *config = (Config){.backend = "metered"};
  BackendConfig backend = {.name = "metered",
                           .provider = "sim",
                           .max_in_flight = 100,
                           .rpm = rpm,
                           .tpm = rpm ? 0 : 1000000000,
                           .retries = 3};
  vec_push(&config->backends, backend);
  bench_open_script(bench, (ModelOptions){.config = config}, script, calls);
}

static void bench_close_metered(Bench *bench, Config *config, uint32_t calls) {
  bench_close(bench, calls);
  vec_free(&config->backends);
}

/* 1,200 a minute: 60 of them may be saved up, the others are 53 ms apart. */
CASE(calls_wait_for_the_minute) {
  (void)state;
  enum { SAVED = 60, CALLS = 62 };
  Bench bench;
  Config config;
  ModelLimits limits;
  bench_open_metered(&bench, &config, 1200, "", CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    bench.calls[i].request.limit_ns = 3600 * NS_PER_S;
    call_submit(&bench.calls[i]);
    if (i < SAVED) assert_true(bench.calls[i].at_once);
  }
  bench_wait_done(&bench, CALLS);
  uint64_t begin = bench.calls[0].request.queued_at;
  for (uint32_t i = SAVED; i < CALLS; i++) {
    const ModelRequest *request = &bench.calls[i].request;
    assert_int_equal(request->status, STATUS_OK);
    assert_true(request->dispatched_at >=
                begin + (i - SAVED + 1) * 52 * NS_PER_MS);
  }
  model_backend_limits(bench.backend, &limits);
  assert_int_equal(limits.most, 100);
  assert_int_equal(limits.least, 100);
  assert_true(limits.held_ns > 0);
  assert_true(limits.held_ns <= clock_now() - begin);
  bench_close_metered(&bench, &config, CALLS);
}

/* One is saved up; the next could go after a minute. */
CASE(a_permit_after_the_end_fails_at_once) {
  (void)state;
  enum { CALLS = 3 };
  Bench bench;
  Config config;
  bench_open_metered(&bench, &config, 1, "", CALLS);
  bench.calls[1].request.limit_ns = NS_PER_S;
  bench.calls[2].request.deadline = clock_now() + 30 * NS_PER_S;
  for (uint32_t i = 0; i < CALLS; i++) call_submit(&bench.calls[i]);
  bench_wait_done(&bench, CALLS);
  assert_int_equal(bench.calls[0].request.status, STATUS_OK);
  for (uint32_t i = 1; i < CALLS; i++) {
    const ModelRequest *request = &bench.calls[i].request;
    assert_int_equal(bench.calls[i].done, 1);
    assert_true(bench.calls[i].was_here);
    assert_int_equal(request->status, STATUS_MODEL);
    assert_int_equal(request->problem, MODEL_PROBLEM_RATE_LIMITED);
    assert_int_equal(request->attempt, 0);
    assert_int_equal(request->dispatched_at, 0);
    assert_true(slice_contains(buf_slice(&request->reply),
                               SLICE("backend metered: the server wants")));
  }
  assert_int_equal(bench.started, 1);
  assert_int_equal(bench.open, 0);
  bench_close_metered(&bench, &config, CALLS);
}

CASE(a_held_call_can_be_cancelled) {
  (void)state;
  enum { CALLS = 20 };
  Bench bench;
  Config config;
  bench_open_metered(&bench, &config, 1, "", CALLS);
  for (uint32_t i = 0; i < CALLS; i++) call_submit(&bench.calls[i]);
  for (uint32_t i = 1; i < CALLS; i++) call_cancel(&bench.calls[i]);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 1; i < CALLS; i++) {
    assert_int_equal(bench.calls[i].done, 1);
    assert_int_equal(bench.calls[i].request.status, STATUS_CANCELLED);
  }
  bench_close_metered(&bench, &config, CALLS); /* its timer is still set */
}

static const char quiet_script[] =
    "{\"prompt\":\"question 0\",\"error\":\"slow down\",\"status\":429,"
    "\"times\":1,\"retry_after_ms\":30}\n"
    "{\"reply\":\"here\"}\n";

/* What the server says to one call keeps the others back, too. */
CASE(a_server_that_asks_for_quiet_gets_it) {
  (void)state;
  enum { CALLS = 5 };
  Bench bench;
  Config config;
  bench_open_metered(&bench, &config, 0, quiet_script, CALLS);
  bench.calls[0].request.retries = 1;
  for (uint32_t i = 0; i < CALLS; i++) call_submit(&bench.calls[i]);
  bench_wait_done(&bench, CALLS);
  const ModelAttempt *failed = bench.calls[0].request.attempts.data;
  for (uint32_t i = 0; i < CALLS; i++) {
    const ModelRequest *request = &bench.calls[i].request;
    assert_false(bench.calls[i].at_once);
    assert_int_equal(request->status, STATUS_OK);
    assert_true(request->attempted_at >=
                failed->started_at + failed->took_ns + 30 * NS_PER_MS);
  }
  bench_close_metered(&bench, &config, CALLS);
}

/* The first failed for good, and the others learn that they come too late. */
CASE(a_long_quiet_fails_those_that_cannot_wait) {
  (void)state;
  Bench bench;
  Config config;
  bench_open_metered(&bench, &config, 0,
                     "{\"error\":\"closed\",\"status\":503,"
                     "\"retry_after_ms\":7200000}\n",
                     2);
  for (uint32_t i = 0; i < 2; i++) {
    bench.calls[i].request.limit_ns = 60 * NS_PER_S;
    call_submit(&bench.calls[i]);
  }
  bench_wait_done(&bench, 2);
  for (uint32_t i = 0; i < 2; i++) {
    assert_int_equal(bench.calls[i].request.problem,
                     MODEL_PROBLEM_RATE_LIMITED);
    assert_int_equal(bench.calls[i].request.attempt, i == 0);
  }
  bench_close_metered(&bench, &config, 2);
}

/* ---- limits ------------------------------------------------------------- */

static void expect_limits(bool is_adaptive, uint32_t option, uint32_t start,
                          uint32_t most) {
  Bench bench;
  ModelLimits limits;
  Config config = {.backend = "far"};
  BackendConfig backend = {.name = "far",
                           .provider = "openai",
                           .url = "http://127.0.0.1:1",
                           .max_in_flight = 64,
                           .is_adaptive = is_adaptive};
  vec_push(&config.backends, backend);
  bench_open(&bench,
             &(ModelOptions){.config = &config, .max_in_flight = option}, 0);
  model_backend_limits(bench.backend, &limits);
  assert_int_equal(model_backend_limit(bench.backend), start);
  assert_int_equal(limits.most, most);
  assert_int_equal(limits.least, start);
  bench_close(&bench, 0);
  vec_free(&config.backends);
}

CASE(what_is_set_is_fixed) {
  (void)state;
  expect_limits(false, 0, 64, 64);
  expect_limits(true, 7, 7, 7);
  expect_limits(true, 0, 64, 64);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(calls_wait_for_the_minute),
      cmocka_unit_test(a_permit_after_the_end_fails_at_once),
      cmocka_unit_test(a_held_call_can_be_cancelled),
      cmocka_unit_test(a_server_that_asks_for_quiet_gets_it),
      cmocka_unit_test(a_long_quiet_fails_those_that_cannot_wait),
      cmocka_unit_test(what_is_set_is_fixed),
  };
  return RUN(cases);
}
