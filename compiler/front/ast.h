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
#include "core/base/reader.h"
#include "core/base/slice.h"
#include "compiler/front/marks.h"
#include "core/object/attrs.h"
#include "core/object/ops.h"
#include "core/object/types.h"

typedef struct AstExpr AstExpr;
typedef struct AstStmt AstStmt;
typedef struct AstFlow AstFlow;
typedef struct AstAgent AstAgent;
typedef struct AstBlock AstBlock;
typedef struct AstControl AstControl;

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
  bool assigned;    /* some `name = expr` changes it */
  const AstStmt *unread; /* the checker's: the last assignment that nothing has
                            read so far */
  AstExpr *value;   /* what it is bound to; NULL of a parameter, a loop's
                       variable, a caught error or what a construct yields */
  bool is_param;
  uint32_t index;   /* of the parameter in the flow */
  uint32_t ir;      /* the IR builder's: reference to the value */
  uint32_t level;   /* the IR builder's: depth of the open graph `ir` is of */
  uint32_t home;    /* the IR builder's: depth of the graph it was bound in */
  uint32_t slot;    /* the IR builder's: place in a list, from 1; else 0 */
  uint32_t ordinal; /* the IR builder's: nodes that were named after it */
  const AstExpr *literal; /* the IR builder's: the text literal it stands for,
                             or NULL */
} AstBinding;

typedef enum AstExprKind {
  EXPR_TEXT,   /* literal, escapes decoded */
  EXPR_NUM,
  EXPR_BOOL,
  EXPR_NULL,
  EXPR_DURATION, /* `30s`: u.num in ms; only an attribute can be one */
  EXPR_NAME,
  EXPR_CONCAT, /* `a + b + c`, and a text with {{ }}: two parts or more */
  EXPR_LIST,
  EXPR_UNARY,  /* `-a`, `!a` */
  EXPR_BINARY, /* - * / % == != < <= > >= && || */
  EXPR_FIELD,  /* `a.name` */
  EXPR_INDEX,  /* `a[i]` */
  EXPR_CALL,   /* also what `a |> f(x)` and `f(x) <- a` are rewritten to */
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
  uint16_t height; /* 1 + that of the highest part, 0 without; with the blocks
                      around it at most LIMIT_EXPR_DEPTH */
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
      AstExpr *last;
      uint32_t count;
      uint32_t numbers; /* of CONCAT, checked: so many parts from the first are
                           added as numbers before the rest is joined as text;
                           all of them when the type is num, else 0 or >= 2 */
    } parts; /* of CONCAT and LIST */
    struct {
      Op op;           /* OP_NEG, OP_NOT; OP_SUB ... OP_OR (ops.def) */
      AstExpr *left;   /* the only one of UNARY */
      AstExpr *right;
    } operation; /* of UNARY and BINARY */
    struct {
      AstExpr *base;
      AstName name;
    } field;
    struct {
      AstExpr *base;
      AstExpr *index;
    } index;
    AstCall *call;
  } u;
};

/* `@retry(3)` before a flow or a statement. */
typedef struct AstMark {
  Mark mark;
  Span span;      /* the whole of it */
  AstName name;   /* without the `@` */
  AstExpr *value; /* NULL of those that have none */
  struct AstMark *next;
} AstMark;

typedef enum AstStmtKind {
  STMT_BIND,     /* `let x: T = expr`, `expr -> x: T`, `expr -> a, b` */
  STMT_ASSIGN,   /* `x = expr`: changes a name of this flow */
  STMT_EXPR,     /* `expr` */
  STMT_RETURN,   /* `return [expr]` */
  STMT_IF,       /* `if (c) {...} else {...} -> x`; the rest have `control` */
  STMT_SWITCH,   /* `switch v { case "a" => ... default => ... } -> x` */
  STMT_LOOP,     /* `loop (x in xs, parallel: n) { ... } -> ys` */
  STMT_WHILE,    /* `while (c, max: n) { ... }` */
  STMT_PARALLEL, /* `parallel { ... }`: its statements belong to the block
                    around it, so it has no scope of its own */
  STMT_TRY       /* `try { ... } catch (e) { ... } -> x` */
} AstStmtKind;

/* A name that a statement binds: `_` discards. */
typedef struct AstTarget {
  AstName name;
  AstType *declared;     /* or NULL */
  TypeId declared_type;  /* checked; TYPE_NONE without, or in error */
  AstBinding *binding;   /* checked; NULL when discarded or in error */
  struct AstTarget *next;
} AstTarget;

struct AstStmt {
  AstStmtKind kind;
  Span span;
  AstTarget target;    /* empty name without. `.next`: `-> a, b`. Of ASSIGN: the
                          name it changes, `binding` the one that holds it */
  AstExpr *expr;       /* the value; the condition of IF and WHILE, what SWITCH
                          looks at, LOOP's list; NULL of TRY, PARALLEL and a
                          bare `return` */
  AstControl *control; /* of IF and the kinds after it, else NULL */
  AstMark *marks;
  AstStmt *next;
};

/* Statements with a scope of their own (PARALLEL's has none). */
struct AstBlock {
  AstStmt *first;
  Span span;    /* braces included; of a bare statement that one */
  bool braces;  /* false: one statement stands for the block */
  bool lost;    /* a syntax error in one of its statements */
  bool ends;    /* checked: no path reaches its end (return, err) */
  bool returns; /* checked: some path in it, at any depth, returns */
};

