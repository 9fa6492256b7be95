/* SPDX-License-Identifier: MIT
 *
 * Admission: the limit is kept, the most urgent goes first, `done` comes
 * exactly once whenever a cancel comes, and requests that complete at once
 * neither recurse nor break the limit. Run under the thread sanitizer too.
 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/io/http.h"
#include "runtime/model/model.h"
#include "tests/client_bench.h"
#include "tests/unit/unit.h"

/* A bench with one slot, which call 0 keeps until it is cancelled; all other
 * calls are instant. */
static void bench_open_held(Bench *bench, uint32_t calls) {
  bench_open_script(bench, (ModelOptions){.max_in_flight = 1},
                    "{\"prompt\":\"question 0\",\"reply\":\"x\","
                    "\"latency_ms\":3600000}\n",
                    calls);
}

static void submit_behind(Bench *bench, uint32_t calls) {
  for (uint32_t i = 0; i < calls; i++) call_submit(&bench->calls[i]);
  model_cancel(bench->backend, &bench->calls[0].request);
  bench_wait_done(bench, calls);
}

/* ---- completion --------------------------------------------------------- */

CASE(instant_reply_comes_in_submit) {
  (void)state;
  Bench bench;
  bench_open(&bench, &(ModelOptions){0}, 1);
  ModelRequest *request = &bench.calls[0].request;
  assert_true(model_submit(bench.backend, request));
  assert_int_equal(request->status, STATUS_OK);
  assert_true(request->reply.length > 0);
  assert_int_equal(request->input_tokens, 3);
  assert_int_equal(request->output_tokens, (request->reply.length + 3) / 4);
  assert_true(request->tokens_estimated);
  assert_true(request->queued_at <= request->dispatched_at);
  assert_true(request->dispatched_at <= request->completed_at);
  assert_int_equal(request->open_at_start, 1);
  assert_int_equal(bench.done, 0);
  assert_string_equal(model_backend_name(bench.backend), "sim");
  assert_string_equal(model_backend_detail(bench.backend), "instant");
  assert_int_equal(model_backend_limit(bench.backend), LIMIT_IN_FLIGHT_SIM);
  bench_close(&bench, 1);
}

CASE(timed_reply_comes_once_on_the_io_thread) {
  (void)state;
  Bench bench;
  bench_open(&bench, &(ModelOptions){.sim_profile = "fixed:3ms"}, 1);
  call_submit(&bench.calls[0]);
  bench_wait_done(&bench, 1);
  const ModelRequest *request = &bench.calls[0].request;
  assert_false(bench.calls[0].at_once);
  assert_true(bench.calls[0].was_here);
  assert_int_equal(request->status, STATUS_OK);
  assert_true(request->completed_at - request->dispatched_at >= 3 * NS_PER_MS);
  bench_close(&bench, 1);
}

/* Ten thousand requests, each submitted by the `done` of the one before: all
 * wait for the slot that is still taken, and nothing recurses. */
CASE(chain_by_done_does_not_recurse) {
  (void)state;
  enum { CALLS = 10000 };
  char path[] = "/tmp/apxm-client-XXXXXX";
  Bench bench;
  write_temp(path,
             "{\"match\":\"question 0\",\"reply\":\"x\","
             "\"latency_ms\":1}\n");
  bench_open(&bench, &(ModelOptions){.replies = path, .max_in_flight = 1},
             CALLS);
  for (uint32_t i = 0; i + 1 < CALLS; i++)
    bench.calls[i].at_end = call_submit_next;
  call_submit(&bench.calls[0]);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    assert_false(bench.calls[i].at_once);
    assert_int_equal(bench.calls[i].done, 1);
    assert_int_equal(bench.calls[i].request.open_at_start, 1);
  }
  assert_int_equal(bench.peak, 1);
  assert_true(bench.stack_high - bench.stack_low < 4096);
  bench_close(&bench, CALLS);
  unlink(path);
}

