/* SPDX-License-Identifier: MIT
 *
 * Expressions, inside out and in the order they are written, so that nodes come
 * out in topological order and effects happen in text order. For each space,
 * one name says who holds its token now: an effect node takes it by an order
 * edge and holds it next, a call hands it through the callee and gets it back
 * as a port. Nothing but effects and results looks at tokens, so a model call
 * never waits for one.
 */
#include "compiler/ir/expr.h"

#include <assert.h>

#include "compiler/ir/block.h"
#include "compiler/ir/control.h"
#include "compiler/ir/edit.h"

/* ---- nodes --------------------------------------------------------------- */

void lower_push(Lower *lower, IrRef ref) {
  vec_push(&lower->refs, ref);
}

IrRef lower_node(Lower *lower, Op op, TypeId type, Span span, uint32_t base) {
  IrNode node = {.op = (uint8_t)op, .type = type, .span = span};
  uint32_t count = lower->refs.length - base;
  lower->refs.length = base;
  return ir_add_node(lower->graph, &node, lower->refs.data + base, count);
}

IrRef lower_leaf(Lower *lower, Op op, TypeId type, Span span) {
  return lower_node(lower, op, type, span, lower->refs.length);
}

IrRef lower_unary(Lower *lower, Op op, TypeId type, Span span, IrRef ref) {
  uint32_t base = lower->refs.length;
  lower_push(lower, ref);
  return lower_node(lower, op, type, span, base);
}

IrRef lower_binary(Lower *lower, Op op, TypeId type, Span span, IrRef left,
                   IrRef right) {
  uint32_t base = lower->refs.length;
  lower_push(lower, left);
  lower_push(lower, right);
  return lower_node(lower, op, type, span, base);
}

/* The node by which the innermost graph has ended: an ERR, or a construct whose
 * arms all end so; IR_REF_NONE when it has not, or may have returned. */
static IrRef find_end(const Lower *lower) {
  if (!lower->layer->ended || lower->layer->returns) return IR_REF_NONE;
  for (uint32_t i = lower->graph->nodes.length; i-- > 0;) {
    Op op = (Op)lower->graph->nodes.data[i].op;
    if (op == OP_ERR || op == OP_BRANCH || op == OP_TRY) return i;
    bool passed = op == OP_PORT || op == OP_NONE || op == OP_ABSENT ||
                  op == OP_RESULT;
    if (!passed) break;
  }
  return IR_REF_NONE;
}

/* Where a guard may skip, a value may be looked at that is there in one arm
 * only because the other was skipped: it is absent then. Where an arm ends by
 * failing, it has failed before anybody gets its value. */
IrRef lower_nothing(Lower *lower, TypeId type) {
  uint32_t base = lower->refs.length;
  IrRef end = find_end(lower);
  if (end != IR_REF_NONE) lower_push(lower, OBJ_REF_ORDER | end);
  return lower_node(lower, lower->skips ? OP_ABSENT : OP_NONE, type, (Span){0},
                    base);
}

static TypeId type_of(const Lower *lower, IrRef ref) {
  return ir_is_const(ref) ? ir_const(lower->program, ref)->type
                          : lower->graph->nodes.data[ref].type;
}

IrRef lower_as(Lower *lower, IrRef ref, TypeId type, Span span) {
  if (type != TYPE_JSON || type_of(lower, ref) == TYPE_JSON) return ref;
  return lower_unary(lower, OP_PASS, TYPE_JSON, span, ref);
}

/* ---- text and sums ------------------------------------------------------- */

/* The first `count` parts of a chain of `+`, added as numbers. */
static IrRef lower_sum(Lower *lower, const AstExpr *expr, uint32_t count) {
  uint32_t base = lower->refs.length;
  const AstExpr *part = expr->u.parts.first;
  for (uint32_t i = 0; i < count; i++, part = part->next) {
    IrRef ref = lower_expr(lower, part);
    lower_push(lower, ref);
  }
  return lower_node(lower, OP_ADD, TYPE_NUM, expr->span, base);
}

