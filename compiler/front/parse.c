/* SPDX-License-Identifier: MIT
 *
 * Feeds the tokens of a source to the grammar and gets it going again after an
 * error. Lemon drops what it has of the broken part; here the tokens up to a
 * place where a part can begin are skipped (a "panic", recover.c), the grammar
 * is told so with SYNC, and braces that were clearly forgotten are closed. So
 * one run reports all syntax errors, each once, and the tree holds all that was
 * sound.
 *
 * On the way a few tokens change, because more is known here than in the lexer:
 * whether an operand stands before them, and what the grammar would take.
 */
#include "compiler/front/parse.h"

#include "compiler/front/parse_int.h"

#include "grammar.h"

typedef struct yyParser yyParser;
static void syntax_error(const yyParser *grammar, int kind, Parser *p);
static void stack_overflow(Parser *p);

/* The generated parser; found in an include folder of its own, marked SYSTEM
 * because its style is not ours. */
#include "grammar.c"

/* ---- what the grammar would take ----------------------------------------- */

enum { EMPTY_RULES_IN_A_ROW = 16 }; /* more than the grammar can do */

/* Its reductions are followed on a copy of the top of its stack. */
bool parse_accepts(const Parser *p, int kind) {
  const yyParser *grammar = p->grammar;
  const yyStackEntry *real = grammar->yytos;
  YYACTIONTYPE pushed[EMPTY_RULES_IN_A_ROW];
  int count = 0;
  YYACTIONTYPE state = real->stateno;
  while (count < EMPTY_RULES_IN_A_ROW) {
    YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)kind, state);
    if (action <= YY_MAX_SHIFTREDUCE) return true;
    if (action < YY_MIN_REDUCE) return false;
    unsigned rule = (unsigned)action - YY_MIN_REDUCE;
    int pop = -yyRuleInfoNRhs[rule];
    for (; pop > 0 && count > 0; pop--) count--;
    real -= pop;
    state = count > 0 ? pushed[count - 1] : real->stateno;
    state = yy_find_reduce_action(state, yyRuleInfoLhs[rule]);
    pushed[count++] = state;
  }
  return false;
}

/* ---- errors -------------------------------------------------------------- */

/* A token that can neither continue the statement before it nor begin one:
 * the statement before it was meant otherwise than it was read. */
static bool spoils_last(const Parser *p) {
  return parse_level(p) == LEVEL_BODY && p->scope->last != NULL &&
         p->statement == p->token.start &&
         (p->token.kind == TK_BAD || !begins_line(p, p->token.start)) &&
         p->token.kind != TK_FOREIGN && p->before_kind != TK_SEMI &&
         p->before_kind != TK_RBRACE;
}

/* Called by the grammar once for each error, before it drops anything. */
static void syntax_error(const yyParser *grammar, int kind, Parser *p) {
  (void)grammar;
  p->panic = true;
  if (p->closing) return;
  bool spoils = spoils_last(p);
  p->blocks = 0;
  p->column = column_of(p, p->statement);
  complain_syntax(p, kind, spoils);
  if (spoils) ast_stmt_spoiled(p);
}

/* Cannot happen while the nesting is checked below, but for thousands of signs
 * in a row. */
static void stack_overflow(Parser *p) {
  p->too_deep = false;
  complain_depth(p, span_of(p, p->token));
  p->dead = true;
}

/* ---- going on after an error --------------------------------------------- */

static void feed_virtual(Parser *p, yyParser *grammar_, int kind) {
  if (!p->dead) grammar(grammar_, kind, (Token){kind, p->token.start, 0});
}

static void end_panic(Parser *p, yyParser *grammar_, int kind) {
  feed_virtual(p, grammar_, kind);
  grammar_->yyerrcnt = -1; /* lemon would keep silent for three tokens */
  p->panic = false;
}

/* Closes `count` braces. What they close may be incomplete without what would
 * follow; that is given up without a word. */
