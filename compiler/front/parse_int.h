/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the state of one parse; what messages say of a
 * broken place (complain.c) and where to go on after it (recover.c); and the
 * tree builders that the actions of grammar.y call (the tree_ files), with the
 * readers of literals (text.c). Offsets count from the start of the source that
 * is parsed; spans, as everywhere, from the start of the first one.
 */
#ifndef APXM_COMPILER_FRONT_PARSE_INT_H
#define APXM_COMPILER_FRONT_PARSE_INT_H

#include "compiler/front/ast.h"
#include "compiler/front/lexer.h"

/* What the parser is in the middle of: says where to go on after an error. */
typedef enum ParseLevel {
  LEVEL_FILE,   /* between agents */
  LEVEL_AGENT,  /* between flows */
  LEVEL_FIELDS, /* in the braces of a record, or of an item of an agent */
  LEVEL_HEAD,   /* between `flow name` and its `{` */
  LEVEL_BODY,   /* between statements, or in one */
  LEVEL_CASES   /* between the cases of a switch */
} ParseLevel;

/* A `{` that is open. */
typedef struct Scope {
  ParseLevel level;    /* what stands in it */
  Span brace;
  AstBlock block;      /* BODY: its statements so far */
  AstStmt *last;       /* BODY: the last of them */
  AstStmt *construct;  /* CASES: the switch */
  AstArm *arm;         /* CASES: its last arm */
  AstExpr *label;      /* CASES: of the arm that comes; NULL of a default */
  Span label_span;     /* CASES: `case "a"` */
  bool labelled;       /* CASES: both were read, and no arm yet */
  uint32_t deep;       /* blocks and constructs that are open around it */
  uint32_t statement;  /* where the statement begins that it is a part of */
  struct Scope *outer;
} Scope;

/* A call by a name that an operation once had. */
typedef struct OldCall {
  AstCall *call;
  AstAgent *agent; /* that makes it: its flows of that name come first */
} OldCall;

typedef struct Parser {
  const Source *source;
  Arena *arena;
  DiagSink *sink;
  AstProgram *program;
  const void *grammar; /* the generated parser */

  Token token;        /* the one the grammar is looking at */
  int before_kind;    /* of the token before it */
  uint32_t before;    /* where that one ended */
  uint32_t statement; /* offset of the current statement's first token */
  uint32_t lost_until; /* names in what was given up are known up to here */
  uint32_t column;    /* of the statement, in bytes from 0; known in a panic */
  uint32_t deep;      /* blocks and constructs that are open */
  uint32_t brackets;  /* brackets and holes open in the statement */
  bool too_deep;      /* the statement is, which was reported */
  bool panic;         /* an error was met; tokens are being skipped */
  bool closing;       /* forgotten braces are being closed, without a word */
  bool in_head;       /* LEVEL_HEAD: a flow's body has not begun */
  bool lost_head;     /* the head of the flow that begins was given up */
  bool dead;          /* the grammar's stack is full: nothing more is fed */
  uint32_t blocks;    /* `{` skipped and not closed, in a panic */

  Scope *scope;       /* the innermost; NULL between agents */
  Scope *spare;       /* closed ones, to be used again */
  AstAgent *agent;    /* open, and last of its list; so for the others */
  AstFlow *flow;
  AstParam *param;
  AstItem *item;
  AstItemKind item_kind; /* of the names in a list of tools */
  AstRecord *record;
  AstField *field;
  AstImport *imports; /* of the source that is parsed */
  AstImport *import;
  VEC(OldCall) old_calls;
} Parser;

typedef struct AstList {
  AstExpr *first, *last;
  uint32_t count;
  uint16_t height; /* of the highest */
  uint32_t end; /* offset after the closing bracket, once it was met */
} AstList;

typedef struct AstArgs {
  AstList values;
  AstAttr *first, *last; /* named */
} AstArgs;

typedef struct AstTargets {
  AstTarget first;
  AstTarget *last; /* NULL when that is the first */
} AstTargets;

/* The annotations before a flow or a statement. */
typedef struct AstMarks {
  AstMark *first, *last;
} AstMarks;

static inline AstList ast_no_list(void) {
  return (AstList){NULL, NULL, 0, 0, 0};
}

static inline AstArgs ast_no_args(void) {
  return (AstArgs){ast_no_list(), NULL, NULL};
}

static inline AstMarks ast_no_marks(void) {
  return (AstMarks){NULL, NULL};
}

static inline ParseLevel parse_level(const Parser *p) {
  if (p->in_head) return LEVEL_HEAD;
  return p->scope == NULL ? LEVEL_FILE : p->scope->level;
}

static inline Span span_from(const Parser *p, uint32_t start, uint32_t end) {
  return (Span){p->source->base + start, end - start};
}

static inline Span span_of(const Parser *p, Token token) {
  return span_from(p, token.start, token.start + token.length);
}

static inline Span span_join(Span first, Span last) {
  return (Span){first.start, last.start + last.length - first.start};
}

static inline AstName name_of(const Parser *p, Token token) {
  return (AstName){token_text(p->source, token), span_of(p, token)};
}

