/* SPDX-License-Identifier: MIT
 *
 * The lexer, made by re2c. The source has a known length and no sentinel, so
 * every look at a byte is bounded (YYPEEK). Three small machines: code, a text
 * of one line, a text block; the last two only find where a piece of text
 * ends, its escapes are read when the tree is built (text.c). Lines and columns
 * are not counted here: a message computes them when it is printed.
 */
#include "compiler/front/lexer.h"

#include "grammar.h"

#define YYPEEK() (cursor < limit ? *cursor : 0)
#define YYSKIP() (++cursor)
#define YYBACKUP() (marker = cursor)
#define YYRESTORE() (cursor = marker)
#define YYLESSTHAN(n) (limit - cursor < (n))

/*!re2c
  re2c:api = custom;
  re2c:api:style = functions;
  re2c:yyfill:enable = 0;
  re2c:eof = 0;
  re2c:define:YYCTYPE = "unsigned char";

  digits = [0-9] ("_"? [0-9])*;
  number = digits ("." digits)? ([eE] [-+]? digits)?;
  name   = [A-Za-z_] [A-Za-z_0-9]*;
*/

/* Why a piece of text ended. */
typedef enum Ending {
  ENDING_QUOTE,   /* the closing quote or quotes */
  ENDING_HOLE,    /* `{{` */
  ENDING_NEWLINE, /* the line ended first */
  ENDING_FILE     /* the source ended first */
} Ending;

static const unsigned char *base_of(const Lexer *lexer) {
  const char *data = lexer->source->text.data;
  return (const unsigned char *)(data == NULL ? "" : data);
}

static const unsigned char *limit_of(const Lexer *lexer) {
  return base_of(lexer) + lexer->source->text.length;
}

static uint32_t offset_of(const Lexer *lexer, const unsigned char *at) {
  return (uint32_t)(at - base_of(lexer));
}

void lexer_init(Lexer *lexer, const Source *source, DiagSink *sink) {
  lexer->source = source;
  lexer->sink = sink;
  lexer->cursor = base_of(lexer);
  lexer->fresh = true;
  lexer->quiet = false;
  lexer->depth = 0;
  if (slice_starts_with(source->text, SLICE("\xEF\xBB\xBF"))) {
    lexer->cursor += 3; /* a byte order mark */
  }
}

/* ---- a piece of text ----------------------------------------------------- */

/* Moves the cursor past a piece of a "text"; stops before a new line. */
static Ending skip_line_text(Lexer *lexer) {
  const unsigned char *limit = limit_of(lexer);
  const unsigned char *cursor = lexer->cursor;
  const unsigned char *start = cursor;
  Ending ending = ENDING_FILE;
  for (;;) {
    start = cursor;
    /*!re2c
      [^"\\{\n]+   { continue; }
      "\\" [^\n]   { continue; }
      "\""         { ending = ENDING_QUOTE; break; }
      "{{"         { ending = ENDING_HOLE; break; }
      "\n"         { cursor = start; ending = ENDING_NEWLINE; break; }
      $            { break; }
      *            { continue; }
    */
  }
  lexer->cursor = cursor;
  return ending;
}

/* The same for a """text block""". */
static Ending skip_block_text(Lexer *lexer) {
  const unsigned char *limit = limit_of(lexer);
  const unsigned char *cursor = lexer->cursor;
  const unsigned char *marker = cursor;
  Ending ending = ENDING_FILE;
  for (;;) {
    /*!re2c
      [^"\\{]+     { continue; }
      "\\" [^]     { continue; }
      "\"\"\""     { ending = ENDING_QUOTE; break; }
      "{{"         { ending = ENDING_HOLE; break; }
      $            { break; }
      *            { continue; }
    */
  }
  lexer->cursor = cursor;
  return ending;
}

static Span span_from(const Lexer *lexer, uint32_t start, uint32_t length) {
  return (Span){lexer->source->base + start, length};
}

static Token token_from(const Lexer *lexer, int kind, uint32_t start) {
  return (Token){kind, start, offset_of(lexer, lexer->cursor) - start};
}

/* Gives up the texts that cannot go on past the end of a line, or of the file.
 * The outermost of them is the one to name: what followed its `{{` was read as
 * code, so an inner quote is more likely its closing one. */
