/* SPDX-License-Identifier: MIT
 *
 * Another attempt: whether and when, by the rules alone; then a client that
 * keeps them. Waits are never shorter than planned; how much longer they are
 * is the machine's affair. Run under the thread sanitizer too.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "runtime/model/retry.h"
#include "tests/client_bench.h"
#include "tests/unit/unit.h"

enum { HOUR_S = 3600 };

/* ---- jitter ------------------------------------------------------------- */

/* The values are those of a second implementation, in Python. */
CASE(jitter_is_the_same_everywhere) {
  (void)state;
  assert_int_equal(retry_jitter_ns(1, 1, 1), 237189328);
  assert_int_equal(retry_jitter_ns(1, 1, 2), 582757472);
  assert_int_equal(retry_jitter_ns(1, 1, 3), 1815916493);
  assert_int_equal(retry_jitter_ns(1, 2, 1), 25406902);
  assert_int_equal(retry_jitter_ns(7, 1000, 9), 20530557408);
  assert_int_equal(retry_jitter_ns(UINT64_MAX, UINT64_MAX, 4000000),
                   17933560889);
}

/* Uniform in the window: its ends are met, and its mean. */
CASE(jitter_fills_its_window) {
  (void)state;
  enum { DRAWS = 10000 };
  static const uint64_t windows_ms[] = {500,  1000,  2000,  4000,
                                        8000, 16000, 30000, 30000};
  for (uint32_t attempt = 1; attempt <= 8; attempt++) {
    uint64_t window = windows_ms[attempt - 1] * NS_PER_MS;
    uint64_t least = UINT64_MAX, most = 0, sum = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
      uint64_t wait = retry_jitter_ns(42, i, attempt);
      if (wait < least) least = wait;
      if (wait > most) most = wait;
      sum += wait;
    }
    assert_true(most < window);
    assert_true(least < window / 100);
    assert_true(most > window / 100 * 99);
    assert_true(sum / DRAWS > window / 100 * 48);
    assert_true(sum / DRAWS < window / 100 * 52);
  }
}

/* ---- the plan ----------------------------------------------------------- */

static ModelRequest failed(ModelProblem problem, uint32_t attempt) {
  return (ModelRequest){.status = STATUS_MODEL,
                        .problem = problem,
                        .attempt = attempt,
                        .age = 5,
                        .completed_at = NS_PER_S};
}

CASE(what_is_retried_stands_in_the_table) {
  (void)state;
  for (uint32_t i = 0; i < MODEL_PROBLEM_COUNT; i++) {
    ModelRequest request = failed((ModelProblem)i, 1);
    RetryPlan plan = retry_plan(&request, 9, 3, UINT64_MAX);
    bool is_retried = model_problem_is_retried((ModelProblem)i);
    assert_int_equal(plan.verdict, is_retried ? RETRY_AGAIN : RETRY_OVER);
    if (is_retried) assert_int_equal(plan.wait_ns, retry_jitter_ns(9, 5, 1));
  }
}

CASE(attempts_are_counted) {
  (void)state;
  for (uint32_t retries = 0; retries < 5; retries++)
    for (uint32_t attempt = 1; attempt < 8; attempt++) {
      ModelRequest request = failed(MODEL_PROBLEM_OVERLOADED, attempt);
      RetryPlan plan = retry_plan(&request, 9, retries, UINT64_MAX);
      assert_int_equal(plan.verdict,
                       attempt <= retries ? RETRY_AGAIN : RETRY_OVER);
    }
}

CASE(what_the_server_says_stands_in_for_jitter) {
  (void)state;
  ModelRequest request = failed(MODEL_PROBLEM_RATE_LIMITED, 2);
  request.has_retry_after = true;
  request.retry_after_ns = 90 * NS_PER_S;
  RetryPlan plan = retry_plan(&request, 9, 3, UINT64_MAX);
  assert_int_equal(plan.verdict, RETRY_AGAIN);
  assert_int_equal(plan.wait_ns, 90 * NS_PER_S);
  request.retry_after_ns = 0;
  assert_int_equal(retry_plan(&request, 9, 3, UINT64_MAX).wait_ns, 0);
}

