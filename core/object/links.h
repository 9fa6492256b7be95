/* SPDX-License-Identifier: MIT
 *
 * What the loader derives from the edges of an object file, for who runs it:
 * consumers, the counters of a fresh frame, and what can start at once.
 */
#ifndef APXM_CORE_OBJECT_LINKS_H
#define APXM_CORE_OBJECT_LINKS_H

#include <stdint.h>

/* Bits of a frame's initial pending counter. The count is what must still
 * arrive; a node with a bit set takes the slow path of token routing. */
#define PENDING_CALL UINT32_C(0x80000000)  /* composite: tokens one by one */
#define PENDING_WIDE UINT32_C(0x40000000)  /* joins many: worth combining */
#define PENDING_TIMED UINT32_C(0x20000000) /* OP_ASYNC: stamped when ready */
#define PENDING_COUNT UINT32_C(0x1FFFFFFF)
enum { WIDE_JOIN = 64 }; /* incoming edges from which a node is WIDE */

/* An entry of the consumer lists: node index within the graph. */
#define CONSUMER_ORDER UINT32_C(0x80000000) /* reads no value */
#define CONSUMER_INDEX UINT32_C(0x0FFFFFFF)

/* Derived, one a graph. `starts` lists the nodes to which a fresh frame brings
 * a token: those without an edge from another node, calls with constants or in
 * whose frame something can run at once, and all gated composites. That edge
 * from the (virtual) start counts in their pending counter like any other. */
typedef struct ObjLinks {
  uint32_t first_start; /* into Object.consumers */
  uint32_t start_count;
  uint32_t opens_at_once; /* 1: something runs before any parameter is there;
                             calls of it start at once. A gated composite that
                             waits for its control value is no such thing */
  uint32_t work_count;    /* nodes for which op_is_counted */
  uint32_t outward_count; /* nodes that run a graph or call a model */
} ObjLinks;

typedef struct ObjSpan {
  uint32_t inputs;    /* into Object.inputs */
  uint32_t consumers; /* into Object.consumers */
} ObjSpan;

#endif
