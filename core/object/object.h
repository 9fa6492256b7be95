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
#include "core/object/links.h"
#include "core/object/ops.h"
#include "core/object/types.h"

typedef struct Object {
  uint8_t *bytes; /* the file */
  size_t size;

  const char *strings;
  const ObjConst *consts;
  TypeView types;
  const ObjRecord *records;
  const ObjField *fields;
  const ObjPlace *places;
  const ObjFlow *flows;
  const ObjParam *params;
  const ObjGraph *graphs;
  const ObjNode *nodes; /* node_count, and a sentinel that ends the last */
  const uint64_t *keys;
  const ObjRef *inputs;
  const ObjAttr *attrs;
  const ObjArm *arms;
  const ObjMeta *meta;
  uint32_t string_bytes, const_count, type_count, record_count, field_count,
      place_count, flow_count, param_count, graph_count, node_count,
      input_count, attr_count, arm_count;

  /* Derived. What firing node i (a row of NODES) needs, in a third of the
   * memory: its op, and where its inputs and consumers begin; they end where
   * the next node's do. The consumers are ascending, repeated when a node reads
   * the same value twice; edges from constants are not among them. */
  uint8_t *ops;
  ObjSpan *spans; /* node_count + 1 */
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

/* The nodes that give a graph's results, the values first. */
static inline const ObjNode *object_results(const Object *object,
                                            const ObjGraph *graph) {
  return object->nodes + graph->first_node + graph->node_count - 1 -
         graph->result_count;
}

/* The body of a CALL, LOOP, WHILE or TRY, a row of GRAPHS. */
static inline uint32_t object_body(const Object *object, const ObjNode *node) {
  return object->arms[node->arms].graph;
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
