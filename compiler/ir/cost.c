/* SPDX-License-Identifier: MIT
 *
 * In: a graph IR. Out: ranks (bottom levels). Callees are measured before
 * their callers, by a depth-first walk of the call graph on a stack of our own
 * (a chain of calls may be as long as the program), then a graph's nodes from
 * the last to the first. Only values count: an order edge makes prints wait
 * for prints, which take no time, and never a model call. A call takes its
 * callee's longest way from its first argument on, which is too much when an
 * early result is all that is used; a rank is a guess.
 */
#include "compiler/ir/cost.h"

#include "core/base/mem.h"

/* Of one model call, ms. Long enough apart to tell a thinker from a talker. */
enum { COST_ASK = 1000, COST_THINK = 5000, COST_REASON = 1000 };

typedef enum GraphState { GRAPH_NEW, GRAPH_OPEN, GRAPH_DONE } GraphState;

/* A graph whose callees are being measured. */
typedef struct OpenGraph {
  uint32_t graph;
  uint32_t next; /* node: the calls before it are measured */
} OpenGraph;

typedef struct Costs {
  IrProgram *program;
  uint8_t *states;  /* GraphState by graph */
  uint32_t *graphs; /* longest way through, ms; 0 until done */
  VEC(OpenGraph) open;
} Costs;

uint32_t ir_op_cost(Op op) {
  if (op == OP_ASK) return COST_ASK;
  if (op == OP_THINK) return COST_THINK;
  return op == OP_REASON ? COST_REASON : 0;
}

static uint32_t add_capped(uint32_t a, uint32_t b) {
  return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static void raise_to(uint32_t *value, uint32_t least) {
  if (*value < least) *value = least;
}

/* Ranks the nodes of a graph whose callees are done or cut off; returns the
 * longest way through it. On arrival at a node, its rank holds the highest of
 * its consumers'. */
static uint32_t rank_nodes(Costs *costs, IrGraph *graph) {
  uint32_t longest = 0;
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    graph->nodes.data[i].rank = 0;
  }
  for (uint32_t i = graph->nodes.length; i-- > 0;) {
    IrNode *node = &graph->nodes.data[i];
    uint32_t cost = node->op == OP_CALL ? costs->graphs[node->target]
                                        : ir_op_cost((Op)node->op);
    node->rank = add_capped(node->rank, cost);
    raise_to(&longest, node->rank);
    const IrRef *inputs = ir_inputs(graph, node);
    for (uint32_t k = 0; k < node->input_count; k++) {
      if (ir_is_const(inputs[k]) || ir_is_order(inputs[k])) continue;
      raise_to(&graph->nodes.data[inputs[k]].rank, node->rank);
    }
    /* What reads a port waits for the call before it. */
    if (node->op == OP_PORT) raise_to(&node[-1].rank, node->rank);
  }
  return longest;
}

static void open_graph(Costs *costs, uint32_t graph) {
  OpenGraph entry = {.graph = graph};
  costs->states[graph] = GRAPH_OPEN;
  vec_push(&costs->open, entry);
}

/* Opens the next callee of the innermost open graph that is still new; false
 * when there is none. */
static bool open_callee(Costs *costs) {
  OpenGraph *top = &costs->open.data[costs->open.length - 1];
  const IrGraph *graph = &costs->program->graphs.data[top->graph];
  while (top->next < graph->nodes.length) {
    const IrNode *node = &graph->nodes.data[top->next++];
    if (node->op == OP_CALL && costs->states[node->target] == GRAPH_NEW) {
      open_graph(costs, node->target);
      return true;
    }
  }
  return false;
}

static void measure(Costs *costs, uint32_t root) {
  open_graph(costs, root);
  while (costs->open.length > 0) {
    if (open_callee(costs)) continue;
    uint32_t graph = vec_pop(&costs->open).graph;
    costs->graphs[graph] =
        rank_nodes(costs, &costs->program->graphs.data[graph]);
    costs->states[graph] = GRAPH_DONE;
  }
}

void ir_rank(IrProgram *program) {
  uint32_t count = program->graphs.length;
  Costs costs = {
      .program = program,
      .states = mem_alloc_zero((size_t)count + 1, sizeof(uint8_t)),
      .graphs = mem_alloc_zero((size_t)count + 1, sizeof(uint32_t)),
  };
  for (uint32_t i = 0; i < count; i++) {
    if (costs.states[i] == GRAPH_NEW) measure(&costs, i);
  }
  vec_free(&costs.open);
  mem_free(costs.graphs);
  mem_free(costs.states);
}
