/* SPDX-License-Identifier: MIT
 *
 * Builds the tree: one function for each action of grammar.y. Agents, flows
 * and statements join the tree when they are opened, not when they are closed,
 * so a file that ends in the middle still has all that was read. Lists keep
 * their last element at hand while they grow.
 */
#include "compiler/front/parse_int.h"

static AstName name_of(const Parser *p, Token token) {
  return (AstName){token_text(p->source, token), token_span(token)};
}

/* The current statement, up to the last token that was read. */
static Span statement_span(const Parser *p) {
  uint32_t end = p->before > p->statement ? p->before : p->statement;
  return (Span){p->statement, end - p->statement};
}

/* ---- agents and flows ---------------------------------------------------- */

/* An error was skipped; the next one is news again. */
void ast_recovered(Parser *p) {
  p->depth = 0;
}

void ast_agent_open(Parser *p, Token name, Token brace) {
  AstAgent *agent = ARENA_NEW(p->arena, AstAgent);
  agent->name = name_of(p, name);
  if (p->agent == NULL) {
    p->program->agents = agent;
  } else {
    p->agent->next = agent;
  }
  p->agent = agent;
  p->flow = NULL;
  p->open_agent = token_span(brace);
  p->level = LEVEL_AGENT;
}

void ast_agent_close(Parser *p) {
  p->level = LEVEL_FILE;
}

AstMarks ast_mark(Parser *p, AstMarks marks, Token at, Token name) {
  Span span = span_join(token_span(at), token_span(name));
  if (!slice_equal_text(token_text(p->source, name), "entry")) {
    Diag *diag = diag_report(p->sink, DIAG_UNKNOWN_MARK, span,
                             "unknown annotation `@%.*s`",
                             SLICE_ARG(token_text(p->source, name)));
    diag->label = "there is no such annotation";
    diag->help = "a flow can be marked `@entry`";
    return marks;
  }
  if (marks.entry) {
    Diag *diag = diag_report(p->sink, DIAG_REPEATED_MARK, span,
                             "`@entry` is written twice");
    diag->label = "once is enough";
    diag->related = marks.span;
    diag->related_label = "first written here";
    return marks;
  }
  return (AstMarks){true, span};
}

void ast_flow_open(Parser *p, AstMarks marks, Token word, Token name) {
  AstFlow *flow = ARENA_NEW(p->arena, AstFlow);
  flow->agent = p->agent;
  flow->name = name_of(p, name);
  flow->span = span_join(token_span(word), token_span(name));
  flow->entry = marks.entry;
  flow->entry_span = marks.span;
  flow->end_span = flow->span;
  flow->result = TYPE_NONE;
  flow->lost_head = true; /* until its body begins */
  if (p->flow == NULL) {
    p->agent->flows = flow;
  } else {
    p->flow->next = flow;
  }
  p->agent->flow_count++;
  p->flow = flow;
  p->param = NULL;
  p->stmt = NULL;
  p->level = LEVEL_HEAD;
}

void ast_flow_lost(Parser *p) {
  p->level = LEVEL_AGENT; /* lost_head is set since it was opened */
  p->depth = 0;
}

void ast_param(Parser *p, Token name, AstType *type) {
  AstParam *param = ARENA_NEW(p->arena, AstParam);
  param->name = name_of(p, name);
  param->declared = type;
  if (p->param == NULL) {
    p->flow->params = param;
  } else {
    p->param->next = param;
  }
  p->param = param;
  p->flow->param_count++;
}

void ast_result(Parser *p, AstType *type) {
  p->flow->declared = type;
}

AstType *ast_type(Parser *p, Token name) {
  AstType *type = ARENA_NEW(p->arena, AstType);
  type->name = name_of(p, name);
  type->span = token_span(name);
  return type;
}

AstType *ast_type_of(Parser *p, Token name, AstType *element, Token end) {
  AstType *type = ast_type(p, name);
  type->element = element;
  type->span = span_join(token_span(name), token_span(end));
  return type;
}

void ast_body_open(Parser *p, Token brace) {
  p->flow->lost_head = p->lost_head;
  p->lost_head = false;
  p->open_body = token_span(brace);
  p->level = LEVEL_BODY;
}

void ast_body_close(Parser *p, Token brace) {
  p->flow->end_span = token_span(brace);
  p->level = LEVEL_AGENT;
  p->depth = 0;
}

/* ---- statements ---------------------------------------------------------- */

void ast_stmt_begin(Parser *p) {
  p->statement = p->token.start;
  p->depth = 0;
}

void ast_stmt(Parser *p, AstStmt *stmt) {
  if (p->stmt == NULL) {
    p->flow->body.first = stmt;
  } else {
    p->stmt->next = stmt;
  }
  p->stmt = stmt;
  ast_stmt_begin(p);
}

static AstStmt *new_stmt(Parser *p, AstStmtKind kind, AstExpr *expr) {
  AstStmt *stmt = ARENA_NEW(p->arena, AstStmt);
  stmt->kind = kind;
  stmt->expr = expr;
  stmt->span = statement_span(p);
  return stmt;
}

