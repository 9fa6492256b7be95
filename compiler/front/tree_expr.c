/* SPDX-License-Identifier: MIT
 *
 * Builds the tree of expressions: one function for each action of grammar.y. A
 * chain of `+` is one flat list, however long; every other node knows how high
 * the tree below it is, and one that is too high becomes an error, so that who
 * walks the tree may recurse.
 */
#include "compiler/front/parse_int.h"

AstExpr *ast_new(Parser *p, AstExprKind kind, Span span) {
  AstExpr *expr = ARENA_NEW(p->arena, AstExpr);
  expr->kind = kind;
  expr->span = span;
  expr->type = TYPE_NONE;
  return expr;
}

AstExpr *ast_error(Parser *p, Token place) {
  return ast_new(p, EXPR_ERROR, span_of(p, place));
}

AstExpr *ast_bounded(Parser *p, AstExpr *expr, uint16_t below) {
  expr->height = (uint16_t)(below + 1);
  if (p->deep + expr->height <= LIMIT_EXPR_DEPTH) return expr;
  complain_depth(p, expr->span);
  expr->kind = EXPR_ERROR;
  expr->height = 0;
  return expr;
}

static uint16_t higher(uint16_t a, uint16_t b) {
  return a > b ? a : b;
}

/* ---- literals and names -------------------------------------------------- */

AstExpr *ast_name(Parser *p, Token name) {
  AstExpr *expr = ast_new(p, EXPR_NAME, span_of(p, name));
  expr->u.name.text = token_text(p->source, name);
  return expr;
}

AstExpr *ast_word(Parser *p, Token name) {
  AstExpr *expr = ast_new(p, EXPR_TEXT, span_of(p, name));
  expr->u.text = token_text(p->source, name);
  return expr;
}

AstExpr *ast_num(Parser *p, Token number) {
  AstExpr *expr = ast_new(p, EXPR_NUM, span_of(p, number));
  expr->u.num = text_number(p, number);
  return expr;
}

AstExpr *ast_duration(Parser *p, Token number) {
  AstExpr *expr = ast_new(p, EXPR_DURATION, span_of(p, number));
  expr->u.num = text_duration(p, number);
  return expr;
}

AstExpr *ast_bool(Parser *p, Token token, bool value) {
  AstExpr *expr = ast_new(p, EXPR_BOOL, span_of(p, token));
  expr->u.boolean = value;
  return expr;
}

AstExpr *ast_null(Parser *p, Token token) {
  return ast_new(p, EXPR_NULL, span_of(p, token));
}

/* What is one word anyway keeps its place, so that a fix can replace it. */
AstExpr *ast_group(Parser *p, Token open, AstExpr *expr, Token close) {
  bool wide = (expr->kind == EXPR_CONCAT && !expr->braces) ||
              expr->kind == EXPR_UNARY || expr->kind == EXPR_BINARY;
  if (wide) expr->span = span_join(span_of(p, open), span_of(p, close));
  return expr;
}

/* ---- lists and calls ----------------------------------------------------- */

AstList ast_list_add(AstList list, AstExpr *expr) {
  if (list.last == NULL) {
    list.first = expr;
  } else {
    list.last->next = expr;
  }
  list.last = expr;
  list.count++;
  list.height = higher(list.height, expr->height);
  return list;
}

AstList ast_list_end(AstList list, Token close) {
  list.end = close.start + close.length;
  return list;
}

static void set_parts(AstExpr *expr, AstList parts) {
  expr->u.parts.first = parts.first;
  expr->u.parts.last = parts.last;
  expr->u.parts.count = parts.count;
}

AstExpr *ast_list(Parser *p, Token open, AstList elements) {
  AstExpr *expr = ast_new(p, EXPR_LIST, span_from(p, open.start, elements.end));
  set_parts(expr, elements);
  return ast_bounded(p, expr, elements.height);
}

