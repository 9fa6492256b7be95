/* SPDX-License-Identifier: MIT
 *
 * Checks a graph IR after it was built and after each pass: layout, references,
 * arity and types by ops.def, composites against the graphs of their arms, and
 * that each effect token is handed on exactly once. Limits on counts are not
 * our mistake; the object writer reports those, and what an operation asks of
 * the types of its inputs the loader looks at.
 */
#include "compiler/ir/verify.h"

#include <stdarg.h>

#include "compiler/ir/dump.h"
#include "core/base/log.h"
#include "core/base/mem.h"

typedef struct Check {
  const IrProgram *program;
  const IrGraph *graph; /* the one being checked */
  uint32_t index;       /* node being checked */
  uint32_t *readers;    /* by node: order edges from it */
  Buf *why;
} Check;

/* Always false. */
static bool broken(Check *check, const char *format, ...) PRINTF_LIKE(2, 3);
static bool broken(Check *check, const char *format, ...) {
  va_list args;
  buf_add_slice(check->why, check->graph->name);
  buf_addf(check->why, " %%%u: ", check->index);
  va_start(args, format);
  buf_addv(check->why, format, args);
  va_end(args);
  return false;
}

/* ---- references ---------------------------------------------------------- */

static bool holds_token(const IrNode *node) {
  return ir_is_token(node) || effect_space(op_table[node->op].effect) >= 0;
}

static bool check_ref(Check *check, IrRef ref) {
  uint32_t row = ir_index(ref);
  if (ir_is_const(ref)) {
    if (row < check->program->consts.length && !ir_is_order(ref)) return true;
    return broken(check, "reads no constant of the program");
  }
  if (row >= check->index) return broken(check, "reads %%%u, not earlier", row);
  const IrNode *from = &check->graph->nodes.data[row];
  if (ir_is_order(ref)) {
    if (ir_waits_for_any((Op)check->graph->nodes.data[check->index].op)) {
      return true;
    }
    check->readers[row]++;
    return holds_token(from) || broken(check, "%%%u holds no token", row);
  }
  return from->type != TYPE_VOID || broken(check, "%%%u has no value", row);
}

/* Counts the inputs that carry a value; order edges follow them. */
static bool check_inputs(Check *check, const IrNode *node, uint32_t *values) {
  const IrRef *inputs = ir_inputs(check->graph, node);
  *values = 0;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!check_ref(check, inputs[i])) return false;
    if (ir_is_order(inputs[i])) continue;
    if (*values != i) return broken(check, "a value behind an order edge");
    ++*values;
  }
  return true;
}

/* ---- types --------------------------------------------------------------- */

static TypeId type_of(const Check *check, IrRef ref) {
  return ir_is_const(ref) ? ir_const(check->program, ref)->type
                          : check->graph->nodes.data[ir_index(ref)].type;
}

static bool check_fits(Check *check, IrRef ref, TypeId to) {
  TypeId from = type_of(check, ref);
  if (type_fits(type_table_view(check->program->types), from, to)) return true;
  return broken(check, "type %u where %u is wanted", from, to);
}

static bool check_type(Check *check, const IrNode *node) {
  const TypeTable *types = check->program->types;
  bool fits = node->type < types->rows.length;
  switch (op_table[node->op].result) {
    case OP_RESULT_VOID:
      fits = node->type == TYPE_VOID;
      break;
    case OP_RESULT_TEXT:
      fits = node->type == TYPE_TEXT;
      break;
    case OP_RESULT_NUM:
      fits = node->type == TYPE_NUM;
      break;
    case OP_RESULT_BOOL:
      fits = node->type == TYPE_BOOL;
      break;
    case OP_RESULT_JSON:
      fits = node->type == TYPE_JSON;
      break;
    case OP_RESULT_LIST:
      fits = fits && types->rows.data[node->type].kind == TYPE_KIND_LIST;
      break;
    case OP_RESULT_ANY:
      break;
  }
  return fits || broken(check, "type %u does not suit the op", node->type);
}

