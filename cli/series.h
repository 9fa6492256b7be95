/* SPDX-License-Identifier: MIT
 *
 * The figures of one flow of a workload: what every run of it measured, and
 * what follows from that. Everything derived is computed from the samples at
 * the end; nothing is averaged on the way.
 */
#ifndef APXM_CLI_SERIES_H
#define APXM_CLI_SERIES_H

#include <stdint.h>

#include "core/base/vec.h"
#include "runtime/metrics/metrics.h"

typedef struct Samples {
  VEC(uint64_t) ns; /* in order of measuring */
} Samples;

/* Of one list of samples; zero when it is empty. ns. */
typedef struct Spread {
  double mean, median, deviation; /* deviation of the sample (n - 1) */
  double minimum, maximum;
} Spread;

typedef struct Series {
  const char *flow;    /* as the description calls it */
  uint32_t n;          /* asks of it that do not depend on each other */
  Samples parallel;    /* durations T_P */
  Samples sequential;  /* durations with one call at a time */
  Samples work;        /* T_1: sums of service times, parallel runs */
  Samples span;        /* T_inf, parallel runs */
  uint64_t calls;      /* model calls of all parallel runs */
  uint64_t latency_ns; /* of those calls, summed */
  uint64_t nodes;      /* work nodes of all parallel runs */
  uint32_t max_parallelism;
  OverheadSample overhead; /* summed over the parallel runs */
  uint32_t within;         /* parallel runs that kept within their bounds */
} Series;

void series_add_parallel(Series *series, const RunMetrics *metrics);
void series_add_sequential(Series *series, const RunMetrics *metrics);
void series_free(Series *series);

/* What the tables and the JSON document show. Times in ns. */
typedef struct SeriesFigures {
  Spread duration;           /* of the parallel runs */
  double t1;                 /* median sum of service times in a parallel run */
  double t1_sequential;      /* median duration with one call at a time */
  double t_inf;              /* median longest path */
  double theoretical;        /* t1 / t_inf */
  double speedup;            /* t1 / median duration */
  double speedup_sequential; /* t1_sequential / median duration */
  double efficiency;         /* speedup / n */
  double calls;              /* of one run */
  double avg_latency;
  /* Of the nodes that were timed phase by phase; NaN when none was. */
  double input_per_node, route_per_node, overhead_per_node;
  double overhead_per_run; /* overhead_per_node times the nodes of a run */
} SeriesFigures;

SeriesFigures series_figures(const Series *series);

#endif
