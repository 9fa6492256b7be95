/* SPDX-License-Identifier: MIT
 *
 * A thousand calls over real sockets to a server of which three answers in ten
 * are spoilt, one way or another. Every call must be answered with its own
 * reply or fail of a named problem; none is lost, none is done twice, and the
 * server's log agrees: no request that no attempt accounts for, and none is
 * asked again once it was answered well. Run under both sanitizers.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "server/listen.h"
#include "server/sim_server.h"
#include "tests/client_bench.h"
#include "tests/unit/unit.h"

/* Each of these takes three answers in a hundred of what is left. What only
 * slows an answer down is among them, too. */
static const char faults[] =
    "{\"seed\":20261128}\n"
    "{\"probability\":0.03,\"fault\":\"status\",\"status\":429,"
    "\"retry_after_ms\":20}\n"
    "{\"probability\":0.03,\"fault\":\"status\",\"status\":503}\n"
    "{\"probability\":0.03,\"fault\":\"status\",\"status\":500}\n"
    "{\"probability\":0.01,\"fault\":\"status\",\"status\":400}\n"
    "{\"probability\":0.03,\"fault\":\"reset\"}\n"
    "{\"probability\":0.03,\"fault\":\"close\",\"at\":\"header\"}\n"
    "{\"probability\":0.03,\"fault\":\"reset\",\"bytes\":70}\n"
    "{\"probability\":0.03,\"fault\":\"truncate\",\"bytes\":-20,"
    "\"framing\":\"length\"}\n"
    "{\"probability\":0.03,\"fault\":\"no_finish\"}\n"
    "{\"probability\":0.01,\"fault\":\"garbage\",\"form\":\"bytes\"}\n"
    "{\"probability\":0.03,\"fault\":\"stream_error\",\"events\":1}\n"
    "{\"probability\":0.01,\"fault\":\"stall\",\"events\":1}\n"
    "{\"probability\":0.01,\"fault\":\"stall\"}\n"
    "{\"probability\":0.03,\"fault\":\"empty\"}\n"
    "{\"probability\":0.03,\"fault\":\"drip\",\"ms\":1,\"piece\":40}\n"
    "{\"probability\":0.03,\"fault\":\"split\"}\n";

/* What the server's log says of one prompt. */
typedef struct Tally {
  uint32_t asked;
  uint32_t good; /* answered, and nothing was done to the answer */
} Tally;

typedef struct Storm {
  Bench bench;
  Bench calm; /* the same calls, answered in the process */
  Config config;
  char url[LISTEN_TEXT_SIZE + 16];
  char fault_path[32], log_path[32];
  SimServer *server;
  uint32_t calls;
  bool is_adaptive;
  Tally *tallies;
  uint32_t spoilt; /* lines of the log with a fault */
} Storm;

/* ---- the server --------------------------------------------------------- */

