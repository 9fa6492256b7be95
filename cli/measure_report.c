/* SPDX-License-Identifier: MIT
 *
 * The same figures twice: as tables, with what others have published beside
 * them, and as the document of `--json`. Times are medians over the runs where
 * nothing else is said.
 */
#include "cli/measure_report.h"

#include <math.h>

#include "cli/table.h"
#include "core/base/clock.h"

/* ---- tables -------------------------------------------------------------- */

/* A table with one row a series; `peer` is NULL where nothing is published. */
typedef void AddRow(Table *table, const Measure *measure, const Series *series,
                    const SeriesFigures *figures, const WorkloadPeer *peer);

static void add_rows(Table *table, const Measure *measure, AddRow *add,
                     Buf *out) {
  for (uint32_t i = 0; i < measure->series.length; i++) {
    const Series *series = &measure->series.data[i];
    SeriesFigures figures = series_figures(series);
    add(table, measure, series, &figures,
        workload_peer(measure->workload, series->n));
  }
  table_print(table, out);
  table_free(table);
  buf_add_char(out, '\n');
}

/* The names of the columns; a leading `@` stands for the peer's. */
static void add_head(Table *table, const Measure *measure,
                     const char *const *names) {
  const char *peer = measure->workload->peer;
  for (uint32_t i = 0; i < table->columns; i++) {
    bool is_peer = names[i][0] == '@';
    table_add(table, "%s%s", is_peer ? (peer ? peer : "others") : "",
              names[i] + is_peer);
  }
}

/* A cell of the peer's, "-" without one. */
static void add_peer(Table *table, const WorkloadPeer *peer, const char *format,
                     double value) PRINTF_LIKE(3, 0);

static void add_peer(Table *table, const WorkloadPeer *peer, const char *format,
                     double value) {
  Buf text = {0};
  if (peer) buf_addf(&text, format, value);
  table_add(table, "%s", peer ? text.data : "-");
  buf_free(&text);
}

static void add_measured_row(Table *table, const Measure *measure,
                             const Series *series, const SeriesFigures *figures,
                             const WorkloadPeer *peer) {
  (void)measure;
  table_add(table, "%u", series->n);
  table_add_ns(table, figures->duration.median);
  table_add_ns(table, figures->duration.minimum);
  table_add_ns(table, figures->duration.maximum);
  table_add(table, "%.4g", figures->calls);
  table_add_ns(table, figures->avg_latency);
  table_add(table, "%u", series->max_parallelism);
  add_peer(table, peer, "%.0f ms", peer ? peer->duration_ms : 0);
  add_peer(table, peer, "%.0f", peer ? peer->max_parallelism : 0);
}

static void add_measured(const Measure *measure, Buf *out) {
  static const char *const head[] = {"N",        "duration", "min",
                                     "max",      "calls",    "avg latency",
                                     "max par.", "@",        "@ max par."};
  Table table;
  table_init(&table, "Measured values", "rrrrrrrrr");
  add_head(&table, measure, head);
  add_rows(&table, measure, add_measured_row, out);
}

static void add_speedup_row(Table *table, const Measure *measure,
                            const Series *series, const SeriesFigures *figures,
                            const WorkloadPeer *peer) {
  (void)measure;
  table_add(table, "%u", series->n);
  table_add_ns(table, figures->t1);
  table_add_ns(table, figures->t1_sequential);
  table_add_ns(table, figures->t_inf);
  table_add(table, "%.2f", figures->speedup);
  table_add(table, "%.2f", figures->speedup_sequential);
  table_add(table, "%.2f", figures->theoretical);
  table_add(table, "%.1f %%", figures->efficiency * 100);
  add_peer(table, peer, "%.2f", peer ? peer->speedup : 0);
  add_peer(table, peer, "%.0f %%", peer ? peer->efficiency * 100 : 0);
}

static void add_speedup(const Measure *measure, Buf *out) {
  static const char *const head[] = {
      "N",       "T1 sum",      "T1 seq.",    "Tinf", "speedup",
      "vs seq.", "theoretical", "efficiency", "@",    "@ eff."};
  Table table;
  table_init(&table, "Speedup analysis", "rrrrrrrrrr");
  add_head(&table, measure, head);
  add_rows(&table, measure, add_speedup_row, out);
}

