/* SPDX-License-Identifier: MIT
 *
 * Providers over real sockets: what is said of every kind of bad answer and of
 * every way in which a connection can end, that keys stay out of messages, and
 * which providers are not made at all.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/clock.h"
#include "tests/remote_bench.h"
#include "tests/unit/unit.h"

#define CANARY "sk-canary-0123456789"
#define HEADER_CANARY "hdr-canary-9876543210"

/* ---- failures ------------------------------------------------------------ */

/* What is said of an answer. */
static void expect_said(bool is_stream, const char *answer,
                        ModelProblem problem, const char *wanted) {
  Call call;
  Bench *bench = bench_new("openai", answer);
  bench->config.stream = is_stream;
  bench_open(bench);
  call_ask(bench, &call);
  expect_problem(bench, &call, problem, wanted);
}

#define NO_KEY                                                      \
  "is a key needed? name its variable as `key: env:NAME` in .apxm/" \
  "config.yaml"

CASE(error_codes) {
  (void)state;
  static const struct {
    const char *answer;
    ModelProblem problem;
    const char *said;
  } answers[] = {
      {HEAD("400 Bad Request") "\r\n{\"error\":{\"code\":400,"
                               "\"message\":\"bad field\"}}",
       MODEL_PROBLEM_REFUSED, "400: bad field"},
      {HEAD("503 x") "\r\n{\"error\":{\"code\":503,\"message\":"
                     "\"Loading model\",\"type\":\"x\"}}",
       MODEL_PROBLEM_OVERLOADED, "503: Loading model; try again in a moment"},
      {HEAD("529 x") "\r\n", MODEL_PROBLEM_OVERLOADED,
       "529; try again in a moment"},
      {HEAD("500 x") "\r\n<html>\n<b>broken</b>\x1b[2J",
       MODEL_PROBLEM_SERVER_ERROR, "500: <html> <b>broken</b>\\x1B[2J"},
      {HEAD("502 x") "\r\n", MODEL_PROBLEM_SERVER_ERROR, "502"},
      {HEAD("408 x") "\r\n", MODEL_PROBLEM_SERVER_ERROR, "408"},
      {HEAD("409 x") "\r\n", MODEL_PROBLEM_SERVER_ERROR, "409"},
      {HEAD("425 x") "\r\n", MODEL_PROBLEM_SERVER_ERROR, "425"},
      {HEAD("413 x") "\r\n", MODEL_PROBLEM_REFUSED, "413"},
      {HEAD("422 x") "\r\n", MODEL_PROBLEM_REFUSED, "422"},
      {HEAD("301 x") "Location: http://x/\r\n\r\n<html>", MODEL_PROBLEM_REFUSED,
       "301, a redirect; use the URL that it leads to"},
      {HEAD("429 x") "Retry-After: 20\r\n\r\n{\"error\":\"slow down\"}",
       MODEL_PROBLEM_RATE_LIMITED,
       "429: slow down (Retry-After: 20); too many requests: lower "
       "max_in_flight, or set rpm"},
      {HEAD("429 x") "\r\n{\"error\":{\"message\":\"no money\",\"code\":"
                     "\"insufficient_quota\"}}",
       MODEL_PROBLEM_REFUSED,
       "429: no money; is there money left on the account?"},
      {HEAD("404 x") "\r\n{\"error\":{\"message\":\"File Not Found\"}}",
       MODEL_PROBLEM_REFUSED,
       "404: File Not Found; is the URL right? URLs of compatible servers "
       "usually end in /v1"},
      {HEAD("404 x") "\r\n{\"error\":\"model 'x' not found\"}",
       MODEL_PROBLEM_REFUSED, "404: model 'x' not found"},
      {HEAD("401 x") "\r\n{\"error\":\"who?\"}", MODEL_PROBLEM_UNAUTHORIZED,
       "401: who?; " NO_KEY},
      {"HTTP/1.1 403 x\r\nContent-Length: 9\r\n\r\nno",
       MODEL_PROBLEM_UNAUTHORIZED, "403: no; " NO_KEY},
  };
  for (size_t i = 0; i < 2 * sizeof answers / sizeof *answers; i++) {
    char wanted[256];
    snprintf(wanted, sizeof wanted, "the server answered %s",
             answers[i / 2].said);
    expect_said(i % 2, answers[i / 2].answer, answers[i / 2].problem, wanted);
  }
}

