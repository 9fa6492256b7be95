/* SPDX-License-Identifier: MIT
 *
 * An object file is taken apart into nodes that can be changed, changed, and
 * written again by the same builder that the compiler uses. So the loader
 * checks what comes out of it: a plant is never a broken file.
 */
#include "tests/harness/plant.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "core/object/build.h"

typedef struct PlantNode {
  BuildNode node; /* its pointers are set when it is written */
  VEC(ObjRef) inputs;
  VEC(ObjAttr) attrs;
  VEC(ObjArm) arms;
} PlantNode;

typedef struct PlantGraph {
  BuildGraph head;
  VEC(PlantNode) nodes;
} PlantGraph;

struct PlantProgram {
  const Object *object;
  VEC(PlantGraph) graphs;
};

/* ---- taking apart -------------------------------------------------------- */

static PlantNode take_node(const Object *object, uint32_t row) {
  const ObjNode *node = &object->nodes[row];
  PlantNode taken = {.node = {.op = (Op)node->op,
                              .type = node->type,
                              .flags = node->flags,
                              .rank = node->rank,
                              .place = node->place,
                              .key = object->keys[row]}};
  for (uint32_t i = node->inputs; i < node[1].inputs; i++)
    vec_push(&taken.inputs, object->inputs[i]);
  for (uint32_t i = node->attrs; i < node[1].attrs; i++)
    vec_push(&taken.attrs, object->attrs[i]);
  for (uint32_t i = node->arms; i < node[1].arms; i++)
    vec_push(&taken.arms, object->arms[i]);
  return taken;
}

static void take_apart(PlantProgram *program, const Object *object) {
  *program = (PlantProgram){.object = object};
  for (uint32_t i = 0; i < object->graph_count; i++) {
    const ObjGraph *graph = &object->graphs[i];
    PlantGraph taken = {.head = {.name = object_text(object, graph->name),
                                 .param_count = graph->param_count,
                                 .result_count = graph->result_count,
                                 .spaces = graph->spaces,
                                 .nested = graph->flags & OBJ_GRAPH_NESTED}};
    for (uint32_t k = 0; k < graph->node_count; k++)
      vec_push(&taken.nodes, take_node(object, graph->first_node + k));
    vec_push(&program->graphs, taken);
  }
}

static void free_program(PlantProgram *program) {
  for (uint32_t i = 0; i < program->graphs.length; i++) {
    PlantGraph *graph = &program->graphs.data[i];
    for (uint32_t k = 0; k < graph->nodes.length; k++) {
      vec_free(&graph->nodes.data[k].inputs);
      vec_free(&graph->nodes.data[k].attrs);
      vec_free(&graph->nodes.data[k].arms);
    }
    vec_free(&graph->nodes);
  }
  vec_free(&program->graphs);
}

/* ---- writing again ------------------------------------------------------- */

/* The same rows in the same order, so that references stay. */
static void write_tables(Builder *builder, const Object *object) {
  TypeTable types = {0};
  TypeView view = object->types;
  for (uint32_t i = 0; i < view.count; i++) vec_push(&types.rows, view.rows[i]);
  for (uint32_t i = 0; i < view.record_count; i++)
    vec_push(&types.records, view.records[i]);
  for (uint32_t i = 0; i < view.field_count; i++)
    vec_push(&types.fields, view.fields[i]);
  build_types(builder, &types);
  type_table_free(&types);
  for (uint32_t i = 0; i < object->const_count; i++) {
    const ObjConst *c = &object->consts[i];
    double num;
    memcpy(&num, &c->bits, sizeof num);
    if (c->type == TYPE_TEXT)
      (void)build_text(builder, object_text(object, c->string));
    else if (c->type == TYPE_NUM)
      (void)build_num(builder, num);
    else
      (void)build_bool(builder, c->bits != 0);
  }
  for (uint32_t i = 1; i < object->place_count; i++) {
    const ObjPlace *place = &object->places[i];
    (void)build_place(builder, object_text(object, place->file), place->line,
                      place->column, place->length);
  }
}

/* END waits for every node that nobody else reads. */
static void make_end(PlantGraph *graph) {
  uint32_t count = graph->nodes.length;
  bool *read = mem_alloc_zero(count, sizeof *read);
  PlantNode *end = &graph->nodes.data[count - 1];
  for (uint32_t i = 0; i + 1 < count; i++) {
    const PlantNode *node = &graph->nodes.data[i];
    for (uint32_t k = 0; k < node->inputs.length; k++)
      if ((node->inputs.data[k] & OBJ_REF_CONST) == 0)
        read[node->inputs.data[k] & OBJ_REF_INDEX] = true;
  }
  end->inputs.length = 0;
  for (uint32_t i = 0; i + 1 < count; i++)
    if (!read[i]) vec_push(&end->inputs, i | OBJ_REF_ORDER);
  mem_free(read);
}