/* ---- tree_decl.c: one for each action of grammar.y ----------------------- */

void ast_recovered(Parser *p);
void ast_import(Parser *p, Token word, Token path);
void ast_record_open(Parser *p, Token name, Token brace);
void ast_field(Parser *p, Token name, AstType *type);
void ast_agent_open(Parser *p, Token name, Token brace);
void ast_braces_open(Parser *p, Token brace);
void ast_braces_close(Parser *p); /* also of an agent and a record */
void ast_memory(Parser *p, Token name, Token tier);
void ast_item(Parser *p, AstItemKind kind, Token word, Token name);
void ast_capability_close(Parser *p);
void ast_context(Parser *p, Token text);
AstName ast_event(Parser *p, Token first, Token last);
AstName ast_event_part(Parser *p, AstName event, Token part);
void ast_handler(Parser *p, Token word, AstName event);

void ast_flow_open(Parser *p, AstMarks marks, Token word, Token name);
void ast_flow_lost(Parser *p); /* its head is wrong and no body follows */
void ast_flow_body(Parser *p, AstBlock body);
void ast_param(Parser *p, Token name, AstType *type);
void ast_result(Parser *p, AstType *type);
AstType *ast_type(Parser *p, Token name);
AstType *ast_type_of(Parser *p, Token name, AstType *element, Token end);

Scope *parse_scope_open(Parser *p, ParseLevel level, Token brace);
void parse_scope_close(Parser *p);

/* ---- tree_marks.c -------------------------------------------------------- */

/* NULL when it is wrong, which is reported. */
AstMark *ast_mark(Parser *p, Token at, Token name, const AstArgs *args,
                  Token last);
AstMarks ast_marks_add(Parser *p, AstMarks marks, AstMark *mark);
/* Those that may stand before a statement; reports the others. */
AstMark *ast_marks_of_stmt(Parser *p, AstMarks marks);

/* ---- tree_stmt.c --------------------------------------------------------- */

void ast_block_open(Parser *p, Token brace);
AstBlock ast_block_close(Parser *p, Token brace);
void ast_stmt_begin(Parser *p);
void ast_stmt(Parser *p, AstStmt *stmt); /* NULL: it was given up */
void ast_marked(Parser *p, AstMarks marks, AstStmt *stmt);
void ast_stmt_lost(Parser *p);
void ast_stmt_spoiled(Parser *p); /* the last one was not what it looked like */
AstTarget ast_target(Parser *p, Token name, AstType *declared);
AstTargets ast_targets(AstTarget target);
AstTargets ast_targets_add(Parser *p, AstTargets list, AstTarget target);
AstStmt *ast_let(Parser *p, Token word, Token name, AstType *declared,
                 AstExpr *expr);
AstStmt *ast_bind(Parser *p, AstExpr *expr, AstTargets targets);
AstStmt *ast_assign(Parser *p, AstExpr *left, AstExpr *expr);
AstStmt *ast_value(Parser *p, AstExpr *expr);
AstStmt *ast_return(Parser *p, Token word, AstExpr *expr);

/* Constructs: an opening one makes the statement, the others add arms to it. A
 * bare arm is one statement without braces. */
AstStmt *ast_close(Parser *p, AstStmt *stmt); /* no arm follows */
AstStmt *ast_yield(Parser *p, AstStmt *stmt, AstTargets targets);
AstStmt *ast_if(Parser *p, Token word, AstExpr *condition);
AstStmt *ast_then(Parser *p, AstStmt *stmt, AstBlock block);
AstStmt *ast_then_bare(Parser *p, AstStmt *stmt, AstStmt *bare);
AstStmt *ast_else(Parser *p, AstStmt *stmt, Token word, AstBlock block);
AstStmt *ast_else_bare(Parser *p, AstStmt *stmt, Token word, AstStmt *bare);
AstStmt *ast_loop(Parser *p, Token word, Token variable, AstExpr *list,
                  AstArgs options);
AstStmt *ast_loop_lost(Parser *p, Token word); /* its head is wrong */
AstStmt *ast_while(Parser *p, Token word, AstExpr *condition, AstArgs options);
AstStmt *ast_while_lost(Parser *p, Token word);
AstStmt *ast_body(Parser *p, AstStmt *stmt, AstBlock block);
AstStmt *ast_body_bare(Parser *p, AstStmt *stmt, AstStmt *bare);
AstStmt *ast_parallel(Parser *p, Token word, AstBlock block);
AstStmt *ast_try(Parser *p, Token word, AstBlock block);
AstStmt *ast_catch(Parser *p, AstStmt *stmt, Token word, const Token *variable);
AstStmt *ast_catch_lost(Parser *p, AstStmt *stmt, Token word);
AstStmt *ast_switch(Parser *p, Token word, AstExpr *value, Token brace);
AstStmt *ast_switch_close(Parser *p, AstStmt *stmt);
void ast_label(Parser *p, Token word, const Token *text);
void ast_case(Parser *p, AstBlock block);
void ast_case_bare(Parser *p, AstStmt *bare);
void ast_case_lost(Parser *p);

