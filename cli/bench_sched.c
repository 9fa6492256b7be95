/* SPDX-License-Identifier: MIT
 *
 * `apxm bench sched`: the engine beside its peers. Every combination of shape,
 * nodes and workers is measured by one process a peer, turn by turn, and that
 * `repeat` times over, so that a noisy moment of the machine meets all of
 * them. `apxm bench measure` is the engine's own process (bench_measure.c).
 */
#include <string.h>

#include "cli/bench.h"
#include "cli/bench_table.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

/* ---- measuring ----------------------------------------------------------- */

typedef struct Bench {
  const Cli *cli;
  const BenchPlan *plan;
  BenchTable table;
  char *programs[BENCH_PEER_COUNT]; /* NULL: missing */
} Bench;

static void find_programs(Bench *bench) {
  for (uint32_t peer = 0; peer < BENCH_PEER_COUNT; peer++) {
    bench->programs[peer] = bench_peer_find((BenchPeer)peer);
    if (bench->programs[peer] == NULL)
      cli_note(bench->cli, "%s is not measured: %s",
               bench_peer_name((BenchPeer)peer),
               bench_peer_remedy((BenchPeer)peer));
  }
}

static Status measure_peer(Bench *bench, BenchKey key, Error *error) {
  const BenchPlan *plan = bench->plan;
  Buf lines = {0};
  BenchJob job = {.shape = key.shape,
                  .nodes = plan->nodes.at[key.nodes],
                  .workers = plan->workers.at[key.workers],
                  .warm = plan->warm};
  bench_progress(bench->cli, "bench sched: %s, %u nodes, %u workers, %s",
                 shape_name(job.shape), job.nodes, job.workers,
                 bench_peer_name(key.peer));
  Status status =
      bench_peer_run(key.peer, bench->programs[key.peer], &job, &lines, error);
  if (status == STATUS_OK)
    status = bench_table_add(&bench->table, key, buf_slice(&lines), error);
  buf_free(&lines);
  return status;
}

static Status measure_place(Bench *bench, BenchKey key, Error *error) {
  Status status = STATUS_OK;
  for (uint32_t p = 0; p < BENCH_PEER_COUNT && status == STATUS_OK; p++) {
    key.peer = (BenchPeer)p;
    if (bench->programs[p] != NULL) status = measure_peer(bench, key, error);
  }
  return status;
}

static Status measure_shapes(Bench *bench, uint32_t nodes, uint32_t workers,
                             Error *error) {
  Status status = STATUS_OK;
  for (uint32_t s = 0; s < SHAPE_COUNT && status == STATUS_OK; s++) {
    BenchKey key = {BENCH_PEER_APXM, (ShapeKind)s, nodes, workers};
    if (bench->plan->shapes[s]) status = measure_place(bench, key, error);
  }
  return status;
}

static Status measure_all(Bench *bench, Error *error) {
  const BenchPlan *plan = bench->plan;
  Status status = STATUS_OK;
  for (uint32_t turn = 0; turn < plan->repeat; turn++)
    for (uint32_t n = 0; n < plan->nodes.count; n++)
      for (uint32_t w = 0; w < plan->workers.count; w++)
        if (status == STATUS_OK) status = measure_shapes(bench, n, w, error);
  return status;
}

/* ---- the benchmark ------------------------------------------------------- */

static int show(const Cli *cli, const BenchTable *table,
                const BenchRequest *request, const OutputFile *file) {
  Buf text = {0};
  bench_table_text(table, &text);
  int code =
      bench_show(cli, request, file, buf_slice(&text), bench_table_json(table));
  buf_free(&text);
  return code;
}

static bool wants_all(const BenchPlan *plan) {
  for (uint32_t i = 0; i < SHAPE_COUNT; i++)
    if (plan->shapes[i]) return false;
  return true;
}

static int measure_and_show(const Cli *cli, const void *data,
                            const BenchRequest *request,
                            const OutputFile *file) {
  Error error = {0};
  BenchPlan plan = *(const BenchPlan *)data;
  Bench bench = {.cli = cli, .plan = &plan};
  bool all = wants_all(&plan);
  for (uint32_t i = 0; i < SHAPE_COUNT; i++)
    plan.shapes[i] = plan.shapes[i] || all;
  bench_table_init(&bench.table, &plan);
  find_programs(&bench);
  int code = measure_all(&bench, &error) == STATUS_OK
                 ? show(cli, &bench.table, request, file)
                 : cli_fail_error(cli, &error);
  bench_table_free(&bench.table);
  for (uint32_t p = 0; p < BENCH_PEER_COUNT; p++) mem_free(bench.programs[p]);
  return code;
}

static bool read_shape(const char *text, void *target) {
  ShapeKind kind;
  bool *shapes = target;
  if (!shape_find(text, &kind)) return false;
  shapes[kind] = true;
  return true;
}

int bench_sched(const Cli *cli, int count, char *const *words) {
  BenchPlan plan = {.nodes = {{1000, 100000, 1000000}, 3},
                    .workers = {{1, 2}, 2},
                    .repeat = 5,
                    .warm = 5};
  const BenchOption options[] = {
      {"--nodes", "N,...", "graph sizes [1000,100000,1000000]",
       BENCH_OPTION_LIST, SHAPE_NODES_MIN, SHAPE_NODES_MAX, &plan.nodes, NULL},
      {"--workers", "N,...", "worker threads [1,2]", BENCH_OPTION_LIST, 1,
       LIMIT_WORKERS, &plan.workers, NULL},
      {"--shape", "S",
       "fan, chain, tree, layered or wavefront; repeatable [all]",
       BENCH_OPTION_WORD, 0, 0, plan.shapes, read_shape},
      {"--repeat", "N", "processes of each peer, taking turns [5]",
       BENCH_OPTION_NUMBER, 1, 1000, &plan.repeat, NULL},
      {"--warm", "N", "runs after the first in each process [5]",
       BENCH_OPTION_NUMBER, 1, 1000, &plan.warm, NULL}};
  const BenchUsage usage = {
      "sched",
      "Five graph shapes with empty nodes: ns and bytes a node, and the ratios "
      "to the\npeers that were built along (tests/bench, or "
      "APXM_BENCH_DIR).\n",
      options, sizeof options / sizeof options[0]};
  return bench_do(cli, &usage, count, words, measure_and_show, &plan);
}
