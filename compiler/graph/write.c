/* SPDX-License-Identifier: MIT
 *
 * The IR as graph JSON. Parameters, ports and results are no nodes there:
 * edges begin at a parameter or at the composite, and a RETURN has the result.
 * A constant of a prompt or a print stands in its template, any other is a
 * CONST_STR of its own. What the public shape has no word for is a member more:
 * edges from a parameter, types, arms.
 */
#include <stdio.h>

#include "compiler/graph/lower_int.h"
#include "core/base/mem.h"

typedef struct Writer {
  const IrProgram *program;
  const IrGraph *graph;
  uint32_t *flows; /* by graph: 1 + row of flows, or 0 */
  Buf *out;
  Buf edges;        /* of the graph, written behind its nodes */
  uint32_t next_id; /* of a constant's node */
  const char *node_comma;
  const char *edge_comma;
} Writer;

/* ---- words --------------------------------------------------------------- */

static void add_key(Buf *out, const char *key) {
  buf_addf(out, "\"%s\": ", key);
}

static void add_text_member(Buf *out, const char *comma, const char *key,
                            Slice text) {
  buf_add_text(out, comma);
  add_key(out, key);
  json_add_text(out, text);
}

static void add_type_member(Writer *w, const char *key, TypeId type) {
  Buf name = {0};
  type_add_name(type_table_view(w->program->types), type, &name);
  add_text_member(w->out, ", ", key, buf_slice(&name));
  buf_free(&name);
}

static void add_const(Buf *out, const IrConst *constant) {
  if (constant->type == TYPE_TEXT)
    json_add_text(out, constant->text);
  else if (constant->type == TYPE_NUM)
    json_add_number(out, constant->num);
  else
    buf_add_text(out, constant->boolean ? "true" : "false");
}

/* ---- ids and edges ------------------------------------------------------- */

static const IrNode *node_at(const Writer *w, uint32_t index) {
  return &w->graph->nodes.data[index];
}

/* The composite that a port belongs to, else the node itself. */
static uint32_t owner_of(const Writer *w, uint32_t index) {
  while (node_at(w, index)->op == OP_PORT) index--;
  return index;
}

static void begin_edge(Writer *w) {
  buf_addf(&w->edges, "%s\n    {", w->edge_comma);
  w->edge_comma = ",";
}

static void end_edge(Writer *w, uint32_t to, const char *kind) {
  buf_addf(&w->edges, "\"to\": %u, \"dependency\": \"%s\"}", to + 1, kind);
}

/* An edge from a node or a parameter of the graph to node `to`. */
static void add_edge(Writer *w, uint32_t from, uint32_t to, const char *kind) {
  const IrNode *node = node_at(w, from);
  uint32_t owner = owner_of(w, from);
  begin_edge(w);
  if (node->op == OP_PARAM) {
    add_text_member(&w->edges, "", "parameter", node->name);
    buf_add_text(&w->edges, ", ");
  } else {
    buf_addf(&w->edges, "\"from\": %u, ", owner + 1);
  }
  if (from > owner + 1) buf_addf(&w->edges, "\"port\": %u, ", from - owner - 1);
  end_edge(w, to, kind);
}

static void begin_node(Writer *w, uint32_t id, Slice name, const char *op) {
  buf_addf(w->out, "%s\n    {\"id\": %u", w->node_comma, id);
  w->node_comma = ",";
  add_text_member(w->out, ", ", "name", name);
  add_text_member(w->out, ", ", "op", slice_of(op));
}

/* A node for a constant; an edge from it to node `to`. The node is written
 * with the edges' help: nodes do not nest. */
static void add_const_edge(Writer *w, Buf *consts, const IrConst *constant,
                           uint32_t to) {
  char name[32];
  uint32_t id = w->next_id++;
  snprintf(name, sizeof name, "const_%u", id);
  buf_addf(consts,
           ",\n    {\"id\": %u, \"name\": \"%s\", \"op\": \"CONST_STR\", "
           "\"attributes\": {\"value\": ",
           id, name);
  add_const(consts, constant);
  buf_add_text(consts, "}}");
  begin_edge(w);
  buf_addf(&w->edges, "\"from\": %u, ", id);
  end_edge(w, to, "Data");
}

