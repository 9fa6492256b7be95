/* SPDX-License-Identifier: MIT
 *
 * Exchanges and time: time-outs, cancels at every moment, starts from
 * callbacks, names that are looked up, and crowds. Run under the thread
 * sanitizer too.
 */
#include "runtime/io/http.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "tests/http_ask.h"
#include "tests/unit/unit.h"

/* ---- time-outs ----------------------------------------------------------- */

static void serve_silence(RawPeer *peer, void *argument) {
  (void)argument;
  raw_peer_wait(peer);
}

static void serve_start(RawPeer *peer, void *argument) {
  if (!raw_peer_skip(peer)) return;
  raw_peer_text(peer, argument);
  raw_peer_wait(peer);
}

/* A little every few milliseconds, for ever. */
static void serve_drip(RawPeer *peer, void *argument) {
  if (!raw_peer_skip(peer)) return;
  if (!raw_peer_text(peer, "HTTP/1.1 200 OK\r\n\r\n")) return;
  while (raw_peer_text(peer, argument)) clock_sleep(2 * NS_PER_MS);
}

static void expect_late(void (*serve)(RawPeer *, void *), void *argument,
                        HttpTimeouts timeouts, HttpFailure failure,
                        HttpPiece verdict) {
  Setup setup = setup_with(serve, argument, "http://127.0.0.1", &timeouts);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  if (verdict != HTTP_PIECE_STOP) ask.exchange.receive = ask_receive;
  ask.verdict = verdict;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, failure);
  assert_non_null(strstr(ask.exchange.message, " s (127.0.0.1:"));
  assert_true(ask.exchange.ended_at - ask.exchange.started_at >=
              20 * NS_PER_MS);
  ask_free(&ask);
  setup_close(&setup);
}

static const uint64_t SHORT = 20 * NS_PER_MS;
static const uint64_t LONG = 60 * NS_PER_S;

CASE(time_out_before_a_connection) {
  (void)state;
  RawWall wall;
  raw_wall_open(&wall);
  Setup setup = setup_to(serve_echo, NULL);
  HttpTimeouts timeouts = {SHORT, LONG, LONG, LONG};
  HttpEndpoint *walled =
      setup_endpoint(&setup, "http://127.0.0.1", wall.port, &timeouts);
  ask_expect(walled, HTTP_FAILURE_TIMEOUT_CONNECT,
             "no connection within 0.02 s");
  http_endpoint_free(walled);
  setup_close(&setup);
  raw_wall_close(&wall);
}

CASE(time_out_before_a_reply) {
  (void)state;
  HttpTimeouts timeouts = {LONG, SHORT, LONG, LONG};
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  expect_late(serve_silence, NULL, timeouts, HTTP_FAILURE_TIMEOUT_FIRST,
              HTTP_PIECE_STOP);
  expect_late(serve_start, (void *)head, timeouts, HTTP_FAILURE_TIMEOUT_FIRST,
              HTTP_PIECE_STOP); /* a header is not enough */
  expect_late(serve_drip, ": a comment\n\n", timeouts,
              HTTP_FAILURE_TIMEOUT_FIRST, HTTP_PIECE_NOTHING);
}