AstArgs ast_args_end(AstArgs args, Token close) {
  args.values.end = close.start + close.length;
  return args;
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
  args.values.height = higher(args.values.height, value->height);
  return args;
}

/* `name` or `Agent.name`: what can be called. */
static bool is_callable(const AstExpr *expr) {
  return expr->kind == EXPR_NAME ||
         (expr->kind == EXPR_FIELD && expr->u.field.base->kind == EXPR_NAME);
}

/* Makes the callable expression a call without arguments. */
static AstCall *become_call(Parser *p, AstExpr *expr) {
  AstCall *call = ARENA_NEW(p->arena, AstCall);
  if (expr->kind == EXPR_NAME) {
    call->name = (AstName){expr->u.name.text, expr->span};
  } else {
    const AstExpr *agent = expr->u.field.base;
    call->agent = (AstName){agent->u.name.text, agent->span};
    call->name = expr->u.field.name;
  }
  expr->kind = EXPR_CALL;
  expr->height = 0;
  expr->u.call = call;
  return call;
}

AstExpr *ast_call(Parser *p, AstExpr *callee, AstArgs args) {
  if (!is_callable(callee)) {
    if (callee->kind == EXPR_ERROR) return callee;
    Diag *diag = diag_report(p->sink, DIAG_NOT_CALLABLE, callee->span,
                             "this cannot be called");
    diag->label = "neither a name nor Agent.flow";
    callee->kind = EXPR_ERROR;
    callee->height = 0;
    return callee;
  }
  AstCall *call = become_call(p, callee);
  callee->span.length = p->source->base + args.values.end - callee->span.start;
  call->args = args.values.first;
  call->arg_count = args.values.count;
  call->attrs = args.first;
  legacy_note_call(p, call);
  return ast_bounded(p, callee, args.values.height);
}

AstExpr *ast_index(Parser *p, AstExpr *base, AstExpr *index, Token close) {
  Span span = span_join(base->span, span_of(p, close));
  AstExpr *expr = ast_new(p, EXPR_INDEX, span);
  expr->u.index.base = base;
  expr->u.index.index = index;
  return ast_bounded(p, expr, higher(base->height, index->height));
}

AstExpr *ast_member(Parser *p, AstExpr *base, Token name) {
  Span span = span_join(base->span, span_of(p, name));
  AstExpr *expr = ast_new(p, EXPR_FIELD, span);
  expr->u.field.base = base;
  expr->u.field.name = name_of(p, name);
  return ast_bounded(p, expr, base->height);
}

/* ---- operators ----------------------------------------------------------- */

AstExpr *ast_unary(Parser *p, Op op, Token sign, AstExpr *operand) {
  Span span = span_join(span_of(p, sign), operand->span);
  if (op == OP_NEG && operand->kind == EXPR_NUM) {
    operand->u.num = -operand->u.num;
    operand->span = span;
    return operand;
  }
  AstExpr *expr = ast_new(p, EXPR_UNARY, span);
  expr->u.operation.op = op;
  expr->u.operation.left = operand;
  return ast_bounded(p, expr, operand->height);
}

AstExpr *ast_binary(Parser *p, Op op, AstExpr *left, AstExpr *right) {
  AstExpr *expr =
      ast_new(p, EXPR_BINARY, span_join(left->span, right->span));
  expr->u.operation.op = op;
  expr->u.operation.left = left;
  expr->u.operation.right = right;
  return ast_bounded(p, expr, higher(left->height, right->height));
}

/* Adds a part to a sum. The pieces of a text with holes take its place: the sum
 * around it is text anyway, and one CONCAT is better than two. */
static void add_part(AstExpr *sum, AstExpr *part) {
  bool text = part->kind == EXPR_CONCAT && part->braces;
  AstExpr *first = text ? part->u.parts.first : part;
  if (sum->u.parts.last == NULL) {
    sum->u.parts.first = first;
  } else {
    sum->u.parts.last->next = first;
  }
  sum->u.parts.last = text ? part->u.parts.last : part;
  sum->u.parts.count += text ? part->u.parts.count : 1;
}