AstStmt *ast_bind(Parser *p, Token name, AstType *declared, AstExpr *expr) {
  AstStmt *stmt = new_stmt(p, STMT_BIND, expr);
  stmt->target.name = name_of(p, name);
  stmt->target.declared = declared;
  return stmt;
}

AstStmt *ast_value(Parser *p, AstExpr *expr) {
  return new_stmt(p, STMT_EXPR, expr);
}

AstStmt *ast_return(Parser *p, AstExpr *expr) {
  return new_stmt(p, STMT_RETURN, expr);
}

/* ---- expressions --------------------------------------------------------- */

static AstExpr *new_expr(Parser *p, AstExprKind kind, Span span) {
  AstExpr *expr = ARENA_NEW(p->arena, AstExpr);
  expr->kind = kind;
  expr->span = span;
  expr->type = TYPE_NONE;
  return expr;
}

AstList ast_list_add(AstList list, AstExpr *expr) {
  if (list.last == NULL) {
    list.first = expr;
  } else {
    list.last->next = expr;
  }
  list.last = expr;
  list.count++;
  return list;
}

/* Puts the parts of a text with holes in the place of the text itself: the
 * sum around it is text anyway, and one CONCAT is better than two. */
static AstList splice(AstList list, AstExpr *text) {
  AstExpr *part = text->u.parts.first;
  while (part != NULL) {
    AstExpr *next = part->next;
    part->next = NULL;
    list = ast_list_add(list, part);
    part = next;
  }
  return list;
}

AstExpr *ast_concat(Parser *p, AstList parts) {
  if (parts.count == 1) return parts.first;
  Span span = span_join(parts.first->span, parts.last->span);
  AstList flat = ast_no_list();
  AstExpr *part = parts.first;
  while (part != NULL) {
    AstExpr *next = part->next;
    part->next = NULL;
    flat = part->kind == EXPR_CONCAT && part->braces ? splice(flat, part)
                                                     : ast_list_add(flat, part);
    part = next;
  }
  AstExpr *expr = new_expr(p, EXPR_CONCAT, span);
  expr->u.parts.first = flat.first;
  expr->u.parts.count = flat.count;
  return expr;
}

AstList ast_list_end(AstList list, Token close) {
  list.end = close.start + close.length;
  return list;
}

AstExpr *ast_list(Parser *p, Token open, AstList elements) {
  Span span = {open.start, elements.end - open.start};
  AstExpr *expr = new_expr(p, EXPR_LIST, span);
  expr->u.parts.first = elements.first;
  expr->u.parts.count = elements.count;
  return expr;
}

AstExpr *ast_num(Parser *p, Token first, Token number) {
  bool negative = first.start != number.start;
  AstExpr *expr =
      new_expr(p, EXPR_NUM, span_join(token_span(first), token_span(number)));
  double value = text_number(p, number);
  expr->u.num = negative ? -value : value;
  return expr;
}

AstExpr *ast_bool(Parser *p, Token token, bool value) {
  AstExpr *expr = new_expr(p, EXPR_BOOL, token_span(token));
  expr->u.boolean = value;
  return expr;
}

AstExpr *ast_name(Parser *p, Token name) {
  AstExpr *expr = new_expr(p, EXPR_NAME, token_span(name));
  expr->u.name.text = token_text(p->source, name);
  return expr;
}

AstArgs ast_args_end(AstArgs args, Token close) {
  args.values.end = close.start + close.length;
  return args;
}

AstExpr *ast_call(Parser *p, Token agent, Token name, AstArgs args) {
  Span span = {agent.start, args.values.end - agent.start};
  AstExpr *expr = new_expr(p, EXPR_CALL, span);
  AstCall *call = ARENA_NEW(p->arena, AstCall);
  if (agent.start != name.start) call->agent = name_of(p, agent);
  call->name = name_of(p, name);
  call->args = args.values.first;
  call->arg_count = args.values.count;
  call->attrs = args.first;
  expr->u.call = call;
  return expr;
}

AstArgs ast_arg(Parser *p, AstArgs args, AstExpr *value) {
  if (args.first != NULL) {
    Diag *diag = diag_report(p->sink, DIAG_ARGUMENT_ORDER, value->span,
                             "an argument after a named one");
    diag->label = "move it before the named ones, or name it";
    diag->related = args.first->name.span;
    diag->related_label = "the first named one";
  }
  args.values = ast_list_add(args.values, value);
  return args;
}

AstArgs ast_attr(Parser *p, AstArgs args, Token name, AstExpr *value) {
  AstAttr *attr = ARENA_NEW(p->arena, AstAttr);
  attr->name = name_of(p, name);
  attr->value = value;
  attr->attr = ATTR_COUNT;
  if (args.last == NULL) {
    args.first = attr;
  } else {
    args.last->next = attr;
  }
  args.last = attr;
  return args;
}

