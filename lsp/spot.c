/* SPDX-License-Identifier: MIT
 *
 * Reads the tokens up to the word that is being typed and keeps the last few
 * and the brackets that are open.
 */
#include "lsp/spot.h"

#include "compiler/front/lexer.h"
#include "core/base/vec.h"
#include "grammar.h"

/* What an open bracket holds. */
typedef enum Inside {
  INSIDE_AGENT,
  INSIDE_FIELDS, /* of a record */
  INSIDE_OTHER,  /* memory { ... } and such */
  INSIDE_BLOCK,
  INSIDE_PARAMS, /* of a flow */
  INSIDE_CALL,
  INSIDE_GROUP /* other brackets, and {{ }} */
} Inside;

typedef struct Bracket {
  Inside inside;
  Slice call; /* of CALL: what is called */
} Bracket;

enum { KEPT = 2 * SPOT_NAMES + 1 };

typedef struct Reading {
  Slice text;            /* up to the word that is being typed */
  Token last[KEPT];      /* the newest first */
  VEC(Bracket) brackets; /* open ones */
  uint32_t end;          /* of the newest token */
  bool in_text;          /* that one is a text without its end */
} Reading;

static bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c >= '0' && c <= '9');
}

static Slice text_of(const Reading *r, Token token) {
  return slice_from(r->text.data + token.start, token.length);
}

static bool is_word(const Reading *r, int age, const char *word) {
  return slice_equal_text(text_of(r, r->last[age]), word);
}

static bool is_name(const Reading *r, int age) {
  Slice text = text_of(r, r->last[age]);
  return text.length > 0 && is_word_byte(text.data[0]) &&
         !(text.data[0] >= '0' && text.data[0] <= '9');
}

/* ---- brackets ------------------------------------------------------------ */

static Inside inside_brace(const Reading *r) {
  if (is_word(r, 1, "agent")) return INSIDE_AGENT;
  if (is_word(r, 1, "type")) return INSIDE_FIELDS;
  if (is_word(r, 0, "memory") || is_word(r, 0, "beliefs") ||
      is_word(r, 0, "goals") || is_word(r, 1, "on")) {
    return INSIDE_OTHER;
  }
  return INSIDE_BLOCK;
}

static Bracket open_bracket(const Reading *r, int kind) {
  Bracket bracket = {INSIDE_GROUP, {0}};
  if (kind == TK_LBRACE) bracket.inside = inside_brace(r);
  bool called = kind == TK_LPAREN && is_name(r, 0);
  if (called && (is_word(r, 1, "flow") || is_word(r, 1, "capability"))) {
    bracket.inside = INSIDE_PARAMS;
  } else if (called) {
    bracket.inside = INSIDE_CALL;
    bracket.call = text_of(r, r->last[0]);
  }
  return bracket;
}

static void note_bracket(Reading *r, int kind) {
  switch (kind) {
    case TK_LBRACE:
    case TK_LPAREN:
    case TK_NL_LPAREN:
    case TK_LBRACKET:
    case TK_NL_LBRACKET:
    case TK_TEXT_OPEN:
      vec_push(&r->brackets, open_bracket(r, kind));
      break;
    case TK_RBRACE:
    case TK_RPAREN:
    case TK_RBRACKET:
    case TK_TEXT_CLOSE:
      if (r->brackets.length > 0) (void)vec_pop(&r->brackets);
      break;
    default:
      break;
  }
}

/* ---- reading ------------------------------------------------------------- */

static void note(Reading *r, Token token) {
  char first = token.length > 0 ? r->text.data[token.start] : 0;
  if (token.kind == TK_BAD) {
    r->in_text = first == '"' || first == '}';
    if (!r->in_text) return;
  }
  note_bracket(r, token.kind);
  for (int i = KEPT - 1; i > 0; i--) r->last[i] = r->last[i - 1];
  r->last[0] = token;
  r->end = token.start + token.length;
}

static void read_tokens(Reading *r) {
  Source source = {.name = "", .text = r->text};
  Arena arena;
  DiagSink sink;
  Lexer lexer;
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  lexer_init(&lexer, &source, &sink);
  for (;;) {
    Token token = lexer_next(&lexer);
    if (token.kind == TK_END) break;
    note(r, token);
  }
  diag_free(&sink);
  arena_free(&arena);
}

