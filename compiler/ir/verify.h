/* SPDX-License-Identifier: MIT
 *
 * Whether a graph IR keeps the promises of ir.h. A failure is our own mistake.
 */
#ifndef APXM_COMPILER_IR_VERIFY_H
#define APXM_COMPILER_IR_VERIFY_H

#include "compiler/ir/ir.h"

/* False, with one sentence in `why`, when a promise is broken. Linear. */
bool ir_verify(const IrProgram *program, Buf *why);

/* For assert(): as ir_verify, but says on standard error after which `step`
 * what is broken, with a dump of the graph. */
bool ir_is_sound(const IrProgram *program, const char *step);

#endif
