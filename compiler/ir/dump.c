/* SPDX-License-Identifier: MIT
 *
 * The graph IR as text and as a drawing. Both look at each node once.
 */
#include "compiler/ir/dump.h"

#include "core/base/json.h"

enum { LABEL_BYTES = 40 }; /* of a constant in a drawing */

static const char *const space_names[SPACE_COUNT + 1] = {
    [SPACE_OUTPUT] = "output",
    [SPACE_COUNT] = "?",
};

static const char *const arm_names[OBJ_ARM_KIND_COUNT] = {
    [OBJ_ARM_BODY] = "body",     [OBJ_ARM_CATCH] = "catch",
    [OBJ_ARM_TRUE] = "true",     [OBJ_ARM_FALSE] = "false",
    [OBJ_ARM_CASE] = "case",     [OBJ_ARM_DEFAULT] = "default",
    [OBJ_ARM_ABSENT] = "absent",
};

/* ---- effect tokens ------------------------------------------------------- */

/* The space that is bit number `rank` among those set in `spaces`. */
static Space nth_space(uint32_t spaces, uint32_t rank) {
  uint32_t space = 0;
  for (; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) != 0 && rank-- == 0) break;
  }
  return (Space)space;
}

/* The space whose token the PARAM, PORT or RESULT at `index` is; SPACE_COUNT
 * when the graph is broken. */
static Space token_space(const IrProgram *program, const IrGraph *graph,
                         uint32_t index) {
  const IrNode *nodes = graph->nodes.data;
  uint32_t spaces = graph->spaces;
  uint32_t first = index; /* the first token of the row of tokens */
  while (first > 0 && ir_is_token(&nodes[first - 1]) &&
         nodes[first - 1].op == nodes[index].op) {
    first--;
  }
  if (nodes[index].op == OP_PORT) {
    uint32_t at = first;
    while (at > 0 && nodes[at].op == OP_PORT) at--;
    const IrArm *arms = ir_arms(graph, &nodes[at]);
    spaces = arms != NULL && arms->graph < program->graphs.length
                 ? program->graphs.data[arms->graph].spaces
                 : 0;
  }
  return nth_space(spaces, index - first);
}

/* ---- parts of a line ---------------------------------------------------- */

static void add_const(const IrProgram *program, uint32_t row, Buf *out) {
  if (row >= program->consts.length) {
    buf_addf(out, "?%u", row);
  } else if (program->consts.data[row].type == TYPE_TEXT) {
    json_add_text(out, program->consts.data[row].text);
  } else {
    ir_add_plain(&program->consts.data[row], out);
  }
}

static void add_inputs(const IrProgram *program, const IrGraph *graph,
                       const IrNode *node, Buf *out) {
  if (node->input_count == 0) return;
  const IrRef *inputs = ir_inputs(graph, node);
  buf_add_char(out, '(');
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (i > 0) buf_add_text(out, ", ");
    if (ir_is_const(inputs[i])) {
      add_const(program, ir_index(inputs[i]), out);
    } else {
      buf_addf(out, "%s%%%u", ir_is_order(inputs[i]) ? "!" : "",
               ir_index(inputs[i]));
    }
  }
  buf_add_char(out, ')');
}

static void add_type_name(const IrProgram *program, TypeId type, Buf *out) {
  type_add_name(type_table_view(program->types), type, out);
}

static void add_type(const IrProgram *program, const IrGraph *graph,
                     uint32_t index, Buf *out) {
  const IrNode *node = &graph->nodes.data[index];
  if (ir_is_token(node)) {
    buf_addf(out, ": %s", space_names[token_space(program, graph, index)]);
  } else if (node->type != TYPE_VOID) {
    buf_add_text(out, ": ");
    add_type_name(program, node->type, out);
  }
}

/* Of a call, the graph it runs. */
static void add_callee(const IrProgram *program, const IrGraph *graph,
                       const IrNode *node, Buf *out) {
  const IrArm *arms = ir_arms(graph, node);
  if (node->op != OP_CALL || arms == NULL) return;
  buf_add_char(out, ' ');
  if (arms->graph < program->graphs.length) {
    buf_add_slice(out, program->graphs.data[arms->graph].name);
  } else {
    buf_addf(out, "?%u", arms->graph);
  }
}

