/* SPDX-License-Identifier: MIT
 *
 * From who reads what to who is read by whom. verify_nodes.c has left the
 * number of consumers of each node in Loader.counts and the edges that come in,
 * with a mark on each start, in pending. Here
 *
 *   1. calls of graphs that open at once become starts too, and open their own
 *      graph at once: the least fixpoint over the graphs of bodies, by a
 *      worklist of graphs, each entered once;
 *   2. the counts become ends of ranges (running sum);
 *   3. one walk over all inputs from the last to the first fills the ranges
 *      from their ends, which leaves the counts at the beginnings and every
 *      list ascending. Start lists are filled the same way behind them:
 *
 *     consumers: [ of node 0 | of node 1 | ... || starts of graph 0 | ... ]
 */
#include "core/base/mem.h"
#include "core/object/loader.h"

/* ---- graphs that open at once -------------------------------------------- */

typedef struct Site {
  uint32_t node;  /* one that opens_with_body, row of NODES */
  uint32_t graph; /* the graph it is in */
} Site;

/* Sites by body (CSR) and the graphs still to be looked at. */
typedef struct Openings {
  uint32_t *first; /* graph_count + 1 */
  Site *sites;     /* call_count */
  uint32_t *work;  /* graph_count */
  uint32_t work_count;
} Openings;

static void find_sites(const Object *o, Openings *openings) {
  for (uint32_t i = 0; i < o->node_count; i++)
    if (opens_with_body((Op)o->nodes[i].op))
      openings->first[object_body(o, &o->nodes[i])]++;
  for (uint32_t row = 0, sum = 0; row <= o->graph_count; row++)
    openings->first[row] = sum += openings->first[row];
  for (uint32_t row = o->graph_count; row-- > 0;) {
    const ObjGraph *graph = &o->graphs[row];
    for (uint32_t i = graph->node_count; i-- > 0;) {
      const ObjNode *node = &o->nodes[graph->first_node + i];
      if (!opens_with_body((Op)node->op)) continue;
      openings->sites[--openings->first[object_body(o, node)]] =
          (Site){graph->first_node + i, row};
    }
  }
}

/* The nodes that run graph `row`, which opens at once, are starts. */
static void start_calls(const Object *o, Openings *openings, uint32_t row) {
  uint32_t end = openings->first[row + 1];
  for (uint32_t i = openings->first[row]; i < end; i++) {
    Site site = openings->sites[i];
    ObjLinks *links = &o->links[site.graph];
    if ((o->pending[site.node] & PENDING_START) == 0) {
      o->pending[site.node] = (o->pending[site.node] | PENDING_START) + 1;
      links->start_count++;
    }
    if (links->opens_at_once) continue;
    links->opens_at_once = 1;
    openings->work[openings->work_count++] = site.graph;
  }
}

static bool open_graphs(Loader *loader) {
  const Object *o = loader->object;
  Openings openings = {
      .first = mem_try_zero((size_t)o->graph_count + 1, sizeof(uint32_t)),
      .sites = mem_try(loader->call_count, sizeof(Site)),
      .work = mem_try(o->graph_count, sizeof(uint32_t)),
  };
  bool has_memory = openings.first && openings.sites && openings.work;
  if (has_memory) {
    if (loader->call_count > 0) find_sites(o, &openings);
    for (uint32_t row = 0; row < o->graph_count; row++)
      if (o->links[row].opens_at_once)
        openings.work[openings.work_count++] = row;
    while (openings.work_count > 0)
      start_calls(o, &openings, openings.work[--openings.work_count]);
  }
  mem_free(openings.first);
  mem_free(openings.sites);
  mem_free(openings.work);
  return has_memory || refuse_memory(loader);
}

/* ---- consumers and starts ------------------------------------------------ */

static void sum_counts(Loader *loader) {
  uint32_t sum = 0;
  uint32_t node_count = loader->object->node_count;
  for (uint32_t i = 0; i < node_count; i++)
    loader->counts[i] = sum += loader->counts[i];
  loader->counts[node_count] = sum;
}

/* Enters node `index` of `graph` into its producers' lists. */
static void fill_producers(const Loader *loader, const ObjGraph *graph,
                           uint32_t index) {
  const Object *o = loader->object;
  const ObjNode *node = &o->nodes[graph->first_node + index];
  uint32_t *ends = loader->counts + graph->first_node;
  for (uint32_t i = node[1].inputs; i-- > node->inputs;) {
    ObjRef ref = o->inputs[i];
    if ((ref & OBJ_REF_CONST) != 0) continue;
    o->consumers[--ends[ref & OBJ_REF_INDEX]] =
        index | ((ref & OBJ_REF_ORDER) != 0 ? CONSUMER_ORDER : 0);
  }
}

/* `*end` is where the list of starts of the next graph begins. */
static void fill_graph(const Loader *loader, uint32_t row, uint32_t *end) {
  const Object *o = loader->object;
  const ObjGraph *graph = &o->graphs[row];
  for (uint32_t i = graph->node_count; i-- > 0;) {
    uint32_t *pending = &o->pending[graph->first_node + i];
    fill_producers(loader, graph, i);
    if ((*pending & PENDING_START) != 0) {
      *pending &= ~PENDING_START;
      o->consumers[--*end] = i;
    }
    if ((*pending & PENDING_COUNT) >= WIDE_JOIN) *pending |= PENDING_WIDE;
    Op op = (Op)o->nodes[graph->first_node + i].op;
    if ((op_table[op].shape & OP_ASYNC) != 0) *pending |= PENDING_TIMED;
    if (op_is_counted(op)) o->links[row].work_count++;
    if ((op_table[op].shape & OP_COMPOSITE) != 0 ||
        op_table[op].effect == EFFECT_MODEL)
      o->links[row].outward_count++;
  }
  o->links[row].first_start = *end;
}

static void fill_spans(const Loader *loader) {
  const Object *o = loader->object;
  for (uint32_t i = 0; i < o->node_count; i++)
    o->spans[i] = (ObjSpan){o->nodes[i].inputs, loader->counts[i]};
  o->spans[o->node_count] =
      (ObjSpan){o->input_count, loader->counts[o->node_count]};
  for (uint32_t i = 0; i < o->node_count; i++) o->ops[i] = o->nodes[i].op;
}

bool link_object(Loader *loader) {
  Object *o = loader->object;
  uint32_t end = loader->edge_count;
  if (!open_graphs(loader)) return false;
  for (uint32_t row = 0; row < o->graph_count; row++)
    end += o->links[row].start_count;
  o->consumers = mem_try(end, sizeof *o->consumers);
  if (o->consumers == NULL) return refuse_memory(loader);
  sum_counts(loader);
  for (uint32_t row = o->graph_count; row-- > 0;) fill_graph(loader, row, &end);
  fill_spans(loader);
  return true;
}
