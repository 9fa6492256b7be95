/* SPDX-License-Identifier: MIT
 *
 * What tests of the HTTP client share: a client with a server to talk to, and
 * an exchange that can be waited for. Every request carries a secret that no
 * message may show.
 */
#ifndef APXM_TESTS_HTTP_ASK_H
#define APXM_TESTS_HTTP_ASK_H

#include "core/base/thread.h"
#include "runtime/io/http.h"
#include "tests/raw_server.h"

enum { REPLY_CAP = 1 << 20 };
#define CANARY "sk-canary-0451"

extern const HttpTimeouts ask_patient; /* half a minute and more */

typedef struct Setup {
  RawServer *server;
  Reactor *reactor;
  HttpClient *client;
  HttpEndpoint *endpoint; /* the server's */
} Setup;

/* `place` without the port, as "http://127.0.0.1". */
Setup setup_with(void (*serve)(RawPeer *, void *), void *argument,
                 const char *place, const HttpTimeouts *timeouts);
Setup setup_to(void (*serve)(RawPeer *, void *), void *argument);
void setup_close(Setup *setup);
HttpEndpoint *setup_endpoint(const Setup *setup, const char *place,
                             uint16_t port, const HttpTimeouts *timeouts);

/* A server that sends back what it got, header and body. */
void serve_echo(RawPeer *peer, void *unused);

typedef struct Ask {
  HttpExchange exchange; /* first: the exchange is the ask */
  Mutex mutex;           /* guards done_count */
  Cond changed;
  uint32_t done_count;
  Buf pieces;           /* what `receive` was given; I/O thread */
  uint32_t piece_count; /* I/O thread */
  HttpPiece verdict;    /* what `receive` says */
} Ask;

void ask_init(Ask *ask, HttpEndpoint *endpoint); /* POST {"a": 1} to /chat */
void ask_wait(Ask *ask);                         /* until it is done, once */
void ask_free(Ask *ask);
void ask_done(HttpExchange *exchange);
HttpPiece ask_receive(HttpExchange *exchange, Slice piece);
void ask_run(Ask *ask, HttpEndpoint *endpoint); /* init, start, wait */

/* No message of this exchange may show what was sent. */
void ask_check_secret(const HttpExchange *exchange);

/* One ask that must end like this, its message containing `message`. */
void ask_expect(HttpEndpoint *endpoint, HttpFailure failure,
                const char *message);

#endif
