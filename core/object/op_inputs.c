/* SPDX-License-Identifier: MIT
 *
 * A table with a letter an input, the last one again for all that follow:
 *
 *     s n b  a text, a number, a bool      l  a list or json
 *     r      a record or json              *  any value
 */
#include "core/object/op_inputs.h"

static const char *const input_letters[OP_COUNT] = {
    [OP_ADD] = "n",     [OP_SUB] = "n",    [OP_MUL] = "n",   [OP_DIV] = "n",
    [OP_MOD] = "n",     [OP_NEG] = "n",    [OP_AND] = "b",   [OP_OR] = "b",
    [OP_NOT] = "b",     [OP_FIELD] = "rs", [OP_LINES] = "s", [OP_SPLIT] = "s",
    [OP_JOIN] = "ls",   [OP_TRIM] = "s",   [OP_LOWER] = "s", [OP_UPPER] = "s",
    [OP_REPLACE] = "s", [OP_SLICE] = "*n", [OP_RANGE] = "n", [OP_KEYS] = "r",
    [OP_ERR] = "s",
};

static char letter_of(Op op, uint32_t index) {
  const char *letters = input_letters[op];
  if (letters == NULL) return '*';
  while (index-- > 0 && letters[1] != '\0') letters++;
  return *letters;
}

bool op_takes(Op op, uint32_t index, TypeKind kind) {
  switch (letter_of(op, index)) {
    case 's':
      return kind == TYPE_KIND_TEXT;
    case 'n':
      return kind == TYPE_KIND_NUM;
    case 'b':
      return kind == TYPE_KIND_BOOL;
    case 'l':
      return kind == TYPE_KIND_LIST || kind == TYPE_KIND_JSON;
    case 'r':
      return kind == TYPE_KIND_RECORD || kind == TYPE_KIND_JSON;
    default:
      return true;
  }
}

const char *op_wants(Op op, uint32_t index) {
  switch (letter_of(op, index)) {
    case 's':
      return "a text";
    case 'n':
      return "a number";
    case 'b':
      return "a bool";
    case 'l':
      return "a list or json";
    case 'r':
      return "a record or json";
    default:
      return "any value";
  }
}