/* Whether `count` values from the first on are elements of the node's list. */
static bool check_items(Check *check, const IrNode *node, uint32_t count) {
  TypeId element = check->program->types->rows.data[node->type].element;
  const IrRef *inputs = ir_inputs(check->graph, node);
  for (uint32_t i = 0; i < count; i++) {
    if (!check_fits(check, inputs[i], element)) return false;
  }
  return true;
}

/* ---- composites ---------------------------------------------------------- */

static const IrGraph *arm_graph(const Check *check, const IrArm *arm) {
  return &check->program->graphs.data[arm->graph];
}

/* Whether the node has the kinds of arms it needs, in their order. */
static bool check_kinds(Check *check, const IrNode *node) {
  const IrArm *arms = ir_arms(check->graph, node);
  uint32_t kinds = 0;
  for (uint32_t i = 0; i < node->arm_count; i++) {
    if (i > 0 && arms[i].kind < arms[i - 1].kind) {
      return broken(check, "arms out of order");
    }
    kinds |= 1u << arms[i].kind;
  }
  uint32_t wanted = 1u << OBJ_ARM_BODY;
  if (node->op == OP_TRY) wanted |= 1u << OBJ_ARM_CATCH;
  if (node->op == OP_BRANCH) {
    kinds &= ~(1u << OBJ_ARM_ABSENT);
    bool is_bool = (kinds >> OBJ_ARM_TRUE & 1) != 0;
    if (!is_bool) kinds &= ~(1u << OBJ_ARM_DEFAULT);
    wanted = is_bool ? 1u << OBJ_ARM_TRUE | 1u << OBJ_ARM_FALSE
                     : 1u << OBJ_ARM_CASE;
  }
  return kinds == wanted || broken(check, "arms of kinds %x", kinds);
}

/* Whether a label is there where one is wanted. */
static bool check_arm(Check *check, const IrNode *node, const IrArm *arm) {
  if (arm->graph >= check->program->graphs.length) {
    return broken(check, "runs no graph");
  }
  if (arm_graph(check, arm)->nested == (node->op == OP_CALL)) {
    return broken(check, "runs a graph of another sort");
  }
  bool is_case = arm->kind == OBJ_ARM_CASE;
  if (!is_case) {
    return arm->label == IR_REF_NONE || broken(check, "a needless label");
  }
  return (ir_is_const(arm->label) &&
          ir_index(arm->label) < check->program->consts.length &&
          type_of(check, arm->label) == TYPE_TEXT) ||
         broken(check, "a case without a label");
}

/* Parameters that the node's inputs do not go to, and inputs that are for the
 * node itself. */
static uint32_t own_params(const IrNode *node, const IrArm *arm) {
  return node->op == OP_LOOP || node->op == OP_WHILE ||
         arm->kind == OBJ_ARM_CATCH;
}
static uint32_t own_inputs(const IrNode *node) {
  return node->op == OP_BRANCH || node->op == OP_LOOP;
}

/* The inputs of the node are what the graph's parameters ask for. */
static bool check_params(Check *check, const IrNode *node, const IrArm *arm,
                         uint32_t values) {
  const IrGraph *graph = arm_graph(check, arm);
  uint32_t own = own_params(node, arm);
  uint32_t first = own_inputs(node);
  if (values < first || node->input_count - first + own != graph->param_count ||
      node->input_count - values != ir_token_count(graph)) {
    return broken(check, "passes %u values and %u tokens", values,
                  node->input_count - values);
  }
  const IrRef *inputs = ir_inputs(check->graph, node);
  for (uint32_t i = first; i < values; i++) {
    TypeId type = graph->nodes.data[i - first + own].type;
    if (!check_fits(check, inputs[i], type)) return false;
  }
  return true;
}

/* What the port number `index` of the node is to be, of a graph that results
 * in `type`. */
static bool is_port_type(const Check *check, const IrNode *node, uint32_t index,
                         TypeId type, TypeId port) {
  if (index > 0 || (node->flags & IR_LISTS) == 0) return port == type;
  TypeRow row = check->program->types->rows.data[port];
  return row.kind == TYPE_KIND_LIST && row.element == type;
}

