/* SPDX-License-Identifier: MIT
 *
 * Rows of constants, nodes appended with their inputs, and the operation that
 * all passes end with: compaction, which moves what stays to the left and
 * numbers it anew. One thread.
 */
#include "compiler/ir/edit.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- constants ----------------------------------------------------------- */

static IrRef add_const(IrProgram *program, IrConst constant) {
  vec_push(&program->consts, constant);
  return OBJ_REF_CONST | (program->consts.length - 1);
}

IrRef ir_text(IrProgram *program, Slice text) {
  return add_const(program, (IrConst){.type = TYPE_TEXT, .text = text});
}

IrRef ir_text_copy(IrProgram *program, Slice text) {
  text.data = arena_copy(program->arena, text.data, text.length);
  return ir_text(program, text);
}

IrRef ir_num(IrProgram *program, double value) {
  return add_const(program, (IrConst){.type = TYPE_NUM, .num = value});
}

IrRef ir_bool(IrProgram *program, bool value) {
  return add_const(program, (IrConst){.type = TYPE_BOOL, .boolean = value});
}

/* ---- nodes --------------------------------------------------------------- */

IrRef ir_add_node(IrGraph *graph, const IrNode *node, const IrRef *inputs,
                  uint32_t count) {
  IrNode copy = *node;
  copy.first_input = graph->inputs.length;
  copy.input_count = count;
  copy.first_attr = graph->attrs.length;
  copy.attr_count = 0;
  copy.first_arm = graph->arms.length;
  copy.arm_count = 0;
  vec_reserve(&graph->inputs, graph->inputs.length + count);
  if (count > 0) {
    memcpy(graph->inputs.data + graph->inputs.length, inputs,
           count * sizeof *inputs);
  }
  graph->inputs.length += count;
  vec_push(&graph->nodes, copy);
  return graph->nodes.length - 1;
}

void ir_add_attr(IrGraph *graph, Attr attr, IrRef value) {
  IrNode *node = &graph->nodes.data[graph->nodes.length - 1];
  IrAttr added = {attr, value};
  vec_push(&graph->attrs, added);
  uint32_t at = graph->attrs.length - 1;
  for (; at > node->first_attr && graph->attrs.data[at - 1].attr > attr; at--) {
    graph->attrs.data[at] = graph->attrs.data[at - 1];
  }
  graph->attrs.data[at] = added;
  node->attr_count++;
}

void ir_add_arm(IrGraph *graph, ObjArmKind kind, IrRef label, uint32_t row) {
  IrArm arm = {kind, label, row};
  vec_push(&graph->arms, arm);
  graph->nodes.data[graph->nodes.length - 1].arm_count++;
}

void ir_count_uses(const IrGraph *graph, uint32_t *uses) {
  for (uint32_t i = 0; i < graph->inputs.length; i++) {
    IrRef ref = graph->inputs.data[i];
    if (!ir_is_const(ref)) uses[ir_index(ref)]++;
  }
}

/* ---- compaction ---------------------------------------------------------- */

/* Appends to `to` the parts of `node`, which lie in `from`, and the node with
 * their ranges. `moved` says by old index where a node is now. A FENCE waits
 * for what is there, and no longer for what went. */
static void put_node(const IrGraph *from, IrNode node, const uint32_t *moved,
                     IrGraph *to) {
  const IrRef *inputs = ir_inputs(from, &node);
  const IrAttr *attrs = ir_attrs(from, &node);
  const IrArm *arms = ir_arms(from, &node);
  uint32_t count = node.input_count;
  node.first_input = to->inputs.length;
  node.first_attr = to->attrs.length;
  node.first_arm = to->arms.length;
  for (uint32_t i = 0; i < count; i++) {
    IrRef ref = inputs[i];
    if (!ir_is_const(ref)) {
      if (moved[ir_index(ref)] == IR_REF_NONE && node.op == OP_FENCE) continue;
      assert(moved[ir_index(ref)] != IR_REF_NONE);
      ref = (ref & OBJ_REF_ORDER) | moved[ir_index(ref)];
    }
    to->inputs.data[to->inputs.length++] = ref;
  }
  node.input_count = to->inputs.length - node.first_input;
  for (uint32_t i = 0; i < node.attr_count; i++) {
    to->attrs.data[to->attrs.length++] = attrs[i];
  }
  for (uint32_t i = 0; i < node.arm_count; i++) {
    to->arms.data[to->arms.length++] = arms[i];
  }
  to->nodes.data[to->nodes.length++] = node;
}

