/* SPDX-License-Identifier: MIT
 *
 * Names of operations in graph JSON: those of graph_ops.def, then the plain
 * rows of ops.def.
 */
#include <string.h>

#include "compiler/graph/graph_int.h"
#include "core/base/nearest.h"

typedef struct NamedOp {
  const char *name;
  GraphForm form;
  Op op;
} NamedOp;

static const NamedOp named_ops[] = {
#define X(name, form, op) {#name, FORM_##form, op},
#include "compiler/graph/graph_ops.def"
#undef X
};
enum { NAMED_OPS = sizeof named_ops / sizeof *named_ops };

static const char *const op_names[] = {
#define X(name, text, effect, min, max, result, shape) #name,
#include "core/object/ops.def"
#undef X
};

/* Whether a node of graph JSON can be this as it stands. */
static bool is_plain(Op op) {
  enum { SPECIAL = OP_FRAME | OP_COMPOSITE };
  return (op_table[op].shape & SPECIAL) == 0 &&
         op_table[op].effect == EFFECT_PURE && op != OP_FENCE;
}

bool graph_find_op(Slice name, GraphOp *found) {
  for (int i = 0; i < NAMED_OPS; i++) {
    if (!slice_equal_text(name, named_ops[i].name)) continue;
    *found = (GraphOp){named_ops[i].form, named_ops[i].op};
    return true;
  }
  for (int i = 0; i < OP_COUNT; i++) {
    if (!is_plain((Op)i) || !slice_equal_text(name, op_names[i])) continue;
    *found = (GraphOp){FORM_PLAIN, (Op)i};
    return true;
  }
  return false;
}

void graph_offer_ops(Slice wanted, Slice *nearest) {
  Nearest search = nearest_new(wanted, NULL);
  for (int i = 0; i < NAMED_OPS; i++) {
    if (named_ops[i].form != FORM_LATER)
      nearest_offer(&search, slice_of(named_ops[i].name));
  }
  for (int i = 0; i < OP_COUNT; i++) {
    if (is_plain((Op)i)) nearest_offer(&search, slice_of(op_names[i]));
  }
  *nearest = nearest_found(&search);
}

const char *graph_op_name(Op op) {
  for (int i = 0; i < NAMED_OPS; i++) {
    bool is_same = named_ops[i].op == op && named_ops[i].form != FORM_FENCE &&
                   named_ops[i].form != FORM_SWITCH;
    if (is_same) return named_ops[i].name;
  }
  return op_names[op];
}
