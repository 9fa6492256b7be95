/* SPDX-License-Identifier: MIT
 *
 * Checks a graph IR after it was built and after each pass: layout, references,
 * arity and types by ops.def, calls against their callees, and that each
 * effect token is handed on exactly once. Limits on counts are not our
 * mistake; the object writer reports those.
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

static uint32_t space_count(const IrGraph *graph) {
  uint32_t count = 0;
  for (uint32_t spaces = graph->spaces; spaces != 0; spaces >>= 1) {
    count += spaces & 1;
  }
  return count;
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
  const TypeTable *types = check->program->types;
  TypeId from = type_of(check, ref);
  if (type_fits(types->rows.data, types->rows.length, from, to)) return true;
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

/* ---- nodes --------------------------------------------------------------- */

/* The ports of the call at check->index are what its callee results in. */
static bool check_ports(Check *check, const IrGraph *callee) {
  const IrNode *results =
      callee->nodes.data + callee->nodes.length - 1 - callee->result_count;
  const IrNode *nodes = check->graph->nodes.data;
  for (uint32_t i = 0; i < callee->result_count; i++) {
    uint32_t port = check->index + 1 + i;
    if (port >= check->graph->nodes.length || nodes[port].op != OP_PORT ||
        nodes[port].type != results[i].type) {
      return broken(check, "port %u does not match the callee", i);
    }
  }
  return true;
}

static bool check_call(Check *check, const IrNode *node, uint32_t values) {
  if (node->target >= check->program->graphs.length) {
    return broken(check, "calls no graph");
  }
  const IrGraph *callee = &check->program->graphs.data[node->target];
  uint32_t tokens = space_count(callee);
  if (values + tokens != callee->param_count ||
      node->input_count != callee->param_count) {
    return broken(check, "passes %u values and %u tokens", values,
                  node->input_count - values);
  }
  const IrRef *inputs = ir_inputs(check->graph, node);
  for (uint32_t i = 0; i < values; i++) {
    if (!check_fits(check, inputs[i], callee->nodes.data[i].type)) return false;
  }
  return check_ports(check, callee);
}

/* Order edges that a node other than a call must have. */
static uint32_t wanted_order(const IrNode *node) {
  bool is_token_result = node->op == OP_RESULT && node->type == TYPE_VOID;
  return is_token_result || effect_space(op_table[node->op].effect) >= 0;
}

static bool check_node(Check *check) {
  const IrNode *node = &check->graph->nodes.data[check->index];
  uint32_t values;
  if (!check_inputs(check, node, &values)) return false;
  if (!check_type(check, node)) return false;
  if (node->op == OP_CALL) return check_call(check, node, values);
  const OpInfo *info = &op_table[node->op];
  if (values < info->min_inputs ||
      (values > info->max_inputs && info->max_inputs != LIMIT_NODE_INPUTS)) {
    return broken(check, "%u values", values);
  }
  if (node->input_count - values != wanted_order(node)) {
    return broken(check, "%u order edges", node->input_count - values);
  }
  if (info->result == OP_RESULT_LIST) return check_items(check, node, values);
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

/* Whether node `index` may be a port: the call before it has that many. */
static bool is_port_place(const Check *check, uint32_t index) {
  const IrNode *nodes = check->graph->nodes.data;
  uint32_t call = index;
  while (call > 0 && nodes[call].op == OP_PORT) call--;
  return nodes[call].op == OP_CALL &&
         nodes[call].target < check->program->graphs.length &&
         index - call <=
             check->program->graphs.data[nodes[call].target].result_count;
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

/* Inputs and attributes lie in node order without gaps. */
static bool check_ranges(Check *check) {
  const IrGraph *graph = check->graph;
  uint32_t inputs = 0;
  uint32_t attrs = 0;
  for (check->index = 0; check->index < graph->nodes.length; check->index++) {
    const IrNode *node = &graph->nodes.data[check->index];
    if (node->first_input != inputs || node->first_attr != attrs) {
      return broken(check, "inputs or attributes out of order");
    }
    inputs += node->input_count;
    attrs += node->attr_count;
  }
  return (inputs == graph->inputs.length && attrs == graph->attrs.length) ||
         broken(check, "inputs or attributes left over");
}

/* Parameters and results: values first, then a token for each space. */
static bool check_signature(Check *check) {
  const IrGraph *graph = check->graph;
  uint32_t tokens = space_count(graph);
  uint32_t results = tokens + (graph->result != TYPE_VOID);
  if (graph->param_count < tokens || graph->result_count != results ||
      graph->nodes.length < graph->param_count + results + 1) {
    return broken(check, "parameters or results miscounted");
  }
  for (uint32_t i = 0; i < graph->param_count; i++) {
    bool is_token = i + tokens >= graph->param_count;
    if (ir_is_token(&graph->nodes.data[i]) != is_token) {
      return broken(check, "parameter %u out of order", i);
    }
  }
  uint32_t first = graph->nodes.length - 1 - results;
  for (uint32_t i = 0; i < results; i++) {
    TypeId type = i + tokens >= results ? TYPE_VOID : graph->result;
    if (graph->nodes.data[first + i].type != type) {
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

/* What calls of the graph rely on. */
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
