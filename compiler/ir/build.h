/* SPDX-License-Identifier: MIT
 *
 * Checked tree to graph IR.
 */
#ifndef APXM_COMPILER_IR_BUILD_H
#define APXM_COMPILER_IR_BUILD_H

#include "compiler/front/ast.h"
#include "compiler/ir/ir.h"

/* Requires a tree that was checked without errors, of a source within
 * LIMIT_SOURCE_BYTES. Writes AstBinding.ir and .literal. The program borrows
 * the tree's texts; free it with ir_free. Limits on a graph's parts are the
 * object writer's business. */
IrProgram *ir_build(const AstProgram *ast, Arena *arena);

#endif
