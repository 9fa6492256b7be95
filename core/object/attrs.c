/* SPDX-License-Identifier: MIT
 *
 * attrs.def as a table, and which attribute goes with which operation.
 */
#include "core/object/attrs.h"

const AttrInfo attr_table[ATTR_COUNT] = {
#define X(name, text, type, ops, minimum, maximum) \
  [ATTR_##name] = {text, ATTR_TYPE_##type, ATTR_OPS_##ops, minimum, maximum},
#include "core/object/attrs.def"
#undef X
};

bool attr_fits(Attr attr, Op op) {
  switch (attr_table[attr].ops) {
    case ATTR_OPS_MODEL:
      return op_table[op].effect == EFFECT_MODEL;
    case ATTR_OPS_THINK:
      return op == OP_THINK;
    case ATTR_OPS_GUARD:
      return op == OP_GUARD;
    case ATTR_OPS_ANY:
      break;
  }
  return false;
}

bool attr_find(Slice name, Attr *attr) {
  for (Attr i = 0; i < ATTR_COUNT; i++) {
    if (attr_table[i].ops != ATTR_OPS_ANY &&
        slice_equal_text(name, attr_table[i].text)) {
      *attr = i;
      return true;
    }
  }
  return false;
}