static bool is_token_source(const IrNode *node) {
  return ir_is_token(node) || effect_space(op_table[node->op].effect) >= 0;
}

static void add_order_edge(Writer *w, IrRef ref, uint32_t to) {
  const IrNode *from = node_at(w, ir_index(ref));
  if (from->op == OP_PARAM) return;
  add_edge(w, owner_of(w, ir_index(ref)), to,
           is_token_source(from) ? "Effect" : "Control");
}

static void add_value_edge(Writer *w, Buf *consts, IrRef ref, uint32_t to) {
  if (ir_is_const(ref))
    add_const_edge(w, consts, ir_const(w->program, ref), to);
  else
    add_edge(w, ir_index(ref), to, "Data");
}

/* ---- templates ----------------------------------------------------------- */

/* Whether a text has what would be read as a placement, of any number. */
static bool has_placement(Slice text) {
  return template_places(text, UINT32_MAX);
}

/* A template under way: the constants since the last value, and the values
 * that have a number. */
typedef struct Template {
  Buf text;
  Buf run;
  VEC(IrRef) values;
} Template;

static void add_number(Template *t, uint32_t number) {
  buf_addf(&t->text, "{%u}", number);
}

/* The number of a value, which gets an edge the first time. */
static uint32_t number_of(Writer *w, Buf *consts, Template *t, IrRef ref,
                          uint32_t to) {
  for (uint32_t i = 0; i < t->values.length; i++) {
    if (t->values.data[i] == ref) return i;
  }
  vec_push(&t->values, ref);
  add_value_edge(w, consts, ref, to);
  return t->values.length - 1;
}

/* A text that is no template by itself is a value. */
static void end_run(Writer *w, Buf *consts, Template *t, uint32_t to,
                    bool is_value) {
  Slice run = buf_slice(&t->run);
  if (run.length == 0 && !is_value) return;
  if (is_value || has_placement(run)) {
    IrConst constant = {.type = TYPE_TEXT, .text = run};
    vec_push(&t->values, IR_REF_NONE);
    add_const_edge(w, consts, &constant, to);
    add_number(t, t->values.length - 1);
  } else {
    buf_add_slice(&t->text, run);
  }
  buf_clear(&t->run);
}

/* What a node without values reads are the graph's parameters, so a text alone
 * is a value where there are some. */
static bool is_value_alone(const Writer *w, const IrNode *node,
                           const Template *t) {
  uint32_t values = 0;
  const IrRef *inputs = ir_inputs(w->graph, node);
  for (uint32_t i = 0; i < node->input_count; i++)
    values += !ir_is_const(inputs[i]) && !ir_is_order(inputs[i]);
  return values == 0 && (w->graph->param_count > 0 || t->run.length == 0);
}

static void add_template(Writer *w, Buf *consts, const IrNode *node,
                         uint32_t index, const char *key) {
  const IrRef *inputs = ir_inputs(w->graph, node);
  Template t = {0};
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_order(inputs[i])) continue;
    if (ir_is_const(inputs[i])) {
      ir_add_plain(ir_const(w->program, inputs[i]), &t.run);
      continue;
    }
    end_run(w, consts, &t, index, false);
    add_number(&t, number_of(w, consts, &t, inputs[i], index));
  }
  end_run(w, consts, &t, index, is_value_alone(w, node, &t));
  add_text_member(w->out, "", key, buf_slice(&t.text));
  buf_free(&t.text);
  buf_free(&t.run);
  vec_free(&t.values);
}

/* ---- nodes --------------------------------------------------------------- */

static void add_attrs(Writer *w, const IrNode *node, const char *comma) {
  const IrAttr *attrs = ir_attrs(w->graph, node);
  for (uint32_t i = 0; i < node->attr_count; i++) {
    bool is_system = attrs[i].attr == ATTR_SYSTEM;
    buf_add_text(w->out, comma);
    add_key(w->out,
            is_system ? "system_prompt" : attr_table[attrs[i].attr].text);
    add_const(w->out, ir_const(w->program, attrs[i].value));
    comma = ", ";
  }
}

