/* SPDX-License-Identifier: MIT
 *
 * A document of graph JSON taken apart: graphs, nodes, edges. Filled by read.c
 * and edges.c, then by lower.c, which says what became of each part. Private
 * to compiler/graph.
 */
#ifndef APXM_COMPILER_GRAPH_DOCUMENT_H
#define APXM_COMPILER_GRAPH_DOCUMENT_H

#include "compiler/graph/tree.h"
#include "compiler/ir/ir.h"

typedef enum GraphForm {
  FORM_CONST,  /* a literal */
  FORM_MODEL,  /* a template with contexts */
  FORM_PRINT,  /* a template with values, one after the other */
  FORM_ERR,    /* the same; ends the run */
  FORM_MERGE,  /* by its strategy lines, text or a list */
  FORM_PLAIN,  /* a row of ops.def, its inputs as they come */
  FORM_RETURN, /* the graph's result */
  FORM_FENCE,  /* its first input, when all are done */
  FORM_SWITCH, /* one of several regions, graphs themselves */
  FORM_CALL,   /* another graph of the document */
  FORM_LATER   /* of a later version */
} GraphForm;

/* One value that a node reads. */
typedef struct GraphInput {
  bool is_param;
  uint32_t index; /* row of params or nodes */
} GraphInput;

/* One node that another comes after. */
typedef struct GraphWait {
  uint32_t node;
  bool is_effect; /* order of effects: nothing to wait for where both nodes
                     hand the token on anyway */
} GraphWait;

typedef struct GraphDoc GraphDoc;

typedef struct GraphNode {
  Slice name;
  Slice op_name;
  Span span; /* its name, for messages */
  Span op_span;
  const Tree *attributes; /* or NULL */
  const Tree *type;       /* "type": what its value is of; or NULL */
  GraphForm form;
  Op op;
  uint32_t first_input, input_count; /* into GraphDoc.inputs */
  uint32_t first_wait, wait_count;   /* into GraphDoc.waits */
  uint32_t edges_out;
  GraphDoc *callee;   /* of CALL */
  GraphDoc **regions; /* of SWITCH: the cases, then the default, if any */
  uint32_t region_count;
  bool has_default;
  /* What became of it. */
  IrRef value; /* IR_REF_NONE when it has none */
  IrRef done;  /* what an order edge names; IR_REF_NONE of a constant */
  TypeId value_type;
} GraphNode;

typedef struct GraphParam {
  Slice name;
  Span span;
  TypeId type; /* TYPE_NONE of a region's before its switch is lowered */
} GraphParam;

typedef enum GraphEdgeKind {
  EDGE_DATA,
  EDGE_CONTROL,
  EDGE_EFFECT
} GraphEdgeKind;

typedef struct GraphEdge {
  GraphInput from;
  uint32_t to;
  GraphEdgeKind kind;
  Span span;
} GraphEdge;

/* One graph of the document. */
struct GraphDoc {
  const Tree *tree;
  Slice name;
  Slice agent, flow; /* empty of a region */
  Span span;
  bool entry;
  bool is_region;
  GraphParam *params;
  uint32_t param_count;
  GraphNode *nodes;
  uint32_t node_count;
  VEC(GraphEdge) edges;
  GraphInput *inputs; /* in node order */
  GraphWait *waits;   /* in node order */
  uint32_t *order;    /* all nodes, each after what it reads and waits for */
  uint16_t spaces;
  TypeId result;     /* TYPE_NONE until it is known */
  bool is_declared;  /* "result" says what it is */
  uint32_t row;      /* of IrProgram.graphs */
  bool opened, done; /* lowering began, ended */
};

#endif
