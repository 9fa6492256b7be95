/* SPDX-License-Identifier: MIT
 *
 * What the files of the reference interpreter share; interp_parts.h has their
 * functions.
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
  uint32_t depth;   /* requests one after the other that lead here, those
                       included that are only waited for */
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
  uint32_t deepest; /* depth of all that was asked in it */
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
  uint32_t deepest;    /* depth of all that was asked */
  uint32_t chain;      /* depth of what the next print waits for */
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

#endif