static Token end_holes(Lexer *lexer, bool file_ended) {
  uint32_t depth = lexer->depth;
  while (depth > 0 && (file_ended || !lexer->holes[depth - 1].block)) depth--;
  LexHole hole = lexer->holes[depth];
  lexer->depth = depth;
  if (!lexer->quiet) {
    Diag *diag = diag_report(lexer->sink, DIAG_OPEN_INTERPOLATION,
                             span_from(lexer, hole.open, 2),
                             "`{{` without `}}`");
    diag->label = file_ended ? "not closed before the end of the file"
                             : "not closed on its line";
    diag->help = "write `\\{` for a brace that is text";
  }
  return token_from(lexer, TK_BAD, offset_of(lexer, lexer->cursor));
}

static void report_open_text(Lexer *lexer, LexHole text, Ending ending) {
  if (ending == ENDING_NEWLINE) {
    Span span = span_from(lexer, text.text,
                          offset_of(lexer, lexer->cursor) - text.text);
    Diag *diag = diag_report(lexer->sink, DIAG_TEXT_NEWLINE, span,
                             "the line ends inside a text");
    diag->label = "no closing quote";
    diag->help = "write \\n for a new line, or use a text block: "
                 "\"\"\" ... \"\"\"";
    return;
  }
  Diag *diag = diag_report(lexer->sink, DIAG_OPEN_TEXT,
                           span_from(lexer, text.text, text.block ? 3 : 1),
                           "a text without its closing %s",
                           text.block ? "quotes" : "quote");
  diag->label = "begins here and runs to the end of the file";
}

/* At the `{{` that is one too many; it is read as text. */
static void report_depth(Lexer *lexer) {
  if (lexer->quiet) return;
  Span span = span_from(lexer, offset_of(lexer, lexer->cursor) - 2, 2);
  Diag *diag = diag_report(lexer->sink, DIAG_TOO_DEEP, span,
                           "nested deeper than %d levels", LIMIT_EXPR_DEPTH);
  diag->label = "one level too many";
}

/* Finishes a piece of `text` that begins at `start` (its quote, or `}}`). */
static Token lex_piece(Lexer *lexer, LexHole text, uint32_t start) {
  bool first = text.text == start;
  Ending ending =
      text.block ? skip_block_text(lexer) : skip_line_text(lexer);
  while (ending == ENDING_HOLE && lexer->depth == LIMIT_EXPR_DEPTH) {
    report_depth(lexer);
    ending = text.block ? skip_block_text(lexer) : skip_line_text(lexer);
  }
  if (ending == ENDING_QUOTE) {
    return token_from(lexer, first ? TK_TEXT : TK_TEXT_CLOSE, start);
  }
  if (ending == ENDING_HOLE) {
    text.open = offset_of(lexer, lexer->cursor) - 2;
    lexer->holes[lexer->depth++] = text;
    return token_from(lexer, first ? TK_TEXT_OPEN : TK_TEXT_MID, start);
  }
  bool file_ended = ending == ENDING_FILE;
  if (lexer->depth > 0 &&
      (file_ended || !lexer->holes[lexer->depth - 1].block)) {
    return end_holes(lexer, file_ended);
  }
  report_open_text(lexer, text, ending);
  return token_from(lexer, TK_BAD, start);
}

static Token lex_text(Lexer *lexer, const unsigned char *quote, bool block) {
  uint32_t start = offset_of(lexer, quote);
  return lex_piece(lexer, (LexHole){start, 0, block}, start);
}

/* At `}}` inside a hole: the text goes on. */
static Token resume_text(Lexer *lexer, const unsigned char *close) {
  LexHole text = lexer->holes[--lexer->depth];
  return lex_piece(lexer, text, offset_of(lexer, close));
}

/* ---- code ---------------------------------------------------------------- */

/* Moves past the comment that begins two bytes before the cursor. Returns
 * false, having reported it, when it never ends; sets *newline when it holds
 * one. */
static bool skip_comment(Lexer *lexer, bool *newline) {
  const unsigned char *limit = limit_of(lexer);
  const unsigned char *start = lexer->cursor - 2;
  for (const unsigned char *at = lexer->cursor; at < limit; at++) {
    if (*at == '\n') *newline = true;
    if (*at == '*' && at + 1 < limit && at[1] == '/') {
      lexer->cursor = at + 2;
      return true;
    }
  }
  lexer->cursor = limit;
  Diag *diag = diag_report(lexer->sink, DIAG_OPEN_COMMENT,
                           span_from(lexer, offset_of(lexer, start), 2),
                           "a comment without its closing `*/`");
  diag->label = "begins here and runs to the end of the file";
  return false;
}

