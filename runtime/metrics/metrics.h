/* SPDX-License-Identifier: MIT
 *
 * What one run measured, as plain numbers, and its Work-Span judgement.
 * docs/metrics.md says what each figure counts. Filled by the engine when the
 * run has come to rest; read by whoever reports.
 */
#ifndef APXM_RUNTIME_METRICS_METRICS_H
#define APXM_RUNTIME_METRICS_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/base/limits.h"
#include "core/base/slice.h"
#include "runtime/metrics/histogram.h"
#include "runtime/metrics/work_span.h"

typedef enum RunStatus {
  RUN_SUCCESS,
  RUN_FAILED,
  RUN_CANCELLED,
  RUN_PAUSED,
  RUN_EXPIRED /* its deadline came first */
} RunStatus;

const char *run_status_text(RunStatus status); /* "success", ... */

/* Sums over the nodes that were timed phase by phase (a sample). */
typedef struct OverheadSample {
  uint64_t nodes;       /* how many */
  uint64_t ready_ns;    /* finding or publishing ready nodes: the deque */
  uint64_t input_ns;    /* collecting inputs */
  uint64_t dispatch_ns; /* from inputs to the handler's first instruction */
  uint64_t route_ns;    /* storing the value, counting consumers down */
  uint64_t body_ns;     /* in the handler itself: not overhead */
} OverheadSample;

/* A `while` that was stopped by its `max` with its condition still true. */
typedef struct StoppedLoop {
  char label[96]; /* "Agent.flow: while" */
  Slice file;     /* of the object */
  uint32_t line, column;
  uint64_t steps; /* its max */
  uint64_t times; /* it happened so often in the run */
} StoppedLoop;

typedef struct RunMetrics {
  RunStatus status;
  uint64_t duration_ns;
  uint64_t nodes_executed; /* work nodes (op_is_counted) that fired */
  uint64_t nodes_failed;
  uint64_t nodes_skipped; /* of the executed: an input was absent */
  uint64_t frames;        /* graphs activated, the entry's included */
  StoppedLoop stopped[LIMIT_STOPPED_LOOPS]; /* the first ones in the source that
                                               were stopped */
  uint32_t stopped_count;
  OverheadSample overhead;
  uint64_t steal_ns;        /* searching other workers' deques, all workers */
  uint64_t idle_ns;         /* parked, all workers */
  uint32_t max_parallelism; /* most leaf nodes in service at once */
  Histogram latency;        /* of the model calls: dispatch to completion */
  uint64_t requests, requests_failed;
  uint64_t attempts;      /* of these requests, all that were sent */
  uint64_t retry_wait_ns; /* between attempts, summed */
  Histogram first_token;  /* of streamed replies: dispatch of the attempt to
                              the first text */
  Histogram token_time;   /* of them: first to last text, by the tokens after
                              the first */
  uint64_t replies_cut;   /* ended because no more tokens were allowed */
  uint64_t input_tokens, output_tokens;
  bool tokens_estimated; /* the backend did not count them */
  WorkSpan work_span;
} RunMetrics;

/* Adds the counts, sums and distributions of another run; what is of one run
 * alone (the path, the bounds, the overhead) stays as it is. */
void metrics_add(RunMetrics *sum, const RunMetrics *run);

/* Frees what it holds, not itself. */
void metrics_free(RunMetrics *metrics);

/* What the run was, and how long the stages around it took. */
typedef struct MetricsHead {
  const char *input;
  uint32_t optimization;
  /* Of the backend; all NULL when no model can be called. */
  const char *backend;        /* its name */
  const char *provider;       /* "sim", "openai", ... */
  const char *backend_detail; /* the latency profile of sim, the URL */
  const char *model;          /* by default; "" when nobody says */
  uint64_t retry_seed;
  uint64_t compile_ns, artifact_ns, validation_ns, runtime_ns;
} MetricsHead;

/* The metrics document of docs/metrics.schema.json. Free with cJSON_Delete. */
cJSON *metrics_json(const RunMetrics *metrics, const MetricsHead *head);

/* The lines of a batch. */
typedef struct BatchMetrics {
  uint64_t good, failed, stopped;
} BatchMetrics;

/* The document of docs/batch.schema.json: `sum` of all runs (metrics_add), with
 * status and duration of the whole. */
cJSON *metrics_batch_json(const RunMetrics *sum, const MetricsHead *head,
                          const BatchMetrics *batch);

#endif
