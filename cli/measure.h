/* SPDX-License-Identifier: MIT
 *
 * Runs the flows of a workload over and over: first as parallel as the data
 * allows, then with one model call at a time, which is the real sequential
 * run. The program is compiled once, an engine made once for each of the two.
 */
#ifndef APXM_CLI_MEASURE_H
#define APXM_CLI_MEASURE_H

#include "cli/cli.h"
#include "cli/engine_setup.h"
#include "cli/series.h"
#include "cli/workload.h"

typedef struct Measure {
  const Cli *cli;
  const Workload *workload;
  Program program;
  uint32_t iterations; /* measured runs of each flow, in each of the two ways */
  uint32_t warmup;     /* runs before them in parallel; at most one of them is
                          repeated sequentially */
  VEC(Series) series;  /* one a flow that is measured */
  /* What the engine said of itself, for the report. */
  uint32_t workers, in_flight_limit;
  char backend[256]; /* "sim"; cut */
  char detail[256];  /* the profile of sim, the URL of others; cut */
  EngineSetup setup;
  const OutputFile *trace; /* NULL: none is wanted */
  int trace_code;          /* 0, or the exit code: it could not be written */
} Measure;

/* Fills all but `cli`, `workload` and `trace` and runs. 0 or the exit code,
 * after a message; EXIT_CODE_INTERRUPTED on Ctrl-C. Free in any case. */
int measure_run(Measure *measure);
void measure_free(Measure *measure);

#endif
