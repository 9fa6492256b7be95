/* SPDX-License-Identifier: MIT
 *
 * How a run is watched from outside while it goes on: an event for each model
 * call, figures at any moment, and the recording of a trace
 * (runtime/metrics/trace.h). Without anybody who watches, none of it costs
 * anything.
 */
#ifndef APXM_RUNTIME_ENGINE_OBSERVE_H
#define APXM_RUNTIME_ENGINE_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"
#include "core/base/status.h"

typedef enum RunEventKind {
  RUN_EVENT_CALL_STARTED, /* left admission, is about to be sent */
  RUN_EVENT_CALL_ENDED    /* once for each that was started */
} RunEventKind;

/* What a RunOptions.event hears. Texts live until it returns. */
typedef struct RunEvent {
  RunEventKind kind;
  uint64_t run;      /* names it among the runs of its engine, as in logs */
  uint64_t call;     /* the same in both events of a call; from 1, in no order
                        that means something */
  const char *label; /* "Agent.flow: name (op)" */
  Slice file;        /* of the source */
  uint32_t line, column; /* 0: unknown */
  const char *backend;
  Slice prompt;
  Slice model; /* empty: the backend does not say */
  /* clock_now(); 0: it did not come to that yet, or nobody knows. */
  uint64_t queued_at, dispatched_at, first_byte_at, completed_at;
  /* When it has ended, else 0. */
  uint32_t input_tokens, output_tokens;
  bool tokens_estimated;
  Status status; /* STATUS_OK, STATUS_MODEL, STATUS_CANCELLED */
  Slice error;   /* why, when the status is not STATUS_OK */
} RunEvent;

/* Called with no lock held, by any thread, also by several at once: workers,
 * and the I/O thread, which all calls wait for; so it must be short. The events
 * of one call come in order, and all of them before RunOptions.finished. It may
 * cancel the run, and must not wait for it. */
typedef void RunObserver(void *user, const RunEvent *event);

/* How far a run is. Figures that belong together may be a moment apart. */
typedef struct RunProgress {
  uint32_t waiting; /* calls that are ready and not open yet */
  uint32_t open;    /* calls that were sent and have not ended */
  uint64_t done;    /* calls that have ended, failed ones included */
  uint64_t failed;
  uint64_t input_tokens, output_tokens; /* of the ended ones */
  uint64_t elapsed_ns;                  /* since the run began */
} RunProgress;

#endif
