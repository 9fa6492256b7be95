/* SPDX-License-Identifier: MIT
 *
 * Anthropic's and Google's dialects over real sockets, and what every dialect
 * owes to a request: when the text came, each piece of it as it came, and in
 * case of a failure what was sent, what came back and when to ask again.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "tests/remote_bench.h"
#include "tests/unit/unit.h"

#define CANARY "sk-canary-0123456789"

/* ---- what is sent -------------------------------------------------------- */

static void expect_head(Bench *bench, const char *wanted) {
  const char *head = bench->script.head.data;
  if (!strstr(head, wanted)) fail_msg("\"%s\" is not in\n%s", wanted, head);
}

static void expect_body(Bench *bench, const char *wanted) {
  assert_string_equal(bench->script.body.data, wanted);
}

#define MESSAGE                                                    \
  JSON(                                                            \
      "{\"type\":\"message\",\"content\":[{\"type\":\"text\","     \
      "\"text\":\"So.\"}],\"stop_reason\":\"end_turn\",\"usage\":" \
      "{\"input_tokens\":9,\"output_tokens\":2}}")

static Bench *bench_with_key(const char *provider, const char *answer) {
  Bench *bench = bench_new(provider, answer);
  bench->config.key_env = "TEST_KEY";
  return bench;
}

CASE(anthropic_request) {
  (void)state;
  Call call;
  Bench *bench = bench_with_key("anthropic", MESSAGE);
  bench_open(bench);
  call_init(&call, "Say \"hi\"");
  call.request.system = SLICE("Be brief.");
  call.request.temperature = 0.5;
  call_submit(bench, &call);
  call_wait(&call);
  expect_head(bench, "POST /v1/messages HTTP/1.1\r\n");
  expect_head(bench, "\r\nx-api-key: " CANARY "\r\n");
  expect_head(bench, "\r\nanthropic-version: 2023-06-01\r\n");
  assert_null(strstr(bench->script.head.data, "Authorization"));
  expect_body(bench,
              "{\"model\":\"tiny\",\"max_tokens\":4096,\"temperature\":0.5,"
              "\"system\":\"Be brief.\",\"messages\":[{\"role\":\"user\","
              "\"content\":\"Say \\\"hi\\\"\"}]}");
  assert_int_equal(call.request.input_tokens, 9);
  assert_int_equal(call.request.output_tokens, 2);
  expect_reply(bench, &call, "So.");
}

/* `body` is what a call with these limits sends. */
static void expect_limits(uint32_t most, uint32_t budget, const char *body) {
  Call call;
  Bench *bench = bench_new("anthropic", MESSAGE);
  bench_open(bench);
  call_init(&call, "?");
  call.request.temperature = 0.5;
  call.request.max_tokens = most;
  call.request.budget_tokens = budget;
  call_submit(bench, &call);
  call_wait(&call);
  const char *end = strstr(bench->script.body.data, ",\"messages\"");
  assert_non_null(end);
  size_t length = (size_t)(end - bench->script.body.data);
  if (length != strlen(body) ||
      memcmp(bench->script.body.data, body, length) != 0)
    fail_msg("%s", bench->script.body.data);
  expect_reply(bench, &call, "So.");
}

CASE(anthropic_thinks_within_its_limit) {
  (void)state;
  expect_limits(100, 0,
                "{\"model\":\"tiny\",\"max_tokens\":100,\"temperature\":0.5");
  expect_limits(
      0, 2000,
      "{\"model\":\"tiny\",\"max_tokens\":4096,\"thinking\":{\"type\":"
      "\"enabled\",\"budget_tokens\":2000}");
  expect_limits(
      0, 8000,
      "{\"model\":\"tiny\",\"max_tokens\":12096,\"thinking\":{\"type\""
      ":\"enabled\",\"budget_tokens\":8000}");
  expect_limits(
      500, 500,
      "{\"model\":\"tiny\",\"max_tokens\":1524,\"thinking\":{\"type\":"
      "\"enabled\",\"budget_tokens\":1024}");
  expect_limits(
      9000, 8000,
      "{\"model\":\"tiny\",\"max_tokens\":9000,\"thinking\":{\"type\":"
      "\"enabled\",\"budget_tokens\":8000}");
}

