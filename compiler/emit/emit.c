/* SPDX-License-Identifier: MIT
 *
 * Writes a graph IR down with the object builder, node by node. What only the
 * file has is made here: rows of constants, in order of first use, so that
 * what the passes folded away is not written; places; and END's order edges
 * from every node that nobody reads.
 */
#include "compiler/emit/emit.h"

#include "compiler/emit/places.h"
#include "compiler/ir/edit.h"
#include "core/base/mem.h"
#include "core/object/build.h"

typedef struct Emit {
  const IrProgram *program;
  Builder *builder;
  Error *error; /* the caller's: the first mistake */
  Places places;
  uint32_t *const_rows;   /* by row of the program's: of the file, + 1; or 0 */
  uint32_t *uses;         /* by node of the graph: its readers */
  VEC(ObjRef) inputs;     /* of the node being written */
  VEC(ObjAttr) attrs;     /* of the node being written */
  VEC(ObjArm) arms;       /* of the node being written */
  VEC(BuildParam) params; /* of the flow being written */
} Emit;

/* ---- constants and places ------------------------------------------------ */

static uint32_t write_const(Emit *emit, const IrConst *constant) {
  if (constant->type == TYPE_TEXT) {
    return build_text(emit->builder, constant->text);
  }
  if (constant->type == TYPE_NUM) {
    return build_num(emit->builder, constant->num);
  }
  return build_bool(emit->builder, constant->boolean);
}

static uint32_t const_row(Emit *emit, IrRef ref) {
  uint32_t *row = &emit->const_rows[ir_index(ref)];
  if (*row == 0) *row = 1 + write_const(emit, ir_const(emit->program, ref));
  return *row - 1;
}

static uint32_t place_row(Emit *emit, Span span) {
  uint32_t length;
  Place place = places_find(&emit->places, span, &length);
  const Source *source = places_source(&emit->places, span.start);
  return build_place(emit->builder, slice_of(source->name),
                     place.line, place.column, length);
}

/* ---- nodes --------------------------------------------------------------- */

static void collect_inputs(Emit *emit, const IrGraph *graph,
                           const IrNode *node) {
  const IrRef *inputs = ir_inputs(graph, node);
  emit->inputs.length = 0;
  for (uint32_t i = 0; i < node->input_count; i++) {
    IrRef ref = inputs[i];
    if (ir_is_const(ref)) ref = OBJ_REF_CONST | const_row(emit, ref);
    vec_push(&emit->inputs, ref);
  }
}

/* END waits for whatever nobody else waits for. */
static void collect_unread(Emit *emit, const IrGraph *graph) {
  emit->inputs.length = 0;
  for (uint32_t i = 0; i + 1 < graph->nodes.length; i++) {
    if (emit->uses[i] == 0) vec_push(&emit->inputs, OBJ_REF_ORDER | i);
  }
}

/* A parameter's name stands with the flow. */
static void collect_attrs(Emit *emit, const IrGraph *graph,
                          const IrNode *node) {
  const IrAttr *attrs = ir_attrs(graph, node);
  emit->attrs.length = 0;
  if (node->name.length > 0 && node->op != OP_PARAM) {
    ObjAttr attr = {ATTR_NAME, build_text(emit->builder, node->name)};
    vec_push(&emit->attrs, attr);
  }
  for (uint32_t i = 0; i < node->attr_count; i++) {
    ObjAttr attr = {attrs[i].attr, const_row(emit, attrs[i].value)};
    vec_push(&emit->attrs, attr);
  }
}

/* Rows of graphs are the program's. */
static void collect_arms(Emit *emit, const IrGraph *graph, const IrNode *node) {
  const IrArm *arms = ir_arms(graph, node);
  emit->arms.length = 0;
  for (uint32_t i = 0; i < node->arm_count; i++) {
    bool has_label = arms[i].label != IR_REF_NONE;
    ObjArm arm = {.kind = arms[i].kind,
                  .label = has_label ? const_row(emit, arms[i].label) : 0,
                  .graph = arms[i].graph};
    vec_push(&emit->arms, arm);
  }
}

