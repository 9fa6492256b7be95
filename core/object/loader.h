/* SPDX-License-Identifier: MIT
 *
 * Between the parts of the loader: load.c finds the sections, verify.c and
 * verify_types.c check everything but the nodes, verify_nodes.c checks the
 * nodes (verify_ops.c what each operation asks of its inputs) and counts edges,
 * link.c turns the counts into lists. Private to core/object.
 *
 * Each verify_ function returns false with the error set. Each relies on what
 * the ones before it in this file have established.
 */
#ifndef APXM_CORE_OBJECT_LOADER_H
#define APXM_CORE_OBJECT_LOADER_H

#include "core/object/object.h"

/* During the load only, in Object.pending: the node is in the start list. Far
 * above any count (LIMIT_NODE_INPUTS). */
#define PENDING_START UINT32_C(0x10000000)

typedef struct Loader {
  Object *object;
  Error *error;
  uint32_t *counts; /* by node: its consumers, then where their list begins */
  uint64_t *text_starts; /* a bit for each 8 bytes of STRINGS: a text begins */
  uint32_t edge_count;   /* input edges from nodes */
  uint32_t call_count;   /* nodes for which opens_with_body */
  uint32_t *twins; /* by graph: one found to have the same parameters and
                      results, in the end itself (union-find) */
} Loader;

/* Sets the error ("FORMAT", malformed) and returns false. */
bool refuse(Loader *loader, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((cold));

/* Says that memory is out; returns false. */
bool refuse_memory(Loader *loader) __attribute__((cold));

static inline bool is_text_start(const Loader *loader, ObjString string) {
  return string < loader->object->string_bytes && string % OBJ_ALIGN == 0 &&
         (loader->text_starts[string / 512] >> (string / 8 % 64) & 1) != 0;
}

/* A composite that runs its body from the first, whatever has come: when the
 * body can do something at once, so can the graph that holds the node. */
static inline bool opens_with_body(Op op) {
  return op == OP_CALL || op == OP_WHILE || op == OP_TRY;
}

bool verify_string(Loader *loader, ObjString string, const char *table,
                   uint32_t row);

/* In this order. */
bool verify_strings(Loader *loader);
bool verify_types(Loader *loader);  /* and makes Object.types */
bool verify_tables(Loader *loader); /* consts, places, meta */
bool verify_graphs(Loader *loader);
bool verify_nodes(Loader *loader); /* and fills counts, and pending with edges
                                      and starts */
bool verify_nests(Loader *loader); /* no graph is nested in itself */
bool verify_flows(Loader *loader);

/* Turns the counts into consumers, spans, pending and links. */
bool link_object(Loader *loader);

#endif
