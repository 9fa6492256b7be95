/* SPDX-License-Identifier: MIT
 *
 * The same shapes on oneTBB's flow graph: one continue_node<continue_msg> with
 * an empty body a node, make_edge for every edge, the library's threads held
 * to the number asked for. The calling thread is one of them. Prints bench
 * lines: build (nodes and edges), first, warm (the nodes re-arm themselves).
 * Memory is pages touched, for the library has an allocator of its own.
 */
#include <deque>
#include <vector>

#include <tbb/flow_graph.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

extern "C" {
#include "cli/bench_line.h"
#include "cli/bench_shapes.h"
#include "core/base/clock.h"
}

using tbb::flow::continue_msg;
using Node = tbb::flow::continue_node<continue_msg>;

namespace {

struct Graph {
  tbb::flow::graph graph;
  std::deque<Node> nodes; /* nodes do not move, so no vector */

  explicit Graph(const Shape &shape) {
    for (uint32_t i = 0; i < shape.node_count; i++)
      nodes.emplace_back(graph, [](const continue_msg &) {});
    for (uint32_t i = 0; i < shape.node_count; i++)
      for (uint32_t e = shape.first[i]; e < shape.first[i + 1]; e++)
        tbb::flow::make_edge(nodes[i], nodes[shape.next[e]]);
  }

  uint64_t run() {
    uint64_t start = clock_now();
    nodes[0].try_put(continue_msg());
    graph.wait_for_all();
    return clock_now() - start;
  }
};

void measure(const Shape &shape, const BenchJob &job) {
  uint32_t nodes = shape.node_count;
  uint64_t resident = bench_resident_bytes(), start = clock_now();
  Graph graph(shape);
  uint64_t build = clock_now() - start;
  uint64_t first = graph.run();
  std::vector<uint64_t> warm(job.warm);
  for (uint64_t &run : warm) run = graph.run();
  uint64_t bytes = bench_resident_bytes() - resident;
  bench_line_write(stdout, "tbb", &job, "build", nodes, &build, 1, 0);
  bench_line_write(stdout, "tbb", &job, "first", nodes, &first, 1, 0);
  bench_line_write(stdout, "tbb", &job, "warm", nodes, warm.data(), job.warm,
                   bytes);
}

}  // namespace

int main(int argc, char **argv) {
  BenchJob job;
  if (!bench_job_parse(argc, argv, &job)) return 2;
  Shape small = shape_make(job.shape, SHAPE_NODES_MIN);
  Shape shape = shape_make(job.shape, job.nodes);
  tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                            job.workers);
  tbb::task_arena arena(static_cast<int>(job.workers));
  arena.execute([&] {
    Graph(small).run(); /* starts the library before memory is counted */
    measure(shape, job);
  });
  shape_free(&shape);
  shape_free(&small);
  return 0;
}
