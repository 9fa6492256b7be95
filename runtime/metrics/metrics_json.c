/* SPDX-License-Identifier: MIT
 *
 * The metrics of a run as the JSON document that docs/metrics.md explains and
 * docs/metrics.schema.json describes. Names are kept for ever; figures that do
 * not exist (the parallelism of a run without a timed node) are null, never 0.
 */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "runtime/metrics/metrics.h"

static double ms(uint64_t ns) {
  return (double)ns / (double)NS_PER_MS;
}
static double us(double ns) {
  return ns / (double)NS_PER_US;
}

static double ratio(uint64_t part, uint64_t whole) {
  return whole ? (double)part / (double)whole : 0;
}

static void add_number(cJSON *object, const char *name, double value) {
  cJSON_AddNumberToObject(object, name, value);
}

static void add_count(cJSON *object, const char *name, uint64_t value) {
  cJSON_AddNumberToObject(object, name, (double)value);
}

/* part / whole, or null when there is no such figure. */
static void add_ratio(cJSON *object, const char *name, uint64_t part,
                      uint64_t whole, bool exists) {
  if (exists && whole)
    add_number(object, name, ratio(part, whole));
  else
    cJSON_AddNullToObject(object, name);
}

static void add_execution(cJSON *root, const RunMetrics *m) {
  cJSON *object = cJSON_AddObjectToObject(root, "execution");
  cJSON_AddStringToObject(object, "status", run_status_text(m->status));
  add_number(object, "duration_ms", ms(m->duration_ns));
  add_count(object, "nodes_executed", m->nodes_executed);
  add_count(object, "nodes_failed", m->nodes_failed);
  add_count(object, "nodes_skipped", m->nodes_skipped);
  add_count(object, "frames", m->frames);
}

/* us a node, from the sample. */
static double sampled_us(const OverheadSample *sample, uint64_t ns) {
  return us(ratio(ns, sample->nodes));
}

static double add_breakdown(cJSON *scheduler, const RunMetrics *m) {
  const OverheadSample *s = &m->overhead;
  const struct {
    const char *name;
    double us;
  } parts[] = {
      {"ready_set_update_us", sampled_us(s, s->ready_ns)},
      {"work_stealing_us", us(ratio(m->steal_ns, m->nodes_executed))},
      {"input_collection_us", sampled_us(s, s->input_ns)},
      {"operation_dispatch_us", sampled_us(s, s->dispatch_ns)},
      {"token_routing_us", sampled_us(s, s->route_ns)},
  };
  double total = 0;
  cJSON *object = cJSON_AddObjectToObject(scheduler, "overhead_breakdown");
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    add_number(object, parts[i].name, parts[i].us);
    total += parts[i].us;
  }
  return total;
}

static void add_scheduler(cJSON *root, const RunMetrics *m) {
  cJSON *object = cJSON_AddObjectToObject(root, "scheduler");
  double total = add_breakdown(object, m);
  add_number(object, "per_op_overhead_us", total);
  add_number(object, "body_us", sampled_us(&m->overhead, m->overhead.body_ns));
  add_count(object, "sampled_operations", m->overhead.nodes);
  add_number(object, "idle_us", us((double)m->idle_ns));
  add_count(object, "workers", m->work_span.workers);
  add_count(object, "max_parallelism", m->max_parallelism);
  add_number(object, "avg_parallelism",
             ratio(m->work_span.t1_ns, m->duration_ns));
  add_count(object, "operations_executed", m->nodes_executed);
  add_count(object, "operations_failed", m->nodes_failed);
}

/* Null when there is nothing to tell of. */
static void add_percentiles(cJSON *llm, const char *name, const Histogram *h) {
  if (h->count == 0) {
    cJSON_AddNullToObject(llm, name);
    return;
  }
  cJSON *object = cJSON_AddObjectToObject(llm, name);
  add_number(object, "p50", ms(histogram_percentile(h, 0.50)));
  add_number(object, "p90", ms(histogram_percentile(h, 0.90)));
  add_number(object, "p99", ms(histogram_percentile(h, 0.99)));
}

