/* SPDX-License-Identifier: MIT
 *
 * Which backend is meant: --backend; else the embedded model when an option
 * speaks of it; else the configuration; else the embedded model again, but
 * then the user is told.
 */
#include "cli/engine_setup.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

/* A test switch (docs/testing.md): milliseconds to sleep before each model
 * call, which makes the claim of a run false. */
static uint64_t lazy_ns(void) {
  const char *text = getenv("APXM_TEST_LAZY_MS");
  unsigned long ms = text ? strtoul(text, NULL, 10) : 0;
  return ms > 10000 ? 10000 * NS_PER_MS : ms * NS_PER_MS;
}

/* The option that only the embedded model understands; NULL without. */
static const char *sim_option(const Cli *cli) {
  if (options_has(&cli->options, OPTION_SIM_PROFILE)) return "--sim-profile";
  if (options_has(&cli->options, OPTION_REPLIES)) return "--replies";
  return NULL;
}

static const char *choose_backend(const Cli *cli, const Config *config) {
  const char *named = cli->options.value[OPTION_BACKEND];
  if (named) return named;
  return sim_option(cli) ? "sim" : config->backend;
}

/* The backend exists, and the other options fit it. */
static Status check_backend(const Cli *cli, EngineSetup *setup, Error *error) {
  const char *name = setup->options.model.backend;
  const char *option = sim_option(cli);
  BackendConfig backend;
  if (!name) return STATUS_OK;
  Status status = config_find_backend(&setup->config, name,
                                      &setup->config.arena, &backend, error);
  if (status != STATUS_OK || !option || strcmp(backend.provider, "sim") == 0)
    return status;
  return error_set(error, STATUS_USAGE,
                   "%s is for the embedded model `sim`, and backend %s is "
                   "another (%s)",
                   option, backend.name, backend.provider);
}

static void fill_options(const Cli *cli, EngineSetup *setup) {
  const Options *options = &cli->options;
  setup->options = (EngineOptions){
      .workers = (uint32_t)options_number(options, OPTION_WORKERS, 0),
      .model = {.config = &setup->config,
                .backend = choose_backend(cli, &setup->config),
                .model = options->value[OPTION_MODEL],
                .max_in_flight =
                    (uint32_t)options_number(options, OPTION_MAX_IN_FLIGHT, 0),
                .sim_profile = options->value[OPTION_SIM_PROFILE],
                .replies = options->value[OPTION_REPLIES],
                .request_log = options->value[OPTION_REQUEST_LOG]},
      .lazy_ns = lazy_ns()};
}

int engine_setup_read(const Cli *cli, EngineSetup *setup) {
  Error error = {0};
  *setup = (EngineSetup){0};
  if (config_load(NULL, &setup->config, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  fill_options(cli, setup);
  if (check_backend(cli, setup, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  return EXIT_CODE_DONE;
}

void engine_setup_free(EngineSetup *setup) {
  config_free(&setup->config);
}

/* Whether one of its calls names no backend. */
static bool leaves_it_open(const Object *object) {
  for (uint32_t row = 0; row < object->node_count; row++) {
    if (op_table[object->ops[row]].effect == EFFECT_MODEL &&
        object_attr(object, row, ATTR_BACKEND) == NULL)
      return true;
  }
  return false;
}

void engine_setup_note_sim(const Cli *cli, const EngineSetup *setup,
                           const Object *object) {
  if (setup->options.model.backend || !leaves_it_open(object)) return;
  cli_note(cli,
           "the replies come from `sim`, the built-in stand-in for a model "
           "(--backend sim says that this is meant; `apxm init` and "
           "--backend openai:URL lead to a real one)");
}
