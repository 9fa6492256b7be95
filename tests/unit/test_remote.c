/* SPDX-License-Identifier: MIT
 *
 * Providers over real sockets: what is sent, what comes of a good answer, and
 * that a cancelled request is done once.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "tests/remote_bench.h"
#include "tests/unit/unit.h"

#define CANARY "sk-canary-0123456789"
#define HEADER_CANARY "hdr-canary-9876543210"

/* ---- what is sent -------------------------------------------------------- */

static void expect_sent(Bench *bench, const char *wanted) {
  const char *head = bench->script.head.data;
  if (!strstr(head, wanted)) fail_msg("\"%s\" is not in\n%s", wanted, head);
}

static void expect_body(Bench *bench, const char *wanted) {
  assert_string_equal(bench->script.body.data, wanted);
}

CASE(openai_request) {
  (void)state;
  static const ConfigHeader headers[] = {{"X-Team", "blue", false},
                                         {"X-Secret", "TEST_HEADER", true}};
  Call call;
  Bench *bench = bench_new("openai", GOOD);
  bench->config.key_env = "TEST_KEY";
  bench->config.key_is_wanted = true;
  bench->config.headers = headers;
  bench->config.header_count = 2;
  bench_open(bench);
  call_init(&call, "Say \"hi\"\n\x01 \xC3\xA9");
  call.request.system = SLICE("Be brief.");
  call.request.temperature = 0.7;
  call.request.max_tokens = 64;
  call.request.budget_tokens = 1000;
  call.request.phase = "warm";
  call_submit(bench, &call);
  call_wait(&call);
  expect_sent(bench, "POST /v1/chat/completions HTTP/1.1\r\n");
  expect_sent(bench, "\r\nAuthorization: Bearer sk-canary-0123456789\r\n");
  expect_sent(bench, "\r\nContent-Type: application/json\r\n");
  expect_sent(bench, "\r\nX-Team: blue\r\n");
  expect_sent(bench, "\r\nX-Secret: hdr-canary-9876543210\r\n");
  expect_sent(bench, "\r\nX-Apxm-Run: ");
  expect_sent(bench, "-7\r\n");
  expect_sent(bench, "\r\nX-Apxm-Op: ask\r\n");
  expect_sent(bench, "\r\nX-Apxm-Phase: warm\r\n");
  expect_body(bench,
              "{\"model\":\"tiny\",\"messages\":[{\"role\":\"system\","
              "\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":"
              "\"Say \\\"hi\\\"\\n\\u0001 \xC3\xA9\"}],\"temperature\":0.7,"
              "\"max_tokens\":64}");
  expect_reply(bench, &call, "Because.");
}

CASE(openai_request_with_little) {
  (void)state;
  Call call;
  Bench *bench = bench_new("openai", GOOD);
  bench->config.model = NULL;
  bench->config.key_env = "TEST_UNSET";
  bench_open(bench);
  call_ask(bench, &call);
  assert_null(strstr(bench->script.head.data, "Authorization"));
  assert_null(strstr(bench->script.head.data, "X-Apxm-Phase"));
  expect_body(bench,
              "{\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"}]}");
  expect_reply(bench, &call, "Because.");
}

CASE(configured_authorization_stands_in_for_the_key) {
  (void)state;
  static const ConfigHeader header = {"authorization", "TEST_HEADER", true};
  Call call;
  Bench *bench = bench_new("openai", GOOD);
  bench->config.key_env = "TEST_KEY";
  bench->config.headers = &header;
  bench->config.header_count = 1;
  bench_open(bench);
  call_ask(bench, &call);
  expect_sent(bench, "\r\nauthorization: hdr-canary-9876543210\r\n");
  assert_null(strstr(bench->script.head.data, "Bearer"));
  expect_reply(bench, &call, "Because.");
}

CASE(openai_stream_request) {
  (void)state;
  Call call;
  Bench *bench =
      bench_new("openai", EVENTS(EVENT("x", "\"stop\"") "data: [DONE]\n\n"));
  bench->config.stream = true;
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.model = SLICE("other");
  call_submit(bench, &call);
  call_wait(&call);
  expect_body(bench,
              "{\"model\":\"other\",\"messages\":[{\"role\":\"user\","
              "\"content\":\"Why?\"}],\"stream\":true,\"stream_options\":"
              "{\"include_usage\":true}}");
  expect_reply(bench, &call, "x");
}

#define OLLAMA_END                                                  \
  "{\"message\":{\"content\":\"\"},\"done\":true,\"eval_count\":2," \
  "\"prompt_eval_count\":9}\n"

