/* SPDX-License-Identifier: MIT
 *
 * One measurement of `apxm bench sched` as a line of JSON. The engine's own
 * measuring process and its peers (tests/bench) all print these lines on
 * standard output; the table is made of nothing else.
 *
 *     {"peer":"floor","shape":"tree","nodes":1000,"workers":1,"phase":"warm",
 *      "ns_per_node":8.1,"best_ns_per_node":7.9,"bytes_per_node":24.2}
 */
#ifndef APXM_CLI_BENCH_LINE_H
#define APXM_CLI_BENCH_LINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/bench_shapes.h"

/* What one measuring process is asked to do. */
typedef struct BenchJob {
  ShapeKind shape;
  uint32_t nodes;   /* about */
  uint32_t workers; /* threads that run nodes */
  uint32_t warm;    /* runs after the first */
} BenchJob;

/* Reads "--shape S --nodes N --workers W --warm K"; false when it is not that,
 * after a line of usage on standard error. */
bool bench_job_parse(int argc, char **argv, BenchJob *job);

/* `ns` holds the whole duration of each of `count` runs (sorted here). `bytes`
 * is memory for the whole graph; 0 when this phase does not tell. */
void bench_line_write(FILE *out, const char *peer, const BenchJob *job,
                      const char *phase, uint32_t nodes, uint64_t *ns,
                      uint32_t count, uint64_t bytes);

/* Bytes the process has from malloc now, and the pages it has touched. */
uint64_t bench_heap_bytes(void);
uint64_t bench_resident_bytes(void);

#endif