CASE(time_out_in_the_middle) {
  (void)state;
  HttpTimeouts timeouts = {LONG, LONG, SHORT, LONG};
  static const char some[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab";
  expect_late(serve_start, (void *)some, timeouts, HTTP_FAILURE_TIMEOUT_IDLE,
              HTTP_PIECE_STOP);
  expect_late(serve_start, (void *)some, timeouts, HTTP_FAILURE_TIMEOUT_IDLE,
              HTTP_PIECE_PROGRESS);
  HttpTimeouts no_first = {LONG, 0, SHORT, LONG};
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
  expect_late(serve_start, (void *)head, no_first, HTTP_FAILURE_TIMEOUT_IDLE,
              HTTP_PIECE_STOP);
}

CASE(time_out_of_the_whole) {
  (void)state;
  HttpTimeouts timeouts = {LONG, LONG, LONG, 3 * SHORT};
  expect_late(serve_drip, "data\n", timeouts, HTTP_FAILURE_TIMEOUT_TOTAL,
              HTTP_PIECE_PROGRESS);
  HttpTimeouts connected = {25 * SHORT, 0, 0, 40 * SHORT};
  expect_late(serve_silence, NULL, connected, HTTP_FAILURE_TIMEOUT_TOTAL,
              HTTP_PIECE_STOP);
  HttpTimeouts only = {0, 0, 0, SHORT};
  expect_late(serve_silence, NULL, only, HTTP_FAILURE_TIMEOUT_TOTAL,
              HTTP_PIECE_STOP);
}

/* The end of an exchange of its own, before the endpoint's or without one, and
 * before it has begun. */
CASE(time_out_at_a_given_time) {
  (void)state;
  static const uint64_t totals[] = {0, LONG};
  for (int i = 0; i < 4; i++) {
    Setup setup = setup_with(serve_drip, "data\n", "http://127.0.0.1",
                             &(HttpTimeouts){LONG, LONG, LONG, totals[i / 2]});
    Ask ask;
    ask_init(&ask, setup.endpoint);
    uint64_t start = clock_now();
    ask.exchange.receive = ask_receive;
    ask.exchange.ends_at = i % 2 ? start - 1 : start + 3 * SHORT;
    http_start(&ask.exchange);
    ask_wait(&ask);
    assert_int_equal(ask.exchange.failure, HTTP_FAILURE_TIMEOUT_TOTAL);
    assert_true(ask.exchange.ended_at >= ask.exchange.ends_at);
    assert_non_null(
        strstr(ask.exchange.message, i % 2 ? "no end of the reply within 0 s"
                                           : "no end of the reply within 0.0"));
    ask_free(&ask);
    setup_close(&setup);
  }
}

/* The first piece counts, then only comments come. */
static HttpPiece first_counts(HttpExchange *exchange, Slice piece) {
  HttpPiece verdict = ((Ask *)exchange)->piece_count == 0 ? HTTP_PIECE_PROGRESS
                                                          : HTTP_PIECE_NOTHING;
  ask_receive(exchange, piece);
  return verdict;
}

CASE(comments_are_no_progress) {
  (void)state;
  HttpTimeouts timeouts = {LONG, LONG, SHORT, LONG};
  Setup setup =
      setup_with(serve_drip, ": ping\n\n", "http://127.0.0.1", &timeouts);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = first_counts;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_TIMEOUT_IDLE);
  ask_free(&ask);
  setup_close(&setup);
}

/* Whatever else comes, and however patient we are. */
CASE(a_whole_reply_has_an_end) {
  (void)state;
  Setup setup =
      setup_with(serve_drip, "more\n", "http://127.0.0.1", &ask_patient);
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = ask_receive;
  ask.verdict = HTTP_PIECE_LAST;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_STOPPED);
  ask_free(&ask);
  setup_close(&setup);
}

/* ---- cancels ------------------------------------------------------------- */

static void expect_cancelled(Ask *ask) {
  ask_wait(ask);
  assert_int_equal(ask->exchange.failure, HTTP_FAILURE_CANCELLED);
  ask_check_secret(&ask->exchange);
  ask_free(ask);
}

CASE(cancel_at_once) {
  (void)state;
  Setup setup = setup_to(serve_silence, NULL);
  for (int i = 0; i < 50; i++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    http_start(&ask.exchange);
    http_cancel(&ask.exchange);
    http_cancel(&ask.exchange);
    expect_cancelled(&ask);
  }
  setup_close(&setup);
}

static void wait_requests(Setup *setup, uint32_t count) {
  while (raw_server_requests(setup->server) < count)
    clock_sleep(50 * NS_PER_US);
}

