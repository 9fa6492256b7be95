/* SPDX-License-Identifier: MIT
 *
 * Making and changing graphs, for the builder and the passes.
 */
#ifndef APXM_COMPILER_IR_EDIT_H
#define APXM_COMPILER_IR_EDIT_H

#include "compiler/ir/ir.h"

/* Each makes a new row. Equal constants become one when the object is written,
 * where they must; to look for equals twice costs more than the rows. */
IrRef ir_text(IrProgram *program, Slice text);      /* text: source or arena */
IrRef ir_text_copy(IrProgram *program, Slice text); /* any text */
IrRef ir_num(IrProgram *program, double value);
IrRef ir_bool(IrProgram *program, bool value);

/* Appends a node with these inputs; its attributes follow by ir_add_attr.
 * first_input, input_count, first_attr and attr_count are filled in. */
IrRef ir_add_node(IrGraph *graph, const IrNode *node, const IrRef *inputs,
                  uint32_t count);

/* Adds an attribute to the last node; keeps them in order of Attr. */
void ir_add_attr(IrGraph *graph, Attr attr, IrRef value);

/* Adds to uses[i] the number of edges that begin at node i. */
void ir_count_uses(const IrGraph *graph, uint32_t *uses);

/* Takes out the nodes marked IR_DEAD, which nobody may read any more, and
 * numbers the others anew. Linear. */
void ir_compact(IrGraph *graph);

#endif