CASE(ollama_request) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "ollama", JSON("{\"message\":{\"content\":\"So.\"},\"done\":true}"));
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.system = SLICE("Be brief.");
  call.request.temperature = 0;
  call.request.max_tokens = 5;
  call_submit(bench, &call);
  call_wait(&call);
  expect_sent(bench, "POST /v1/api/chat HTTP/1.1\r\n");
  expect_body(bench,
              "{\"model\":\"tiny\",\"messages\":[{\"role\":\"system\","
              "\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":"
              "\"Why?\"}],\"stream\":false,\"options\":{\"temperature\":0,"
              "\"num_predict\":5}}");
  expect_reply(bench, &call, "So.");
}

CASE(ollama_stream_request) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "ollama", JSON("{\"message\":{\"content\":\"So.\"}}\n" OLLAMA_END));
  bench->config.stream = true;
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.max_tokens = 5;
  call_submit(bench, &call);
  call_wait(&call);
  expect_body(bench,
              "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\","
              "\"content\":\"Why?\"}],\"stream\":true,\"options\":"
              "{\"num_predict\":5}}");
  assert_int_equal(call.request.input_tokens, 9);
  assert_int_equal(call.request.output_tokens, 2);
  assert_false(call.request.tokens_estimated);
  expect_reply(bench, &call, "So.");
}

/* ---- replies ------------------------------------------------------------- */

CASE(figures_of_a_reply) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "openai", JSON("{\"choices\":[{\"message\":{\"content\":\"Because.\"},"
                     "\"finish_reason\":\"length\"}],\"usage\":"
                     "{\"prompt_tokens\":11,\"completion_tokens\":3}}"));
  bench_open(bench);
  call_ask(bench, &call);
  const ModelRequest *r = &call.request;
  assert_true(r->is_cut);
  assert_false(r->tokens_estimated);
  assert_int_equal(r->input_tokens, 11);
  assert_int_equal(r->output_tokens, 3);
  assert_true(r->dispatched_at <= r->connected_at);
  assert_true(r->connected_at <= r->first_byte_at);
  assert_true(r->first_byte_at <= r->completed_at);
  expect_reply(bench, &call, "Because.");
}

CASE(tokens_are_estimated_when_nobody_counts) {
  (void)state;
  Call call;
  Bench *bench = bench_new("openai", GOOD);
  bench_open(bench);
  call_ask(bench, &call);
  assert_true(call.request.tokens_estimated);
  assert_int_equal(call.request.input_tokens, 1);
  assert_int_equal(call.request.output_tokens, 2);
  assert_false(call.request.is_cut);
  expect_reply(bench, &call, "Because.");
}

CASE(stream_byte_by_byte) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "openai", EVENTS(EVENT("Be", "null") ":\n\n" EVENT("cause", "null")
                           EVENT(".", "\"stop\"") "data: [DONE]\n\n"));
  bench->config.stream = true;
  bench->script.is_slow = true;
  bench_open(bench);
  call_ask(bench, &call);
  expect_reply(bench, &call, "Because.");
}

/* The text is whole; that the connection then breaks, or stays open for longer
 * than anybody waits, changes nothing. */
CASE(whole_stream_survives_a_bad_end) {
  (void)state;
  static const char *const answers[] = {
      HEAD("200 OK") "Transfer-Encoding: chunked\r\n\r\nffff\r\n" EVENT(
          "Because.", "\"stop\"") "data: [DONE]\n\n",
      HEAD("200 OK") "Content-Length: 9999\r\n\r\n" EVENT("Because.",
                                                          "\"length\"")};
  for (int i = 0; i < 4; i++) {
    Call call;
    Bench *bench = bench_new("openai", answers[i % 2]);
    bench->config.stream = true;
    bench->config.idle_ns = 50 * NS_PER_MS;
    bench->script.holds = i >= 2;
    bench_open(bench);
    call_ask(bench, &call);
    assert_int_equal(call.request.is_cut, i % 2);
    expect_reply(bench, &call, "Because.");
  }
}

/* Hangs up when a kept connection is used again. */
static void serve_once(RawPeer *peer, void *unused) {
  (void)unused;
  if (!raw_peer_skip(peer)) return;
  raw_peer_reply(peer, 200, "", SLICE(CHOICE("message", "So.", "\"stop\"")));
  raw_peer_skip(peer);
}

/* Eight connections are kept, then each of eight calls meets one that is about
 * to end. */
CASE(another_attempt_has_a_connection_of_its_own) {
  (void)state;
  enum { KEPT = 8 };
  Call calls[2 * KEPT];
  Bench *bench = bench_new("openai", NULL);
  RawServer *server = raw_server_new(serve_once, NULL);
  bench->config.retries = 1;
  bench_open_at(bench, raw_server_port(server));
  for (int i = 0; i < 2 * KEPT; i++) {
    call_init(&calls[i], "Why?");
    calls[i].request.retries = MODEL_RETRIES_UNSET;
    call_submit(bench, &calls[i]);
    if (i >= KEPT - 1) call_wait(&calls[i]);
    for (int k = 0; i == KEPT - 1 && k < KEPT; k++) call_wait(&calls[k]);
  }
  for (int i = 0; i < 2 * KEPT; i++) {
    assert_int_equal(calls[i].request.status, STATUS_OK);
    model_request_clear(&calls[i].request);
  }
  bench_free(bench);
  raw_server_free(server);
}

