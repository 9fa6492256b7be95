/* SPDX-License-Identifier: MIT
 *
 * One engine: workers, the I/O thread and the model client, shared by any
 * number of runs. One run: an execution of one flow of one object file, with
 * its own cancel, sinks and figures.
 */
#ifndef APXM_RUNTIME_ENGINE_ENGINE_H
#define APXM_RUNTIME_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/object/object.h"
#include "runtime/engine/failure.h"
#include "runtime/engine/observe.h"
#include "runtime/engine/partial.h"
#include "runtime/io/output.h"
#include "runtime/io/reactor.h"
#include "runtime/metrics/metrics.h"
#include "runtime/metrics/trace.h"
#include "runtime/model/model.h"
#include "runtime/value/value.h"

typedef struct Engine Engine;
typedef struct Run Run;

typedef struct EngineOptions {
  uint32_t workers; /* 0: one a processor, at most 2 */
  ModelOptions model;
  uint64_t lazy_ns; /* test switch: sleep before each model call is
                        dispatched; 0 in earnest */
  uint32_t window;  /* test switch: iterations open at once; 0 in earnest: as
                       many as the backends need */
} EngineOptions;

Engine *engine_new(const EngineOptions *options, Error *error);
void engine_free(Engine *engine); /* no run may be open */
Reactor *engine_reactor(Engine *engine);
ModelClient *engine_model(Engine *engine);
uint32_t engine_workers(const Engine *engine);

typedef struct RunOptions {
  uint32_t flow;     /* row of FLOWS */
  const Value *args; /* one a parameter; the run takes the references */
  Output *output;    /* where print lines go; NULL: nowhere */
  bool keep_output;  /* also keep the lines for run_output_lines */
  void (*finished)(void *user); /* once, any thread, when it has come to rest;
                                   may be NULL */
  void *user;
  const char *phase;  /* of a measurement; goes along with its requests; NULL */
  const char *name;   /* on a tape; NULL: its number */
  RunObserver *event; /* hears of its calls, with `user`; NULL: nobody */
  Trace *trace;       /* records it, for engine_workers; NULL: none */
  uint64_t
      deadline_ns;   /* from run_start; then it ends as RUN_EXPIRED; 0: none */
  bool keep_partial; /* keep the replies of its calls for run_partial */
  /* The text of the call that is the flow's result, as it comes, with `user`;
   * NULL: nobody looks. `attempt` from 1: with another one the text begins
   * anew. After the last piece of an attempt, whatever became of it, comes an
   * empty one. I/O thread; but if nothing came, maybe another. */
  void (*delta)(void *user, uint32_t attempt, Slice text);
} RunOptions;

/* Starts; returns at once. The object must outlive the run. NULL: a backend
 * that the flow may call cannot be used; the references of `args` are dropped
 * all the same. */
Run *run_start(Engine *engine, const Object *object, const RunOptions *options,
               Error *error);

/* Any thread. The run ends as RUN_CANCELLED once every pending call has
 * acknowledged, unless it was over before. */
void run_cancel(Run *run);

/* Blocks until everything in the run has come to rest. */
void run_wait(Run *run);

/* Any thread, from run_start to run_free. */
void run_progress(const Run *run, RunProgress *progress);

/* A backend that its calls go to, the default one if any does; NULL when it
 * calls no model. */
const ModelBackend *run_backend(const Run *run);

/* Any thread: the calls that may be open at once on all its backends together,
 * as things stand. */
uint32_t run_in_flight_limit(const Run *run);

/* The rest only after run_wait. */
RunStatus run_status(const Run *run);
/* Why it failed, "FILE:LINE:COL: flow path: cause", or expired. Empty when it
 * did neither. */
const char *run_error(const Run *run);
/* The whole story; NULL: it succeeded. */
const RunFailure *run_failure(const Run *run);
/* The entry flow's value, borrowed; VALUE_UNIT for void or a failure. */
Value run_result(const Run *run);
/* The print lines, each with its newline, when keep_output was set. */
uint32_t run_output_lines(const Run *run, const Slice **lines);
/* With keep_partial: the replies that came, the oldest first; `dropped` before
 * them, for want of room. */
uint32_t run_partial(const Run *run, const RunReply **replies,
                     uint64_t *dropped);
/* Any thread, from run_start to run_free. */
void run_place(const Run *run, uint32_t graph, uint32_t node, RunPlace *place);
const RunMetrics *run_metrics(const Run *run);
void run_free(Run *run);

/* Workers used by default on this machine. */
uint32_t engine_default_workers(void);

#endif
