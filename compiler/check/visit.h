/* SPDX-License-Identifier: MIT
 *
 * Every expression of a flow, in order of text, parents before their parts.
 */
#ifndef APXM_COMPILER_CHECK_VISIT_H
#define APXM_COMPILER_CHECK_VISIT_H

#include "compiler/front/ast.h"

/* May turn the expression into another kind: its parts are looked at after. */
typedef void CheckVisit(void *context, AstExpr *expr);

void check_visit_expr(AstExpr *expr, CheckVisit *visit, void *context);
void check_visit_exprs(AstExpr *first, CheckVisit *visit, void *context);
void check_visit_block(AstBlock *block, CheckVisit *visit, void *context);

#endif
