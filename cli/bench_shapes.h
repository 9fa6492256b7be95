/* SPDX-License-Identifier: MIT
 *
 * The five graph shapes of `apxm bench sched` as plain arrays, so that the
 * engine and its peers (tests/bench) run exactly the same edges. Nodes are
 * numbered in topological order, node 0 is the only one without an incoming
 * edge, and equal arguments give equal arrays.
 */
#ifndef APXM_CLI_BENCH_SHAPES_H
#define APXM_CLI_BENCH_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ShapeKind {
  SHAPE_FAN,       /* 1 -> n - 2 -> 1 */
  SHAPE_CHAIN,     /* each node feeds the next */
  SHAPE_TREE,      /* node i feeds 2i + 1 and 2i + 2 */
  SHAPE_LAYERED,   /* layers of sqrt n; 2 to 4 edges from the layer before */
  SHAPE_WAVEFRONT, /* sqrt n by sqrt n; (i,j) after (i-1,j) and (i,j-1) */
  SHAPE_COUNT
} ShapeKind;

enum { SHAPE_NODES_MIN = 16, SHAPE_NODES_MAX = 1 << 26 };

typedef struct Shape {
  uint32_t node_count;
  uint32_t *first;  /* node_count + 1: row of `next` of a node's first edge */
  uint32_t *next;   /* the successors, ascending for each node */
  uint32_t *degree; /* incoming edges, by node */
} Shape;

const char *shape_name(ShapeKind kind); /* "fan", "chain", ... */
bool shape_find(const char *name, ShapeKind *kind);

/* About `nodes` of them, between the two limits: a wavefront is a square, so
 * it has at most that many. Free with shape_free. */
Shape shape_make(ShapeKind kind, uint32_t nodes);
void shape_free(Shape *shape);

/* The incoming edges, the way an object file stores them: node i's
 * predecessors are from[first[i] .. first[i + 1] - 1], ascending. */
typedef struct ShapeInputs {
  uint32_t *first; /* node_count + 1 */
  uint32_t *from;
} ShapeInputs;

ShapeInputs shape_inputs(const Shape *shape);
void shape_inputs_free(ShapeInputs *inputs);

#endif
