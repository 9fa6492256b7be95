/* SPDX-License-Identifier: MIT
 *
 * From what somebody wrote (a name, PROVIDER, PROVIDER:URL) to a backend with
 * all that nobody wrote filled in. A spec may hold a password by mistake, so
 * what comes after its colon is not repeated.
 */
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/config/config_int.h"

const ProviderInfo config_providers[] = {
#define X(name, url, key, in_flight, text) {#name, url, key, in_flight, text},
#include "core/config/providers.def"
#undef X
};

const uint32_t config_provider_count =
    sizeof config_providers / sizeof *config_providers;

const ProviderInfo *config_provider(Slice name) {
  for (uint32_t i = 0; i < config_provider_count; i++) {
    if (slice_equal_text(name, config_providers[i].name))
      return &config_providers[i];
  }
  return NULL;
}

BackendConfig config_backend_new(const char *name) {
  return (BackendConfig){
      .name = name, .retries = LIMIT_RETRIES_DEFAULT, .stream = true};
}

void config_fill_defaults(BackendConfig *backend, bool is_typed) {
  const ProviderInfo *info = config_provider(slice_of(backend->provider));
  if (!backend->url) backend->url = info->url;
  bool is_home = info->url && strcmp(backend->url, info->url) == 0;
  if (!backend->key_env && (is_home || is_typed))
    backend->key_env = info->key_env;
  if (backend->max_in_flight == 0) {
    backend->max_in_flight = info->in_flight;
    backend->is_adaptive = info->url != NULL;
  }
  if (backend->connect_ns == 0) backend->connect_ns = 10 * NS_PER_S;
  if (backend->first_token_ns == 0) backend->first_token_ns = 120 * NS_PER_S;
  if (backend->idle_ns == 0) backend->idle_ns = 60 * NS_PER_S;
  if (backend->total_ns == 0) backend->total_ns = 600 * NS_PER_S;
}

static Status fail_unknown(const Config *config, Slice name, Error *error) {
  Nearest nearest = nearest_new(name, NULL);
  Buf known = {0};
  for (uint32_t i = 0; config && i < config->backends.length; i++) {
    const char *other = config->backends.data[i].name;
    nearest_offer(&nearest, slice_of(other));
    if (i < 10) buf_addf(&known, "%s, ", other);
  }
  for (uint32_t i = 0; i < config_provider_count; i++) {
    nearest_offer(&nearest, slice_of(config_providers[i].name));
    buf_addf(&known, "%s, ", config_providers[i].name);
  }
  Slice near = nearest_found(&nearest);
  if (near.length > 0)
    (void)error_set(error, STATUS_USAGE,
                    "there is no backend `%.*s`; did you mean `%.*s`?",
                    SLICE_ARG(yaml_shown(name)), SLICE_ARG(near));
  else
    (void)error_set(error, STATUS_USAGE,
                    "there is no backend `%.*s`; there are %sand "
                    "PROVIDER:URL",
                    SLICE_ARG(yaml_shown(name)), known.data);
  buf_free(&known);
  return STATUS_USAGE;
}

/* PROVIDER:URL; `url` is what follows the colon. */
static Status check_address(const ProviderInfo *info, Slice url, Error *error) {
  if (!info->url)
    return error_set(error, STATUS_USAGE, "the backend `%s` has no URL",
                     info->name);
  const char *fault = config_url_fault(url, false);
  if (!fault) return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "the backend `%s:...` has no URL that is taken: %s",
                   info->name, fault);
}

/* Whether it was typed, and not written in the configuration. */
static bool is_typed(const Config *config, const char *spec) {
  return !config || !config->backend || strcmp(config->backend, spec) != 0;
}

static Status make(const char *spec, Arena *arena, BackendConfig *found,
                   Error *error) {
  const char *colon = strchr(spec, ':');
  Slice name =
      colon ? slice_from(spec, (size_t)(colon - spec)) : slice_of(spec);
  Slice url = colon ? slice_of(colon + 1) : (Slice){0};
  const ProviderInfo *info = config_provider(name);
  if (!info) return STATUS_NOT_FOUND;
  if (colon && check_address(info, url, error) != STATUS_OK)
    return STATUS_USAGE;
  url = config_url_trim(url);
  *found = config_backend_new(arena_copy(arena, spec, strlen(spec)));
  found->provider = info->name;
  found->url = colon ? arena_copy(arena, url.data, url.length) : NULL;
  return STATUS_OK;
}

static bool find_named(const Config *config, const char *name,
                       BackendConfig *found) {
  for (uint32_t i = 0; config && i < config->backends.length; i++) {
    if (strcmp(config->backends.data[i].name, name) != 0) continue;
    *found = config->backends.data[i];
    return true;
  }
  return false;
}

Status config_find_backend(const Config *config, const char *spec, Arena *arena,
                           BackendConfig *found, Error *error) {
  if (find_named(config, spec, found)) return STATUS_OK;
  if (strncmp(spec, "http:", 5) == 0 || strncmp(spec, "https:", 6) == 0)
    return error_set(error, STATUS_USAGE,
                     "a URL needs its provider before it: openai:URL or "
                     "ollama:URL");
  Status status = make(spec, arena, found, error);
  if (status == STATUS_NOT_FOUND)
    return fail_unknown(config, slice_from(spec, strcspn(spec, ":")), error);
  if (status == STATUS_OK) config_fill_defaults(found, is_typed(config, spec));
  return status;
}

const char *config_instruction(const Config *config, Slice operation) {
  for (uint32_t i = 0; config && i < config->instructions.length; i++) {
    if (slice_equal_text(operation, config->instructions.data[i].operation))
      return config->instructions.data[i].text;
  }
  return NULL;
}