static void close_braces(Parser *p, yyParser *grammar_, uint32_t count) {
  p->closing = true;
  for (; count > 0 && !p->dead; count--) {
    feed_virtual(p, grammar_, TK_RBRACE);
    if (!p->panic) continue;
    end_panic(p, grammar_, TK_SYNC);
    feed_virtual(p, grammar_, TK_RBRACE);
  }
  p->closing = false;
}

/* Braces that are open and cannot contain this token. */
static uint32_t count_forgotten(const Parser *p) {
  int kind = p->token.kind;
  bool ends_agent = kind == TK_AGENT || kind == TK_END;
  if (!ends_agent && kind != TK_FLOW) return 0;
  uint32_t count = 0;
  for (const Scope *scope = p->scope; scope != NULL; scope = scope->outer) {
    count += ends_agent || scope->level != LEVEL_AGENT;
  }
  return count;
}

/* Ends the panic at p->token: the broken part is over, and so is all around it
 * that cannot contain this token. */
static void resume(Parser *p, yyParser *grammar_) {
  bool into_body = p->token.kind == TK_LBRACE;
  uint32_t forgotten = count_forgotten(p);
  p->lost_head = into_body && p->in_head;
  end_panic(p, grammar_, into_body ? TK_SYNC_BODY : TK_SYNC);
  close_braces(p, grammar_, forgotten);
}

/* ---- tokens that change -------------------------------------------------- */

/* Whether an operand stands before the token at hand, which is of a kind that
 * can continue one. */
static bool follows_operand(const Parser *p) {
  switch (p->before_kind) {
    case TK_NAME:
    case TK_NUM:
    case TK_DURATION:
    case TK_TEXT:
    case TK_TEXT_CLOSE:
    case TK_TRUE:
    case TK_FALSE:
    case TK_NULL:
    case TK_RBRACKET:
      return true;
    case TK_RPAREN: /* of an operand, or of the head of a construct */
      return parse_accepts(p, p->token.kind);
    default: /* a soft word may be a name */
      return p->before_kind >= TK_PARALLEL && p->before_kind <= TK_ON &&
             parse_accepts(p, p->token.kind);
  }
}

static int begin_operand(int kind) {
  if (kind == TK_MINUS) return TK_NEG;
  return kind == TK_LPAREN ? TK_NL_LPAREN : TK_NL_LBRACKET;
}

/* What the token at hand stands in. A scope whose brace came right before it is
 * left only when it is fed. */
static ParseLevel level_here(const Parser *p) {
  bool closed = p->before_kind == TK_RBRACE && p->scope != NULL &&
                p->scope->outer != NULL;
  return closed ? p->scope->outer->level : parse_level(p);
}

/* A comma after an arm of a switch: a bare statement could go on with another
 * name to bind. */
static bool ends_case(const Parser *p) {
  if (level_here(p) != LEVEL_CASES || p->brackets > 0) return false;
  Slice rest = rest_after(p);
  return slice_starts_with(rest, SLICE("}")) ||
         slice_begins_word(rest, "case") || slice_begins_word(rest, "default");
}

/* `list<num>= x`: the lexer took two signs for one. */
static void split_sign(Parser *p, Lexer *lexer) {
  lexer->cursor--;
  p->token.length = 1;
  p->token.kind = TK_GT;
}

/* `agent` and `flow` are names too, but for what looks like the beginning of
 * one, wherever that is: it helps to find out what was forgotten before it. */
static bool is_declaration(const Parser *p) {
  Slice rest = rest_of_line(p);
  if (rest.length > 0 && (rest.data[0] == '{' || is_name_byte(rest.data[0]))) {
    return true;
  }
  return !p->panic && parse_accepts(p, p->token.kind);
}

/* Keywords are names after a point and before a colon. */
static bool is_plain_name(const Parser *p) {
  if (p->before_kind == TK_DOT) return p->before == p->token.start;
  return p->before_kind != TK_CASE &&
         slice_starts_with(rest_after(p), SLICE(":")) &&
         parse_accepts(p, TK_NAME);
}

