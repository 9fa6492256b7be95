/* SPDX-License-Identifier: MIT
 *
 * What the files of a remote provider share:
 *
 *     remote.c           exchanges: start, cancel, done
 *     remote_headers.c   key and headers, from the environment
 *     remote_failures.c  why there is no reply, as a sentence
 */
#ifndef APXM_RUNTIME_MODEL_REMOTE_INT_H
#define APXM_RUNTIME_MODEL_REMOTE_INT_H

#include "core/base/thread.h"
#include "core/base/vec.h"
#include "runtime/model/remote.h"

/* Headers of every request, "Name: value". Zero it. */
typedef struct RemoteHeaders {
  VEC(char *) lines;
  bool has_key; /* an Authorization is among them */
} RemoteHeaders;

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

/* What the configuration says is sent with every request; the values that come
 * from the environment are added to `secrets`. */
Status remote_headers_make(const BackendConfig *config, bool is_official,
                           RemoteHeaders *headers, Secrets *secrets,
                           Error *error) MUST_USE;
void remote_headers_free(RemoteHeaders *headers); /* overwrites them first */

/* "backend fast (openai at http://127.0.0.1:8080/v1)" */
void remote_add_name(const BackendConfig *config, Buf *out);

/* Why this exchange brought no reply: the transfer failed, or the server
 * answered something else than 2xx. */
void remote_add_failure(const Remote *remote, const HttpExchange *http,
                        Buf *out);

#endif