typedef enum AstArmKind {
  ARM_THEN,    /* of IF */
  ARM_ELSE,    /* of IF, the last; `else if` is a block without braces of one
                  IF statement */
  ARM_CASE,    /* of SWITCH; with one label each */
  ARM_DEFAULT, /* of SWITCH; may stand anywhere among the cases */
  ARM_BODY,    /* of LOOP, WHILE, PARALLEL and TRY */
  ARM_CATCH    /* of TRY */
} AstArmKind;

typedef struct AstArm {
  AstArmKind kind;
  Span span;      /* the word that opens it: `case "a"`, `else`, ... */
  AstExpr *label; /* of CASE: EXPR_TEXT, escapes decoded */
  AstBlock body;
  struct AstArm *next;
} AstArm;

/* A name bound in every arm that does not end, visible after the construct (of
 * IF, SWITCH and TRY). Made by the checker; `binding->used` says whether
 * anything after the construct reads it. */
typedef struct AstExport {
  AstBinding *binding; /* after the construct */
  AstBinding **inner;  /* by arm; NULL where the arm ends */
  struct AstExport *next;
} AstExport;

struct AstControl {
  Span word; /* `if`, `loop`, ... */
  AstArm *arms;
  uint32_t arm_count;
  bool lost;             /* a syntax error in its head or between its arms */
  AstName variable;      /* of LOOP; of TRY the caught error (may be empty) */
  AstBinding *variable_binding; /* checked */
  struct AstAttr *attrs; /* LOOP: parallel, ordered; WHILE: max */
  AstExport *exports;    /* checked */
  TypeId value;          /* checked: what `-> x` binds, or what the construct is
                            worth as the last statement of a block; TYPE_VOID
                            when that is nothing. Of LOOP the list */
  bool value_wanted;     /* checked: bound, or the value of a block whose value
                            is wanted */
};

/* The statement whose value a block has: its last; NULL of an empty block. */
const AstStmt *ast_last_stmt(const AstBlock *block);

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
  AstMark *marks;
  bool entry;        /* @entry is one of them */
  Span entry_span;
  AstParam *params;
  uint32_t param_count;
  AstType *declared; /* result type, or NULL */
  AstBlock body;
  Span end_span;     /* the closing brace */
  bool lost_head;    /* a syntax error in its parameters or result */
  bool lost_body;    /* a syntax error in a statement */
  bool faulty;       /* checked: an error of any kind was reported in it */
  TypeId result;     /* checked */
  uint32_t index;    /* checked: in program order, over all agents */
  AstFlow *next;
};

/* What an agent declares beside flows. Checked for names; nothing in this
 * version uses them, and a warning says so. */
typedef enum AstItemKind {
  ITEM_MEMORY,       /* one name of `memory { name: TIER }` */
  ITEM_BELIEF,       /* one of `beliefs { name: expr }` */
  ITEM_GOAL,         /* one of `goals { name(priority: 1, ...) }` */
  ITEM_CAPABILITY,   /* `capability c(q: str) -> str;` */
  ITEM_TOOLS,        /* `tools: [a, b]`, one name each */
  ITEM_DISCOVERABLE, /* `discoverable: [a, b]`, one name each */
  ITEM_HANDLER       /* `on Event { ... } if (c) => ...` */
} AstItemKind;

typedef struct AstItem {
  AstItemKind kind;
  AstName name;
  AstName tier; /* of MEMORY */
  Span span;    /* the word that opens it, or the name */
  struct AstItem *next;
} AstItem;

struct AstAgent {
  AstName name;
  AstFlow *flows;
  uint32_t flow_count;
  AstItem *items;
  AstExpr *context; /* `context: "..."`: EXPR_TEXT, the system prompt of its
                       model calls that have none; or NULL */
  uint32_t index; /* checked: in program order */
  AstAgent *next;
};

/* `type Invoice { total: num, items: list<str> }` */
typedef struct AstField {
  AstName name;
  AstType *declared;
  struct AstField *next;
} AstField;

typedef struct AstRecord {
  AstName name;
  AstField *fields;
  uint32_t field_count;
  TypeId type; /* checked */
  struct AstRecord *next;
} AstRecord;

/* `import "other.ais"` */
typedef struct AstImport {
  Slice path; /* escapes decoded */
  Span span;
  const Source *source; /* what it names; NULL when that was not read */
  struct AstImport *next;
} AstImport;

/* What a program was read from. */
typedef struct SourceFiles {
  Sources all;
  VEC(char *) texts; /* of the imported ones */
} SourceFiles;

typedef struct AstProgram {
  const Source *source; /* the main one; it knows all others */
  SourceFiles *files;   /* of parse_program; NULL of parse_source */
  const SourceReader *reader; /* for file(); the same */
  AstAgent *agents;     /* of all sources, the main one's first */
  AstRecord *records;
  AstImport *imports;   /* of the main source */
  uint32_t flow_count; /* checked: over all agents */
  TypeTable *types;    /* filled by the checker; owned by the caller */
} AstProgram;

/* Readable text of the tree, for --dump=ast. */
void ast_dump(const AstProgram *program, Buf *out);

#endif
