/* SPDX-License-Identifier: MIT
 *
 * Edges to orders: what each node reads, in the order of the edges; what it
 * waits for; and an order of all nodes in which each comes after these. Of
 * nodes that could be next the one that stands first in the document is, so
 * print lines come in the document's order as far as the edges allow (Kahn,
 * with a heap).
 */
#include "compiler/graph/graph_int.h"
#include "core/base/mem.h"

/* ---- what a node reads --------------------------------------------------- */

static bool is_value(const GraphEdge *edge) {
  return edge->kind == EDGE_DATA;
}

static void count_ends(GraphDoc *doc) {
  for (uint32_t i = 0; i < doc->edges.length; i++) {
    const GraphEdge *edge = &doc->edges.data[i];
    GraphNode *to = &doc->nodes[edge->to];
    ++*(is_value(edge) ? &to->input_count : &to->wait_count);
    if (!edge->from.is_param) doc->nodes[edge->from.index].edges_out++;
  }
}

static void set_ranges(GraphDoc *doc) {
  uint32_t inputs = 0;
  uint32_t waits = 0;
  for (uint32_t i = 0; i < doc->node_count; i++) {
    GraphNode *node = &doc->nodes[i];
    node->first_input = inputs;
    node->first_wait = waits;
    inputs += node->input_count;
    waits += node->wait_count;
    node->input_count = node->wait_count = 0;
  }
}

static void fill_ranges(GraphDoc *doc) {
  for (uint32_t i = 0; i < doc->edges.length; i++) {
    const GraphEdge *edge = &doc->edges.data[i];
    GraphNode *to = &doc->nodes[edge->to];
    if (is_value(edge))
      doc->inputs[to->first_input + to->input_count++] = edge->from;
    else if (!edge->from.is_param) /* parameters are there from the first */
      doc->waits[to->first_wait + to->wait_count++] =
          (GraphWait){edge->from.index, edge->kind == EDGE_EFFECT};
  }
}

/* ---- the order ----------------------------------------------------------- */

/* A heap of node numbers, the smallest on top. */
typedef VEC(uint32_t) Heap;

static void heap_push(Heap *heap, uint32_t number) {
  vec_push(heap, number);
  uint32_t at = heap->length - 1;
  while (at > 0 && heap->data[(at - 1) / 2] > number) {
    heap->data[at] = heap->data[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  heap->data[at] = number;
}

static uint32_t heap_pop(Heap *heap) {
  uint32_t top = heap->data[0];
  uint32_t last = vec_pop(heap);
  uint32_t at = 0;
  for (uint32_t child = 1; child < heap->length; child = 2 * at + 1) {
    if (child + 1 < heap->length && heap->data[child + 1] < heap->data[child])
      child++;
    if (heap->data[child] >= last) break;
    heap->data[at] = heap->data[child];
    at = child;
  }
  if (heap->length > 0) heap->data[at] = last;
  return top;
}

/* Edges by their beginnings: those of node i are next[i], next[...], ... */
typedef struct Sorting {
  uint32_t *first;   /* by node: 1 + row of an edge, or 0 */
  uint32_t *next;    /* by edge: the same */
  uint32_t *missing; /* by node: edges to it that are open */
} Sorting;

static void begin_sorting(const GraphDoc *doc, Sorting *sorting) {
  size_t nodes = (size_t)doc->node_count + 1;
  size_t edges = (size_t)doc->edges.length + 1;
  sorting->first = mem_alloc_zero(nodes, sizeof(uint32_t));
  sorting->missing = mem_alloc_zero(nodes, sizeof(uint32_t));
  sorting->next = mem_alloc_zero(edges, sizeof(uint32_t));
  for (uint32_t i = 0; i < doc->edges.length; i++) {
    const GraphEdge *edge = &doc->edges.data[i];
    if (edge->from.is_param) continue;
    sorting->next[i] = sorting->first[edge->from.index];
    sorting->first[edge->from.index] = i + 1;
    sorting->missing[edge->to]++;
  }
}

static uint32_t sort_nodes(const GraphDoc *doc, Sorting *sorting) {
  Heap ready = {0};
  uint32_t count = 0;
  for (uint32_t i = 0; i < doc->node_count; i++) {
    if (sorting->missing[i] == 0) heap_push(&ready, i);
  }
  while (ready.length > 0) {
    uint32_t node = heap_pop(&ready);
    doc->order[count++] = node;
    for (uint32_t e = sorting->first[node]; e > 0; e = sorting->next[e - 1]) {
      uint32_t to = doc->edges.data[e - 1].to;
      if (--sorting->missing[to] == 0) heap_push(&ready, to);
    }
  }
  vec_free(&ready);
  return count;
}

/* Every node that is left waits for one that is left, so going back often
 * enough ends in a circle; it is named from there. */
static void report_circle(GraphReader *reader, const GraphDoc *doc,
                          const Sorting *sorting) {
  enum { SHOWN = 8 };
  uint32_t *before =
      mem_alloc_zero((size_t)doc->node_count + 1, sizeof *before);
  uint32_t at = 0;
  for (uint32_t i = 0; i < doc->edges.length; i++) {
    const GraphEdge *edge = &doc->edges.data[i];
    if (edge->from.is_param || sorting->missing[edge->from.index] == 0)
      continue;
    before[edge->to] = edge->from.index;
    if (sorting->missing[edge->to] > 0) at = edge->to;
  }
  for (uint32_t i = 0; i < doc->node_count; i++) at = before[at];
  Buf names = {0};
  uint32_t node = at;
  for (int i = 0; i < SHOWN; i++) {
    buf_addf(&names, "`%.*s`, which waits for ",
             SLICE_ARG(doc->nodes[node].name));
    node = before[node];
    if (node == at) break;
  }
  const GraphNode *start = &doc->nodes[at];
  Diag *diag = diag_report(
      reader->sink, DIAG_GRAPH_CYCLE, start->span,
      "nodes wait for each other: %s%s", names.data,
      node == at ? diag_text(reader->sink, "`%.*s`", SLICE_ARG(start->name))
                 : "...");
  diag->label = "none of them can be first";
  buf_free(&names);
  mem_free(before);
}

bool graph_sort(GraphReader *reader, GraphDoc *doc) {
  Sorting sorting = {0};
  doc->inputs = ARENA_ARRAY(reader->arena, GraphInput, doc->edges.length + 1);
  doc->waits = ARENA_ARRAY(reader->arena, GraphWait, doc->edges.length + 1);
  doc->order = ARENA_ARRAY(reader->arena, uint32_t, doc->node_count + 1);
  count_ends(doc);
  set_ranges(doc);
  fill_ranges(doc);
  begin_sorting(doc, &sorting);
  bool right = sort_nodes(doc, &sorting) == doc->node_count;
  if (!right) report_circle(reader, doc, &sorting);
  mem_free(sorting.first);
  mem_free(sorting.missing);
  mem_free(sorting.next);
  return right;
}
