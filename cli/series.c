/* SPDX-License-Identifier: MIT
 *
 * Arithmetic over samples. Medians stand for a run where figures are combined,
 * so that one run that was disturbed does not move a speedup.
 */
#include "cli/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

static double median_of(const Samples *samples) {
  uint32_t count = samples->ns.length;
  size_t size = count * sizeof(uint64_t);
  uint64_t *sorted = mem_alloc(size);
  memcpy(sorted, samples->ns.data, size);
  qsort(sorted, count, sizeof *sorted, compare);
  uint32_t upper = count / 2, lower = (count - 1) / 2;
  double high = (double)sorted[upper], low = (double)sorted[lower];
  mem_free(sorted);
  return low + (high - low) / 2;
}

static Spread spread_of(const Samples *samples) {
  uint32_t count = samples->ns.length;
  Spread spread = {0};
  if (count == 0) return spread;
  double sum = 0, squares = 0;
  spread.minimum = spread.maximum = (double)samples->ns.data[0];
  for (uint32_t i = 0; i < count; i++) {
    double ns = (double)samples->ns.data[i];
    sum += ns;
    spread.minimum = fmin(spread.minimum, ns);
    spread.maximum = fmax(spread.maximum, ns);
  }
  spread.mean = sum / count;
  for (uint32_t i = 0; i < count; i++) {
    double off = (double)samples->ns.data[i] - spread.mean;
    squares += off * off;
  }
  spread.deviation = count > 1 ? sqrt(squares / (count - 1)) : 0;
  spread.median = median_of(samples);
  return spread;
}

static void add_overhead(OverheadSample *to, const OverheadSample *from) {
  to->nodes += from->nodes;
  to->ready_ns += from->ready_ns;
  to->input_ns += from->input_ns;
  to->dispatch_ns += from->dispatch_ns;
  to->route_ns += from->route_ns;
  to->body_ns += from->body_ns;
}

void series_add_parallel(Series *series, const RunMetrics *metrics) {
  vec_push(&series->parallel.ns, metrics->duration_ns);
  vec_push(&series->work.ns, metrics->work_span.t1_ns);
  vec_push(&series->span.ns, metrics->work_span.t_inf_ns);
  series->calls += metrics->latency.count;
  series->latency_ns += metrics->latency.sum;
  series->nodes += metrics->nodes_executed;
  if (metrics->max_parallelism > series->max_parallelism)
    series->max_parallelism = metrics->max_parallelism;
  add_overhead(&series->overhead, &metrics->overhead);
  series->within += metrics->work_span.within_bounds;
}

void series_add_sequential(Series *series, const RunMetrics *metrics) {
  vec_push(&series->sequential.ns, metrics->duration_ns);
}

void series_free(Series *series) {
  vec_free(&series->parallel.ns);
  vec_free(&series->sequential.ns);
  vec_free(&series->work.ns);
  vec_free(&series->span.ns);
}

static double ratio(double a, double b) {
  return b > 0 ? a / b : 0;
}

static void add_overhead_figures(const Series *series, SeriesFigures *out) {
  const OverheadSample *sum = &series->overhead;
  double nodes = sum->nodes > 0 ? (double)sum->nodes : NAN;
  uint64_t all =
      sum->ready_ns + sum->input_ns + sum->dispatch_ns + sum->route_ns;
  out->input_per_node = (double)sum->input_ns / nodes;
  out->route_per_node = (double)sum->route_ns / nodes;
  out->overhead_per_node = (double)all / nodes;
  out->overhead_per_run =
      out->overhead_per_node *
      ratio((double)series->nodes, series->parallel.ns.length);
}

SeriesFigures series_figures(const Series *series) {
  SeriesFigures out = {.duration = spread_of(&series->parallel)};
  double typical = out.duration.median;
  out.t1 = spread_of(&series->work).median;
  out.t1_sequential = spread_of(&series->sequential).median;
  out.t_inf = spread_of(&series->span).median;
  out.theoretical = ratio(out.t1, out.t_inf);
  out.speedup = ratio(out.t1, typical);
  out.speedup_sequential = ratio(out.t1_sequential, typical);
  out.efficiency = ratio(out.speedup, series->n);
  out.calls = ratio((double)series->calls, series->parallel.ns.length);
  out.avg_latency = ratio((double)series->latency_ns, (double)series->calls);
  add_overhead_figures(series, &out);
  return out;
}
