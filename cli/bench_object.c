/* SPDX-License-Identifier: MIT
 *
 * Writes the object file of a shape with the compiler's own builder: a PASS a
 * node, its inputs the node's predecessors (node 0: a constant), then RESULT
 * with the value of the last node, then END after the exits of the shape.
 */
#include "cli/bench_object.h"

#include "core/base/mem.h"
#include "core/object/build.h"

static void add_node(Builder *builder, Op op, TypeId type, const ObjRef *inputs,
                     uint32_t count, uint64_t key) {
  build_node(builder, &(BuildNode){.op = op,
                                   .type = type,
                                   .inputs = inputs,
                                   .input_count = count,
                                   .key = key});
}

static void add_work(Builder *builder, const Shape *shape) {
  ObjRef constant = build_num(builder, BENCH_VALUE) | OBJ_REF_CONST;
  add_node(builder, OP_PASS, TYPE_NUM, &constant, 1, 0);
  ShapeInputs inputs = shape_inputs(shape);
  for (uint32_t i = 1; i < shape->node_count; i++)
    add_node(builder, OP_PASS, TYPE_NUM, inputs.from + inputs.first[i],
             inputs.first[i + 1] - inputs.first[i], i);
  shape_inputs_free(&inputs);
}

/* END comes after RESULT and after every node that nobody else reads. */
static void add_end(Builder *builder, const Shape *shape) {
  uint32_t nodes = shape->node_count, last = nodes - 1, count = 0;
  ObjRef *order = mem_alloc_zero(nodes + 1, sizeof *order);
  for (uint32_t i = 0; i < last; i++)
    if (shape->first[i] == shape->first[i + 1])
      order[count++] = i | OBJ_REF_ORDER;
  order[count++] = nodes | OBJ_REF_ORDER;
  add_node(builder, OP_RESULT, TYPE_NUM, &last, 1, nodes);
  add_node(builder, OP_END, TYPE_VOID, order, count, nodes + 1);
  mem_free(order);
}

Status bench_object_build(const Shape *shape, Buf *out, Error *error) {
  Builder *builder = build_new(SLICE("bench"), 0);
  uint32_t graph =
      build_begin_graph(builder, &(BuildGraph){.name = SLICE("Bench.main"),
                                               .result_count = 1});
  add_work(builder, shape);
  add_end(builder, shape);
  build_end_graph(builder);
  build_flow(builder, &(BuildFlow){.agent = SLICE("Bench"),
                                   .name = SLICE("main"),
                                   .graph = graph,
                                   .result = TYPE_NUM,
                                   .entry = true});
  Status status = build_finish(builder, out, error);
  build_free(builder);
  return status;
}
