/* SPDX-License-Identifier: MIT
 *
 * The line breaks that the tree does not decide: inside of braces that hold no
 * statements (declarations), around comments, and inside of statements where
 * the author broke them and a break has a place.
 */
#include "compiler/front/format_int.h"

#include "grammar.h"

static int kind_of(const Format *f, uint32_t i) {
  return f->tokens.data[i].token.kind;
}

/* ---- braces of declarations ---------------------------------------------- */

static bool is_loose(const Format *f, uint32_t i) {
  return kind_of(f, i) == TK_LBRACE && !f->tokens.data[i].statements;
}

/* Lines of their own for what stands in the braces at `open`: after each comma
 * and where the author had them. The body of a handler has no commas that end
 * anything. */
static void open_braces(Format *f, uint32_t open, uint32_t level) {
  uint32_t close = f->tokens.data[open].match;
  bool body = slice_equal_text(format_text(f, format_before(f, open)), "=>");
  if (open + 1 == close) return;
  f->tokens.data[close].hard = f->tokens.data[close].tight = true;
  f->tokens.data[close].level = (uint16_t)level;
  for (uint32_t i = open + 1; i < close; i++) {
    FormatToken *token = &f->tokens.data[i];
    bool begins = token->lines > 0 || i == open + 1 ||
                  (!body && kind_of(f, i - 1) == TK_COMMA);
    bool trails = format_is_comment(f, i) && token->lines == 0;
    if (begins && !trails) {
      token->hard = true;
      token->level = (uint16_t)(level + 1);
    }
    if (format_opens(f, i)) i = token->match;
  }
}

static bool was_broken(const Format *f, uint32_t first, uint32_t last) {
  for (uint32_t i = first + 1; i <= last; i++) {
    if (f->tokens.data[i].lines > 0) return true;
  }
  return false;
}

static void open_loose_braces(Format *f) {
  uint32_t line = 0; /* the token that began the current one */
  for (uint32_t i = 0; i < f->tokens.length; i++) {
    if (f->tokens.data[i].hard) line = i;
    if (!is_loose(f, i)) continue;
    uint32_t level = f->tokens.data[line].level;
    uint32_t close = f->tokens.data[i].match;
    uint32_t width = format_flat_width(f, line, close);
    bool broken = was_broken(f, i, close);
    if (broken || width + level * FORMAT_INDENT > FORMAT_COLUMNS) {
      open_braces(f, i, level);
    }
  }
}

/* ---- comments ------------------------------------------------------------ */

/* From the end, so that a comment finds its successor settled. One that begins
 * a line belongs to what comes next, on the same line or the one below; before
 * a closing brace it stands with what the braces hold. */
static void settle_comments(Format *f) {
  for (uint32_t i = f->tokens.length - 1; i-- > 0;) {
    FormatToken *token = &f->tokens.data[i];
    FormatToken *next = &f->tokens.data[i + 1];
    if (!format_is_comment(f, i)) continue;
    if (kind_of(f, i) == FORMAT_LINE_COMMENT && !next->hard) next->soft = true;
    if (token->hard || token->lines == 0) continue;
    bool shares = next->lines == 0 && next->token.kind != TK_RBRACE;
    token->hard = next->hard;
    token->soft = !next->hard;
    token->level = next->level;
    if (next->hard && next->token.kind == TK_RBRACE) token->level++;
    if (shares && kind_of(f, i) == FORMAT_BLOCK_COMMENT) next->hard = false;
  }
  if (format_is_comment(f, 0)) f->tokens.data[0].hard = true;
}

/* ---- the author's -------------------------------------------------------- */

/* A bracket at the start of a line begins a statement: where a statement
 * follows another word on its line, it has to stay there. */
static bool must_break(const Format *f, uint32_t i) {
  int kind = kind_of(f, i);
  if (kind != TK_NL_LPAREN && kind != TK_NL_LBRACKET) return false;
  return format_break_cost(f, i) == FORMAT_NO_BREAK && i > 0 &&
         kind_of(f, i - 1) != TK_LBRACE && !f->tokens.data[i].in_hole;
}

static void keep_breaks(Format *f) {
  for (uint32_t i = 1; i < f->tokens.length; i++) {
    FormatToken *token = &f->tokens.data[i];
    if (token->hard || token->soft || format_is_comment(f, i)) continue;
    bool closes = kind_of(f, i) == TK_RPAREN || kind_of(f, i) == TK_RBRACKET;
    if (closes) {
      token->soft =
          f->tokens.data[token->match + 1].soft && token->match + 1 < i;
    } else if (token->lines > 0) {
      token->soft = format_break_cost(f, i) != FORMAT_NO_BREAK;
    }
    if (must_break(f, i)) token->soft = true;
  }
}

void format_lines(Format *f) {
  open_loose_braces(f);
  settle_comments(f);
  keep_breaks(f);
}
