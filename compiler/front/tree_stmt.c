/* SPDX-License-Identifier: MIT
 *
 * Builds the tree of statements: one function for each action of grammar.y. A
 * block grows in its scope while it is open; a construct is made when its head
 * has been read, and its arms join it as they are closed. What was given up
 * leaves the names it would have bound, bound to errors.
 */
#include "compiler/front/parse_int.h"

/* From `start`, a place in the space of all sources, up to the last token that
 * was read. */
static Span up_to_here(const Parser *p, uint32_t start) {
  uint32_t end = p->source->base + p->before;
  return (Span){start, end > start ? end - start : 0};
}

static AstStmt *new_stmt(Parser *p, AstStmtKind kind, uint32_t start,
                         AstExpr *expr) {
  AstStmt *stmt = ARENA_NEW(p->arena, AstStmt);
  stmt->kind = kind;
  stmt->expr = expr;
  stmt->span = up_to_here(p, start);
  return stmt;
}

/* ---- blocks -------------------------------------------------------------- */

void ast_block_open(Parser *p, Token brace) {
  if (p->in_head) {
    p->flow->lost_head = p->lost_head;
    p->lost_head = false;
    p->in_head = false;
  }
  parse_scope_open(p, LEVEL_BODY, brace);
}

AstBlock ast_block_close(Parser *p, Token brace) {
  AstBlock block = p->scope->block;
  block.span = span_join(p->scope->brace, span_of(p, brace));
  block.braces = true;
  parse_scope_close(p);
  if (block.lost && p->scope != NULL) p->scope->block.lost = true;
  return block;
}

static AstBlock bare_block(Parser *p, const AstStmt *construct, AstStmt *bare) {
  AstBlock block = {.first = bare};
  block.lost = bare == NULL;
  block.span = bare == NULL ? construct->span : bare->span;
  if (block.lost) p->scope->block.lost = true;
  return block;
}

void ast_stmt_begin(Parser *p) {
  p->statement = p->token.start;
  p->deep = p->scope->deep;
  p->brackets = 0;
  p->too_deep = false;
}

void ast_stmt(Parser *p, AstStmt *stmt) {
  if (stmt == NULL) {
    ast_stmt_lost(p);
    return;
  }
  Scope *scope = p->scope;
  if (scope->last == NULL) {
    scope->block.first = stmt;
  } else {
    scope->last->next = stmt;
  }
  scope->last = stmt;
  ast_stmt_begin(p);
}

void ast_marked(Parser *p, AstMarks marks, AstStmt *stmt) {
  AstMark *first = ast_marks_of_stmt(p, marks);
  if (stmt != NULL) stmt->marks = first;
  ast_stmt(p, stmt);
}

/* ---- statements ---------------------------------------------------------- */

AstTarget ast_target(Parser *p, Token name, AstType *declared) {
  return (AstTarget){.name = name_of(p, name),
                     .declared = declared,
                     .declared_type = TYPE_NONE};
}

AstTargets ast_targets(AstTarget target) {
  return (AstTargets){target, NULL};
}

AstTargets ast_targets_add(Parser *p, AstTargets list, AstTarget target) {
  AstTarget *more = ARENA_NEW(p->arena, AstTarget);
  *more = target;
  if (list.last == NULL) {
    list.first.next = more;
  } else {
    list.last->next = more;
  }
  list.last = more;
  return list;
}

AstStmt *ast_let(Parser *p, Token word, Token name, AstType *declared,
                 AstExpr *expr) {
  AstStmt *stmt = new_stmt(p, STMT_BIND, span_of(p, word).start, expr);
  stmt->target = ast_target(p, name, declared);
  return stmt;
}

AstStmt *ast_bind(Parser *p, AstExpr *expr, AstTargets targets) {
  AstStmt *stmt = new_stmt(p, STMT_BIND, expr->span.start, expr);
  stmt->target = targets.first;
  return stmt;
}

AstStmt *ast_assign(Parser *p, AstExpr *left, AstExpr *expr) {
  if (left->kind != EXPR_NAME) {
    if (left->kind != EXPR_ERROR) {
      Diag *diag = diag_report(p->sink, DIAG_NOT_ASSIGNABLE, left->span,
                               "only a name can be assigned to");
      diag->label = "not a name";
      diag->help = "values never change; make a new one and assign that";
    }
    p->scope->block.lost = true;
    left->kind = EXPR_ERROR;
    return new_stmt(p, STMT_EXPR, left->span.start, left);
  }
  AstStmt *stmt = new_stmt(p, STMT_ASSIGN, left->span.start, expr);
  stmt->target.name = (AstName){left->u.name.text, left->span};
  stmt->target.declared_type = TYPE_NONE;
  return stmt;
}

AstStmt *ast_value(Parser *p, AstExpr *expr) {
  return new_stmt(p, STMT_EXPR, expr->span.start, expr);
}

AstStmt *ast_return(Parser *p, Token word, AstExpr *expr) {
  return new_stmt(p, STMT_RETURN, span_of(p, word).start, expr);
}

/* ---- constructs ---------------------------------------------------------- */

