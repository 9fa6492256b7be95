/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the state of one check, and its phases in the order
 * they run. A flow's body is walked once for names and types together, callees
 * before callers, because a call needs the callee's result type:
 *
 *     declare   agents, flows, parameters, records, written types
 *     callees   what each call means; which flow calls which
 *     order     flows callees first; the types of flows that declare none
 *     body      names and types of one flow: scope, stmts, control, expr
 *     usage     warnings, for flows without errors
 */
#ifndef APXM_COMPILER_CHECK_CHECK_INT_H
#define APXM_COMPILER_CHECK_CHECK_INT_H

#include "compiler/check/check.h"
#include "compiler/check/scope.h"
#include "core/base/map.h"
#include "core/base/vec.h"

/* `{name}` of a bound name in a text: a warning, if the flow has no errors. */
typedef struct PlainBraces {
  const AstExpr *text;
  Slice name;
} PlainBraces;

/* The flow being looked at, as far as its statements are read. */
typedef struct Body {
  Scope scope;
  bool unreachable;    /* past an end: what is read here does not count */
  uint32_t loops;      /* open around the statement */
  uint32_t whiles;     /* and of these */
  TypeId result;       /* common type of the returns so far; TYPE_NONE */
  const AstStmt *told; /* the first return that tells the type, or NULL */
  VEC(const AstControl *) exporting; /* those with exports, inner ones first */
  VEC(PlainBraces) braces;
  VEC(const AstExpr *) compared; /* `==` and `!=` with a text literal */
  VEC(const AstStmt *) assigns; /* outside of loops */
  uint32_t model_calls;         /* so far */
  VEC(const AstMark *) idle;    /* that have no model call to be said of */
} Body;

typedef struct Check {
  AstProgram *program;
  TypeTable *types;
  Arena *arena;
  DiagSink *sink;

  Map agents;            /* name to index; the first of equal names */
  VEC(AstAgent *) agent; /* by index */
  VEC(Map) agent_flows;  /* by index of the agent: name to index of a flow */
  VEC(AstFlow *) flows;  /* by index, in program order */
  Map records;           /* name to TypeId */
  Map ops;               /* name, also an older one, to Op */
  VEC(TypeId) lists;     /* by type: the list of it; TYPE_NONE: not made yet */
  TypeId empty_list;     /* the type of `[]`; TYPE_NONE: not made yet */
  TypeId error_type;     /* what `catch (e)` binds; TYPE_NONE until needed */
  VEC(uint32_t) calls;   /* indexes of called flows, grouped by caller */
  VEC(uint32_t) first_call; /* by flow: into calls; one more at the end */
  VEC(bool) endless;     /* by flow: recursion.c takes it for endless */

  AstFlow *flow;    /* the one being looked at */
  Body body;        /* of it */
  bool silent;      /* only its result type is wanted: nothing is reported */
  bool numbers;     /* then: a sum with what is not known yet is a number */
  Diag unsaid;      /* what is reported then */
  uint32_t guesses; /* names that may still be compared */
  size_t file_bytes; /* read by file() so far */
  uint32_t ahead;   /* statements that may still be looked through */
} Check;

void check_declare(Check *c);
void check_records(Check *c); /* part of it */
void check_callees(Check *c);
void check_file(Check *c, AstExpr *expr); /* makes a literal of file("p") */
void check_order(Check *c);
/* Fills the tree of the flow in; returns its result type: the declared one, or
 * the common type of its returns. */
TypeId check_body(Check *c, AstFlow *flow);
void check_usage(Check *c, AstFlow *flow);
/* Warns of flows that call each other and never end. */
void check_recursion(Check *c, const uint32_t *members, uint32_t count);
void check_items(Check *c, const AstAgent *agent);

/* Reports an error, and remembers that the flow has one. */
#define check_fail(c, ...)                                 \
  ((c)->silent                                             \
       ? ((c)->unsaid = (Diag){0}, &(c)->unsaid)           \
       : ((void)((c)->flow && ((c)->flow->faulty = true)), \
          diag_report((c)->sink, __VA_ARGS__)))

#endif
