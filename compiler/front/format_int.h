/* SPDX-License-Identifier: MIT
 *
 * Private to this folder: the formatter's tokens, and its steps in the order
 * they run. Tokens and comments are one array; the steps decide for each of
 * them whether it begins a line, and the last one writes them:
 *
 *     legacy  spellings of older versions go, in the text
 *     scan    tokens with the comments between them, brackets paired
 *     tree    which ones begin a statement, an arm, an item
 *     lines   the breaks that are left: comments, loose braces, the author's
 *     print   indentation, spaces, and breaks in lines that are too long
 */
#ifndef APXM_COMPILER_FRONT_FORMAT_INT_H
#define APXM_COMPILER_FRONT_FORMAT_INT_H

#include "compiler/front/ast.h"
#include "compiler/front/lexer.h"
#include "core/base/vec.h"

enum {
  FORMAT_COLUMNS = 100, /* lines are broken to stay within */
  FORMAT_INDENT = 4,
  FORMAT_LINE_COMMENT = -1, /* kinds beside those of grammar.h */
  FORMAT_BLOCK_COMMENT = -2
};

typedef struct FormatToken {
  Token token;
  uint32_t match;  /* the other bracket of a pair, or itself; of a piece of a
                      text the first piece */
  uint32_t shared; /* of the first piece of a text block: how much indentation
                      its lines share, in bytes */
  uint32_t target; /* of the same: the column they are printed at */
  uint16_t level;  /* indentation, of a hard one */
  uint8_t lines;   /* line ends before it in the source; 2 is a blank line */
  bool hard;       /* begins a line, at its own level */
  bool soft;       /* begins a line that goes on with the one before */
  bool tight;      /* no blank line before it: `else`, a closing brace */
  bool statements; /* of `{`: statements, arms or items follow */
  bool dropped;    /* a separator that the layout does without */
  bool in_hole;    /* stands between the pieces of a text */
  bool in_type;    /* `<` or `>` of list<...> */
} FormatToken;

typedef struct Format {
  const Source *source;
  VEC(FormatToken) tokens; /* the last one is TK_END */
  Buf *out;
} Format;

/* Rewrites the legacy spelling in `text`, a source without errors. */
void format_rewrite(Buf *text);

void format_scan(Format *f);
void format_tree(Format *f, const AstProgram *program);
void format_lines(Format *f);
void format_print(Format *f);

/* ---- format_space.c: what stands between two neighbours ------------------ */

enum {
  FORMAT_KEPT_BREAK = 1000,    /* cost from which on a break is only kept */
  FORMAT_NO_BREAK = UINT16_MAX /* it has no place */
};

Slice format_text(const Format *f, uint32_t i);
bool format_is_comment(const Format *f, uint32_t i);
bool format_opens(const Format *f, uint32_t i);  /* one of ( [ { */
bool format_closes(const Format *f, uint32_t i); /* one of ) ] } */

/* The next token to the left or right that is no comment; the first and the
 * last one are their own. */
uint32_t format_before(const Format *f, uint32_t i);
uint32_t format_after(const Format *f, uint32_t i);

/* Whether a space separates token `i` from the one before it on its line. */
bool format_has_space(const Format *f, uint32_t i);

/* What it costs to break the line before token `i`, compared with other places
 * in the same brackets. */
uint32_t format_break_cost(const Format *f, uint32_t i);

/* Columns of a text without line ends. */
uint32_t format_width(Slice text);

/* Columns from token `first` to `last` on one line; more than FORMAT_COLUMNS
 * when they cannot stand on one. */
uint32_t format_flat_width(const Format *f, uint32_t first, uint32_t last);

#endif