/* In place: what stays moves to the left, so nothing is written over that has
 * not been read. */
void ir_compact(IrGraph *graph) {
  uint32_t count = graph->nodes.length;
  uint32_t *moved = mem_alloc_zero(count, sizeof *moved);
  graph->nodes.length = 0;
  graph->inputs.length = graph->attrs.length = graph->arms.length = 0;
  for (uint32_t i = 0; i < count; i++) {
    IrNode node = graph->nodes.data[i];
    if ((node.flags & IR_DEAD) != 0) {
      moved[i] = IR_REF_NONE;
      continue;
    }
    moved[i] = graph->nodes.length;
    put_node(graph, node, moved, graph);
  }
  mem_free(moved);
}

/* A vector that stays empty takes no memory. */
#define RESERVE(to, from) \
  ((from)->length > 0 ? vec_reserve(to, (from)->length) : (void)0)

static void reserve_parts(const IrGraph *from, IrGraph *to) {
  RESERVE(&to->nodes, &from->nodes);
  RESERVE(&to->inputs, &from->inputs);
  RESERVE(&to->attrs, &from->attrs);
  RESERVE(&to->arms, &from->arms);
}

void ir_copy_params_first(const IrGraph *from, const uint32_t *front,
                          uint32_t count, IrGraph *to) {
  uint32_t *moved = mem_alloc_zero(from->nodes.length, sizeof *moved);
  uint32_t next = count;
  for (uint32_t i = 0; i < count; i++) moved[front[i]] = i;
  for (uint32_t i = 0; i < from->nodes.length; i++) {
    if (from->nodes.data[i].op != OP_PARAM) moved[i] = next++;
  }
  assert(next == from->nodes.length);
  reserve_parts(from, to);
  for (uint32_t i = 0; i < count; i++) {
    put_node(from, from->nodes.data[front[i]], moved, to);
  }
  for (uint32_t i = 0; i < from->nodes.length; i++) {
    const IrNode *node = &from->nodes.data[i];
    if (node->op != OP_PARAM) put_node(from, *node, moved, to);
  }
  mem_free(moved);
}

/* ---- graphs -------------------------------------------------------------- */

/* Marks in `rows` the graphs that can still run: flows, and what they do. */
static void mark_graphs(const IrProgram *program, uint32_t *rows) {
  VEC(uint32_t) work = {0};
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    if (program->graphs.data[i].nested) continue;
    rows[i] = 1;
    vec_push(&work, i);
  }
  while (work.length > 0) {
    const IrGraph *graph = &program->graphs.data[vec_pop(&work)];
    for (uint32_t i = 0; i < graph->arms.length; i++) {
      uint32_t row = graph->arms.data[i].graph;
      if (rows[row]++ == 0) vec_push(&work, row);
    }
  }
  vec_free(&work);
}

void ir_drop_graphs(IrProgram *program) {
  uint32_t count = program->graphs.length;
  uint32_t *rows = mem_alloc_zero((size_t)count + 1, sizeof *rows);
  uint32_t kept = 0;
  mark_graphs(program, rows);
  for (uint32_t i = 0; i < count; i++) {
    if (rows[i] == 0) {
      ir_free_graph(&program->graphs.data[i]);
    } else {
      rows[i] = kept;
      program->graphs.data[kept++] = program->graphs.data[i];
    }
  }
  program->graphs.length = kept;
  for (uint32_t i = 0; i < kept; i++) {
    IrGraph *graph = &program->graphs.data[i];
    for (uint32_t k = 0; k < graph->arms.length; k++) {
      graph->arms.data[k].graph = rows[graph->arms.data[k].graph];
    }
  }
  for (uint32_t i = 0; i < program->flows.length; i++) {
    program->flows.data[i].graph = rows[program->flows.data[i].graph];
  }
  mem_free(rows);
}
