/* SPDX-License-Identifier: MIT
 *
 * What the files of a remote provider share:
 *
 *     remote.c           the provider: start, cancel, done
 *     remote_exchange.c  one attempt: what is sent, what becomes of the reply
 *     remote_headers.c   key and headers, from the environment
 *     remote_failures.c  why there is no reply
 */
#ifndef APXM_RUNTIME_MODEL_REMOTE_INT_H
#define APXM_RUNTIME_MODEL_REMOTE_INT_H

#include "core/base/thread.h"
#include "runtime/model/remote.h"

enum { REMOTE_OWN_LINES = 3 }; /* X-Apxm-Run, X-Apxm-Op, X-Apxm-Phase */

typedef struct Remote {
  Provider provider; /* first: the provider is the remote */
  /* Immutable. */
  const Dialect *dialect;
  BackendConfig config; /* its texts outlive the provider */
  ReplyTerms terms;     /* the model in it is owned */
  char *session;        /* owned; names this process */
  bool has_key;         /* requests carry one */
  Secrets secrets;
  HttpEndpoint *endpoint;

  /* Guards each request's provider_state and provider_data. http_start and
   * http_cancel are called under it: so a cancel meets either no exchange or
   * one that has been started and is still there. */
  Mutex mutex;
} Remote;

/* One attempt of a request on its way. Made by the thread that starts it, then
 * the I/O thread's alone. */
typedef struct RemoteExchange {
  HttpExchange http; /* first: the HTTP exchange is the exchange */
  Remote *remote;
  ModelRequest *request;
  Buf path, body;
  Buf headers[REMOTE_OWN_LINES];
  const char *header_lines[REMOTE_OWN_LINES];
  Reply reply;
  bool has_limits;         /* the headers say something of limits: */
  RateSeen seen;
  bool has_retry_after;    /* they say when to ask again: */
  bool is_exact;           /* by retry-after-ms */
  uint64_t retry_after_ns; /* from the header on */
} RemoteExchange;

/* ---- remote_exchange.c --------------------------------------------------- */

/* Ready to be started, but for `done`. */
RemoteExchange *remote_exchange_new(Remote *remote, ModelRequest *request);
void remote_exchange_free(RemoteExchange *exchange);
/* It is over: fills the request. */
void remote_exchange_fill(RemoteExchange *exchange);

/* ---- remote_headers.c ---------------------------------------------------- */

/* Whether it is the provider's own server. */
bool remote_is_official(const BackendConfig *config);

/* ---- remote_failures.c --------------------------------------------------- */

/* "backend fast (openai at http://127.0.0.1:8080/v1)" */
void remote_add_name(const BackendConfig *config, Buf *out);

/* Fills a request that has no reply: problem, sentence, advice, and what was
 * sent and received. */
void remote_fail_exchange(const RemoteExchange *exchange);
/* The same when nothing was sent. */
void remote_fail_unsent(const Remote *remote, ModelRequest *request);

#endif