static AstStmt *new_construct(Parser *p, AstStmtKind kind, Token word,
                              AstExpr *expr) {
  Span span = span_of(p, word);
  AstStmt *stmt = new_stmt(p, kind, span.start, expr);
  stmt->control = ARENA_NEW(p->arena, AstControl);
  stmt->control->word = span;
  stmt->control->value = TYPE_NONE;
  return stmt;
}

/* `last` is the arm before it, or NULL. */
static AstArm *add_arm(Parser *p, AstStmt *stmt, AstArm *last, AstArmKind kind,
                       AstBlock body) {
  AstArm *arm = ARENA_NEW(p->arena, AstArm);
  arm->kind = kind;
  arm->span = stmt->control->word;
  arm->body = body;
  if (last == NULL) {
    stmt->control->arms = arm;
  } else {
    last->next = arm;
  }
  stmt->control->arm_count++;
  return arm;
}

AstStmt *ast_close(Parser *p, AstStmt *stmt) {
  stmt->span = up_to_here(p, stmt->span.start);
  return stmt;
}

AstStmt *ast_yield(Parser *p, AstStmt *stmt, AstTargets targets) {
  stmt->target = targets.first;
  return ast_close(p, stmt);
}

AstStmt *ast_if(Parser *p, Token word, AstExpr *condition) {
  return new_construct(p, STMT_IF, word, condition);
}

AstStmt *ast_then(Parser *p, AstStmt *stmt, AstBlock block) {
  add_arm(p, stmt, NULL, ARM_THEN, block);
  return stmt;
}

AstStmt *ast_then_bare(Parser *p, AstStmt *stmt, AstStmt *bare) {
  return ast_then(p, stmt, bare_block(p, stmt, bare));
}

AstStmt *ast_else(Parser *p, AstStmt *stmt, Token word, AstBlock block) {
  AstArm *arm = add_arm(p, stmt, stmt->control->arms, ARM_ELSE, block);
  arm->span = span_of(p, word);
  return ast_close(p, stmt);
}

/* In `if ... else if ... else {...} -> x` the name is that of the whole. */
AstStmt *ast_else_bare(Parser *p, AstStmt *stmt, Token word, AstStmt *bare) {
  if (bare != NULL && bare->kind == STMT_IF) {
    stmt->target = bare->target;
    bare->target = (AstTarget){.declared_type = TYPE_NONE};
  }
  return ast_else(p, stmt, word, bare_block(p, stmt, bare));
}

AstStmt *ast_loop(Parser *p, Token word, Token variable, AstExpr *list,
                  AstArgs options) {
  AstStmt *stmt = new_construct(p, STMT_LOOP, word, list);
  stmt->control->variable = name_of(p, variable);
  stmt->control->attrs = options.first;
  return stmt;
}

/* The name after `word` and a bracket, where the rest of the head is wrong. */
static AstName name_in_head(const Parser *p, Token word) {
  const char *text = p->source->text.data;
  uint32_t end = p->token.start;
  uint32_t at = word.start + word.length;
  while (at < end && (text[at] == ' ' || text[at] == '(')) at++;
  uint32_t length = 0;
  while (at + length < end && is_name_byte(text[at + length])) length++;
  return length > 0 ? name_of(p, (Token){0, at, length}) : (AstName){0};
}

AstStmt *ast_loop_lost(Parser *p, Token word) {
  AstStmt *stmt = new_construct(p, STMT_LOOP, word, ast_error(p, word));
  stmt->control->variable = name_in_head(p, word);
  stmt->control->lost = true;
  p->scope->block.lost = true;
  return stmt;
}

AstStmt *ast_while(Parser *p, Token word, AstExpr *condition, AstArgs options) {
  AstStmt *stmt = new_construct(p, STMT_WHILE, word, condition);
  stmt->control->attrs = options.first;
  return stmt;
}

AstStmt *ast_while_lost(Parser *p, Token word) {
  AstStmt *stmt = new_construct(p, STMT_WHILE, word, ast_error(p, word));
  stmt->control->lost = true;
  p->scope->block.lost = true;
  return stmt;
}

/* Of a loop, a while, or what follows `catch`. */
AstStmt *ast_body(Parser *p, AstStmt *stmt, AstBlock block) {
  AstArm *last = stmt->control->arms;
  AstArm *arm = add_arm(p, stmt, last, last ? ARM_CATCH : ARM_BODY, block);
  if (last != NULL) {
    arm->span = last->span;
    last->span = stmt->control->word;
  }
  return ast_close(p, stmt);
}

AstStmt *ast_body_bare(Parser *p, AstStmt *stmt, AstStmt *bare) {
  return ast_body(p, stmt, bare_block(p, stmt, bare));
}

AstStmt *ast_parallel(Parser *p, Token word, AstBlock block) {
  return ast_body(p, new_construct(p, STMT_PARALLEL, word, NULL), block);
}

AstStmt *ast_try(Parser *p, Token word, AstBlock block) {
  return ast_body(p, new_construct(p, STMT_TRY, word, NULL), block);
}