static void add_arm_kind(const IrProgram *program, const IrArm *arm, Buf *out) {
  bool is_known = arm->kind < OBJ_ARM_KIND_COUNT;
  buf_add_text(out, is_known ? arm_names[arm->kind] : "?");
  if (arm->kind != OBJ_ARM_CASE || !ir_is_const(arm->label)) return;
  buf_add_char(out, ' ');
  add_const(program, ir_index(arm->label), out);
}

/* Of any other composite, the graphs it runs. */
static void add_arms(const IrProgram *program, const IrGraph *graph,
                     const IrNode *node, Buf *out) {
  const IrArm *arms = ir_arms(graph, node);
  if (node->op == OP_CALL || arms == NULL) return;
  for (uint32_t i = 0; i < node->arm_count; i++) {
    buf_add_text(out, i == 0 ? " [" : ", ");
    add_arm_kind(program, &arms[i], out);
    buf_addf(out, ": graph %u", arms[i].graph);
  }
  buf_add_char(out, ']');
}

static void add_name(const IrNode *node, Buf *out) {
  if (node->name.length == 0) return;
  buf_add_text(out, " -> ");
  buf_add_slice(out, node->name);
}

static void add_attrs(const IrProgram *program, const IrGraph *graph,
                      const IrNode *node, Buf *out) {
  if (node->attr_count == 0) return;
  const IrAttr *attrs = ir_attrs(graph, node);
  buf_add_text(out, " {");
  for (uint32_t i = 0; i < node->attr_count; i++) {
    buf_addf(out, "%s%s: ", i > 0 ? ", " : "", attr_table[attrs[i].attr].text);
    add_const(program, ir_index(attrs[i].value), out);
  }
  buf_add_char(out, '}');
}

/* ---- text --------------------------------------------------------------- */

static void add_spaces(uint32_t spaces, Buf *out) {
  const char *before = ", spaces ";
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) == 0) continue;
    buf_addf(out, "%s%s", before, space_names[space]);
    before = " ";
  }
}

static void add_node(const IrProgram *program, const IrGraph *graph,
                     uint32_t index, Buf *out) {
  const IrNode *node = &graph->nodes.data[index];
  buf_addf(out, "  %%%u = %s", index, op_table[node->op].text);
  add_callee(program, graph, node, out);
  add_inputs(program, graph, node, out);
  add_arms(program, graph, node, out);
  add_type(program, graph, index, out);
  add_name(node, out);
  add_attrs(program, graph, node, out);
  if ((node->flags & IR_LISTS) != 0) buf_add_text(out, " lists");
  if ((node->flags & IR_KEEP) != 0) buf_add_text(out, " keep");
  if (node->rank > 0) buf_addf(out, " rank %u", node->rank);
  buf_add_char(out, '\n');
}

/* What a flow results in; the results of a nested graph may be several. */
static void add_result_type(const IrProgram *program, const IrGraph *graph,
                            Buf *out) {
  if (graph->nested) return;
  bool has_value = graph->result_count > ir_token_count(graph) &&
                   graph->result_count < graph->nodes.length;
  buf_add_text(out, ": ");
  add_type_name(program, has_value ? ir_results(graph)->type : TYPE_VOID, out);
}

void ir_dump_text(const IrProgram *program, Buf *out) {
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    const IrGraph *graph = &program->graphs.data[i];
    buf_addf(out, "%sgraph %u ", i > 0 ? "\n" : "", i);
    buf_add_slice(out, graph->name);
    add_result_type(program, graph, out);
    add_spaces(graph->spaces, out);
    buf_add_char(out, '\n');
    for (uint32_t k = 0; k < graph->nodes.length; k++) {
      add_node(program, graph, k, out);
    }
  }
}

/* ---- dot ---------------------------------------------------------------- */

/* Quotes and backslashes escaped, line ends drawn as such. */
static void add_dot_text(Slice text, Buf *out) {
  for (size_t i = 0; i < text.length; i++) {
    char c = text.data[i];
    if (c == '"' || c == '\\') buf_add_char(out, '\\');
    if (c == '\n') {
      buf_add_text(out, "\\\\n");
    } else {
      buf_add_char(out, (unsigned char)c < ' ' ? ' ' : c);
    }
  }
}

