/* SPDX-License-Identifier: MIT
 *
 * Names, types, arity, effects: fills the "checked" fields of the tree and
 * reports everything that is wrong with it.
 */
#ifndef APXM_COMPILER_CHECK_CHECK_H
#define APXM_COMPILER_CHECK_CHECK_H

#include "compiler/front/ast.h"

/* Requires a tree without syntax errors (a tree with some is checked as far as
 * it goes). Types are added to `types`, which program->types is set to. After
 * it, when sink->error_count is 0, every "checked" field is filled. */
void check_program(AstProgram *program, TypeTable *types, Arena *arena,
                   DiagSink *sink);

#endif
