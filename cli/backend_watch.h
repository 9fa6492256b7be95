/* SPDX-License-Identifier: MIT
 *
 * What the backends of all running apxm processes of this user are doing, once
 * a second: drawn over itself on a terminal, else table after table, or one
 * JSON object a line. It only looks at what they publish
 * (runtime/model/board.h) and sends nothing anywhere.
 */
#ifndef APXM_CLI_BACKEND_WATCH_H
#define APXM_CLI_BACKEND_WATCH_H

#include "cli/cli.h"

/* As often as --count says, else until Ctrl-C or until nobody reads on. */
int backend_watch(const Cli *cli);

#endif
