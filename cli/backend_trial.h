/* SPDX-License-Identifier: MIT
 *
 * One short call to each of some backends, all at once, by the way that every
 * call takes; what came of them as a table or a document. Bounded in time;
 * Ctrl-C ends it.
 */
#ifndef APXM_CLI_BACKEND_TRIAL_H
#define APXM_CLI_BACKEND_TRIAL_H

#include "cli/cli.h"
#include "core/config/config.h"

typedef struct BackendTrials {
  const Config *config;
  VEC(const char *) names; /* borrowed; each once */
} BackendTrials;

void backend_trials_add(BackendTrials *trials, const char *name);
void backend_trials_free(BackendTrials *trials);

/* Runs and prints. EXIT_CODE_SETUP when one of them did not answer. */
int backend_trials_run(const Cli *cli, const BackendTrials *trials);

#endif
