/* SPDX-License-Identifier: MIT
 *
 * Constructs. Each arm or body is lowered into a graph of its own; what these
 * have in common is found when they are joined (join.c).
 *
 * When just one arm of an `if` or `switch` goes on and another returns, as in
 *
 *     if (n <= 0) { return "" }
 *     ... the rest of the block
 *
 * then the rest belongs into that one arm: it is left open, the statements that
 * follow go there, and the construct is joined at the end of the block.
 */
#include "compiler/ir/control.h"

#include <assert.h>
#include <stdio.h>

#include "compiler/ir/block.h"
#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/join.h"
#include "compiler/ir/key.h"

typedef struct Construct {
  const AstControl *control; /* NULL of an expression */
  Fork fork;
  Part part;
  uint32_t number;  /* of the part in its block */
  uint32_t outputs; /* first of Lower.outputs */
} Construct;

/* ---- outputs ------------------------------------------------------------- */

static void push_output(Lower *lower, TypeId type) {
  Output output = {type, IR_REF_NONE};
  vec_push(&lower->outputs, output);
}

/* What is wanted of the whole is wanted of every arm. */
static void want_exports(Lower *lower, const AstControl *control) {
  for (const AstExport *e = control->exports; e != NULL; e = e->next) {
    if (!e->binding->used) continue;
    push_output(lower, e->binding->type);
    for (uint32_t i = 0; i < control->arm_count; i++) {
      if (e->inner[i] != NULL) e->inner[i]->used = true;
    }
  }
}

static Construct begin(Lower *lower, const AstStmt *stmt, Op op, Part part,
                       IrRef control) {
  Construct c = {.control = stmt->control,
                 .fork = lower_fork(lower, op, stmt->span, control),
                 .part = part,
                 .number = path_number(lower, part),
                 .outputs = lower->outputs.length};
  want_exports(lower, stmt->control);
  return c;
}

static void bind_exports(Lower *lower, const Construct *c) {
  uint32_t at = c->outputs;
  for (const AstExport *e = c->control->exports; e != NULL; e = e->next) {
    if (!e->binding->used) continue;
    e->binding->literal = NULL;
    layer_bind(lower, e->binding, lower->outputs.data[at++].ref);
  }
}

/* After the join: names and value. */
static IrRef end(Lower *lower, const Construct *c) {
  IrRef value = IR_REF_NONE;
  if (!lower->layer->ended) {
    bind_exports(lower, c);
    if (c->control->value_wanted && lower->outputs.length > c->outputs) {
      value = lower->outputs.data[lower->outputs.length - 1].ref;
    }
  }
  lower->outputs.length = c->outputs;
  return value;
}

/* ---- arms ---------------------------------------------------------------- */

/* What an arm is beside its block. */
typedef struct ArmInfo {
  const char *name; /* in paths */
  ObjArmKind kind;
  IrRef label;
  bool has_param;   /* a parameter of its own, before all others */
  TypeId param_type;
  AstName param_name;
  AstBinding *param; /* the name it is bound to; NULL for nobody */
} ArmInfo;

static void open_arm(Lower *lower, const Construct *c, const ArmInfo *info,
                     Path *path) {
  path_enter(lower, path, c->part, c->number, info->name);
  layer_open(lower, path_name(lower));
  if (!info->has_param) return;
  IrRef param = layer_own_param(lower, info->param_type, info->param_name.text,
                                info->param_name.span);
  if (info->param == NULL) return;
  info->param->literal = NULL;
  layer_bind(lower, info->param, param);
}

static void lower_arm(Lower *lower, const Construct *c, const ArmInfo *info,
                      const AstBlock *block, uint32_t index) {
  Path path;
  open_arm(lower, c, info, &path);
  lower_block(lower, block, c->control->exports, index, c->outputs);
  path_leave(lower);
  lower_close_arm(lower, info->kind, info->label, c->outputs);
}

/* An arm in which nothing happens: it hands on what others change, and an
 * absent one yields absent values. */
static void add_empty_arm(Lower *lower, const Construct *c, ObjArmKind kind,
                          const char *name) {
  Path path;
  uint32_t none = lower->outputs.length;
  open_arm(lower, c, &(ArmInfo){.name = name}, &path);
  path_leave(lower);
  lower_close_arm(lower, kind, IR_REF_NONE, none);
}