static const char *stray_help(Slice text) {
  static const char *const quotes[] = {"'", "`", "\u2018", "\u2019", "\u201C",
                                       "\u201D", "\u00AB", "\u00BB"};
  if (slice_equal_text(text, "#")) return "a comment begins with `//`";
  if (slice_equal_text(text, "&")) return "`and` is written `&&`";
  if (slice_equal_text(text, "|")) return "`or` is written `||`, a pipe `|>`";
  if (slice_equal_text(text, "?")) {
    return "write `if (c) {...} else {...} -> x`";
  }
  for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++) {
    if (slice_equal_text(text, quotes[i])) {
      return "a text stands between quotes like these: \"text\"";
    }
  }
  return NULL;
}

/* A byte that begins no token; whole code points are shown. Bytes that are no
 * UTF-8 and NUL were reported before (parse.c). */
static Token lex_stray(Lexer *lexer, const unsigned char *start) {
  static const unsigned char lengths[16] = {1, 1, 1, 1, 1, 1, 1, 1,
                                            1, 1, 1, 1, 2, 2, 3, 4};
  size_t left = (size_t)(limit_of(lexer) - start);
  size_t length = lengths[*start >> 4];
  Slice text = {(const char *)start, length < left ? length : left};
  if (*start == 0 || slice_valid_utf8(text) != text.length) text.length = 1;
  lexer->cursor = start + text.length;
  Token token = token_from(lexer, TK_BAD, offset_of(lexer, start));
  bool known = *start == 0 || slice_valid_utf8(text) == 0;
  if (known || lexer->quiet) return token;
  Span span = span_from(lexer, token.start, token.length);
  Diag *diag =
      *start < 0x20 || *start == 0x7F
          ? diag_report(lexer->sink, DIAG_BAD_BYTE, span,
                        "unexpected control character U+%04X", *start)
          : diag_report(lexer->sink, DIAG_BAD_BYTE, span,
                        "unexpected character `%.*s`", SLICE_ARG(text));
  diag->label = "cannot stand here";
  diag->help = stray_help(text);
  return token;
}

static Token lex_bad_number(Lexer *lexer, const unsigned char *start) {
  Token token = token_from(lexer, TK_NUM, offset_of(lexer, start));
  Diag *diag =
      diag_report(lexer->sink, DIAG_BAD_NUMBER,
                  span_from(lexer, token.start, token.length),
                  "`%.*s` is not a number",
                  SLICE_ARG(token_text(lexer->source, token)));
  diag->label = "digits and letters run together";
  diag->help = "numbers look like 12, 0.5, 1.5e-3 or 1_000_000, durations "
               "like 250ms, 30s, 2m or 1h";
  return token;
}

/* Whether a new line here cuts off the text that the lexer is inside of. */
static bool newline_ends_hole(const Lexer *lexer) {
  return lexer->depth > 0 && !lexer->holes[lexer->depth - 1].block;
}