static void add_attempts(cJSON *llm, const RunMetrics *m,
                         const MetricsHead *head) {
  add_count(llm, "attempts", m->attempts);
  add_count(llm, "retries",
            m->attempts > m->requests ? m->attempts - m->requests : 0);
  add_number(llm, "retry_wait_ms", ms(m->retry_wait_ns));
  if (head->backend)
    add_count(llm, "retry_seed", head->retry_seed);
  else
    cJSON_AddNullToObject(llm, "retry_seed");
}

static void add_latency(cJSON *llm, const Histogram *h) {
  add_number(llm, "avg_latency_ms", ms(histogram_mean(h)));
  add_number(llm, "min_latency_ms", ms(h->min));
  add_number(llm, "p50_latency_ms", ms(histogram_percentile(h, 0.50)));
  add_number(llm, "p90_latency_ms", ms(histogram_percentile(h, 0.90)));
  add_number(llm, "p99_latency_ms", ms(histogram_percentile(h, 0.99)));
  add_number(llm, "max_latency_ms", ms(h->max));
}

static void add_llm(cJSON *root, const RunMetrics *m, const MetricsHead *head) {
  cJSON *object = cJSON_AddObjectToObject(root, "llm");
  add_count(object, "total_requests", m->requests);
  add_count(object, "failed_requests", m->requests_failed);
  add_count(object, "cut_replies", m->replies_cut);
  add_count(object, "total_input_tokens", m->input_tokens);
  add_count(object, "total_output_tokens", m->output_tokens);
  cJSON_AddBoolToObject(object, "tokens_estimated", m->tokens_estimated);
  add_latency(object, &m->latency);
  add_percentiles(object, "ttft_ms", &m->first_token);
  add_percentiles(object, "tpot_ms", &m->token_time);
  add_attempts(object, m, head);
}

static void add_phases(cJSON *root, const MetricsHead *head) {
  cJSON *object = cJSON_AddObjectToObject(root, "link_phases");
  add_number(object, "compile_ms", ms(head->compile_ns));
  add_number(object, "artifact_ms", ms(head->artifact_ns));
  add_number(object, "validation_ms", ms(head->validation_ns));
  add_number(object, "runtime_ms", ms(head->runtime_ns));
}

static void add_path(cJSON *object, const WorkSpan *ws) {
  cJSON *list = cJSON_AddArrayToObject(object, "critical_path");
  for (uint32_t i = 0; i < ws->path_kept && i < LIMIT_PATH_LINKS; i++) {
    const PathStep *step = &ws->path[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "node", step->label);
    add_count(item, "line", step->line);
    add_count(item, "column", step->column);
    add_number(item, "service_ms", ms(step->service_ns));
    add_number(item, "burden_ms", ms(step->burden_ns));
    cJSON_AddItemToArray(list, item);
  }
}