/* Whether what follows the last token begins a comment that is still open. */
static bool in_comment(const Reading *r) {
  Slice rest = slice_from(r->text.data + r->end, r->text.length - r->end);
  size_t at = 0;
  while (at + 1 < rest.length) {
    bool line = rest.data[at] == '/' && rest.data[at + 1] == '/';
    bool block = rest.data[at] == '/' && rest.data[at + 1] == '*';
    if (!line && !block) {
      at++;
      continue;
    }
    const char *from = rest.data + at + 2;
    size_t left = rest.length - at - 2;
    const char *end =
        line ? memchr(from, '\n', left) : memmem(from, left, "*/", 2);
    if (end == NULL) return true;
    at = (size_t)(end - rest.data) + (line ? 1 : 2);
  }
  return false;
}

/* ---- what it means ------------------------------------------------------- */

/* After `:` of `let x:`, `-> x:`, a parameter or a field. */
static bool wants_type(const Reading *r, Inside inside) {
  int kind = r->last[0].kind;
  if (kind == TK_LT) return is_word(r, 1, "list");
  if (kind == TK_ARROW) return inside == INSIDE_AGENT;
  if (kind != TK_COLON) return false;
  if (inside == INSIDE_PARAMS || inside == INSIDE_FIELDS) return true;
  bool bound = is_word(r, 2, "let") || r->last[2].kind == TK_ARROW ||
               r->last[2].kind == TK_COMMA;
  return inside == INSIDE_BLOCK && bound;
}

static bool wants_new_name(const Reading *r, Inside inside) {
  static const char *const words[] = {"let",        "flow",   "agent", "type",
                                      "capability", "memory", "on"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (is_word(r, 0, words[i])) return true;
  }
  return r->last[0].kind == TK_ARROW || inside == INSIDE_PARAMS ||
         inside == INSIDE_FIELDS || inside == INSIDE_OTHER;
}

static SpotKind kind_inside(const Reading *r, Inside inside) {
  switch (inside) {
    case INSIDE_AGENT:
      return SPOT_AGENT;
    case INSIDE_BLOCK:
      return r->last[0].kind == TK_EQ || is_word(r, 0, "return") ? SPOT_VALUE
                                                                 : SPOT_BLOCK;
    default:
      return SPOT_VALUE;
  }
}

/* `a.b.`: the names between the dots, which follow nothing but an operator. */
static void read_names(const Reading *r, Spot *spot) {
  int first = 1;
  while (first + 2 < KEPT && is_name(r, first) &&
         r->last[first + 1].kind == TK_DOT) {
    first += 2;
  }
  bool whole = is_name(r, first) && r->last[first + 1].kind != TK_DOT;
  spot->kind = whole ? SPOT_MEMBER : SPOT_NOTHING;
  for (; whole && first > 0; first -= 2) {
    spot->names[spot->name_count++] = text_of(r, r->last[first]);
  }
}

static void decide(const Reading *r, Spot *spot) {
  bool open = r->brackets.length > 0;
  Bracket top = open ? r->brackets.data[r->brackets.length - 1] : (Bracket){0};
  int kind = r->last[0].kind;
  if (r->in_text || in_comment(r)) {
    spot->kind = SPOT_NOTHING;
  } else if (kind == TK_AT) {
    spot->kind = SPOT_MARK;
  } else if (kind == TK_DOT) {
    read_names(r, spot);
  } else if (!open) {
    spot->kind = SPOT_FILE;
  } else if (wants_type(r, top.inside)) {
    spot->kind = SPOT_TYPE;
  } else if (wants_new_name(r, top.inside)) {
    spot->kind = SPOT_NOTHING;
  } else {
    spot->kind = kind_inside(r, top.inside);
    bool begins = kind == TK_LPAREN || kind == TK_COMMA;
    if (top.inside == INSIDE_CALL && begins) spot->call = top.call;
  }
}

Spot spot_at(Slice text, uint32_t offset) {
  uint32_t start = offset;
  while (start > 0 && is_word_byte(text.data[start - 1])) start--;
  Reading reading = {.text = slice_from(text.data, start)};
  Spot spot = {.start = start};
  read_tokens(&reading);
  decide(&reading, &spot);
  vec_free(&reading.brackets);
  return spot;
}
