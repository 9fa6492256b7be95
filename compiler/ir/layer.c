/* SPDX-License-Identifier: MIT
 *
 * Opening and leaving graphs, and what names stand for on the way.
 */
#include "compiler/ir/layer.h"

#include <assert.h>

#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"
#include "core/base/mem.h"

/* ---- layers -------------------------------------------------------------- */

static void enter(Lower *lower, Layer *layer) {
  lower->layer = layer;
  lower->graph = &layer->graph;
  assert(lower->layers.length == layer->level);
  vec_push(&lower->layers, layer);
}

static void clear(Layer *layer) {
  layer->graph.nodes.length = layer->graph.inputs.length = 0;
  layer->graph.attrs.length = layer->graph.arms.length = 0;
  layer->graph.spaces = 0;
  layer->changes.length = layer->assigned.length = layer->outputs.length = 0;
  layer->own_params = layer->keyed = 0;
  layer->ended = layer->returns = false;
  layer->fence = layer->label = IR_REF_NONE;
  layer->before = NULL;
}

Layer *layer_open(Lower *lower, Slice name) {
  Layer *layer = lower->free_layers;
  if (layer != NULL) {
    lower->free_layers = layer->outer;
  } else {
    layer = MEM_NEW(Layer);
  }
  clear(layer);
  layer->outer = lower->layer;
  layer->level = layer->outer != NULL ? layer->outer->level + 1 : 1;
  layer->base = layer->level;
  layer->graph.name = name;
  layer->graph.nested = layer->outer != NULL;
  enter(lower, layer);
  return layer;
}

static void swap(Change *change) {
  AstBinding *binding = change->binding;
  IrRef ir = binding->ir;
  uint32_t level = binding->level;
  binding->ir = change->ir;
  binding->level = change->level;
  change->ir = ir;
  change->level = level;
}

static void swap_all(Layer *layer) {
  for (uint32_t i = 0; i < layer->changes.length; i++) {
    swap(&layer->changes.data[i]);
  }
}

void layer_set_aside(Lower *lower) {
  swap_all(lower->layer);
  lower->layers.length--;
  lower->layer = lower->layer->outer;
  lower->graph = lower->layer != NULL ? &lower->layer->graph : NULL;
}

void layer_resume(Lower *lower, Layer *layer) {
  assert(layer->outer == lower->layer);
  swap_all(layer);
  enter(lower, layer);
}

void layer_recycle(Lower *lower, Layer *layer) {
  layer->outer = lower->free_layers;
  lower->free_layers = layer;
}

/* ---- names --------------------------------------------------------------- */

static void add_change(Layer *layer, AstBinding *binding, IrRef param) {
  Change change = {binding, binding->ir, binding->level, param};
  vec_push(&layer->changes, change);
  binding->level = layer->level;
}

/* One level further in. */
static void bring_in(Lower *lower, AstBinding *binding) {
  Layer *layer = lower->layers.data[binding->level + 1];
  IrNode node = {.op = OP_PARAM,
                 .type = binding->type,
                 .name = binding->name.text,
                 .span = binding->name.span};
  IrRef param = ir_add_node(&layer->graph, &node, NULL, 0);
  add_change(layer, binding, param);
  binding->ir = param;
}

/* A constant is known everywhere, unless it is only the first of several
 * values of a name: in a loop it may have become another. */
IrRef layer_read_at(Lower *lower, AstBinding *binding, uint32_t level) {
  assert(binding->level <= level);
  if (binding->level == level) return binding->ir;
  if (ir_is_const(binding->ir) && !binding->assigned) return binding->ir;
  while (binding->level < level) bring_in(lower, binding);
  return binding->ir;
}

IrRef layer_read(Lower *lower, AstBinding *binding) {
  if (binding->ir == IR_REF_NONE) return lower_nothing(lower, binding->type);
  return layer_read_at(lower, binding, lower->layer->level);
}

void layer_bind(Lower *lower, AstBinding *binding, IrRef ref) {
  binding->ir = ref;
  binding->level = binding->home = lower->layer->level;
}

void layer_know(Lower *lower, AstBinding *binding, IrRef ref) {
  if (binding->level != lower->layer->level) {
    add_change(lower->layer, binding, IR_REF_NONE);
  }
  binding->ir = ref;
}

void layer_assign(Lower *lower, AstBinding *binding, IrRef ref) {
  Layer *layer = lower->layer;
  layer_know(lower, binding, ref);
  if (binding->home < layer->level) vec_push(&layer->assigned, binding);
  if (binding == &lower->returned) layer->returns = true;
}

IrRef layer_own_param(Lower *lower, TypeId type, Slice name, Span span) {
  IrNode node = {.op = OP_PARAM, .type = type, .name = name, .span = span};
  assert(lower->graph->nodes.length == lower->layer->own_params);
  lower->layer->own_params++;
  return ir_add_node(lower->graph, &node, NULL, 0);
}