/* ---- statements that were given up --------------------------------------- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

void ast_stmt_spoiled(Parser *p) {
  AstStmt *stmt = p->stmt;
  p->flow->lost_body = true;
  if (stmt->expr == NULL) {
    stmt->expr = new_expr(p, EXPR_ERROR, stmt->span);
  } else {
    stmt->expr->kind = EXPR_ERROR;
  }
}

static bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= '0' && c <= '9');
}

/* Binds the name at `at`, if there is one, to an error. */
static void lose_name(Parser *p, uint32_t at, uint32_t end) {
  const char *text = p->source->text.data;
  while (at < end && is_blank(text[at])) at++;
  uint32_t length = 0;
  while (at + length < end && is_name_byte(text[at + length])) length++;
  if (length == 0) return;
  Token name = {0, at, length};
  AstExpr *value = new_expr(p, EXPR_ERROR, token_span(name));
  AstStmt *stmt = ast_bind(p, name, NULL, value);
  stmt->span = token_span(name);
  ast_stmt(p, stmt);
}

/* Whatever stands after `->` or `let` in it may be a name that it would have
 * bound; uses of that name are not to be reported too. */
void ast_stmt_lost(Parser *p) {
  const char *text = p->source->text.data;
  uint32_t end = p->token.start;
  p->flow->lost_body = true;
  for (uint32_t at = p->statement; at + 2 < end; at++) {
    if (text[at] == '-' && text[at + 1] == '>') lose_name(p, at + 2, end);
    if (memcmp(text + at, "let", 3) == 0 && at + 3 < end &&
        is_blank(text[at + 3])) {
      lose_name(p, at + 3, end);
    }
  }
  ast_stmt_begin(p);
}

/* ---- texts --------------------------------------------------------------- */

/* Bytes of quotes at the start of a text. */
static uint32_t quote_length(const Parser *p, uint32_t start) {
  Slice rest =
      slice_from(p->source->text.data + start, p->source->text.length - start);
  return slice_starts_with(rest, SLICE("\"\"\"")) ? 3 : 1;
}

/* An undecoded piece between `head` bytes and `tail` bytes of `token`. */
static AstExpr *raw_piece(Parser *p, Token token, uint32_t head,
                          uint32_t tail) {
  AstExpr *expr = new_expr(p, EXPR_TEXT, token_span(token));
  expr->u.text = slice_from(p->source->text.data + token.start + head,
                            token.length - head - tail);
  return expr;
}

AstExpr *ast_text(Parser *p, Token token) {
  /* Two quotes are the empty text; a block has six bytes or more. */
  uint32_t quotes = token.length >= 6 ? quote_length(p, token.start) : 1;
  AstExpr *expr = raw_piece(p, token, quotes, quotes);
  text_decode(p, expr, quotes == 3);
  return expr;
}

AstList ast_text_piece(Parser *p, AstList parts, Token piece, AstExpr *hole) {
  uint32_t head = parts.count == 0 ? quote_length(p, piece.start) : 2;
  parts = ast_list_add(parts, raw_piece(p, piece, head, 2));
  return ast_list_add(parts, hole);
}

/* Leaves out empty pieces; the first one stays, so that the whole is a text
 * whatever its holes are. */
static AstList without_empty(AstList parts) {
  AstList kept = ast_no_list();
  bool literal = true;
  AstExpr *part = parts.first;
  while (part != NULL) {
    AstExpr *next = part->next;
    part->next = NULL;
    if (!literal || kept.count == 0 || part->u.text.length > 0) {
      kept = ast_list_add(kept, part);
    }
    literal = !literal;
    part = next;
  }
  return kept;
}

AstExpr *ast_text_close(Parser *p, AstList parts, Token piece) {
  uint32_t open = parts.first->span.start;
  uint32_t quotes = quote_length(p, open);
  parts = ast_list_add(parts, raw_piece(p, piece, 2, quotes));
  text_decode(p, parts.first, quotes == 3);
  AstExpr *expr =
      new_expr(p, EXPR_CONCAT, span_join(parts.first->span, token_span(piece)));
  parts = without_empty(parts);
  expr->braces = true;
  expr->u.parts.first = parts.first;
  expr->u.parts.count = parts.count;
  return expr;
}

/* The grammar reads "nothing" before any token that does not fit, too; then
 * it reports that token itself. */
AstExpr *ast_empty_hole(Parser *p) {
  Slice next = token_text(p->source, p->token);
  Span span = {p->before - 2, p->token.start + 2 - (p->before - 2)};
  if (!p->panic && slice_starts_with(next, SLICE("}}"))) {
    Diag *diag = diag_report(p->sink, DIAG_EMPTY_INTERPOLATION, span,
                             "nothing stands between `{{` and `}}`");
    diag->label = "expected an expression";
    diag->help = "write `\\{{` for braces that are text";
  }
  return new_expr(p, EXPR_ERROR, span);
}
