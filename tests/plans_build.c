/* SPDX-License-Identifier: MIT
 *
 * A plan as an object file.
 */
#include "core/base/mem.h"
#include "tests/plans.h"
#include "tests/unit/unit.h"

void plan_types(Builder *b, TypeId *list, TypeId *error) {
  TypeTable types;
  type_table_init(&types);
  *list = type_list_of(&types, TYPE_TEXT);
  *error = type_record(&types, SLICE("error"));
  type_add_field(&types, *error, SLICE("message"), TYPE_TEXT);
  type_add_field(&types, *error, SLICE("code"), TYPE_TEXT);
  type_add_field(&types, *error, SLICE("node"), TYPE_TEXT);
  if (b != NULL) build_types(b, &types);
  type_table_free(&types);
}

/* The attributes of a node; returns how many. */
static uint32_t set_attrs(Builder *b, const Node *node, ObjAttr *attrs) {
  if (node->op == OP_WHILE) {
    attrs[0] = (ObjAttr){ATTR_MAX, build_num(b, node->max)};
    return 1;
  }
  if (node->op == OP_LOOP && node->max > 0) {
    attrs[0] = (ObjAttr){ATTR_PARALLEL, build_num(b, node->max)};
    return 1;
  }
  if (node->op != OP_GUARD) return 0;
  attrs[0] = (ObjAttr){ATTR_CONDITION, build_text(b, SLICE("not_empty"))};
  attrs[1] = (ObjAttr){ATTR_ON_FAIL, build_text(b, SLICE("skip"))};
  return node->flag ? 2 : 1;
}

static void add_node(Builder *b, const Node *node, uint32_t index) {
  ObjAttr attrs[2];
  uint32_t attr_count = set_attrs(b, node, attrs);
  bool lists = node->op == OP_LOOP && node->flag;
  build_node(b, &(BuildNode){.op = node->op,
                             .type = node->type,
                             .inputs = node->inputs,
                             .input_count = node->count,
                             .attrs = attrs,
                             .attr_count = attr_count,
                             .arms = node->arms,
                             .arm_count = node->arm_count,
                             .flags = lists ? OBJ_NODE_LISTS : 0,
                             .rank = (index * 7) % 5});
}

static void build_graph(Builder *b, const Plan *plan, uint32_t row) {
  const Graph *graph = &plan->graphs[row];
  uint16_t prints = graph->prints;
  build_begin_graph(
      b, &(BuildGraph){.name = graph->nested ? SLICE("A.f/x") : SLICE("A.f"),
                       .param_count = (uint16_t)(graph->params + prints),
                       .result_count = (uint16_t)(graph->results + prints),
                       .spaces = prints,
                       .nested = graph->nested});
  for (uint32_t i = 0; i < graph->nodes.length; i++)
    add_node(b, &graph->nodes.data[i], i);
  build_end_graph(b);
}

Object *plan_load(Builder *b) {
  Buf bytes = {0};
  Error error = {0};
  Status status = build_finish(b, &bytes, &error);
  build_free(b);
  if (status != STATUS_OK) fail_msg("%s", error.message);
  size_t size = bytes.length;
  Object *object = object_load((uint8_t *)buf_take(&bytes), size, &error);
  if (object == NULL) fail_msg("%s", error.message);
  return object;
}

Object *plan_build(const Plan *plan) {
  Builder *b = build_new(SLICE("stress.ais"), 1);
  const Graph *entry = &plan->graphs[0];
  BuildParam params[MAX_PARAMS];
  TypeId list, error;
  plan_types(b, &list, &error);
  for (uint32_t i = 0; i < PLAN_TEXTS; i++)
    assert_int_equal(build_text(b, slice_of(plan_texts[i])), i);
  assert_int_equal(build_num(b, 7), PLAN_TEXTS);
  assert_int_equal(build_bool(b, true), PLAN_TEXTS + 1);
  assert_int_equal(build_bool(b, false), PLAN_TEXTS + 2);
  for (uint32_t row = 0; row < plan->graph_count; row++)
    build_graph(b, plan, row);
  for (uint32_t i = 0; i < entry->params; i++)
    params[i] = (BuildParam){SLICE("p"), entry->param_types[i]};
  build_flow(
      b, &(BuildFlow){
             .agent = SLICE("A"),
             .name = SLICE("f"),
             .graph = 0,
             .params = params,
             .param_count = entry->params,
             .result = entry->results > 0 ? entry->result_types[0] : TYPE_VOID,
             .entry = true});
  return plan_load(b);
}