CASE(error_codes_with_a_key) {
  (void)state;
  static const struct {
    const char *variable, *wanted;
  } keys[] = {{"TEST_KEY", "is the key in TEST_KEY right?"},
              {"TEST_UNSET", "is a key needed? TEST_UNSET is not set"}};
  for (int i = 0; i < 2; i++) {
    Call call;
    char wanted[128];
    Bench *bench =
        bench_new("openai", HEAD("403 x") "\r\n{\"detail\":\"who?\"}");
    bench->config.key_env = keys[i].variable;
    bench_open(bench);
    call_ask(bench, &call);
    snprintf(wanted, sizeof wanted, "the server answered 403: who?; %s",
             keys[i].wanted);
    expect_failure(bench, &call, wanted);
  }
}

CASE(ollama_404) {
  (void)state;
  Call call;
  Bench *bench = bench_new("ollama", HEAD("404 x") "\r\n404 page not found");
  bench_open(bench);
  call_ask(bench, &call);
  expect_failure(bench, &call,
                 "the server answered 404: 404 page not found; is the URL "
                 "right? an Ollama URL has no path: http://HOST:11434");
}

#define A_LOG "the server's log may say why"

CASE(replies_that_are_none) {
  (void)state;
  expect_said(false, JSON("Hello"), MODEL_PROBLEM_UNEXPECTED,
              "the reply is not JSON (line 1, column 1: expected a value): "
              "Hello; is it a server of the kind `openai`?");
  expect_said(false, JSON(""), MODEL_PROBLEM_CUT, "the reply is empty; " A_LOG);
  expect_said(true, EVENTS(EVENT("A red", "null") ":\n\n"), MODEL_PROBLEM_CUT,
              "the stream ended before the reply was whole; " A_LOG);
  expect_said(true,
              EVENTS(EVENT("A red", "null") "data: {\"error\":{\"message\":"
                                            "\"context is full\"}}\n\n"),
              MODEL_PROBLEM_SERVER_ERROR,
              "the server answered with an error: context is full");
  expect_said(true, EVENTS("{\"error\":{\"code\":503,\"message\":\"no\"}}"),
              MODEL_PROBLEM_OVERLOADED,
              "the server answered with an error: no; try again in a moment");
}

/* The connection ends. */
static void expect_cut(bool is_stream, const char *answer, const char *what) {
  Call call;
  char wanted[160];
  Bench *bench = bench_new("openai", answer);
  bench->config.stream = is_stream;
  bench_open(bench);
  snprintf(wanted, sizeof wanted, "%s (127.0.0.1:%u); " A_LOG, what,
           bench->port);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_CUT, wanted);
}

CASE(connections_that_end_early) {
  (void)state;
  static const char middle[] =
      "the connection was closed in the middle of the reply";
  expect_cut(false, "", "the connection was closed before a reply came");
  expect_cut(false, HEAD("200 OK") "Content-Length: 500\r\n\r\n{\"choices\"",
             middle);
  expect_cut(true,
             HEAD("200 OK") "Content-Length: 500\r\n\r\n" EVENT("A", "null"),
             middle);
  expect_cut(true,
             HEAD("200 OK") "Transfer-Encoding: chunked\r\n\r\nffff\r\n" EVENT(
                 "A", "null"),
             middle);
}

CASE(reset_connection) {
  (void)state;
  Call call;
  Bench *bench = bench_new("openai", NULL);
  bench->script.resets = true;
  bench_open(bench);
  call_ask(bench, &call);
  assert_int_equal(call.request.status, STATUS_MODEL);
  assert_non_null(strstr(call.request.reply.data, "reset by peer"));
  model_request_clear(&call.request);
  bench_free(bench);
}

CASE(nobody_listens) {
  (void)state;
  Call call;
  char wanted[160];
  Bench *bench = bench_new("openai", GOOD);
  bench_open(bench);
  raw_server_free(bench->server);
  bench->server = NULL;
  call_ask(bench, &call);
  snprintf(wanted, sizeof wanted,
           "cannot connect: connection refused (127.0.0.1:%u); is the server "
           "running? try `apxm backends test fast`",
           bench->port);
  expect_problem(bench, &call, MODEL_PROBLEM_UNREACHABLE, wanted);
}

