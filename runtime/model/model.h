/* SPDX-License-Identifier: MIT
 *
 * The client that every request goes through: admission to its backend by
 * rank, then age, under that one's in-flight limit; then a provider, which is
 * a small table of functions. What fails and may go better is tried again
 * (retry.h), in the same queue.
 *
 *     model_submit --> [backend's queue] --> provider.start --> ... I/O thread
 *                              ^                                     |
 *                              +--- a wait, another attempt <--------+
 *                         request.done  <-- reply filled  <----------+
 */
#ifndef APXM_RUNTIME_MODEL_MODEL_H
#define APXM_RUNTIME_MODEL_MODEL_H

#include "core/config/config.h"
#include "runtime/model/request.h"

typedef struct ModelClient ModelClient;

/* Texts are read by model_client_new and model_client_backend; they and the
 * configuration must stay until the client is freed. */
typedef struct ModelOptions {
  const Config *config;    /* NULL: none */
  const char *backend;     /* of calls that name none: a name or
                              PROVIDER[:URL]; NULL: the configuration's, or
                              sim */
  const char *model;       /* of calls that name none; NULL: the backend's */
  uint32_t max_in_flight;  /* for each backend; 0: its own */
  const char *sim_profile; /* instant, fixed:MS, tokens, workload4, or a file
                              with a profile; NULL: instant */
  const char *replies;     /* file of scripted replies, or NULL */
  const char *script;      /* the text of such a file: then every backend is
                              sim, and a request that no rule fits fails as
                              NOT_RECORDED; or NULL */
  const char *request_log; /* file to append a JSON line a request, or NULL */
  uint64_t retry_seed;     /* of the jitter between attempts; 0: a random one */
  const char *record;      /* folder that gets every call, or NULL */
  bool record_whole;       /* and nothing else: see recorder_open */
  const char *replay;      /* folder that answers instead of any backend: no
                              network, no key; or NULL */
} ModelOptions;

/* To be called before the first thread of the process, if it can be: makes
 * room for the connections that the default backend may have (http_reserve). */
void model_reserve(const ModelOptions *options);

/* Makes no backend yet. */
ModelClient *model_client_new(const ModelOptions *options, Reactor *reactor,
                              Error *error);
void model_client_free(ModelClient *client); /* no request may be open */

/* Any thread but the I/O thread. The backend called `name` (empty: the default
 * one), made when it is first asked for. NULL: no such backend, its key is not
 * set, its library is missing, ... */
ModelBackend *model_client_backend(ModelClient *client, Slice name,
                                   Error *error);

/* Any thread. True: completed at once (answered, failed, or cancelled before),
 * the reply is filled and `done` is not called. False: `done` will be called
 * exactly once, by the I/O thread, with no lock held, possibly before this
 * returns; the request must stay until then and may be freed in there. A
 * request keeps its slot until `done` has returned, so that what is submitted
 * in there competes for it by rank. */
bool model_submit(ModelBackend *backend, ModelRequest *request) MUST_USE;

/* Any thread, from before model_submit until `done` has returned; more than
 * once does no harm. Asks for an early end: `done` is called soon (never from
 * in here) with STATUS_CANCELLED, unless the reply was faster. `backend` is
 * the one that the request was or will be submitted to. */
void model_cancel(ModelBackend *backend, ModelRequest *request);

uint64_t model_client_retry_seed(const ModelClient *client);

/* Any thread: requests that wait for a slot, of all its backends. */
uint64_t model_client_waiting(ModelClient *client);

/* What a backend has allowed since it was made. */
typedef struct ModelLimits {
  uint32_t most, least; /* calls open at once; equal where that is fixed */
  uint32_t bound;       /* `most` will never be more */
  uint64_t held_ns;     /* calls waited although there was a slot: for requests
                           or tokens a minute, or because the server said so */
} ModelLimits;
/* Any thread. */
void model_backend_limits(ModelBackend *backend, ModelLimits *limits);
/* Any thread. Calls that may be open at once, now. */
uint32_t model_backend_limit(const ModelBackend *backend);
const char *model_backend_name(const ModelBackend *backend); /* "sim" */
/* The provider's kind: "sim", "openai", ... */
const char *model_backend_provider(const ModelBackend *backend);
/* The latency profile of sim ("fixed:100"), the URL of others. */
const char *model_backend_detail(const ModelBackend *backend);
/* The model it uses by default; "" when it does not say. */
const char *model_backend_model(const ModelBackend *backend);
/* Its client's. */
uint64_t model_backend_retry_seed(const ModelBackend *backend);

#endif
