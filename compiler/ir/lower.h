/* SPDX-License-Identifier: MIT
 *
 * Between the parts of the IR builder: build.c walks flows and expressions,
 * prompt.c makes the inputs of a model call. Private to compiler/ir.
 */
#ifndef APXM_COMPILER_IR_LOWER_H
#define APXM_COMPILER_IR_LOWER_H

#include "compiler/front/ast.h"
#include "compiler/ir/ir.h"
#include "core/base/map.h"

/* A part of a prompt, or a context. */
typedef struct Piece {
  const AstExpr *literal; /* EXPR_TEXT that may hold placements, or NULL */
  IrRef ref;              /* the value; IR_REF_NONE for a bare literal */
  bool placed;            /* a context: a placement named it */
} Piece;

typedef struct Lower {
  IrProgram *program;
  IrGraph *graph;              /* the one being filled */
  const uint16_t *masks;       /* spaces of each flow */
  IrRef tokens[SPACE_COUNT];   /* who holds each space's token now */
  VEC(IrRef) refs;             /* stack: inputs of the nodes being made */
  VEC(Piece) pieces;           /* stack: prompts being made */
  Map headings;                /* of contexts: text to reference */
  uint32_t ordinals[OP_COUNT]; /* nodes of this flow with the op for a label */
  Buf key;                     /* the text that a key is the hash of */
  size_t key_prefix;           /* bytes of it: "Agent.flow/" */
} Lower;

/* The value of an expression; makes the nodes it needs. */
IrRef lower_expr(Lower *lower, const AstExpr *expr);

/* Puts one more input on the stack. */
void lower_push(Lower *lower, IrRef ref);

/* Puts the inputs of a model call on the stack. */
void lower_prompt(Lower *lower, const AstCall *call);

#endif
