/* SPDX-License-Identifier: MIT
 *
 * Blocks: statements one after the other.
 */
#ifndef APXM_COMPILER_IR_BLOCK_H
#define APXM_COMPILER_IR_BLOCK_H

#include "compiler/ir/lower.h"

/* Lowers a flow's body; its end is a return. */
void lower_body(Lower *lower, const AstBlock *block);

/* Lowers a block into the innermost graph, the outermost of the block. Sets the
 * outputs from `outputs` on: the used ones of `exports`, as arm number `arm`
 * binds them, then the block's value if there is one more. A graph that has
 * ended has none. */
void lower_block(Lower *lower, const AstBlock *block, const AstExport *exports,
                 uint32_t arm, uint32_t outputs);

/* `fence()`: the statements after it wait for all before it. */
IrRef lower_fence(Lower *lower, Span span);

#endif
