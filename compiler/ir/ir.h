/* SPDX-License-Identifier: MIT
 *
 * The graph IR: what the builder makes of a checked tree, the passes rewrite
 * and emit writes down. One graph a flow, in the order of the program, then one
 * for each arm and body inside them, laid out as in the object file
 * (core/object/format.h): PARAM x params | work, each composite followed by its
 * PORTs | RESULT x results | END, in topological order. What the graphs of a
 * composite take and give is written in core/object/ops.def.
 *
 * Everything is named by a 32-bit reference, encoded as in the object file: a
 * node of the same graph or a row of the program's constants, either of them
 * as an order edge when no value flows. Inputs, attributes and arms lie in node
 * order in one vector a graph each, so a pass that rewrites them writes new
 * ones from left to right. END has no inputs here: that it waits for every node
 * which nobody reads is written down by emit.
 */
#ifndef APXM_COMPILER_IR_IR_H
#define APXM_COMPILER_IR_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/source.h"
#include "core/object/attrs.h"
#include "core/object/format.h"
#include "core/object/ops.h"
#include "core/object/types.h"

typedef ObjRef IrRef;
#define IR_REF_NONE UINT32_MAX

typedef struct IrConst {
  TypeId type; /* TYPE_TEXT, TYPE_NUM or TYPE_BOOL */
  bool boolean;
  double num;
  Slice text; /* borrowed: of the source or the arena */
} IrConst;

typedef enum IrFlag {
  IR_KEEP = 1,  /* bound to `_`: runs although nobody reads it */
  IR_DEAD = 2,  /* goes with the next ir_compact */
  IR_LISTS = 4  /* of LOOP: the body's first result is collected */
} IrFlag;

typedef struct IrNode {
  uint64_t key;         /* names the node across passes and compilations */
  uint32_t first_input; /* into IrGraph.inputs */
  uint32_t input_count; /* order edges included, they come last */
  uint32_t first_attr;  /* into IrGraph.attrs */
  uint32_t first_arm;   /* into IrGraph.arms */
  uint32_t arm_count;
  uint32_t rank; /* longest expected way to the end, ms; by ir_rank */
  Span span;     /* the expression or statement it was made of */
  Slice name;    /* what it is bound to, or empty; borrowed as texts are */
  TypeId type;
  uint8_t attr_count;
  uint8_t op;    /* Op */
  uint8_t flags; /* IrFlag */
} IrNode;

_Static_assert(sizeof(IrNode) == 64, "a line of the cache each");
_Static_assert(ATTR_COUNT <= UINT8_MAX, "attr_count");

typedef struct IrAttr {
  Attr attr;
  IrRef value; /* a constant */
} IrAttr;

/* A graph that a composite runs. In the order of the object file. */
typedef struct IrArm {
  ObjArmKind kind;
  IrRef label; /* of CASE: a constant, a text; else IR_REF_NONE */
  uint32_t graph; /* row of graphs */
} IrArm;

typedef struct IrGraph {
  Slice name; /* "Agent.flow", of a nested one "Agent.flow/if#0/else" */
  VEC(IrNode) nodes;
  VEC(IrRef) inputs;
  VEC(IrAttr) attrs;
  VEC(IrArm) arms;
  uint32_t param_count;  /* PARAM nodes, effect tokens included */
  uint32_t result_count; /* RESULT nodes, effect tokens included */
  uint16_t spaces;       /* bit mask of Space */
  bool nested;           /* an arm or a body: part of a flow */
} IrGraph;

/* What can be run, by name. Its parameters are the graph's PARAM nodes. */
typedef struct IrFlow {
  Slice agent;
  Slice name;
  uint32_t graph;
  uint32_t param_count; /* values */
  TypeId result;        /* TYPE_VOID without one */
  bool entry;           /* @entry */
  Span span;
} IrFlow;

typedef struct IrProgram {
  const Source *source;   /* borrowed */
  const TypeTable *types; /* borrowed */
  Arena *arena;           /* borrowed */
  VEC(IrGraph) graphs;
  VEC(IrFlow) flows; /* in program order */
  VEC(IrConst) consts;
} IrProgram;

IrProgram *ir_new(const Source *source, const TypeTable *types, Arena *arena);
void ir_free(IrProgram *program); /* NULL is fine */
void ir_free_graph(IrGraph *graph); /* its parts */

static inline bool ir_is_const(IrRef ref) {
  return (ref & OBJ_REF_CONST) != 0;
}
static inline bool ir_is_order(IrRef ref) {
  return (ref & OBJ_REF_ORDER) != 0;
}
static inline uint32_t ir_index(IrRef ref) {
  return ref & OBJ_REF_INDEX;
}
static inline const IrRef *ir_inputs(const IrGraph *graph, const IrNode *node) {
  return node->input_count ? graph->inputs.data + node->first_input : NULL;
}
static inline const IrAttr *ir_attrs(const IrGraph *graph, const IrNode *node) {
  return node->attr_count ? graph->attrs.data + node->first_attr : NULL;
}
static inline const IrArm *ir_arms(const IrGraph *graph, const IrNode *node) {
  return node->arm_count ? graph->arms.data + node->first_arm : NULL;
}
static inline bool ir_is_composite(const IrNode *node) {
  return (op_table[node->op].shape & OP_COMPOSITE) != 0;
}

const IrConst *ir_const(const IrProgram *program, IrRef ref);
/* Appends what the runtime makes of a constant in text. */
void ir_add_plain(const IrConst *constant, Buf *out);
/* Whether the op takes order edges from any node: it waits for them. */
static inline bool ir_waits_for_any(Op op) {
  return op == OP_FENCE || op == OP_PASS || op == OP_NONE || op == OP_ABSENT;
}
/* A parameter, port or result that is an effect token. */
bool ir_is_token(const IrNode *node);
/* The RESULT nodes, in order. */
const IrNode *ir_results(const IrGraph *graph);
/* How many of the results are not ports: of a WHILE, whether to go on. */
static inline uint32_t ir_inner_results(const IrNode *node) {
  return node->op == OP_WHILE;
}
/* How many of its parameters, and of its results, are effect tokens. */
uint32_t ir_token_count(const IrGraph *graph);
/* Whether the node joins the plain forms of its value inputs. */
bool ir_concatenates(Op op);

#endif
