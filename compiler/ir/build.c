/* SPDX-License-Identifier: MIT
 *
 * Checked tree to graph IR, one graph a flow. Expressions are lowered in the
 * order they are written, inside out, so the nodes come out in topological
 * order and effects happen in text order: for each space the flow uses,
 * `tokens` says who holds the space's token now, an effect node takes it by an
 * order edge and holds it next, a call hands it through the callee and gets it
 * back as a port. Nothing but effects and results looks at tokens, so a model
 * call never waits for one.
 *
 * Every node gets its key here: a hash of flow, label (bound name or op) and
 * how many nodes of that label came before.
 */
#include "compiler/ir/build.h"

#include <assert.h>

#include "compiler/ir/edit.h"
#include "compiler/ir/lower.h"
#include "compiler/ir/spaces.h"
#include "core/base/mem.h"

/* A reference has bits enough for all that a source can hold: the most nodes a
 * byte come from `f();`, a call and its ports. */
_Static_assert(LIMIT_SOURCE_BYTES / 4 * (2 + SPACE_COUNT) <= LIMIT_GRAPH_NODES,
               "references could overflow");

/* ---- nodes --------------------------------------------------------------- */

void lower_push(Lower *lower, IrRef ref) {
  vec_push(&lower->refs, ref);
}

/* Makes a node of the inputs on the stack from `base` on; takes them off. */
static IrRef add_node(Lower *lower, Op op, TypeId type, Span span,
                      uint32_t base) {
  IrNode node = {.op = (uint8_t)op, .type = type, .span = span};
  uint32_t count = lower->refs.length - base;
  lower->refs.length = base;
  return ir_add_node(lower->graph, &node, lower->refs.data + base, count);
}

/* A node without inputs. */
static IrRef add_leaf(Lower *lower, Op op, TypeId type, Span span) {
  return add_node(lower, op, type, span, lower->refs.length);
}

static bool is_text(const Lower *lower, IrRef ref) {
  TypeId type = ir_is_const(ref) ? ir_const(lower->program, ref)->type
                                 : lower->graph->nodes.data[ref].type;
  return type == TYPE_TEXT;
}

/* ---- expressions --------------------------------------------------------- */

/* Pushes what a node that concatenates reads for `expr`: its parts at every
 * level, without empty literals. */
static void push_parts(Lower *lower, const AstExpr *expr) {
  if (expr->kind == EXPR_CONCAT) {
    for (expr = expr->u.parts.first; expr != NULL; expr = expr->next) {
      push_parts(lower, expr);
    }
  } else if (expr->kind != EXPR_TEXT || expr->u.text.length > 0) {
    IrRef ref = lower_expr(lower, expr);
    lower_push(lower, ref);
  }
}

/* `+` and `{{ }}` where nobody else concatenates. One text alone is itself;
 * anything else alone still has to become text. */
static IrRef lower_concat(Lower *lower, const AstExpr *expr) {
  uint32_t base = lower->refs.length;
  push_parts(lower, expr);
  uint32_t count = lower->refs.length - base;
  if (count == 0) return ir_text(lower->program, SLICE(""));
  if (count == 1 && is_text(lower, lower->refs.data[base])) {
    return vec_pop(&lower->refs);
  }
  return add_node(lower, OP_TEXT, TYPE_TEXT, expr->span, base);
}

static void push_list(Lower *lower, const AstExpr *first) {
  for (const AstExpr *expr = first; expr != NULL; expr = expr->next) {
    IrRef ref = lower_expr(lower, expr);
    lower_push(lower, ref);
  }
}

