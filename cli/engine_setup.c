/* SPDX-License-Identifier: MIT
 *
 * From the command line to what an engine is made from. Calls that go to the
 * embedded model without anybody having asked for it are told of.
 */
#include "cli/engine_setup.h"

#include <stdlib.h>

#include "core/base/clock.h"
#include "lib/backend_choice.h"

/* A test switch (docs/testing.md): milliseconds to sleep before each model
 * call, which makes the claim of a run false. */
static uint64_t lazy_ns(void) {
  const char *text = getenv("APXM_TEST_LAZY_MS");
  unsigned long ms = text ? strtoul(text, NULL, 10) : 0;
  return ms > 10000 ? 10000 * NS_PER_MS : ms * NS_PER_MS;
}

static BackendChoice choice_of(const Options *options) {
  BackendChoice choice = {.named = options->value[OPTION_BACKEND]};
  if (options_has(options, OPTION_REPLIES)) choice.sim_option = "--replies";
  if (options_has(options, OPTION_SIM_PROFILE))
    choice.sim_option = "--sim-profile";
  return choice;
}

/* A tape answers instead of whatever else could. */
static Status check_tape(const Options *options, Error *error) {
  static const OptionId others[] = {OPTION_RECORD, OPTION_REPLIES,
                                    OPTION_SIM_PROFILE};
  if (!options_has(options, OPTION_REPLAY)) return STATUS_OK;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (options_has(options, others[i]))
      return error_set(error, STATUS_USAGE,
                       "--replay answers every call, so --%s has no meaning "
                       "beside it",
                       option_table[others[i]].name);
  }
  return STATUS_OK;
}

/* The backend exists, and the other options fit it. */
static Status check_backend(const Cli *cli, EngineSetup *setup, Error *error) {
  BackendChoice choice = choice_of(&cli->options);
  const char *name = setup->options.model.backend;
  BackendConfig backend;
  if (!name) return STATUS_OK;
  Status status = config_find_backend(&setup->config, name,
                                      &setup->config.arena, &backend, error);
  if (status != STATUS_OK) return status;
  return backend_choice_check(&choice, &backend, error);
}

static void fill_options(const Cli *cli, EngineSetup *setup) {
  const Options *options = &cli->options;
  BackendChoice choice = choice_of(options);
  setup->options = (EngineOptions){
      .workers = (uint32_t)options_number(options, OPTION_WORKERS, 0),
      .model = {.config = &setup->config,
                .backend = backend_choice_name(&choice, &setup->config),
                .model = options->value[OPTION_MODEL],
                .max_in_flight =
                    (uint32_t)options_number(options, OPTION_MAX_IN_FLIGHT, 0),
                .sim_profile = options->value[OPTION_SIM_PROFILE],
                .replies = options->value[OPTION_REPLIES],
                .request_log = options->value[OPTION_REQUEST_LOG],
                .retry_seed =
                    (uint64_t)options_number(options, OPTION_RETRY_SEED, 0),
                .record = options->value[OPTION_RECORD],
                .replay = options->value[OPTION_REPLAY]},
      .lazy_ns = lazy_ns()};
}

int engine_setup_read(const Cli *cli, EngineSetup *setup) {
  Error error = {0};
  *setup = (EngineSetup){0};
  if (config_load(NULL, &setup->config, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  fill_options(cli, setup);
  if (check_tape(&cli->options, &error) != STATUS_OK ||
      check_backend(cli, setup, &error) != STATUS_OK)
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
  const ModelOptions *model = &setup->options.model;
  if (model->backend || model->replay || !leaves_it_open(object)) return;
  cli_note(cli,
           "the replies come from `sim`, the built-in stand-in for a model "
           "(--backend sim says that this is meant; `apxm init` and "
           "--backend openai:URL lead to a real one)");
}
