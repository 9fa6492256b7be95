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
static uint32_t parallelism_limit(const WorkSpan *ws) {
  uint32_t demand = ws->peak_demand;
  if (ws->in_flight_limit && demand > ws->in_flight_limit)
    demand = ws->in_flight_limit;
  return demand ? demand : 1;
}

void work_span_judge(WorkSpan *ws) {
  uint32_t p = parallelism_limit(ws);
  uint32_t workers = ws->workers ? ws->workers : 1;
  uint64_t share = ws->t1_ns / p;
  ws->parallelism_limit = p;
  ws->lower_ns = larger(share, ws->t_inf_ns);
  ws->upper_ns = share + ws->t_inf_ns + ws->cpu_ns / workers +
                 (uint64_t)ws->path_nodes * LIMIT_BOUND_NODE_NS +
                 LIMIT_BOUND_RUN_NS;
  ws->within_bounds = ws->measured_ns + NS_PER_US >= ws->lower_ns &&
                      ws->measured_ns <= ws->upper_ns;
}
