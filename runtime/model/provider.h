/* SPDX-License-Identifier: MIT
 *
 * What a provider is to the client: a few functions. A provider never calls
 * request->done; it calls provider_finish, once a request, from the I/O thread.
 */
#ifndef APXM_RUNTIME_MODEL_PROVIDER_H
#define APXM_RUNTIME_MODEL_PROVIDER_H

#include "runtime/io/http.h"
#include "runtime/model/board.h"
#include "runtime/model/model.h"
#include "runtime/model/rate.h"
#include "runtime/model/tape.h"

typedef struct Provider Provider;

typedef struct ProviderClass {
  /* Begins an attempt; any thread, no lock held. True: the reply is filled
   * already and provider_finish will not be called. A provider ends the attempt
   * itself at request->ends_at, as MODEL_PROBLEM_TIMED_OUT. It fills what
   * request.h says is of the attempt, whatever an earlier one left there. */
  bool (*start)(Provider *provider, ModelRequest *request);
  /* Any thread, also while `start` has not returned. True: the exchange is off
   * and provider_finish will not be called for it; false: it is about to be,
   * or `start` is about to return true. */
  bool (*cancel)(Provider *provider, ModelRequest *request);
  void (*free)(Provider *provider);
} ProviderClass;

struct Provider {
  const ProviderClass *class;
  const char *detail; /* for reports: a URL, a profile; owned by the provider */
};

/* What a provider is made from. It copies what it keeps; only the texts of
 * `config` and `options` outlive it. */
typedef struct ProviderSetup {
  const BackendConfig *config;
  const ModelOptions *options;
  const char *model;   /* for requests that name none; NULL: none */
  const char *session; /* names this process in X-Apxm-Run: "SESSION-RUN" */
  Reactor *reactor;
  HttpClient *http;     /* NULL for sim, which has no URL */
  Board *board;         /* for those who watch; NULL: none */
  uint32_t connections; /* that the client's other backends leave to it */
  Recorder *recorder;   /* NULL: nothing is recorded */
  Tape *tape;           /* that answers in the provider's place; or NULL */
} ProviderSetup;

/* X: Provider *NAME_new(setup, error), one for each of providers.def. */
#define X(name, url, key, in_flight, text) \
  Provider *name##_new(const ProviderSetup *setup, Error *error);
#include "core/config/providers.def"
#undef X

/* The provider that answers from setup->tape. */
Provider *replay_new(const ProviderSetup *setup);

/* I/O thread: the reply is filled, status included. */
void provider_finish(ModelRequest *request);

/* I/O thread, before that: what the reply's headers say of limits. */
void provider_saw(ModelRequest *request, const RateSeen *seen);

/* Fills the reply of a request that was cancelled. */
void provider_fill_cancelled(ModelRequest *request);

/* The same of one whose `ends_at` has come. */
void provider_fill_expired(ModelRequest *request);

#endif
