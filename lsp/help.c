/* SPDX-License-Identifier: MIT
 *
 * The tables of help_ops.def, help_attrs.def and help_words.def.
 */
#include "lsp/help.h"

const OpHelp op_help[OP_COUNT] = {
#define X(op, signature, text) [OP_##op] = {signature, text},
#include "lsp/help_ops.def"
#undef X
};

const char *const attr_help[ATTR_COUNT] = {
#define X(attr, text) [ATTR_##attr] = text,
#include "lsp/help_attrs.def"
#undef X
};

const WordHelp word_help[] = {
#define X(word, place, text) {#word, WORD_##place, text},
#include "lsp/help_words.def"
#undef X
};
const uint32_t word_help_count = sizeof word_help / sizeof *word_help;

const char *help_on_word(WordPlace place, Slice name) {
  for (uint32_t i = 0; i < word_help_count; i++) {
    if (word_help[i].place == place &&
        slice_equal_text(name, word_help[i].word)) {
      return word_help[i].text;
    }
  }
  return NULL;
}
