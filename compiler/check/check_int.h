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
#include "core/base/nearest.h"
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
  VEC(const AstStmt *) assigns; /* outside of loops */
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
  TypeId error_type;     /* what `catch (e)` binds; TYPE_NONE until needed */
  VEC(uint32_t) calls;   /* indexes of called flows, grouped by caller */
  VEC(uint32_t) first_call; /* by flow: into calls; one more at the end */
  VEC(bool) endless;     /* by flow: recursion.c takes it for endless */

  AstFlow *flow;    /* the one being looked at */
  Body body;        /* of it */
  bool silent;      /* only its result type is wanted: nothing is reported */
  Diag unsaid;      /* what is reported then */
  uint32_t guesses; /* names that may still be compared */
} Check;

void check_declare(Check *c);
void check_records(Check *c);
void check_callees(Check *c);
void check_order(Check *c);
/* Fills the tree of the flow in; returns its result type: the declared one, or
 * the common type of its returns. */
TypeId check_body(Check *c, AstFlow *flow);
void check_usage(Check *c, AstFlow *flow);
/* Warns of flows that call each other and never end. */
void check_recursion(Check *c, const uint32_t *members, uint32_t count);
void check_items(Check *c, const AstAgent *agent);

/* ---- shared -------------------------------------------------------------- */

/* Reports an error, and remembers that the flow has one. */
#define check_fail(c, ...)                                 \
  ((c)->silent                                             \
       ? ((c)->unsaid = (Diag){0}, &(c)->unsaid)           \
       : ((void)((c)->flow && ((c)->flow->faulty = true)), \
          diag_report((c)->sink, __VA_ARGS__)))

/* Whether what is reported now is shown: else help need not be looked for. */
bool check_is_heard(const Check *c);

/* The type as written, of a value; reports what is wrong with it. */
TypeId check_value_type(Check *c, const AstType *type, const char *of_what);
TypeId check_written_type(Check *c, const AstType *type);
bool check_is_builtin_type(Slice name);
TypeId check_error_type(Check *c);
bool check_fits(const Check *c, TypeId from, TypeId to);
TypeKind check_kind(const Check *c, TypeId type);
/* What a list's type has inside; json of the empty list's. */
TypeId check_element(const Check *c, TypeId list);
TypeId check_list_of(Check *c, TypeId element, Span span);
const char *check_type_text(Check *c, TypeId type);
/* The type both fit, if there is one. TYPE_NONE fits all. */
bool check_common_type(const Check *c, TypeId a, TypeId b, TypeId *common);
/* "this is str" */
const char *check_this_is(Check *c, TypeId type);

/* "Agent.flow(a: str, b: num) -> str" */
const char *check_signature(Check *c, const AstFlow *flow);

/* Calls `visit` for expressions, parents before their parts. */
typedef void CheckVisit(void *context, AstExpr *expr);
void check_visit_expr(AstExpr *expr, CheckVisit *visit, void *context);
void check_visit_exprs(AstExpr *expr, CheckVisit *visit, void *context);
void check_visit_block(AstBlock *block, CheckVisit *visit, void *context);

void check_file(Check *c, AstExpr *expr); /* makes a literal of file("p") */
TypeId check_call(Check *c, AstExpr *expr);
TypeId check_function(Check *c, AstExpr *expr);
void check_attributes(Check *c, AstCall *call);
void check_control_attributes(Check *c, const AstStmt *stmt);
const AstAttr *check_find_attribute(const AstCall *call, Attr attr);

/* Names and types of an expression. The second one wants a value. */
TypeId check_expr(Check *c, AstExpr *expr);
TypeId check_value(Check *c, AstExpr *expr);
void check_values(Check *c, AstExpr *first);
TypeId check_concat(Check *c, AstExpr *expr);
TypeId check_unary(Check *c, AstExpr *expr);
TypeId check_binary(Check *c, AstExpr *expr);

/* The common type of `part` and its successors; TYPE_NONE without any. Reports
 * with `code` the first that disagrees. */
TypeId check_same_types(Check *c, const AstExpr *part, DiagCode code,
                        const char *of_what);

/* Binds a name in the innermost scope. `stmt` could assign instead, if not
 * NULL. Never NULL; `_` and the empty name are not bound. */
AstBinding *check_bind(Check *c, const AstName *name, TypeId type,
                       const AstStmt *stmt);
void check_targets(Check *c, AstStmt *stmt, AstExpr *value, TypeId type);
bool check_stmt_ends(const AstStmt *stmt);
void check_block(Check *c, AstBlock *block, bool wanted);
void check_control(Check *c, AstStmt *stmt, bool wanted);
/* What a block is worth, once checked as wanted; TYPE_VOID: nothing. */
TypeId check_block_value(Check *c, const AstBlock *block);

/* Adds "did you mean `...`?", and it as replacement, if a name was near. */
void check_suggest(Check *c, const Nearest *nearest, Diag *diag);
/* Help, and where there is one a fix, on how `expr` gets the type `want`. */
void check_help_value(Check *c, const AstExpr *expr, TypeId want, Diag *diag);
Slice check_source_text(const Check *c, Span span);
bool check_is_balanced(Slice text); /* its brackets are */
const char *check_arm_text(Check *c, const AstArm *arm); /* "`case "b"`" */
void check_read(const Check *c, AstBinding *binding);
void check_report_trace(Check *c, const AstName *name, const Trace *trace);

#endif
