/* SPDX-License-Identifier: MIT
 *
 * Constructs: statements with graphs of their own, and expressions like them.
 */
#ifndef APXM_COMPILER_IR_CONTROL_H
#define APXM_COMPILER_IR_CONTROL_H

#include "compiler/ir/lower.h"

/* IF, SWITCH, LOOP, WHILE or TRY. Returns its value if that is wanted; binds
 * what it exports. */
IrRef lower_control(Lower *lower, const AstStmt *stmt);

/* `left && right` or `left || right`, the right side only where it matters. */
IrRef lower_lazy_logic(Lower *lower, const AstExpr *expr, IrRef left);

#endif
