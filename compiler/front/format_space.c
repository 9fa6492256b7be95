/* SPDX-License-Identifier: MIT
 *
 * What stands between two neighbours of the formatter's tokens: nothing, a
 * space, or a place where a line may be broken and at which price. Looks at
 * the two tokens and the one before them, never at the tree. Operators are told
 * by how they are written, words by the list of those that end no operand.
 */
#include "compiler/front/format_int.h"

#include "grammar.h"

/* ---- tokens -------------------------------------------------------------- */

static int kind_of(const Format *f, uint32_t i) {
  return f->tokens.data[i].token.kind;
}

Slice format_text(const Format *f, uint32_t i) {
  return token_text(f->source, f->tokens.data[i].token);
}

bool format_is_comment(const Format *f, uint32_t i) {
  return kind_of(f, i) < 0;
}

static bool opens_bracket(int kind) {
  return kind == TK_LPAREN || kind == TK_NL_LPAREN || kind == TK_LBRACKET ||
         kind == TK_NL_LBRACKET;
}

bool format_opens(const Format *f, uint32_t i) {
  return opens_bracket(kind_of(f, i)) || kind_of(f, i) == TK_LBRACE;
}

bool format_closes(const Format *f, uint32_t i) {
  int kind = kind_of(f, i);
  return kind == TK_RPAREN || kind == TK_RBRACKET || kind == TK_RBRACE;
}

uint32_t format_before(const Format *f, uint32_t i) {
  uint32_t at = i;
  while (at > 0) {
    at--;
    if (!format_is_comment(f, at)) return at;
  }
  return i;
}

uint32_t format_after(const Format *f, uint32_t i) {
  while (i + 1 < f->tokens.length) {
    i++;
    if (!format_is_comment(f, i)) return i;
  }
  return i;
}

