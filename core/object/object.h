/* SPDX-License-Identifier: MIT
 *
 * A loaded object file: one allocation holds the file's bytes, the pointers
 * below point into it, and all of it was verified once. Immutable after
 * object_load, so any number of threads and runs may read it.
 *
 * Derived on load, in a second allocation: who consumes what (CSR), and the
 * counters a fresh frame starts with.
 */
#ifndef APXM_CORE_OBJECT_OBJECT_H
#define APXM_CORE_OBJECT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/object/attrs.h"
#include "core/object/format.h"
#include "core/object/ops.h"
#include "core/object/span.h"
#include "core/object/types.h"

/* Bits of a frame's initial pending counter. The count is what must still
 * arrive; a node with a bit set takes the slow path of token routing. */
#define PENDING_CALL UINT32_C(0x80000000) /* takes tokens one by one */
#define PENDING_WIDE UINT32_C(0x40000000) /* joins many: worth combining */
#define PENDING_TIMED UINT32_C(0x20000000) /* OP_ASYNC: stamped when ready */
#define PENDING_COUNT UINT32_C(0x1FFFFFFF)
enum { WIDE_JOIN = 64 }; /* incoming edges from which a node is WIDE */

/* An entry of the consumer lists: node index within the graph. */
#define CONSUMER_ORDER UINT32_C(0x80000000) /* reads no value */
#define CONSUMER_INDEX UINT32_C(0x0FFFFFFF)

/* Derived, one a graph. `starts` lists the nodes that a fresh frame can run at
 * once: those without an edge from another node, and those calls in whose
 * frame something can run at once. An edge from the (virtual) start counts in
 * their pending counter like any other. */
typedef struct ObjLinks {
  uint32_t first_start; /* into Object.consumers */
  uint32_t start_count;
  uint32_t opens_at_once; /* 1: start_count > 0; calls of it start at once */
  uint32_t work_count;    /* nodes for which op_is_counted */
} ObjLinks;

typedef struct Object {
  uint8_t *bytes; /* the file */
  size_t size;

  const char *strings;
  const ObjConst *consts;
  const TypeRow *types;
  const ObjPlace *places;
  const ObjFlow *flows;
  const ObjParam *params;
  const ObjGraph *graphs;
  const ObjNode *nodes; /* node_count, and a sentinel that ends the last */
  const uint64_t *keys;
  const ObjRef *inputs;
  const ObjAttr *attrs;
  const ObjMeta *meta;
  uint32_t string_bytes, const_count, type_count, place_count, flow_count,
      param_count, graph_count, node_count, input_count, attr_count;

  /* Derived. spans[i] packs what firing node i (a row of NODES) needs of its
   * row: see span_pack; spans[node_count] ends the last. The consumers of node
   * i are consumers[span_consumers(spans[i]) .. span_consumers(spans[i + 1]) -
   * 1], ascending, repeated when a node reads the same value twice. Edges from
   * constants are not in it. */
  uint64_t *spans; /* node_count + 1 */
  uint32_t *consumers;
  uint32_t *pending; /* by node: PENDING bits and count */
  ObjLinks *links;   /* by graph */
} Object;

/* Takes ownership of `bytes` (from mem_alloc or buf_take), also on failure.
 * NULL with `error` filled when it is not a sound object file. */
Object *object_load(uint8_t *bytes, size_t size, Error *error) MUST_USE;
Object *object_load_file(const char *path, Error *error) MUST_USE;
void object_free(Object *object); /* NULL is fine */

/* Whether `bytes` begin like an object file. */
bool object_has_magic(Slice bytes);

static inline Slice object_text(const Object *object, ObjString string) {
  const ObjText *text = (const void *)(object->strings + string);
  return (Slice){text->bytes, (size_t)text->length};
}

/* The value of an attribute of node `node` (a row of NODES); NULL without. */
const ObjConst *object_attr(const Object *object, uint32_t node, Attr attr);

/* Row of FLOWS by "Agent.flow", or "flow" when it is the only one of that
 * name; -1 when there is none, -2 when several. */
int object_find_flow(const Object *object, Slice name);

/* The program's entry by the rules of docs/language.md: the first @entry flow,
 * else the only flow, else the only one called `main`; -1 when none, -2 when
 * ambiguous. */
int object_entry_flow(const Object *object);

/* Readable text of everything, for `apxm dump`. */
void object_dump(const Object *object, Buf *out);

/* Seals bytes again: writes size and hash into the header. For the writer and
 * for tests that change a file. Needs at least sizeof(ObjHeader) bytes. */
void object_seal(uint8_t *bytes, size_t size);

/* Counts for diagnostics: nodes that do work (op_is_counted), those of them
 * without an edge from, or to, another of them, and the edges among them
 * (values and effects). */
typedef struct ObjStatistics {
  uint32_t total_nodes, entry_nodes, exit_nodes, total_edges;
} ObjStatistics;
void object_graph_statistics(const Object *object, uint32_t graph,
                             ObjStatistics *out);

#endif