static void write_node(Emit *emit, const IrGraph *graph, const IrNode *node) {
  if (node->op == OP_END) {
    collect_unread(emit, graph);
  } else {
    collect_inputs(emit, graph, node);
  }
  collect_attrs(emit, graph, node);
  collect_arms(emit, graph, node);
  bool lists = (node->flags & IR_LISTS) != 0;
  build_node(emit->builder, &(BuildNode){.op = (Op)node->op,
                                         .type = node->type,
                                         .inputs = emit->inputs.data,
                                         .input_count = emit->inputs.length,
                                         .attrs = emit->attrs.data,
                                         .attr_count = emit->attrs.length,
                                         .arms = emit->arms.data,
                                         .arm_count = emit->arms.length,
                                         .flags = lists ? OBJ_NODE_LISTS : 0,
                                         .rank = node->rank,
                                         .place = place_row(emit, node->span),
                                         .key = node->key});
}

/* ---- graphs and flows ---------------------------------------------------- */

/* An arm or a body takes what it reads of the names around it; too much of
 * that is told with its place. */
static void check_captures(Emit *emit, const IrGraph *graph) {
  if (!graph->nested || graph->param_count <= LIMIT_GRAPH_PARAMS) return;
  Span span = graph->nodes.data[graph->nodes.length - 1].span;
  uint32_t length;
  Place place = places_find(&emit->places, span, &length);
  const Source *source = places_source(&emit->places, span.start);
  error_set(emit->error, STATUS_LIMIT,
            "%s:%u:%u: a block here reads more than %d names from around it",
            source->name, place.line, place.column, LIMIT_GRAPH_PARAMS);
}

/* What does not fit is over the builder's limit, which reports it. */
static uint16_t narrow(uint32_t count) {
  return count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
}

static void write_graph(Emit *emit, const IrGraph *graph) {
  check_captures(emit, graph);
  build_begin_graph(emit->builder,
                    &(BuildGraph){.name = graph->name,
                                  .param_count = narrow(graph->param_count),
                                  .result_count = narrow(graph->result_count),
                                  .spaces = graph->spaces,
                                  .nested = graph->nested});
  emit->uses = mem_alloc_zero(graph->nodes.length, sizeof *emit->uses);
  ir_count_uses(graph, emit->uses);
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    write_node(emit, graph, &graph->nodes.data[i]);
  }
  mem_free(emit->uses);
  build_end_graph(emit->builder);
}

static void write_flow(Emit *emit, const IrFlow *flow) {
  const IrGraph *graph = &emit->program->graphs.data[flow->graph];
  emit->params.length = 0;
  for (uint32_t i = 0; i < flow->param_count; i++) {
    const IrNode *node = &graph->nodes.data[i];
    BuildParam param = {node->name, node->type};
    vec_push(&emit->params, param);
  }
  build_flow(emit->builder, &(BuildFlow){.agent = flow->agent,
                                         .name = flow->name,
                                         .graph = flow->graph,
                                         .params = emit->params.data,
                                         .param_count = flow->param_count,
                                         .result = flow->result,
                                         .entry = flow->entry,
                                         .place = place_row(emit, flow->span)});
}

static void write_program(Emit *emit) {
  const IrProgram *program = emit->program;
  build_types(emit->builder, program->types);
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    write_graph(emit, &program->graphs.data[i]);
  }
  for (uint32_t i = 0; i < program->flows.length; i++) {
    write_flow(emit, &program->flows.data[i]);
  }
}

Status emit_object(const IrProgram *program, uint32_t optimization, Buf *out,
                   Error *error) {
  Emit emit = {
      .program = program,
      .error = error,
      .builder = build_new(slice_of(program->source->name), optimization),
      .const_rows = mem_alloc_zero((size_t)program->consts.length + 1,
                                   sizeof *emit.const_rows),
  };
  places_init(&emit.places, program->source);
  write_program(&emit);
  Status status = build_finish(emit.builder, out, error);
  build_free(emit.builder);
  places_free(&emit.places);
  mem_free(emit.const_rows);
  vec_free(&emit.inputs);
  vec_free(&emit.attrs);
  vec_free(&emit.arms);
  vec_free(&emit.params);
  return status;
}
