/* SPDX-License-Identifier: MIT
 *
 * ops.def as a table, and the few questions that are asked of it.
 */
#include "core/object/ops.h"

const OpInfo op_table[OP_COUNT] = {
#define X(name, text, effect, min, max, result, shape) \
  [OP_##name] = {text, effect, min, max, OP_RESULT_##result, shape},
#include "core/object/ops.def"
#undef X
};

int effect_space(Effect effect) {
  return effect == EFFECT_OUTPUT ? (int)SPACE_OUTPUT : -1;
}

/* What the language writes as syntax, not as a call by name. */
static bool is_callable(Op op) {
  return op_table[op].effect != EFFECT_NONE &&
         (op_table[op].shape & OP_SYNTAX) == 0;
}

bool op_find_callable(Slice name, Op *op) {
  for (Op i = 0; i < OP_COUNT; i++) {
    if (is_callable(i) && slice_equal_text(name, op_table[i].text)) {
      *op = i;
      return true;
    }
  }
  return false;
}

bool op_is_counted(Op op) {
  return op != OP_PARAM && op != OP_PORT && op != OP_END;
}