/* A hundred thousand instant requests behind a slow one. */
CASE(queue_of_instant_requests_does_not_recurse) {
  (void)state;
  enum { CALLS = 100000 };
  Bench bench;
  bench_open_held(&bench, CALLS);
  submit_behind(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    assert_false(bench.calls[i].at_once);
    assert_int_equal(bench.calls[i].done, 1);
    assert_int_equal(bench.calls[i].order, i);
    assert_true(bench.calls[i].was_here);
  }
  assert_int_equal(bench.peak, 1);
  assert_true(bench.stack_high - bench.stack_low < 4096);
  bench_close(&bench, CALLS);
}

/* While an instant request has the only slot, another comes: it is let in by
 * the thread that submitted the first, and done by the I/O thread. */
CASE(instant_request_lets_the_next_one_in) {
  (void)state;
  Bench bench;
  bench_open(&bench, &(ModelOptions){.max_in_flight = 1}, 3);
  bench.calls[0].at_start = call_submit_next;
  bench.calls[1].at_start = call_submit_next;
  call_submit(&bench.calls[0]);
  assert_true(bench.calls[0].at_once);
  bench_wait_done(&bench, 3);
  for (int i = 1; i < 3; i++) {
    assert_false(bench.calls[i].at_once);
    assert_true(bench.calls[i].was_here);
    assert_int_equal(bench.calls[i].done, 1);
    assert_int_equal(bench.calls[i].request.open_at_start, 1);
  }
  bench_close(&bench, 3);
}

typedef struct Breath {
  Timer timer; /* first */
  Bench *bench;
  _Atomic uint32_t done_before; /* calls, when it fired */
} Breath;

static Breath breath;

static void breathe(Timer *timer) {
  Breath *self = (Breath *)timer;
  store_release(&self->done_before, load_relaxed(&self->bench->done));
}

static void set_breath(Call *call) {
  reactor_timer_set(call->bench->reactor, &breath.timer, 0);
}

/* A timer that is due in the middle of a long queue of instant requests fires
 * before the queue is empty. */
CASE(queue_of_instant_requests_starves_no_timer) {
  (void)state;
  enum { CALLS = 20000 };
  Bench bench;
  bench_open_held(&bench, CALLS);
  breath = (Breath){.timer = {.fire = breathe}, .bench = &bench};
  bench.calls[CALLS / 2].at_end = set_breath;
  submit_behind(&bench, CALLS);
  assert_true(load_acquire(&breath.done_before) > CALLS / 2);
  assert_true(load_acquire(&breath.done_before) < CALLS * 3 / 4);
  bench_close(&bench, CALLS);
}

/* ---- order and limit ---------------------------------------------------- */

CASE(rank_goes_before_age) {
  (void)state;
  enum { CALLS = 300, RANKS = 7 };
  Bench bench;
  bench_open_held(&bench, CALLS);
  for (uint32_t i = 1; i < CALLS; i++)
    bench.calls[i].request.rank = i * 31 % RANKS;
  submit_behind(&bench, CALLS);
  const Call *by_order[CALLS];
  for (uint32_t i = 0; i < CALLS; i++)
    by_order[bench.calls[i].order] = &bench.calls[i];
  assert_ptr_equal(by_order[0], &bench.calls[0]);
  for (uint32_t i = 2; i < CALLS; i++) {
    const Call *a = by_order[i - 1];
    const Call *b = by_order[i];
    assert_true(a->request.rank > b->request.rank ||
                (a->request.rank == b->request.rank && a < b));
  }
  bench_close(&bench, CALLS);
}

CASE(limit_is_kept) {
  (void)state;
  enum { CALLS = 900, LIMIT = 7 };
  Bench bench;
  bench_open(
      &bench,
      &(ModelOptions){.sim_profile = "fixed:0.2ms", .max_in_flight = LIMIT},
      CALLS);
  bench_submit_by_threads(&bench, CALLS);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    assert_int_equal(bench.calls[i].done, 1);
    assert_true(bench.calls[i].request.open_at_start <= LIMIT);
  }
  assert_int_equal(bench.peak, LIMIT);
  bench_close(&bench, CALLS);
}

