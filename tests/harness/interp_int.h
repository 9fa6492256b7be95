/* SPDX-License-Identifier: MIT
 *
 * What the files of the reference interpreter share.
 *
 * Each value has a cause: the requests it came from, by data or by control, as
 * a node of a graph. At the end those that reach something seen from outside
 * (a line, the result, the failure of a run, `-> _`) must have been made; the
 * others may have been left out by the optimizer or by an early end.
 */
#ifndef APXM_TESTS_HARNESS_INTERP_INT_H
#define APXM_TESTS_HARNESS_INTERP_INT_H

#include "core/base/map.h"
#include "tests/harness/interp.h"

typedef uint32_t Cause; /* row of Interp.causes; 0: no request */

typedef struct CauseNode {
  Cause left, right;
  uint32_t request; /* plus 1; 0: none of its own */
} CauseNode;

typedef struct Cell {
  Datum datum;
  Cause cause;
} Cell;

typedef enum FailureCode {
#define X(name, text) CODE_##name,
#include "tests/harness/codes.def"
#undef X
  CODE_COUNT
} FailureCode;

typedef struct Failure {
  FailureCode code;
  Slice message; /* empty: the wording is the engine's */
  Slice node;    /* bound name, else op; empty: not looked into */
  Cause cause;
} Failure;

/* What fails together: a try's body, or the run. */
typedef struct Scope {
  struct Scope *outer;
  VEC(Failure) failures;
  VEC(Slice) lines;
  VEC(Cause) roots;  /* what is seen from outside if it succeeds */
  bool chain_broken; /* nothing more can be printed */
  uint32_t first_request;
} Scope;

/* One flow being called. */
typedef struct Activation {
  struct Activation *caller;
  const AstFlow *flow;
  VEC(Cell) cells; /* by binding->ir, which nobody else uses in this tree */
  bool is_read;    /* its call is not left out */
} Activation;

typedef struct Interp {
  const AstProgram *program;
  TypeView types;
  SimRules *rules;
  InterpOutcome *outcome;
  Arena *arena;
  Scope *scope;
  Activation *act;
  Cause control; /* of what is being executed */
  VEC(CauseNode) causes;
  uint32_t bindings; /* numbered so far */
  uint32_t depth, steps;
  uint32_t block_from; /* first request of the block being executed */
  bool *prints;        /* by flow index: it may print */
  VEC(const AstCall *) read_calls; /* of interp_find_read */
  bool marks_grew;
  const AstFlow *walked; /* by interp_find_read */
} Interp;

/* Where a statement leads to. */
typedef enum Way {
  WAY_ON,       /* the next statement */
  WAY_RETURNED, /* `value` is the flow's */
  WAY_ENDED,    /* it failed: an `err` stood there */
  WAY_STUCK     /* whether it returned will never be known */
} Way;

typedef struct Step {
  Way way;
  Cell value; /* of the block or statement */
} Step;

/* interp.c */
/* `is_read`: the call is not left out, whatever comes of it. */
Cell interp_call(Interp *in, const AstFlow *flow, const Cell *args,
                 bool is_read);
Cause interp_join(Interp *in, Cause a, Cause b);
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
