/* SPDX-License-Identifier: MIT
 *
 * The walk over one flow that gives names and types: expressions (expr.c,
 * operators.c, call.c, functions.c, attributes.c), statements (stmts.c) and
 * constructs (control.c).
 */
#ifndef APXM_COMPILER_CHECK_BODY_H
#define APXM_COMPILER_CHECK_BODY_H

#include "compiler/check/check_int.h"

/* Names and types of an expression. The second one wants a value, the third
 * one of each in the list. */
TypeId check_expr(Check *c, AstExpr *expr);
TypeId check_value(Check *c, AstExpr *expr);
void check_values(Check *c, AstExpr *first);

/* What check_expr does with each of these kinds. */
TypeId check_concat(Check *c, AstExpr *expr);
TypeId check_unary(Check *c, AstExpr *expr);
TypeId check_binary(Check *c, AstExpr *expr);
TypeId check_call(Check *c, AstExpr *expr);
TypeId check_function(Check *c, AstExpr *expr); /* arguments have types */

void check_attributes(Check *c, AstCall *call);
void check_control_attributes(Check *c, const AstStmt *stmt);
void check_marks(Check *c, const AstMark *mark);
void check_idle_marks(Check *c, const AstMark *mark, uint32_t before);
const AstAttr *check_find_attribute(const AstCall *call, Attr attr);

/* The common type of `part` and its successors; TYPE_NONE without any. Reports
 * with `code` the first that disagrees. */
TypeId check_same_types(Check *c, const AstExpr *part, DiagCode code,
                        const char *of_what);

/* Something reads the name here. */
void check_read(const Check *c, AstBinding *binding);

/* Binds a name in the innermost scope. `stmt` could assign instead, if not
 * NULL. Never NULL; `_` and the empty name are not bound. */
AstBinding *check_bind(Check *c, const AstName *name, TypeId type,
                       const AstStmt *stmt);

/* Binds the names of a statement that has some. `value` may be NULL. */
void check_targets(Check *c, AstStmt *stmt, AstExpr *value, TypeId type);

/* `wanted`: somebody reads what the block is worth. */
void check_block(Check *c, AstBlock *block, bool wanted);
void check_control(Check *c, AstStmt *stmt, bool wanted);

/* No path goes on after it; once checked. */
bool check_stmt_ends(const AstStmt *stmt);

#endif
