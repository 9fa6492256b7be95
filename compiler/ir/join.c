/* SPDX-License-Identifier: MIT
 *
 * In: a construct's graphs, lowered and set aside. Out: those graphs closed,
 * and one composite node with its ports in the graph around them. Only now is
 * it known what they have in common:
 *
 *   results     the outputs the construct is wanted for | names from outside
 *               that some arm assigned (carried) | effect tokens some arm used
 *   parameters  own ones (the item, ...) | of a loop: the carried names | what
 *               some arm read from outside | the same tokens
 *
 * An arm that does not assign a carried name brings it in and passes it on; one
 * that has ended gives place holders, since nobody goes on from there.
 */
#include "compiler/ir/join.h"

#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/key.h"

typedef struct Join {
  const Fork *fork;
  uint32_t first_output; /* of Lower.outputs */
  uint32_t output_count;
  uint32_t arm_count;
  uint16_t spaces; /* that some arm uses */
  bool loops;      /* its body is run again and again */
  bool ended;      /* no arm goes on */
} Join;

/* ---- arms ---------------------------------------------------------------- */

Fork lower_fork(const Lower *lower, Op op, Span span, IrRef control) {
  return (Fork){.op = op,
                .span = span,
                .control = control,
                .base = lower->layer->level + 1,
                .first_arm = lower->arms.length,
                .list = TYPE_VOID,
                .attr = ATTR_COUNT,
                .attr_value = IR_REF_NONE};
}

void lower_close_again(Lower *lower, uint32_t outputs) {
  Layer *layer = lower->layer;
  layer->outputs.length = 0;
  for (uint32_t i = outputs; i < lower->outputs.length && !layer->ended; i++) {
    vec_push(&layer->outputs, lower->outputs.data[i].ref);
  }
  layer_set_aside(lower);
}

void lower_close_arm(Lower *lower, ObjArmKind kind, IrRef label,
                     uint32_t outputs) {
  Layer *layer = lower->layer;
  layer->kind = kind;
  layer->label = label;
  lower_close_again(lower, outputs);
  vec_push(&lower->arms, layer);
}

static Layer *arm_at(const Lower *lower, const Join *join, uint32_t index) {
  return lower->arms.data[join->fork->first_arm + index];
}

static Join begin(const Lower *lower, const Fork *fork, uint32_t outputs) {
  Join join = {.fork = fork,
               .first_output = outputs,
               .output_count = lower->outputs.length - outputs,
               .arm_count = lower->arms.length - fork->first_arm,
               .loops = fork->op == OP_LOOP || fork->op == OP_WHILE};
  join.ended = !join.loops;
  for (uint32_t i = 0; i < join.arm_count; i++) {
    if (!arm_at(lower, &join, i)->ended) join.ended = false;
  }
  if (join.ended) join.output_count = 0;
  return join;
}

/* ---- what the arms have in common ---------------------------------------- */

/* A name is in a list at most once: its slot says where, from 1. */
static void clear_slots(AstBinding *const *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) names[i]->slot = 0;
}

/* Whether somebody after the construct may want to know. */
static bool is_carried(const Lower *lower, const Join *join, const Layer *arm,
                       const AstBinding *binding) {
  if (binding == &lower->returned) return !join->ended;
  if (binding == &lower->value) return true;
  return !arm->ended && binding->used && binding->home < join->fork->base;
}

static void collect_carried(Lower *lower, Join *join) {
  lower->carried.length = 0;
  for (uint32_t i = 0; i < join->arm_count; i++) {
    const Layer *arm = arm_at(lower, join, i);
    for (uint32_t k = 0; k < arm->assigned.length; k++) {
      AstBinding *binding = arm->assigned.data[k];
      if (binding->type == TYPE_VOID) {
        uint32_t space = (uint32_t)(binding - lower->tokens);
        join->spaces = (uint16_t)(join->spaces | 1u << space);
      } else if (binding->slot == 0 &&
                 is_carried(lower, join, arm, binding)) {
        vec_push(&lower->carried, binding);
        binding->slot = lower->carried.length;
      }
    }
  }
  clear_slots(lower->carried.data, lower->carried.length);
}

static void add_name(Lower *lower, AstBinding *binding) {
  if (binding->slot != 0 || binding->type == TYPE_VOID) return;
  vec_push(&lower->names, binding);
  binding->slot = lower->names.length;
}

/* The names whose values come in, in the order of the parameters. They keep
 * their slots. */