static void adapt_token(Parser *p, Lexer *lexer) {
  int kind = p->token.kind;
  switch (kind) {
    case TK_LPAREN:
    case TK_LBRACKET:
    case TK_MINUS:
      if (!follows_operand(p)) p->token.kind = begin_operand(kind);
      break;
    case TK_COMMA:
      if (ends_case(p)) p->token.kind = TK_SEMI;
      break;
    case TK_GE:
      if (!parse_accepts(p, TK_GE) && parse_accepts(p, TK_GT)) {
        split_sign(p, lexer);
      }
      break;
    case TK_PARALLEL:
      if (!slice_starts_with(rest_after(p), SLICE("{"))) {
        p->token.kind = TK_NAME;
      }
      break;
    case TK_NAME:
      p->token.kind = legacy_kind(p);
      if (complain_is_foreign(p)) p->token.kind = TK_FOREIGN;
      break;
    case TK_TYPE:
    case TK_IMPORT:
      if (complain_is_foreign(p)) p->token.kind = TK_FOREIGN;
      break;
    case TK_AGENT:
    case TK_FLOW:
    case TK_LOOP:
    case TK_SWITCH:
    case TK_WHILE:
    case TK_TRY:
    case TK_IF:
    case TK_ELSE:
      if (is_plain_name(p)) p->token.kind = TK_NAME;
      break;
    default:
      break;
  }
}

/* Whether a bare `return` ends before the token at hand, which could be an
 * expression too: a bracket on a line of its own, a case, a block. */
static bool ends_return(const Parser *p) {
  if (p->before_kind != TK_RETURN) return false;
  switch (p->token.kind) {
    case TK_NL_LPAREN:
    case TK_NL_LBRACKET:
      return begins_line(p, p->token.start);
    case TK_CASE:
    case TK_DEFAULT:
      return parse_level(p) == LEVEL_CASES;
    case TK_PARALLEL:
      return true;
    default:
      return false;
  }
}

/* ---- feeding ------------------------------------------------------------- */

/* What a token adds to the nesting, in brackets. */
static const int nestings[] = {
    [TK_LPAREN] = 1,      [TK_NL_LPAREN] = 1, [TK_LBRACKET] = 1,
    [TK_NL_LBRACKET] = 1, [TK_LT] = 1,        [TK_TEXT_OPEN] = 1,
    [TK_RPAREN] = -1,     [TK_RBRACKET] = -1, [TK_GT] = -1,
    [TK_TEXT_CLOSE] = -1, [YYNTOKEN] = 0};

static bool opens_construct(int kind) {
  return kind == TK_IF || kind == TK_LOOP || kind == TK_WHILE ||
         kind == TK_SWITCH || kind == TK_TRY || kind == TK_PARALLEL;
}

static int nesting_of(const Parser *p) {
  int kind = p->token.kind;
  bool compares = (kind == TK_LT || kind == TK_GT) && parse_accepts(p, TK_PLUS);
  return compares ? 0 : nestings[kind];
}

/* Bounds the nesting, and with it the grammar's stack and the depth of the
 * tree, which the checker and the IR builder walk recursively. */
static void feed(Parser *p, yyParser *grammar_) {
  int kind = p->token.kind;
  int nesting = nesting_of(p);
  bool opens = opens_construct(kind);
  if ((nesting > 0 || opens) && p->deep + p->brackets >= LIMIT_EXPR_DEPTH) {
    complain_depth(p, span_of(p, p->token));
    kind = TK_BAD;
  }
  grammar(grammar_, kind, p->token);
  if (p->panic) return;
  if (opens) p->deep++;
  if (nesting > 0) p->brackets++;
  if (nesting < 0 && p->brackets > 0) p->brackets--;
}

/* The next token. A `;` before `else` says nothing and is left out. */
static void advance(Parser *p, Lexer *lexer) {
  lexer->quiet = p->panic;
  p->before = p->token.start + p->token.length;
  p->before_kind = p->token.kind;
  do {
    p->token = lexer_next(lexer);
  } while (p->token.kind == TK_SEMI && !p->panic && lexer->depth == 0 &&
           parse_accepts(p, TK_ELSE) &&
           slice_begins_word(rest_after(p), "else"));
  bool declares = p->token.kind == TK_AGENT || p->token.kind == TK_FLOW;
  if (declares && !is_declaration(p)) p->token.kind = TK_NAME;
  if (!p->panic) adapt_token(p, lexer);
}

