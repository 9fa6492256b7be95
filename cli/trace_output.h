/* SPDX-License-Identifier: MIT
 *
 * --trace: runs into a file of trace events, and what is said when it cannot be
 * written or is not complete.
 */
#ifndef APXM_CLI_TRACE_OUTPUT_H
#define APXM_CLI_TRACE_OUTPUT_H

#include "cli/cli.h"
#include "lib/session.h"

/* Adds a run that is over. */
void trace_output_add(TraceFile *file, const Trace *trace,
                      const Session *session);

/* 0, or EXIT_CODE_FAILED after a message. */
int trace_output_close(const Cli *cli, TraceFile *file,
                       const OutputFile *output);

#endif
