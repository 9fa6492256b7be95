/* SPDX-License-Identifier: MIT
 *
 * The arms of a construct become graphs of their own and one node that runs
 * them:
 *
 *     Fork fork = lower_fork(lower, OP_BRANCH, span, condition);
 *     layer_open(lower, "..."); ... lower_close_arm(lower, OBJ_ARM_TRUE, ...);
 *     layer_open(lower, "..."); ... lower_close_arm(lower, OBJ_ARM_FALSE, ...);
 *     lower_join(lower, &fork, outputs);
 */
#ifndef APXM_COMPILER_IR_JOIN_H
#define APXM_COMPILER_IR_JOIN_H

#include "compiler/ir/lower.h"

/* Begins a construct in the innermost graph. */
Fork lower_fork(const Lower *lower, Op op, Span span, IrRef control);

/* Closes the innermost graph, an arm of the construct that is being made, and
 * remembers the outputs from `outputs` on for it. */
void lower_close_arm(Lower *lower, ObjArmKind kind, IrRef label,
                     uint32_t outputs);
/* The same for an arm that was closed before and resumed. */
void lower_close_again(Lower *lower, uint32_t outputs);

/* Makes the node and its ports in the innermost graph. The outputs from
 * `outputs` on and the names that some arm assigned refer to them then; where
 * no arm goes on, the graph has ended, too, and there are no outputs. */
void lower_join(Lower *lower, const Fork *fork, uint32_t outputs);

#endif