CASE(a_wait_ends_before_the_call_does) {
  (void)state;
  ModelRequest request = failed(MODEL_PROBLEM_RATE_LIMITED, 1);
  request.has_retry_after = true;
  request.retry_after_ns = 10;
  uint64_t now = request.completed_at;
  assert_int_equal(retry_plan(&request, 9, 3, now + 11).verdict, RETRY_AGAIN);
  assert_int_equal(retry_plan(&request, 9, 3, now + 10).verdict,
                   RETRY_TOO_LATE);
  assert_int_equal(retry_plan(&request, 9, 3, now - 1).verdict, RETRY_TOO_LATE);
  assert_int_equal(retry_plan(&request, 9, 0, now).verdict, RETRY_OVER);
}

/* ---- Retry-After -------------------------------------------------------- */

static void expect_after(const char *text, bool is_ms, uint64_t wanted_ns) {
  uint64_t ns = 1;
  /* Sun, 06 Nov 1994 08:49:37 GMT */
  if (!retry_after_read(slice_of(text), is_ms, 784111777, &ns))
    fail_msg("\"%s\" is not read", text);
  if (ns != wanted_ns) fail_msg("\"%s\" is %llu", text, (unsigned long long)ns);
}

CASE(retry_after_has_two_forms) {
  (void)state;
  expect_after("0", false, 0);
  expect_after(" 120 ", false, 120 * NS_PER_S);
  expect_after("1.5", false, 1500 * NS_PER_MS);
  expect_after("0.0000000019", false, 1);
  expect_after("2.", false, 2 * NS_PER_S);
  expect_after("99999999999999999999999", false, 1000000000 * NS_PER_S);
  expect_after("Sun, 06 Nov 1994 08:49:37 GMT", false, 0);
  expect_after("Sun, 06 Nov 1994 08:50:38 GMT", false, 61 * NS_PER_S);
  expect_after("Sunday, 06-Nov-94 08:49:38 GMT", false, NS_PER_S);
  expect_after("Sun Nov  6 08:49:39 1994", false, 2 * NS_PER_S);
  expect_after("Sat, 05 Nov 1994 08:49:37 GMT", false, 0);
  expect_after("Fri, 31 Dec 9999 23:59:59 GMT", false, 1000000000 * NS_PER_S);
  expect_after("250", true, 250 * NS_PER_MS);
  expect_after("12.5", true, 12500 * NS_PER_US);
  expect_after("99999999999999999999999", true, 1000000000 * NS_PER_S);
}

CASE(what_is_no_retry_after) {
  (void)state;
  static const char *const texts[] = {
      "",
      "-1",
      "soon",
      "1s",
      "1 2",
      "1e3",
      ".5",
      "+1",
      "inf",
      "NaN",
      "Sun, 06 Nov 1994 08:49:37 GMT, and more",
      "Sun, 06 Nov 1994 08:49:37 GMT, and more than anybody would want to see"};
  uint64_t ns;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
    if (retry_after_read(slice_of(texts[i]), false, 0, &ns))
      fail_msg("\"%s\" is read", texts[i]);
  assert_false(
      retry_after_read(SLICE("Sun, 06 Nov 1994 08:49:37 GMT"), true, 0, &ns));
}

/* ---- a client that retries ---------------------------------------------- */

/* A seed with which the first three waits of the first call are short. */
static uint64_t quick_seed(void) {
  uint64_t seed = 1;
  while (retry_jitter_ns(seed, 1, 1) > 20 * NS_PER_MS ||
         retry_jitter_ns(seed, 1, 2) > 20 * NS_PER_MS ||
         retry_jitter_ns(seed, 1, 3) > 20 * NS_PER_MS)
    seed++;
  return seed;
}

/* One call, asked until it is done. */
static void ask_one(Bench *bench, const char *script, uint32_t retries,
                    uint64_t limit_ns) {
  bench_open_script(bench, (ModelOptions){.retry_seed = quick_seed()}, script,
                    1);
  bench->calls[0].request.retries = retries;
  bench->calls[0].request.limit_ns = limit_ns;
  call_submit(&bench->calls[0]);
  bench_wait_done(bench, 1);
  assert_int_equal(bench->calls[0].done, !bench->calls[0].at_once);
  assert_int_equal(bench->open, 0);
}

static void expect_says(const ModelRequest *request, const char *part) {
  if (!slice_contains(buf_slice(&request->reply), slice_of(part)))
    fail_msg("\"%s\" lacks \"%s\"", request->reply.data, part);
}