static void write_graph(Builder *builder, PlantGraph *graph) {
  make_end(graph);
  build_begin_graph(builder, &graph->head);
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    PlantNode *node = &graph->nodes.data[i];
    node->node.inputs = node->inputs.data;
    node->node.input_count = node->inputs.length;
    node->node.attrs = node->attrs.data;
    node->node.attr_count = node->attrs.length;
    node->node.arms = node->arms.data;
    node->node.arm_count = node->arms.length;
    build_node(builder, &node->node);
  }
  build_end_graph(builder);
}

static void write_flow(Builder *builder, const Object *object,
                       const ObjFlow *flow) {
  VEC(BuildParam) params = {0};
  for (uint32_t i = 0; i < flow->param_count; i++) {
    const ObjParam *param = &object->params[flow->first_param + i];
    BuildParam copy = {object_text(object, param->name), (TypeId)param->type};
    vec_push(&params, copy);
  }
  build_flow(builder, &(BuildFlow){.agent = object_text(object, flow->agent),
                                   .name = object_text(object, flow->name),
                                   .graph = flow->graph,
                                   .params = params.data,
                                   .param_count = params.length,
                                   .result = flow->result,
                                   .entry = flow->flags & OBJ_FLOW_ENTRY,
                                   .place = flow->place});
  vec_free(&params);
}

static Object *write_program(PlantProgram *program) {
  const Object *object = program->object;
  Builder *builder = build_new(object_text(object, object->meta->source),
                               object->meta->optimization);
  Buf bytes = {0};
  Error error = {0};
  write_tables(builder, object);
  for (uint32_t i = 0; i < program->graphs.length; i++)
    write_graph(builder, &program->graphs.data[i]);
  for (uint32_t i = 0; i < object->flow_count; i++)
    write_flow(builder, object, &object->flows[i]);
  Object *made = NULL;
  if (build_finish(builder, &bytes, &error) == STATUS_OK) {
    size_t size = bytes.length;
    made = object_load((uint8_t *)buf_take(&bytes), size, &error);
  }
  build_free(builder);
  if (made == NULL) {
    fprintf(stderr, "a plant is no sound object: %s\n", error.message);
    abort();
  }
  return made;
}

Object *plant_apply(const Plant *plant, const Object *object) {
  PlantProgram program;
  take_apart(&program, object);
  Object *made = plant->change(&program) ? write_program(&program) : NULL;
  free_program(&program);
  return made;
}

/* ---- changes ------------------------------------------------------------ */

/* Every node of every graph, in turn. */
typedef bool Change(PlantProgram *program, PlantGraph *graph, uint32_t node);

static bool change_all(PlantProgram *program, Change *change) {
  bool changed = false;
  for (uint32_t i = 0; i < program->graphs.length; i++)
    for (uint32_t k = 0; k < program->graphs.data[i].nodes.length; k++)
      changed |= change(program, &program->graphs.data[i], k);
  return changed;
}

static ObjArm *find_arm(PlantNode *node, ObjArmKind kind) {
  for (uint32_t i = 0; i < node->arms.length; i++)
    if (node->arms.data[i].kind == (uint32_t)kind) return &node->arms.data[i];
  return NULL;
}

/* The composite that node `index`, a port, belongs to; NULL of no port. */
static const PlantNode *owner(const PlantGraph *graph, uint32_t index) {
  const PlantNode *nodes = graph->nodes.data;
  if (nodes[index].node.op != OP_PORT) return NULL;
  while (nodes[index].node.op == OP_PORT) index--;
  return &nodes[index];
}

static bool swap_arms(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  ObjArm *yes = find_arm(node, OBJ_ARM_TRUE);
  ObjArm *no = find_arm(node, OBJ_ARM_FALSE);
  if (yes == NULL || no == NULL || yes->graph == no->graph) return false;
  uint32_t other = yes->graph;
  yes->graph = no->graph;
  no->graph = other;
  return true;
}

static bool plant_arms(PlantProgram *program) {
  return change_all(program, swap_arms);
}

static uint32_t count_ports(const PlantGraph *graph, uint32_t at) {
  uint32_t count = 0;
  while (graph->nodes.data[at + 1 + count].node.op == OP_PORT) count++;
  return count;
}

