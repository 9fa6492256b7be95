/* SPDX-License-Identifier: MIT
 *
 * A program's storage, and the questions that are asked of it. One thread.
 */
#include "compiler/ir/ir.h"

#include <assert.h>

#include "core/base/json.h"
#include "core/base/mem.h"

IrProgram *ir_new(const Source *source, const TypeTable *types, Arena *arena) {
  IrProgram *program = MEM_NEW(IrProgram);
  program->source = source;
  program->types = types;
  program->arena = arena;
  return program;
}

void ir_free_graph(IrGraph *graph) {
  vec_free(&graph->nodes);
  vec_free(&graph->inputs);
  vec_free(&graph->attrs);
  vec_free(&graph->arms);
}

void ir_free(IrProgram *program) {
  if (program == NULL) return;
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    ir_free_graph(&program->graphs.data[i]);
  }
  vec_free(&program->graphs);
  vec_free(&program->flows);
  vec_free(&program->consts);
  mem_free(program);
}

const IrConst *ir_const(const IrProgram *program, IrRef ref) {
  assert(ir_is_const(ref) && ir_index(ref) < program->consts.length);
  return &program->consts.data[ir_index(ref)];
}

void ir_add_plain(const IrConst *constant, Buf *out) {
  if (constant->type == TYPE_TEXT) {
    buf_add_slice(out, constant->text);
  } else if (constant->type == TYPE_NUM) {
    json_add_number(out, constant->num);
  } else {
    buf_add_text(out, constant->boolean ? "true" : "false");
  }
}

bool ir_is_token(const IrNode *node) {
  return node->type == TYPE_VOID &&
         (node->op == OP_PARAM || node->op == OP_PORT || node->op == OP_RESULT);
}

const IrNode *ir_results(const IrGraph *graph) {
  return graph->nodes.data + graph->nodes.length - 1 - graph->result_count;
}

uint32_t ir_token_count(const IrGraph *graph) {
  uint32_t count = 0;
  for (uint32_t spaces = graph->spaces; spaces != 0; spaces >>= 1) {
    count += spaces & 1;
  }
  return count;
}

bool ir_concatenates(Op op) {
  return op == OP_TEXT || op == OP_ASK || op == OP_THINK || op == OP_REASON ||
         op == OP_PRINT;
}
