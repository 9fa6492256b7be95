/* SPDX-License-Identifier: MIT
 *
 * Between the parts of the reader: read.c takes a document apart, edges.c puts
 * its nodes in order, lower.c makes graphs of them. Private to compiler/graph.
 */
#ifndef APXM_COMPILER_GRAPH_GRAPH_INT_H
#define APXM_COMPILER_GRAPH_GRAPH_INT_H

#include "compiler/graph/document.h"
#include "compiler/graph/graph.h"
#include "core/base/map.h"

typedef struct GraphReader {
  const Source *source;
  TypeTable *types;
  Arena *arena;
  DiagSink *sink;
  VEC(GraphDoc *) docs; /* the document's own, in order; no regions */
  IrProgram *program;
  Map flows;      /* row of docs by graph_flow_key */
  uint32_t depth; /* graphs that are being lowered, one in the other */
  bool has_skip;  /* some guard may make its value absent */
} GraphReader;

/* ---- read.c -------------------------------------------------------------- */

/* Takes `tree` apart; a region's parameters are made by its switch. NULL when
 * there was an error. */
GraphDoc *graph_read_doc(GraphReader *reader, const Tree *tree, bool is_region);

/* What a flow is found by; in the arena. */
Slice graph_flow_key(GraphReader *reader, Slice agent, Slice flow);

/* The type a text names; TYPE_NONE, reported, when there is none. */
TypeId graph_read_type(GraphReader *reader, const Tree *tree);

/* ---- edges.c ------------------------------------------------------------- */

/* Fills inputs, waits, order of a document from its edges. */
bool graph_sort(GraphReader *reader, GraphDoc *doc);

/* ---- ops.c --------------------------------------------------------------- */

typedef struct GraphOp {
  GraphForm form;
  Op op;
} GraphOp;

bool graph_find_op(Slice name, GraphOp *found);
void graph_offer_ops(Slice wanted, Slice *nearest);
/* What an operation is called in graph JSON. */
const char *graph_op_name(Op op);

/* ---- lower.c ------------------------------------------------------------- */

/* calls.c: finds what is called, and which spaces each graph uses. */
bool graph_resolve(GraphReader *reader);
/* Makes the document's graph, and before it those it calls. */
bool graph_lower(GraphReader *reader, GraphDoc *doc);
/* Makes a graph like that of `region`, with absent values for a result. */
void graph_add_absent(GraphReader *reader, GraphDoc *region, TypeId result,
                      uint32_t row);

#endif
