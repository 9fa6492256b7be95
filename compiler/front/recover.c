/* SPDX-License-Identifier: MIT
 *
 * Where to go on after a syntax error. The parser is in a panic: it has dropped
 * what it had of the broken part, and tokens are skipped up to one that can
 * begin the next part: a statement on a line of its own, a case, a declaration,
 * the block of a construct whose head is wrong, or the brace that closes what
 * stands around it. Looks back at most to the start of a line, so that the time
 * stays linear.
 */
#include "compiler/front/parse_int.h"

#include "grammar.h"

/* ---- looking around ------------------------------------------------------ */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool begins_line(const Parser *p, uint32_t offset) {
  const char *text = p->source->text.data;
  while (offset > 0 && is_blank(text[offset - 1])) offset--;
  return offset == 0 || text[offset - 1] == '\n';
}

uint32_t column_of(const Parser *p, uint32_t offset) {
  const char *text = p->source->text.data;
  uint32_t line = offset;
  while (line > 0 && text[line - 1] != '\n' &&
         offset - line < LIMIT_EXPR_DEPTH) {
    line--;
  }
  return offset - line;
}

/* The first byte after the comment at `at`. */
static const char *skip_comment(const char *at, const char *end) {
  if (at[1] == '/') {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline == NULL ? end : newline;
  }
  for (at += 2; at + 1 < end; at++) {
    if (at[0] == '*' && at[1] == '/') return at + 2;
  }
  return end;
}

Slice rest_after(const Parser *p) {
  const char *at = p->source->text.data + p->token.start + p->token.length;
  const char *end = p->source->text.data + p->source->text.length;
  for (;;) {
    while (at < end && (is_blank(*at) || *at == '\n')) at++;
    if (end - at < 2 || at[0] != '/' || (at[1] != '/' && at[1] != '*')) break;
    at = skip_comment(at, end);
  }
  return slice_from(at, (size_t)(end - at));
}

Slice rest_of_line(const Parser *p) {
  Slice text = p->source->text;
  size_t at = (size_t)p->token.start + p->token.length;
  while (at < text.length && (text.data[at] == ' ' || text.data[at] == '\t')) {
    at++;
  }
  return slice_from(text.data + at, text.length - at);
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= '0' && c <= '9');
}

bool slice_begins_word(Slice text, const char *word) {
  size_t length = strlen(word);
  return slice_starts_with(text, slice_of(word)) &&
         (text.length == length || !is_name_byte(text.data[length]));
}

/* ---- what begins what ---------------------------------------------------- */

static bool is_soft_word(int kind) {
  return kind >= TK_PARALLEL && kind <= TK_ON;
}

/* What also stands elsewhere, so that a line has to begin with it. */
static bool may_begin_statement(int kind) {
  switch (kind) {
    case TK_NAME:
    case TK_NUM:
    case TK_TEXT:
    case TK_TEXT_OPEN:
    case TK_TRUE:
    case TK_FALSE:
    case TK_NULL:
    case TK_NL_LPAREN:
    case TK_NL_LBRACKET:
    case TK_AT:
      return true;
    default:
      return is_soft_word(kind);
  }
}

static bool begins_statement(int kind) {
  switch (kind) {
    case TK_SEMI:
    case TK_LET:
    case TK_RETURN:
    case TK_IF:
    case TK_LOOP:
    case TK_WHILE:
    case TK_SWITCH:
    case TK_TRY:
      return true;
    default:
      return false;
  }
}

/* A statement begins where a line does, outside of all brackets; or inside of
 * some when the line is not indented more than the broken statement, because
 * then a closing bracket was forgotten. What is nested too deeply would only be
 * so again a few tokens on. */
static bool resumes_statement(const Parser *p) {
  Token token = p->token;
  if (begins_statement(token.kind) && !p->too_deep) return true;
  if (!may_begin_statement(token.kind) || !begins_line(p, token.start)) {
    return false;
  }
  return p->brackets == 0 || column_of(p, token.start) <= p->column;
}

static bool resumes_case(const Parser *p) {
  int kind = p->token.kind;
  if (kind != TK_CASE && kind != TK_DEFAULT) return false;
  if (begins_line(p, p->token.start)) return true;
  Slice rest = rest_after(p);
  return slice_starts_with(rest, kind == TK_CASE ? SLICE("\"") : SLICE("=>"));
}

static bool resumes_item(const Parser *p) {
  switch (p->token.kind) {
    case TK_AT:
      return true;
    case TK_MEMORY:
    case TK_BELIEFS:
    case TK_GOALS:
    case TK_CAPABILITY:
    case TK_TOOLS:
    case TK_DISCOVERABLE:
    case TK_CONTEXT:
    case TK_ON:
      return begins_line(p, p->token.start);
    default:
      return false;
  }
}

static bool resumes_declaration(const Parser *p) {
  int kind = p->token.kind;
  return (kind == TK_TYPE || kind == TK_IMPORT) &&
         begins_line(p, p->token.start);
}

static bool resumes_field(const Parser *p) {
  int kind = p->token.kind;
  if (p->brackets > 0) return false;
  return kind == TK_COMMA || kind == TK_SEMI ||
         ((kind == TK_NAME || is_soft_word(kind)) &&
          begins_line(p, p->token.start));
}

static void count_bracket(Parser *p, int kind) {
  if (kind == TK_LPAREN || kind == TK_LBRACKET || kind == TK_NL_LPAREN ||
      kind == TK_NL_LBRACKET) {
    p->brackets++;
  }
  if ((kind == TK_RPAREN || kind == TK_RBRACKET) && p->brackets > 0) {
    p->brackets--;
  }
}

static bool resumes_at_level(Parser *p) {
  switch (parse_level(p)) {
    case LEVEL_FILE:
      return resumes_declaration(p);
    case LEVEL_AGENT:
    case LEVEL_HEAD:
      return resumes_item(p);
    case LEVEL_FIELDS:
      count_bracket(p, p->token.kind);
      return resumes_field(p);
    case LEVEL_CASES:
      return resumes_case(p);
    case LEVEL_BODY:
      break;
  }
  bool resumes = resumes_statement(p);
  if (!resumes) count_bracket(p, p->token.kind);
  return resumes;
}

bool recover_resumes(Parser *p, bool in_text) {
  int kind = p->token.kind;
  if (kind == TK_END) return true;
  if (in_text) return false;
  if (kind == TK_AGENT) return true;
  if (kind == TK_FLOW && parse_level(p) != LEVEL_FILE) return true;
  if (kind == TK_LBRACE) {
    if (p->blocks == 0 && parse_accepts(p, TK_SYNC_BODY)) return true;
    p->blocks++;
  }
  if (kind == TK_RBRACE) {
    if (p->blocks == 0) return parse_level(p) != LEVEL_FILE;
    p->blocks--;
    return false;
  }
  return p->blocks == 0 && resumes_at_level(p);
}