/* An arm whose value is known. */
static void add_known_arm(Lower *lower, const Construct *c, ObjArmKind kind,
                          const char *name, bool value) {
  Path path;
  open_arm(lower, c, &(ArmInfo){.name = name}, &path);
  lower->outputs.data[c->outputs].ref = ir_bool(lower->program, value);
  path_leave(lower);
  lower_close_arm(lower, kind, IR_REF_NONE, c->outputs);
}

static void add_absent_arm(Lower *lower, const Construct *c) {
  if (!lower->skips) return;
  add_empty_arm(lower, c, OBJ_ARM_ABSENT, "absent");
}

/* ---- if, switch ---------------------------------------------------------- */

/* The arm that goes on, if it is the only one and some other returns. */
static Layer *only_way_on(const Lower *lower, const Fork *fork) {
  Layer *way = NULL;
  bool returns = false;
  for (uint32_t i = fork->first_arm; i < lower->arms.length; i++) {
    Layer *arm = lower->arms.data[i];
    returns = returns || arm->returns;
    if (arm->ended) continue;
    if (way != NULL) return NULL;
    way = arm;
  }
  return returns ? way : NULL;
}

/* Leaves the only arm that goes on open for the rest of the block. */
static bool go_on_inside(Lower *lower, Construct *c) {
  Layer *way = only_way_on(lower, &c->fork);
  if (way == NULL) return false;
  way->base = c->fork.base = lower->layer->base;
  way->fork = c->fork;
  way->fork.listed = true;
  layer_resume(lower, way);
  for (uint32_t i = 0; i < way->outputs.length; i++) {
    lower->outputs.data[c->outputs + i].ref = way->outputs.data[i];
  }
  return true;
}

static IrRef end_branch(Lower *lower, Construct *c) {
  add_absent_arm(lower, c);
  if (!go_on_inside(lower, c)) lower_join(lower, &c->fork, c->outputs);
  return end(lower, c);
}

static void want_value(Lower *lower, const AstControl *control) {
  if (control->value_wanted) push_output(lower, control->value);
}

static IrRef lower_if(Lower *lower, const AstStmt *stmt) {
  IrRef condition = lower_expr(lower, stmt->expr);
  Construct c = begin(lower, stmt, OP_BRANCH, PART_IF, condition);
  uint32_t index = 0;
  want_value(lower, c.control);
  for (const AstArm *arm = c.control->arms; arm != NULL; arm = arm->next) {
    bool is_else = arm->kind == ARM_ELSE;
    ArmInfo info = {.name = is_else ? "else" : "then",
                    .kind = is_else ? OBJ_ARM_FALSE : OBJ_ARM_TRUE,
                    .label = IR_REF_NONE};
    lower_arm(lower, &c, &info, &arm->body, index++);
  }
  if (index == 1) add_empty_arm(lower, &c, OBJ_ARM_FALSE, "else");
  return end_branch(lower, &c);
}

static void lower_case(Lower *lower, const Construct *c, const AstArm *arm,
                       uint32_t index) {
  char name[24];
  ArmInfo info = {.name = "default",
                  .kind = OBJ_ARM_DEFAULT,
                  .label = IR_REF_NONE};
  if (arm->kind == ARM_CASE) {
    snprintf(name, sizeof name, "case#%u", index);
    info.name = name;
    info.kind = OBJ_ARM_CASE;
    info.label = ir_text(lower->program, arm->label->u.text);
  }
  lower_arm(lower, c, &info, &arm->body, index);
}

static IrRef lower_switch(Lower *lower, const AstStmt *stmt) {
  IrRef text = lower_expr(lower, stmt->expr);
  if (stmt->expr->type != TYPE_TEXT) {
    text = lower_unary(lower, OP_TO_TEXT, TYPE_TEXT, stmt->expr->span, text);
  }
  Construct c = begin(lower, stmt, OP_BRANCH, PART_SWITCH, text);
  uint32_t index = 0;
  want_value(lower, c.control);
  for (const AstArm *arm = c.control->arms; arm != NULL; arm = arm->next) {
    lower_case(lower, &c, arm, index++);
  }
  return end_branch(lower, &c);
}

