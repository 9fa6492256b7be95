/* SPDX-License-Identifier: MIT
 *
 * Statements. What follows a statement after which the flow may have returned
 * runs only if it has not, so it is a graph of its own: the FALSE arm of a
 * BRANCH on that, whose TRUE arm hands the flow's value on. Such rests nest
 * inside one another up to the end of the block, where they are all joined;
 * they are opened when the next statement comes, so a last one has none.
 * What follows a fence is a rest, too, that waits for it.
 */
#include "compiler/ir/block.h"

#include "compiler/ir/control.h"
#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/join.h"
#include "compiler/ir/key.h"

static IrRef lower_stmts(Lower *lower, const AstStmt *first);

/* ---- bindings ------------------------------------------------------------ */

/* The text literal that a name bound to `expr` stands for, or NULL. */
static const AstExpr *literal_of(const AstExpr *expr) {
  if (expr == NULL) return NULL;
  if (expr->kind == EXPR_TEXT) return expr;
  return expr->kind == EXPR_NAME ? expr->u.name.binding->literal : NULL;
}

/* A json value at a declared name of another type is looked at first. */
static IrRef convert(Lower *lower, const AstTarget *target, TypeId from,
                     IrRef value) {
  Span span = target->name.span;
  TypeId to = target->declared_type;
  if (target->declared == NULL) return value;
  if (from != TYPE_JSON || to == TYPE_JSON) {
    return lower_as(lower, value, to, span);
  }
  return lower_unary(lower, OP_CONVERT, to, span, value);
}

/* Binds one name to a value; `first` is the statement's first node. */
static IrRef bind_target(Lower *lower, const AstTarget *target, TypeId type,
                         IrRef value, uint32_t first) {
  AstBinding *binding = target->binding;
  value = convert(lower, target, type, value);
  if (binding != NULL) {
    binding->literal = NULL;
    layer_bind(lower, binding, value);
    key_name(lower, value, first, binding);
  } else if (!ir_is_const(value)) {
    lower->graph->nodes.data[value].flags |= IR_KEEP;
  }
  return value;
}

/* The part of a value that the target number `index` is bound to. */
static IrRef take_part(Lower *lower, TypeId type, IrRef value, uint32_t index,
                       Span span, TypeId *part) {
  const TypeTable *types = lower->program->types;
  TypeRow row = types->rows.data[type];
  if (row.kind == TYPE_KIND_RECORD) {
    const TypeRecord *record = &types->records.data[row.element];
    const TypeField *field = &types->fields.data[record->first_field + index];
    *part = field->type;
    return lower_binary(lower, OP_FIELD, field->type, span, value,
                        ir_text(lower->program, field->name));
  }
  *part = row.kind == TYPE_KIND_LIST ? row.element : TYPE_JSON;
  return lower_binary(lower, OP_INDEX, *part, span, value,
                      ir_num(lower->program, index));
}

/* `-> x` or `-> a, b`. Returns what the block is worth when it ends here. */
static IrRef bind_targets(Lower *lower, const AstStmt *stmt, TypeId type,
                          IrRef value, uint32_t first) {
  const AstTarget *target = &stmt->target;
  if (target->name.text.length == 0 || lower->layer->ended) return value;
  if (target->next == NULL) {
    value = bind_target(lower, target, type, value, first);
    if (target->binding != NULL && ir_is_const(value) &&
        !target->binding->assigned) {
      target->binding->literal = literal_of(stmt->expr);
    }
    return value;
  }
  for (uint32_t i = 0; target != NULL; target = target->next, i++) {
    TypeId part_type;
    IrRef part =
        take_part(lower, type, value, i, target->name.span, &part_type);
    bind_target(lower, target, part_type, part, part);
  }
  return value;
}

/* ---- statements ---------------------------------------------------------- */

static void lower_return(Lower *lower, const AstStmt *stmt) {
  if (stmt->expr != NULL) {
    IrRef value = lower_expr(lower, stmt->expr);
    if (lower->value.type != TYPE_VOID) {
      layer_assign(lower, &lower->value, value);
    }
  }
  layer_assign(lower, &lower->returned, ir_bool(lower->program, true));
  lower->layer->ended = true;
}

