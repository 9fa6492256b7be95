/* SPDX-License-Identifier: MIT
 *
 * A frame is one activation of a graph: a slot for each node, in one block.
 *
 *     +--------+---------+---------+---------+-----+--------+
 *     | header | slot 0  | slot 1  | slot 2  | ... | slot n |
 *     +--------+---------+---------+---------+-----+--------+
 *               value  64   what the node yielded; before it fired: EMPTY,
 *                           the moment it became ready (timed nodes), the child
 *                           frame (calls) or the gate (other composites)
 *               pending 32  edges that must still bring a token, and bits
 *               path    32  the longest path that led here (path.h)
 *
 * Ownership moves along edges: a slot with k consumers that read its value
 * holds k references, and each consumer drops its own when it has fired. So
 * when END fires, and only then, the slots hold nothing any more and the frame
 * goes back to the pool. A frame always ends so: once its scope has failed or
 * was cancelled, its nodes still fire in order, without running (fire.c).
 */
#ifndef APXM_RUNTIME_ENGINE_FRAME_H
#define APXM_RUNTIME_ENGINE_FRAME_H

#include <stdint.h>

#include "core/base/atomic.h"
#include "core/object/object.h"
#include "runtime/value/value.h"

typedef struct Frame Frame;
typedef struct Run Run;
typedef struct Gate Gate;
typedef struct Scope Scope;

typedef struct Slot {
  _Atomic Value value;      /* written by whoever completes the node; read by
                                its consumers, ordered by their `pending` */
  _Atomic uint32_t pending; /* counted down by producers (acquire-release) */
  uint32_t path;            /* ordered as value is */
} Slot;

struct Frame {
  /* Immutable while the frame lives. */
  const ObjNode *nodes;      /* of the graph */
  const ObjRef *inputs;      /* of the object */
  const uint32_t *consumers; /* of the object */
  const uint8_t *ops;        /* of the graph's nodes */
  const ObjSpan *spans;      /* of the graph's nodes */
  const ObjLinks *links;     /* of the graph */
  Run *run;
  Scope *scope;   /* what it fails with */
  Frame *parent;  /* NULL: the run's entry */
  Gate *gate;     /* of the parent's node; NULL: that is a call */
  uint64_t index; /* of an iteration, from 0 */
  uint32_t call;  /* node of the parent that opened this frame */
  uint32_t graph;
  uint32_t node_count; /* also the index of the virtual start node */
  uint32_t depth;      /* calls around it, and 1 */
  uint32_t path;       /* the longest that led to its opening */
  uint64_t rank_base;  /* rank of what follows in the parents */
  uint64_t opened_at;  /* of a traced run */
  uint32_t trace_id;   /* of a traced run */
  Frame *next_free;    /* in the pool; guarded by its lock */
  Frame *successor;    /* the iteration after this one, once it is open; guarded
                          by the gate's lock */
  Slot slots[];
};

/* A fresh frame; NULL when memory is out. Any worker. */
Frame *frame_new(Run *run, uint32_t graph, Frame *parent, uint32_t call);

/* Back to the pool: END has fired. */
void frame_release(Frame *frame);

/* The consumers of `node`, or of the virtual start node. */
static inline const uint32_t *frame_consumers(const Frame *frame, uint32_t node,
                                              uint32_t *count) {
  if (__builtin_expect(node == frame->node_count, 0)) {
    *count = frame->links->start_count;
    return frame->consumers + frame->links->first_start;
  }
  uint32_t first = frame->spans[node].consumers;
  *count = frame->spans[node + 1].consumers - first;
  return frame->consumers + first;
}

/* Adds the references of the consumers of `node`; see frame_put. */
void frame_share(const Frame *frame, uint32_t node, Value value);

/* Stores the value of `node`, taking over one reference and adding those of
 * the further consumers. Routing it is the caller's next step. */
static inline void frame_put(Frame *frame, uint32_t node, Value value) {
  if (value_is_heap(value)) frame_share(frame, node, value);
  store_relaxed(&frame->slots[node].value, value);
}

/* The constant `ref` of the object as a value. */
Value frame_constant(const Object *object, ObjRef ref);

/* "Agent.flow > Agent.other" from the run's entry to this frame; arms, bodies
 * and the like are part of their flow. */
void frame_add_path(const Frame *frame, Buf *out);

/* The same for programs, to the node: "7[2].3" is node 3 of the graph that
 * iteration 2 of node 7 of the entry's runs. */
void frame_add_site(const Frame *frame, uint32_t node, Buf *out);

#endif
