/* SPDX-License-Identifier: MIT
 *
 * Removes what nobody reads: pure nodes and model calls, and then what only
 * they read. The checker has warned of a model call that goes this way;
 * `-> _` marks one that stays (IR_KEEP).
 *
 * Requires: nodes in topological order, so that one walk from the last node to
 *   the first meets every reader before what it reads.
 * Keeps: everything with an effect and every call, whose callee may have one;
 *   keys, places and the order of the rest.
 * Breaks: ranks, which are made after the passes.
 */
#include "compiler/ir/edit.h"
#include "compiler/pass/pass.h"
#include "core/base/mem.h"

static bool is_removable(const IrNode *node) {
  Effect effect = op_table[node->op].effect;
  return (effect == EFFECT_PURE || effect == EFFECT_MODEL) &&
         (node->flags & IR_KEEP) == 0;
}

static void count_reads(const IrGraph *graph, const IrNode *node,
                        uint32_t *uses) {
  const IrRef *inputs = ir_inputs(graph, node);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!ir_is_const(inputs[i])) uses[ir_index(inputs[i])]++;
  }
}

static void clean(IrGraph *graph) {
  uint32_t *uses = mem_alloc_zero(graph->nodes.length, sizeof *uses);
  for (uint32_t i = graph->nodes.length; i-- > 0;) {
    IrNode *node = &graph->nodes.data[i];
    if (uses[i] == 0 && is_removable(node)) {
      node->flags |= IR_DEAD;
    } else {
      count_reads(graph, node, uses);
    }
  }
  mem_free(uses);
  ir_compact(graph);
}

void pass_dce(IrProgram *program) {
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    clean(&program->graphs.data[i]);
  }
}