bool lower_is_text_chain(const AstExpr *expr) {
  return expr->kind == EXPR_CONCAT && expr->type != TYPE_NUM;
}

const AstExpr *lower_chain_sum(Lower *lower, const AstExpr *expr, IrRef *sum) {
  const AstExpr *part = expr->u.parts.first;
  uint32_t numbers = expr->u.parts.numbers;
  *sum = numbers > 0 ? lower_sum(lower, expr, numbers) : IR_REF_NONE;
  for (uint32_t i = 0; i < numbers; i++) part = part->next;
  return part;
}

/* Pushes what a node that concatenates reads for `expr`: its parts at every
 * level, without empty literals. */
static void push_parts(Lower *lower, const AstExpr *expr) {
  if (lower_is_text_chain(expr)) {
    IrRef sum;
    const AstExpr *part = lower_chain_sum(lower, expr, &sum);
    if (sum != IR_REF_NONE) lower_push(lower, sum);
    for (; part != NULL; part = part->next) push_parts(lower, part);
  } else if (expr->kind != EXPR_TEXT || expr->u.text.length > 0) {
    IrRef ref = lower_expr(lower, expr);
    lower_push(lower, ref);
  }
}

/* `+` and `{{ }}` where nobody else concatenates. One text alone is itself;
 * anything else alone still has to become text. */
static IrRef lower_concat(Lower *lower, const AstExpr *expr) {
  if (!lower_is_text_chain(expr)) {
    return lower_sum(lower, expr, expr->u.parts.count);
  }
  uint32_t base = lower->refs.length;
  push_parts(lower, expr);
  uint32_t count = lower->refs.length - base;
  if (count == 0) return ir_text(lower->program, SLICE(""));
  if (count == 1 && type_of(lower, lower->refs.data[base]) == TYPE_TEXT) {
    return vec_pop(&lower->refs);
  }
  return lower_node(lower, OP_TEXT, TYPE_TEXT, expr->span, base);
}

/* ---- calls --------------------------------------------------------------- */

static void push_list(Lower *lower, const AstExpr *first) {
  for (const AstExpr *expr = first; expr != NULL; expr = expr->next) {
    IrRef ref = lower_expr(lower, expr);
    lower_push(lower, ref);
  }
}

/* Attributes are literals: the checker saw to it. A bare word stands for
 * itself. */
static IrRef lower_attr(Lower *lower, const AstExpr *value) {
  if (value->kind == EXPR_NAME && value->u.name.binding == NULL) {
    return ir_text(lower->program, value->u.name.text);
  }
  IrRef ref = lower_expr(lower, value);
  assert(ir_is_const(ref));
  return ref;
}

/* What the agent and the annotations say of a model call that does not say it
 * itself; `given` has a bit for each attribute that it does. */
static void add_inherited_attrs(Lower *lower, uint32_t given) {
  if ((given >> ATTR_SYSTEM & 1) == 0 && lower->context != IR_REF_NONE)
    ir_add_attr(lower->graph, ATTR_SYSTEM, lower->context);
  for (int mark = 0; mark < MARK_COUNT; mark++) {
    IrRef value = lower->settings.values[mark];
    Attr attr = mark_table[mark].attr;
    if (value != IR_REF_NONE && (given >> attr & 1) == 0)
      ir_add_attr(lower->graph, attr, value);
  }
}

static void add_attrs(Lower *lower, const AstCall *call) {
  uint32_t given = 0;
  _Static_assert(ATTR_COUNT <= 32, "one bit each");
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    if (attr->attr == ATTR_COUNT) continue;
    given |= UINT32_C(1) << attr->attr;
    ir_add_attr(lower->graph, attr->attr, lower_attr(lower, attr->value));
  }
  if (op_table[call->op].effect == EFFECT_MODEL)
    add_inherited_attrs(lower, given);
}