AstStmt *ast_catch_lost(Parser *p, AstStmt *stmt, Token word) {
  ast_catch(p, stmt, word, NULL);
  stmt->control->variable = name_in_head(p, word);
  stmt->control->lost = true;
  p->scope->block.lost = true;
  return stmt;
}

/* The word's span waits in the arm before (see ast_body). */
AstStmt *ast_catch(Parser *p, AstStmt *stmt, Token word,
                   const Token *variable) {
  if (variable != NULL) stmt->control->variable = name_of(p, *variable);
  stmt->control->arms->span = span_of(p, word);
  return stmt;
}

/* ---- switch -------------------------------------------------------------- */

AstStmt *ast_switch(Parser *p, Token word, AstExpr *value, Token brace) {
  AstStmt *stmt = new_construct(p, STMT_SWITCH, word, value);
  parse_scope_open(p, LEVEL_CASES, brace)->construct = stmt;
  return stmt;
}

AstStmt *ast_switch_close(Parser *p, AstStmt *stmt) {
  bool lost = p->scope->block.lost;
  parse_scope_close(p);
  if (lost) p->scope->block.lost = true;
  return ast_close(p, stmt);
}

void ast_label(Parser *p, Token word, const Token *text) {
  Span span = span_of(p, word);
  p->scope->label = text == NULL ? NULL : ast_text(p, *text);
  if (text != NULL) span = span_join(span, span_of(p, *text));
  p->scope->label_span = span;
  p->scope->labelled = true;
}

void ast_case(Parser *p, AstBlock block) {
  Scope *scope = p->scope;
  AstArmKind kind = scope->label == NULL ? ARM_DEFAULT : ARM_CASE;
  AstArm *arm = add_arm(p, scope->construct, scope->arm, kind, block);
  arm->span = scope->label_span;
  arm->label = scope->label;
  scope->arm = arm;
  scope->labelled = false;
  p->deep = scope->deep;
  p->brackets = 0;
}

void ast_case_bare(Parser *p, AstStmt *bare) {
  ast_case(p, bare_block(p, p->scope->construct, bare));
}

/* ---- statements that were given up --------------------------------------- */

void ast_stmt_spoiled(Parser *p) {
  AstStmt *stmt = p->scope->last;
  p->scope->block.lost = true;
  if (stmt->control != NULL) return;
  if (stmt->expr == NULL) {
    stmt->expr = ARENA_NEW(p->arena, AstExpr);
    stmt->expr->span = stmt->span;
    stmt->expr->type = TYPE_NONE;
  }
  stmt->expr->kind = EXPR_ERROR;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* Binds the name at `at`, if there is one, to an error. */
static void lose_name(Parser *p, uint32_t at, uint32_t end) {
  const char *text = p->source->text.data;
  while (at < end && is_blank(text[at])) at++;
  uint32_t length = 0;
  while (at + length < end && is_name_byte(text[at + length])) length++;
  if (length == 0) return;
  Token name = {0, at, length};
  AstExpr *value = ast_error(p, name);
  AstStmt *stmt = new_stmt(p, STMT_BIND, value->span.start, value);
  stmt->target = ast_target(p, name, NULL);
  stmt->span = value->span;
  ast_stmt(p, stmt);
}

/* The length of a word at `at` that binds the name after it, here or in another
 * language, else 0. */
static uint32_t binding_word(const char *at, uint32_t length) {
  static const char *const words[] = {"let", "var", "const"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t size = strlen(words[i]);
    if (at[0] == words[i][0] && length > size &&
        memcmp(at, words[i], size) == 0 && is_blank(at[size])) {
      return (uint32_t)size;
    }
  }
  return 0;
}

/* Whatever stands after `->` or `let` in it may be a name that it would have
 * bound; uses of that name are not to be reported too. No part of the source is
 * searched twice. */
static void lose_names(Parser *p, uint32_t start) {
  const char *text = p->source->text.data;
  uint32_t end = p->token.start;
  uint32_t at = start > p->lost_until ? start : p->lost_until;
  for (; at + 2 < end; at++) {
    if (text[at] == '-' && text[at + 1] == '>') lose_name(p, at + 2, end);
    uint32_t word = binding_word(text + at, end - at);
    if (word > 0) lose_name(p, at + word, end);
  }
  p->lost_until = end;
}

void ast_stmt_lost(Parser *p) {
  p->scope->block.lost = true;
  lose_names(p, p->statement);
  ast_stmt_begin(p);
}

/* An arm whose label was read stays, with the names that it would have bound:
 * what only the other arms bind would be news otherwise. */
void ast_case_lost(Parser *p) {
  Scope *scope = p->scope;
  scope->construct->control->lost = true;
  scope->block.lost = true;
  if (scope->labelled) {
    lose_names(p, scope->label_span.start - p->source->base);
    AstBlock block = scope->block;
    block.span = scope->label_span;
    ast_case(p, block);
    scope->block.first = NULL;
    scope->last = NULL;
  }
  p->deep = scope->deep;
  p->brackets = 0;
  p->too_deep = false;
}