static void collect_names(Lower *lower, const Join *join) {
  lower->names.length = 0;
  for (uint32_t i = 0; join->loops && i < lower->carried.length; i++) {
    add_name(lower, lower->carried.data[i]);
  }
  for (uint32_t i = 0; i < join->arm_count; i++) {
    const Layer *arm = arm_at(lower, join, i);
    for (uint32_t k = 0; k < arm->changes.length; k++) {
      const Change *change = &arm->changes.data[k];
      if (change->param != IR_REF_NONE) add_name(lower, change->binding);
    }
  }
}

/* ---- results ------------------------------------------------------------- */

static void push_outputs(Lower *lower, const Join *join, const Layer *arm) {
  for (uint32_t i = 0; i < join->output_count; i++) {
    TypeId type = lower->outputs.data[join->first_output + i].type;
    IrRef ref = i < arm->outputs.length ? arm->outputs.data[i] : IR_REF_NONE;
    if (ref == IR_REF_NONE) ref = lower_nothing(lower, type);
    lower_push(lower, ref);
  }
}

static IrRef carried_value(Lower *lower, const Layer *arm,
                           AstBinding *binding) {
  if (!arm->ended || binding == &lower->value) {
    return layer_read(lower, binding);
  }
  if (binding == &lower->returned) return ir_bool(lower->program, true);
  return lower_nothing(lower, binding->type);
}

/* What the arm results in, on the stack. */
static void push_results(Lower *lower, const Join *join, const Layer *arm) {
  push_outputs(lower, join, arm);
  for (uint32_t i = 0; i < lower->carried.length; i++) {
    IrRef ref = carried_value(lower, arm, lower->carried.data[i]);
    lower_push(lower, ref);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((join->spaces >> space & 1) == 0) continue;
    IrRef token = layer_read(lower, &lower->tokens[space]);
    lower_push(lower, OBJ_REF_ORDER | token);
  }
}

static TypeId result_type(const Lower *lower, const Join *join,
                          uint32_t index) {
  if (index < join->output_count) {
    return lower->outputs.data[join->first_output + index].type;
  }
  index -= join->output_count;
  return index < lower->carried.length ? lower->carried.data[index]->type
                                       : TYPE_VOID;
}

/* Writes the end of an arm's graph, inside it. */
static void add_end(Lower *lower, const Join *join, Layer *arm) {
  uint32_t base = lower->refs.length;
  layer_resume(lower, arm);
  push_results(lower, join, arm);
  uint32_t count = lower->refs.length - base;
  for (uint32_t i = 0; i < count; i++) {
    lower_unary(lower, OP_RESULT, result_type(lower, join, i), join->fork->span,
                lower->refs.data[base + i]);
  }
  lower->refs.length = base;
  lower_leaf(lower, OP_END, TYPE_VOID, join->fork->span);
  lower->graph->result_count = count;
  lower->graph->spaces = join->spaces;
  layer_set_aside(lower);
}

/* ---- parameters ---------------------------------------------------------- */

static uint32_t add_param(Layer *arm, const AstBinding *binding) {
  IrNode node = {.op = OP_PARAM,
                 .type = binding->type,
                 .name = binding->name.text,
                 .span = binding->name.span};
  return ir_add_node(&arm->graph, &node, NULL, 0);
}

/* Where among the parameters a captured name stands. */
static uint32_t param_place(const Lower *lower, const Join *join,
                            const Layer *arm, const AstBinding *binding) {
  if (binding->type != TYPE_VOID) return arm->own_params + binding->slot - 1;
  uint32_t place = arm->own_params + lower->names.length;
  for (uint32_t space = 0; &lower->tokens[space] != binding; space++) {
    place += join->spaces >> space & 1;
  }
  return place;
}

/* Lists in Lower.front the arm's PARAMs in their final order; adds those that
 * only the other arms needed. A token that is handed on was read. */
static void order_params(Lower *lower, const Join *join, Layer *arm) {
  lower->front.length = 0;
  uint32_t values = arm->own_params + lower->names.length;
  uint32_t count = values;
  for (uint32_t spaces = join->spaces; spaces != 0; spaces >>= 1) {
    count += spaces & 1;
  }
  for (uint32_t i = 0; i < count; i++) {
    vec_push(&lower->front, i < arm->own_params ? i : IR_REF_NONE);
  }
  for (uint32_t i = 0; i < arm->changes.length; i++) {
    const Change *change = &arm->changes.data[i];
    if (change->param == IR_REF_NONE) continue;
    uint32_t place = param_place(lower, join, arm, change->binding);
    lower->front.data[place] = change->param;
  }
  for (uint32_t i = arm->own_params; i < values; i++) {
    if (lower->front.data[i] != IR_REF_NONE) continue;
    const AstBinding *binding = lower->names.data[i - arm->own_params];
    lower->front.data[i] = add_param(arm, binding);
  }
}

