/* SPDX-License-Identifier: MIT
 *
 * What happened in one run, moment by moment: which worker fired which node
 * when, the life of frames, and the stations of each model call. Recorded in
 * small binary events, a lane for each thread, so that nobody waits for
 * anybody; written as Chrome trace events when the run is over (docs/trace.md).
 *
 *     worker 0 --> [chunk]->[chunk]     each written by its thread alone,
 *     worker 1 --> [chunk]              read when the run has come to rest
 *     I/O      --> [chunk]
 *
 * No prompt, reply, header or key is ever recorded.
 */
#ifndef APXM_RUNTIME_METRICS_TRACE_H
#define APXM_RUNTIME_METRICS_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/object/object.h"

typedef struct Trace Trace; /* of one run */

/* A node of a frame. */
typedef struct TraceSpot {
  uint32_t frame; /* from trace_new_frame */
  uint32_t graph, node;
} TraceSpot;

typedef enum TraceKind {
  TRACE_FIRED,   /* a worker ran the node, up to where it had to wait */
  TRACE_RESUMED, /* a worker took up a node that had waited */
  TRACE_REPLY    /* the I/O thread learnt of a reply; a moment */
} TraceKind;

typedef struct TraceFrame {
  uint32_t frame, graph;
  uint32_t parent, parent_graph; /* parent 0: the run's entry */
  uint32_t call;                 /* node of the parent */
  uint64_t begin, end;
} TraceFrame;

typedef struct TraceCall {
  TraceSpot spot;
  /* clock_now(); 0: it did not come to that, or nobody knows. */
  uint64_t queued_at, dispatched_at, connected_at, first_byte_at, completed_at;
  const char *backend; /* outlives the writing, as `model` does; or NULL */
  Slice model;         /* empty: nobody said */
  uint32_t input_tokens, output_tokens;
  bool tokens_estimated;
  Status status;
} TraceCall;

/* ---- recording ----------------------------------------------------------- */

/* For a run on an engine with `workers` workers. */
Trace *trace_new(uint32_t workers);
void trace_free(Trace *trace); /* NULL is fine */

/* By who starts the run, before anything else. */
void trace_begin(Trace *trace, uint64_t run, uint64_t started_at);

/* Any thread; not 0. */
uint32_t trace_new_frame(Trace *trace);

/* By the thread of lane `lane`: a worker's index, or trace_io_lane. The
 * recording must be ordered before the run's end by whatever orders that. */
void trace_node(Trace *trace, uint32_t lane, TraceKind kind, TraceSpot spot,
                uint64_t begin, uint64_t end);
void trace_frame(Trace *trace, uint32_t lane, const TraceFrame *frame);
void trace_call(Trace *trace, uint32_t lane, const TraceCall *call);
uint32_t trace_io_lane(const Trace *trace);

/* ---- afterwards ---------------------------------------------------------- */

/* Events that found no room (LIMIT_TRACE_EVENTS, or memory is out). */
uint64_t trace_dropped(const Trace *trace);

typedef struct TraceHead {
  const Object *object; /* what ran */
  const char *title;    /* "A.main of prog.ais" */
  const char *status;   /* "success" */
} TraceHead;

/* A file of one or more runs, written in pieces; failures are told when it is
 * closed, and then there is no file. */
typedef struct TraceFile {
  FileWriter writer;
  Buf line; /* the event being written */
  bool has_events;
  uint64_t dropped; /* of all runs */
} TraceFile;

void trace_file_open(TraceFile *file, const char *path);
void trace_file_add(TraceFile *file, const Trace *trace, const TraceHead *head);
Status trace_file_close(TraceFile *file, Error *error) MUST_USE;

#endif
