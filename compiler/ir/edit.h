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

/* Appends a node with these inputs; its attributes follow by ir_add_attr, its
 * arms by ir_add_arm. The ranges of all three are filled in. */
IrRef ir_add_node(IrGraph *graph, const IrNode *node, const IrRef *inputs,
                  uint32_t count);

/* Adds an attribute to the last node; keeps them in order of Attr. */
void ir_add_attr(IrGraph *graph, Attr attr, IrRef value);

/* Adds an arm to the last node. */
void ir_add_arm(IrGraph *graph, ObjArmKind kind, IrRef label, uint32_t row);

/* Adds to uses[i] the number of edges that begin at node i. */
void ir_count_uses(const IrGraph *graph, uint32_t *uses);

/* Takes out the nodes marked IR_DEAD, which nobody may read any more but a
 * FENCE, and numbers the others anew. Linear. */
void ir_compact(IrGraph *graph);

/* Copies a graph's nodes with the `count` parameters named in `front`, all it
 * has, before the others, numbered anew. `to` has no nodes yet and gets room
 * for no more than these. Linear. */
void ir_copy_params_first(const IrGraph *from, const uint32_t *front,
                          uint32_t count, IrGraph *to);

/* Takes out the nested graphs that no flow runs any more, and numbers the
 * others anew, in their order. Linear. */
void ir_drop_graphs(IrProgram *program);

#endif
