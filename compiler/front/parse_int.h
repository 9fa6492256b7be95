/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the state of one parse, and the tree builders that
 * the actions of grammar.y call (tree.c) with the readers of literals (text.c).
 */
#ifndef APXM_COMPILER_FRONT_PARSE_INT_H
#define APXM_COMPILER_FRONT_PARSE_INT_H

#include "compiler/front/ast.h"
#include "compiler/front/lexer.h"

/* What the parser is in the middle of: says where to go on after an error. */
typedef enum ParseLevel {
  LEVEL_FILE,  /* between agents */
  LEVEL_AGENT, /* between flows */
  LEVEL_HEAD,  /* between `flow name` and its `{` */
  LEVEL_BODY   /* between statements, or in one */
} ParseLevel;

typedef struct Parser {
  const Source *source;
  Arena *arena;
  DiagSink *sink;
  AstProgram *program;

  Token token;     /* the one the grammar is looking at */
  int before_kind; /* of the token before it */
  uint32_t before; /* where that one ended */
  ParseLevel level;
  uint32_t statement; /* offset of the current statement's first token */
  uint32_t column;    /* of it, in bytes from 0; known in a panic */
  uint32_t depth;     /* brackets and holes open in it */
  bool panic;         /* an error was met; tokens are being skipped */
  bool lost_head;     /* the head of the flow that begins was given up */
  bool dead;          /* the grammar's stack is full: nothing more is fed */
  uint32_t blocks;    /* `{` skipped and not closed, in a panic */
  Span open_agent;    /* the `{` of the agent */
  Span open_body;     /* the `{` of the flow */

  AstAgent *agent; /* open, and last of its list; so for the others */
  AstFlow *flow;
  AstParam *param;
  AstStmt *stmt;
} Parser;

typedef struct AstList {
  AstExpr *first, *last;
  uint32_t count;
  uint32_t end; /* offset after the closing bracket, once it was met */
} AstList;

typedef struct AstArgs {
  AstList values;
  AstAttr *first, *last; /* named */
} AstArgs;

/* The annotations before a flow. */
typedef struct AstMarks {
  bool entry;
  Span span; /* of `@entry` */
} AstMarks;

static inline AstList ast_no_list(void) {
  return (AstList){NULL, NULL, 0, 0};
}

static inline AstArgs ast_no_args(void) {
  return (AstArgs){{NULL, NULL, 0, 0}, NULL, NULL};
}

static inline AstMarks ast_no_marks(void) {
  return (AstMarks){false, {0, 0}};
}

/* ---- tree.c: one for each action of grammar.y ---------------------------- */

void ast_recovered(Parser *p);
void ast_agent_open(Parser *p, Token name, Token brace);
void ast_agent_close(Parser *p);
AstMarks ast_mark(Parser *p, AstMarks marks, Token at, Token name);
void ast_flow_open(Parser *p, AstMarks marks, Token word, Token name);
void ast_flow_lost(Parser *p); /* its head is wrong and no body follows */
void ast_param(Parser *p, Token name, AstType *type);
void ast_result(Parser *p, AstType *type);
AstType *ast_type(Parser *p, Token name);
AstType *ast_type_of(Parser *p, Token name, AstType *element, Token end);
void ast_body_open(Parser *p, Token brace);
void ast_body_close(Parser *p, Token brace);

void ast_stmt_begin(Parser *p);
void ast_stmt(Parser *p, AstStmt *stmt);
void ast_stmt_lost(Parser *p);
void ast_stmt_spoiled(Parser *p); /* the last one was not what it looked like */
AstStmt *ast_bind(Parser *p, Token name, AstType *declared, AstExpr *expr);
AstStmt *ast_value(Parser *p, AstExpr *expr);
AstStmt *ast_return(Parser *p, AstExpr *expr);

AstList ast_list_add(AstList list, AstExpr *expr);
AstExpr *ast_concat(Parser *p, AstList parts); /* of `+`; one part is itself */
AstList ast_list_end(AstList list, Token close);
AstExpr *ast_list(Parser *p, Token open, AstList elements);
AstExpr *ast_num(Parser *p, Token first, Token number); /* first: sign, or it */
AstExpr *ast_bool(Parser *p, Token token, bool value);
AstExpr *ast_name(Parser *p, Token name);
AstExpr *ast_text(Parser *p, Token token);
AstArgs ast_args_end(AstArgs args, Token close);
AstExpr *ast_call(Parser *p, Token agent, Token name, AstArgs args);
AstArgs ast_arg(Parser *p, AstArgs args, AstExpr *value);
AstArgs ast_attr(Parser *p, AstArgs args, Token name, AstExpr *value);

/* `"a {{ x }} b"`: the pieces and holes so far; then the whole. */
AstList ast_text_piece(Parser *p, AstList parts, Token piece, AstExpr *hole);
AstExpr *ast_text_close(Parser *p, AstList parts, Token piece);
AstExpr *ast_empty_hole(Parser *p);

/* ---- text.c: what literals mean ------------------------------------------ */

/* The value of a number as written; reports one that is out of range. */
double text_number(Parser *p, Token number);

/* Decodes the pieces of one text, in order and in place: every other element
 * of `parts`, from the first, holds the piece's bytes as written (a slice of
 * the source). Escapes are read; a block loses its common indentation. */
void text_decode(Parser *p, AstExpr *parts, bool block);

/* ---- parse.c ------------------------------------------------------------- */

/* Whether the source is small enough; reports when it is not. */
bool parse_check_size(const Source *source, DiagSink *sink);

static inline Span span_join(Span first, Span last) {
  return (Span){first.start, last.start + last.length - first.start};
}

#endif