/* Attributes are constants: the checker saw to it. */
static void add_attrs(Lower *lower, const AstCall *call) {
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    if (attr->attr == ATTR_COUNT) continue;
    IrRef value = lower_expr(lower, attr->value);
    assert(ir_is_const(value));
    ir_add_attr(lower->graph, attr->attr, value);
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

static IrRef lower_op(Lower *lower, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  uint32_t base = lower->refs.length;
  push_op_inputs(lower, call);
  int space = effect_space(op_table[call->op].effect);
  if (space >= 0) lower_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
  IrRef ref = add_node(lower, call->op, expr->type, expr->span, base);
  add_attrs(lower, call);
  if (space >= 0) lower->tokens[space] = ref;
  return ref;
}

/* Returns the value's port, or the call itself when the flow is void. */
static IrRef lower_flow_call(Lower *lower, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  uint32_t base = lower->refs.length;
  uint32_t spaces = lower->masks[call->flow->index];
  push_list(lower, call->args);
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) == 0) continue;
    lower_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
  }
  IrRef value = add_node(lower, OP_CALL, TYPE_VOID, expr->span, base);
  lower->graph->nodes.data[value].target = call->flow->index;
  if (call->flow->result != TYPE_VOID) {
    value = add_leaf(lower, OP_PORT, call->flow->result, expr->span);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) == 0) continue;
    lower->tokens[space] = add_leaf(lower, OP_PORT, TYPE_VOID, expr->span);
  }
  return value;
}

static IrRef lower_list(Lower *lower, const AstExpr *expr) {
  uint32_t base = lower->refs.length;
  push_list(lower, expr->u.parts.first);
  return add_node(lower, OP_LIST, expr->type, expr->span, base);
}