/* Instant and timed ones mixed, from several threads, two at a time. */
CASE(limit_is_kept_by_a_mixture) {
  (void)state;
  enum { CALLS = 6000, LIMIT = 2 };
  char path[] = "/tmp/apxm-client-XXXXXX";
  Bench bench;
  write_temp(path, "{\"match\":\"00\",\"reply\":\"x\",\"latency_ms\":0.3}\n");
  bench_open(&bench, &(ModelOptions){.replies = path, .max_in_flight = LIMIT},
             CALLS);
  bench_submit_by_threads(&bench, CALLS);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    assert_int_equal(bench.calls[i].done, !bench.calls[i].at_once);
    assert_int_equal(bench.calls[i].request.status, STATUS_OK);
    assert_true(bench.calls[i].request.open_at_start <= LIMIT);
  }
  assert_int_equal(bench.done, CALLS);
  bench_close(&bench, CALLS);
  unlink(path);
}

CASE(ten_thousand_in_flight) {
  (void)state;
  enum { CALLS = 10000 };
  Bench bench;
  bench_open(
      &bench,
      &(ModelOptions){.sim_profile = "fixed:400", .max_in_flight = CALLS},
      CALLS);
  bench_submit_by_threads(&bench, CALLS);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) assert_int_equal(bench.calls[i].done, 1);
  assert_true(bench.peak > CALLS / 2);
  bench_close(&bench, CALLS);
}

/* ---- cancellation ------------------------------------------------------- */

static void expect_cancelled(const Call *call) {
  assert_int_equal(call->request.status, STATUS_CANCELLED);
  assert_string_equal(call->request.reply.data, "cancelled");
  assert_true(call->request.completed_at >= call->request.queued_at);
}

CASE(cancel_at_each_stage) {
  (void)state;
  Bench bench;
  bench_open(&bench,
             &(ModelOptions){.sim_profile = "fixed:3600s", .max_in_flight = 1},
             3);
  Call *calls = bench.calls;
  model_cancel(bench.backend, &calls[2].request);
  call_submit(&calls[2]);
  assert_true(calls[2].at_once);
  expect_cancelled(&calls[2]);
  call_submit(&calls[0]);
  call_submit(&calls[1]);
  model_cancel(bench.backend, &calls[1].request);
  model_cancel(bench.backend, &calls[1].request);
  bench_wait_done(&bench, 2);
  expect_cancelled(&calls[1]);
  assert_int_equal(calls[1].request.dispatched_at, 0);
  assert_int_equal(bench.started, 1);
  model_cancel(bench.backend, &calls[0].request);
  model_cancel(bench.backend, &calls[0].request);
  bench_wait_done(&bench, 3);
  expect_cancelled(&calls[0]);
  assert_true(calls[0].request.dispatched_at != 0);
  assert_int_equal(calls[0].done, 1);
  assert_int_equal(calls[1].done, 1);
  assert_int_equal(calls[2].done, 0);
  bench_close(&bench, 3);
}

CASE(cancel_on_the_shared_server_frees_the_slot) {
  (void)state;
  enum { CALLS = 40 };
  Bench bench;
  bench_open(&bench,
             &(ModelOptions){.sim_profile = "workload4", .max_in_flight = 4},
             CALLS);
  for (uint32_t i = 0; i < CALLS; i++) call_submit(&bench.calls[i]);
  for (uint32_t i = 0; i < CALLS; i++)
    model_cancel(bench.backend, &bench.calls[i].request);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    expect_cancelled(&bench.calls[i]);
    assert_int_equal(bench.calls[i].done, 1);
  }
  bench_close(&bench, CALLS);
}

