/* SPDX-License-Identifier: MIT
 *
 * Between the parts of the IR builder, private to compiler/ir:
 *
 *     build.c    flows: the outermost graphs
 *     block.c    statements, and what becomes of the rest of a block
 *     control.c  constructs: their arms and bodies
 *     join.c     graphs set aside -> one composite node
 *     layer.c    open graphs, and what names stand for in them
 *     expr.c     expressions
 *     prompt.c   the inputs of a model call
 *     key.c      paths, names and keys
 */
#ifndef APXM_COMPILER_IR_LOWER_H
#define APXM_COMPILER_IR_LOWER_H

#include "compiler/front/ast.h"
#include "compiler/ir/ir.h"
#include "compiler/ir/layer.h"
#include "core/base/map.h"

/* A part of a prompt, or a context. */
typedef struct Piece {
  const AstExpr *literal; /* EXPR_TEXT that may hold placements, or NULL */
  IrRef ref;              /* the value; IR_REF_NONE for a bare literal */
  bool placed;            /* a context: a placement named it */
} Piece;

/* A value that a construct wants of each of its arms. */
typedef struct Output {
  TypeId type;
  IrRef ref; /* of the innermost graph; IR_REF_NONE where there is none */
} Output;

/* What paths consist of, beside ops; counted by block. */
typedef enum Part {
  PART_IF, PART_SWITCH, PART_LOOP, PART_WHILE, PART_TRY,
  PART_AND,  /* `&&` with a right side that must not always run */
  PART_OR,
  PART_REST, /* of a block, after a statement that may have returned */
  PART_COUNT
} Part;

/* Where in a flow we are: the text is in Lower.path. */
typedef struct Path {
  struct Path *outer;
  size_t start; /* bytes of Lower.path; it ends in `/` */
  size_t end;
  uint32_t ordinals[OP_COUNT]; /* nodes of the block with the op for a label */
  uint32_t parts[PART_COUNT];  /* parts of the block */
} Path;

/* What the annotations around say of model calls. */
typedef struct Settings {
  IrRef values[MARK_COUNT]; /* IR_REF_NONE: nothing */
} Settings;

typedef struct Lower {
  IrProgram *program;
  const uint16_t *masks; /* spaces of each flow */
  bool skips;            /* the program has a guard that skips: any control
                            value may be absent */
  Layer *layer;          /* the innermost open graph */
  IrGraph *graph;        /* its graph */
  VEC(Layer *) layers;   /* the open ones, by level; row 0 is empty */
  Layer *free_layers;
  /* Names of our own: what effects and returns are chained over. */
  AstBinding tokens[SPACE_COUNT]; /* who holds each space's token */
  AstBinding returned;            /* whether the flow has returned */
  AstBinding value;               /* and what */
  IrRef context;                  /* of the agent: a text; or IR_REF_NONE */
  Settings settings;
  TypeId error_type;              /* of what `catch` catches */
  /* Stacks: each function leaves them as it found them. */
  VEC(IrRef) refs;      /* inputs of the nodes being made */
  VEC(Piece) pieces;    /* prompts being made */
  VEC(Output) outputs;  /* of the constructs being made */
  VEC(Layer *) arms;    /* set aside, of the constructs being made */
  /* Scratch of join.c. */
  VEC(AstBinding *) carried;
  VEC(AstBinding *) names;
  VEC(uint32_t) front;
  Map headings;         /* of contexts: text to reference */
  Path *at;             /* where we are */
  Buf path;             /* its text: "Agent.flow/if#0/else/" */
} Lower;

#endif
