/* SPDX-License-Identifier: MIT
 *
 * The names of one flow as its statements are read. Every block opens a scope;
 * one map holds the names of all open ones, and a stack remembers what each
 * name meant before, so that looking up is one probe and closing a scope costs
 * what it bound. What an arm binds outlives it: a construct compares its arms
 * and either binds the name around itself (AstExport) or leaves a trace, so
 * that a later reader can be told which arm does not bind it. Traces are no
 * names: they are asked for when there is none.
 */
#ifndef APXM_COMPILER_CHECK_SCOPE_H
#define APXM_COMPILER_CHECK_SCOPE_H

#include "compiler/front/ast.h"
#include "core/base/map.h"
#include "core/base/vec.h"

/* A name that was bound in a block which is closed. */
typedef struct Trace {
  AstBinding *bound;      /* one of those that were */
  const AstStmt *stmt;    /* the construct with that block */
  const AstArm *lacks;    /* an arm that does not bind it; NULL: there is no
                             `else`, or it is a loop, or the types differ */
  AstBinding *differs;    /* bound to another type than `bound` */
  bool told;              /* reported already: its readers are not */
} Trace;

/* What a name means. */
typedef struct Visible {
  Slice name;
  AstBinding *binding;
  uint32_t before; /* what it meant around the scope; SCOPE_NONE: nothing */
} Visible;

/* A name of an arm that is closed, until its construct is. */
typedef struct ArmName {
  uint32_t arm;
  AstBinding *binding;
  uint32_t merged; /* while a construct is being closed: row of the name */
} ArmName;

#define SCOPE_NONE UINT32_MAX

typedef struct Scope {
  Map rows;              /* name to row of `visible`, or SCOPE_NONE */
  VEC(Visible) visible;  /* innermost last */
  uint32_t first;        /* the innermost scope's first row */
  VEC(ArmName) arms;     /* of the constructs that are open, innermost last */
  Map traced;            /* name to row of `traces`: its last one */
  VEC(Trace) traces;
} Scope;

typedef struct Check Check;

void check_scope_begin(Scope *scope);
void check_scope_free(Scope *scope);

/* Opens a block; give what it returns to check_scope_leave. */
uint32_t check_scope_enter(Scope *scope);
/* Closes it; its names are kept for the construct as those of arm `arm`. */
void check_scope_leave(Scope *scope, uint32_t outer, uint32_t arm);

/* NULL when the name means nothing. */
const Visible *check_scope_find(const Scope *scope, Slice name);
bool check_scope_is_inner(const Scope *scope, const Visible *visible);
/* `outer`: what the name means around the scope, or NULL. */
void check_scope_bind(Scope *scope, AstBinding *binding, const Visible *outer);

/* Of a name that means nothing; NULL: no block has bound it. Valid until the
 * next construct is closed. */
Trace *check_scope_find_trace(const Scope *scope, Slice name);

/* Ends a construct whose arms' names are scope->arms from `base` on: exports or
 * traces. Their number is stmt->control->arm_count. */
void check_scope_merge(Check *c, AstStmt *stmt, uint32_t base);

#endif
