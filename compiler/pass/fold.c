/* SPDX-License-Identifier: MIT
 *
 * Text known now is joined now. In a node that joins plain forms (text, model
 * calls, print), neighbouring constants become one and empty ones go; a TEXT
 * node whose only reader is such a node is spilled into it; a TEXT of one text
 * is that text. MERGE puts lines between its parts, so it is left alone.
 *
 * A TEXT is spilled when its reader is rewritten, on a stack of our own, so a
 * chain of them is walked once. A long constant that several nodes read is not
 * copied into each of them: the file would grow faster than the source.
 *
 * Requires: inputs in node order; topological order.
 * Keeps: every node but TEXT; keys, places, bound names, order of effects.
 * Breaks: nothing; leaves no TEXT behind that it spilled or replaced.
 */
#include <assert.h>

#include "compiler/ir/edit.h"
#include "compiler/pass/pass.h"
#include "core/base/mem.h"

enum { SHARED_BYTES = 32 }; /* a shared constant up to this may be copied */

/* Inputs of one node that are still to be looked at, in the old vector. */
typedef struct Range {
  uint32_t next;
  uint32_t end;
} Range;

typedef struct Fold {
  IrProgram *program;
  IrGraph *graph;
  uint32_t *uses;           /* by node: edges from it */
  uint32_t *readers;        /* by node: its last reader */
  IrRef *values;            /* by node: what it is now, when that is known */
  VEC(uint32_t) const_uses; /* by row: edges from it, in the whole program */
  VEC(IrRef) inputs;        /* of the graph, rewritten */
  VEC(Range) stack;         /* spilled into one another */
  Buf run;                  /* constants that stand side by side, joined */
  IrRef run_first;          /* the first of them */
  uint32_t run_count;
} Fold;

/* ---- constants side by side ---------------------------------------------- */

static void use_const(Fold *fold, IrRef ref, uint32_t count) {
  uint32_t row = ir_index(ref);
  while (fold->const_uses.length <= row) vec_push(&fold->const_uses, 0);
  fold->const_uses.data[row] += count;
}

static bool is_worth_copying(const Fold *fold, IrRef ref) {
  const IrConst *constant = ir_const(fold->program, ref);
  return constant->type != TYPE_TEXT || constant->text.length <= SHARED_BYTES ||
         fold->const_uses.data[ir_index(ref)] == 1;
}

static void end_run(Fold *fold) {
  IrRef ref = fold->run_first;
  if (fold->run_count > 1) {
    ref = ir_text_copy(fold->program, buf_slice(&fold->run));
    use_const(fold, ref, 1);
  }
  if (fold->run.length > 0) vec_push(&fold->inputs, ref);
  fold->run_count = 0;
  buf_clear(&fold->run);
}

static void put_const(Fold *fold, IrRef ref) {
  const IrConst *constant = ir_const(fold->program, ref);
  if (!is_worth_copying(fold, ref)) {
    end_run(fold);
    vec_push(&fold->inputs, ref);
    return;
  }
  if (fold->run.length + constant->text.length > LIMIT_VALUE_BYTES) {
    end_run(fold);
  }
  if (fold->run_count++ == 0) fold->run_first = ref;
  ir_add_plain(constant, &fold->run);
}

/* ---- inputs -------------------------------------------------------------- */

/* What `ref` names now. */
static IrRef resolve(const Fold *fold, IrRef ref) {
  if (ir_is_const(ref) || fold->values[ir_index(ref)] == IR_REF_NONE) {
    return ref;
  }
  assert(!ir_is_order(ref));
  return fold->values[ir_index(ref)];
}

static bool is_spilled(const Fold *fold, IrRef ref) {
  if (ir_is_const(ref)) return false;
  uint32_t index = ir_index(ref);
  const IrNode *nodes = fold->graph->nodes.data;
  return nodes[index].op == OP_TEXT && fold->uses[index] == 1 &&
         (nodes[index].flags & IR_KEEP) == 0 &&
         ir_concatenates((Op)nodes[fold->readers[index]].op);
}

static void open_range(Fold *fold, const IrNode *node) {
  Range range = {node->first_input, node->first_input + node->input_count};
  vec_push(&fold->stack, range);
}

/* Writes the inputs of a node that concatenates. */
static void put_joined(Fold *fold, const IrNode *node) {
  open_range(fold, node);
  while (fold->stack.length > 0) {
    Range *top = &fold->stack.data[fold->stack.length - 1];
    if (top->next == top->end) {
      fold->stack.length--;
      continue;
    }
    IrRef ref = fold->graph->inputs.data[top->next++];
    if (is_spilled(fold, ref)) {
      open_range(fold, &fold->graph->nodes.data[ref]);
      continue;
    }
    ref = resolve(fold, ref);
    if (ir_is_const(ref)) {
      put_const(fold, ref);
      continue;
    }
    end_run(fold);
    vec_push(&fold->inputs, ref);
  }
  end_run(fold);
}