static uint32_t first_result(const PlantGraph *graph) {
  return graph->nodes.length - 1 - graph->head.result_count;
}

/* The body's results that carry variables hand on what came in. */
static bool keep_first(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  PlantNode *node = &graph->nodes.data[at];
  bool repeats = node->node.op == OP_LOOP || node->node.op == OP_WHILE;
  if (!repeats) return false;
  bool lists = node->node.op == OP_LOOP && (node->node.flags & OBJ_NODE_LISTS);
  bool is_while = node->node.op == OP_WHILE;
  PlantGraph *body = &program->graphs.data[find_arm(node, OBJ_ARM_BODY)->graph];
  uint32_t tokens = body->head.spaces != 0 ? 1 : 0;
  uint32_t carried = count_ports(graph, at) - (lists ? 1 : 0) - tokens;
  uint32_t result = first_result(body) + (lists || is_while ? 1 : 0);
  for (uint32_t i = 0; i < carried; i++)
    body->nodes.data[result + i].inputs.data[0] = 1 + i;
  return carried > 0;
}

static bool plant_carried(PlantProgram *program) {
  return change_all(program, keep_first);
}

static ObjRef *token_of(PlantNode *node) {
  for (uint32_t i = 0; i < node->inputs.length; i++)
    if (node->inputs.data[i] & OBJ_REF_ORDER) return &node->inputs.data[i];
  return NULL;
}

/* A print waits for what the print before it waited for. */
static bool cut_chain(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  ObjRef *token = node->node.op == OP_PRINT ? token_of(node) : NULL;
  if (token == NULL) return false;
  PlantNode *before = &graph->nodes.data[*token & OBJ_REF_INDEX];
  if (before->node.op != OP_PRINT) return false;
  *token = *token_of(before);
  return true;
}

static bool plant_prints(PlantProgram *program) {
  return change_all(program, cut_chain);
}

static bool drop_item(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  if (node->node.op != OP_LIST || node->inputs.length < 2) return false;
  node->inputs.length--;
  return true;
}

static bool plant_lists(PlantProgram *program) {
  return change_all(program, drop_item);
}

/* Whatever an arm said, what follows it is run. */
static bool never_return(PlantProgram *program, PlantGraph *graph,
                         uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  ObjArm *yes = find_arm(node, OBJ_ARM_TRUE);
  ObjArm *no = find_arm(node, OBJ_ARM_FALSE);
  if (yes == NULL || no == NULL || yes->graph == no->graph) return false;
  ObjRef control = node->inputs.data[0];
  if (control & OBJ_REF_CONST) return false;
  const PlantNode *from = owner(graph, control & OBJ_REF_INDEX);
  if (from == NULL || from->node.op == OP_CALL) return false;
  yes->graph = no->graph;
  return true;
}

static bool plant_returns(PlantProgram *program) {
  return change_all(program, never_return);
}

static bool swap_inputs(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  bool is_model = op_table[node->node.op].effect == EFFECT_MODEL;
  if (!is_model || node->inputs.length < 2) return false;
  ObjRef *last = &node->inputs.data[node->inputs.length - 1];
  ObjRef first = node->inputs.data[0];
  node->inputs.data[0] = *last;
  *last = first;
  return true;
}

static bool plant_prompts(PlantProgram *program) {
  return change_all(program, swap_inputs);
}

/* The graphs of the first case and of the last arm change places. */
static bool swap_cases(PlantProgram *program, PlantGraph *graph, uint32_t at) {
  (void)program;
  PlantNode *node = &graph->nodes.data[at];
  ObjArm *first = find_arm(node, OBJ_ARM_CASE);
  if (first == NULL) return false;
  ObjArm *last = find_arm(node, OBJ_ARM_DEFAULT);
  if (last == NULL) return false;
  uint32_t other = first->graph;
  first->graph = last->graph;
  last->graph = other;
  return true;
}

static bool plant_cases(PlantProgram *program) {
  return change_all(program, swap_cases);
}

const Plant plants[PLANTS] = {
    {"arms", "the arms of an if are swapped", plant_arms},
    {"carried", "a variable that a loop carries keeps its first value",
     plant_carried},
    {"prints", "a print does not wait for the one before it", plant_prints},
    {"lists", "a list lacks its last element", plant_lists},
    {"returns", "an early return does not stop what follows", plant_returns},
    {"prompts", "first and last piece of a prompt are swapped", plant_prompts},
    {"cases", "the first case of a switch and the default are swapped",
     plant_cases}};
