/* SPDX-License-Identifier: MIT
 *
 * The cost model: how long a node is expected to take, and from that each
 * node's rank, by which the model client's queue is ordered.
 */
#ifndef APXM_COMPILER_IR_COST_H
#define APXM_COMPILER_IR_COST_H

#include "compiler/ir/ir.h"

/* Expected milliseconds of a node by itself; 0 of a composite. */
uint32_t ir_op_cost(Op op);

/* Fills IrNode.rank everywhere: the longest expected way from the start of the
 * node to the end of its graph, in ms, at most UINT32_MAX. A composite takes
 * as long as the longest way through the dearest graph it runs, a while three
 * times that; a call back into a graph that is being measured counts nothing.
 * Linear. */
void ir_rank(IrProgram *program);

#endif