CASE(cancel_inside_done_does_nothing) {
  (void)state;
  Bench bench;
  bench_open(&bench, &(ModelOptions){.sim_profile = "fixed:1"}, 1);
  bench.calls[0].at_end = call_cancel;
  call_submit(&bench.calls[0]);
  bench_wait_done(&bench, 1);
  clock_sleep(2 * NS_PER_MS);
  assert_int_equal(bench.calls[0].done, 1);
  assert_int_equal(bench.calls[0].request.status, STATUS_OK);
  bench_close(&bench, 1);
}

/* Between the slot and the exchange: nothing is there yet to be called off. */
CASE(cancel_while_starting) {
  (void)state;
  enum { CALLS = 3 };
  Bench bench;
  bench_open(&bench,
             &(ModelOptions){.sim_profile = "fixed:3600s", .max_in_flight = 1},
             CALLS);
  for (uint32_t i = 1; i < CALLS; i++) bench.calls[i].at_start = call_cancel;
  call_submit(&bench.calls[0]);
  call_submit(&bench.calls[1]); /* waits, is started by the I/O thread */
  model_cancel(bench.backend, &bench.calls[0].request);
  bench_wait_done(&bench, 2);
  call_submit(&bench.calls[2]); /* is started by this one */
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) expect_cancelled(&bench.calls[i]);
  assert_int_equal(bench.calls[1].done, 1);
  assert_int_equal(bench.open, 0);
  bench_close(&bench, CALLS);
}

/* Cancels run beside submits and completions: before, while queued, while
 * starting, while open, while completing. */
static void race(const char *profile, uint32_t limit) {
  enum { CALLS = 4000 };
  Bench bench;
  bench_open(&bench,
             &(ModelOptions){.sim_profile = profile, .max_in_flight = limit},
             CALLS);
  bench_submit_and_cancel(&bench, CALLS);
  bench_wait_done(&bench, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    Status status = bench.calls[i].request.status;
    assert_int_equal(bench.calls[i].done, !bench.calls[i].at_once);
    assert_true(bench.calls[i].request.open_at_start <= limit);
    assert_true(status == STATUS_OK ||
                (status == STATUS_CANCELLED && !(i % 2)));
  }
  assert_int_equal(bench.done, CALLS);
  assert_int_equal(bench.open, 0);
  bench_close(&bench, CALLS);
}

CASE(cancel_races) {
  (void)state;
  race("instant", 1);
  race("fixed:0.1", 64);
  race("fixed:0.05", 2);
}

/* A profile whose requests take no time to speak of, on the shared server. */
CASE(cancel_races_on_the_shared_server) {
  (void)state;
  char path[] = "/tmp/apxm-client-XXXXXX.json";
  write_temp(path, "{\"capacity\":4,\"sizes_ms\":[0.01,0.02,0.005]}");
  race(path, 8);
  unlink(path);
}

/* ---- the request log ---------------------------------------------------- */

static double number_of(const cJSON *line, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);
  assert_true(cJSON_IsNumber(item));
  return item->valuedouble;
}

static const char *text_of(const cJSON *line, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, name);
  assert_true(cJSON_IsString(item));
  return item->valuestring;
}

static void check_line(Slice text, const Call *call) {
  Error error = {0};
  cJSON *line = json_parse(text, &error);
  if (!line) fail_msg("%s", error.message);
  assert_int_equal(number_of(line, "run"), 7);
  assert_int_equal(number_of(line, "seq"), call->request.age);
  assert_string_equal(text_of(line, "op"), "ask");
  assert_string_equal(text_of(line, "prompt"), call->request.prompt.data);
  assert_int_equal(strlen(text_of(line, "prompt_hash")), 16);
  assert_string_equal(text_of(line, "system"), "be brief");
  assert_string_equal(text_of(line, "model"), "");
  assert_true(
      cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(line, "temperature")));
  assert_int_equal(number_of(line, "max_tokens"), 5);
  assert_true(number_of(line, "arrival_ms") <= number_of(line, "end_ms"));
  assert_int_equal(number_of(line, "open"), 1);
  assert_string_equal(text_of(line, "status"), "ok");
  assert_string_equal(text_of(line, "reply"), call->request.reply.data);
  cJSON_Delete(line);
}

