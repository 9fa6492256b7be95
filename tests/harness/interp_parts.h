/* SPDX-License-Identifier: MIT
 *
 * The parts of the reference interpreter, among themselves.
 */
#ifndef APXM_TESTS_HARNESS_INTERP_PARTS_H
#define APXM_TESTS_HARNESS_INTERP_PARTS_H

#include "tests/harness/interp_int.h"

/* interp.c */
/* `is_read`: the call is not left out, whatever comes of it. */
Cell interp_call(Interp *in, const AstFlow *flow, const Cell *args,
                 bool is_read);
Cause interp_join(Interp *in, Cause a, Cause b);
/* `cause`, but no sooner than what is `depth` deep is over. */
Cause interp_after(Interp *in, Cause cause, uint32_t depth);
uint32_t interp_depth(const Interp *in, Cause cause);
/* The next print waits for `cause`, too, and for where we are. */
void interp_chain(Interp *in, Cause cause);
/* Notes a failure; the value is poison. */
Cell interp_fail(Interp *in, FailureCode code, Slice message, Slice node,
                 Cause cause);
void interp_undecided(Interp *in, const char *why);
void interp_note(Interp *in, InterpEvent event);
Cell *interp_cell(Interp *in, AstBinding *binding);
Slice interp_keep(Interp *in, Buf *buf); /* into the arena; frees `buf` */
void interp_observe(Interp *in, Cause cause);
bool interp_gave_up(Interp *in);

/* interp_block.c, interp_control.c */
Step interp_block(Interp *in, const AstBlock *block);
/* The same for statements that belong to the block around them. */
Step interp_inline(Interp *in, const AstBlock *block);
/* `fence()` */
void interp_fence(Interp *in);
Step interp_control(Interp *in, const AstStmt *stmt);
bool interp_block_prints(const Interp *in, const AstBlock *block);
bool interp_expr_prints(const Interp *in, const AstExpr *expr);

/* interp_quiet.c: how deep all is that a try's body may wait for, as it begins:
 * what it and its catch have from outside. */
uint32_t interp_captured(Interp *in, const AstControl *control);

/* interp_expr.c */
Cell interp_expr(Interp *in, const AstExpr *expr);
/* Evaluates it for a binding called `name`. */
Cell interp_named(Interp *in, const AstExpr *expr, Slice name);

/* How many parts of a join are added up before the rest is joined; and `count`
 * parts from `part` on, added. One part may be anything. */
uint32_t interp_leading_numbers(const AstExpr *expr);
Cell interp_sum(Interp *in, const AstExpr *part, uint32_t count);

/* interp_call.c */
Cell interp_operation(Interp *in, const AstExpr *expr, Slice label);

/* interp_text.c: pure functions on texts; `args` are known values. NULL when
 * it succeeded, else the code of the failure. */
bool interp_function(Interp *in, Op op, const Datum *args, uint32_t count,
                     Datum *out, FailureCode *code);
Slice interp_fold(Interp *in, Slice label);
bool interp_read_number(Slice text, double *out);

/* interp_model.c */
Cell interp_model(Interp *in, const AstCall *call, Slice label);

/* interp_live.c */
void interp_find_read(Interp *in);
bool interp_is_read(const Interp *in, const AstCall *call);

/* interp_guard.c */
Cell interp_guard(Interp *in, const AstCall *call);

#endif