CASE(third_attempt_answers) {
  (void)state;
  Bench bench;
  uint64_t seed = quick_seed();
  ask_one(&bench,
          "{\"error\":\"busy\",\"status\":503,\"times\":1}\n"
          "{\"error\":\"broken\",\"status\":500,\"times\":1,\"latency_ms\":1}\n"
          "{\"reply\":\"here\",\"latency_ms\":2}\n",
          3, 0);
  const ModelRequest *request = &bench.calls[0].request;
  assert_int_equal(request->status, STATUS_OK);
  assert_string_equal(request->reply.data, "here");
  assert_int_equal(request->problem, MODEL_PROBLEM_NONE);
  assert_int_equal(request->code, 0);
  assert_int_equal(request->attempt, 3);
  assert_int_equal(bench.started, 3);
  assert_int_equal(bench.paused, 2);
  assert_int_equal(request->attempts.length, 2);
  const ModelAttempt *attempts = request->attempts.data;
  assert_string_equal(attempts[0].cause, "busy");
  assert_int_equal(attempts[0].problem, MODEL_PROBLEM_OVERLOADED);
  assert_int_equal(attempts[0].code, 503);
  assert_string_equal(attempts[1].cause, "broken");
  assert_int_equal(attempts[1].problem, MODEL_PROBLEM_SERVER_ERROR);
  assert_true(attempts[1].took_ns >= NS_PER_MS);
  uint64_t waited = 0;
  for (uint32_t i = 0; i < 2; i++) {
    assert_true(attempts[i].waited_ns >= retry_jitter_ns(seed, 1, i + 1));
    waited += attempts[i].waited_ns;
  }
  assert_true(request->waited_ns >= waited);
  assert_true(request->completed_at - request->attempted_at >= 2 * NS_PER_MS);
  assert_true(request->completed_at - request->dispatched_at >=
              request->waited_ns + 3 * NS_PER_MS);
  bench_close(&bench, 1);
}

CASE(all_attempts_fail) {
  (void)state;
  Bench bench;
  ask_one(&bench, "{\"error\":\"busy\",\"status\":529}\n", 3, 0);
  const ModelRequest *request = &bench.calls[0].request;
  char seed[64];
  snprintf(seed, sizeof seed, "; retry seed %llu)",
           (unsigned long long)quick_seed());
  assert_int_equal(request->status, STATUS_MODEL);
  assert_int_equal(request->problem, MODEL_PROBLEM_OVERLOADED);
  assert_int_equal(request->code, 529);
  assert_int_equal(request->attempts.length, 4);
  assert_int_equal(request->attempts.data[3].waited_ns, 0);
  assert_int_equal(bench.started, 4);
  expect_says(request, "busy (4 attempts in ");
  expect_says(request, seed);
  bench_close(&bench, 1);
}

CASE(what_will_not_go_better_fails_at_once) {
  (void)state;
  static const char *const scripts[] = {"{\"error\":\"bad\",\"status\":400}\n",
                                        "{\"error\":\"bad\"}\n"};
  for (uint32_t i = 0; i < 2; i++) {
    Bench bench;
    ask_one(&bench, scripts[i], 3, 0);
    const ModelRequest *request = &bench.calls[0].request;
    assert_true(bench.calls[0].at_once);
    assert_int_equal(request->problem, MODEL_PROBLEM_REFUSED);
    assert_int_equal(request->attempt, 1);
    assert_int_equal(request->attempts.length, 1);
    assert_int_equal(request->waited_ns, 0);
    assert_string_equal(request->reply.data, "bad");
    bench_close(&bench, 1);
  }
}

CASE(retry_after_is_obeyed) {
  (void)state;
  Bench bench;
  ask_one(&bench,
          "{\"error\":\"slow down\",\"status\":429,\"times\":2,"
          "\"retry_after_ms\":25}\n{\"reply\":\"here\"}\n",
          3, 0);
  const ModelRequest *request = &bench.calls[0].request;
  assert_int_equal(request->status, STATUS_OK);
  for (uint32_t i = 0; i < 2; i++)
    assert_true(request->attempts.data[i].waited_ns >= 25 * NS_PER_MS);
  assert_false(request->has_retry_after);
  bench_close(&bench, 1);
}

