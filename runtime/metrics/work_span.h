/* SPDX-License-Identifier: MIT
 *
 * Work, span, and whether a run kept the promise that they make.
 */
#ifndef APXM_RUNTIME_METRICS_WORK_SPAN_H
#define APXM_RUNTIME_METRICS_WORK_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/limits.h"

/* A timed node on the longest path. */
typedef struct PathStep {
  char label[96]; /* "Agent.flow: name (op)" */
  uint32_t line, column;
  uint64_t service_ns; /* dispatch to completion */
  uint64_t burden_ns;  /* ready to dispatch, admission wait excluded */
} PathStep;

typedef struct WorkSpan {
  uint64_t t1_ns;      /* work: service time summed over timed leaf nodes */
  uint64_t t_inf_ns;   /* span: the longest path of service times, and of the
                          waits before further attempts */
  uint64_t burden_ns;  /* ready to dispatch, summed along that path */
  uint32_t path_nodes; /* timed leaf nodes on that path */
  uint32_t in_flight_limit; /* the most it was */
  uint32_t in_flight_least; /* the least; the same where it is fixed */
  uint64_t held_ns;         /* calls were held back although there was a slot */
  uint32_t peak_demand;     /* most calls ready and not completed at once */
  uint64_t measured_ns;     /* T_P */
  uint64_t cpu_ns;          /* the workers' busy time, T_cpu */
  uint32_t workers;         /* W */
  /* Computed by work_span_judge. */
  uint32_t parallelism_limit; /* P = max(1, min(limit, peak demand)) */
  uint64_t lower_ns, upper_ns;
  bool within_bounds;
  PathStep path[LIMIT_PATH_LINKS]; /* in order of time */
  uint32_t path_kept;              /* entries of `path`; the last ones */
} WorkSpan;

/* max(T1/P, T_inf) <= T_P <= T1/P' + T_inf + held + T_cpu/W +
 * n * BOUND_NODE_NS + BOUND_RUN_NS: the greedy-scheduling bound (Graham 1969,
 * Brent 1974) with the runtime's own cost made explicit. Where the limit on
 * open calls moves, P is of the most that it was and P' of the least. The lower
 * side is given the clock's grain (1 us). */
void work_span_judge(WorkSpan *work_span);

#endif
