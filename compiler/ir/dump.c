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
    uint32_t call = first;
    while (call > 0 && nodes[call].op == OP_PORT) call--;
    spaces = nodes[call].target < program->graphs.length
                 ? program->graphs.data[nodes[call].target].spaces
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
  type_add_name(program->types->rows.data, program->types->rows.length, type,
                out);
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

static void add_target(const IrProgram *program, const IrNode *node, Buf *out) {
  if (node->op != OP_CALL) return;
  buf_add_char(out, ' ');
  if (node->target < program->graphs.length) {
    buf_add_slice(out, program->graphs.data[node->target].name);
  } else {
    buf_addf(out, "?%u", node->target);
  }
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
  add_target(program, node, out);
  add_inputs(program, graph, node, out);
  add_type(program, graph, index, out);
  add_name(node, out);
  add_attrs(program, graph, node, out);
  if ((node->flags & IR_KEEP) != 0) buf_add_text(out, " keep");
  if (node->rank > 0) buf_addf(out, " rank %u", node->rank);
  buf_add_char(out, '\n');
}

void ir_dump_text(const IrProgram *program, Buf *out) {
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    const IrGraph *graph = &program->graphs.data[i];
    buf_addf(out, "%sgraph %u ", i > 0 ? "\n" : "", i);
    buf_add_slice(out, graph->name);
    buf_add_text(out, ": ");
    add_type_name(program, graph->result, out);
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
  add_target(program, node, out);
  add_type(program, graph, index, out);
  add_name(node, out);
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_const(inputs[i])) add_dot_const(program, inputs[i], out);
  }
  buf_addf(out, "\"%s];\n",
           is_model              ? ", style=bold"
           : node->op == OP_CALL ? ", shape=box3d"
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
  uint32_t call = index;
  while (graph->nodes.data[call].op == OP_PORT) call--;
  buf_addf(out, "    n%u_%u -> n%u_%u [style=dotted];\n", g, call, g, index);
}

void ir_dump_dot(const IrProgram *program, Buf *out) {
  buf_add_text(out, "digraph apxm {\n  node [shape=box];\n");
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
  buf_add_text(out, "}\n");
}
