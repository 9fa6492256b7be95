/* SPDX-License-Identifier: MIT
 *
 * Feeds the tokens of a source to the grammar and gets it going again after an
 * error. Lemon drops what it has of the broken part; here the tokens up to a
 * place where a part can begin are skipped (a "panic"), the grammar is told so
 * with SYNC, and braces that were clearly forgotten are closed. So one run
 * reports all syntax errors, each once, and the tree holds all that was sound.
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

/* ---- what was expected --------------------------------------------------- */

enum { EMPTY_RULES_IN_A_ROW = 16 }; /* more than the grammar can do */

/* Whether the grammar, as it stands, would take a token of this kind: its
 * reductions are followed on a copy of the top of its stack. */
static bool accepts(const yyParser *grammar, int kind) {
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

/* What a name alone would be, going by the token before it. */
static const char *wanted_name(const Parser *p) {
  bool head = p->level == LEVEL_HEAD;
  switch (p->before_kind) {
    case TK_AGENT:
      return "a name for the agent";
    case TK_FLOW:
      return "a name for the flow";
    case TK_AT:
      return "`entry`";
    case TK_DOT:
      return "the name of a flow";
    case TK_COLON:
    case TK_LT:
      return "a type";
    case TK_ARROW:
      return head ? "a type" : "a name";
    case TK_LPAREN:
    case TK_NL_LPAREN:
    case TK_COMMA:
      return head ? "a parameter" : "a name";
    default:
      return "a name";
  }
}

/* Kinds a message lists, in this order. Those that begin an expression or a
 * statement are summed up. */
static const int listed_kinds[] = {
    TK_AGENT, TK_FLOW,   TK_AT,       TK_ARROW,  TK_COLON,      TK_LT,
    TK_GT,    TK_EQ,     TK_LPAREN,   TK_LBRACE, TK_TEXT_CLOSE, TK_COMMA,
    TK_DOT,   TK_RPAREN, TK_RBRACKET, TK_RBRACE, TK_END};

enum { WORDS_MAX = 2 + sizeof listed_kinds / sizeof *listed_kinds };

static const char *expected_text(const yyParser *grammar, const Parser *p) {
  const char *words[WORDS_MAX];
  size_t count = 0;
  bool statement = accepts(grammar, TK_LET);
  bool expression = accepts(grammar, TK_TEXT);
  if (statement) {
    words[count++] = "a statement";
  } else if (expression) {
    words[count++] = "an expression";
  } else if (accepts(grammar, TK_NAME)) {
    words[count++] = wanted_name(p);
  } else if (accepts(grammar, TK_NUM)) {
    words[count++] = "a number";
  }
  for (size_t i = 0; i < sizeof listed_kinds / sizeof *listed_kinds; i++) {
    int kind = listed_kinds[i];
    if (kind == TK_LPAREN && (statement || expression)) continue;
    if (accepts(grammar, kind)) words[count++] = token_name(kind);
  }
  Buf text = {0};
  for (size_t i = 0; i < count; i++) {
    if (i > 0) buf_add_text(&text, i + 1 < count ? ", " : " or ");
    buf_add_text(&text, words[i]);
  }
  const char *kept = arena_copy(p->arena, text.data ? text.data : "nothing",
                                text.data ? text.length : 7);
  buf_free(&text);
  return kept;
}

/* ---- the message --------------------------------------------------------- */

static const char *found_text(const Parser *p, int kind) {
  if (kind != TK_NAME && kind != TK_NUM) return token_name(kind);
  return diag_text(p->sink, "`%.*s`",
                   SLICE_ARG(token_text(p->source, p->token)));
}

static bool begins_line(const Parser *p, uint32_t offset) {
  const char *text = p->source->text.data;
  while (offset > 0 && (text[offset - 1] == ' ' || text[offset - 1] == '\t' ||
                        text[offset - 1] == '\r')) {
    offset--;
  }
  return offset == 0 || text[offset - 1] == '\n';
}

static const char *help_text(const Parser *p, int kind, bool continues) {
  if (kind == TK_FLOW && p->level == LEVEL_FILE) {
    return "a flow stands inside an agent: agent Name { flow ... }";
  }
  if (kind == TK_LBRACE && p->level == LEVEL_BODY) {
    return "a statement is `let name = value`, `value -> name`, "
           "`return value`, or a call";
  }
  if (kind == TK_EQ && continues) {
    return "a name is bound with `let name = value`";
  }
  if (kind == TK_MINUS && p->level == LEVEL_BODY) {
    return "`-` can only stand before a number";
  }
  return NULL;
}

/* A token that can neither continue the statement before it nor begin one:
 * the statement before it was meant otherwise than it was read. */
static bool spoils_last(const Parser *p) {
  return p->level == LEVEL_BODY && p->stmt != NULL &&
         p->statement == p->token.start &&
         (p->token.kind == TK_BAD || !begins_line(p, p->token.start)) &&
         p->before_kind != TK_SEMI;
}

/* Called by the grammar once for each error, before it drops anything. */
static void syntax_error(const yyParser *grammar, int kind, Parser *p) {
  bool spoils = spoils_last(p);
  p->panic = true;
  p->blocks = 0;
  uint32_t line = p->statement;
  const char *text = p->source->text.data;
  while (line > 0 && text[line - 1] != '\n' &&
         p->statement - line < LIMIT_EXPR_DEPTH) {
    line--;
  }
  p->column = p->statement - line;
  if (kind != TK_BAD) {
    Diag *diag = diag_report(p->sink, DIAG_SYNTAX, token_span(p->token),
                             "expected %s, found %s", expected_text(grammar, p),
                             found_text(p, kind));
    diag->label = "not expected here";
    diag->help = help_text(p, kind, spoils);
    if (kind == TK_END && p->level != LEVEL_FILE) {
      diag->related = p->level == LEVEL_BODY ? p->open_body : p->open_agent;
      diag->related_label = "this `{` is not closed";
    }
  }
  if (spoils) ast_stmt_spoiled(p);
}

static void report_depth(Parser *p) {
  Diag *diag = diag_report(p->sink, DIAG_TOO_DEEP, token_span(p->token),
                           "nested deeper than %d levels", LIMIT_EXPR_DEPTH);
  diag->label = "one level too many";
}

/* Cannot happen while the depth is checked below; if it does, it is told. */
static void stack_overflow(Parser *p) {
  report_depth(p);
  p->dead = true;
}

/* ---- going on after an error --------------------------------------------- */

static bool begins_statement(int kind) {
  switch (kind) {
    case TK_NAME:
    case TK_NUM:
    case TK_TEXT:
    case TK_TEXT_OPEN:
    case TK_TRUE:
    case TK_FALSE:
    case TK_NL_LPAREN:
    case TK_NL_LBRACKET:
      return true;
    default:
      return false;
  }
}

/* A statement begins where a line does, outside of all brackets; or inside of
 * some when the line is not indented more than the broken statement, because
 * then a closing bracket was forgotten. */
static bool resumes_statement(const Parser *p) {
  Token token = p->token;
  if (!begins_statement(token.kind) || !begins_line(p, token.start)) {
    return false;
  }
  if (p->depth == 0) return true;
  const char *text = p->source->text.data;
  uint32_t line = token.start;
  while (line > 0 && text[line - 1] != '\n') line--;
  return token.start - line <= p->column;
}

/* In a panic: whether the grammar can go on with this token. Counts the
 * brackets of what is skipped. */
static bool resumes(Parser *p, const Lexer *lexer) {
  int kind = p->token.kind;
  if (kind == TK_END) return true;
  if (lexer->depth > 0) return false;
  if (kind == TK_AGENT) return true;
  if (p->level == LEVEL_FILE) return false;
  if (kind == TK_FLOW) return true;
  if (kind == TK_LBRACE) {
    if (p->level == LEVEL_HEAD && p->blocks == 0) return true;
    p->blocks++;
  }
  if (kind == TK_RBRACE) {
    if (p->blocks == 0) return true;
    p->blocks--;
    return false;
  }
  if (p->blocks > 0) return false;
  if (kind == TK_AT) return p->level != LEVEL_BODY;
  if (p->level != LEVEL_BODY) return false;
  if (kind == TK_LPAREN || kind == TK_LBRACKET) p->depth++;
  if ((kind == TK_RPAREN || kind == TK_RBRACKET) && p->depth > 0) p->depth--;
  return kind == TK_SEMI || kind == TK_LET || kind == TK_RETURN ||
         resumes_statement(p);
}

static void feed_virtual(Parser *p, yyParser *grammar_, int kind) {
  grammar(grammar_, kind, (Token){kind, p->token.start, 0});
}

/* Ends the panic at p->token: the broken part is over, and so are the body and
 * the agent that cannot contain this token. */
static void resume(Parser *p, yyParser *grammar_) {
  int kind = p->token.kind;
  ParseLevel level = p->level;
  bool ends_agent = kind == TK_AGENT || kind == TK_END;
  bool into_body = level == LEVEL_HEAD && kind == TK_LBRACE;
  p->lost_head = into_body;
  feed_virtual(p, grammar_, into_body ? TK_SYNC_BODY : TK_SYNC);
  grammar_->yyerrcnt = -1; /* lemon would keep silent for three tokens */
  p->panic = false;
  if (level == LEVEL_BODY && (ends_agent || kind == TK_FLOW)) {
    feed_virtual(p, grammar_, TK_RBRACE);
  }
  if (level != LEVEL_FILE && ends_agent) {
    feed_virtual(p, grammar_, TK_RBRACE);
  }
}

/* ---- feeding ------------------------------------------------------------- */

/* What a token adds to the nesting. */
static const int nestings[] = {
    [TK_LPAREN] = 1,      [TK_NL_LPAREN] = 1, [TK_LBRACKET] = 1,
    [TK_NL_LBRACKET] = 1, [TK_LT] = 1,        [TK_TEXT_OPEN] = 1,
    [TK_RPAREN] = -1,     [TK_RBRACKET] = -1, [TK_GT] = -1,
    [TK_TEXT_CLOSE] = -1, [YYNTOKEN] = 0};

/* Bounds the nesting, and with it the grammar's stack and the depth of the
 * tree, which the checker and the IR builder walk recursively. */
static void feed(Parser *p, yyParser *grammar_) {
  int kind = p->token.kind;
  int nesting = nestings[kind];
  if (nesting > 0 && p->depth >= LIMIT_EXPR_DEPTH) {
    report_depth(p);
    kind = TK_BAD;
  }
  grammar(grammar_, kind, p->token);
  if (p->panic) return;
  if (nesting > 0) p->depth++;
  if (nesting < 0 && p->depth > 0) p->depth--;
}

static void feed_all(Parser *p, yyParser *grammar_) {
  Lexer lexer;
  lexer_init(&lexer, p->source, p->sink);
  do {
    lexer.quiet = p->panic;
    p->before = p->token.start + p->token.length;
    p->before_kind = p->token.kind;
    p->token = lexer_next(&lexer);
    if (p->panic) {
      if (!resumes(p, &lexer)) continue;
      resume(p, grammar_);
    }
    feed(p, grammar_);
    if (p->panic && resumes(p, &lexer)) {
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
static void check_bytes(Slice text, DiagSink *sink) {
  size_t at = 0;
  while (sink->diags.length < LIMIT_DIAGNOSTICS) {
    at += slice_valid_utf8(slice_from(text.data + at, text.length - at));
    if (at == text.length) break;
    uint32_t length = invalid_length(text, at);
    Diag *diag = diag_report(sink, DIAG_BAD_UTF8, (Span){(uint32_t)at, length},
                             "bytes that are not UTF-8");
    diag->label = "not a character";
    diag->help = "a source is UTF-8 text";
    at += length;
  }
  const char *nul = text.data;
  const char *end = text.data + text.length;
  while (sink->diags.length < LIMIT_DIAGNOSTICS &&
         (nul = memchr(nul, 0, (size_t)(end - nul))) != NULL) {
    Span span = {(uint32_t)(nul - text.data), 1};
    Diag *diag = diag_report(sink, DIAG_NUL_BYTE, span, "a NUL byte");
    diag->label = "cannot stand in a source";
    nul++;
  }
}

bool parse_check_size(const Source *source, DiagSink *sink) {
  if (source->text.length <= LIMIT_SOURCE_BYTES) return true;
  Diag *diag =
      diag_report(sink, DIAG_SOURCE_SIZE, (Span){0, 0},
                  "the source is larger than %d bytes", LIMIT_SOURCE_BYTES);
  diag->label = "not read";
  return false;
}

AstProgram *parse_source(const Source *source, Arena *arena, DiagSink *sink) {
  Parser p = {.source = source, .arena = arena, .sink = sink};
  p.program = ARENA_NEW(arena, AstProgram);
  p.program->source = source;
  if (!parse_check_size(source, sink)) return p.program;
  if (source->text.length > 0) check_bytes(source->text, sink);
  yyParser *grammar_ = mem_alloc(sizeof *grammar_);
  grammarInit(grammar_, &p);
  feed_all(&p, grammar_);
  grammarFinalize(grammar_);
  mem_free(grammar_);
  return p.program;
}
