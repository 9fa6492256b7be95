/* SPDX-License-Identifier: MIT
 *
 * HTTP exchanges as state machines on the I/O thread: libcurl's multi
 * interface driven by the reactor. Transfers are spread over several multi
 * handles, since what one costs grows with its connections; a connection is
 * kept and used again. Redirects are not followed, certificates are verified,
 * reply bytes are capped. libcurl is loaded and started when a client is made.
 */
#ifndef APXM_RUNTIME_IO_HTTP_H
#define APXM_RUNTIME_IO_HTTP_H

#include "core/base/buf.h"
#include "runtime/io/http_failure.h"
#include "runtime/io/reactor.h"

typedef struct HttpClient HttpClient;
typedef struct HttpEndpoint HttpEndpoint;
typedef struct HttpExchange HttpExchange;
typedef struct HttpTransfer HttpTransfer; /* http.c's own */

/* In ns; 0: none. */
typedef struct HttpTimeouts {
  uint64_t connect; /* until the connection stands, TLS included */
  uint64_t first;   /* from the start to the first progress */
  uint64_t idle;    /* between two steps of progress */
  uint64_t total;   /* from the start to the end */
} HttpTimeouts;

typedef enum HttpPiece {
  HTTP_PIECE_PROGRESS, /* counts for the idle time-out */
  HTTP_PIECE_NOTHING,  /* a comment, half a line: does not */
  HTTP_PIECE_LAST,     /* all is there: the end is waited for a moment only, so
                          that the connection can be kept; then it stops */
  HTTP_PIECE_STOP      /* enough: ends the exchange */
} HttpPiece;

/* One POST and its reply (a GET when `is_get`). Zero it first; it stays where
 * it is until `done`. */
struct HttpExchange {
  /* Set by the submitter; must stay until `done`. */
  HttpEndpoint *endpoint;
  const char *path; /* appended to the endpoint's URL; "" for none */
  bool is_get;
  bool is_fresh; /* over a connection of its own, not one that was kept */
  Slice body;                 /* JSON */
  const char *const *headers; /* further ones, "Name: value" */
  uint32_t header_count;
  /* Each piece of a reply with a status code of 2xx, on the I/O thread; NULL:
   * gathered in `reply`, where the bodies of all other replies go too. */
  HttpPiece (*receive)(HttpExchange *exchange, Slice piece);
  /* Each header of the final reply, its name as it was sent, on the I/O
   * thread; or NULL. Only those whose names begin with one of `header_prefixes`
   * (a NULL after the last), in whatever case, are given. */
  void (*header)(HttpExchange *exchange, Slice name, Slice value);
  const char *const *header_prefixes;
  uint64_t ends_at; /* clock_now() of HTTP_FAILURE_TIMEOUT_TOTAL, if that is
                       earlier than the endpoint's `total`; 0: not */
  void (*done)(HttpExchange *exchange); /* I/O thread, once, no lock held; it
                                           may free the exchange */

  /* Filled before `done`. */
  HttpFailure failure;
  uint32_t code;        /* 200, ...; 0: none came */
  Buf reply;            /* owned by the submitter after `done` */
  char type[64];        /* Content-Type, cut */
  char retry_after[64]; /* Retry-After, as sent; empty: none */
  char message[256];    /* of a failure: "connection refused (127.0.0.1:80)" */
  /* clock_now(), 0: never came so far. A connection that was open already
   * counts as connected when the transfer began. */
  uint64_t started_at, connected_at, first_byte_at, ended_at;

  HttpTransfer *transfer; /* the client's own, I/O thread */
  ReactorJob job;         /* the client's own: starts it */
  ReactorJob cancel_job;  /* the client's own: ends it */
  _Atomic uint32_t state; /* the client's own: flags, see http.c */
};

/* Loads libcurl. STATUS_NOT_FOUND: it is not installed. */
HttpClient *http_client_new(Reactor *reactor, Error *error);
void http_client_free(HttpClient *client); /* no exchange may be open */

/* Raises the soft limit of descriptors to the hard one, once a process, and
 * says how many connections fit, what else needs descriptors left aside. */
uint32_t http_connections_max(void);

/* Before the process has threads: makes room in the kernel's table of
 * descriptors in one step. Growing it later stalls every thread for 10 ms. */
void http_reserve(uint32_t connections);

bool http_is_loopback(const char *url); /* false, too, if it is no URL */

/* `url` without a final slash, "http://" or "https://"; `headers` as
 * "Name: value", copied. `reply_cap` in bytes. STATUS_USAGE: not a URL. */
HttpEndpoint *http_endpoint_new(HttpClient *client, const char *url,
                                const char *const *headers,
                                uint32_t header_count,
                                const HttpTimeouts *timeouts,
                                uint64_t reply_cap, Error *error);
void http_endpoint_free(HttpEndpoint *endpoint); /* no exchange may be open */

/* Any thread; at once on the I/O thread, else by a job of it. `done` is called
 * exactly once, never from in here. */
void http_start(HttpExchange *exchange);

/* Any thread, from http_start until `done` has returned; more than once does
 * no harm. Ends it early: closes the socket; `done` is called soon, not from in
 * here, with HTTP_FAILURE_CANCELLED, unless the reply was faster. */
void http_cancel(HttpExchange *exchange);

#endif
