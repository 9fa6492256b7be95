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

void ir_count_uses(const IrGraph *graph, uint32_t *uses) {
  for (uint32_t i = 0; i < graph->inputs.length; i++) {
    IrRef ref = graph->inputs.data[i];
    if (!ir_is_const(ref)) uses[ir_index(ref)]++;
  }
}

/* ---- compaction ---------------------------------------------------------- */

/* Moves the inputs and attributes of the node that goes from `from` to `to`
 * down to the end of what was kept so far. */
static void move_node(IrGraph *graph, const uint32_t *moved, uint32_t from,
                      uint32_t to) {
  IrNode *node = &graph->nodes.data[to];
  *node = graph->nodes.data[from];
  const IrRef *inputs = ir_inputs(graph, node);
  const IrAttr *attrs = ir_attrs(graph, node);
  node->first_input = graph->inputs.length;
  node->first_attr = graph->attrs.length;
  for (uint32_t i = 0; i < node->input_count; i++) {
    IrRef ref = inputs[i];
    if (!ir_is_const(ref)) {
      assert(moved[ir_index(ref)] != IR_REF_NONE);
      ref = (ref & OBJ_REF_ORDER) | moved[ir_index(ref)];
    }
    graph->inputs.data[graph->inputs.length++] = ref;
  }
  for (uint32_t i = 0; i < node->attr_count; i++) {
    graph->attrs.data[graph->attrs.length++] = attrs[i];
  }
}

void ir_compact(IrGraph *graph) {
  uint32_t count = graph->nodes.length;
  uint32_t *moved = mem_alloc_zero(count, sizeof *moved);
  uint32_t kept = 0;
  graph->inputs.length = graph->attrs.length = 0;
  for (uint32_t i = 0; i < count; i++) {
    if ((graph->nodes.data[i].flags & IR_DEAD) != 0) {
      moved[i] = IR_REF_NONE;
      continue;
    }
    moved[i] = kept;
    move_node(graph, moved, i, kept++);
  }
  graph->nodes.length = kept;
  mem_free(moved);
}
