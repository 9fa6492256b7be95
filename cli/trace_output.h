/* SPDX-License-Identifier: MIT
 *
 * --trace: what is said when the file cannot be written or is not complete.
 * lib/report.h puts the runs into it.
 */
#ifndef APXM_CLI_TRACE_OUTPUT_H
#define APXM_CLI_TRACE_OUTPUT_H

#include "cli/cli.h"
#include "runtime/metrics/trace.h"

/* 0, or EXIT_CODE_FAILED after a message. */
int trace_output_close(const Cli *cli, TraceFile *file,
                       const OutputFile *output);

#endif