CASE(anthropic_marks_instructions_for_the_cache) {
  (void)state;
  Call call;
  Bench *bench = bench_new(
      "anthropic",
      EVENTS("data: {\"type\":\"message_start\",\"message\":{}}\n\n"
             "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":"
             "\"text_delta\",\"text\":\"So.\"}}\n\n"
             "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
             "\"end_turn\"}}\n\n"
             "data: {\"type\":\"message_stop\"}\n\n"));
  bench->config.stream = bench->config.cache_prompts = true;
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.system = SLICE("Be brief.");
  call_submit(bench, &call);
  call_wait(&call);
  expect_body(bench,
              "{\"model\":\"tiny\",\"max_tokens\":4096,\"system\":[{\"type\":"
              "\"text\",\"text\":\"Be brief.\",\"cache_control\":{\"type\":"
              "\"ephemeral\"}}],\"messages\":[{\"role\":\"user\",\"content\":"
              "\"Why?\"}],\"stream\":true}");
  expect_reply(bench, &call, "So.");
}

CASE(configured_headers_stand_in) {
  (void)state;
  static const ConfigHeader headers[] = {
      {"Anthropic-Version", "2099-01-01", false},
      {"X-API-Key", "TEST_KEY", true}};
  Call call;
  Bench *bench = bench_new("anthropic", MESSAGE);
  bench->config.key_env = "TEST_UNSET";
  bench->config.key_is_wanted = true;
  bench->config.headers = headers;
  bench->config.header_count = 2;
  bench_open(bench);
  call_ask(bench, &call);
  expect_head(bench, "\r\nAnthropic-Version: 2099-01-01\r\n");
  expect_head(bench, "\r\nX-API-Key: " CANARY "\r\n");
  assert_null(strstr(bench->script.head.data, "2023-06-01"));
  expect_reply(bench, &call, "So.");
}

#define CANDIDATE                                                         \
  "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"So.\"}]},"       \
  "\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":9" \
  ",\"candidatesTokenCount\":2}}"

CASE(google_request) {
  (void)state;
  Call call;
  Bench *bench = bench_with_key("google", JSON(CANDIDATE));
  bench->config.model = "gemini-x";
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.system = SLICE("Be brief.");
  call.request.temperature = 0.5;
  call.request.max_tokens = 64;
  call.request.budget_tokens = 128;
  call_submit(bench, &call);
  call_wait(&call);
  expect_head(bench, "POST /v1/models/gemini-x:generateContent HTTP/1.1\r\n");
  expect_head(bench, "\r\nx-goog-api-key: " CANARY "\r\n");
  expect_body(bench,
              "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"}]},"
              "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Why?\"}]"
              "}],\"generationConfig\":{\"temperature\":0.5,"
              "\"maxOutputTokens\":64,\"thinkingConfig\":{\"thinkingBudget\":"
              "128}}}");
  assert_int_equal(call.request.input_tokens, 9);
  expect_reply(bench, &call, "So.");
}

/* The model is a part of the path, and cannot become more than that. */
CASE(google_stream_request) {
  (void)state;
  static const struct {
    const char *model, *path;
  } models[] = {{"gemini-2.0", "/v1/models/gemini-2.0"},
                {"tunedModels/mine", "/v1/tunedModels/mine"},
                {"a?b#c d\xC3\xA9%\r\n:",
                 "/v1/models/a%3Fb%23c%20d%C3%A9%25"
                 "%0D%0A%3A"}};
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    Call call;
    char line[128];
    Bench *bench = bench_new("google", EVENTS("data: " CANDIDATE "\n\n"));
    bench->config.stream = true;
    bench_open(bench);
    call_init(&call, "Why?");
    call.request.model = slice_of(models[i].model);
    call_submit(bench, &call);
    call_wait(&call);
    snprintf(line, sizeof line,
             "POST %s:streamGenerateContent?alt=sse HTTP/1.1\r\n",
             models[i].path);
    expect_head(bench, line);
    expect_body(bench,
                "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":"
                "\"Why?\"}]}]}");
    expect_reply(bench, &call, "So.");
  }
}

