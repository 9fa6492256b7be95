/* SPDX-License-Identifier: MIT
 *
 * How trace.c keeps what trace_json.c writes: each lane is a list of chunks,
 * each chunk filled with records from its start.
 *
 *     +------+-------+---------+-----------+---------------------------+
 *     | next | used  | records | record 0  | record 1 ...      | (room)|
 *     +------+-------+---------+-----------+---------------------------+
 *
 * A record begins with its RecordKind and has the size of its struct. Room is
 * counted in events of the file, of which a call becomes many; no record needs
 * more than RECORD_BYTES for each of its events, so a chunk's bytes suffice for
 * its events.
 */
#ifndef APXM_RUNTIME_METRICS_TRACE_LANES_H
#define APXM_RUNTIME_METRICS_TRACE_LANES_H

#include <assert.h>
#include <stdalign.h>

#include "core/base/atomic.h"
#include "runtime/metrics/trace.h"

enum {
  CHUNK_EVENTS = 1024, /* events of the file that a chunk has room for */
  RECORD_BYTES = 40,   /* for each */
  NODE_EVENTS = 1,
  FRAME_EVENTS = 2, /* begin and end */
  CALL_EVENTS = 12  /* of the call, of its name, of four phases */
};

typedef enum RecordKind { RECORD_NODE, RECORD_FRAME, RECORD_CALL } RecordKind;

typedef struct NodeRecord {
  uint32_t kind;  /* RecordKind */
  uint32_t event; /* TraceKind */
  TraceSpot spot;
  uint64_t begin, end;
} NodeRecord;

typedef struct FrameRecord {
  uint32_t kind; /* RecordKind */
  TraceFrame frame;
} FrameRecord;

typedef struct CallRecord {
  uint32_t kind; /* RecordKind */
  TraceCall call;
} CallRecord;

static_assert(sizeof(NodeRecord) <= NODE_EVENTS * RECORD_BYTES, "fits");
static_assert(sizeof(FrameRecord) <= FRAME_EVENTS * RECORD_BYTES, "fits");
static_assert(sizeof(CallRecord) <= CALL_EVENTS * RECORD_BYTES, "fits");

typedef struct TraceChunk {
  struct TraceChunk *next;
  uint32_t used;   /* bytes of `records` */
  uint32_t events; /* taken of CHUNK_EVENTS */
  alignas(8) char records[CHUNK_EVENTS * RECORD_BYTES];
} TraceChunk;

/* The lane's thread alone, until the run is over. */
typedef struct TraceLane {
  alignas(CACHE_LINE) TraceChunk *first, *last; /* NULL: none yet */
  uint64_t dropped;                             /* events */
} TraceLane;

struct Trace {
  /* Immutable after trace_begin. */
  TraceLane *lanes; /* one a worker, then I/O */
  uint32_t lane_count;
  uint64_t run;
  uint64_t started_at;

  _Atomic uint32_t frames; /* given out; any thread */
  _Atomic uint32_t chunks; /* given out to the lanes; any thread */
};

#endif