CASE(retry_after_the_end_fails_at_once) {
  (void)state;
  Bench bench;
  ask_one(&bench,
          "{\"error\":\"closed\",\"status\":503,\"retry_after_ms\":3600000}\n",
          3, 60 * NS_PER_S);
  const ModelRequest *request = &bench.calls[0].request;
  assert_true(bench.calls[0].at_once);
  assert_int_equal(request->attempt, 1);
  assert_int_equal(request->problem, MODEL_PROBLEM_RATE_LIMITED);
  assert_int_equal(request->attempts.data[0].problem, MODEL_PROBLEM_OVERLOADED);
  expect_says(request, "closed (1 attempt in ");
  expect_says(request, "there is no time to wait another 1 h 0 min");
  bench_close(&bench, 1);
}

/* The deadline of the run counts like the call's own limit. */
CASE(retry_after_the_deadline_fails_at_once) {
  (void)state;
  Bench bench;
  bench_open_script(
      &bench, (ModelOptions){0},
      "{\"error\":\"busy\",\"status\":429,\"retry_after_ms\":3600000}\n", 1);
  ModelRequest *request = &bench.calls[0].request;
  request->retries = 1;
  request->limit_ns = 2 * HOUR_S * NS_PER_S;
  request->deadline = clock_now() + HOUR_S * NS_PER_S;
  call_submit(&bench.calls[0]);
  assert_true(bench.calls[0].at_once);
  assert_int_equal(request->ends_at, request->deadline);
  assert_int_equal(request->problem, MODEL_PROBLEM_RATE_LIMITED);
  bench_close(&bench, 1);
}

/* ---- the time of the whole call ------------------------------------------ */

CASE(time_is_over_during_an_attempt) {
  (void)state;
  char path[] = "/tmp/apxm-profile-XXXXXX.json";
  write_temp(path, "{\"capacity\":1,\"sizes_ms\":[3600000]}");
  for (uint32_t i = 0; i < 2; i++) {
    Bench bench;
    bench_open(&bench, &(ModelOptions){.sim_profile = i ? path : "fixed:3600s"},
               1);
    ModelRequest *request = &bench.calls[0].request;
    request->retries = 3;
    request->limit_ns = 20 * NS_PER_MS;
    call_submit(&bench.calls[0]);
    bench_wait_done(&bench, 1);
    assert_int_equal(request->problem, MODEL_PROBLEM_TIMED_OUT);
    assert_int_equal(request->attempt, 1);
    assert_true(request->completed_at >= request->ends_at);
    assert_int_equal(request->ends_at, request->dispatched_at + 20 * NS_PER_MS);
    expect_says(request, "the time of the call was over: 20 ms");
    bench_close(&bench, 1);
  }
  unlink(path);
}

/* The first call fails, on the I/O thread, and waits a moment; the second has
 * the only slot by then, for ever. */
static const char holding_script[] =
    "{\"prompt\":\"question 0\",\"error\":\"busy\",\"status\":503,"
    "\"times\":1,\"latency_ms\":1,\"retry_after_ms\":1}\n"
    "{\"prompt\":\"question 1\",\"reply\":\"x\",\"latency_ms\":3600000}\n";

static void bench_open_holding(Bench *bench) {
  bench_open_script(bench, (ModelOptions){.max_in_flight = 1}, holding_script,
                    2);
  bench->calls[0].at_start = call_submit_next;
}

CASE(time_is_over_in_the_queue_for_another_attempt) {
  (void)state;
  Bench bench;
  bench_open_holding(&bench);
  ModelRequest *request = &bench.calls[0].request;
  request->retries = 3;
  request->limit_ns = 40 * NS_PER_MS;
  call_submit(&bench.calls[0]);
  bench_wait_done(&bench, 1);
  assert_int_equal(bench.calls[0].done, 1);
  assert_true(bench.calls[0].was_here);
  assert_int_equal(request->problem, MODEL_PROBLEM_TIMED_OUT);
  assert_int_equal(request->attempt, 1);
  assert_true(request->completed_at >= request->ends_at);
  assert_int_equal(request->waited_ns,
                   request->completed_at -
                       request->attempts.data[0].started_at -
                       request->attempts.data[0].took_ns);
  expect_says(request, "no slot for attempt 2; the last one: busy");
  call_cancel(&bench.calls[1]);
  bench_wait_done(&bench, 2);
  bench_close(&bench, 2);
}

/* ---- slots and order ---------------------------------------------------- */

