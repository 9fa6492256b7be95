/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the state of one check, and its phases in the order
 * they run. Each goes over all flows before the next begins, because a call
 * needs the callee's signature and a signature may need another flow's type:
 *
 *     declare   agents, flows, parameters, written types
 *     names     what each name and each call means
 *     results   the types of flows that declare none
 *     types     of every expression; arity, attributes
 *     usage     warnings, for flows without errors
 */
#ifndef APXM_COMPILER_CHECK_CHECK_INT_H
#define APXM_COMPILER_CHECK_CHECK_INT_H

#include "compiler/check/check.h"
#include "core/base/map.h"
#include "core/base/nearest.h"
#include "core/base/vec.h"

typedef struct Check {
  AstProgram *program;
  TypeTable *types;
  Arena *arena;
  DiagSink *sink;

  Map agents;            /* name to index; the first of equal names */
  VEC(AstAgent *) agent; /* by index */
  VEC(Map) agent_flows;  /* by index of the agent: name to index of a flow */
  VEC(AstFlow *) flows;  /* by index, in program order */

  AstFlow *flow;              /* the one being looked at */
  Map names;                  /* of this flow: name to row of `bindings` */
  VEC(AstBinding *) bindings; /* of this flow, in order */
  bool returned;              /* past its first return: nothing is read */
  uint32_t guesses;           /* names that may still be compared */
} Check;

void check_declare(Check *c);
void check_names(Check *c, AstFlow *flow);
void check_results(Check *c);
void check_types(Check *c, AstFlow *flow);
void check_usage(Check *c, AstFlow *flow);

/* ---- shared -------------------------------------------------------------- */

/* Reports an error, and remembers that the flow has one. */
#define check_fail(c, ...)                          \
  ((void)((c)->flow && ((c)->flow->faulty = true)), \
   diag_report((c)->sink, __VA_ARGS__))

/* The type as written; reports what is wrong with it. */
TypeId check_written_type(Check *c, const AstType *type);
bool check_fits(const Check *c, TypeId from, TypeId to);
const char *check_type_text(Check *c, TypeId type);
/* The type both fit, if there is one. TYPE_NONE fits all. */
bool check_common_type(const Check *c, TypeId a, TypeId b, TypeId *common);

/* "Agent.flow(a: str, b: num) -> str" */
const char *check_signature(Check *c, const AstFlow *flow);

/* What a call names; reports when nothing. Moves `prompt:` to the front. */
void check_callee(Check *c, AstCall *call);
/* The type of a call whose arguments have their types. */
TypeId check_call_type(Check *c, AstExpr *expr);
/* The attributes of a call of an operation. */
void check_attributes(Check *c, AstCall *call);

/* The common type of `part` and its successors; TYPE_NONE without any. Reports
 * with `code` the first that disagrees. */
TypeId check_same_types(Check *c, const AstExpr *part, DiagCode code,
                        const char *of_what);

/* Adds "did you mean `...`?", and it as replacement, if a name was near. */
void check_suggest(Check *c, const Nearest *nearest, Diag *diag);

#endif