Token lexer_next(Lexer *lexer) {
  const unsigned char *limit = limit_of(lexer);
  const unsigned char *cursor = lexer->cursor;
  const unsigned char *marker = cursor;
  const unsigned char *start = cursor;
  bool fresh = lexer->fresh;
  lexer->fresh = false;
#define TOKEN(k) \
  return lexer->cursor = cursor, token_from(lexer, (k), offset_of(lexer, start))
  for (;;) {
    start = cursor;
    /*!re2c
      [ \t\r]+     { continue; }
      "\n"         { lexer->cursor = start;
                     if (newline_ends_hole(lexer)) {
                       return end_holes(lexer, false);
                     }
                     fresh = true;
                     continue; }
      "//" [^\n]*  { continue; }
      "/" "*"      { lexer->cursor = cursor;
                     bool newline = false;
                     bool closed = skip_comment(lexer, &newline);
                     cursor = lexer->cursor;
                     if (!closed) TOKEN(TK_BAD);
                     if (newline && newline_ends_hole(lexer)) {
                       return end_holes(lexer, false);
                     }
                     fresh = fresh || newline;
                     continue; }

      "agent"      { TOKEN(TK_AGENT); }
      "flow"       { TOKEN(TK_FLOW); }
      "let"        { TOKEN(TK_LET); }
      "return"     { TOKEN(TK_RETURN); }
      "if"         { TOKEN(TK_IF); }
      "else"       { TOKEN(TK_ELSE); }
      "switch"     { TOKEN(TK_SWITCH); }
      "loop"       { TOKEN(TK_LOOP); }
      "while"      { TOKEN(TK_WHILE); }
      "try"        { TOKEN(TK_TRY); }
      "true"       { TOKEN(TK_TRUE); }
      "false"      { TOKEN(TK_FALSE); }
      "null"       { TOKEN(TK_NULL); }

      "parallel"   { TOKEN(TK_PARALLEL); }
      "case"       { TOKEN(TK_CASE); }
      "default"    { TOKEN(TK_DEFAULT); }
      "catch"      { TOKEN(TK_CATCH); }
      "in"         { TOKEN(TK_IN); }
      "type"       { TOKEN(TK_TYPE); }
      "import"     { TOKEN(TK_IMPORT); }
      "memory"     { TOKEN(TK_MEMORY); }
      "beliefs"    { TOKEN(TK_BELIEFS); }
      "from"       { TOKEN(TK_FROM); }
      "goals"      { TOKEN(TK_GOALS); }
      "priority"   { TOKEN(TK_PRIORITY); }
      "capability" { TOKEN(TK_CAPABILITY); }
      "tools"      { TOKEN(TK_TOOLS); }
      "discoverable" { TOKEN(TK_DISCOVERABLE); }
      "context"    { TOKEN(TK_CONTEXT); }
      "with"       { TOKEN(TK_WITH); }
      "on"         { TOKEN(TK_ON); }

      name         { TOKEN(TK_NAME); }
      number       { TOKEN(TK_NUM); }
      number ("ms" | "s" | "m" | "h") { TOKEN(TK_DURATION); }
      [0-9] [0-9A-Za-z_]* ("." [0-9A-Za-z_]+)* {
                     lexer->cursor = cursor;
                     return lex_bad_number(lexer, start); }

      "\""         { lexer->cursor = cursor;
                     return lex_text(lexer, start, false); }
      "\"\"\""     { lexer->cursor = cursor;
                     return lex_text(lexer, start, true); }
      "}}"         { if (lexer->depth == 0) {
                       cursor = start + 1;
                       TOKEN(TK_RBRACE);
                     }
                     lexer->cursor = cursor;
                     return resume_text(lexer, start); }

      "{"          { lexer->fresh = true; TOKEN(TK_LBRACE); }
      ";"          { lexer->fresh = true; TOKEN(TK_SEMI); }
      "}"          { TOKEN(TK_RBRACE); }
      "("          { TOKEN(fresh ? TK_NL_LPAREN : TK_LPAREN); }
      "["          { TOKEN(fresh ? TK_NL_LBRACKET : TK_LBRACKET); }
      ")"          { TOKEN(TK_RPAREN); }
      "]"          { TOKEN(TK_RBRACKET); }
      "<"          { TOKEN(TK_LT); }
      ">"          { TOKEN(TK_GT); }
      ","          { TOKEN(TK_COMMA); }
      ":"          { TOKEN(TK_COLON); }
      "."          { TOKEN(TK_DOT); }
      "@"          { TOKEN(TK_AT); }
      "+"          { TOKEN(TK_PLUS); }
      "-"          { TOKEN(TK_MINUS); }
      "*"          { TOKEN(TK_STAR); }
      "/"          { TOKEN(TK_SLASH); }
      "%"          { TOKEN(TK_PERCENT); }
      "!"          { TOKEN(TK_NOT); }
      "&&"         { TOKEN(TK_AND); }
      "||"         { TOKEN(TK_OR); }
      "|>"         { TOKEN(TK_PIPE); }
      "=="         { TOKEN(TK_EQ_EQ); }
      "!="         { TOKEN(TK_NOT_EQ); }
      "<="         { TOKEN(TK_LE); }
      ">="         { TOKEN(TK_GE); }
      "="          { TOKEN(TK_EQ); }
      "->"         { TOKEN(TK_ARROW); }
      "=>"         { TOKEN(TK_CASE_ARROW); }
      "<-"         { TOKEN(TK_FEED); }
      "<-" [0-9]   { cursor = start + 1; TOKEN(TK_LT); }

      $            { lexer->cursor = limit;
                     if (lexer->depth > 0) return end_holes(lexer, true);
                     TOKEN(TK_END); }
      *            { return lex_stray(lexer, start); }
    */
  }
#undef TOKEN
}