/* ---- tree_expr.c --------------------------------------------------------- */

AstExpr *ast_new(Parser *p, AstExprKind kind, Span span);
AstExpr *ast_error(Parser *p, Token place);
/* `expr`, whose parts are at most `below` high, unless that is too high. */
AstExpr *ast_bounded(Parser *p, AstExpr *expr, uint16_t below);
AstExpr *ast_name(Parser *p, Token name);
AstExpr *ast_word(Parser *p, Token name); /* as a text */
AstExpr *ast_num(Parser *p, Token number);
AstExpr *ast_duration(Parser *p, Token number);
AstExpr *ast_text(Parser *p, Token token);
AstExpr *ast_bool(Parser *p, Token token, bool value);
AstExpr *ast_null(Parser *p, Token token);
AstExpr *ast_group(Parser *p, Token open, AstExpr *expr, Token close);
AstList ast_list_add(AstList list, AstExpr *expr);
AstList ast_list_end(AstList list, Token close);
AstExpr *ast_list(Parser *p, Token open, AstList elements);
AstArgs ast_args_end(AstArgs args, Token close);
AstArgs ast_arg(Parser *p, AstArgs args, AstExpr *value);
AstArgs ast_attr(Parser *p, AstArgs args, Token name, AstExpr *value);
AstExpr *ast_call(Parser *p, AstExpr *callee, AstArgs args);
AstExpr *ast_index(Parser *p, AstExpr *base, AstExpr *index, Token close);
AstExpr *ast_member(Parser *p, AstExpr *base, Token name);
AstExpr *ast_unary(Parser *p, Op op, Token sign, AstExpr *operand);
AstExpr *ast_plus(Parser *p, AstExpr *left, AstExpr *right);
AstExpr *ast_binary(Parser *p, Op op, AstExpr *left, AstExpr *right);
AstExpr *ast_pipe(Parser *p, AstExpr *value, AstExpr *stage);
AstExpr *ast_feed(Parser *p, AstExpr *call, AstExpr *value);

/* `"a {{ x }} b"`: the pieces and holes so far; then the whole. */
AstList ast_text_piece(Parser *p, AstList parts, Token piece, AstExpr *hole);
AstExpr *ast_text_close(Parser *p, AstList parts, Token piece);
AstExpr *ast_empty_hole(Parser *p);

/* ---- legacy.c: how it was written once ----------------------------------- */

/* The kind of the name at hand: LEGACY, LEGACY_LIST or LEGACY_TIER when it is
 * that of an operation whose operand follows without parentheses, else NAME. */
int legacy_kind(const Parser *p);
AstExpr *ast_legacy(Parser *p, Token name, AstExpr *operand, AstExpr *second);
AstExpr *ast_legacy_list(Parser *p, Token name, AstList list);
void legacy_note_call(Parser *p, AstCall *call);
/* Renames the noted calls that no flow or capability answers to. */
void legacy_settle(Parser *p);

/* ---- text.c: what literals mean ------------------------------------------ */

/* The value of a number as written; reports one that is out of range. */
double text_number(Parser *p, Token number);

/* Of `250ms`, `30s`, `2m` or `1h`, in milliseconds. */
double text_duration(Parser *p, Token number);

/* Decodes the pieces of one text, in order and in place: every other element
 * of `parts`, from the first, holds the piece's bytes as written (a slice of
 * the source). Escapes are read; a block loses its common indentation. */
void text_decode(Parser *p, AstExpr *parts, bool block);

/* ---- complain.c: what messages say --------------------------------------- */

/* Reports the token at hand as one that does not fit. `continues`: it spoils
 * the statement before it. */
void complain_syntax(Parser *p, int kind, bool continues);
void complain_depth(Parser *p, Span span);

/* Whether the word at hand is one of other languages, or of another place in
 * this one, that begins a statement there and means nothing here. */
bool complain_is_foreign(const Parser *p);

/* ---- recover.c: where to go on ------------------------------------------- */

bool begins_line(const Parser *p, uint32_t offset);
uint32_t column_of(const Parser *p, uint32_t offset); /* bytes from 0 */
/* The source after the token at hand, from the first byte that is neither
 * white space nor comment. */
Slice rest_after(const Parser *p);
/* What follows the token at hand on its line, from the first byte that is no
 * blank, and all that comes after. */
Slice rest_of_line(const Parser *p);
bool slice_begins_word(Slice text, const char *word);
bool is_name_byte(char c);

/* In a panic: whether the grammar can go on with this token. Counts the
 * brackets of what is skipped. */
bool recover_resumes(Parser *p, bool in_text);

/* ---- parse.c ------------------------------------------------------------- */

/* Parses one more source into the program; returns its imports. */
AstImport *parse_one(Parser *p, const Source *source);

/* Whether the grammar, as it stands, would take a token of this kind. */
bool parse_accepts(const Parser *p, int kind);

/* Whether the source is small enough; reports when it is not. */
bool parse_check_size(const Source *source, DiagSink *sink);

#endif