/* A constant in a label, cut at the start of a code point. */
static void add_dot_const(const IrProgram *program, IrRef ref, Buf *out) {
  Buf plain = {0};
  ir_add_plain(ir_const(program, ref), &plain);
  Slice text = buf_slice(&plain);
  bool is_long = text.length > LABEL_BYTES;
  if (is_long) {
    text.length = LABEL_BYTES;
    text.length = slice_valid_utf8(text);
  }
  buf_add_text(out, "\\n'");
  add_dot_text(text, out);
  buf_add_text(out, is_long ? "...'" : "'");
  buf_free(&plain);
}

static void add_dot_node(const IrProgram *program, uint32_t g, uint32_t index,
                         Buf *out) {
  const IrGraph *graph = &program->graphs.data[g];
  const IrNode *node = &graph->nodes.data[index];
  const IrRef *inputs = ir_inputs(graph, node);
  bool is_model = op_table[node->op].effect == EFFECT_MODEL;
  buf_addf(out, "    n%u_%u [label=\"%s", g, index, op_table[node->op].text);
  add_callee(program, graph, node, out);
  add_type(program, graph, index, out);
  add_name(node, out);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_const(inputs[i])) add_dot_const(program, inputs[i], out);
  }
  buf_addf(out, "\"%s];\n",
           is_model              ? ", style=bold"
           : ir_is_composite(node) ? ", shape=box3d"
           : ir_is_token(node)   ? ", style=dashed"
                                 : "");
}

static void add_dot_edges(const IrGraph *graph, uint32_t g, uint32_t index,
                          Buf *out) {
  const IrNode *node = &graph->nodes.data[index];
  const IrRef *inputs = ir_inputs(graph, node);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_const(inputs[i])) continue;
    buf_addf(out, "    n%u_%u -> n%u_%u%s;\n", g, ir_index(inputs[i]), g, index,
             ir_is_order(inputs[i]) ? " [style=dashed]" : "");
  }
  if (node->op != OP_PORT) return;
  uint32_t at = index;
  while (graph->nodes.data[at].op == OP_PORT) at--;
  buf_addf(out, "    n%u_%u -> n%u_%u [style=dotted];\n", g, at, g, index);
}

/* From a composite that is no call to the first node of each of its graphs. */
static void add_dot_arms(const IrProgram *program, uint32_t g, uint32_t index,
                         Buf *out) {
  const IrGraph *graph = &program->graphs.data[g];
  const IrNode *node = &graph->nodes.data[index];
  const IrArm *arms = ir_arms(graph, node);
  for (uint32_t i = 0; node->op != OP_CALL && i < node->arm_count; i++) {
    Buf kind = {0};
    add_arm_kind(program, &arms[i], &kind);
    buf_addf(out, "  n%u_%u -> n%u_0 [lhead=cluster_%u, style=dotted, label=\"",
             g, index, arms[i].graph, arms[i].graph);
    add_dot_text(buf_slice(&kind), out);
    buf_add_text(out, "\"];\n");
    buf_free(&kind);
  }
}

void ir_dump_dot(const IrProgram *program, Buf *out) {
  buf_add_text(out, "digraph apxm {\n  compound=true;\n  node [shape=box];\n");
  for (uint32_t g = 0; g < program->graphs.length; g++) {
    const IrGraph *graph = &program->graphs.data[g];
    buf_addf(out, "  subgraph cluster_%u {\n    label=\"", g);
    add_dot_text(graph->name, out);
    buf_add_text(out, "\";\n");
    for (uint32_t i = 0; i < graph->nodes.length; i++) {
      add_dot_node(program, g, i, out);
    }
    for (uint32_t i = 0; i < graph->nodes.length; i++) {
      add_dot_edges(graph, g, i, out);
    }
    buf_add_text(out, "  }\n");
  }
  for (uint32_t g = 0; g < program->graphs.length; g++) {
    for (uint32_t i = 0; i < program->graphs.data[g].nodes.length; i++) {
      add_dot_arms(program, g, i, out);
    }
  }
  buf_add_text(out, "}\n");
}