CASE(nobody_accepts) {
  (void)state;
  RawWall wall;
  Call call;
  Bench *bench = bench_new("openai", NULL);
  raw_wall_open(&wall);
  bench->config.connect_ns = 60 * NS_PER_MS;
  bench_open_at(bench, wall.port);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_CONNECT_TIMEOUT,
                 "no connection within 60 ms (timeout: connect); is the server "
                 "running? try `apxm backends test fast`");
  raw_wall_close(&wall);
}

CASE(something_else_listens) {
  (void)state;
  Call call;
  Bench *bench = bench_new("openai", "220 mail.example.org ESMTP\r\n");
  bench_open(bench);
  call_ask(bench, &call);
  assert_int_equal(call.request.status, STATUS_MODEL);
  assert_non_null(strstr(call.request.reply.data, "not a sound HTTP reply"));
  assert_non_null(
      strstr(call.request.reply.data, "; is another service at this URL?"));
  model_request_clear(&call.request);
  bench_free(bench);
}

#define WHICH_MODEL                                                \
  "no model is named; name it with --model, or as `model` of the " \
  "backend or of the call"

CASE(nobody_names_a_model) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "ollama", JSON("{\"message\":{\"content\":\"So.\"},\"done\":true}"));
  bench->config.model = NULL;
  bench_open(bench);
  call_ask(bench, &call);
  assert_int_equal(raw_server_requests(bench->server), 0);
  model_request_clear(&call.request);
  call_init(&call, "Why?");
  call.request.model = SLICE("tiny");
  call_submit(bench, &call);
  call_wait(&call);
  expect_reply(bench, &call, "So.");
  bench = bench_new("ollama", NULL);
  bench->config.model = NULL;
  bench_open(bench);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_UNUSABLE, WHICH_MODEL);
}

/* Nothing is sent. */
CASE(official_server_wants_a_model) {
  (void)state;
  Call call;
  Error error = {0};
  Bench *bench = bench_new("openai", NULL);
  bench->config.model = NULL;
  bench->config.url = "https://api.openai.com/v1";
  bench->config.key_env = "TEST_KEY";
  bench->backend = bench_find(bench, &error);
  assert_non_null(bench->backend);
  snprintf(bench->where, sizeof bench->where,
           "backend fast (openai at https://api.openai.com/v1): ");
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_UNUSABLE, WHICH_MODEL);
}

/* ---- time-outs ----------------------------------------------------------- */

#define SHORTER "max_tokens makes replies shorter"

CASE(comments_are_no_text) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(true, EVENTS(":\n\n:\n\n"));
  bench->config.first_token_ns = 60 * NS_PER_MS;
  bench_open(bench);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_FIRST_TIMEOUT,
                 "no text came within 60 ms (timeout: first_token); a server "
                 "that loads its model needs a longer timeout.first_token");
}

CASE(stream_that_stands_still) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(true, EVENTS(EVENT("A", "null") ":\n\n"));
  bench->config.idle_ns = 60 * NS_PER_MS;
  bench_open(bench);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_IDLE_TIMEOUT,
                 "the reply stopped half-way: nothing came for 60 ms "
                 "(timeout: idle); " A_LOG);
}

/* The time-out of the first text is one of streams. */
CASE(server_that_never_answers) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(false, NULL);
  bench->config.first_token_ns = 1;
  bench->config.total_ns = 1 * NS_PER_S;
  bench_open(bench);
  call_ask(bench, &call);
  expect_problem(bench, &call, MODEL_PROBLEM_TIMED_OUT,
                 "no whole reply within 1 s (timeout: total); " SHORTER);
}

/* ---- secrets ------------------------------------------------------------- */

CASE(echoed_secrets_are_scrubbed) {
  (void)state;
  static const ConfigHeader header = {"X-Secret", "TEST_HEADER", true};
  static const char *const answers[] = {
      HEAD("401 x") "\r\n{\"error\":\"bad key " CANARY " " HEADER_CANARY "\"}",
      HEAD("401 x") "\r\nbad key " CANARY " " HEADER_CANARY,
      HEAD("429 x") "Retry-After: " CANARY "\r\n\r\n",
      JSON("Bearer " CANARY HEADER_CANARY),
      JSON("{\"choices\":[],\"you\":\"" CANARY "\"}"),
      JSON("{\"error\":\"{\\\"error\\\":\\\"" CANARY "\\\"}\"}"),
      HEADER_CANARY "\r\n\r\n" CANARY,
  };
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    Call call;
    Bench *bench = bench_new("openai", answers[i]);
    bench->config.key_env = "TEST_KEY";
    bench->config.headers = &header;
    bench->config.header_count = 1;
    bench_open(bench);
    call_ask(bench, &call);
    assert_int_equal(call.request.status, STATUS_MODEL);
    assert_null(strstr(call.request.reply.data, "canary"));
    model_request_clear(&call.request);
    bench_free(bench);
  }
}

