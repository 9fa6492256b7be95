/* SPDX-License-Identifier: MIT
 *
 * Open graphs. While an arm is filled, so is the graph around it, up to the
 * flow's own: each is a layer, the flow's at level 1. What a name stands for
 * is a reference into one of them (AstBinding.ir and .level). Reading it
 * further inside brings it in, level by level, as a parameter of each graph on
 * the way; changing it inside changes it for that layer. Both leave a Change,
 * with which the layer can be set aside, as if it had not been there, and
 * resumed: so nothing has to be known about an arm before it is lowered.
 */
#ifndef APXM_COMPILER_IR_LAYER_H
#define APXM_COMPILER_IR_LAYER_H

#include "compiler/front/ast.h"
#include "compiler/ir/ir.h"

typedef struct Lower Lower;

/* What a name stands for around a layer; in it, while that is set aside. */
typedef struct Change {
  AstBinding *binding;
  IrRef ir;
  uint32_t level;
  IrRef param; /* the PARAM by which it came in; IR_REF_NONE when it did not */
} Change;

/* A composite to be: its arms are lowered or being lowered. */
typedef struct Fork {
  Op op;
  Span span;
  IrRef control;      /* input 0, of the graph around; or IR_REF_NONE */
  uint32_t base;      /* names bound at lower levels live on after it */
  uint32_t first_arm; /* its layers are Lower.arms from here to the end */
  bool fence;         /* a BRANCH both of whose arms are the one graph */
  bool listed;        /* the open layer is among those arms already */
  TypeId list;        /* of LOOP: what the values make up; TYPE_VOID: nothing */
  Attr attr;          /* ATTR_COUNT without one */
  IrRef attr_value;
} Fork;

typedef struct Layer {
  struct Layer *outer; /* the graph around; the next of a free list */
  uint32_t level;
  uint32_t base; /* the level at which its block begins: its own, unless it
                    holds the rest of a block */
  IrGraph graph;
  VEC(Change) changes;          /* each binding at most once */
  VEC(AstBinding *) assigned;   /* with repetitions */
  VEC(IrRef) outputs;           /* set aside: what its fork wants of it */
  uint32_t own_params;          /* PARAMs that are no captures: the item, ... */
  uint32_t keyed;               /* nodes that were looked at for keys */
  bool ended;                   /* nothing comes after: return, err */
  bool returns;                 /* `returned` was assigned */
  IrRef fence;                  /* the next statement waits for it, or NONE */
  AstBinding *before;           /* a FENCE after all there is; or NULL */
  ObjArmKind kind;              /* as an arm */
  IrRef label;
  Fork fork; /* of the rest of a block: what it is an arm of */
} Layer;

/* Opens a layer inside the innermost one, or for a flow. */
Layer *layer_open(Lower *lower, Slice name);
/* Back to the layer around it; the names stand for what they did before. */
void layer_set_aside(Lower *lower);
/* Inside again. The innermost layer must be the one around it. */
void layer_resume(Lower *lower, Layer *layer);
/* Forgets a layer that was set aside. Its graph's memory is used again. */
void layer_recycle(Lower *lower, Layer *layer);

/* What the name stands for, as a reference into the innermost graph. */
IrRef layer_read(Lower *lower, AstBinding *binding);
/* The same for the open graph at `level`, which the name reaches. */
IrRef layer_read_at(Lower *lower, AstBinding *binding, uint32_t level);
/* A name that is bound here. */
void layer_bind(Lower *lower, AstBinding *binding, IrRef ref);
/* A name that has another value from here on, also after the construct. */
void layer_assign(Lower *lower, AstBinding *binding, IrRef ref);
/* The same, but forgotten when the layer is closed. */
void layer_know(Lower *lower, AstBinding *binding, IrRef ref);
/* Adds a PARAM that is not a capture; they come before any other node. */
IrRef layer_own_param(Lower *lower, TypeId type, Slice name, Span span);

#endif