static void add_work_span(cJSON *root, const WorkSpan *ws) {
  bool is_timed = ws->t1_ns != 0;
  uint64_t capacity = ws->measured_ns * ws->parallelism_limit;
  cJSON *object = cJSON_AddObjectToObject(root, "work_span");
  add_number(object, "t1_ms", ms(ws->t1_ns));
  add_number(object, "t_inf_ms", ms(ws->t_inf_ns));
  add_number(object, "burden_ms", ms(ws->burden_ns));
  add_ratio(object, "parallelism", ws->t1_ns, ws->t_inf_ns, is_timed);
  add_count(object, "in_flight_limit", ws->in_flight_limit);
  add_count(object, "in_flight_least", ws->in_flight_least);
  add_count(object, "peak_demand", ws->peak_demand);
  add_count(object, "parallelism_limit", ws->parallelism_limit);
  add_number(object, "lower_bound_ms", ms(ws->lower_ns));
  add_number(object, "upper_bound_ms", ms(ws->upper_ns));
  add_number(object, "held_ms", ms(ws->held_ns));
  add_number(object, "measured_ms", ms(ws->measured_ns));
  add_ratio(object, "speedup", ws->t1_ns, ws->measured_ns, is_timed);
  add_ratio(object, "efficiency", ws->lower_ns, ws->measured_ns, is_timed);
  add_ratio(object, "utilization", ws->t1_ns, capacity, is_timed);
  cJSON_AddBoolToObject(object, "within_bounds", ws->within_bounds);
  add_number(object, "cpu_ms", ms(ws->cpu_ns));
  add_count(object, "path_nodes", ws->path_nodes);
  add_number(object, "bound_node_us", us(LIMIT_BOUND_NODE_NS));
  add_number(object, "bound_run_ms", ms(LIMIT_BOUND_RUN_NS));
  add_path(object, ws);
}

static void add_slice(cJSON *object, const char *name, Slice text) {
  Buf copy = {0};
  buf_add_slice(&copy, text);
  cJSON_AddStringToObject(object, name, copy.data == NULL ? "" : copy.data);
  buf_free(&copy);
}

/* What went as the program says, and may not be what was meant. */
static void add_warnings(cJSON *root, const RunMetrics *m) {
  cJSON *list = cJSON_AddArrayToObject(root, "warnings");
  for (uint32_t i = 0; i < m->stopped_count; i++) {
    const StoppedLoop *loop = &m->stopped[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "kind", "stopped_while");
    cJSON_AddStringToObject(item, "node", loop->label);
    add_slice(item, "file", loop->file);
    add_count(item, "line", loop->line);
    add_count(item, "column", loop->column);
    add_count(item, "steps", loop->steps);
    add_count(item, "times", loop->times);
    cJSON_AddItemToArray(list, item);
  }
}

static void add_text(cJSON *object, const char *name, const char *text) {
  if (text)
    cJSON_AddStringToObject(object, name, text);
  else
    cJSON_AddNullToObject(object, name);
}

static void add_head(cJSON *root, const MetricsHead *head) {
  char level[16];
  snprintf(level, sizeof level, "O%u", (unsigned)head->optimization);
  add_text(root, "input", head->input);
  cJSON_AddStringToObject(root, "optimization_level", level);
  add_text(root, "backend", head->backend);
  add_text(root, "provider", head->provider);
  add_text(root, "backend_detail", head->backend_detail);
  add_text(root, "model", head->model);
}

cJSON *metrics_json(const RunMetrics *metrics, const MetricsHead *head) {
  cJSON *root = cJSON_CreateObject();
  add_head(root, head);
  add_execution(root, metrics);
  add_scheduler(root, metrics);
  add_llm(root, metrics, head);
  add_phases(root, head);
  add_work_span(root, &metrics->work_span);
  add_warnings(root, metrics);
  return root;
}

static void add_batch(cJSON *root, const RunMetrics *sum,
                      const BatchMetrics *batch) {
  cJSON *object = cJSON_AddObjectToObject(root, "batch");
  uint64_t ended = batch->good + batch->failed;
  add_count(object, "lines", ended + batch->stopped);
  add_count(object, "succeeded", batch->good);
  add_count(object, "failed", batch->failed);
  add_count(object, "interrupted", batch->stopped);
  add_number(object, "lines_per_s", 1e9 * ratio(ended, sum->duration_ns));
}

cJSON *metrics_batch_json(const RunMetrics *sum, const MetricsHead *head,
                          const BatchMetrics *batch) {
  cJSON *root = cJSON_CreateObject();
  add_head(root, head);
  add_batch(root, sum, batch);
  add_execution(root, sum);
  add_llm(root, sum, head);
  add_phases(root, head);
  return root;
}