/* ---- text as it comes ---------------------------------------------------- */

typedef struct Listener {
  Call call; /* first */
  Buf heard; /* I/O thread */
  _Atomic uint32_t pieces;
  const char *head, *first, *rest; /* what the server sends */
} Listener;

static void hear(ModelRequest *request, Slice text) {
  Listener *listener = (Listener *)request;
  assert_int_equal(request->attempt, 1);
  buf_add_slice(&listener->heard, text);
  atomic_fetch_add_explicit(&listener->pieces, 1, memory_order_release);
}

/* The rest comes when the first piece has been heard. */
static void serve_two(RawPeer *peer, void *argument) {
  Listener *listener = argument;
  raw_peer_skip(peer);
  raw_peer_text(peer, listener->head);
  raw_peer_text(peer, listener->first);
  while (load_acquire(&listener->pieces) == 0) clock_sleep(50 * NS_PER_US);
  raw_peer_text(peer, listener->rest);
}

static void listen_to(const char *provider, const char *head, const char *first,
                      const char *rest) {
  Listener listener = {.head = head, .first = first, .rest = rest};
  Bench *bench = bench_new(provider, NULL);
  RawServer *server = raw_server_new(serve_two, &listener);
  bench->config.stream = true;
  bench_open_at(bench, raw_server_port(server));
  call_init(&listener.call, "Why?");
  listener.call.request.delta = hear;
  call_submit(bench, &listener.call);
  call_wait(&listener.call);
  const ModelRequest *request = &listener.call.request;
  assert_string_equal(listener.heard.data, "Because.");
  assert_int_equal(load_acquire(&listener.pieces), 2);
  assert_true(request->first_byte_at <= request->first_text_at);
  assert_true(request->first_text_at < request->last_text_at);
  assert_true(request->last_text_at <= request->completed_at);
  buf_free(&listener.heard);
  expect_reply(bench, &listener.call, "Because.");
  raw_server_free(server);
}

CASE(text_is_heard_as_it_comes) {
  (void)state;
  listen_to("openai", EVENTS(""), EVENT("", "null") EVENT("Be", "null"),
            EVENT("cause.", "\"stop\"") "data: [DONE]\n\n");
  listen_to("ollama", JSON(""),
            "{\"message\":{\"content\":\"Be\"},\"done\":false}\n",
            "{\"message\":{\"content\":\"cause.\"},\"done\":true}\n");
  listen_to("anthropic", EVENTS(""),
            "data: {\"type\":\"content_block_start\",\"content_block\":"
            "{\"type\":\"text\",\"text\":\"Be\"}}\n\n"
            "data: {\"type\":\"ping\"}\n\n",
            "data: {\"type\":\"content_block_delta\",\"delta\":{"
            "\"type\":\"text_delta\",\"text\":\"cause.\"}}\n\n"
            "data: {\"type\":\"message_stop\"}\n\n");
  listen_to("google", EVENTS(""),
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
            "\"Hm\",\"thought\":true},{\"text\":\"Be\"}]}}]}\n\n",
            "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
            "\"cause.\"}]},\"finishReason\":\"STOP\"}]}\n\n");
}

CASE(nobody_hears_what_comes_whole) {
  (void)state;
  Bench *bench = bench_new("openai", GOOD);
  Listener listener = {0};
  bench_open(bench);
  call_init(&listener.call, "Why?");
  listener.call.request.delta = hear;
  call_submit(bench, &listener.call);
  call_wait(&listener.call);
  assert_int_equal(load_acquire(&listener.pieces), 0);
  assert_int_equal(listener.call.request.first_text_at, 0);
  assert_int_equal(listener.call.request.last_text_at, 0);
  expect_reply(bench, &listener.call, "Because.");
}

/* ---- what is known of a failure ------------------------------------------ */

