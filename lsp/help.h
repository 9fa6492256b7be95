/* SPDX-License-Identifier: MIT
 *
 * What there is to say about operations, attributes and words.
 */
#ifndef APXM_LSP_HELP_H
#define APXM_LSP_HELP_H

#include "core/object/attrs.h"
#include "core/object/ops.h"

typedef struct OpHelp {
  const char *signature; /* NULL of what is not called by name */
  const char *text;
} OpHelp;

extern const OpHelp op_help[OP_COUNT];

/* NULL of what a program does not write. */
extern const char *const attr_help[ATTR_COUNT];

/* Where a word may stand. */
typedef enum WordPlace {
  WORD_FILE,
  WORD_AGENT,
  WORD_STATEMENT,
  WORD_VALUE,
  WORD_TYPE,
  WORD_MARK /* after `@` */
} WordPlace;

typedef struct WordHelp {
  const char *word;
  WordPlace place;
  const char *text;
} WordHelp;

extern const WordHelp word_help[];
extern const uint32_t word_help_count;

/* The text on a word at such a place; NULL when there is none. */
const char *help_on_word(WordPlace place, Slice name);

#endif