CASE(request_log_has_a_line_a_request) {
  (void)state;
  enum { CALLS = 50 };
  char path[] = "/tmp/apxm-client-XXXXXX";
  Bench bench;
  Buf text = {0};
  Error error = {0};
  write_temp(path, "");
  bench_open(&bench, &(ModelOptions){.request_log = path}, CALLS);
  for (uint32_t i = 0; i < CALLS; i++) {
    bench.calls[i].request.run = 7;
    bench.calls[i].request.system = SLICE("be brief");
    bench.calls[i].request.max_tokens = 5;
    call_submit(&bench.calls[i]);
  }
  assert_int_equal(file_read(path, 1 << 20, &text, &error), STATUS_OK);
  const char *at = text.data;
  for (uint32_t i = 0; i < CALLS; i++) {
    const char *end = strchr(at, '\n');
    assert_non_null(end);
    check_line(slice_from(at, (size_t)(end - at)), &bench.calls[i]);
    at = end + 1;
  }
  assert_int_equal(at - text.data, text.length);
  buf_free(&text);
  bench_close(&bench, CALLS);
  unlink(path);
}

/* ---- options ------------------------------------------------------------ */

static void expect_refused(const ModelOptions *options, Status status,
                           const char *part) {
  Error error = {0};
  Reactor *reactor = reactor_new(&error);
  assert_null(model_client_new(options, reactor, &error));
  assert_int_equal(error.status, status);
  if (!slice_contains(slice_of(error.message), slice_of(part)))
    fail_msg("\"%s\" lacks \"%s\"", error.message, part);
  reactor_free(reactor);
}

CASE(bad_options_are_refused) {
  (void)state;
  expect_refused(&(ModelOptions){.sim_profile = "fast"}, STATUS_USAGE,
                 "instant, fixed, tokens, workload4");
  expect_refused(&(ModelOptions){.replies = "/nowhere/r.jsonl"},
                 STATUS_NOT_FOUND, "/nowhere/r.jsonl");
  expect_refused(&(ModelOptions){.request_log = "/nowhere/log"}, STATUS_IO,
                 "/nowhere/log");
}

/* Nobody reads it: opening it would wait for ever. */
CASE(a_pipe_without_a_reader_is_no_log) {
  (void)state;
  char path[] = "/tmp/apxm-client-XXXXXX";
  write_temp(path, "");
  unlink(path);
  assert_int_equal(mkfifo(path, 0600), 0);
  expect_refused(&(ModelOptions){.request_log = path}, STATUS_IO,
                 "cannot open the request log");
  unlink(path);
}

static BackendConfig sim_called(const char *name, uint32_t limit) {
  return (BackendConfig){
      .name = name, .provider = "sim", .max_in_flight = limit};
}

/* Each has its own limit and queue, and is made once. */
CASE(backends_are_told_apart) {
  (void)state;
  Bench bench;
  Error error = {0};
  Config config = {.backend = "narrow"};
  arena_init(&config.arena);
  vec_push(&config.backends, sim_called("narrow", 1));
  vec_push(&config.backends, sim_called("wide", 7));
  config.backends.data[1].model = "big";
  bench_open(
      &bench,
      &(ModelOptions){
          .config = &config, .model = "small", .sim_profile = "fixed:3600000"},
      2);
  ModelBackend *wide =
      model_client_backend(bench.client, SLICE("wide"), &error);
  assert_non_null(wide);
  assert_ptr_equal(model_client_backend(bench.client, SLICE("narrow"), &error),
                   bench.backend);
  assert_int_equal(model_backend_limit(bench.backend), 1);
  assert_int_equal(model_backend_limit(wide), 7);
  assert_string_equal(model_backend_model(bench.backend), "small");
  assert_string_equal(model_backend_model(wide), "big");
  call_submit(&bench.calls[0]);
  bench.backend = wide;
  call_submit(&bench.calls[1]); /* is not held up by the other */
  assert_int_equal(load_relaxed(&bench.started), 2);
  model_cancel(bench.calls[0].request.backend, &bench.calls[0].request);
  model_cancel(wide, &bench.calls[1].request);
  bench_wait_done(&bench, 2);
  bench_close(&bench, 2);
  config_free(&config);
}