static void expect_known(const char *provider, bool is_stream,
                         const char *answer, uint32_t code, const char *sent,
                         const char *received) {
  Call call;
  char wanted[256];
  Bench *bench = bench_with_key(provider, answer);
  bench->config.stream = is_stream;
  bench_open(bench);
  call_ask(bench, &call);
  const ModelRequest *request = &call.request;
  assert_int_equal(request->status, STATUS_MODEL);
  assert_int_equal(request->code, code);
  snprintf(wanted, sizeof wanted, "POST %s%s", bench->url, sent);
  assert_string_equal(request->sent.data, wanted);
  assert_string_equal(request->received.data ? request->received.data : "",
                      received);
  model_request_clear(&call.request);
  bench_free(bench);
}

CASE(what_was_sent_and_received) {
  (void)state;
  static const char plain[] = "/chat/completions, 62 bytes";
  static const char stream[] = "/chat/completions, 116 bytes";
  expect_known("openai", false, HEAD("500 x") "\r\nout of " CANARY, 500, plain,
               "500, 27 bytes: out of [secret]");
  expect_known("openai", false, JSON("[1]"), 200, plain,
               "200 application/json, 3 bytes: [1]");
  expect_known("openai", true, EVENTS(EVENT("A r", "null")), 200, stream,
               "200 text/event-stream, 70 bytes; the text so far has 3 bytes "
               "and begins: A r");
  expect_known("openai", true,
               EVENTS(EVENT("A", "null") "data: {\"error\":"
                                         "\"" CANARY "\"}\n\n"),
               200, stream,
               "200 text/event-stream, 108 bytes: {\"error\":\"[secret]\"}");
  expect_known("openai", false, "", 0, plain, "");
  expect_known("google", true, HEAD("404 x") "\r\n", 404,
               "/models/tiny:streamGenerateContent?alt=sse, 56 bytes",
               "404, 0 bytes");
}

static void expect_retry_after(const char *rest, bool is_known,
                               uint64_t wanted) {
  Call call;
  Buf answer = {0};
  buf_addf(&answer, HEAD("429 x") "%s\r\n", rest);
  Bench *bench = bench_new("openai", answer.data);
  bench_open(bench);
  call_ask(bench, &call);
  assert_int_equal(call.request.problem, MODEL_PROBLEM_RATE_LIMITED);
  assert_int_equal(call.request.has_retry_after, is_known);
  assert_int_equal(call.request.retry_after_ns, wanted);
  model_request_clear(&call.request);
  bench_free(bench);
  buf_free(&answer);
}

#define DETAILS(text) \
  "\r\n{\"error\":{\"code\":429,\"details\":[{\"x\":1}," text "]}}"

CASE(when_to_ask_again) {
  (void)state;
  expect_retry_after(DETAILS("{\"retryDelay\":\"12.5s\"}"), true,
                     12500 * NS_PER_MS);
  expect_retry_after(DETAILS("{\"retryDelay\":\"soon\"}"), false, 0);
  expect_retry_after("Retry-After: 2\r\n" DETAILS("{\"retryDelay\":\"9s\"}"),
                     true, 2 * NS_PER_S);
  expect_retry_after("", false, 0);
  expect_retry_after("Retry-After: 20\r\n", true, 20 * NS_PER_S);
  expect_retry_after("retry-after: Thu, 01 Jan 1970 00:00:00 GMT\r\n", true, 0);
  expect_retry_after("Retry-After: soon\r\n", false, 0);
  expect_retry_after("Retry-After-Ms: 250\r\nRetry-After: 1\r\n", true,
                     250 * NS_PER_MS);
  expect_retry_after("Retry-After: 1\r\nRetry-After-Ms: 250\r\n", true,
                     250 * NS_PER_MS);
}

/* ---- time ---------------------------------------------------------------- */

CASE(limit_of_the_call) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(true, EVENTS(EVENT("A", "null")));
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.limit_ns = 60 * NS_PER_MS;
  call_submit(bench, &call);
  call_wait(&call);
  expect_problem(bench, &call, MODEL_PROBLEM_TIMED_OUT,
                 "no whole reply within 60 ms (timeout of the call); "
                 "max_tokens makes replies shorter");
}