CASE(cancel_closes_the_socket) {
  (void)state;
  Setup setup =
      setup_to(serve_start, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
  for (uint32_t i = 1; i <= 5; i++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    http_start(&ask.exchange);
    wait_requests(&setup, i);
    http_cancel(&ask.exchange);
    expect_cancelled(&ask);
    while (raw_server_open(setup.server) > 0) clock_sleep(50 * NS_PER_US);
  }
  setup_close(&setup);
}

static HttpPiece cancel_inside(HttpExchange *exchange, Slice piece) {
  http_cancel(exchange);
  return ask_receive(exchange, piece);
}

CASE(cancel_from_a_reader) {
  (void)state;
  Setup setup = setup_to(serve_start, "HTTP/1.1 200 OK\r\n\r\nab");
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = cancel_inside;
  http_start(&ask.exchange);
  expect_cancelled(&ask);
  setup_close(&setup);
}

static void done_and_cancel(HttpExchange *exchange) {
  http_cancel(exchange);
  ask_done(exchange);
}

CASE(cancel_when_it_is_done) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  for (int i = 0; i < 20; i++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    ask.exchange.done = done_and_cancel;
    http_start(&ask.exchange);
    ask_wait(&ask);
    assert_int_equal(ask.exchange.failure, HTTP_FAILURE_NONE);
    ask_free(&ask);
  }
  setup_close(&setup);
}

/* The end comes while a cancel is on its way: the reply counts, once. */
static HttpPiece cancel_and_stop(HttpExchange *exchange, Slice piece) {
  http_cancel(exchange);
  ask_receive(exchange, piece);
  return HTTP_PIECE_STOP;
}

CASE(the_end_overtakes_a_cancel) {
  (void)state;
  Setup setup = setup_to(serve_start, "HTTP/1.1 200 OK\r\n\r\nab");
  Ask ask;
  ask_init(&ask, setup.endpoint);
  ask.exchange.receive = cancel_and_stop;
  http_start(&ask.exchange);
  ask_wait(&ask);
  assert_int_equal(ask.exchange.failure, HTTP_FAILURE_STOPPED);
  ask_free(&ask);
  setup_close(&setup);
}

/* ---- starts from callbacks ----------------------------------------------- */

typedef struct Chain {
  Ask *first; /* others follow it */
  uint32_t left;
} Chain;

static void done_and_start(HttpExchange *exchange) {
  Ask *ask = (Ask *)exchange;
  http_start(&(ask + 1)->exchange);
  ask_done(exchange);
}

CASE(one_starts_the_next) {
  (void)state;
  enum { LINKS = 50 };
  Setup setup = setup_to(serve_echo, NULL);
  Ask *asks = mem_alloc_zero(LINKS, sizeof *asks);
  for (int i = 0; i < LINKS; i++) {
    ask_init(&asks[i], setup.endpoint);
    if (i + 1 < LINKS) asks[i].exchange.done = done_and_start;
  }
  http_start(&asks[0].exchange);
  for (int i = 0; i < LINKS; i++) {
    ask_wait(&asks[i]);
    assert_int_equal(asks[i].exchange.failure, HTTP_FAILURE_NONE);
    ask_free(&asks[i]);
  }
  mem_free(asks);
  setup_close(&setup);
}

static HttpPiece start_inside(HttpExchange *exchange, Slice piece) {
  Ask *ask = (Ask *)exchange;
  if (ask->piece_count == 0) http_start(&(ask + 1)->exchange);
  return ask_receive(exchange, piece);
}

CASE(a_reader_starts_another) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  Ask asks[2];
  for (int i = 0; i < 2; i++) ask_init(&asks[i], setup.endpoint);
  asks[0].exchange.receive = start_inside;
  http_start(&asks[0].exchange);
  for (int i = 0; i < 2; i++) ask_wait(&asks[i]);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(asks[i].exchange.failure, HTTP_FAILURE_NONE);
    ask_free(&asks[i]);
  }
  setup_close(&setup);
}

static void start_bad(void *argument) {
  HttpExchange *exchange = argument;
  http_start(exchange);
  assert_int_equal(((Ask *)exchange)->done_count, 0);
}

