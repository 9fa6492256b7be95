/* SPDX-License-Identifier: MIT
 *
 * What a model request and its reply are, and the client that every request
 * goes through: admission by rank, then age, under one in-flight limit; then
 * a provider, which is a small table of functions.
 *
 *     model_submit --> [admission queue] --> provider.start --> ... I/O thread
 *                                                                   |
 *                         request.done  <-- reply filled  <---------+
 */
#ifndef APXM_RUNTIME_MODEL_MODEL_H
#define APXM_RUNTIME_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "runtime/io/reactor.h"

typedef struct ModelClient ModelClient;
typedef struct ModelRequest ModelRequest;

/* Where a request is on its way. */
typedef enum ModelStage {
  MODEL_STAGE_NEW,     /* not submitted yet */
  MODEL_STAGE_QUEUED,  /* in the admission heap */
  MODEL_STAGE_STARTED, /* with the provider */
  MODEL_STAGE_FINISHED /* completed, or about to be */
} ModelStage;

/* Zero it first. */
struct ModelRequest {
  /* Set by the submitter; immutable after model_submit. Slices outlive it. */
  Buf prompt;         /* owned */
  Slice operation;    /* "ask", "think", "reason" */
  Slice system;       /* empty: none */
  Slice model;        /* empty: the backend's default */
  double temperature; /* NaN: the backend's default */
  uint32_t max_tokens;    /* 0: no limit */
  uint32_t budget_tokens; /* 0: none; of think */
  uint64_t run;       /* which run, for logs */
  uint64_t rank;      /* larger goes first */
  void (*started)(ModelRequest *request); /* at dispatch; any thread; short */
  void (*ended)(ModelRequest *request);   /* once, before its slot is given
                                             back; any thread; short; or NULL */
  void (*done)(ModelRequest *request);    /* once, see model_submit */

  /* Filled before `done`; stable after. */
  Status status;        /* STATUS_OK, STATUS_MODEL, STATUS_CANCELLED */
  Buf reply;            /* the text, or the error message when not OK */
  uint32_t input_tokens, output_tokens;
  bool tokens_estimated;
  uint64_t queued_at;     /* clock_now() at model_submit */
  uint64_t dispatched_at; /* left admission; 0 when it never did */
  uint64_t completed_at;

  /* The client's and the provider's own. */
  uint64_t age;         /* ticket of arrival, guarded by the client's lock */
  uint32_t place;       /* in the admission heap plus 1, same guard */
  ModelStage stage;     /* same guard */
  bool cancelled;       /* same guard */
  Timer timer;          /* the provider's */
  ReactorJob job;       /* the client's, to complete a cancelled request */
  ModelClient *client;
  double provider_work; /* sim: finish point on the shared server's clock */
  uint32_t provider_slot;  /* sim: place in the shared server plus 1 */
  uint32_t provider_state; /* the provider's own word on the exchange */
  uint32_t open_at_start; /* requests open when it started, itself included */
};

typedef struct ModelOptions {
  uint32_t max_in_flight;  /* 0: the provider's default */
  const char *sim_profile; /* instant, fixed:MS, tokens, workload4, or a file
                              with a profile; NULL: instant */
  const char *replies;     /* file of scripted replies, or NULL */
  const char *request_log; /* file to append one JSON line a request, or NULL */
} ModelOptions;

ModelClient *model_client_new(const ModelOptions *options, Reactor *reactor,
                              Error *error);
void model_client_free(ModelClient *client); /* no request may be open */

/* Any thread. True: completed at once (answered, failed, or cancelled before),
 * the reply is filled and `done` is not called. False: `done` will be called
 * exactly once, by the I/O thread, with no lock held, possibly before this
 * returns; the request must stay until then and may be freed in there. A
 * request keeps its slot until `done` has returned, so that what is submitted
 * in there competes for it by rank. */
bool model_submit(ModelClient *client, ModelRequest *request) MUST_USE;

/* Any thread, from before model_submit until `done` has returned; more than
 * once does no harm. Asks for an early end: `done` is called soon (never from
 * in here) with STATUS_CANCELLED, unless the reply was faster. `client` is
 * the one that the request was or will be submitted to. */
void model_cancel(ModelClient *client, ModelRequest *request);

uint32_t model_in_flight_limit(const ModelClient *client);
const char *model_backend_name(const ModelClient *client);   /* "sim" */
const char *model_backend_detail(const ModelClient *client); /* "fixed:100" */

/* Frees what the request owns (prompt, reply), not the request. */
void model_request_clear(ModelRequest *request);

/* About four bytes a token: what is reported when nobody counts. */
uint32_t model_estimate_tokens(Slice text);

#endif