void lower_marks(Lower *lower, const AstMark *mark) {
  for (; mark != NULL; mark = mark->next) {
    if (mark->value != NULL)
      lower->settings.values[mark->mark] = lower_attr(lower, mark->value);
  }
}

static void push_op_inputs(Lower *lower, const AstCall *call) {
  if (op_table[call->op].effect == EFFECT_MODEL) {
    lower_prompt(lower, call);
  } else if (ir_concatenates(call->op)) {
    for (const AstExpr *arg = call->args; arg != NULL; arg = arg->next) {
      push_parts(lower, arg);
    }
  } else {
    push_list(lower, call->args);
  }
}

/* Functions that do nothing to a value of this type: `str` of a text, `num` of
 * a number, `json` of a json value (of a text it parses). */
static bool is_identity(Op op, TypeId type) {
  return (op == OP_TO_TEXT && type == TYPE_TEXT) ||
         (op == OP_TO_NUM && type == TYPE_NUM) ||
         (op == OP_TO_JSON && type == TYPE_JSON);
}

static IrRef lower_op(Lower *lower, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  if (call->op == OP_FENCE) return lower_fence(lower, expr->span);
  if (call->args != NULL && is_identity(call->op, call->args->type)) {
    return lower_expr(lower, call->args);
  }
  uint32_t base = lower->refs.length;
  push_op_inputs(lower, call);
  int space = effect_space(op_table[call->op].effect);
  if (space >= 0) {
    IrRef token = layer_read(lower, &lower->tokens[space]);
    lower_push(lower, OBJ_REF_ORDER | token);
  }
  IrRef ref = lower_node(lower, call->op, expr->type, expr->span, base);
  add_attrs(lower, call);
  if (space >= 0) layer_assign(lower, &lower->tokens[space], ref);
  if (call->op == OP_ERR) lower->layer->ended = true;
  return ref;
}

/* Returns the value's port, or the call itself when the flow is void. */
static IrRef lower_flow_call(Lower *lower, const AstExpr *expr) {
  const AstFlow *flow = expr->u.call->flow;
  uint32_t base = lower->refs.length;
  uint32_t spaces = lower->masks[flow->index];
  push_list(lower, expr->u.call->args);
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) == 0) continue;
    IrRef token = layer_read(lower, &lower->tokens[space]);
    lower_push(lower, OBJ_REF_ORDER | token);
  }
  IrRef value = lower_node(lower, OP_CALL, TYPE_VOID, expr->span, base);
  ir_add_arm(lower->graph, OBJ_ARM_BODY, IR_REF_NONE, flow->index);
  if (flow->result != TYPE_VOID) {
    value = lower_leaf(lower, OP_PORT, flow->result, expr->span);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) == 0) continue;
    IrRef port = lower_leaf(lower, OP_PORT, TYPE_VOID, expr->span);
    layer_assign(lower, &lower->tokens[space], port);
  }
  return value;
}

static IrRef lower_list(Lower *lower, const AstExpr *expr) {
  uint32_t base = lower->refs.length;
  push_list(lower, expr->u.parts.first);
  return lower_node(lower, OP_LIST, expr->type, expr->span, base);
}

/* ---- operators ----------------------------------------------------------- */

/* Minus a number is a number; otherwise a node. */
static IrRef lower_unary_expr(Lower *lower, const AstExpr *expr) {
  IrRef ref = lower_expr(lower, expr->u.operation.left);
  if (expr->u.operation.op == OP_NEG && ir_is_const(ref)) {
    return ir_num(lower->program, -ir_const(lower->program, ref)->num);
  }
  return lower_unary(lower, expr->u.operation.op, expr->type, expr->span, ref);
}

static bool is_harmless(const AstExpr *expr);

static bool all_harmless(const AstExpr *first) {
  for (; first != NULL; first = first->next) {
    if (!is_harmless(first)) return false;
  }
  return true;
}

