/* SPDX-License-Identifier: MIT
 *
 * Expressions into the innermost graph; and the nodes that other parts of the
 * builder make there.
 */
#ifndef APXM_COMPILER_IR_EXPR_H
#define APXM_COMPILER_IR_EXPR_H

#include "compiler/ir/lower.h"

/* The value of an expression; makes the nodes it needs. */
IrRef lower_expr(Lower *lower, const AstExpr *expr);

/* Puts one more input on the stack. */
void lower_push(Lower *lower, IrRef ref);
/* Makes a node of the inputs on the stack from `base` on; takes them off. */
IrRef lower_node(Lower *lower, Op op, TypeId type, Span span, uint32_t base);
/* Nodes of no, one and two inputs. */
IrRef lower_leaf(Lower *lower, Op op, TypeId type, Span span);
IrRef lower_unary(Lower *lower, Op op, TypeId type, Span span, IrRef ref);
IrRef lower_binary(Lower *lower, Op op, TypeId type, Span span, IrRef left,
                   IrRef right);
/* A value of a type that fits `type`, as that: what becomes json is looked at
 * as such from then on, whatever it was. */
IrRef lower_as(Lower *lower, IrRef ref, TypeId type, Span span);
/* The place holder for a value that nobody will read. */
IrRef lower_nothing(Lower *lower, TypeId type);

/* Whether it is a `+` or a text with {{ }} whose value is text. */
bool lower_is_text_chain(const AstExpr *expr);
/* Of such a chain: the sum of the numbers it begins with, or IR_REF_NONE;
 * returns the part after them. */
const AstExpr *lower_chain_sum(Lower *lower, const AstExpr *expr, IrRef *sum);

/* What annotations say holds for the model calls made from now on. */
void lower_marks(Lower *lower, const AstMark *mark);

/* prompt.c: puts the inputs of a model call on the stack. */
void lower_prompt(Lower *lower, const AstCall *call);

#endif
