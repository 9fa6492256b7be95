/* SPDX-License-Identifier: MIT
 *
 * `apxm run FILE --each INPUTS`: a run for each line of a file (docs/batch.md).
 */
#ifndef APXM_CLI_EACH_H
#define APXM_CLI_EACH_H

#include "cli/cli.h"

/* Whether the command line asks for it; also when half of that is missing. */
bool each_is_wanted(const Cli *cli);
/* Returns the exit code. */
int each_run(const Cli *cli);

#endif
