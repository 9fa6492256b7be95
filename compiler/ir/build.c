/* SPDX-License-Identifier: MIT
 *
 * Checked tree to graph IR: one graph a flow, in the order of the program, and
 * behind them those of the arms and bodies inside, each as it is closed.
 *
 * A flow that returns early does so by two names of ours, `returned` and
 * `value`, which are carried out of constructs as any other name that is
 * assigned inside them (block.c).
 */
#include "compiler/ir/build.h"

#include "compiler/ir/block.h"
#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"
#include "compiler/ir/key.h"
#include "compiler/ir/spaces.h"
#include "core/base/mem.h"

/* A reference has bits enough for all that a source can hold: the most nodes a
 * byte come from `f();`, a call and its ports. */
_Static_assert(LIMIT_SOURCE_BYTES / 4 * (2 + SPACE_COUNT) <= LIMIT_GRAPH_NODES,
               "references could overflow");

/* ---- flows --------------------------------------------------------------- */

static void add_params(Lower *lower, const AstFlow *flow) {
  uint32_t spaces = lower->graph->spaces;
  for (const AstParam *param = flow->params; param; param = param->next) {
    AstBinding *binding = param->binding;
    IrRef ref =
        layer_own_param(lower, binding->type, SLICE(""), param->name.span);
    binding->literal = NULL;
    layer_bind(lower, binding, ref);
    key_name(lower, ref, 0, binding);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    lower->tokens[space] = (AstBinding){.type = TYPE_VOID, .used = true};
    if ((spaces >> space & 1) == 0) continue;
    IrRef ref = layer_own_param(lower, TYPE_VOID, SLICE(""), flow->span);
    layer_bind(lower, &lower->tokens[space], ref);
    lower->tokens[space].home = 0;
  }
  lower->graph->param_count = lower->graph->nodes.length;
  key_nodes(lower);
}

/* Nothing has been returned yet. Names of level 0 belong to no block, so every
 * construct hands them on. */
static void add_own_names(Lower *lower, const AstFlow *flow) {
  lower->returned = (AstBinding){.name.text = SLICE("returned"),
                                 .type = TYPE_BOOL,
                                 .used = true,
                                 .ir = ir_bool(lower->program, false),
                                 .level = lower->layer->level};
  lower->value = (AstBinding){.name.text = SLICE("value"),
                              .type = flow->result,
                              .used = true,
                              .ir = IR_REF_NONE,
                              .level = lower->layer->level};
}

static void add_results(Lower *lower, const AstFlow *flow) {
  uint32_t first = lower->graph->nodes.length;
  if (flow->result != TYPE_VOID) {
    IrRef value = layer_read(lower, &lower->value);
    first = lower->graph->nodes.length;
    lower_unary(lower, OP_RESULT, flow->result, flow->span, value);
  }
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((lower->graph->spaces >> space & 1) == 0) continue;
    IrRef token = layer_read(lower, &lower->tokens[space]);
    lower_unary(lower, OP_RESULT, TYPE_VOID, flow->span,
                OBJ_REF_ORDER | token);
  }
  lower->graph->result_count = lower->graph->nodes.length - first;
  lower_leaf(lower, OP_END, TYPE_VOID, flow->end_span);
  key_nodes(lower);
}

/* The layer's memory becomes the graph's: a flow may be long. */
static void close_flow(Lower *lower, uint32_t row) {
  Layer *layer = lower->layer;
  layer_set_aside(lower);
  lower->program->graphs.data[row] = layer->graph;
  layer->graph = (IrGraph){0};
  layer_recycle(lower, layer);
}

static void lower_flow(Lower *lower, const AstFlow *flow) {
  Path path;
  path_begin(lower, &path, flow->agent->name.text, flow->name.text);
  layer_open(lower, path_name(lower));
  lower->graph->spaces = lower->masks[flow->index];
  for (int i = 0; i < MARK_COUNT; i++) lower->settings.values[i] = IR_REF_NONE;
  lower_marks(lower, flow->marks);
  add_params(lower, flow);
  add_own_names(lower, flow);
  lower_body(lower, &flow->body);
  add_results(lower, flow);
  close_flow(lower, flow->index);
  lower->program->flows.data[flow->index] =
      (IrFlow){.agent = flow->agent->name.text,
               .name = flow->name.text,
               .graph = flow->index,
               .param_count = flow->param_count,
               .result = flow->result,
               .entry = flow->entry,
               .span = flow->span};
}

/* ---- programs ------------------------------------------------------------ */

/* One row a flow, so that calls can name it. */
static void make_rows(IrProgram *program, uint32_t flow_count) {
  for (uint32_t i = 0; i < flow_count; i++) {
    vec_push(&program->graphs, (IrGraph){0});
    vec_push(&program->flows, (IrFlow){0});
  }
}

static void lower_agents(Lower *lower, const AstProgram *ast) {
  make_rows(lower->program, ast->flow_count);
  for (const AstAgent *agent = ast->agents; agent; agent = agent->next) {
    lower->context = IR_REF_NONE;
    if (agent->context != NULL) {
      lower->context = ir_text(lower->program, agent->context->u.text);
    }
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      lower_flow(lower, flow);
    }
  }
}

/* The predeclared record of what `catch` catches. */
static TypeId find_error_type(const TypeTable *types) {
  for (TypeId type = TYPE_BUILTIN_COUNT; type < types->rows.length; type++) {
    TypeRow row = types->rows.data[type];
    if (row.kind == TYPE_KIND_RECORD &&
        slice_equal_text(types->records.data[row.element].name, "error")) {
      return type;
    }
  }
  return TYPE_JSON; /* nothing catches anything */
}

static void free_layers(Lower *lower) {
  while (lower->free_layers != NULL) {
    Layer *layer = lower->free_layers;
    lower->free_layers = layer->outer;
    ir_free_graph(&layer->graph);
    vec_free(&layer->changes);
    vec_free(&layer->assigned);
    vec_free(&layer->outputs);
    mem_free(layer);
  }
}

static void free_parts(Lower *lower) {
  free_layers(lower);
  vec_free(&lower->layers);
  vec_free(&lower->refs);
  vec_free(&lower->pieces);
  vec_free(&lower->outputs);
  vec_free(&lower->arms);
  vec_free(&lower->carried);
  vec_free(&lower->names);
  vec_free(&lower->front);
  map_free(&lower->headings);
  buf_free(&lower->path);
}

IrProgram *ir_build(const AstProgram *ast, Arena *arena) {
  uint16_t *masks = mem_alloc_zero((size_t)ast->flow_count + 1, sizeof *masks);
  Lower lower = {.program = ir_new(ast->source, ast->types, arena),
                 .masks = masks,
                 .error_type = find_error_type(ast->types)};
  vec_push(&lower.layers, NULL);
  lower.skips = spaces_summarize(ast, masks);
  lower_agents(&lower, ast);
  free_parts(&lower);
  mem_free(masks);
  return lower.program;
}
