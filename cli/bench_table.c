/* SPDX-License-Identifier: MIT
 *
 * Collects bench lines and writes the table for people and the document for
 * programs. In the table a ratio is the engine's warm run over the peer's.
 */
#include "cli/bench_table.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

static const char *const phase_names[BENCH_PHASE_COUNT] = {
    [BENCH_PHASE_LOAD] = "load",   [BENCH_PHASE_INSTANTIATE] = "instantiate",
    [BENCH_PHASE_BUILD] = "build", [BENCH_PHASE_FIRST] = "first",
    [BENCH_PHASE_WARM] = "warm",
};

enum {
  CELL_COUNT = BENCH_PEER_COUNT * SHAPE_COUNT * BENCH_LIST_MAX * BENCH_LIST_MAX
};

static BenchCell *cell_at(const BenchTable *table, BenchKey key) {
  uint32_t row = (uint32_t)key.peer * SHAPE_COUNT + (uint32_t)key.shape;
  row = (row * BENCH_LIST_MAX + key.nodes) * BENCH_LIST_MAX + key.workers;
  return &table->cells[row];
}

void bench_table_init(BenchTable *table, const BenchPlan *plan) {
  table->plan = plan;
  table->cells = mem_alloc_zero(CELL_COUNT, sizeof *table->cells);
}

void bench_table_free(BenchTable *table) {
  for (uint32_t i = 0; i < CELL_COUNT; i++)
    for (uint32_t phase = 0; phase < BENCH_PHASE_COUNT; phase++)
      vec_free(&table->cells[i].figures[phase].medians);
  mem_free(table->cells);
}

/* ---- lines in ------------------------------------------------------------ */

static bool phase_find(const char *name, BenchPhase *phase) {
  for (uint32_t i = 0; name != NULL && i < BENCH_PHASE_COUNT; i++) {
    if (strcmp(phase_names[i], name) != 0) continue;
    *phase = (BenchPhase)i;
    return true;
  }
  return false;
}

static double number_of(const cJSON *line, const char *name) {
  return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(line, name));
}

static bool add_line(BenchCell *cell, const cJSON *line) {
  BenchPhase phase;
  const cJSON *name = cJSON_GetObjectItemCaseSensitive(line, "phase");
  double median = number_of(line, "ns_per_node"),
         best = number_of(line, "best_ns_per_node"),
         bytes = number_of(line, "bytes_per_node"),
         nodes = number_of(line, "nodes");
  if (!phase_find(cJSON_GetStringValue(name), &phase)) return false;
  if (!(median >= 0 && best >= 0 && nodes >= 1 && nodes <= SHAPE_NODES_MAX))
    return false;
  BenchFigure *figure = &cell->figures[phase];
  if (figure->medians.length == 0 || best < figure->best) figure->best = best;
  vec_push(&figure->medians, median);
  cell->node_count = (uint32_t)nodes;
  if (bytes > 0) cell->bytes = bytes;
  return true;
}

Status bench_table_add(BenchTable *table, BenchKey key, Slice lines,
                       Error *error) {
  BenchCell *cell = cell_at(table, key);
  while (lines.length > 0) {
    const char *end = memchr(lines.data, '\n', lines.length);
    size_t length = end ? (size_t)(end - lines.data) : lines.length;
    cJSON *line = json_parse(slice_from(lines.data, length), error);
    bool good = line != NULL && add_line(cell, line);
    cJSON_Delete(line);
    if (!good)
      return error_set(error, STATUS_FORMAT, "%s printed no bench line: %.*s",
                       bench_peer_name(key.peer),
                       SLICE_ARG(slice_from(lines.data, length)));
    length += end != NULL;
    lines = slice_from(lines.data + length, lines.length - length);
  }
  return STATUS_OK;
}

/* ---- figures ------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The median; negative when there is none. */
static double figure_median(const BenchFigure *figure) {
  uint32_t count = figure->medians.length;
  if (count == 0) return -1;
  qsort(figure->medians.data, count, sizeof(double), compare);
  return figure->medians.data[count / 2];
}

static double median_at(const BenchTable *table, BenchKey key,
                        BenchPhase phase) {
  return figure_median(&cell_at(table, key)->figures[phase]);
}

/* The engine's warm run over that of `key`; negative when one is missing. */
static double ratio_at(const BenchTable *table, BenchKey key) {
  double theirs = median_at(table, key, BENCH_PHASE_WARM);
  key.peer = BENCH_PEER_APXM;
  double ours = median_at(table, key, BENCH_PHASE_WARM);
  return ours >= 0 && theirs > 0 ? ours / theirs : -1;
}

static double bytes_at(const BenchTable *table, BenchKey key) {
  double bytes = cell_at(table, key)->bytes;
  return bytes > 0 ? bytes : -1;
}

/* ---- text out ------------------------------------------------------------ */

static void add_number(Buf *out, int width, int digits, double value) {
  if (value < 0)
    buf_addf(out, "%*s", width, "-");
  else
    buf_addf(out, "%*.*f", width, digits, value);
}

