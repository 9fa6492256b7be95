/* SPDX-License-Identifier: MIT
 *
 * What the diagnostics file says about a graph. Ports are no work of their
 * own: an edge from a port is an edge from the call before it. Parameters and
 * END are the frame's, so edges from or to them do not count.
 */
#include "core/object/object.h"

/* Whether an edge from a node of this kind is an edge from work. */
static bool is_source(uint8_t op) {
  return op_is_counted((Op)op) || op == OP_PORT;
}

/* Edges into node `row` from other work; `nodes` are the graph's. */
static uint32_t edges_in(const Object *o, const ObjNode *nodes,
                         const ObjNode *node) {
  uint32_t edges = 0;
  for (uint32_t i = node->inputs; i < node[1].inputs; i++) {
    ObjRef ref = o->inputs[i];
    if ((ref & OBJ_REF_CONST) == 0)
      edges += is_source(nodes[ref & OBJ_REF_INDEX].op);
  }
  return edges;
}

/* Whether work reads node `row` (of NODES) itself. */
static bool is_read(const Object *o, const ObjNode *nodes, uint32_t row) {
  uint32_t end = o->spans[row + 1].consumers;
  for (uint32_t i = o->spans[row].consumers; i < end; i++)
    if (op_is_counted((Op)nodes[o->consumers[i] & CONSUMER_INDEX].op))
      return true;
  return false;
}

/* As is_read, and for a call also whether one of its ports is read. */
static bool has_reader(const Object *o, const ObjNode *nodes, uint32_t row) {
  bool found = is_read(o, nodes, row);
  for (row++; !found && o->nodes[row].op == OP_PORT; row++)
    found = is_read(o, nodes, row);
  return found;
}

void object_graph_statistics(const Object *object, uint32_t graph,
                             ObjStatistics *out) {
  const ObjGraph *at = &object->graphs[graph];
  const ObjNode *nodes = &object->nodes[at->first_node];
  *out = (ObjStatistics){0};
  for (uint32_t i = 0; i < at->node_count; i++) {
    if (!op_is_counted((Op)nodes[i].op)) continue;
    uint32_t edges = edges_in(object, nodes, &nodes[i]);
    out->total_nodes++;
    out->total_edges += edges;
    out->entry_nodes += edges == 0;
    out->exit_nodes += !has_reader(object, nodes, at->first_node + i);
  }
}
