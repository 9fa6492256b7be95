/* SPDX-License-Identifier: MIT
 *
 * Who calls whom, and which effect spaces each graph uses, itself or through
 * what it calls: the least fixpoint, with a list of graphs that have changed.
 */
#include "compiler/graph/graph_int.h"
#include "core/base/mem.h"

/* One call: from a graph of the document, or a region of it. */
typedef struct Caller {
  uint32_t row;  /* of docs */
  uint32_t next; /* 1 + index of the next of the same callee, or 0 */
} Caller;

typedef struct Calls {
  GraphReader *reader;
  uint32_t row;    /* whose calls are looked for */
  uint32_t *first; /* by callee: 1 + index of a caller, or 0 */
  VEC(Caller) callers;
  VEC(uint32_t) changed; /* rows whose callers do not know yet */
} Calls;

static Slice attribute(const GraphNode *node, const char *key) {
  const Tree *found = tree_member(node->attributes, key);
  return found && found->kind == TREE_TEXT ? found->text : SLICE("");
}

static bool find_callee(GraphReader *reader, GraphNode *node) {
  Slice agent = attribute(node, "agent_name");
  Slice flow = attribute(node, "flow_name");
  uint32_t row;
  if (map_get(&reader->flows, graph_flow_key(reader, agent, flow), &row)) {
    node->callee = reader->docs.data[row];
    return true;
  }
  Diag *diag =
      diag_report(reader->sink, DIAG_GRAPH_FLOW, node->span,
                  "node `%.*s` calls `%.*s.%.*s`, which is no graph "
                  "of this document",
                  SLICE_ARG(node->name), SLICE_ARG(agent), SLICE_ARG(flow));
  diag->label = "`agent_name` and `flow_name` name one";
  return false;
}

static void add_caller(Calls *calls, uint32_t callee) {
  Caller caller = {.row = calls->row, .next = calls->first[callee]};
  vec_push(&calls->callers, caller);
  calls->first[callee] = calls->callers.length;
}

static void add_spaces(Calls *calls, uint32_t row, uint16_t spaces) {
  GraphDoc *doc = calls->reader->docs.data[row];
  if ((doc->spaces | spaces) == doc->spaces) return;
  doc->spaces |= spaces;
  vec_push(&calls->changed, row);
}

/* A graph's nodes, and those of its regions. */
static bool find_calls(Calls *calls, GraphDoc *doc) {
  bool right = true;
  for (uint32_t i = 0; i < doc->node_count; i++) {
    GraphNode *node = &doc->nodes[i];
    if (node->form == FORM_PRINT)
      add_spaces(calls, calls->row, 1 << SPACE_OUTPUT);
    if (node->form == FORM_CALL) {
      right &= find_callee(calls->reader, node);
      if (node->callee != NULL) add_caller(calls, node->callee->row);
    }
    for (uint32_t k = 0; k < node->region_count; k++)
      right &= find_calls(calls, node->regions[k]);
  }
  return right;
}

static void tell_callers(Calls *calls) {
  while (calls->changed.length > 0) {
    uint32_t row = vec_pop(&calls->changed);
    uint16_t spaces = calls->reader->docs.data[row]->spaces;
    for (uint32_t at = calls->first[row]; at > 0;) {
      Caller caller = calls->callers.data[at - 1];
      add_spaces(calls, caller.row, spaces);
      at = caller.next;
    }
  }
}

/* What a graph or region uses; equal for all regions of a node. */
static uint16_t set_regions(GraphDoc *doc) {
  uint16_t spaces = 0;
  for (uint32_t i = 0; i < doc->node_count; i++) {
    GraphNode *node = &doc->nodes[i];
    uint16_t inner = node->form == FORM_PRINT ? 1 << SPACE_OUTPUT : 0;
    if (node->callee != NULL) inner |= node->callee->spaces;
    for (uint32_t k = 0; k < node->region_count; k++)
      inner |= set_regions(node->regions[k]);
    for (uint32_t k = 0; k < node->region_count; k++)
      node->regions[k]->spaces = inner;
    spaces |= inner;
  }
  return spaces;
}

bool graph_resolve(GraphReader *reader) {
  uint32_t count = reader->docs.length;
  Calls calls = {
      .reader = reader,
      .first = mem_alloc_zero((size_t)count + 1, sizeof *calls.first)};
  bool right = true;
  for (calls.row = 0; calls.row < count; calls.row++)
    right &= find_calls(&calls, reader->docs.data[calls.row]);
  tell_callers(&calls);
  for (uint32_t i = 0; i < count; i++) set_regions(reader->docs.data[i]);
  mem_free(calls.first);
  vec_free(&calls.callers);
  vec_free(&calls.changed);
  return right;
}