static IrRef lower_assign(Lower *lower, const AstStmt *stmt) {
  AstBinding *binding = stmt->target.binding;
  uint32_t first = lower->graph->nodes.length;
  IrRef value = lower_expr(lower, stmt->expr);
  value = lower_as(lower, value, binding->type, stmt->span);
  layer_assign(lower, binding, value);
  key_name(lower, value, first, binding);
  return value;
}

static IrRef lower_plain_stmt(Lower *lower, const AstStmt *stmt) {
  uint32_t first = lower->graph->nodes.length;
  switch (stmt->kind) {
    case STMT_BIND: {
      IrRef value = lower_expr(lower, stmt->expr);
      return bind_targets(lower, stmt, stmt->expr->type, value, first);
    }
    case STMT_ASSIGN:
      return lower_assign(lower, stmt);
    case STMT_EXPR:
      return lower_expr(lower, stmt->expr);
    case STMT_RETURN:
      lower_return(lower, stmt);
      return IR_REF_NONE;
    default: {
      const Layer *layer = lower->layer;
      bool is_inline = stmt->kind == STMT_PARALLEL;
      const AstControl *control = stmt->control;
      IrRef value = is_inline ? lower_stmts(lower, control->arms->body.first)
                              : lower_control(lower, stmt);
      if (lower->layer != layer) first = lower->graph->nodes.length;
      return bind_targets(lower, stmt, control->value, value, first);
    }
  }
}

static IrRef lower_stmt(Lower *lower, const AstStmt *stmt) {
  if (stmt->marks == NULL) return lower_plain_stmt(lower, stmt);
  Settings around = lower->settings;
  lower_marks(lower, stmt->marks);
  IrRef value = lower_plain_stmt(lower, stmt);
  lower->settings = around;
  return value;
}

/* ---- fences -------------------------------------------------------------- */

static IrRef add_fence(Lower *lower, Layer *layer, Span span);

/* The FENCE after all that the graph around a rest holds, as a value in the
 * graph of the rest; IR_REF_NONE when what it waits for is done anyway. */
static IrRef fence_around(Lower *lower, Layer *layer, Span span) {
  if (layer->level == layer->base || layer->fork.fence) return IR_REF_NONE;
  Layer *outer = layer->outer;
  if (outer->before == NULL) {
    AstBinding *before = ARENA_NEW(lower->program->arena, AstBinding);
    before->type = TYPE_BOOL;
    before->used = true;
    before->ir = add_fence(lower, outer, span);
    before->level = before->home = outer->level;
    outer->before = before;
  }
  return layer_read_at(lower, outer->before, layer->level);
}

/* Whether a fence has to wait for the node. */
static bool is_waited_for(const IrNode *node) {
  return (op_table[node->op].shape & (OP_ASYNC | OP_COMPOSITE | OP_FALLIBLE)) !=
         0;
}

static IrRef add_fence(Lower *lower, Layer *layer, Span span) {
  IrNode node = {.op = OP_FENCE, .type = TYPE_BOOL, .span = span};
  uint32_t base = lower->refs.length;
  IrRef around = fence_around(lower, layer, span);
  if (around != IR_REF_NONE) vec_push(&lower->refs, OBJ_REF_ORDER | around);
  for (uint32_t i = 0; i < layer->graph.nodes.length; i++) {
    if (!is_waited_for(&layer->graph.nodes.data[i])) continue;
    vec_push(&lower->refs, OBJ_REF_ORDER | i);
  }
  uint32_t count = lower->refs.length - base;
  lower->refs.length = base;
  return ir_add_node(&layer->graph, &node, lower->refs.data + base, count);
}

IrRef lower_fence(Lower *lower, Span span) {
  lower->layer->fence = add_fence(lower, lower->layer, span);
  return lower->layer->fence;
}

/* ---- rests --------------------------------------------------------------- */

