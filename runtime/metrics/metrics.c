/* SPDX-License-Identifier: MIT
 *
 * What a run claims about its own speed, and whether it is true.
 */
#include "runtime/metrics/metrics.h"

#include "core/base/clock.h"

const char *run_status_text(RunStatus status) {
  switch (status) {
    case RUN_SUCCESS:
      return "success";
    case RUN_FAILED:
      return "failed";
    case RUN_CANCELLED:
      return "cancelled";
    case RUN_PAUSED:
      return "paused";
    case RUN_EXPIRED:
      return "expired";
  }
  return "failed";
}

void metrics_add(RunMetrics *sum, const RunMetrics *run) {
  sum->nodes_executed += run->nodes_executed;
  sum->nodes_failed += run->nodes_failed;
  sum->nodes_skipped += run->nodes_skipped;
  sum->frames += run->frames;
  sum->requests += run->requests;
  sum->requests_failed += run->requests_failed;
  sum->attempts += run->attempts;
  sum->retry_wait_ns += run->retry_wait_ns;
  sum->replies_cut += run->replies_cut;
  sum->input_tokens += run->input_tokens;
  sum->output_tokens += run->output_tokens;
  sum->tokens_estimated |= run->tokens_estimated;
  histogram_add_all(&sum->latency, &run->latency);
  histogram_add_all(&sum->first_token, &run->first_token);
  histogram_add_all(&sum->token_time, &run->token_time);
}

void metrics_free(RunMetrics *metrics) {
  histogram_free(&metrics->latency);
  histogram_free(&metrics->first_token);
  histogram_free(&metrics->token_time);
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* P: no more calls can overlap than the limit lets through, nor than the
 * program ever asked for at once. */
static uint32_t parallelism(const WorkSpan *ws, uint32_t limit) {
  uint32_t demand = ws->peak_demand;
  if (limit && demand > limit) demand = limit;
  return demand ? demand : 1;
}

void work_span_judge(WorkSpan *ws) {
  uint32_t workers = ws->workers ? ws->workers : 1;
  uint32_t most = parallelism(ws, ws->in_flight_limit);
  uint32_t least = parallelism(ws, ws->in_flight_least);
  ws->parallelism_limit = most;
  ws->lower_ns = larger(ws->t1_ns / most, ws->t_inf_ns);
  ws->upper_ns =
      ws->t1_ns / least + ws->t_inf_ns + ws->held_ns + ws->cpu_ns / workers +
      (uint64_t)ws->path_nodes * LIMIT_BOUND_NODE_NS + LIMIT_BOUND_RUN_NS;
  ws->within_bounds = ws->measured_ns + NS_PER_US >= ws->lower_ns &&
                      ws->measured_ns <= ws->upper_ns;
}