/* The ports of the node at check->index are what the graph results in. */
static bool check_ports(Check *check, const IrNode *node,
                        const IrGraph *graph) {
  uint32_t inner = ir_inner_results(node);
  const IrNode *results = ir_results(graph) + inner;
  const IrNode *nodes = check->graph->nodes.data;
  if (graph->result_count < inner) return broken(check, "too few results");
  for (uint32_t i = 0; i < graph->result_count - inner; i++) {
    uint32_t port = check->index + 1 + i;
    if (port >= check->graph->nodes.length || nodes[port].op != OP_PORT ||
        !is_port_type(check, node, i, results[i].type, nodes[port].type)) {
      return broken(check, "port %u does not match the graph", i);
    }
  }
  return true;
}

static bool check_composite(Check *check, const IrNode *node, uint32_t values) {
  const IrArm *arms = ir_arms(check->graph, node);
  if (!check_kinds(check, node)) return false;
  for (uint32_t i = 0; i < node->arm_count; i++) {
    if (!check_arm(check, node, &arms[i]) ||
        !check_params(check, node, &arms[i], values) ||
        !check_ports(check, node, arm_graph(check, &arms[i]))) {
      return false;
    }
    if (arm_graph(check, &arms[i])->result_count !=
        arm_graph(check, &arms[0])->result_count) {
      return broken(check, "arms with different results");
    }
  }
  return true;
}

/* ---- nodes --------------------------------------------------------------- */

/* Order edges that a node other than a composite must have. */
static uint32_t wanted_order(const IrNode *node, uint32_t count) {
  if (ir_waits_for_any((Op)node->op)) return count;
  bool is_token_result = node->op == OP_RESULT && node->type == TYPE_VOID;
  return is_token_result || effect_space(op_table[node->op].effect) >= 0;
}

static bool check_node(Check *check) {
  const IrNode *node = &check->graph->nodes.data[check->index];
  uint32_t values;
  if (!check_inputs(check, node, &values)) return false;
  if (!check_type(check, node)) return false;
  if (ir_is_composite(node)) return check_composite(check, node, values);
  const OpInfo *info = &op_table[node->op];
  if (values < info->min_inputs ||
      (values > info->max_inputs && info->max_inputs != LIMIT_NODE_INPUTS)) {
    return broken(check, "%u values", values);
  }
  uint32_t orders = node->input_count - values;
  if (orders != wanted_order(node, orders)) {
    return broken(check, "%u order edges", orders);
  }
  if (node->op == OP_LIST || node->op == OP_WAIT) {
    return check_items(check, node, values);
  }
  if (node->op != OP_RESULT || node->type == TYPE_VOID) return true;
  if (values != 1) return broken(check, "a result without a value");
  return check_fits(check, *ir_inputs(check->graph, node), node->type);
}

/* ---- graphs -------------------------------------------------------------- */

/* The op that the layout wants at `index`; OP_COUNT for any that works. */
static Op placed_op(const IrGraph *graph, uint32_t index) {
  uint32_t count = graph->nodes.length;
  if (index < graph->param_count) return OP_PARAM;
  if (index == count - 1) return OP_END;
  return index + 1 + graph->result_count >= count ? OP_RESULT : OP_COUNT;
}

/* Whether node `index` may be a port: the composite before it has that many. */
static bool is_port_place(const Check *check, uint32_t index) {
  const IrNode *nodes = check->graph->nodes.data;
  uint32_t at = index;
  while (at > 0 && nodes[at].op == OP_PORT) at--;
  const IrArm *arms = ir_arms(check->graph, &nodes[at]);
  return nodes[at].op < OP_COUNT && ir_is_composite(&nodes[at]) &&
         arms != NULL && arms->graph < check->program->graphs.length &&
         index - at + ir_inner_results(&nodes[at]) <=
             arm_graph(check, arms)->result_count;
}

