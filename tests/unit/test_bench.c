/* SPDX-License-Identifier: MIT
 *
 * The shapes that `apxm bench sched` measures: forward edges only, one start,
 * counts that agree, both directions the same, equal every time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bench_line.h"
#include "cli/bench_shapes.h"
#include "core/base/mem.h"

static const uint32_t sizes[] = {SHAPE_NODES_MIN, 17, 100, 1000, 12345};
enum { SIZE_COUNT = sizeof sizes / sizeof sizes[0] };

static uint32_t edges_of(const Shape *shape) {
  return shape->first[shape->node_count];
}

/* Node 0 alone has no predecessor, and edges lead forward, so every node can
 * be reached from it. */
static void check_shape(const Shape *shape) {
  uint32_t *degree = mem_alloc_zero(shape->node_count, sizeof *degree);
  assert_int_equal(shape->first[0], 0);
  for (uint32_t i = 0; i < shape->node_count; i++) {
    assert_true(shape->first[i] <= shape->first[i + 1]);
    for (uint32_t e = shape->first[i]; e < shape->first[i + 1]; e++) {
      uint32_t to = shape->next[e];
      assert_true(to > i && to < shape->node_count);
      if (e > shape->first[i]) assert_true(to > shape->next[e - 1]);
      degree[to]++;
    }
  }
  assert_memory_equal(degree, shape->degree,
                      shape->node_count * sizeof *degree);
  for (uint32_t i = 0; i < shape->node_count; i++)
    assert_int_equal(degree[i] == 0, i == 0);
  mem_free(degree);
}

/* Every incoming edge is an outgoing one; as many of them. */
static void check_inputs(const Shape *shape) {
  ShapeInputs inputs = shape_inputs(shape);
  assert_int_equal(inputs.first[shape->node_count], edges_of(shape));
  for (uint32_t i = 0; i < shape->node_count; i++) {
    assert_int_equal(inputs.first[i + 1] - inputs.first[i], shape->degree[i]);
    for (uint32_t e = inputs.first[i]; e < inputs.first[i + 1]; e++) {
      uint32_t from = inputs.from[e], k = shape->first[from];
      if (e > inputs.first[i]) assert_true(from > inputs.from[e - 1]);
      while (k < shape->first[from + 1] && shape->next[k] != i) k++;
      assert_true(k < shape->first[from + 1]);
      if (shape->degree[i] > 4) break; /* the join of a fan: one will do */
    }
  }
  shape_inputs_free(&inputs);
}

static void shapes_are_sound(void **state) {
  (void)state;
  for (uint32_t kind = 0; kind < SHAPE_COUNT; kind++) {
    for (uint32_t i = 0; i < SIZE_COUNT; i++) {
      Shape shape = shape_make((ShapeKind)kind, sizes[i]);
      assert_true(shape.node_count <= sizes[i]);
      check_shape(&shape);
      check_inputs(&shape);
      shape_free(&shape);
    }
  }
}

static void shapes_have_their_edges(void **state) {
  (void)state;
  const uint32_t edges[SHAPE_COUNT] = {[SHAPE_FAN] = 2 * 98,
                                       [SHAPE_CHAIN] = 99,
                                       [SHAPE_TREE] = 99,
                                       [SHAPE_WAVEFRONT] = 2 * 10 * 9};
  for (uint32_t kind = 0; kind < SHAPE_COUNT; kind++) {
    Shape shape = shape_make((ShapeKind)kind, 100);
    assert_int_equal(shape.node_count, 100);
    if (kind != SHAPE_LAYERED)
      assert_int_equal(edges_of(&shape), edges[kind]);
    else
      assert_in_range(edges_of(&shape), 10 + 2 * 89, 10 + 4 * 89);
    shape_free(&shape);
  }
}

static void shapes_repeat(void **state) {
  (void)state;
  Shape a = shape_make(SHAPE_LAYERED, 5000),
        b = shape_make(SHAPE_LAYERED, 5000);
  assert_int_equal(edges_of(&a), edges_of(&b));
  assert_memory_equal(a.next, b.next, edges_of(&a) * sizeof *a.next);
  shape_free(&a);
  shape_free(&b);
}

static void names_are_found(void **state) {
  (void)state;
  for (uint32_t kind = 0; kind < SHAPE_COUNT; kind++) {
    ShapeKind found;
    assert_true(shape_find(shape_name((ShapeKind)kind), &found));
    assert_int_equal(found, kind);
  }
  ShapeKind kind;
  assert_false(shape_find("circle", &kind));
}

static void jobs_are_parsed(void **state) {
  (void)state;
  BenchJob job;
  char *good[] = {"x", "--shape", "tree", "--nodes", "16", "--workers", "2"};
  char *bad[] = {"x", "--nodes", "15"};
  char *odd[] = {"x", "--nodes"};
  assert_true(bench_job_parse(7, good, &job));
  assert_int_equal(job.shape, SHAPE_TREE);
  assert_int_equal(job.nodes, 16);
  assert_int_equal(job.workers, 2);
  assert_false(bench_job_parse(3, bad, &job));
  assert_false(bench_job_parse(2, odd, &job));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shapes_are_sound),
      cmocka_unit_test(shapes_have_their_edges),
      cmocka_unit_test(shapes_repeat),
      cmocka_unit_test(names_are_found),
      cmocka_unit_test(jobs_are_parsed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