/* Writes the inputs of any other node. */
static void put_plainly(Fold *fold, const IrNode *node) {
  for (uint32_t i = 0; i < node->input_count; i++) {
    IrRef ref = fold->graph->inputs.data[node->first_input + i];
    vec_push(&fold->inputs, resolve(fold, ref));
  }
}

/* ---- nodes --------------------------------------------------------------- */

/* The text that a TEXT node of these inputs is, IR_REF_NONE when it must be
 * made at run time. */
static IrRef text_of(Fold *fold, const IrRef *inputs, uint32_t count) {
  if (count == 0) return ir_text(fold->program, SLICE(""));
  if (count > 1) return IR_REF_NONE;
  if (!ir_is_const(*inputs)) {
    const IrNode *from = &fold->graph->nodes.data[*inputs];
    return from->type == TYPE_TEXT ? *inputs : IR_REF_NONE;
  }
  const IrConst *constant = ir_const(fold->program, *inputs);
  if (constant->type == TYPE_TEXT) return *inputs;
  Buf plain = {0};
  ir_add_plain(constant, &plain);
  IrRef ref = ir_text_copy(fold->program, buf_slice(&plain));
  buf_free(&plain);
  return ref;
}

/* Replaces a TEXT, whose new inputs begin at `first`, by what it is. */
static void replace_text(Fold *fold, uint32_t index, uint32_t first) {
  IrNode *node = &fold->graph->nodes.data[index];
  IrRef ref =
      text_of(fold, fold->inputs.data + first, fold->inputs.length - first);
  if (ref == IR_REF_NONE || (node->flags & IR_KEEP) != 0) return;
  if (ir_is_const(ref)) use_const(fold, ref, fold->uses[index]);
  fold->values[index] = ref;
  fold->inputs.length = first;
  node->flags |= IR_DEAD;
}

static void fold_node(Fold *fold, uint32_t index) {
  IrNode *node = &fold->graph->nodes.data[index];
  if (is_spilled(fold, index)) {
    node->flags |= IR_DEAD;
    return;
  }
  uint32_t first = fold->inputs.length;
  if (ir_concatenates((Op)node->op)) {
    put_joined(fold, node);
  } else {
    put_plainly(fold, node);
  }
  if (node->op == OP_TEXT) {
    replace_text(fold, index, first);
  } else if (fold->inputs.length - first < op_table[node->op].min_inputs) {
    vec_push(&fold->inputs, ir_text(fold->program, SLICE("")));
    use_const(fold, fold->inputs.data[first], 1);
  }
  node->first_input = first;
  node->input_count = fold->inputs.length - first;
}

/* ---- graphs -------------------------------------------------------------- */

static void count_edges(Fold *fold) {
  const IrGraph *graph = fold->graph;
  ir_count_uses(graph, fold->uses);
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    const IrNode *node = &graph->nodes.data[i];
    const IrRef *inputs = ir_inputs(graph, node);
    for (uint32_t k = 0; k < node->input_count; k++) {
      if (!ir_is_const(inputs[k])) fold->readers[ir_index(inputs[k])] = i;
    }
    fold->values[i] = IR_REF_NONE;
  }
}

/* Gives the graph its new inputs; the old ones' memory serves the next. */
static void swap_inputs(Fold *fold) {
  IrGraph *graph = fold->graph;
  IrRef *data = graph->inputs.data;
  uint32_t capacity = graph->inputs.capacity;
  graph->inputs.data = fold->inputs.data;
  graph->inputs.length = fold->inputs.length;
  graph->inputs.capacity = fold->inputs.capacity;
  fold->inputs.data = data;
  fold->inputs.capacity = capacity;
  fold->inputs.length = 0;
}

static void fold_graph(Fold *fold) {
  uint32_t count = fold->graph->nodes.length;
  fold->uses = mem_alloc_zero(count, sizeof *fold->uses);
  fold->readers = mem_alloc_zero(count, sizeof *fold->readers);
  fold->values = mem_alloc_zero(count, sizeof *fold->values);
  count_edges(fold);
  vec_reserve(&fold->inputs, fold->graph->inputs.length + 1);
  for (uint32_t i = 0; i < count; i++) fold_node(fold, i);
  swap_inputs(fold);
  ir_compact(fold->graph);
  mem_free(fold->uses);
  mem_free(fold->readers);
  mem_free(fold->values);
}

static void count_consts(Fold *fold) {
  const IrProgram *program = fold->program;
  for (uint32_t g = 0; g < program->graphs.length; g++) {
    const IrGraph *graph = &program->graphs.data[g];
    for (uint32_t i = 0; i < graph->inputs.length; i++) {
      IrRef ref = graph->inputs.data[i];
      if (ir_is_const(ref)) use_const(fold, ref, 1);
    }
  }
}

void pass_fold(IrProgram *program) {
  Fold fold = {.program = program};
  count_consts(&fold);
  for (uint32_t g = 0; g < program->graphs.length; g++) {
    fold.graph = &program->graphs.data[g];
    fold_graph(&fold);
  }
  vec_free(&fold.const_uses);
  vec_free(&fold.inputs);
  vec_free(&fold.stack);
  buf_free(&fold.run);
}
