/* SPDX-License-Identifier: MIT
 *
 * Setting up and waiting; see http_ask.h.
 */
#include "tests/http_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "tests/unit/unit.h"

const HttpTimeouts ask_patient = {30 * NS_PER_S, 30 * NS_PER_S, 30 * NS_PER_S,
                                  60 * NS_PER_S};
static const char *const secret[] = {"Authorization: Bearer " CANARY};

/* ---- one client and its server ------------------------------------------- */

HttpEndpoint *setup_endpoint(const Setup *setup, const char *place,
                             uint16_t port, const HttpTimeouts *timeouts) {
  char url[64];
  Error error = {0};
  snprintf(url, sizeof url, "%s:%u/v1", place, port);
  HttpEndpoint *endpoint = http_endpoint_new(setup->client, url, secret, 1,
                                             timeouts, REPLY_CAP, &error);
  assert_non_null(endpoint);
  return endpoint;
}

Setup setup_with(void (*serve)(RawPeer *, void *), void *argument,
                 const char *place, const HttpTimeouts *timeouts) {
  Error error = {0};
  Setup setup = {.reactor = reactor_new(&error)};
  assert_non_null(setup.reactor);
  setup.client = http_client_new(setup.reactor, &error);
  assert_non_null(setup.client);
  setup.server = raw_server_new(serve, argument);
  setup.endpoint =
      setup_endpoint(&setup, place, raw_server_port(setup.server), timeouts);
  return setup;
}

Setup setup_to(void (*serve)(RawPeer *, void *), void *argument) {
  return setup_with(serve, argument, "http://127.0.0.1", &ask_patient);
}

void setup_close(Setup *setup) {
  http_endpoint_free(setup->endpoint);
  http_client_free(setup->client);
  reactor_free(setup->reactor);
  raw_server_free(setup->server);
}

/* ---- one exchange -------------------------------------------------------- */

void ask_done(HttpExchange *exchange) {
  Ask *ask = (Ask *)exchange;
  mutex_lock(&ask->mutex);
  ask->done_count++;
  cond_signal(&ask->changed);
  mutex_unlock(&ask->mutex);
}

HttpPiece ask_receive(HttpExchange *exchange, Slice piece) {
  Ask *ask = (Ask *)exchange;
  buf_add_slice(&ask->pieces, piece);
  ask->piece_count++;
  return ask->verdict;
}

void ask_init(Ask *ask, HttpEndpoint *endpoint) {
  *ask = (Ask){.exchange = {.endpoint = endpoint,
                            .path = "/chat",
                            .body = SLICE("{\"a\": 1}"),
                            .done = ask_done},
               .verdict = HTTP_PIECE_PROGRESS};
  mutex_init(&ask->mutex);
  cond_init(&ask->changed);
}

void ask_wait(Ask *ask) {
  mutex_lock(&ask->mutex);
  while (ask->done_count == 0) cond_wait(&ask->changed, &ask->mutex);
  assert_int_equal(ask->done_count, 1);
  mutex_unlock(&ask->mutex);
}

void ask_free(Ask *ask) {
  buf_free(&ask->exchange.reply);
  buf_free(&ask->pieces);
  cond_destroy(&ask->changed);
  mutex_destroy(&ask->mutex);
}

void ask_run(Ask *ask, HttpEndpoint *endpoint) {
  ask_init(ask, endpoint);
  http_start(&ask->exchange);
  ask_wait(ask);
}

void ask_check_secret(const HttpExchange *exchange) {
  assert_null(strstr(exchange->message, CANARY));
  assert_null(strstr(exchange->message, "\"a\""));
}

void ask_expect(HttpEndpoint *endpoint, HttpFailure failure,
                const char *message) {
  Ask ask;
  ask_run(&ask, endpoint);
  if (ask.exchange.failure != failure)
    print_error("%s\n", ask.exchange.message);
  assert_int_equal(ask.exchange.failure, failure);
  if (!strstr(ask.exchange.message, message))
    print_error("%s\n", ask.exchange.message);
  assert_non_null(strstr(ask.exchange.message, message));
  ask_check_secret(&ask.exchange);
  ask_free(&ask);
}

void serve_echo(RawPeer *peer, void *unused) {
  (void)unused;
  Buf head = {0}, body = {0};
  while (raw_peer_read(peer, &head, &body)) {
    buf_add_slice(&head, buf_slice(&body));
    if (!raw_peer_reply(peer, 200, "Content-Type: text/x-echo; a=b\r\n",
                        buf_slice(&head)))
      break;
  }
  buf_free(&head);
  buf_free(&body);
}