static bool is_harmless_op(Op op) {
  return op_table[op].effect == EFFECT_PURE &&
         (op_table[op].shape & OP_FALLIBLE) == 0;
}

/* Whether an expression can be worked out although its value is not needed:
 * it neither calls anything nor fails. */
static bool is_harmless(const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      return expr->u.parts.numbers == 0 && all_harmless(expr->u.parts.first);
    case EXPR_UNARY:
      return is_harmless(expr->u.operation.left);
    case EXPR_BINARY:
      return is_harmless_op(expr->u.operation.op) &&
             is_harmless(expr->u.operation.left) &&
             is_harmless(expr->u.operation.right);
    case EXPR_CALL:
      return expr->u.call->callee == CALLEE_OP &&
             is_harmless_op(expr->u.call->op) &&
             all_harmless(expr->u.call->args);
    case EXPR_FIELD:
    case EXPR_INDEX:
      return false;
    default:
      return true;
  }
}

/* `a && b` and `a || b`. A right side that is absent must not matter where the
 * left one decides, which a node that reads both cannot do. */
static IrRef lower_logic(Lower *lower, const AstExpr *expr) {
  const AstExpr *right = expr->u.operation.right;
  IrRef left = lower_expr(lower, expr->u.operation.left);
  bool is_strict = lower->skips ? right->kind == EXPR_BOOL : is_harmless(right);
  if (!is_strict) return lower_lazy_logic(lower, expr, left);
  IrRef ref = lower_expr(lower, right);
  return lower_binary(lower, expr->u.operation.op, TYPE_BOOL, expr->span, left,
                      ref);
}

static IrRef lower_operation(Lower *lower, const AstExpr *expr) {
  Op op = expr->u.operation.op;
  if (op == OP_AND || op == OP_OR) return lower_logic(lower, expr);
  IrRef left = lower_expr(lower, expr->u.operation.left);
  IrRef right = lower_expr(lower, expr->u.operation.right);
  return lower_binary(lower, op, expr->type, expr->span, left, right);
}

static IrRef lower_field(Lower *lower, const AstExpr *expr) {
  IrRef base = lower_expr(lower, expr->u.field.base);
  IrRef name = ir_text(lower->program, expr->u.field.name.text);
  return lower_binary(lower, OP_FIELD, expr->type, expr->span, base, name);
}

static IrRef lower_index(Lower *lower, const AstExpr *expr) {
  IrRef base = lower_expr(lower, expr->u.index.base);
  IrRef index = lower_expr(lower, expr->u.index.index);
  return lower_binary(lower, OP_INDEX, expr->type, expr->span, base, index);
}

IrRef lower_expr(Lower *lower, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
      return ir_text(lower->program, expr->u.text);
    case EXPR_NUM:
    case EXPR_DURATION:
      return ir_num(lower->program, expr->u.num);
    case EXPR_BOOL:
      return ir_bool(lower->program, expr->u.boolean);
    case EXPR_NULL:
      return lower_leaf(lower, OP_NIL, TYPE_JSON, expr->span);
    case EXPR_NAME:
      return layer_read(lower, expr->u.name.binding);
    case EXPR_CONCAT:
      return lower_concat(lower, expr);
    case EXPR_LIST:
      return lower_list(lower, expr);
    case EXPR_UNARY:
      return lower_unary_expr(lower, expr);
    case EXPR_BINARY:
      return lower_operation(lower, expr);
    case EXPR_FIELD:
      return lower_field(lower, expr);
    case EXPR_INDEX:
      return lower_index(lower, expr);
    case EXPR_CALL:
      if (expr->u.call->callee == CALLEE_FLOW) {
        return lower_flow_call(lower, expr);
      }
      return lower_op(lower, expr);
    case EXPR_ERROR:
      break;
  }
  assert(expr->kind != EXPR_ERROR); /* the parser reported it */
  return IR_REF_NONE;
}
