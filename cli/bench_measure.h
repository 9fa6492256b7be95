/* SPDX-License-Identifier: MIT
 *
 * Measures the engine itself on one shape, in this process, the way its peers
 * in tests/bench measure themselves.
 */
#ifndef APXM_CLI_BENCH_MEASURE_H
#define APXM_CLI_BENCH_MEASURE_H

#include "cli/bench_line.h"
#include "core/base/status.h"
#include "core/object/object.h"

/* Prints bench lines for the phases load (with verification), instantiate,
 * first and warm (run_start to run_free; bytes: object and frame). */
Status bench_measure(const BenchJob *job, FILE *out, Error *error) MUST_USE;

/* ns for a frame of the first graph: allocated and filled. */
uint64_t bench_measure_frame(const Object *object);

#endif