CASE(what_cannot_be_sent_fails_later) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  static const char *const broken[] = {"X-A: 1\r\nX-B: 2"};
  Buf path = {0};
  buf_add_repeat(&path, 'x', 10000);
  for (int i = 0; i < 8; i++) {
    Ask ask;
    ask_init(&ask, setup.endpoint);
    if (i % 2) {
      ask.exchange.headers = broken;
      ask.exchange.header_count = 1;
    } else {
      ask.exchange.path = path.data;
    }
    if (i < 4)
      http_start(&ask.exchange);
    else
      reactor_call(setup.reactor, start_bad, &ask.exchange);
    if (i % 4 >= 2) http_cancel(&ask.exchange);
    ask_wait(&ask);
    assert_true(ask.exchange.failure == HTTP_FAILURE_OTHER ||
                ask.exchange.failure == HTTP_FAILURE_CANCELLED);
    ask_free(&ask);
  }
  buf_free(&path);
  setup_close(&setup);
}

/* ---- names --------------------------------------------------------------- */

static void run_many(Setup *setup, HttpEndpoint *endpoint, uint32_t count,
                     uint32_t cancels, HttpFailure failure) {
  (void)setup;
  Ask *asks = mem_alloc_zero(count, sizeof *asks);
  for (uint32_t i = 0; i < count; i++) {
    ask_init(&asks[i], endpoint);
    http_start(&asks[i].exchange);
  }
  for (uint32_t i = 0; i < cancels; i++) http_cancel(&asks[i].exchange);
  for (uint32_t i = 0; i < count; i++) {
    ask_wait(&asks[i]);
    assert_true(
        asks[i].exchange.failure == failure ||
        (i < cancels && asks[i].exchange.failure == HTTP_FAILURE_CANCELLED));
    ask_free(&asks[i]);
  }
  mem_free(asks);
}

/* 127.1 is a name to us and an address to the system. */
CASE(a_name_is_looked_up_once) {
  (void)state;
  Setup setup = setup_with(serve_echo, NULL, "http://127.1", &ask_patient);
  run_many(&setup, setup.endpoint, 60, 0, HTTP_FAILURE_NONE);
  run_many(&setup, setup.endpoint, 60, 0, HTTP_FAILURE_NONE);
  setup_close(&setup);
  setup = setup_with(serve_echo, NULL, "http://127.1", &ask_patient);
  run_many(&setup, setup.endpoint, 60, 30, HTTP_FAILURE_NONE);
  setup_close(&setup);
}

CASE(a_name_whose_server_refuses) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  HttpEndpoint *nowhere =
      setup_endpoint(&setup, "http://127.1", raw_port_unused(), &ask_patient);
  run_many(&setup, nowhere, 60, 10, HTTP_FAILURE_CONNECT);
  http_endpoint_free(nowhere);
  setup_close(&setup);
}

CASE(a_name_without_an_address) {
  (void)state;
  Setup setup = setup_to(serve_echo, NULL);
  HttpEndpoint *nowhere =
      setup_endpoint(&setup, "http://no-such-host.invalid", 80, &ask_patient);
  ask_expect(nowhere, HTTP_FAILURE_RESOLVE,
             "the host has no address (no-such-host.invalid:80)");
  run_many(&setup, nowhere, 20, 5, HTTP_FAILURE_RESOLVE);
  http_endpoint_free(nowhere);
  setup_close(&setup);
}

CASE(waiting_for_a_name_has_a_time_out) {
  (void)state;
  RawWall wall;
  raw_wall_open(&wall);
  Setup setup = setup_to(serve_echo, NULL);
  HttpTimeouts timeouts = {SHORT, LONG, LONG, LONG};
  HttpEndpoint *walled =
      setup_endpoint(&setup, "http://127.1", wall.port, &timeouts);
  run_many(&setup, walled, 20, 5, HTTP_FAILURE_TIMEOUT_CONNECT);
  http_endpoint_free(walled);
  setup_close(&setup);
  raw_wall_close(&wall);
}

