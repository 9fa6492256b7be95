/* SPDX-License-Identifier: MIT
 *
 * What an engine of the program is made from: the configuration file and the
 * options --backend, --model, --workers and so on, judged before anything runs.
 */
#ifndef APXM_CLI_ENGINE_SETUP_H
#define APXM_CLI_ENGINE_SETUP_H

#include "cli/cli.h"
#include "core/config/config.h"

typedef struct EngineSetup {
  Config config;         /* outlives the engine */
  EngineOptions options; /* points at `config` and at the command line */
} EngineSetup;

/* 0 or the exit code, after a message. Free in any case. */
int engine_setup_read(const Cli *cli, EngineSetup *setup);
void engine_setup_free(EngineSetup *setup);

/* One line when calls go to `sim` and nobody has asked for that. */
void engine_setup_note_sim(const Cli *cli, const EngineSetup *setup,
                           const Object *object);

#endif
