/* SPDX-License-Identifier: MIT
 *
 * What stands at a place of the program: the innermost thing in the tree that
 * has a name or a type.
 */
#ifndef APXM_LSP_FIND_H
#define APXM_LSP_FIND_H

#include "compiler/front/ast.h"

typedef enum FoundKind {
  FOUND_NOTHING,
  FOUND_BINDING, /* a name, where it is bound or used: `binding` */
  FOUND_FLOW,    /* in its head or in a call: `flow` */
  FOUND_OP,      /* a call: `call` */
  FOUND_AGENT,   /* its head, or before the dot of a call: `agent` */
  FOUND_TYPE,    /* a type that is written somewhere: `type` */
  FOUND_RECORD,  /* its head: `record` */
  FOUND_FIELD,   /* of a record's head, or after a dot: `field` or `expr` */
  FOUND_ATTR,    /* the name of `name: value` in a call: `attr` */
  FOUND_MARK,    /* an annotation: `mark` */
  FOUND_IMPORT,  /* `import` */
  FOUND_EXPR     /* another expression: `expr` */
} FoundKind;

typedef struct Found {
  FoundKind kind;
  Span span;
  const AstBinding *binding;
  const AstFlow *flow;
  const AstAgent *agent;
  const AstRecord *record;
  const AstField *field;
  const AstType *type;
  const AstCall *call;
  const AstAttr *attr;
  const AstMark *mark;
  const AstImport *import;
  const AstExpr *expr;
} Found;

/* `offset` counts in the space of all sources. */
Found find_at(const AstProgram *program, uint32_t offset);

/* NULL when there is none of that name. */
const AstAgent *find_agent(const AstProgram *program, Slice name);
const AstRecord *find_record(const AstProgram *program, Slice name);

/* The flow whose body holds the offset, or NULL. */
const AstFlow *find_flow_around(const AstProgram *program, uint32_t offset);

#endif