/* ---- URLs ---------------------------------------------------------------- */

CASE(urls_that_are_none) {
  (void)state;
  static const char *const urls[] = {
      "",
      "127.0.0.1:80",
      "ftp://127.0.0.1",
      "http://",
      "http:///v1",
      "http://:80/v1",
      "http://a b/v1",
      ("http://user:" CANARY "@host/v1"),
      "http://host:0/v1",
      "http://host:65536/v1",
      "http://host:1x/v1",
      "http://[::1/v1",
      "http://[nonsense]/v1",
      "http://[::1]8080",
      ("http://host/v1?key=" CANARY),
      "http://host/v1#x",
      "http://host/\r\nX: y",
  };
  Setup setup = setup_to(serve_echo, NULL);
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    Error error = {0};
    assert_null(http_endpoint_new(setup.client, urls[i], NULL, 0, &ask_patient,
                                  REPLY_CAP, &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_null(strstr(error.message, CANARY));
  }
  static const char *const headers[] = {"no colon " CANARY, ": " CANARY,
                                        "X-A: b\r\nX: " CANARY};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    Error error = {0};
    assert_null(http_endpoint_new(setup.client, "http://host", &headers[i], 1,
                                  &ask_patient, REPLY_CAP, &error));
    assert_int_equal(error.status, STATUS_USAGE);
    assert_null(strstr(error.message, CANARY));
  }
  setup_close(&setup);
}

/* ---- many at once -------------------------------------------------------- */

/* Sound replies, cut ones, resets and late ones, by turns. */
static void serve_moods(RawPeer *peer, void *argument) {
  _Atomic uint32_t *turn = argument;
  for (;;) {
    uint32_t mood = add_relaxed(turn, 1) % 8;
    if (!raw_peer_skip(peer)) return;
    if (mood == 0) {
      raw_peer_text(peer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab");
      return;
    }
    if (mood == 1) {
      raw_peer_reset(peer);
      return;
    }
    if (mood == 2) clock_sleep(NS_PER_MS);
    if (mood == 3) {
      if (!raw_peer_text(peer,
                         "HTTP/1.1 200 OK\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n"
                         "2\r\n{}\r\n0\r\n\r\n"))
        return;
    } else if (!raw_peer_reply(peer, 200, "", SLICE("{\"ok\": true}"))) {
      return;
    }
  }
}

enum { CROWD = 500, CROWD_OPEN = 20 };

typedef struct Crowd {
  Setup *setup;
  uint32_t seed;
  uint32_t whole, cancelled, other;
} Crowd;

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 16;
}

/* Starts a batch, cancels some of it at once, some after a while, and some
 * while they end. */
static void run_batch(Crowd *crowd, uint32_t count) {
  Ask *asks = mem_alloc_zero(count, sizeof *asks);
  for (uint32_t i = 0; i < count; i++) {
    ask_init(&asks[i], crowd->setup->endpoint);
    if (next_random(&crowd->seed) % 2) asks[i].exchange.receive = ask_receive;
    http_start(&asks[i].exchange);
    if (next_random(&crowd->seed) % 8 == 0) http_cancel(&asks[i].exchange);
  }
  clock_sleep(next_random(&crowd->seed) % 1000 * NS_PER_US);
  for (uint32_t i = 0; i < count; i++) {
    mutex_lock(&asks[i].mutex); /* so that `done` has not returned */
    if (asks[i].done_count == 0 && next_random(&crowd->seed) % 4 == 0)
      http_cancel(&asks[i].exchange);
    mutex_unlock(&asks[i].mutex);
  }
  for (uint32_t i = 0; i < count; i++) {
    ask_wait(&asks[i]);
    HttpFailure failure = asks[i].exchange.failure;
    crowd->whole += failure == HTTP_FAILURE_NONE;
    crowd->cancelled += failure == HTTP_FAILURE_CANCELLED;
    crowd->other += failure == HTTP_FAILURE_CUT;
    ask_free(&asks[i]);
  }
  mem_free(asks);
}