static void add_row(const BenchTable *table, BenchKey key, Buf *out) {
  BenchKey apxm = key, floor = key, tbb = key;
  apxm.peer = BENCH_PEER_APXM;
  floor.peer = BENCH_PEER_FLOOR;
  tbb.peer = BENCH_PEER_TBB;
  buf_addf(out, "%-9s %2u ", shape_name(key.shape),
           table->plan->workers.at[key.workers]);
  add_number(out, 7, 1, median_at(table, apxm, BENCH_PHASE_LOAD));
  add_number(out, 6, 1, median_at(table, apxm, BENCH_PHASE_INSTANTIATE));
  add_number(out, 7, 1, median_at(table, apxm, BENCH_PHASE_FIRST));
  add_number(out, 7, 1, median_at(table, apxm, BENCH_PHASE_WARM));
  buf_add_text(out, " |");
  add_number(out, 6, 1, median_at(table, floor, BENCH_PHASE_WARM));
  add_number(out, 6, 2, ratio_at(table, floor));
  buf_add_text(out, " |");
  add_number(out, 6, 0, median_at(table, tbb, BENCH_PHASE_BUILD));
  add_number(out, 6, 0, median_at(table, tbb, BENCH_PHASE_FIRST));
  add_number(out, 7, 1, median_at(table, tbb, BENCH_PHASE_WARM));
  add_number(out, 6, 2, ratio_at(table, tbb));
  buf_add_text(out, " |");
  add_number(out, 6, 0, bytes_at(table, apxm));
  add_number(out, 6, 0, bytes_at(table, floor));
  add_number(out, 6, 0, bytes_at(table, tbb));
  buf_add_char(out, '\n');
}

static void add_head(const BenchPlan *plan, uint32_t nodes, Buf *out) {
  buf_addf(out,
           "%u nodes; ns a node, median of %u processes; x: ours warm over "
           "theirs\n\n",
           nodes, plan->repeat);
  buf_add_text(out,
               "           |          apxm            |    floor    |"
               "        oneTBB           |  bytes a node\n");
  buf_add_text(out,
               "shape      w   load  inst  first   warm |  warm     x |"
               " build first   warm     x |  apxm floor   TBB\n");
}

void bench_table_text(const BenchTable *table, Buf *out) {
  const BenchPlan *plan = table->plan;
  for (uint32_t n = 0; n < plan->nodes.count; n++) {
    if (n > 0) buf_add_char(out, '\n');
    add_head(plan, plan->nodes.at[n], out);
    for (uint32_t w = 0; w < plan->workers.count; w++)
      for (uint32_t shape = 0; shape < SHAPE_COUNT; shape++)
        if (plan->shapes[shape])
          add_row(table, (BenchKey){BENCH_PEER_APXM, (ShapeKind)shape, n, w},
                  out);
  }
}

/* ---- JSON out ------------------------------------------------------------ */

static cJSON *figure_json(const BenchFigure *figure) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddNumberToObject(json, "median_ns_per_node", figure_median(figure));
  cJSON_AddNumberToObject(json, "best_ns_per_node", figure->best);
  cJSON_AddItemToObject(json, "ns_per_node",
                        cJSON_CreateDoubleArray(figure->medians.data,
                                                (int)figure->medians.length));
  return json;
}

static cJSON *cell_json(const BenchTable *table, BenchKey key) {
  const BenchCell *cell = cell_at(table, key);
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "peer", bench_peer_name(key.peer));
  cJSON_AddStringToObject(json, "shape", shape_name(key.shape));
  cJSON_AddNumberToObject(json, "nodes", cell->node_count);
  cJSON_AddNumberToObject(json, "workers",
                          table->plan->workers.at[key.workers]);
  if (cell->bytes > 0)
    cJSON_AddNumberToObject(json, "bytes_per_node", cell->bytes);
  cJSON *phases = cJSON_AddObjectToObject(json, "phases");
  for (uint32_t phase = 0; phase < BENCH_PHASE_COUNT; phase++)
    if (cell->figures[phase].medians.length > 0)
      cJSON_AddItemToObject(phases, phase_names[phase],
                            figure_json(&cell->figures[phase]));
  if (key.peer != BENCH_PEER_APXM && ratio_at(table, key) >= 0)
    cJSON_AddNumberToObject(json, "apxm_warm_ratio", ratio_at(table, key));
  return json;
}

cJSON *bench_table_json(const BenchTable *table) {
  const BenchPlan *plan = table->plan;
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "bench", "sched");
  cJSON *meta = cJSON_AddObjectToObject(json, "meta");
  cJSON_AddStringToObject(meta, "version", APXM_VERSION);
  cJSON_AddNumberToObject(meta, "repeat", plan->repeat);
  cJSON_AddNumberToObject(meta, "warm_runs", plan->warm);
  cJSON *results = cJSON_AddArrayToObject(json, "results");
  for (uint32_t i = 0; i < CELL_COUNT; i++) {
    uint32_t rest = i;
    BenchKey key = {.workers = rest % BENCH_LIST_MAX};
    key.nodes = (rest /= BENCH_LIST_MAX) % BENCH_LIST_MAX;
    key.shape = (ShapeKind)((rest /= BENCH_LIST_MAX) % SHAPE_COUNT);
    key.peer = (BenchPeer)(rest / SHAPE_COUNT);
    if (table->cells[i].node_count > 0)
      cJSON_AddItemToArray(results, cell_json(table, key));
  }
  return json;
}