/* Closes the arm's graph and gives it a row. */
static void close_graph(Lower *lower, const Join *join, Layer *arm) {
  IrGraph graph = {.name = arm->graph.name,
                   .result_count = arm->graph.result_count,
                   .spaces = arm->graph.spaces,
                   .nested = true};
  order_params(lower, join, arm);
  graph.param_count = lower->front.length;
  ir_copy_params_first(&arm->graph, lower->front.data, lower->front.length,
                       &graph);
  key_graph(lower, &graph);
  vec_push(&lower->program->graphs, graph);
}

/* ---- the node ------------------------------------------------------------ */

static void add_inputs(Lower *lower, const Join *join) {
  if (join->fork->control != IR_REF_NONE) {
    lower_push(lower, join->fork->control);
  }
  for (uint32_t i = 0; i < lower->names.length; i++) {
    lower_push(lower, layer_read(lower, lower->names.data[i]));
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((join->spaces >> space & 1) == 0) continue;
    IrRef token = layer_read(lower, &lower->tokens[space]);
    lower_push(lower, OBJ_REF_ORDER | token);
  }
}

/* Rows of arms, by kind, those of a kind in the order of the program. */
static void add_arms(Lower *lower, const Join *join, uint32_t first_row) {
  if (join->fork->fence) {
    ir_add_arm(lower->graph, OBJ_ARM_TRUE, IR_REF_NONE, first_row);
    ir_add_arm(lower->graph, OBJ_ARM_FALSE, IR_REF_NONE, first_row);
    return;
  }
  for (ObjArmKind kind = 0; kind < OBJ_ARM_KIND_COUNT; kind++) {
    for (uint32_t i = 0; i < join->arm_count; i++) {
      const Layer *arm = arm_at(lower, join, i);
      if (arm->kind != kind) continue;
      ir_add_arm(lower->graph, kind, arm->label, first_row + i);
    }
  }
}

static void add_composite(Lower *lower, const Join *join, uint32_t first_row) {
  const Fork *fork = join->fork;
  uint32_t base = lower->refs.length;
  add_inputs(lower, join);
  IrRef ref = lower_node(lower, fork->op, TYPE_VOID, fork->span, base);
  add_arms(lower, join, first_row);
  if (fork->attr != ATTR_COUNT) {
    ir_add_attr(lower->graph, fork->attr, fork->attr_value);
  }
  if (fork->list != TYPE_VOID) {
    lower->graph->nodes.data[ref].flags |= IR_LISTS;
  }
}

/* A port for each result, the first of a WHILE's excepted. */
static void add_ports(Lower *lower, const Join *join) {
  const Fork *fork = join->fork;
  for (uint32_t i = 0; i < join->output_count; i++) {
    Output *output = &lower->outputs.data[join->first_output + i];
    TypeId type = fork->list != TYPE_VOID ? fork->list : output->type;
    if (fork->op == OP_WHILE) continue;
    output->ref = lower_leaf(lower, OP_PORT, type, fork->span);
  }
  for (uint32_t i = 0; i < lower->carried.length; i++) {
    AstBinding *binding = lower->carried.data[i];
    IrRef port = lower_leaf(lower, OP_PORT, binding->type, fork->span);
    layer_assign(lower, binding, port);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((join->spaces >> space & 1) == 0) continue;
    IrRef port = lower_leaf(lower, OP_PORT, TYPE_VOID, fork->span);
    layer_assign(lower, &lower->tokens[space], port);
  }
}

/* No arm goes on, so nothing here does. */
static void end_here(Lower *lower, bool returns) {
  lower->layer->ended = true;
  if (returns) {
    layer_assign(lower, &lower->returned, ir_bool(lower->program, true));
  }
}

void lower_join(Lower *lower, const Fork *fork, uint32_t outputs) {
  Join join = begin(lower, fork, outputs);
  uint32_t first_row = lower->program->graphs.length;
  bool returns = false;
  collect_carried(lower, &join);
  for (uint32_t i = 0; i < join.arm_count; i++) {
    add_end(lower, &join, arm_at(lower, &join, i));
  }
  collect_names(lower, &join);
  for (uint32_t i = 0; i < join.arm_count; i++) {
    Layer *arm = arm_at(lower, &join, i);
    close_graph(lower, &join, arm);
    returns = returns || arm->returns;
  }
  clear_slots(lower->names.data, lower->names.length);
  add_composite(lower, &join, first_row);
  add_ports(lower, &join);
  if (join.ended) end_here(lower, returns);
  while (lower->arms.length > fork->first_arm) {
    layer_recycle(lower, vec_pop(&lower->arms));
  }
}
