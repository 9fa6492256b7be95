/* SPDX-License-Identifier: MIT
 *
 * Removes what nobody reads: pure nodes that cannot fail, model calls and
 * constructs of such, and then what only they read. The checker has warned of a
 * model call that goes this way; `-> _` marks one that stays (IR_KEEP).
 *
 * Whether a construct may go is known when its graphs are; these are looked at
 * first. A fence waits for what is there: it keeps nothing alive.
 *
 * Requires: nodes in topological order, so that one walk from the last node to
 *   the first meets every reader before what it reads; nested graphs in the
 *   order in which they were closed, inside out.
 * Keeps: everything with an effect, everything that may fail and every call,
 *   since what it calls may do either; keys, places and the order of the rest.
 * Breaks: ranks, which are made after the passes; rows of graphs.
 */
#include "compiler/ir/edit.h"
#include "compiler/pass/pass.h"
#include "core/base/mem.h"

typedef struct Clean {
  IrProgram *program;
  IrGraph *graph;  /* the one being cleaned */
  uint8_t *idle;   /* by graph: nobody would notice if it did not run */
} Clean;

/* A BRANCH fails when no label matches. */
static bool may_fail(const IrGraph *graph, const IrNode *node) {
  const IrArm *arms = ir_arms(graph, node);
  if (node->op != OP_BRANCH) {
    return (op_table[node->op].shape & OP_FALLIBLE) != 0;
  }
  bool has_cases = false;
  for (uint32_t i = 0; i < node->arm_count; i++) {
    if (arms[i].kind == OBJ_ARM_DEFAULT) return false;
    has_cases = has_cases || arms[i].kind == OBJ_ARM_CASE;
  }
  return has_cases;
}

static bool runs_idle(const Clean *clean, const IrNode *node) {
  const IrArm *arms = ir_arms(clean->graph, node);
  for (uint32_t i = 0; i < node->arm_count; i++) {
    if (!clean->idle[arms[i].graph]) return false;
  }
  return node->op != OP_CALL;
}

/* Whether the node does nothing but to make its value. */
static bool is_idle(const Clean *clean, const IrNode *node) {
  Effect effect = op_table[node->op].effect;
  bool is_value = effect == EFFECT_PURE || effect == EFFECT_MODEL ||
                  (ir_is_composite(node) && runs_idle(clean, node));
  return is_value && (node->flags & IR_KEEP) == 0 &&
         !may_fail(clean->graph, node);
}

static void count_reads(const IrGraph *graph, const IrNode *node,
                        uint32_t *uses) {
  const IrRef *inputs = ir_inputs(graph, node);
  if (node->op == OP_FENCE) return;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!ir_is_const(inputs[i])) uses[ir_index(inputs[i])]++;
  }
}

/* A port goes with its composite, and a composite when all its ports may. */
static void look_at_port(const IrGraph *graph, uint32_t index, uint32_t *uses) {
  bool is_kept = (graph->nodes.data[index].flags & IR_KEEP) != 0;
  if (uses[index] > 0 || is_kept) uses[index - 1]++;
}

static void mark_ports(IrGraph *graph, uint32_t composite) {
  for (uint32_t i = composite + 1; graph->nodes.data[i].op == OP_PORT; i++) {
    graph->nodes.data[i].flags |= IR_DEAD;
  }
}

/* Whether nothing in the graph, which has been cleaned, would be missed but
 * for its results. */
static bool is_idle_graph(const Clean *clean) {
  const IrGraph *graph = clean->graph;
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    const IrNode *node = &graph->nodes.data[i];
    bool is_frame = (op_table[node->op].shape & OP_FRAME) != 0;
    if (is_frame ? (node->flags & IR_KEEP) != 0 : !is_idle(clean, node)) {
      return false;
    }
  }
  return true;
}

static void clean_graph(Clean *clean, uint32_t row) {
  IrGraph *graph = clean->graph = &clean->program->graphs.data[row];
  uint32_t *uses = mem_alloc_zero(graph->nodes.length, sizeof *uses);
  for (uint32_t i = graph->nodes.length; i-- > 0;) {
    IrNode *node = &graph->nodes.data[i];
    if (node->op == OP_PORT) {
      look_at_port(graph, i, uses);
    } else if (uses[i] == 0 && is_idle(clean, node)) {
      node->flags |= IR_DEAD;
      if (ir_is_composite(node)) mark_ports(graph, i);
    } else {
      count_reads(graph, node, uses);
    }
  }
  mem_free(uses);
  ir_compact(graph);
  clean->idle[row] = graph->nested && is_idle_graph(clean);
}

void pass_dce(IrProgram *program) {
  uint32_t count = program->graphs.length;
  Clean clean = {
      .program = program,
      .idle = mem_alloc_zero((size_t)count + 1, sizeof(uint8_t)),
  };
  for (uint32_t i = 0; i < count; i++) {
    if (program->graphs.data[i].nested) clean_graph(&clean, i);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!program->graphs.data[i].nested) clean_graph(&clean, i);
  }
  mem_free(clean.idle);
  ir_drop_graphs(program);
}
