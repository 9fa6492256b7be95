/* SPDX-License-Identifier: MIT
 *
 * What a provider is to the client: four functions. A provider never calls
 * request->done; it calls provider_finish, once a request, from the I/O thread.
 */
#ifndef APXM_RUNTIME_MODEL_PROVIDER_H
#define APXM_RUNTIME_MODEL_PROVIDER_H

#include "runtime/model/model.h"

typedef struct Provider Provider;

typedef struct ProviderClass {
  const char *name;
  uint32_t default_in_flight;
  /* Begins the exchange; any thread, no lock held. True: the reply is filled
   * already and provider_finish will not be called. */
  bool (*start)(Provider *provider, ModelRequest *request);
  /* Any thread, also while `start` has not returned. True: the exchange is off
   * and provider_finish will not be called for it; false: it is about to be,
   * or `start` is about to return true. */
  bool (*cancel)(Provider *provider, ModelRequest *request);
  void (*free)(Provider *provider);
} ProviderClass;

struct Provider {
  const ProviderClass *class;
  const char *detail; /* for reports; owned by the provider */
};

/* I/O thread: the reply is filled, status included. */
void provider_finish(ModelRequest *request);

/* Fills the reply of a request that was cancelled. */
void provider_fill_cancelled(ModelRequest *request);

Provider *sim_new(const ModelOptions *options, Reactor *reactor, Error *error);

#endif
