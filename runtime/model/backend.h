/* SPDX-License-Identifier: MIT
 *
 * One backend of a client: its provider, and the admission to it. Private to
 * this folder.
 */
#ifndef APXM_RUNTIME_MODEL_BACKEND_H
#define APXM_RUNTIME_MODEL_BACKEND_H

#include "core/base/atomic.h"
#include "core/base/thread.h"
#include "runtime/model/board.h"
#include "runtime/model/concurrency.h"
#include "runtime/model/provider.h"
#include "runtime/model/queue.h"
#include "runtime/model/request_log.h"

struct ModelBackend {
  ReactorJob admission; /* first: the job is the backend */
  /* Immutable after backend_new. */
  BackendConfig config;
  const char *model; /* "" when none is known */
  Provider *provider;
  Reactor *reactor;
  RequestLog *log;
  Recorder *recorder; /* or NULL */
  bool is_replay;     /* what it says is what came of all attempts */
  uint64_t retry_seed;
  uint32_t most;   /* slots that it may ever have */
  bool is_metered; /* `rate` and `concurrency` are asked */
  Board *board;    /* the client's, or NULL */

  _Atomic uint32_t limit; /* slots, now; changed under the mutex */

  Mutex mutex;          /* guards what follows */
  RequestQueue queue;   /* of those that have no slot */
  uint32_t slots_taken; /* admitted, `done` not returned */
  uint32_t open;        /* with the provider */
  bool admitting;       /* somebody is in the admission loop */
  Rate rate;
  Concurrency concurrency;
  Timer wake;         /* of the admission, when the next may go */
  BoardSource source; /* the row of this backend */
  BoardCounts counts; /* of its attempts, if it is metered */
};

/* `config` is copied; `log` is shared by the client's backends. NULL with
 * `error` filled when the provider cannot be made. */
ModelBackend *backend_new(const ProviderSetup *setup, RequestLog *log,
                          Error *error);

/* No request may be open; waits until the I/O thread has come out of the last
 * `done`. */
void backend_free(ModelBackend *backend);

/* Any thread, no lock held: lets in what may go now. */
void backend_admit(ModelBackend *backend);

/* I/O thread: the call is over and its reply filled; says so and gives the slot
 * back, if it has one. */
void backend_complete(ModelBackend *backend, ModelRequest *request);

#endif
