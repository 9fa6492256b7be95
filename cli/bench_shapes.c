/* SPDX-License-Identifier: MIT
 *
 * Makes the shapes. Each generator names the edges one by one, ordered by the
 * node they lead to; the arrays are then filled by counting, twice when both
 * directions are wanted. Nothing here is measured.
 */
#include "cli/bench_shapes.h"

#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/vec.h"

typedef struct Edge {
  uint32_t from, to;
} Edge;

typedef VEC(Edge) Edges;

static const char *const names[SHAPE_COUNT] = {
    [SHAPE_FAN] = "fan",
    [SHAPE_CHAIN] = "chain",
    [SHAPE_TREE] = "tree",
    [SHAPE_LAYERED] = "layered",
    [SHAPE_WAVEFRONT] = "wavefront",
};

const char *shape_name(ShapeKind kind) {
  assert(kind < SHAPE_COUNT);
  return names[kind];
}

bool shape_find(const char *name, ShapeKind *kind) {
  for (uint32_t k = 0; k < SHAPE_COUNT; k++) {
    if (strcmp(names[k], name) == 0) {
      *kind = (ShapeKind)k;
      return true;
    }
  }
  return false;
}

static void add(Edges *edges, uint32_t from, uint32_t to) {
  vec_push(edges, ((Edge){from, to}));
}

/* The largest r with r * r <= n. */
static uint32_t square_root(uint32_t n) {
  uint32_t root = 0;
  while ((uint64_t)(root + 1) * (root + 1) <= n) root++;
  return root;
}

/* ---- one generator a shape; each returns the number of nodes ------------- */

static uint32_t make_fan(Edges *edges, uint32_t nodes) {
  for (uint32_t i = 1; i + 1 < nodes; i++) add(edges, 0, i);
  for (uint32_t i = 1; i + 1 < nodes; i++) add(edges, i, nodes - 1);
  return nodes;
}

static uint32_t make_chain(Edges *edges, uint32_t nodes) {
  for (uint32_t i = 1; i < nodes; i++) add(edges, i - 1, i);
  return nodes;
}

static uint32_t make_tree(Edges *edges, uint32_t nodes) {
  for (uint32_t i = 1; i < nodes; i++) add(edges, (i - 1) / 2, i);
  return nodes;
}

/* splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere. */
static uint32_t random_below(uint64_t *state, uint32_t bound) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (uint32_t)((z ^ (z >> 31)) % bound);
}

/* 2 to 4 different numbers below `bound` (at least 4), ascending. */
static uint32_t pick(uint64_t *state, uint32_t bound, uint32_t out[4]) {
  uint32_t want = 2 + random_below(state, 3), have = 0;
  while (have < want) {
    uint32_t x = random_below(state, bound), at = 0;
    while (at < have && out[at] < x) at++;
    if (at < have && out[at] == x) continue;
    memmove(out + at + 1, out + at, (have - at) * sizeof *out);
    out[at] = x;
    have++;
  }
  return have;
}

static uint32_t make_layered(Edges *edges, uint32_t nodes) {
  uint64_t state = 20130223;
  uint32_t width = square_root(nodes);
  for (uint32_t i = 1; i < nodes; i++) {
    uint32_t layer = (i - 1) / width, picked[4];
    if (layer == 0) {
      add(edges, 0, i);
      continue;
    }
    uint32_t count = pick(&state, width, picked);
    for (uint32_t k = 0; k < count; k++)
      add(edges, 1 + (layer - 1) * width + picked[k], i);
  }
  return nodes;
}

static uint32_t make_wavefront(Edges *edges, uint32_t nodes) {
  uint32_t side = square_root(nodes);
  for (uint32_t i = 1; i < side * side; i++) {
    if (i >= side) add(edges, i - side, i);
    if (i % side != 0) add(edges, i - 1, i);
  }
  return side * side;
}

typedef uint32_t Generator(Edges *edges, uint32_t nodes);

static Generator *const generators[SHAPE_COUNT] = {
    [SHAPE_FAN] = make_fan,
    [SHAPE_CHAIN] = make_chain,
    [SHAPE_TREE] = make_tree,
    [SHAPE_LAYERED] = make_layered,
    [SHAPE_WAVEFRONT] = make_wavefront,
};

/* ---- edges to arrays ----------------------------------------------------- */

/* Counts become the row where each list begins; row `count` ends the last. */
static void counts_to_rows(uint32_t *rows, uint32_t count) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i <= count; i++) {
    uint32_t here = rows[i];
    rows[i] = sum;
    sum += here;
  }
}

/* After each list was filled through its own row, every row stands where the
 * next began: move them back by one. */
static void rewind_rows(uint32_t *rows, uint32_t count) {
  memmove(rows + 1, rows, count * sizeof *rows);
  rows[0] = 0;
}

Shape shape_make(ShapeKind kind, uint32_t nodes) {
  assert(kind < SHAPE_COUNT);
  assert(nodes >= SHAPE_NODES_MIN && nodes <= SHAPE_NODES_MAX);
  Edges edges = {0};
  Shape shape = {.node_count = generators[kind](&edges, nodes)};
  uint32_t count = shape.node_count;
  shape.first = mem_alloc_zero(count + 1, sizeof *shape.first);
  shape.degree = mem_alloc_zero(count, sizeof *shape.degree);
  shape.next = mem_alloc_zero(edges.length, sizeof *shape.next);
  for (uint32_t e = 0; e < edges.length; e++) {
    shape.first[edges.data[e].from]++;
    shape.degree[edges.data[e].to]++;
  }
  counts_to_rows(shape.first, count);
  for (uint32_t e = 0; e < edges.length; e++)
    shape.next[shape.first[edges.data[e].from]++] = edges.data[e].to;
  rewind_rows(shape.first, count);
  vec_free(&edges);
  return shape;
}

void shape_free(Shape *shape) {
  mem_free(shape->first);
  mem_free(shape->next);
  mem_free(shape->degree);
  *shape = (Shape){0};
}

ShapeInputs shape_inputs(const Shape *shape) {
  uint32_t count = shape->node_count;
  ShapeInputs inputs = {
      .first = mem_alloc_zero(count + 1, sizeof(uint32_t)),
      .from = mem_alloc_zero(shape->first[count], sizeof(uint32_t)),
  };
  memcpy(inputs.first, shape->degree, count * sizeof(uint32_t));
  counts_to_rows(inputs.first, count);
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t e = shape->first[i]; e < shape->first[i + 1]; e++)
      inputs.from[inputs.first[shape->next[e]]++] = i;
  rewind_rows(inputs.first, count);
  return inputs;
}

void shape_inputs_free(ShapeInputs *inputs) {
  mem_free(inputs->first);
  mem_free(inputs->from);
  *inputs = (ShapeInputs){0};
}
