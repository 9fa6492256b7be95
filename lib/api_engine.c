/* SPDX-License-Identifier: MIT
 *
 * include/apxm.h: engines. The handle owns what the model client goes on
 * reading: the configuration and copies of the caller's texts.
 */
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "lib/api_int.h"
#include "lib/backend_choice.h"

static const char *copy_text(Arena *arena, const char *text) {
  return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

static Status check_options(const apxm_engine_options *given, Error *error) {
  if (given->replay && (given->record || given->replies || given->sim_profile))
    return error_set(error, STATUS_USAGE,
                     "a replay answers every call: record, replies and "
                     "sim_profile have no meaning beside it");
  if (given->workers > LIMIT_WORKERS)
    return error_set(error, STATUS_USAGE, "at most %d workers", LIMIT_WORKERS);
  if (given->max_in_flight > LIMIT_IN_FLIGHT)
    return error_set(error, STATUS_USAGE, "at most %d calls in flight",
                     LIMIT_IN_FLIGHT);
  return STATUS_OK;
}

static BackendChoice choice_of(const apxm_engine_options *given) {
  BackendChoice choice = {.named = given->backend};
  if (given->replies) choice.sim_option = "replies";
  if (given->sim_profile) choice.sim_option = "sim_profile";
  return choice;
}

/* The backend exists, and the other options fit it. */
static apxm_status check_backend(apxm_engine *engine,
                                 const BackendChoice *choice, const char *name,
                                 Error *error) {
  BackendConfig backend;
  if (!name) return APXM_OK;
  if (config_find_backend(&engine->config, name, &engine->texts, &backend,
                          error) != STATUS_OK)
    return APXM_BACKEND;
  return backend_choice_check(choice, &backend, error) == STATUS_OK
             ? APXM_OK
             : APXM_USAGE;
}

static void fill(apxm_engine *engine, const char *backend,
                 const apxm_engine_options *given, EngineOptions *own) {
  Arena *texts = &engine->texts;
  *own = (EngineOptions){
      .workers = given->workers,
      .model = {.config = &engine->config,
                .backend = copy_text(texts, backend),
                .model = copy_text(texts, given->model),
                .max_in_flight = given->max_in_flight,
                .sim_profile = copy_text(texts, given->sim_profile),
                .replies = copy_text(texts, given->replies),
                .request_log = copy_text(texts, given->request_log),
                .record = copy_text(texts, given->record),
                .replay = copy_text(texts, given->replay)}};
}

/* APXM_OTHER: as `error` says. */
static apxm_status make(apxm_engine *engine, const apxm_engine_options *options,
                        Error *error) {
  apxm_engine_options given;
  EngineOptions own;
  if (api_read_options(&given, sizeof given, options, error) != STATUS_OK ||
      check_options(&given, error) != STATUS_OK)
    return APXM_USAGE;
  if (given.config &&
      config_load(given.config, &engine->config, error) != STATUS_OK)
    return APXM_CONFIG;
  BackendChoice choice = choice_of(&given);
  const char *backend = backend_choice_name(&choice, &engine->config);
  apxm_status status = check_backend(engine, &choice, backend, error);
  if (status != APXM_OK) return status;
  fill(engine, backend, &given, &own);
  engine->engine = engine_new(&own, error);
  return engine->engine ? APXM_OK : APXM_OTHER;
}

apxm_engine *apxm_engine_new(const apxm_engine_options *options,
                             apxm_error *error) {
  Error cause = {0};
  apxm_engine *engine = MEM_NEW(apxm_engine);
  arena_init(&engine->texts);
  apxm_status status = make(engine, options, &cause);
  if (status == APXM_OK) return engine;
  if (status == APXM_OTHER)
    api_give_error(&cause, error);
  else
    api_give_error_as(&cause, status, error);
  apxm_engine_free(engine);
  return NULL;
}

void apxm_engine_free(apxm_engine *engine) {
  if (!engine) return;
  if (engine->engine) engine_free(engine->engine);
  config_free(&engine->config);
  arena_free(&engine->texts);
  mem_free(engine);
}