CASE(a_waiting_call_has_no_slot) {
  (void)state;
  Bench bench;
  bench_open_script(&bench, (ModelOptions){.max_in_flight = 1},
                    "{\"prompt\":\"question 0\",\"error\":\"busy\","
                    "\"status\":503,\"retry_after_ms\":3600000}\n",
                    3);
  bench.calls[0].request.retries = 3;
  bench.calls[0].request.limit_ns = 2 * HOUR_S * NS_PER_S;
  call_submit(&bench.calls[0]);
  assert_false(bench.calls[0].at_once);
  assert_int_equal(bench.paused, 1);
  assert_int_equal(bench.open, 0);
  for (uint32_t i = 1; i < 3; i++) {
    call_submit(&bench.calls[i]);
    assert_true(bench.calls[i].at_once);
    assert_int_equal(bench.calls[i].request.status, STATUS_OK);
  }
  call_cancel(&bench.calls[0]);
  bench_wait_done(&bench, 3);
  assert_int_equal(bench.calls[0].request.status, STATUS_CANCELLED);
  bench_close(&bench, 3);
}

static void submit_four_more(Call *call) {
  if (call->request.attempt > 1) return;
  for (uint32_t i = 1; i < 5; i++) call_submit(call + i);
}

/* Back in the queue, it is the oldest: it goes before what came meanwhile. */
CASE(a_call_keeps_its_age) {
  (void)state;
  enum { CALLS = 5 };
  Bench bench;
  bench_open_script(
      &bench, (ModelOptions){.max_in_flight = 1},
      "{\"prompt\":\"question 0\",\"error\":\"busy\",\"status\":503,"
      "\"times\":1,\"latency_ms\":1,\"retry_after_ms\":1}\n"
      "{\"reply\":\"x\",\"latency_ms\":20}\n",
      CALLS);
  bench.calls[0].request.retries = 1;
  bench.calls[0].at_start = submit_four_more;
  call_submit(&bench.calls[0]);
  bench_wait_done(&bench, CALLS);
  static const uint32_t order[CALLS] = {1, 0, 2, 3, 4};
  for (uint32_t i = 0; i < CALLS; i++)
    assert_int_equal(bench.calls[i].order, order[i]);
  assert_int_equal(bench.peak, 1);
  bench_close(&bench, CALLS);
}

/* ---- cancellation ------------------------------------------------------- */

static void expect_cancelled(const Call *call, uint32_t attempts) {
  assert_int_equal(call->done, 1);
  assert_true(call->was_here);
  assert_int_equal(call->request.status, STATUS_CANCELLED);
  assert_int_equal(call->request.problem, MODEL_PROBLEM_NONE);
  assert_string_equal(call->request.reply.data, "cancelled");
  assert_int_equal(call->request.attempt, attempts);
}

typedef struct Bell {
  Timer timer; /* first */
  _Atomic bool has_rung;
} Bell;

static void ring(Timer *timer) {
  store_release(&((Bell *)timer)->has_rung, true);
}

/* Until every timer that is due earlier has fired. */
static void wait_timers(Bench *bench, uint64_t until) {
  Bell bell = {.timer = {.fire = ring}};
  reactor_timer_set(bench->reactor, &bell.timer, until);
  while (!load_acquire(&bell.has_rung)) clock_sleep(50 * NS_PER_US);
}

CASE(cancel_in_the_queue_for_another_attempt) {
  (void)state;
  Bench bench;
  bench_open_holding(&bench);
  ModelRequest *request = &bench.calls[0].request;
  request->retries = 1;
  request->limit_ns = HOUR_S * NS_PER_S;
  call_submit(&bench.calls[0]);
  bench_wait_paused(&bench, 1);
  wait_timers(&bench, clock_now() + 2 * NS_PER_MS);
  call_cancel(&bench.calls[0]);
  call_cancel(&bench.calls[0]);
  bench_wait_done(&bench, 1);
  expect_cancelled(&bench.calls[0], 1);
  assert_true(request->attempts.data[0].waited_ns >= NS_PER_MS);
  call_cancel(&bench.calls[1]);
  bench_wait_done(&bench, 2);
  bench_close(&bench, 2);
}

/* By its own `paused`: the attempt is over, the wait has not begun. */
CASE(cancel_between_attempt_and_wait) {
  (void)state;
  for (uint32_t latency = 0; latency < 2; latency++) {
    Bench bench;
    char script[128];
    snprintf(script, sizeof script,
             "{\"error\":\"busy\",\"status\":503,\"latency_ms\":%u}\n",
             latency);
    bench_open_script(&bench, (ModelOptions){0}, script, 1);
    bench.calls[0].request.retries = 3;
    bench.calls[0].at_pause = call_cancel;
    call_submit(&bench.calls[0]);
    bench_wait_done(&bench, 1);
    assert_int_equal(bench.calls[0].at_once, latency == 0);
    assert_int_equal(bench.calls[0].request.status, STATUS_CANCELLED);
    assert_int_equal(bench.calls[0].request.attempts.length, 1);
    assert_int_equal(bench.paused, 1);
    assert_int_equal(bench.open, 0);
    bench_close(&bench, 1);
  }
}