static bool is_word(Slice text) {
  char c = text.length > 0 ? text.data[0] : 0;
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Words that something follows: none of them is an operand, and a bracket
 * after one opens no call. */
static bool leads(Slice word) {
  static const char *const words[] = {
      "agent", "flow", "let",    "return", "if",  "else",  "loop",
      "while", "in",   "switch", "case",   "try", "catch", "default"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (slice_equal_text(word, words[i])) return true;
  }
  return false;
}

/* Whether an operand ends with token `i`, so that an operator after it has
 * two sides. */
static bool ends_operand(const Format *f, uint32_t i) {
  int kind = kind_of(f, i);
  Slice text = format_text(f, i);
  bool digit = text.length > 0 && text.data[0] >= '0' && text.data[0] <= '9';
  if (digit || kind == TK_TEXT || kind == TK_TEXT_CLOSE) return true;
  return format_closes(f, i) || (is_word(text) && !leads(text));
}

static bool is_unary(const Format *f, uint32_t i) {
  Slice text = format_text(f, i);
  if (slice_equal_text(text, "!")) return true;
  return slice_equal_text(text, "-") &&
         (i == 0 || !ends_operand(f, format_before(f, i)));
}

/* ---- spaces -------------------------------------------------------------- */

/* No space after these, whatever follows. */
static bool hugs_next(const Format *f, uint32_t i) {
  int kind = kind_of(f, i);
  if (opens_bracket(kind) || kind == TK_DOT || kind == TK_AT) return true;
  if (kind == TK_LT && f->tokens.data[i].in_type) return true;
  return !format_is_comment(f, i) && is_unary(f, i);
}

/* No space before these, whatever stands there. */
static bool hugs_previous(const Format *f, uint32_t i) {
  switch (kind_of(f, i)) {
    case TK_COMMA:
    case TK_SEMI:
    case TK_COLON:
    case TK_DOT:
    case TK_RPAREN:
    case TK_RBRACKET:
    case TK_END:
      return true;
    case TK_LT:
    case TK_GT:
      return f->tokens.data[i].in_type;
    default:
      return false;
  }
}

/* `merge [a, b]`, the legacy spelling, where nothing has rewritten it. */
static bool is_old_list(const Format *f, uint32_t name, uint32_t bracket) {
  Slice text = format_text(f, name);
  const Token *word = &f->tokens.data[name].token;
  bool apart = f->tokens.data[bracket].token.start > word->start + word->length;
  return apart &&
         (slice_equal_text(text, "merge") || slice_equal_text(text, "wait"));
}

/* `f(`, `xs[`: the bracket belongs to what stands before it. */
static bool is_postfix(const Format *f, uint32_t i) {
  uint32_t before = format_before(f, i);
  if (kind_of(f, i) == TK_LBRACKET) {
    return ends_operand(f, before) && !is_old_list(f, before, i);
  }
  if (kind_of(f, i) != TK_LPAREN) return false;
  Slice word = format_text(f, before);
  return is_word(word) && !leads(word);
}

bool format_has_space(const Format *f, uint32_t i) {
  if (i == 0) return false;
  if (hugs_next(f, i - 1) || hugs_previous(f, i)) return false;
  if (kind_of(f, i) == TK_RBRACE && kind_of(f, i - 1) == TK_LBRACE) {
    return false;
  }
  return !is_postfix(f, i);
}

/* ---- breaks -------------------------------------------------------------- */

/* The looser an operator binds, the better the place. */
static const struct {
  const char *text;
  uint32_t cost;
} operators[] = {
    {"->", 0}, {"<-", 0}, {"|>", 2}, {"||", 3}, {"&&", 4}, {"==", 5},
    {"!=", 5}, {"<", 6},  {"<=", 6}, {">", 6},  {">=", 6}, {"+", 7},
    {"-", 7},  {"*", 8},  {"/", 8},  {"%", 8},
};

enum {
  COST_COMMA = 1,
  COST_WORSE = 24, /* after `=` and `=>`: only before a place in brackets of
                      brackets */
  COST_OPENED = 12 /* after an opening bracket */
};

static uint32_t operator_cost(const Format *f, uint32_t i) {
  if (format_is_comment(f, i) || f->tokens.data[i].in_type || is_unary(f, i)) {
    return FORMAT_NO_BREAK;
  }
  for (size_t k = 0; k < sizeof operators / sizeof *operators; k++) {
    if (slice_equal_text(format_text(f, i), operators[k].text)) {
      return operators[k].cost;
    }
  }
  return FORMAT_NO_BREAK;
}

uint32_t format_break_cost(const Format *f, uint32_t i) {
  if (i == 0 || f->tokens.data[i].in_hole || hugs_previous(f, i)) {
    return FORMAT_NO_BREAK;
  }
  uint32_t before = format_before(f, i);
  int kind = kind_of(f, before);
  if (kind == TK_COMMA) return COST_COMMA;
  if (opens_bracket(kind)) return COST_OPENED;
  uint32_t cost = operator_cost(f, i);
  if (cost != FORMAT_NO_BREAK) return cost;
  Slice text = format_text(f, before);
  bool defines = slice_equal_text(text, "=") || slice_equal_text(text, "=>");
  if (defines) return COST_WORSE;
  cost = operator_cost(f, before);
  /* After an operator the author may; a name stays with its arrow. */
  return cost == 0 || cost == FORMAT_NO_BREAK ? FORMAT_NO_BREAK
                                              : FORMAT_KEPT_BREAK;
}

/* ---- widths -------------------------------------------------------------- */

uint32_t format_width(Slice text) {
  uint32_t columns = 0;
  for (size_t i = 0; i < text.length; i++) {
    columns += ((unsigned char)text.data[i] & 0xC0) != 0x80;
  }
  return columns;
}

uint32_t format_flat_width(const Format *f, uint32_t first, uint32_t last) {
  uint32_t width = 0;
  for (uint32_t i = first; i <= last && width <= FORMAT_COLUMNS; i++) {
    Slice text = format_text(f, i);
    bool broken = (i > first && f->tokens.data[i].lines > 0) ||
                  kind_of(f, i) == FORMAT_LINE_COMMENT ||
                  (text.length > 0 && memchr(text.data, '\n', text.length));
    if (broken) return FORMAT_COLUMNS + 1;
    if (i > first && format_has_space(f, i)) width++;
    width += format_width(text);
  }
  return width;
}