IrRef lower_expr(Lower *lower, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
      return ir_text(lower->program, expr->u.text);
    case EXPR_NUM:
      return ir_num(lower->program, expr->u.num);
    case EXPR_BOOL:
      return ir_bool(lower->program, expr->u.boolean);
    case EXPR_NAME:
      return expr->u.name.binding->ir;
    case EXPR_CONCAT:
      return lower_concat(lower, expr);
    case EXPR_LIST:
      return lower_list(lower, expr);
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

/* ---- names and keys ------------------------------------------------------ */

/* The op that is called `name`, OP_COUNT for any other name. */
static Op op_called(Slice name) {
  Op op = 0;
  while (op < OP_COUNT && !slice_equal_text(name, op_table[op].text)) op++;
  return op;
}

/* How many labels like this one the flow has had. Bound names differ from each
 * other, but one may be the same as an op. */
static uint32_t next_ordinal(Lower *lower, const IrNode *node) {
  Op op = node->name.length > 0 ? op_called(node->name) : (Op)node->op;
  return op < OP_COUNT ? lower->ordinals[op]++ : 0;
}

static void add_decimal(Buf *out, uint32_t number) {
  char digits[10];
  size_t first = sizeof digits;
  do {
    digits[--first] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  buf_add(out, digits + first, sizeof digits - first);
}

/* Gives the nodes from `first` on their keys. */
static void add_keys(Lower *lower, uint32_t first) {
  for (uint32_t i = first; i < lower->graph->nodes.length; i++) {
    IrNode *node = &lower->graph->nodes.data[i];
    lower->key.length = lower->key_prefix;
    if (node->name.length > 0) {
      buf_add_slice(&lower->key, node->name);
    } else {
      buf_add_text(&lower->key, op_table[node->op].text);
    }
    buf_add_char(&lower->key, '#');
    add_decimal(&lower->key, next_ordinal(lower, node));
    node->key = slice_hash(buf_slice(&lower->key));
  }
}

/* Names the node that a binding's value comes from, if the statement, whose
 * nodes begin at `first`, made one: of a call's port, the call. */
static void add_name(Lower *lower, IrRef value, uint32_t first, Slice name) {
  if (ir_is_const(value) || value < first) return;
  IrNode *node = &lower->graph->nodes.data[value];
  if (node->op == OP_PORT) node--;
  node->name = name;
}

/* ---- statements ---------------------------------------------------------- */

/* The text literal that a binding of `expr` stands for, or NULL. */
static const AstExpr *literal_of(const AstExpr *expr) {
  if (expr->kind == EXPR_TEXT) return expr;
  return expr->kind == EXPR_NAME ? expr->u.name.binding->literal : NULL;
}

static void bind(Lower *lower, const AstStmt *stmt, IrRef value,
                 uint32_t first) {
  if (stmt->target.binding != NULL) {
    stmt->target.binding->ir = value;
    stmt->target.binding->literal = literal_of(stmt->expr);
    add_name(lower, value, first, stmt->target.binding->name.text);
  } else if (!ir_is_const(value)) {
    lower->graph->nodes.data[value].flags |= IR_KEEP;
  }
}

/* Returns the flow's value, IR_REF_NONE without one. */
static IrRef lower_body(Lower *lower, const AstFlow *flow) {
  for (const AstStmt *stmt = flow->body.first; stmt != NULL; stmt = stmt->next) {
    uint32_t first = lower->graph->nodes.length;
    IrRef value = stmt->expr ? lower_expr(lower, stmt->expr) : IR_REF_NONE;
    if (stmt->kind == STMT_BIND) bind(lower, stmt, value, first);
    add_keys(lower, first);
    if (stmt->kind == STMT_RETURN) return value;
  }
  return IR_REF_NONE;
}

/* ---- flows --------------------------------------------------------------- */

static void add_params(Lower *lower, const AstFlow *flow) {
  for (const AstParam *param = flow->params; param; param = param->next) {
    IrRef ref =
        add_leaf(lower, OP_PARAM, param->binding->type, param->name.span);
    add_name(lower, ref, 0, param->name.text);
    param->binding->ir = ref;
    param->binding->literal = NULL;
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((lower->graph->spaces >> space & 1) == 0) continue;
    lower->tokens[space] = add_leaf(lower, OP_PARAM, TYPE_VOID, flow->span);
  }
  lower->graph->param_count = lower->graph->nodes.length;
  add_keys(lower, 0);
}

static void add_results(Lower *lower, const AstFlow *flow, IrRef value) {
  uint32_t first = lower->graph->nodes.length;
  if (flow->result != TYPE_VOID) {
    assert(value != IR_REF_NONE);
    lower_push(lower, value);
    add_node(lower, OP_RESULT, flow->result, flow->span,
             lower->refs.length - 1);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((lower->graph->spaces >> space & 1) == 0) continue;
    lower_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
    add_node(lower, OP_RESULT, TYPE_VOID, flow->span, lower->refs.length - 1);
  }
  lower->graph->result_count = lower->graph->nodes.length - first;
  add_leaf(lower, OP_END, TYPE_VOID, flow->end_span);
  add_keys(lower, first);
}

/* Begins the keys of a flow; returns its name, "Agent.flow". */
static Slice open_keys(Lower *lower, const AstFlow *flow) {
  buf_clear(&lower->key);
  buf_add_slice(&lower->key, flow->agent->name.text);
  buf_add_char(&lower->key, '.');
  buf_add_slice(&lower->key, flow->name.text);
  size_t length = lower->key.length;
  char *name = arena_copy(lower->program->arena, lower->key.data, length);
  buf_add_char(&lower->key, '/');
  lower->key_prefix = length + 1;
  memset(lower->ordinals, 0, sizeof lower->ordinals);
  return slice_from(name, length);
}

static void lower_flow(Lower *lower, const AstFlow *flow) {
  IrGraph *graph = &lower->program->graphs.data[flow->index];
  lower->graph = graph;
  graph->name = open_keys(lower, flow);
  graph->result = flow->result;
  graph->spaces = lower->masks[flow->index];
  add_params(lower, flow);
  IrRef value = lower_body(lower, flow);
  add_results(lower, flow, value);
  lower->program->flows.data[flow->index] =
      (IrFlow){.agent = flow->agent->name.text,
               .name = flow->name.text,
               .graph = flow->index,
               .param_count = flow->param_count,
               .entry = flow->entry,
               .span = flow->span};
}

/* One row a flow, so that pointers to graphs stay. */
static void make_rows(IrProgram *program, uint32_t flow_count) {
  for (uint32_t i = 0; i < flow_count; i++) {
    vec_push(&program->graphs, (IrGraph){0});
    vec_push(&program->flows, (IrFlow){0});
  }
}

static void lower_flows(Lower *lower, const AstProgram *ast) {
  make_rows(lower->program, ast->flow_count);
  for (const AstAgent *agent = ast->agents; agent; agent = agent->next) {
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      lower_flow(lower, flow);
    }
  }
}

IrProgram *ir_build(const AstProgram *ast, Arena *arena) {
  uint16_t *masks = mem_alloc_zero((size_t)ast->flow_count + 1, sizeof *masks);
  Lower lower = {.program = ir_new(ast->source, ast->types, arena),
                 .masks = masks};
  spaces_summarize(ast, masks);
  lower_flows(&lower, ast);
  vec_free(&lower.refs);
  vec_free(&lower.pieces);
  map_free(&lower.headings);
  buf_free(&lower.key);
  mem_free(masks);
  return lower.program;
}
