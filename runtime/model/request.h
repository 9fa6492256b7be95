/* SPDX-License-Identifier: MIT
 *
 * One call of a model: what is asked, and what came of it. Made by who wants
 * the reply, embedded in what waits for it, handed to model_submit. A call is
 * one or more attempts; who submits it sees only the call.
 */
#ifndef APXM_RUNTIME_MODEL_REQUEST_H
#define APXM_RUNTIME_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/base/vec.h"
#include "runtime/io/reactor.h"
#include "runtime/model/problem.h"

typedef struct ModelBackend ModelBackend; /* lives as long as its client */
typedef struct ModelRequest ModelRequest;

/* Where a request is on its way. */
typedef enum ModelStage {
  MODEL_STAGE_NEW,     /* not submitted yet */
  MODEL_STAGE_QUEUED,  /* in the admission heap */
  MODEL_STAGE_STARTED, /* with the provider */
  MODEL_STAGE_WAITING, /* between two attempts; it has no slot */
  MODEL_STAGE_FINISHED /* completed, or about to be */
} ModelStage;

#define MODEL_RETRIES_UNSET UINT32_MAX /* the backend's */

/* Zero it first; then `retries` is to be set, and `temperature`. */
struct ModelRequest {
  /* Set by the submitter; immutable after model_submit. Slices outlive it. */
  Buf prompt;             /* owned */
  Slice operation;        /* "ask", "think", "reason" */
  Slice system;           /* empty: none */
  Slice model;            /* empty: the backend's default */
  double temperature;     /* NaN: the backend's default */
  uint32_t max_tokens;    /* 0: no limit */
  uint32_t budget_tokens; /* 0: none; of think */
  uint32_t retries;       /* further attempts; or MODEL_RETRIES_UNSET. At the
                             first dispatch the client puts in what holds */
  uint64_t limit_ns; /* from the first dispatch to the end of the last attempt;
                        0: the backend's `total` */
  uint64_t deadline; /* clock_now() after which nobody needs it; 0: none */
  uint64_t run;      /* which run of this process, for logs */
  const char *name;  /* of the run on a tape; NULL: its number */
  Buf site; /* owned; where in its run it is made, for tapes; or empty */
  const char *phase; /* of a measurement, for the server's log; or NULL */
  uint64_t rank;     /* larger goes first */
  void (*started)(ModelRequest *request); /* at each dispatch; any thread;
                                             short */
  void (*paused)(ModelRequest *request);  /* the attempt is over and another
                                             will come; like `ended` */
  void (*ended)(ModelRequest *request);   /* once, before its slot is given
                                             back; any thread; short; or NULL */
  void (*done)(ModelRequest *request);    /* once, see model_submit */
  /* The next piece of the text of attempt `attempt`; I/O thread; NULL: nobody
   * looks. Not called by providers whose replies come whole. */
  void (*delta)(ModelRequest *request, Slice text);

  /* Filled before `done`; stable after. What the provider fills is of the
   * current attempt, and set anew by each. */
  Status status;           /* STATUS_OK, STATUS_MODEL, STATUS_CANCELLED */
  Buf reply;               /* the text, or the error message when not OK */
  ModelProblem problem;    /* with STATUS_MODEL: why */
  uint32_t code;           /* of the HTTP reply; 0: none came */
  bool is_late;            /* there was no time for another attempt */
  bool has_retry_after;    /* the server says when to ask again: */
  uint64_t retry_after_ns; /* from completed_at on */
  Buf advice;       /* with STATUS_MODEL: what to do, a clause; or empty */
  Buf sent;         /* the same: "POST URL, 312 bytes"; no secrets */
  Buf received;     /* the same: what came back, quoted and cut; or empty */
  uint32_t attempt; /* the current one, from 1 */
  VEC(ModelAttempt) attempts; /* those that failed */
  uint64_t waited_ns;         /* between attempts, without a slot */
  bool is_cut; /* the reply ended because no more tokens were allowed */
  uint32_t input_tokens, output_tokens;
  bool tokens_estimated;
  /* clock_now(); 0: it did not come to that, or nobody knows. */
  uint64_t queued_at;     /* at model_submit */
  uint64_t dispatched_at; /* left admission, the first time */
  uint64_t attempted_at;  /* the last time */
  uint64_t connected_at;  /* had its connection */
  uint64_t first_byte_at; /* of the reply */
  uint64_t first_text_at; /* of a streamed one */
  uint64_t last_text_at;
  uint64_t completed_at;
  uint64_t ends_at; /* when the provider is to end the attempt with TIMED_OUT;
                       UINT64_MAX: never */

  /* The client's and the provider's own. */
  uint64_t age;     /* ticket of arrival, guarded by the backend's lock */
  uint32_t place;   /* in the admission heap plus 1, same guard */
  ModelStage stage; /* same guard */
  bool cancelled;   /* same guard */
  bool is_open;     /* an attempt is under way, from before `started` to before
                       `paused` or until `ended` has returned */
  Timer timer;      /* the provider's */
  Timer wait;       /* the client's, between attempts */
  uint32_t reserved_tokens; /* same guard: of the minute's */
  ReactorJob job;           /* the client's, to complete a cancelled request */
  ModelBackend *backend;
  void *provider_data;     /* the provider's exchange, or NULL */
  double provider_work;    /* sim: finish point on the shared server's clock */
  uint32_t provider_slot;  /* sim: place in the shared server plus 1 */
  uint32_t provider_state; /* the provider's own word on the exchange */
  uint32_t open_at_start;  /* requests open when it started, itself included */
};

/* Frees what the request owns (texts, attempts), not the request. */
void model_request_clear(ModelRequest *request);

/* About four bytes a token: what is reported when nobody counts. */
uint32_t model_estimate_tokens(Slice text);

#endif