/* The arm that is taken when the flow has returned. */
static void add_returned_arm(Lower *lower, uint32_t number) {
  layer_open(lower, path_part_name(lower, PART_REST, number, "returned"));
  if (lower->value.type != TYPE_VOID) {
    layer_assign(lower, &lower->value, layer_read(lower, &lower->value));
  }
  layer_assign(lower, &lower->returned, ir_bool(lower->program, true));
  lower->layer->ended = true;
  lower_close_arm(lower, OBJ_ARM_TRUE, IR_REF_NONE, lower->outputs.length);
}

/* Opens a graph for the rest of the block if it must not simply go on here. */
static void open_rest(Lower *lower, Span span) {
  IrRef control = lower->layer->fence;
  bool fence = control != IR_REF_NONE;
  if (!fence) control = layer_read(lower, &lower->returned);
  if (ir_is_const(control) && !fence) return;
  Fork fork = lower_fork(lower, OP_BRANCH, span, control);
  uint32_t number = path_number(lower, PART_REST);
  fork.base = lower->layer->base;
  fork.fence = fence;
  if (!fence) add_returned_arm(lower, number);
  Layer *rest =
      layer_open(lower, path_part_name(lower, PART_REST, number, "else"));
  rest->base = fork.base;
  rest->fork = fork;
  if (fence) return;
  layer_know(lower, &lower->returned, ir_bool(lower->program, false));
  layer_know(lower, &lower->value, IR_REF_NONE);
}

/* Joins what was opened inside `bottom`. */
static void close_rests(Lower *lower, const Layer *bottom, uint32_t outputs) {
  while (lower->layer != bottom) {
    Fork fork = lower->layer->fork;
    key_nodes(lower);
    if (fork.listed) {
      lower_close_again(lower, outputs);
    } else {
      lower_close_arm(lower, OBJ_ARM_FALSE, IR_REF_NONE, outputs);
    }
    lower_join(lower, &fork, outputs);
    key_nodes(lower);
  }
}

/* ---- blocks -------------------------------------------------------------- */

/* Whether the checker saw no way past the statement. */
static bool is_end(const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  if (stmt->kind == STMT_RETURN) return true;
  if (control == NULL || stmt->kind == STMT_LOOP || stmt->kind == STMT_WHILE ||
      (stmt->kind == STMT_IF && control->arm_count == 1)) {
    return false;
  }
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next) {
    if (!arm->body.ends) return false;
  }
  return true;
}

/* Returns the value of the last statement, IR_REF_NONE without one. */
static IrRef lower_stmts(Lower *lower, const AstStmt *first) {
  IrRef value = IR_REF_NONE;
  for (const AstStmt *stmt = first; stmt != NULL; stmt = stmt->next) {
    open_rest(lower, stmt->span);
    value = lower_stmt(lower, stmt);
    key_nodes(lower);
    if (lower->layer->ended || is_end(stmt)) return IR_REF_NONE;
  }
  return value;
}

void lower_body(Lower *lower, const AstBlock *block) {
  const Layer *bottom = lower->layer;
  lower_stmts(lower, block->first);
  lower->layer->ended = true;
  close_rests(lower, bottom, lower->outputs.length);
}

void lower_block(Lower *lower, const AstBlock *block, const AstExport *exports,
                 uint32_t arm, uint32_t outputs) {
  const Layer *bottom = lower->layer;
  IrRef value = lower_stmts(lower, block->first);
  uint32_t at = outputs;
  for (const AstExport *e = exports; e != NULL; e = e->next) {
    if (!e->binding->used) continue;
    AstBinding *inner = e->inner[arm];
    bool is_there = inner != NULL && !lower->layer->ended;
    lower->outputs.data[at++].ref =
        is_there ? layer_read(lower, inner) : IR_REF_NONE;
  }
  if (at < lower->outputs.length) lower->outputs.data[at].ref = value;
  close_rests(lower, bottom, outputs);
  lower->layer->fence = IR_REF_NONE; /* it was of this block */
}
