/* SPDX-License-Identifier: MIT
 *
 * How a run that did not succeed is told of on standard error: a sentence, and
 * below it what report_failure.h knows.
 */
#ifndef APXM_CLI_RUN_FAILURE_H
#define APXM_CLI_RUN_FAILURE_H

#include "cli/cli.h"
#include "lib/session.h"

/* After session_wait, of a run that failed, expired or was cancelled. Returns
 * the exit code: 1, 6 or 130. */
int run_failure_tell(const Cli *cli, const Session *session);

#endif
