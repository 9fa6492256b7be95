/* SPDX-License-Identifier: MIT
 *
 * The tree of one source file, in one arena. The parser fills it; the checker
 * adds types and resolved names (the fields marked "checked") and changes
 * nothing else. Lists are singly linked in source order, with their lengths.
 */
#ifndef APXM_COMPILER_FRONT_AST_H
#define APXM_COMPILER_FRONT_AST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/diag.h"
#include "core/base/slice.h"
#include "core/object/attrs.h"
#include "core/object/ops.h"
#include "core/object/types.h"

typedef struct AstExpr AstExpr;
typedef struct AstStmt AstStmt;
typedef struct AstFlow AstFlow;
typedef struct AstAgent AstAgent;

/* A name as written. */
typedef struct AstName {
  Slice text; /* of the source */
  Span span;
} AstName;

/* A type as written: str, list<num>, ... */
typedef struct AstType {
  AstName name;
  struct AstType *element; /* of list<...>, else NULL */
  Span span;               /* the whole of it */
} AstType;

/* Where a literal has an opening brace that was written as an escape (`\{`,
 * `\u{7b}`): such a brace is text, it never places a context of a model
 * call. */
typedef struct AstEscapes {
  uint32_t count;
  uint32_t offsets[]; /* bytes into the decoded text, ascending */
} AstEscapes;

/* What a name is bound to: a parameter or the result of a statement. Made by
 * the checker, read by the IR builder. */
typedef struct AstBinding {
  AstName name;
  TypeId type;
  bool used;        /* somebody reads it */
  AstExpr *value;   /* what it is bound to; NULL of a parameter */
  bool is_param;
  uint32_t index;   /* of the parameter in the flow */
  uint32_t ir;      /* the IR builder's: reference to the value */
  const AstExpr *literal; /* the IR builder's: the text literal it stands for,
                             or NULL */
} AstBinding;

typedef enum AstExprKind {
  EXPR_TEXT,   /* literal, escapes decoded */
  EXPR_NUM,
  EXPR_BOOL,
  EXPR_NAME,
  EXPR_CONCAT, /* `a + b + c`, and a text with {{ }}: two parts or more */
  EXPR_LIST,
  EXPR_CALL,
  EXPR_ERROR   /* a syntax error stood here; already reported */
} AstExprKind;

typedef enum AstCallee {
  CALLEE_UNKNOWN, /* reported */
  CALLEE_OP,
  CALLEE_FLOW
} AstCallee;

/* `name: value` in a call. */
typedef struct AstAttr {
  AstName name;
  AstExpr *value;
  Attr attr; /* checked; ATTR_COUNT for `prompt`, which is the first argument */
  struct AstAttr *next;
} AstAttr;

typedef struct AstCall {
  AstName agent; /* empty text without "Agent." */
  AstName name;
  AstExpr *args; /* positional, linked by `next`; a `prompt:` attribute has
                    been moved to the front by the checker */
  uint32_t arg_count;
  AstAttr *attrs;
  AstCallee callee; /* checked */
  Op op;            /* checked, of CALLEE_OP */
  AstFlow *flow;    /* checked, of CALLEE_FLOW */
} AstCall;

struct AstExpr {
  AstExprKind kind;
  Span span;
  TypeId type;   /* checked; TYPE_NONE in error */
  bool braces;   /* of CONCAT: one text with {{ }}; its first part is literal */
  AstExpr *next; /* in the list that holds it */
  union {
    struct {
      Slice text; /* in the arena or the source */
      const AstEscapes *escapes; /* NULL when it has none */
    };
    double num;
    bool boolean;
    struct {
      Slice text;
      AstBinding *binding; /* checked; NULL in error */
    } name;
    struct {
      AstExpr *first; /* linked by `next` */
      uint32_t count;
    } parts; /* of CONCAT and LIST */
    AstCall *call;
  } u;
};

typedef enum AstStmtKind {
  STMT_BIND,  /* `let x: T = expr`, `expr -> x`, `expr -> _` */
  STMT_EXPR,  /* `expr` */
  STMT_RETURN /* `return [expr]` */
} AstStmtKind;

struct AstStmt {
  AstStmtKind kind;
  Span span;
  AstName name;        /* of BIND; "_" discards */
  AstType *declared;   /* of BIND, or NULL */
  TypeId declared_type; /* checked; TYPE_NONE without, or in error */
  AstExpr *expr;       /* NULL in a bare `return` */
  AstBinding *binding; /* checked, of BIND; NULL when discarded */
  AstStmt *next;
};

typedef struct AstParam {
  AstName name;
  AstType *declared;
  AstBinding *binding; /* checked */
  struct AstParam *next;
} AstParam;

struct AstFlow {
  AstAgent *agent;
  AstName name;
  Span span;         /* "flow name" */
  bool entry;        /* @entry */
  Span entry_span;
  AstParam *params;
  uint32_t param_count;
  AstType *declared; /* result type, or NULL */
  AstStmt *body;
  Span end_span;     /* the closing brace */
  bool lost_head;    /* a syntax error in its parameters or result */
  bool lost_body;    /* a syntax error in a statement */
  bool faulty;       /* checked: an error of any kind was reported in it */
  TypeId result;     /* checked */
  uint32_t index;    /* checked: in program order, over all agents */
  AstFlow *next;
};

struct AstAgent {
  AstName name;
  AstFlow *flows;
  uint32_t flow_count;
  uint32_t index; /* checked: in program order */
  AstAgent *next;
};

typedef struct AstProgram {
  const Source *source;
  AstAgent *agents;
  uint32_t flow_count; /* checked: over all agents */
  TypeTable *types;    /* filled by the checker; owned by the caller */
} AstProgram;

/* Readable text of the tree, for --dump=ast. */
void ast_dump(const AstProgram *program, Buf *out);

#endif