static void add_overhead_row(Table *table, const Measure *measure,
                             const Series *series, const SeriesFigures *figures,
                             const WorkloadPeer *peer) {
  (void)measure;
  (void)peer;
  table_add(table, "%u", series->n);
  table_add_ns(table, figures->input_per_node);
  table_add_ns(table, figures->route_per_node);
  table_add_ns(table, figures->overhead_per_run);
  table_add_ns(table, figures->overhead_per_node);
}

static void add_overhead(const Measure *measure, Buf *out) {
  static const char *const head[] = {"N", "input collection", "token routing",
                                     "total a run", "an op"};
  Table table;
  table_init(&table, "Scheduler overhead, an op where nothing else is said",
             "rrrrr");
  add_head(&table, measure, head);
  add_rows(&table, measure, add_overhead_row, out);
}

static void add_latency_row(Table *table, const Measure *measure,
                            const Series *series, const SeriesFigures *figures,
                            const WorkloadPeer *peer) {
  const Series *first = &measure->series.data[0];
  const WorkloadPeer *first_peer = workload_peer(measure->workload, first->n);
  double base = series_figures(first).avg_latency;
  table_add(table, "%u", series->n);
  table_add_ns(table, figures->avg_latency);
  table_add(table, "%.2f x", base > 0 ? figures->avg_latency / base : 0);
  add_peer(table, peer, "%.0f ms", peer ? peer->avg_latency_ms : 0);
  if (!first_peer || first_peer->avg_latency_ms <= 0) peer = NULL;
  add_peer(table, peer, "%.2f x",
           peer ? peer->avg_latency_ms / first_peer->avg_latency_ms : 0);
}

static void add_latency(const Measure *measure, Buf *out) {
  static const char *const head[] = {"N", "avg latency", "growth", "@",
                                     "@ growth"};
  Table table;
  table_init(&table, "Latency degradation", "rrrrr");
  add_head(&table, measure, head);
  add_rows(&table, measure, add_latency_row, out);
}

static void add_verdict(const Measure *measure, Buf *out) {
  buf_add_text(out, "Within max(T1/P, Tinf) and T1/P + Tinf + overhead:");
  for (uint32_t i = 0; i < measure->series.length; i++) {
    const Series *series = &measure->series.data[i];
    buf_addf(out, "%s N = %u: %u of %u runs", i > 0 ? "," : "", series->n,
             series->within, series->parallel.ns.length);
  }
  buf_add_char(out, '\n');
}

void measure_add_tables(const Measure *measure, Buf *out) {
  const Workload *workload = measure->workload;
  bool is_told = strstr(measure->backend, measure->detail) != NULL;
  buf_addf(out, "%s: %s\n", workload->directory, workload->description);
  buf_addf(out,
           "%u runs of each flow on %s%s%s, %u workers, at most %u calls "
           "in flight; medians\n",
           measure->iterations, measure->backend, is_told ? "" : " ",
           is_told ? "" : measure->detail, measure->workers,
           measure->in_flight_limit);
  if (workload->peer)
    buf_addf(out, "%s: %s\n", workload->peer, workload->peer_note);
  buf_add_char(out, '\n');
  add_measured(measure, out);
  add_speedup(measure, out);
  add_overhead(measure, out);
  add_latency(measure, out);
  add_verdict(measure, out);
}

/* ---- the document -------------------------------------------------------- */

static void add_ms(cJSON *object, const char *name, double ns) {
  cJSON_AddNumberToObject(object, name, ns / 1e6);
}

/* Null where nothing was sampled. */
static void add_us(cJSON *object, const char *name, double ns) {
  if (isnan(ns))
    cJSON_AddNullToObject(object, name);
  else
    cJSON_AddNumberToObject(object, name, ns / 1e3);
}