/* What one backend may have open, the next may not. */
CASE(backends_share_the_descriptors) {
  (void)state;
  Bench bench;
  Error error = {0};
  Config config = {0};
  arena_init(&config.arena);
  const char *const names[] = {"first", "second", "third"};
  for (uint32_t i = 0; i < 3; i++) {
    BackendConfig backend = sim_called(names[i], LIMIT_IN_FLIGHT);
    backend.provider = "openai";
    backend.url = "http://127.0.0.1:1";
    vec_push(&config.backends, backend);
  }
  uint32_t most = http_connections_max();
  config.backends.data[0].max_in_flight = most - 10;
  bench_open(&bench, &(ModelOptions){.config = &config}, 0);
  static const uint32_t left[] = {10, 1};
  for (uint32_t i = 0; i < 3; i++) {
    ModelBackend *backend =
        model_client_backend(bench.client, slice_of(names[i]), &error);
    if (!backend) fail_msg("%s", error.message);
    assert_int_equal(model_backend_limit(backend),
                     i == 0 ? most - 10 : left[i - 1]);
  }
  bench_close(&bench, 0);
  config_free(&config);
}

CASE(unknown_backend_is_refused_with_the_nearest) {
  (void)state;
  Bench bench;
  Error error = {0};
  Config config = {0};
  arena_init(&config.arena);
  vec_push(&config.backends, sim_called("narrow", 1));
  bench_open(&bench, &(ModelOptions){.config = &config}, 0);
  assert_null(model_client_backend(bench.client, SLICE("narow"), &error));
  assert_int_equal(error.status, STATUS_USAGE);
  assert_true(slice_contains(slice_of(error.message), SLICE("`narrow`")));
  bench_close(&bench, 0);
  config_free(&config);
}

CASE(limit_has_a_limit) {
  (void)state;
  Bench bench;
  bench_open(&bench, &(ModelOptions){.max_in_flight = UINT32_MAX}, 0);
  assert_int_equal(model_backend_limit(bench.backend), LIMIT_IN_FLIGHT);
  bench_close(&bench, 0);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(instant_reply_comes_in_submit),
      cmocka_unit_test(timed_reply_comes_once_on_the_io_thread),
      cmocka_unit_test(chain_by_done_does_not_recurse),
      cmocka_unit_test(queue_of_instant_requests_does_not_recurse),
      cmocka_unit_test(instant_request_lets_the_next_one_in),
      cmocka_unit_test(queue_of_instant_requests_starves_no_timer),
      cmocka_unit_test(rank_goes_before_age),
      cmocka_unit_test(limit_is_kept),
      cmocka_unit_test(limit_is_kept_by_a_mixture),
      cmocka_unit_test(ten_thousand_in_flight),
      cmocka_unit_test(cancel_at_each_stage),
      cmocka_unit_test(cancel_on_the_shared_server_frees_the_slot),
      cmocka_unit_test(cancel_inside_done_does_nothing),
      cmocka_unit_test(cancel_while_starting),
      cmocka_unit_test(cancel_races),
      cmocka_unit_test(cancel_races_on_the_shared_server),
      cmocka_unit_test(request_log_has_a_line_a_request),
      cmocka_unit_test(bad_options_are_refused),
      cmocka_unit_test(a_pipe_without_a_reader_is_no_log),
      cmocka_unit_test(backends_are_told_apart),
      cmocka_unit_test(backends_share_the_descriptors),
      cmocka_unit_test(unknown_backend_is_refused_with_the_nearest),
      cmocka_unit_test(limit_has_a_limit),
  };
  return RUN(cases);
}
