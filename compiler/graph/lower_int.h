/* SPDX-License-Identifier: MIT
 *
 * While one graph of a document is made: lower.c walks its nodes, nodes.c and
 * template.c make each, attributes.c adds what it says. Private to
 * compiler/graph.
 */
#ifndef APXM_COMPILER_GRAPH_LOWER_INT_H
#define APXM_COMPILER_GRAPH_LOWER_INT_H

#include "compiler/graph/graph_int.h"
#include "compiler/ir/edit.h"

/* The state while one graph is made. */
typedef struct GraphLower {
  GraphReader *reader;
  GraphDoc *doc;
  GraphNode *node;           /* in hand */
  VEC(IrRef) refs;           /* inputs of the node that is being made ... */
  uint32_t base;             /* ... from here on */
  bool gated;                /* what it waits for is put before its inputs */
  IrRef tokens[SPACE_COUNT]; /* who holds each space's token */
  IrRef result;              /* what RETURN has; IR_REF_NONE so far */
} GraphLower;

IrGraph *lowered_graph(const GraphLower *lower);
TypeId lowered_type(const GraphLower *lower, IrRef ref);
void lowered_push(GraphLower *lower, IrRef ref);
/* Makes a node of the references on the stack and takes them off; what the
 * node in hand waits for comes before the first one made so. */
IrRef lowered_node(GraphLower *lower, Op op, TypeId type);
/* Whether the node in hand waits for more than what it reads. */
bool lowered_waits(const GraphLower *lower);
/* Makes one of the last reference alone. */
IrRef lowered_one(GraphLower *lower, Op op, TypeId type);
/* An error about the node in hand. */
Diag *lowered_fail(GraphLower *lower, DiagCode code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* ---- template.c ---------------------------------------------------------- */

/* Pushes a template and the values on the stack from `base` on, which it takes
 * off: `{0}` places the first. Those that nothing placed follow, of a model
 * call behind headings. */
void lowered_template(GraphLower *lower, Slice text, uint32_t base,
                      bool has_headings);
/* Whether a text would place one of `count` values. */
bool template_places(Slice text, uint32_t count);

/* ---- attributes.c -------------------------------------------------------- */

/* Adds what the attributes say to the last node of the graph. */
bool lowered_attributes(GraphLower *lower);
/* The text of the first of two attributes that is there; empty without. False,
 * reported, when it is no text. */
bool lowered_text(GraphLower *lower, const char *name, const char *other,
                  Slice *text);

/* ---- nodes.c ------------------------------------------------------------- */

/* Makes the node in hand; its inputs are on the stack from `base` on. */
bool lowered_make(GraphLower *lower, uint32_t base);
/* The type that values of both types fit; TYPE_NONE without. */
TypeId lowered_common(const GraphLower *lower, TypeId a, TypeId b);

#endif