static void add_durations(cJSON *item, const Series *series,
                          const SeriesFigures *figures) {
  const Spread *spread = &figures->duration;
  add_ms(item, "T_1", figures->t1);
  add_ms(item, "T_1_sequential", figures->t1_sequential);
  add_ms(item, "T_inf", figures->t_inf);
  cJSON_AddNumberToObject(item, "theoretical_speedup", figures->theoretical);
  add_ms(item, "mean_ms", spread->mean);
  add_ms(item, "median_ms", spread->median);
  add_ms(item, "std_ms", spread->deviation);
  add_ms(item, "min_ms", spread->minimum);
  add_ms(item, "max_ms", spread->maximum);
  cJSON_AddNumberToObject(item, "efficiency", figures->efficiency);
  cJSON_AddNumberToObject(item, "speedup", figures->speedup);
  cJSON_AddNumberToObject(item, "speedup_sequential",
                          figures->speedup_sequential);
  cJSON_AddNumberToObject(item, "calls", figures->calls);
  add_ms(item, "avg_latency_ms", figures->avg_latency);
  cJSON_AddNumberToObject(item, "max_parallelism", series->max_parallelism);
}

static void add_samples(cJSON *item, const char *name, const Samples *samples) {
  cJSON *list = cJSON_AddArrayToObject(item, name);
  for (uint32_t i = 0; i < samples->ns.length; i++)
    cJSON_AddItemToArray(list,
                         cJSON_CreateNumber((double)samples->ns.data[i] / 1e6));
}

static cJSON *series_document(const Series *series) {
  SeriesFigures figures = series_figures(series);
  cJSON *item = cJSON_CreateObject();
  cJSON_AddNumberToObject(item, "n", series->n);
  cJSON_AddStringToObject(item, "flow", series->flow);
  add_durations(item, series, &figures);
  cJSON *overhead = cJSON_AddObjectToObject(item, "overhead");
  add_us(overhead, "input_collection_us", figures.input_per_node);
  add_us(overhead, "token_routing_us", figures.route_per_node);
  add_us(overhead, "total_us", figures.overhead_per_run);
  add_us(overhead, "per_op_us", figures.overhead_per_node);
  cJSON *within = cJSON_AddObjectToObject(item, "within_bounds");
  cJSON_AddNumberToObject(within, "runs", series->parallel.ns.length);
  cJSON_AddNumberToObject(within, "within", series->within);
  add_samples(item, "samples_ms", &series->parallel);
  add_samples(item, "sequential_samples_ms", &series->sequential);
  return item;
}

static void add_meta(cJSON *document, const Workload *workload) {
  char now[32];
  cJSON *meta = cJSON_AddObjectToObject(document, "meta");
  clock_wall_text(now);
  cJSON_AddStringToObject(meta, "timestamp", now);
  cJSON_AddStringToObject(meta, "workload", workload->name);
  cJSON_AddStringToObject(meta, "directory", workload->directory);
  cJSON_AddStringToObject(meta, "description", workload->description);
}

static void add_config(cJSON *document, const Measure *measure) {
  char level[] = {'O', (char)('0' + measure->program.optimization), '\0'};
  cJSON *config = cJSON_AddObjectToObject(document, "config");
  cJSON_AddNumberToObject(config, "iterations", measure->iterations);
  cJSON_AddNumberToObject(config, "warmup", measure->warmup);
  cJSON_AddStringToObject(config, "workload_type", measure->workload->type);
  cJSON_AddStringToObject(config, "optimization_level", level);
  cJSON_AddStringToObject(config, "backend", measure->backend);
  cJSON_AddStringToObject(config, "backend_detail", measure->detail);
  cJSON_AddNumberToObject(config, "workers", measure->workers);
  cJSON_AddNumberToObject(config, "max_in_flight", measure->in_flight_limit);
}

cJSON *measure_document(const Measure *measure) {
  cJSON *document = cJSON_CreateObject();
  add_meta(document, measure->workload);
  add_config(document, measure);
  cJSON *results = cJSON_AddObjectToObject(document, "results");
  cJSON *own = cJSON_AddObjectToObject(results, "apxm");
  cJSON *list = cJSON_AddArrayToObject(own, "series");
  cJSON *levels = cJSON_AddArrayToObject(own, "parallel_levels");
  for (uint32_t i = 0; i < measure->series.length; i++) {
    const Series *series = &measure->series.data[i];
    cJSON_AddItemToArray(list, series_document(series));
    cJSON_AddItemToArray(levels, cJSON_CreateNumber(series->n));
  }
  const cJSON *published = cJSON_GetObjectItemCaseSensitive(
      measure->workload->document, "reference");
  if (published)
    cJSON_AddItemToObject(results, "reference",
                          cJSON_Duplicate(published, true));
  return document;
}