static void start_server(Storm *storm) {
  Error error = {0};
  ListenAddress address;
  char text[LISTEN_TEXT_SIZE];
  SimServerOptions options = {.faults = storm->fault_path};
  snprintf(storm->fault_path, sizeof storm->fault_path,
           "/tmp/apxm-storm-XXXXXX");
  snprintf(storm->log_path, sizeof storm->log_path, "/tmp/apxm-log-XXXXXX");
  write_temp(storm->fault_path, faults);
  options.log_fd = mkstemp(storm->log_path);
  assert_true(options.log_fd >= 0);
  assert_int_equal(listen_parse("127.0.0.1:0", &address, &error), STATUS_OK);
  if (listen_open(&address, &options.listen_fd, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  options.sim_profile = "fixed:2";
  storm->server = sim_server_new(&options, &error);
  if (!storm->server) fail_msg("%s", error.message);
  listen_text(&address, text);
  snprintf(storm->url, sizeof storm->url, "http://%s", text);
}

static uint32_t number_of_prompt(const cJSON *line) {
  const cJSON *prompt = cJSON_GetObjectItemCaseSensitive(line, "prompt");
  uint32_t number;
  assert_true(cJSON_IsString(prompt));
  assert_int_equal(sscanf(prompt->valuestring, "question %u", &number), 1);
  return number;
}

static void count_line(Storm *storm, Slice text) {
  Error error = {0};
  cJSON *line = json_parse(text, &error);
  if (!line) fail_msg("%s", error.message);
  const cJSON *fault = cJSON_GetObjectItemCaseSensitive(line, "fault");
  const cJSON *status = cJSON_GetObjectItemCaseSensitive(line, "status");
  bool is_spoilt = strcmp(fault->valuestring, "none") != 0;
  uint32_t number = number_of_prompt(line);
  assert_true(number < storm->calls);
  storm->tallies[number].asked++;
  storm->spoilt += is_spoilt;
  if (!is_spoilt && cJSON_IsNumber(status) && status->valueint == 200)
    storm->tallies[number].good++;
  cJSON_Delete(line);
}

static void read_log(Storm *storm) {
  Buf text = {0};
  Error error = {0};
  sim_server_free(storm->server);
  assert_int_equal(file_read(storm->log_path, 64 << 20, &text, &error),
                   STATUS_OK);
  const char *at = text.data;
  for (const char *end; (end = strchr(at, '\n')); at = end + 1)
    count_line(storm, slice_from(at, (size_t)(end - at)));
  buf_free(&text);
}

/* ---- the client --------------------------------------------------------- */

static void start_client(Storm *storm, const char *provider,
                         const char *below) {
  strncat(storm->url, below, sizeof storm->url - strlen(storm->url) - 1);
  storm->config = (Config){.backend = "storm"};
  BackendConfig backend = {.name = "storm",
                           .provider = provider,
                           .url = storm->url,
                           .model = "sim",
                           .max_in_flight = 64,
                           .is_adaptive = storm->is_adaptive,
                           .retries = 3,
                           .stream = true,
                           .connect_ns = 10 * NS_PER_S,
                           .first_token_ns = 2 * NS_PER_S,
                           .idle_ns = 2 * NS_PER_S,
                           .total_ns = 60 * NS_PER_S};
  vec_push(&storm->config.backends, backend);
  bench_open(&storm->bench,
             &(ModelOptions){.config = &storm->config, .retry_seed = 5},
             storm->calls);
}

static void ask_calm(Storm *storm) {
  bench_open(&storm->calm, &(ModelOptions){.backend = "sim"}, storm->calls);
  for (uint32_t i = 0; i < storm->calls; i++) {
    call_submit(&storm->calm.calls[i]);
    assert_true(storm->calm.calls[i].at_once);
  }
}

static Storm *storm_new(const char *provider, const char *below, uint32_t calls,
                        bool is_adaptive) {
  Storm *storm = MEM_NEW(Storm);
  storm->is_adaptive = is_adaptive;
  storm->calls = calls;
  storm->tallies = mem_alloc_zero(calls, sizeof(Tally));
  start_server(storm);
  start_client(storm, provider, below);
  ask_calm(storm);
  return storm;
}

static void storm_free(Storm *storm) {
  bench_close(&storm->bench, storm->calls);
  bench_close(&storm->calm, storm->calls);
  vec_free(&storm->config.backends);
  unlink(storm->fault_path);
  unlink(storm->log_path);
  mem_free(storm->tallies);
  mem_free(storm);
}

/* ---- what must hold ------------------------------------------------------ */

static void check_failure(const ModelRequest *request) {
  bool is_retried = model_problem_is_retried(request->problem);
  assert_true(request->problem != MODEL_PROBLEM_NONE);
  assert_true(
      slice_starts_with(buf_slice(&request->reply), SLICE("backend storm")));
  assert_int_equal(request->attempts.length, request->attempt);
  if (is_retried) assert_int_equal(request->attempt, 4);
}

/* An attempt that the client gave up may have been answered after all, too
 * late: a machine may be slow. */
static uint32_t given_up(const ModelRequest *request) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < request->attempts.length; i++) {
    ModelProblem problem = request->attempts.data[i].problem;
    count += problem == MODEL_PROBLEM_FIRST_TIMEOUT ||
             problem == MODEL_PROBLEM_IDLE_TIMEOUT ||
             problem == MODEL_PROBLEM_TIMED_OUT;
  }
  return count + (request->status == STATUS_CANCELLED);
}

static void check_call(const Storm *storm, uint32_t number) {
  const Call *call = &storm->bench.calls[number];
  const ModelRequest *request = &call->request;
  const Tally *tally = &storm->tallies[number];
  assert_int_equal(call->done, !call->at_once);
  if (request->status == STATUS_MODEL) check_failure(request);
  if (request->status == STATUS_OK) {
    assert_string_equal(request->reply.data,
                        storm->calm.calls[number].request.reply.data);
    assert_int_equal(request->attempts.length + 1, request->attempt);
  }
  if (tally->asked > request->attempt)
    fail_msg("question %u: %u attempts, but the server saw %u", number,
             request->attempt, tally->asked);
  uint32_t known = given_up(request) + (request->status == STATUS_OK);
  if (tally->good > known)
    fail_msg("question %u was answered well %u times", number, tally->good);
}

static void check(Storm *storm) {
  Bench *bench = &storm->bench;
  uint32_t answered = 0, failed = 0, cancelled = 0, attempts = 0;
  for (uint32_t i = 0; i < storm->calls; i++) {
    const ModelRequest *request = &bench->calls[i].request;
    check_call(storm, i);
    answered += request->status == STATUS_OK;
    failed += request->status == STATUS_MODEL;
    cancelled += request->status == STATUS_CANCELLED;
    attempts += request->attempt;
  }
  print_message(
      "%u answered, %u failed, %u cancelled; %u attempts, %u "
      "answers spoilt\n",
      answered, failed, cancelled, attempts, storm->spoilt);
  assert_int_equal(answered + failed + cancelled, storm->calls);
  assert_int_equal(bench->done, storm->calls);
  assert_int_equal(bench->open, 0);
  assert_int_equal(bench->started, attempts);
  assert_true(storm->spoilt > storm->calls / 5);
  assert_true(answered > 0);
}

/* ---- storms ------------------------------------------------------------- */

CASE(a_thousand_asks) {
  (void)state;
  Storm *storm = storm_new("openai", "/v1", 1000, false);
  bench_submit_by_threads(&storm->bench, storm->calls);
  bench_wait_done(&storm->bench, storm->calls);
  read_log(storm);
  check(storm);
  storm_free(storm);
}

/* Cancels meet them wherever they are, and the number of slots moves. */
CASE(asks_that_are_cancelled) {
  (void)state;
  Storm *storm = storm_new("anthropic", "/v1", 400, true);
  bench_submit_and_cancel(&storm->bench, storm->calls);
  bench_wait_done(&storm->bench, storm->calls);
  read_log(storm);
  check(storm);
  storm_free(storm);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(a_thousand_asks),
      cmocka_unit_test(asks_that_are_cancelled),
  };
  return RUN(cases);
}
