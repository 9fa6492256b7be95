/* SPDX-License-Identifier: MIT
 *
 * Source text to tokens, one at a time, by value. A token is a kind of the
 * generated grammar.h and a byte range; nothing is copied. A text with
 * `{{ expr }}` in it comes as pieces with the tokens of the expression between
 * them, so the lexer keeps a small stack of the texts it is inside of:
 *
 *     "a {{ x }} b {{ y }} c"
 *     OPEN--- x MID------ y CLOSE
 *
 * What is no token is reported and comes out as TK_BAD, which fits nowhere: the
 * parser then recovers without a second message.
 */
#ifndef APXM_COMPILER_FRONT_LEXER_H
#define APXM_COMPILER_FRONT_LEXER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/diag.h"
#include "core/base/limits.h"

typedef struct Token {
  int kind;        /* TK_ of grammar.h */
  uint32_t start;  /* byte offset in its source */
  uint32_t length; /* bytes */
} Token;

/* A text whose `{{` was met and whose `}}` was not. */
typedef struct LexHole {
  uint32_t text; /* offset of the text's opening quote */
  uint32_t open; /* offset of the `{{` */
  bool block;    /* the text has three quotes, so lines may end in the hole */
} LexHole;

typedef struct Lexer {
  const Source *source;
  DiagSink *sink;
  const unsigned char *cursor; /* next byte to look at */
  bool fresh;     /* a `(` or `[` that comes next begins a statement */
  bool quiet;     /* the parser is skipping: stray characters are no news */
  uint32_t depth; /* holes that are open */
  LexHole holes[LIMIT_EXPR_DEPTH];
} Lexer;

void lexer_init(Lexer *lexer, const Source *source, DiagSink *sink);

/* The next token; TK_END at the end, again and again. */
Token lexer_next(Lexer *lexer);

/* What messages call a kind of token: "`->`", "a text" (tokens.c). */
const char *token_name(int kind);

/* The token's bytes. */
static inline Slice token_text(const Source *source, Token token) {
  return slice_from(source->text.data + token.start, token.length);
}

#endif