/* ---- cancellation -------------------------------------------------------- */

static void expect_cancelled(Call *call) {
  call_wait(call);
  assert_int_equal(call->request.status, STATUS_CANCELLED);
  assert_string_equal(call->request.reply.data, "cancelled");
  model_request_clear(&call->request);
}

CASE(cancel_while_the_server_thinks) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(false, NULL);
  bench_open(bench);
  call_init(&call, "Why?");
  call_submit(bench, &call);
  bench_wait_asked(bench);
  model_cancel(bench->backend, &call.request);
  model_cancel(bench->backend, &call.request);
  expect_cancelled(&call);
  bench_free(bench);
}

CASE(cancel_in_the_middle_of_a_stream) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(true, EVENTS(EVENT("A", "null")));
  bench_open(bench);
  call_init(&call, "Why?");
  call_submit(bench, &call);
  bench_wait_asked(bench);
  model_cancel(bench->backend, &call.request);
  expect_cancelled(&call);
  bench_free(bench);
}

static ModelBackend *cancelling;

static void cancel_at_start(ModelRequest *request) {
  model_cancel(cancelling, request);
}

CASE(cancel_before_it_starts) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(false, NULL);
  bench_open(bench);
  cancelling = bench->backend;
  call_init(&call, "Why?");
  call.request.started = cancel_at_start;
  call_submit(bench, &call);
  expect_cancelled(&call);
  bench_free(bench);
}

/* Requests come from one thread while another cancels them: each is done
 * once, with one of the two outcomes. */
typedef struct Storm {
  Bench *bench;
  Call *calls;
  _Atomic uint32_t submitted;
} Storm;

enum { STORM = 600 };

static void cancel_some(void *argument) {
  Storm *storm = argument;
  for (uint32_t i = 0; i < STORM; i++) {
    while (load_acquire(&storm->submitted) <= i) {
      clock_sleep(10 * NS_PER_US);
    }
    if (i % 3) model_cancel(storm->bench->backend, &storm->calls[i].request);
  }
}

CASE(cancels_meet_replies) {
  (void)state;
  Storm storm = {.bench = bench_new("openai", GOOD),
                 .calls = mem_alloc_zero(STORM, sizeof(Call))};
  Thread *thread;
  Error error = {0};
  storm.bench->config.max_in_flight = 8;
  bench_open(storm.bench);
  assert_int_equal(
      thread_start(&thread, "canceller", cancel_some, &storm, &error),
      STATUS_OK);
  for (uint32_t i = 0; i < STORM; i++) {
    call_init(&storm.calls[i], "Why?");
    call_submit(storm.bench, &storm.calls[i]);
    store_release(&storm.submitted, i + 1);
  }
  for (uint32_t i = 0; i < STORM; i++) call_wait(&storm.calls[i]);
  thread_join(thread);
  Bench *bench = storm.bench;
  bench_free(bench);
  for (uint32_t i = 0; i < STORM; i++) {
    ModelRequest *request = &storm.calls[i].request;
    bool is_good = request->status == STATUS_OK &&
                   strcmp(request->reply.data, "Because.") == 0;
    assert_true(is_good || (i % 3 && request->status == STATUS_CANCELLED));
    assert_int_equal(storm.calls[i].done, 1);
    model_request_clear(request);
  }
  mem_free(storm.calls);
}

int main(void) {
  setenv("TEST_KEY", CANARY, 1);
  setenv("TEST_HEADER", HEADER_CANARY, 1);
  setenv("TEST_EMPTY", "", 1);
  setenv("TEST_BROKEN", "sk-1\nX-Evil: 1", 1);
  unsetenv("TEST_UNSET");
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(openai_request),
      cmocka_unit_test(openai_request_with_little),
      cmocka_unit_test(configured_authorization_stands_in_for_the_key),
      cmocka_unit_test(openai_stream_request),
      cmocka_unit_test(ollama_request),
      cmocka_unit_test(ollama_stream_request),
      cmocka_unit_test(figures_of_a_reply),
      cmocka_unit_test(tokens_are_estimated_when_nobody_counts),
      cmocka_unit_test(stream_byte_by_byte),
      cmocka_unit_test(whole_stream_survives_a_bad_end),
      cmocka_unit_test(another_attempt_has_a_connection_of_its_own),
      cmocka_unit_test(cancel_while_the_server_thinks),
      cmocka_unit_test(cancel_in_the_middle_of_a_stream),
      cmocka_unit_test(cancel_before_it_starts),
      cmocka_unit_test(cancels_meet_replies),
  };
  return RUN(cases);
}