AstExpr *ast_plus(Parser *p, AstExpr *left, AstExpr *right) {
  Span span = span_join(left->span, right->span);
  AstExpr *sum = left;
  uint16_t below = right->height;
  if (left->kind == EXPR_CONCAT && !left->braces) {
    below = higher(below, (uint16_t)(left->height - 1));
    sum->span = span;
  } else {
    below = higher(below, left->height);
    sum = ast_new(p, EXPR_CONCAT, span);
    add_part(sum, left);
  }
  add_part(sum, right);
  return ast_bounded(p, sum, below);
}

static AstExpr *first_argument(Parser *p, AstExpr *expr, AstExpr *value) {
  AstCall *call = expr->u.call;
  uint16_t below =
      expr->height > 0 ? (uint16_t)(expr->height - 1) : expr->height;
  value->next = call->args;
  call->args = value;
  call->arg_count++;
  return ast_bounded(p, expr, higher(below, value->height));
}

/* `value |> f(x)` is `f(value, x)`. */
AstExpr *ast_pipe(Parser *p, AstExpr *value, AstExpr *stage) {
  Span span = span_join(value->span, stage->span);
  if (is_callable(stage)) {
    AstCall *call = become_call(p, stage);
    legacy_note_call(p, call);
  } else if (stage->kind != EXPR_CALL) {
    if (stage->kind == EXPR_ERROR) return stage;
    Diag *diag = diag_report(p->sink, DIAG_BAD_STAGE, stage->span,
                             "a stage of a pipe is a name or a call");
    diag->label = "cannot take a value";
    stage->kind = EXPR_ERROR;
    stage->height = 0;
    return stage;
  }
  stage->span = span;
  return first_argument(p, stage, value);
}

/* `f(x) <- value` is `f(value, x)`. */
AstExpr *ast_feed(Parser *p, AstExpr *call, AstExpr *value) {
  Span span = span_join(call->span, value->span);
  if (call->kind != EXPR_CALL) {
    if (call->kind == EXPR_ERROR) return call;
    Diag *diag = diag_report(p->sink, DIAG_BAD_FEED, call->span,
                             "what stands before `<-` must be a call");
    diag->label = "cannot take a value";
    diag->help = "`f(x) <- value` is f(value, x); a comparison with a "
                 "negative value is written `a < -b`";
    call->kind = EXPR_ERROR;
    call->height = 0;
    return call;
  }
  call->span = span;
  return first_argument(p, call, value);
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
  AstExpr *expr = ast_new(p, EXPR_TEXT, span_of(p, token));
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
  uint32_t open = parts.first->span.start - p->source->base;
  uint32_t quotes = quote_length(p, open);
  parts = ast_list_add(parts, raw_piece(p, piece, 2, quotes));
  text_decode(p, parts.first, quotes == 3);
  AstExpr *expr =
      ast_new(p, EXPR_CONCAT, span_join(parts.first->span, span_of(p, piece)));
  expr->braces = true;
  set_parts(expr, without_empty(parts));
  return ast_bounded(p, expr, parts.height);
}

/* The grammar reads "nothing" before any token that does not fit, too; then
 * it reports that token itself. */
AstExpr *ast_empty_hole(Parser *p) {
  Slice next = token_text(p->source, p->token);
  Span span = span_from(p, p->before - 2, p->token.start + 2);
  if (!p->panic && slice_starts_with(next, SLICE("}}"))) {
    Diag *diag = diag_report(p->sink, DIAG_EMPTY_INTERPOLATION, span,
                             "nothing stands between `{{` and `}}`");
    diag->label = "expected an expression";
    diag->help = "write `\\{{` for braces that are text";
  }
  return ast_new(p, EXPR_ERROR, span);
}