/* Every call fails a few times, with waits that are hardly any; cancels meet
 * attempts, waits and the queue between them. */
static void race(const char *script, uint32_t limit) {
  enum { CALLS = 3000 };
  Bench bench;
  bench_open_script(&bench, (ModelOptions){.max_in_flight = limit}, script,
                    CALLS);
  for (uint32_t i = 0; i < CALLS; i++) bench.calls[i].request.retries = 3;
  bench_submit_and_cancel(&bench, CALLS);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    const ModelRequest *request = &bench.calls[i].request;
    assert_int_equal(bench.calls[i].done, !bench.calls[i].at_once);
    assert_true(request->open_at_start <= limit);
    if (request->status == STATUS_CANCELLED)
      assert_int_equal(i % 2, 0);
    else if (request->status == STATUS_MODEL)
      assert_int_equal(request->attempts.length, 4);
    else
      assert_int_equal(request->attempts.length + 1, request->attempt);
  }
  assert_int_equal(bench.done, CALLS);
  assert_int_equal(bench.open, 0);
  bench_close(&bench, CALLS);
}

CASE(cancel_races) {
  (void)state;
  race("{\"error\":\"busy\",\"status\":503,\"retry_after_ms\":0}\n", 64);
  race(
      "{\"match\":\"1\",\"error\":\"busy\",\"status\":503,"
      "\"retry_after_ms\":0.05,\"latency_ms\":0.05}\n",
      2);
  race(
      "{\"match\":\"2\",\"error\":\"busy\",\"status\":503,\"times\":2000,"
      "\"retry_after_ms\":0.1}\n{\"reply\":\"x\",\"latency_ms\":0.1}\n",
      8);
}

/* ---- the seed ----------------------------------------------------------- */

CASE(a_seed_is_drawn_when_none_is_given) {
  (void)state;
  uint64_t seeds[2];
  for (uint32_t i = 0; i < 2; i++) {
    Bench bench;
    bench_open(&bench, &(ModelOptions){0}, 0);
    seeds[i] = model_client_retry_seed(bench.client);
    assert_true(seeds[i] > 0 && seeds[i] <= UINT32_MAX);
    bench_close(&bench, 0);
  }
  assert_true(seeds[0] != seeds[1]);
  Bench bench;
  bench_open(&bench, &(ModelOptions){.retry_seed = UINT64_MAX}, 0);
  assert_true(model_client_retry_seed(bench.client) == UINT64_MAX);
  bench_close(&bench, 0);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(jitter_is_the_same_everywhere),
      cmocka_unit_test(jitter_fills_its_window),
      cmocka_unit_test(what_is_retried_stands_in_the_table),
      cmocka_unit_test(attempts_are_counted),
      cmocka_unit_test(what_the_server_says_stands_in_for_jitter),
      cmocka_unit_test(a_wait_ends_before_the_call_does),
      cmocka_unit_test(retry_after_has_two_forms),
      cmocka_unit_test(what_is_no_retry_after),
      cmocka_unit_test(third_attempt_answers),
      cmocka_unit_test(all_attempts_fail),
      cmocka_unit_test(what_will_not_go_better_fails_at_once),
      cmocka_unit_test(retry_after_is_obeyed),
      cmocka_unit_test(retry_after_the_end_fails_at_once),
      cmocka_unit_test(retry_after_the_deadline_fails_at_once),
      cmocka_unit_test(time_is_over_during_an_attempt),
      cmocka_unit_test(time_is_over_in_the_queue_for_another_attempt),
      cmocka_unit_test(a_waiting_call_has_no_slot),
      cmocka_unit_test(a_call_keeps_its_age),
      cmocka_unit_test(cancel_in_the_queue_for_another_attempt),
      cmocka_unit_test(cancel_between_attempt_and_wait),
      cmocka_unit_test(cancel_races),
      cmocka_unit_test(a_seed_is_drawn_when_none_is_given),
  };
  return RUN(cases);
}