/* ---- loop ---------------------------------------------------------------- */

/* Of the items of a list; nobody sees one of a list that is empty. */
static TypeId element_of(const Lower *lower, TypeId list) {
  TypeId element = lower->program->types->rows.data[list].element;
  return element != TYPE_NONE ? element : TYPE_JSON;
}

/* The construct's number attribute `attr`, if it is given. */
static void add_attr(Lower *lower, Construct *c, Attr attr) {
  for (const AstAttr *a = c->control->attrs; a != NULL; a = a->next) {
    if (!slice_equal_text(a->name.text, attr_table[attr].text)) continue;
    c->fork.attr = attr;
    c->fork.attr_value = lower_expr(lower, a->value);
  }
}

/* A body that never comes to its end has no values: the list is empty. */
static bool makes_list(const AstControl *control) {
  return control->value_wanted && !control->arms->body.ends;
}

static IrRef lower_loop(Lower *lower, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  IrRef list = lower_expr(lower, stmt->expr);
  Construct c = begin(lower, stmt, OP_LOOP, PART_LOOP, list);
  if (makes_list(control)) {
    c.fork.list = control->value;
    push_output(lower, element_of(lower, control->value));
  }
  add_attr(lower, &c, ATTR_PARALLEL);
  ArmInfo info = {.name = "body",
                  .kind = OBJ_ARM_BODY,
                  .label = IR_REF_NONE,
                  .has_param = true,
                  .param_type = element_of(lower, stmt->expr->type),
                  .param_name = control->variable,
                  .param = control->variable_binding};
  lower_arm(lower, &c, &info, &control->arms->body, 0);
  lower_join(lower, &c.fork, c.outputs);
  IrRef value = end(lower, &c);
  if (!control->value_wanted || makes_list(control)) return value;
  return lower_leaf(lower, OP_LIST, control->value, stmt->span);
}

/* ---- while --------------------------------------------------------------- */

/* An absent condition ends the loop: it becomes false. */
static IrRef present_condition(Lower *lower, const AstStmt *stmt,
                               IrRef condition) {
  if (!lower->skips) return condition;
  Construct c = begin(lower, stmt, OP_BRANCH, PART_IF, condition);
  push_output(lower, TYPE_BOOL);
  add_known_arm(lower, &c, OBJ_ARM_TRUE, "then", true);
  add_known_arm(lower, &c, OBJ_ARM_FALSE, "else", false);
  add_known_arm(lower, &c, OBJ_ARM_ABSENT, "absent", false);
  lower_join(lower, &c.fork, c.outputs);
  return vec_pop(&lower->outputs).ref;
}

/* The work of a step, where the condition holds and it is not too late. */
static void lower_step_body(Lower *lower, const AstStmt *stmt, IrRef go) {
  Construct c = begin(lower, stmt, OP_BRANCH, PART_IF, go);
  ArmInfo info = {
      .name = "body", .kind = OBJ_ARM_TRUE, .label = IR_REF_NONE};
  lower_arm(lower, &c, &info, &c.control->arms->body, 0);
  add_empty_arm(lower, &c, OBJ_ARM_FALSE, "else");
  lower_join(lower, &c.fork, c.outputs);
}

/* Whether to go on after a step: a return ends the loop. */
static IrRef lower_again(Lower *lower, Span span, IrRef condition) {
  IrRef returned = layer_read(lower, &lower->returned);
  if (ir_is_const(returned)) return condition;
  IrRef goes_on = lower_unary(lower, OP_NOT, TYPE_BOOL, span, returned);
  return lower_binary(lower, OP_AND, TYPE_BOOL, span, condition, goes_on);
}