static void run_crowd(void *argument) {
  Crowd *crowd = argument;
  for (uint32_t left = CROWD; left > 0; left -= CROWD_OPEN)
    run_batch(crowd, CROWD_OPEN);
}

CASE(crowds_with_cancels) {
  (void)state;
  enum { THREADS = 4 };
  _Atomic uint32_t turn = 0;
  Setup setup = setup_to(serve_moods, &turn);
  Crowd crowds[THREADS];
  Thread *threads[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    crowds[i] = (Crowd){.setup = &setup, .seed = i + 1};
    assert_int_equal(
        thread_start(&threads[i], "crowd", run_crowd, &crowds[i], NULL),
        STATUS_OK);
  }
  for (uint32_t i = 0; i < THREADS; i++) {
    thread_join(threads[i]);
    assert_int_equal(crowds[i].whole + crowds[i].cancelled + crowds[i].other,
                     CROWD);
    assert_true(crowds[i].whole > 0);
  }
  setup_close(&setup);
}

/* Where hundreds meet. */
typedef struct Meeting {
  Mutex mutex; /* guards the next */
  uint32_t arrived;
  Cond all_there;
} Meeting;

enum { MEMBERS = 300 };

static void wait_for_all(Meeting *meeting) {
  mutex_lock(&meeting->mutex);
  if (++meeting->arrived == MEMBERS) cond_broadcast(&meeting->all_there);
  while (meeting->arrived < MEMBERS)
    cond_wait(&meeting->all_there, &meeting->mutex);
  mutex_unlock(&meeting->mutex);
}

/* More than one multi handle holds, all open at once. */
static void serve_together(RawPeer *peer, void *argument) {
  while (raw_peer_skip(peer)) {
    wait_for_all(argument);
    if (!raw_peer_reply(peer, 200, "", SLICE("{}"))) return;
  }
}

CASE(hundreds_open_at_once) {
  (void)state;
  Meeting meeting = {0};
  mutex_init(&meeting.mutex);
  cond_init(&meeting.all_there);
  Setup setup = setup_to(serve_together, &meeting);
  run_many(&setup, setup.endpoint, MEMBERS, 0, HTTP_FAILURE_NONE);
  assert_int_equal(raw_server_accepted(setup.server), MEMBERS);
  run_many(&setup, setup.endpoint, 100, 0, HTTP_FAILURE_NONE);
  assert_int_equal(raw_server_accepted(setup.server), MEMBERS);
  setup_close(&setup);
  cond_destroy(&meeting.all_there);
  mutex_destroy(&meeting.mutex);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_out_before_a_connection),
      cmocka_unit_test(time_out_before_a_reply),
      cmocka_unit_test(time_out_in_the_middle),
      cmocka_unit_test(time_out_of_the_whole),
      cmocka_unit_test(time_out_at_a_given_time),
      cmocka_unit_test(comments_are_no_progress),
      cmocka_unit_test(a_whole_reply_has_an_end),
      cmocka_unit_test(cancel_at_once),
      cmocka_unit_test(cancel_closes_the_socket),
      cmocka_unit_test(cancel_from_a_reader),
      cmocka_unit_test(cancel_when_it_is_done),
      cmocka_unit_test(the_end_overtakes_a_cancel),
      cmocka_unit_test(one_starts_the_next),
      cmocka_unit_test(a_reader_starts_another),
      cmocka_unit_test(what_cannot_be_sent_fails_later),
      cmocka_unit_test(a_name_is_looked_up_once),
      cmocka_unit_test(a_name_whose_server_refuses),
      cmocka_unit_test(a_name_without_an_address),
      cmocka_unit_test(waiting_for_a_name_has_a_time_out),
      cmocka_unit_test(urls_that_are_none),
      cmocka_unit_test(crowds_with_cancels),
      cmocka_unit_test(hundreds_open_at_once),
  };
  return RUN(tests);
}