/* ---- providers that cannot be made --------------------------------------- */

static void expect_refused(Bench *bench, const char *wanted) {
  Error error = {0};
  if (!bench->url[0])
    snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:1");
  assert_null(bench_find(bench, &error));
  assert_int_equal(error.status, STATUS_USAGE);
  assert_string_equal(error.message, wanted);
  bench_free(bench);
}

CASE(variables_that_cannot_be_used) {
  (void)state;
  static const ConfigHeader unset = {"X-Team", "TEST_UNSET", true};
  static const ConfigHeader broken = {"X-Team", "a\nb", false};
  Bench *bench = bench_new("openai", NULL);
  bench->config.key_env = "TEST_UNSET";
  bench->config.key_is_wanted = true;
  bench->config.file = "c.yaml";
  bench->config.line = 3;
  expect_refused(bench,
                 "backend fast: the variable TEST_UNSET is not set; it must "
                 "hold the key (c.yaml:3)");
  bench = bench_new("openai", NULL);
  bench->config.key_env = "TEST_EMPTY";
  bench->config.key_is_wanted = true;
  expect_refused(bench,
                 "backend fast: the variable TEST_EMPTY is not set; it must "
                 "hold the key");
  bench = bench_new("ollama", NULL);
  bench->config.headers = &unset;
  bench->config.header_count = 1;
  expect_refused(bench,
                 "backend fast: the variable TEST_UNSET is not set; it must "
                 "hold the header X-Team");
  bench = bench_new("openai", NULL);
  bench->config.key_env = "TEST_BROKEN";
  expect_refused(bench,
                 "backend fast: the value of TEST_BROKEN holds a line break or "
                 "another control character, so it cannot be sent");
  bench = bench_new("openai", NULL);
  bench->config.headers = &broken;
  bench->config.header_count = 1;
  expect_refused(bench,
                 "backend fast: the header X-Team holds a control character");
}

CASE(official_server_wants_a_key) {
  (void)state;
  Bench *bench = bench_new("openai", NULL);
  bench->config.url = "https://api.openai.com/v1";
  bench->config.key_env = "TEST_UNSET";
  expect_refused(bench,
                 "backend fast: the variable TEST_UNSET is not set; it must "
                 "hold the key");
}

CASE(address_that_is_none) {
  (void)state;
  Error error = {0};
  Bench *bench = bench_new("openai", NULL);
  snprintf(bench->url, sizeof bench->url, "gopher://x");
  assert_null(bench_find(bench, &error));
  assert_int_equal(error.status, STATUS_USAGE);
  assert_true(
      slice_starts_with(slice_of(error.message), SLICE("backend fast: ")));
  bench_free(bench);
}

int main(void) {
  setenv("TEST_KEY", CANARY, 1);
  setenv("TEST_HEADER", HEADER_CANARY, 1);
  setenv("TEST_EMPTY", "", 1);
  setenv("TEST_BROKEN", "sk-1\nX-Evil: 1", 1);
  unsetenv("TEST_UNSET");
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(error_codes),
      cmocka_unit_test(error_codes_with_a_key),
      cmocka_unit_test(ollama_404),
      cmocka_unit_test(replies_that_are_none),
      cmocka_unit_test(connections_that_end_early),
      cmocka_unit_test(reset_connection),
      cmocka_unit_test(nobody_listens),
      cmocka_unit_test(nobody_accepts),
      cmocka_unit_test(something_else_listens),
      cmocka_unit_test(nobody_names_a_model),
      cmocka_unit_test(official_server_wants_a_model),
      cmocka_unit_test(comments_are_no_text),
      cmocka_unit_test(stream_that_stands_still),
      cmocka_unit_test(server_that_never_answers),
      cmocka_unit_test(echoed_secrets_are_scrubbed),
      cmocka_unit_test(variables_that_cannot_be_used),
      cmocka_unit_test(official_server_wants_a_key),
      cmocka_unit_test(address_that_is_none),
  };
  return RUN(cases);
}