static void add_arms(Writer *w, const IrNode *node) {
  static const char *const kinds[] = {"body", "catch",   "true",  "false",
                                      "case", "default", "absent"};
  _Static_assert(sizeof kinds / sizeof *kinds == OBJ_ARM_KIND_COUNT, "each");
  const IrArm *arms = ir_arms(w->graph, node);
  buf_add_text(w->out, ", \"arms\": [");
  for (uint32_t i = 0; i < node->arm_count; i++) {
    buf_addf(w->out, "%s{\"kind\": \"%s\"", i > 0 ? ", " : "",
             kinds[arms[i].kind]);
    if (arms[i].kind == OBJ_ARM_CASE)
      add_text_member(w->out, ", ", "label",
                      ir_const(w->program, arms[i].label)->text);
    add_text_member(w->out, ", ", "graph",
                    w->program->graphs.data[arms[i].graph].name);
    buf_add_char(w->out, '}');
  }
  buf_add_char(w->out, ']');
}

/* The flow whose body a graph is, or NULL. */
static const IrFlow *flow_of(const Writer *w, uint32_t graph) {
  uint32_t row = w->flows[graph];
  return row > 0 ? &w->program->flows.data[row - 1] : NULL;
}

static void add_callee(Writer *w, const IrNode *node) {
  const IrFlow *flow = flow_of(w, ir_arms(w->graph, node)->graph);
  add_text_member(w->out, "", "agent_name", flow ? flow->agent : SLICE(""));
  add_text_member(w->out, ", ", "flow_name", flow ? flow->name : SLICE(""));
}

/* The template a node of this op has, or NULL. */
static const char *template_key(Op op) {
  if (op_table[op].effect == EFFECT_MODEL) return "template_str";
  return op == OP_PRINT || op == OP_ERR ? "message" : NULL;
}

static bool needs_type(Op op) {
  OpResult result = op_table[op].result;
  return result == OP_RESULT_LIST || result == OP_RESULT_ANY;
}

static void add_inputs(Writer *w, Buf *consts, const IrNode *node,
                       uint32_t index) {
  const IrRef *inputs = ir_inputs(w->graph, node);
  bool has_template = template_key((Op)node->op) != NULL;
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (ir_is_order(inputs[i]))
      add_order_edge(w, inputs[i], index);
    else if (!has_template)
      add_value_edge(w, consts, inputs[i], index);
  }
}

static void add_node(Writer *w, Buf *consts, uint32_t index) {
  const IrNode *node = node_at(w, index);
  const char *key = template_key((Op)node->op);
  char fallback[32];
  snprintf(fallback, sizeof fallback, "%s_%u", op_table[node->op].text,
           index + 1);
  begin_node(w, index + 1,
             node->name.length > 0 ? node->name : slice_of(fallback),
             node->op == OP_RESULT ? "RETURN" : graph_op_name((Op)node->op));
  buf_add_text(w->out, ", \"attributes\": {");
  if (key != NULL) add_template(w, consts, node, index, key);
  if (node->op == OP_CALL) add_callee(w, node);
  add_attrs(w, node, key != NULL ? ", " : "");
  buf_add_char(w->out, '}');
  if (node->op != OP_RESULT && needs_type((Op)node->op) &&
      node->type != TYPE_VOID)
    add_type_member(w, "type", node->type);
  if (ir_is_composite(node) && node->op != OP_CALL) add_arms(w, node);
  buf_add_char(w->out, '}');
  add_inputs(w, consts, node, index);
}

static bool is_written(const IrNode *node) {
  return node->op != OP_PARAM && node->op != OP_PORT && node->op != OP_END &&
         !(node->op == OP_RESULT && node->type == TYPE_VOID);
}

/* ---- graphs -------------------------------------------------------------- */

static void add_params(Writer *w) {
  const char *comma = "";
  buf_add_text(w->out, ",\n  \"parameters\": [");
  for (uint32_t i = 0; i < w->graph->param_count; i++) {
    const IrNode *param = node_at(w, i);
    if (ir_is_token(param)) continue;
    buf_addf(w->out, "%s{", comma);
    add_text_member(w->out, "", "name", param->name);
    add_type_member(w, "type_name", param->type);
    buf_add_char(w->out, '}');
    comma = ", ";
  }
  buf_add_char(w->out, ']');
}

