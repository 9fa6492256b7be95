/* SPDX-License-Identifier: MIT
 *
 * What was measured, and how it is shown: bench lines in, a table or a JSON
 * document out. Each repetition is one process a peer; a figure is the median
 * over the repetitions, its best the best of all.
 */
#ifndef APXM_CLI_BENCH_TABLE_H
#define APXM_CLI_BENCH_TABLE_H

#include <cjson/cJSON.h>

#include "cli/bench_options.h"
#include "cli/bench_peers.h"
#include "core/base/vec.h"

typedef enum BenchPhase {
  BENCH_PHASE_LOAD,        /* object_load: verify and link; engine only */
  BENCH_PHASE_INSTANTIATE, /* a frame; engine only */
  BENCH_PHASE_BUILD,       /* making the graph; peers only */
  BENCH_PHASE_FIRST,       /* first run */
  BENCH_PHASE_WARM,        /* further runs */
  BENCH_PHASE_COUNT
} BenchPhase;

typedef struct BenchPlan {
  BenchList nodes, workers;
  bool shapes[SHAPE_COUNT];
  uint32_t repeat; /* processes of each peer */
  uint32_t warm;   /* warm runs in each */
} BenchPlan;

/* A place in the table. */
typedef struct BenchKey {
  BenchPeer peer;
  ShapeKind shape;
  uint32_t nodes;   /* entry of plan->nodes */
  uint32_t workers; /* entry of plan->workers */
} BenchKey;

/* ns a node of one phase at one place; nothing measured: no medians. */
typedef struct BenchFigure {
  VEC(double) medians; /* one a repetition */
  double best;
} BenchFigure;

typedef struct BenchCell {
  BenchFigure figures[BENCH_PHASE_COUNT];
  uint32_t node_count; /* as measured: a wavefront is a square */
  double bytes;        /* a node; 0: not known */
} BenchCell;

typedef struct BenchTable {
  const BenchPlan *plan; /* borrowed */
  BenchCell *cells;      /* one for every possible BenchKey */
} BenchTable;

void bench_table_init(BenchTable *table, const BenchPlan *plan);
void bench_table_free(BenchTable *table);

/* Reads the lines that a measuring process printed. */
Status bench_table_add(BenchTable *table, BenchKey key, Slice lines,
                       Error *error) MUST_USE;

void bench_table_text(const BenchTable *table, Buf *out);
cJSON *bench_table_json(const BenchTable *table); /* cJSON_Delete */

#endif