static bool check_place(Check *check) {
  const IrNode *node = &check->graph->nodes.data[check->index];
  Op wanted = placed_op(check->graph, check->index);
  if (node->op >= OP_COUNT) return broken(check, "no op");
  if (node->op == OP_PORT) {
    return is_port_place(check, check->index) || broken(check, "stray port");
  }
  if (wanted == OP_COUNT) {
    return (op_table[node->op].shape & OP_FRAME) == 0 ||
           broken(check, "plumbing among the work");
  }
  return node->op == wanted || broken(check, "not a %s", op_table[wanted].text);
}

/* Inputs, attributes and arms lie in node order without gaps. */
static bool check_ranges(Check *check) {
  const IrGraph *graph = check->graph;
  uint32_t inputs = 0;
  uint32_t attrs = 0;
  uint32_t arms = 0;
  for (check->index = 0; check->index < graph->nodes.length; check->index++) {
    const IrNode *node = &graph->nodes.data[check->index];
    if (node->first_input != inputs || node->first_attr != attrs ||
        node->first_arm != arms) {
      return broken(check, "inputs, attributes or arms out of order");
    }
    inputs += node->input_count;
    attrs += node->attr_count;
    arms += node->arm_count;
  }
  return (inputs == graph->inputs.length && attrs == graph->attrs.length &&
          arms == graph->arms.length) ||
         broken(check, "inputs, attributes or arms left over");
}

/* Parameters and results: values first, then a token for each space. */
static bool check_signature(Check *check) {
  const IrGraph *graph = check->graph;
  uint32_t tokens = ir_token_count(graph);
  uint32_t results = graph->result_count;
  if (graph->param_count < tokens || results < tokens ||
      graph->nodes.length < graph->param_count + results + 1) {
    return broken(check, "parameters or results miscounted");
  }
  for (uint32_t i = 0; i < graph->param_count; i++) {
    bool is_token = i + tokens >= graph->param_count;
    if (ir_is_token(&graph->nodes.data[i]) != is_token) {
      return broken(check, "parameter %u out of order", i);
    }
  }
  for (uint32_t i = 0; i < results; i++) {
    bool is_token = i + tokens >= results;
    if (ir_is_token(&ir_results(graph)[i]) != is_token) {
      return broken(check, "result %u out of order", i);
    }
  }
  return true;
}

static bool check_chains(Check *check) {
  const IrGraph *graph = check->graph;
  for (check->index = 0; check->index < graph->nodes.length; check->index++) {
    const IrNode *node = &graph->nodes.data[check->index];
    if (node->op == OP_RESULT || !holds_token(node)) continue;
    if (check->readers[check->index] != 1) {
      return broken(check, "token read %u times", check->readers[check->index]);
    }
  }
  return true;
}

/* What the composites that run the graph rely on. */
static bool check_outside(Check *check) {
  check->index = 0;
  return check_signature(check) && check_ranges(check);
}

static bool check_inside(Check *check) {
  const IrGraph *graph = check->graph;
  for (check->index = 0; check->index < graph->nodes.length; check->index++) {
    if (!check_place(check)) return false;
  }
  for (check->index = 0; check->index < graph->nodes.length; check->index++) {
    if (!check_node(check)) return false;
  }
  return check_chains(check);
}

static bool check_graphs(Check *check, bool (*body)(Check *)) {
  for (uint32_t i = 0; i < check->program->graphs.length; i++) {
    check->graph = &check->program->graphs.data[i];
    check->readers = mem_alloc_zero((size_t)check->graph->nodes.length + 1,
                                    sizeof *check->readers);
    bool sound = body(check);
    mem_free(check->readers);
    if (!sound) return false;
  }
  return true;
}

bool ir_verify(const IrProgram *program, Buf *why) {
  Check check = {.program = program, .why = why};
  return check_graphs(&check, check_outside) &&
         check_graphs(&check, check_inside);
}

bool ir_is_sound(const IrProgram *program, const char *step) {
  Buf why = {0};
  bool sound = ir_verify(program, &why);
  if (!sound) {
    Buf dump = {0};
    ir_dump_text(program, &dump);
    log_error("the graph is broken after %s: %s\n%s", step, why.data,
              dump.data);
    buf_free(&dump);
  }
  buf_free(&why);
  return sound;
}
