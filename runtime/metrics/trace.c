/* SPDX-License-Identifier: MIT
 *
 * Recording. A lane's thread appends records to its own chunks and meets the
 * others only when it takes a new one: then one counter says whether the trace
 * as a whole may grow. What finds no room is counted, so that the file can say
 * what it lacks.
 */
#include "runtime/metrics/trace.h"

#include <assert.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "runtime/metrics/trace_lanes.h"

enum { MAX_CHUNKS = LIMIT_TRACE_EVENTS / CHUNK_EVENTS };

Trace *trace_new(uint32_t workers) {
  Trace *trace = MEM_NEW(Trace);
  trace->lane_count = workers + 1;
  trace->lanes =
      mem_alloc_aligned(CACHE_LINE, trace->lane_count * sizeof(TraceLane));
  return trace;
}

void trace_free(Trace *trace) {
  if (trace == NULL) return;
  for (uint32_t i = 0; i < trace->lane_count; i++) {
    TraceChunk *chunk = trace->lanes[i].first;
    while (chunk != NULL) {
      TraceChunk *next = chunk->next;
      mem_free(chunk);
      chunk = next;
    }
  }
  mem_free(trace->lanes);
  mem_free(trace);
}

void trace_begin(Trace *trace, uint64_t run, uint64_t started_at) {
  trace->run = run;
  trace->started_at = started_at;
}

uint32_t trace_new_frame(Trace *trace) {
  return add_relaxed(&trace->frames, 1) + 1;
}

uint32_t trace_io_lane(const Trace *trace) {
  return trace->lane_count - 1;
}

/* The count may go beyond the limit, by at most a chunk for each lane. */
static bool may_grow(Trace *trace) {
  return load_relaxed(&trace->chunks) < MAX_CHUNKS &&
         add_relaxed(&trace->chunks, 1) < MAX_CHUNKS;
}

static TraceChunk *add_chunk(Trace *trace, TraceLane *lane) {
  if (!may_grow(trace)) return NULL;
  TraceChunk *chunk = mem_try(1, sizeof *chunk);
  if (chunk == NULL) return NULL;
  chunk->next = NULL;
  chunk->used = chunk->events = 0;
  if (lane->last != NULL)
    lane->last->next = chunk;
  else
    lane->first = chunk;
  lane->last = chunk;
  return chunk;
}

/* Room for a record of `size` bytes that stands for `events`; NULL when there
 * is none. */
static void *append(Trace *trace, uint32_t at, size_t size, uint32_t events) {
  assert(at < trace->lane_count);
  TraceLane *lane = &trace->lanes[at];
  TraceChunk *chunk = lane->last;
  if (chunk == NULL || chunk->events + events > CHUNK_EVENTS)
    chunk = add_chunk(trace, lane);
  if (chunk == NULL) {
    lane->dropped += events;
    return NULL;
  }
  void *record = chunk->records + chunk->used;
  chunk->used += (uint32_t)size;
  chunk->events += events;
  return record;
}

void trace_node(Trace *trace, uint32_t lane, TraceKind kind, TraceSpot spot,
                uint64_t begin, uint64_t end) {
  NodeRecord *record = append(trace, lane, sizeof *record, NODE_EVENTS);
  if (record == NULL) return;
  *record = (NodeRecord){.kind = RECORD_NODE,
                         .event = kind,
                         .spot = spot,
                         .begin = begin,
                         .end = end};
}

void trace_frame(Trace *trace, uint32_t lane, const TraceFrame *frame) {
  FrameRecord *record = append(trace, lane, sizeof *record, FRAME_EVENTS);
  if (record != NULL)
    *record = (FrameRecord){.kind = RECORD_FRAME, .frame = *frame};
}

void trace_call(Trace *trace, uint32_t lane, const TraceCall *call) {
  CallRecord *record = append(trace, lane, sizeof *record, CALL_EVENTS);
  if (record != NULL)
    *record = (CallRecord){.kind = RECORD_CALL, .call = *call};
}

uint64_t trace_dropped(const Trace *trace) {
  uint64_t dropped = 0;
  for (uint32_t i = 0; i < trace->lane_count; i++)
    dropped += trace->lanes[i].dropped;
  return dropped;
}