static void feed_all(Parser *p, yyParser *grammar_) {
  Lexer lexer;
  lexer_init(&lexer, p->source, p->sink);
  do {
    advance(p, &lexer);
    if (p->panic) {
      if (!recover_resumes(p, lexer.depth > 0)) continue;
      resume(p, grammar_);
      adapt_token(p, &lexer);
    }
    if (ends_return(p)) feed_virtual(p, grammar_, TK_SEMI);
    feed(p, grammar_);
    if (p->panic && recover_resumes(p, lexer.depth > 0)) {
      resume(p, grammar_);
      feed(p, grammar_);
    }
  } while (p->token.kind != TK_END && !p->dead);
  if (!p->dead) grammar(grammar_, 0, p->token);
}

/* ---- bytes --------------------------------------------------------------- */

static uint32_t invalid_length(Slice text, size_t at) {
  size_t end = at + 1;
  while (end < text.length && ((unsigned char)text.data[end] & 0xC0) == 0x80) {
    end++;
  }
  return (uint32_t)(end - at);
}

/* Reports what no source may hold anywhere. Binary files would give one
 * message a byte, so it stops where messages are no longer kept. */
static void check_bytes(const Source *source, DiagSink *sink) {
  Slice text = source->text;
  size_t at = 0;
  while (sink->diags.length < LIMIT_DIAGNOSTICS) {
    at += slice_valid_utf8(slice_from(text.data + at, text.length - at));
    if (at == text.length) break;
    uint32_t length = invalid_length(text, at);
    Span span = {source->base + (uint32_t)at, length};
    Diag *diag =
        diag_report(sink, DIAG_BAD_UTF8, span, "bytes that are not UTF-8");
    diag->label = "not a character";
    diag->help = "a source is UTF-8 text";
    at += length;
  }
  const char *nul = text.data;
  const char *end = text.data + text.length;
  while (sink->diags.length < LIMIT_DIAGNOSTICS &&
         (nul = memchr(nul, 0, (size_t)(end - nul))) != NULL) {
    Span span = {source->base + (uint32_t)(nul - text.data), 1};
    Diag *diag = diag_report(sink, DIAG_NUL_BYTE, span, "a NUL byte");
    diag->label = "cannot stand in a source";
    nul++;
  }
}

bool parse_check_size(const Source *source, DiagSink *sink) {
  if (source->text.length <= LIMIT_SOURCE_BYTES) return true;
  Diag *diag =
      diag_report(sink, DIAG_SOURCE_SIZE, (Span){source->base, 0},
                  "the source is larger than %d bytes", LIMIT_SOURCE_BYTES);
  diag->label = "not read";
  return false;
}

static void parse_tokens(Parser *p) {
  yyParser *grammar_ = mem_alloc(sizeof *grammar_);
  p->grammar = grammar_;
  grammarInit(grammar_, p);
  feed_all(p, grammar_);
  grammarFinalize(grammar_);
  mem_free(grammar_);
}

/* Forgets all of the source before but the ends of the lists that go on. */
static void begin_source(Parser *p, const Source *source) {
  *p = (Parser){.source = source,
                .arena = p->arena,
                .sink = p->sink,
                .program = p->program,
                .spare = p->spare,
                .agent = p->agent,
                .record = p->record,
                .old_calls = p->old_calls};
}

AstImport *parse_one(Parser *p, const Source *source) {
  begin_source(p, source);
  if (!parse_check_size(source, p->sink)) return NULL;
  if (source->text.length > 0) check_bytes(source, p->sink);
  parse_tokens(p);
  return p->imports;
}

AstProgram *parse_source(const Source *source, Arena *arena, DiagSink *sink) {
  Parser p = {.arena = arena, .sink = sink};
  p.program = ARENA_NEW(arena, AstProgram);
  p.program->source = source;
  p.program->imports = parse_one(&p, source);
  legacy_settle(&p);
  return p.program;
}
