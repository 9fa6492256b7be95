/* SPDX-License-Identifier: MIT
 *
 * Which effect spaces each flow uses, itself or through what it calls.
 */
#ifndef APXM_COMPILER_IR_SPACES_H
#define APXM_COMPILER_IR_SPACES_H

#include "compiler/front/ast.h"

/* Fills masks[flow->index], a bit a Space, for every flow of a checked tree.
 * What follows a `return` in its block never runs and does not count. Returns
 * whether the program has a guard that skips, which makes values absent. */
bool spaces_summarize(const AstProgram *ast, uint16_t *masks);

#endif