CASE(deadline_of_the_run) {
  (void)state;
  Call call;
  Bench *bench = bench_that_holds(false, NULL);
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.deadline = clock_now() + 60 * NS_PER_MS;
  call_submit(bench, &call);
  call_wait(&call);
  expect_problem(bench, &call, MODEL_PROBLEM_TIMED_OUT,
                 "the run's time was over before the reply was whole; "
                 "max_tokens makes replies shorter");
}

/* A limit of the call's own stands in for the backend's, a longer one too. */
CASE(limit_beyond_the_backends) {
  (void)state;
  Call call;
  Bench *bench = bench_new("openai", EVENTS(EVENT("So.", "\"stop\"")));
  bench->config.total_ns = 1;
  bench->config.stream = bench->script.is_slow = true;
  bench_open(bench);
  call_init(&call, "Why?");
  call.request.limit_ns = 60 * NS_PER_S;
  call_submit(bench, &call);
  call_wait(&call);
  expect_reply(bench, &call, "So.");
}

/* ---- hostile servers ----------------------------------------------------- */

typedef struct Flood {
  const char *start, *more;
} Flood;

static void serve_flood(RawPeer *peer, void *argument) {
  const Flood *flood = argument;
  Buf block = {0};
  while (block.length < 65536) buf_add_text(&block, flood->more);
  if (raw_peer_skip(peer)) raw_peer_text(peer, flood->start);
  while (raw_peer_send(peer, buf_slice(&block))) {
  }
  buf_free(&block);
}

static void expect_dry(const char *provider, bool is_stream, Flood flood,
                       ModelProblem problem) {
  Call call;
  Bench *bench = bench_new(provider, NULL);
  RawServer *server = raw_server_new(serve_flood, &flood);
  bench->config.stream = is_stream;
  bench_open_at(bench, raw_server_port(server));
  call_ask(bench, &call);
  if (call.request.status != STATUS_MODEL || call.request.problem != problem)
    fail_msg("%s: %s", model_problem_text(call.request.problem),
             call.request.reply.data);
  assert_true(call.request.received.length < 1024);
  model_request_clear(&call.request);
  bench_free(bench);
  raw_server_free(server);
}

CASE(endless_replies_end) {
  (void)state;
  static const char events[] = EVENTS(""), json[] = JSON("");
  expect_dry("openai", true, (Flood){events, ": ping\n\n"},
             MODEL_PROBLEM_TOO_LARGE);
  expect_dry("anthropic", true,
             (Flood){events, "data: {\"type\":\"ping\"}\n\n"},
             MODEL_PROBLEM_TOO_LARGE);
  expect_dry("google", true, (Flood){events, "data: [[[[[["},
             MODEL_PROBLEM_TOO_LARGE);
  expect_dry("ollama", true, (Flood){json, "\n\n\n\n"},
             MODEL_PROBLEM_TOO_LARGE);
  expect_dry("openai", false, (Flood){json, "[0,0,0,0"},
             MODEL_PROBLEM_TOO_LARGE);
  expect_dry("openai", true, (Flood){HEAD("503 x") "\r\n", "busy"},
             MODEL_PROBLEM_OVERLOADED);
  expect_dry("openai", false, (Flood){HEAD("401 x") "\r\n", "who? "},
             MODEL_PROBLEM_UNAUTHORIZED);
}

int main(void) {
  setenv("TEST_KEY", CANARY, 1);
  unsetenv("TEST_UNSET");
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(anthropic_request),
      cmocka_unit_test(anthropic_thinks_within_its_limit),
      cmocka_unit_test(anthropic_marks_instructions_for_the_cache),
      cmocka_unit_test(configured_headers_stand_in),
      cmocka_unit_test(google_request),
      cmocka_unit_test(google_stream_request),
      cmocka_unit_test(text_is_heard_as_it_comes),
      cmocka_unit_test(nobody_hears_what_comes_whole),
      cmocka_unit_test(what_was_sent_and_received),
      cmocka_unit_test(when_to_ask_again),
      cmocka_unit_test(limit_of_the_call),
      cmocka_unit_test(deadline_of_the_run),
      cmocka_unit_test(limit_beyond_the_backends),
      cmocka_unit_test(endless_replies_end),
  };
  return RUN(cases);
}