static void add_metadata(Writer *w, const IrFlow *flow) {
  buf_add_text(w->out, ",\n  \"metadata\": {");
  if (flow != NULL) {
    buf_addf(w->out, "\"is_entry\": %s", flow->entry ? "true" : "false");
    add_text_member(w->out, ", ", "source_agent", flow->agent);
    add_text_member(w->out, ", ", "source_flow", flow->name);
  } else {
    buf_add_text(w->out, "\"is_entry\": false, \"nested\": true");
  }
  buf_add_char(w->out, '}');
  if (flow != NULL) {
    buf_add_text(w->out, ",\n  \"result\": ");
    Buf name = {0};
    type_add_name(type_table_view(w->program->types), flow->result, &name);
    json_add_text(w->out, buf_slice(&name));
    buf_free(&name);
  }
}

static void add_graph(Writer *w, uint32_t row) {
  Buf consts = {0};
  w->graph = &w->program->graphs.data[row];
  w->next_id = w->graph->nodes.length + 1;
  w->node_comma = w->edge_comma = "";
  buf_clear(&w->edges);
  buf_add_text(w->out, "{");
  add_text_member(w->out, "\n  ", "name", w->graph->name);
  buf_add_text(w->out, ",\n  \"nodes\": [");
  for (uint32_t i = 0; i < w->graph->nodes.length; i++) {
    if (is_written(node_at(w, i))) add_node(w, &consts, i);
  }
  if (w->node_comma[0] == '\0') /* a graph has a node */
    buf_add_text(w->out,
                 "\n    {\"id\": 1, \"name\": \"nothing\", "
                 "\"op\": \"FENCE\"}");
  buf_add_slice(w->out, buf_slice(&consts));
  buf_add_text(w->out, "\n  ],\n  \"edges\": [");
  buf_add_slice(w->out, buf_slice(&w->edges));
  buf_add_text(w->out, w->edges.length > 0 ? "\n  ]" : "]");
  add_params(w);
  add_metadata(w, flow_of(w, row));
  buf_add_text(w->out, "\n}");
  buf_free(&consts);
}

static void add_record(Writer *w, TypeView types, uint32_t row) {
  const TypeRecord *record = &types.records[row];
  add_text_member(w->out, row > 0 ? ",\n  {" : "\n  {", "name", record->name);
  buf_add_text(w->out, ", \"fields\": [");
  for (uint32_t i = 0; i < record->field_count; i++) {
    const TypeField *field = &types.fields[record->first_field + i];
    add_text_member(w->out, i > 0 ? ", {" : "{", "name", field->name);
    add_type_member(w, "type_name", field->type);
    buf_add_char(w->out, '}');
  }
  buf_add_text(w->out, "]}");
}

static void add_types(Writer *w) {
  TypeView types = type_table_view(w->program->types);
  if (types.record_count == 0) return;
  buf_add_text(w->out, "\"types\": [");
  for (uint32_t i = 0; i < types.record_count; i++) add_record(w, types, i);
  buf_add_text(w->out, "\n],\n");
}

void graph_write(const IrProgram *program, Buf *out) {
  Writer w = {.program = program, .out = out};
  w.flows = mem_alloc_zero((size_t)program->graphs.length + 1, sizeof *w.flows);
  for (uint32_t i = 0; i < program->flows.length; i++)
    w.flows[program->flows.data[i].graph] = i + 1;
  bool is_alone = program->graphs.length == 1 &&
                  type_table_view(program->types).record_count == 0;
  if (!is_alone) {
    buf_add_text(out, "{");
    add_types(&w);
    buf_add_text(out, "\"graphs\": [\n");
  }
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    if (i > 0) buf_add_text(out, ",\n");
    add_graph(&w, i);
  }
  buf_add_text(out, is_alone ? "\n" : "\n]}\n");
  buf_free(&w.edges);
  mem_free(w.flows);
}
