/* SPDX-License-Identifier: MIT
 *
 * The server of one script, the client of one backend.
 */
#include "tests/remote_bench.h"

#include <math.h>
#include <stdio.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "tests/unit/unit.h"

/* ---- the server ---------------------------------------------------------- */

static void answer(RawPeer *peer, const Script *script) {
  size_t length = script->answer ? strlen(script->answer) : 0;
  size_t step = script->is_slow ? 1 : length;
  for (size_t at = 0; at < length; at += step)
    if (!raw_peer_send(peer, slice_from(script->answer + at, step))) return;
}

static void serve(RawPeer *peer, void *argument) {
  Script *script = argument;
  Buf head = {0};
  Buf body = {0};
  bool is_read = raw_peer_read(peer, &head, &body);
  if (is_read) {
    mutex_lock(&script->mutex);
    buf_clear(&script->head);
    buf_clear(&script->body);
    buf_add_slice(&script->head, buf_slice(&head));
    buf_add_slice(&script->body, buf_slice(&body));
    mutex_unlock(&script->mutex);
    answer(peer, script);
  }
  buf_free(&head);
  buf_free(&body);
  if (is_read && script->holds) raw_peer_wait(peer);
  if (is_read && script->resets) raw_peer_reset(peer);
}

/* ---- the client ---------------------------------------------------------- */

Bench *bench_new(const char *provider, const char *text) {
  Bench *bench = MEM_NEW(Bench);
  bench->script.answer = text;
  mutex_init(&bench->script.mutex);
  bench->config = (BackendConfig){.name = "fast",
                                  .provider = provider,
                                  .url = bench->url,
                                  .model = "tiny",
                                  .max_in_flight = 64,
                                  .connect_ns = 60 * NS_PER_S,
                                  .first_token_ns = 60 * NS_PER_S,
                                  .idle_ns = 60 * NS_PER_S,
                                  .total_ns = 60 * NS_PER_S};
  return bench;
}

Bench *bench_that_holds(bool is_stream, const char *answer) {
  Bench *bench = bench_new("openai", answer);
  bench->config.stream = is_stream;
  bench->script.holds = true;
  return bench;
}

ModelBackend *bench_find(Bench *bench, Error *error) {
  bench->all.backends.data = &bench->config;
  bench->all.backends.length = 1;
  bench->reactor = reactor_new(error);
  assert_non_null(bench->reactor);
  bench->client = model_client_new(
      &(ModelOptions){.config = &bench->all, .backend = bench->config.name},
      bench->reactor, error);
  assert_non_null(bench->client);
  return model_client_backend(bench->client, SLICE(""), error);
}

void bench_open_at(Bench *bench, uint16_t port) {
  Error error = {0};
  bench->port = port;
  snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:%u/v1", port);
  snprintf(bench->where, sizeof bench->where,
           "backend fast (%s at %s): ", bench->config.provider, bench->url);
  bench->backend = bench_find(bench, &error);
  if (!bench->backend) fail_msg("%s", error.message);
}

void bench_open(Bench *bench) {
  bench->server = raw_server_new(serve, &bench->script);
  bench_open_at(bench, raw_server_port(bench->server));
}

void bench_free(Bench *bench) {
  model_client_free(bench->client);
  reactor_free(bench->reactor);
  if (bench->server) raw_server_free(bench->server);
  buf_free(&bench->script.head);
  buf_free(&bench->script.body);
  mutex_destroy(&bench->script.mutex);
  mem_free(bench);
}

void bench_wait_asked(Bench *bench) {
  while (raw_server_requests(bench->server) == 0) clock_sleep(50 * NS_PER_US);
}

static void on_done(ModelRequest *request) {
  Call *call = (Call *)request;
  atomic_fetch_add_explicit(&call->done, 1, memory_order_release);
}

void call_init(Call *call, const char *prompt) {
  *call = (Call){.request = {.operation = SLICE("ask"),
                             .temperature = NAN,
                             .run = 7,
                             .done = on_done}};
  buf_add_text(&call->request.prompt, prompt);
}

void call_submit(Bench *bench, Call *call) {
  if (model_submit(bench->backend, &call->request))
    atomic_fetch_add_explicit(&call->done, 1, memory_order_release);
}

void call_wait(Call *call) {
  while (load_acquire(&call->done) == 0) clock_sleep(50 * NS_PER_US);
}

void call_ask(Bench *bench, Call *call) {
  call_init(call, "Why?");
  call_submit(bench, call);
  call_wait(call);
}

void expect_reply(Bench *bench, Call *call, const char *wanted) {
  Slice reply = buf_slice(&call->request.reply);
  if (call->request.status != STATUS_OK || !slice_equal_text(reply, wanted))
    fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(reply), wanted);
  model_request_clear(&call->request);
  bench_free(bench);
}

void expect_failure(Bench *bench, Call *call, const char *wanted) {
  Slice reply = buf_slice(&call->request.reply);
  Slice where = slice_of(bench->where);
  assert_int_equal(call->request.status, STATUS_MODEL);
  assert_int_equal(call->request.output_tokens, 0);
  if (!slice_starts_with(reply, where))
    fail_msg("\"%.*s\" does not begin with \"%s\"", SLICE_ARG(reply),
             bench->where);
  reply = slice_from(reply.data + where.length, reply.length - where.length);
  if (!slice_equal_text(reply, wanted))
    fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(reply), wanted);
  model_request_clear(&call->request);
  bench_free(bench);
}

void expect_problem(Bench *bench, Call *call, ModelProblem problem,
                    const char *wanted) {
  ModelProblem found = call->request.problem;
  if (found != problem)
    fail_msg("%s instead of %s: \"%s\"", model_problem_text(found),
             model_problem_text(problem), call->request.reply.data);
  expect_failure(bench, call, wanted);
}