/* In the graph of a step; leaves in the output whether to go on. */
static void lower_step(Lower *lower, const AstStmt *stmt, uint32_t outputs) {
  Span span = stmt->expr->span;
  IrRef last = layer_own_param(lower, TYPE_BOOL, SLICE("last"), stmt->span);
  IrRef condition = lower_expr(lower, stmt->expr);
  condition = present_condition(lower, stmt, condition);
  IrRef early = lower_unary(lower, OP_NOT, TYPE_BOOL, span, last);
  IrRef go = lower_binary(lower, OP_AND, TYPE_BOOL, span, condition, early);
  lower_step_body(lower, stmt, go);
  lower->outputs.data[outputs].ref = lower_again(lower, span, condition);
  key_nodes(lower);
}

static IrRef lower_while(Lower *lower, const AstStmt *stmt) {
  Path path;
  Construct c = begin(lower, stmt, OP_WHILE, PART_WHILE, IR_REF_NONE);
  push_output(lower, TYPE_BOOL);
  add_attr(lower, &c, ATTR_MAX);
  open_arm(lower, &c, &(ArmInfo){.name = "step"}, &path);
  lower_step(lower, stmt, c.outputs);
  path_leave(lower);
  lower_close_arm(lower, OBJ_ARM_BODY, IR_REF_NONE, c.outputs);
  lower_join(lower, &c.fork, c.outputs);
  lower->outputs.length = c.outputs;
  return IR_REF_NONE;
}

/* ---- try ----------------------------------------------------------------- */

static IrRef lower_try(Lower *lower, const AstStmt *stmt) {
  Construct c = begin(lower, stmt, OP_TRY, PART_TRY, IR_REF_NONE);
  AstBinding *caught = c.control->variable_binding;
  uint32_t index = 0;
  want_value(lower, c.control);
  for (const AstArm *arm = c.control->arms; arm != NULL; arm = arm->next) {
    bool is_catch = arm->kind == ARM_CATCH;
    ArmInfo info = {.name = is_catch ? "catch" : "body",
                    .kind = is_catch ? OBJ_ARM_CATCH : OBJ_ARM_BODY,
                    .label = IR_REF_NONE,
                    .has_param = is_catch,
                    .param_type = lower->error_type,
                    .param_name = c.control->variable,
                    .param = caught};
    lower_arm(lower, &c, &info, &arm->body, index++);
  }
  lower_join(lower, &c.fork, c.outputs);
  return end(lower, &c);
}

IrRef lower_control(Lower *lower, const AstStmt *stmt) {
  switch (stmt->kind) {
    case STMT_IF:
      return lower_if(lower, stmt);
    case STMT_SWITCH:
      return lower_switch(lower, stmt);
    case STMT_LOOP:
      return lower_loop(lower, stmt);
    case STMT_WHILE:
      return lower_while(lower, stmt);
    default:
      assert(stmt->kind == STMT_TRY);
      return lower_try(lower, stmt);
  }
}

/* ---- && and || ----------------------------------------------------------- */

static void add_right_arm(Lower *lower, const Construct *c, ObjArmKind kind,
                          const AstExpr *right) {
  Path path;
  open_arm(lower, c, &(ArmInfo){.name = "right"}, &path);
  IrRef ref = lower_expr(lower, right);
  lower->outputs.data[c->outputs].ref = ref;
  key_nodes(lower);
  path_leave(lower);
  lower_close_arm(lower, kind, IR_REF_NONE, c->outputs);
}

IrRef lower_lazy_logic(Lower *lower, const AstExpr *expr, IrRef left) {
  bool is_and = expr->u.operation.op == OP_AND;
  const AstExpr *right = expr->u.operation.right;
  Part part = is_and ? PART_AND : PART_OR;
  Construct c = {.fork = lower_fork(lower, OP_BRANCH, expr->span, left),
                 .part = part,
                 .number = path_number(lower, part),
                 .outputs = lower->outputs.length};
  push_output(lower, TYPE_BOOL);
  if (is_and) {
    add_right_arm(lower, &c, OBJ_ARM_TRUE, right);
    add_known_arm(lower, &c, OBJ_ARM_FALSE, "left", false);
  } else {
    add_known_arm(lower, &c, OBJ_ARM_TRUE, "left", true);
    add_right_arm(lower, &c, OBJ_ARM_FALSE, right);
  }
  add_absent_arm(lower, &c);
  lower_join(lower, &c.fork, c.outputs);
  return vec_pop(&lower->outputs).ref;
}
