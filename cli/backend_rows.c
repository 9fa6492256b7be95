/* SPDX-License-Identifier: MIT
 *
 * Of a secret only the name of its variable is ever read here, and whether it
 * is set.
 */
#include "cli/backend_rows.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"

static BackendRow *find_row(BackendRows *rows, const char *name) {
  for (uint32_t i = 0; i < rows->items.length; i++) {
    if (strcmp(rows->items.data[i].config.name, name) == 0)
      return &rows->items.data[i];
  }
  return NULL;
}

/* The row of that name, made when there is none. NULL: no such backend. */
static BackendRow *want_row(BackendRows *rows, const Config *config,
                            const char *spec, Error *error) {
  BackendRow row = {0};
  BackendRow *old = find_row(rows, spec);
  if (old) return old;
  if (config_find_backend(config, spec, &rows->arena, &row.config, error) !=
      STATUS_OK)
    return NULL;
  vec_push(&rows->items, row);
  return &rows->items.data[rows->items.length - 1];
}

static void add_providers(BackendRows *rows, const Config *config) {
  static const char *const names[] = {
#define X(name, url, key, in_flight, text) #name,
#include "core/config/providers.def"
#undef X
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    (void)want_row(rows, config, names[i], NULL);
}

void backend_rows_init(BackendRows *rows, const Config *config) {
  *rows = (BackendRows){0};
  arena_init(&rows->arena);
  for (uint32_t i = 0; i < config->backends.length; i++) {
    BackendRow row = {.config = config->backends.data[i],
                      .is_configured = true};
    vec_push(&rows->items, row);
  }
  const char *name = config->backend ? config->backend : "sim";
  BackendRow *row = want_row(rows, config, name, NULL);
  if (row) { /* config_load has looked for it already */
    row->is_default = true;
    row->is_configured |= config->backend != NULL;
  }
  add_providers(rows, config);
}

Status backend_rows_add(BackendRows *rows, const Config *config,
                        const char *spec, Error *error) {
  return want_row(rows, config, spec, error) ? STATUS_OK : STATUS_USAGE;
}

void backend_rows_free(BackendRows *rows) {
  vec_free(&rows->items);
  arena_free(&rows->arena);
}

bool backend_variable_is_set(const char *name) {
  const char *value = getenv(name);
  return value && value[0];
}

void backend_add_key(const BackendConfig *backend, Buf *out) {
  if (!backend->key_env)
    buf_add_text(out, "-");
  else
    buf_addf(out, "%s (%s)", backend->key_env,
             backend_variable_is_set(backend->key_env) ? "set" : "not set");
}

/* ---- JSON ---------------------------------------------------------------- */

static void add_text(cJSON *object, const char *name, const char *text) {
  if (text)
    cJSON_AddStringToObject(object, name, text);
  else
    cJSON_AddNullToObject(object, name);
}

static void add_count(cJSON *object, const char *name, uint32_t count) {
  if (count > 0)
    cJSON_AddNumberToObject(object, name, count);
  else
    cJSON_AddNullToObject(object, name);
}

static cJSON *variable_json(const char *name) {
  if (!name) return cJSON_CreateNull();
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "variable", name);
  cJSON_AddBoolToObject(item, "is_set", backend_variable_is_set(name));
  return item;
}

static cJSON *headers_json(const BackendConfig *backend) {
  cJSON *list = cJSON_CreateArray();
  for (uint32_t i = 0; i < backend->header_count; i++) {
    const ConfigHeader *header = &backend->headers[i];
    cJSON *item =
        header->is_env ? variable_json(header->value) : cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", header->name);
    if (!header->is_env) cJSON_AddStringToObject(item, "value", header->value);
    cJSON_AddItemToArray(list, item);
  }
  return list;
}

static cJSON *timeouts_json(const BackendConfig *backend) {
  cJSON *item = cJSON_CreateObject();
  double ms = (double)NS_PER_MS;
  cJSON_AddNumberToObject(item, "connect", (double)backend->connect_ns / ms);
  cJSON_AddNumberToObject(item, "first_token",
                          (double)backend->first_token_ns / ms);
  cJSON_AddNumberToObject(item, "idle", (double)backend->idle_ns / ms);
  cJSON_AddNumberToObject(item, "total", (double)backend->total_ns / ms);
  return item;
}

cJSON *backend_row_json(const BackendRow *row) {
  const BackendConfig *backend = &row->config;
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "name", backend->name);
  cJSON_AddBoolToObject(item, "is_default", row->is_default);
  cJSON_AddBoolToObject(item, "is_configured", row->is_configured);
  cJSON_AddStringToObject(item, "provider", backend->provider);
  add_text(item, "url", backend->url);
  add_text(item, "model", backend->model);
  cJSON_AddItemToObject(item, "key", variable_json(backend->key_env));
  cJSON_AddItemToObject(item, "headers", headers_json(backend));
  cJSON_AddNumberToObject(item, "max_in_flight", backend->max_in_flight);
  cJSON_AddBoolToObject(item, "is_adaptive", backend->is_adaptive);
  add_count(item, "rpm", backend->rpm);
  add_count(item, "tpm", backend->tpm);
  cJSON_AddNumberToObject(item, "retries", backend->retries);
  cJSON_AddBoolToObject(item, "stream", backend->stream);
  cJSON_AddBoolToObject(item, "cache_prompts", backend->cache_prompts);
  cJSON_AddItemToObject(item, "timeout_ms", timeouts_json(backend));
  add_text(item, "file", backend->file);
  add_count(item, "line", backend->line);
  return item;
}
