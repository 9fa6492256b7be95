/* SPDX-License-Identifier: MIT
 *
 * In: a graph IR. Out: ranks (bottom levels). The graphs that a graph runs are
 * measured before it, by a depth-first walk on a stack of our own (a chain of
 * calls may be as long as the program), then its nodes from the last to the
 * first. Only values count: an order edge makes prints wait for prints, which
 * take no time, and never a model call but behind a fence. A composite takes
 * the longest way through its dearest arm from its first input on, which is too
 * much when an early result is all that is used; a rank is a guess. The
 * iterations of a loop run side by side, the steps of a while one after the
 * other.
 */
#include "compiler/ir/cost.h"

#include "core/base/mem.h"

/* Of one model call, ms. Long enough apart to tell a thinker from a talker. */
enum { COST_ASK = 1000, COST_THINK = 5000, COST_REASON = 1000 };

enum { WHILE_STEPS = 3 }; /* a guess */

typedef enum GraphState { GRAPH_NEW, GRAPH_OPEN, GRAPH_DONE } GraphState;

/* A graph whose arms are being measured. */
typedef struct OpenGraph {
  uint32_t graph;
  uint32_t next; /* arm: those before it are measured */
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

/* By itself or through the graphs it runs. */
static uint32_t node_cost(const Costs *costs, const IrGraph *graph,
                          const IrNode *node) {
  const IrArm *arms = ir_arms(graph, node);
  uint32_t cost = ir_op_cost((Op)node->op);
  for (uint32_t i = 0; i < node->arm_count; i++) {
    raise_to(&cost, costs->graphs[arms[i].graph]);
  }
  uint32_t once = cost;
  for (int i = 1; node->op == OP_WHILE && i < WHILE_STEPS; i++) {
    cost = add_capped(cost, once);
  }
  return cost;
}

/* Ranks the nodes of a graph whose arms are done or cut off; returns the
 * longest way through it. On arrival at a node, its rank holds the highest of
 * its consumers'. */
static uint32_t rank_nodes(Costs *costs, IrGraph *graph) {
  uint32_t longest = 0;
  for (uint32_t i = 0; i < graph->nodes.length; i++) {
    graph->nodes.data[i].rank = 0;
  }
  for (uint32_t i = graph->nodes.length; i-- > 0;) {
    IrNode *node = &graph->nodes.data[i];
    node->rank = add_capped(node->rank, node_cost(costs, graph, node));
    raise_to(&longest, node->rank);
    const IrRef *inputs = ir_inputs(graph, node);
    for (uint32_t k = 0; k < node->input_count; k++) {
      if (ir_is_const(inputs[k])) continue;
      if (ir_is_order(inputs[k]) && !ir_waits_for_any((Op)node->op)) continue;
      raise_to(&graph->nodes.data[ir_index(inputs[k])].rank, node->rank);
    }
    /* What reads a port waits for the composite before it. */
    if (node->op == OP_PORT) raise_to(&node[-1].rank, node->rank);
  }
  return longest;
}

static void open_graph(Costs *costs, uint32_t graph) {
  OpenGraph entry = {.graph = graph};
  costs->states[graph] = GRAPH_OPEN;
  vec_push(&costs->open, entry);
}

/* Opens the next graph that the innermost open one runs and that is still new;
 * false when there is none. */
static bool open_next(Costs *costs) {
  OpenGraph *top = &costs->open.data[costs->open.length - 1];
  const IrGraph *graph = &costs->program->graphs.data[top->graph];
  while (top->next < graph->arms.length) {
    uint32_t row = graph->arms.data[top->next++].graph;
    if (costs->states[row] == GRAPH_NEW) {
      open_graph(costs, row);
      return true;
    }
  }
  return false;
}

static void measure(Costs *costs, uint32_t root) {
  open_graph(costs, root);
  while (costs->open.length > 0) {
    if (open_next(costs)) continue;
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
