/* SPDX-License-Identifier: MIT
 *
 * What messages say beyond the mistake itself: nearest names, fixes, words.
 */
#ifndef APXM_COMPILER_CHECK_HELP_H
#define APXM_COMPILER_CHECK_HELP_H

#include "compiler/check/check_int.h"
#include "core/base/nearest.h"

/* Whether what is reported now is shown: else help need not be looked for. */
bool check_is_heard(const Check *c);

/* Adds "did you mean `...`?", and it as replacement, if a name was near. */
void check_suggest(Check *c, const Nearest *nearest, Diag *diag);

/* The same among the names that are bound here. */
void check_suggest_bound(Check *c, Slice name, Diag *diag);

/* Help, and where there is one a fix, on how `expr` gets the type `want`. */
void check_help_value(Check *c, const AstExpr *expr, TypeId want, Diag *diag);

/* `expr -> x` or `let x = expr` becomes `x = expr`, as the fix. */
void check_fix_as_assignment(Check *c, const AstStmt *stmt, Diag *diag);

/* Reports a name that is bound only in a block which is closed. */
void check_report_trace(Check *c, const AstName *name, const Trace *trace);

/* What stands in the source. The span of an expression ends before a bracket
 * around its last part, so it may be no expression when it is taken out of its
 * place: then its brackets are not balanced. */
Slice check_source_text(const Check *c, Span span);
bool check_is_balanced(Slice text);

const char *check_type_text(Check *c, TypeId type); /* "list<str>" */
const char *check_this_is(Check *c, TypeId type);   /* "this is str" */
const char *check_arm_text(Check *c, const AstArm *arm); /* "`case "b"`" */

/* "Agent.flow(a: str, b: num) -> str" */
const char *check_signature(Check *c, const AstFlow *flow);

#endif
