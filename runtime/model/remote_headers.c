/* SPDX-License-Identifier: MIT
 *
 * Key and headers. They are read from the environment once, when the provider
 * is made; a message names the variable, never what is in it. Each value is
 * checked, since a line break in it would begin a header of its own.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/mem.h"
#include "runtime/model/remote_int.h"

static const struct {
  const char *name, *url;
} homes[] = {
#define X(name, url, key, in_flight, text) {#name, url},
#include "core/config/providers.def"
#undef X
};

bool remote_is_official(const BackendConfig *config) {
  for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
    if (strcmp(homes[i].name, config->provider) == 0)
      return homes[i].url && strcmp(homes[i].url, config->url) == 0;
  return false;
}

/* "backend fast: ... (.apxm/config.yaml:3)" */
static Status fail(const BackendConfig *config, Error *error,
                   const char *format, ...) PRINTF_LIKE(3, 4);

static Status fail(const BackendConfig *config, Error *error,
                   const char *format, ...) {
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  if (config->file) buf_addf(&text, " (%s:%u)", config->file, config->line);
  error_set(error, STATUS_USAGE, "backend %s: %s", config->name, text.data);
  buf_free(&text);
  return STATUS_USAGE;
}

static bool is_sendable(const char *value) {
  for (const unsigned char *p = (const unsigned char *)value; *p; p++)
    if (*p < 0x20 || *p == 0x7F) return false;
  return true;
}

static void add_line(RemoteHeaders *headers, const char *name,
                     const char *prefix, const char *value) {
  Buf line = {0};
  buf_reserve(&line, strlen(name) + strlen(prefix) + strlen(value) + 2);
  buf_add_text(&line, name);
  buf_add_text(&line, ": ");
  buf_add_text(&line, prefix);
  buf_add_text(&line, value);
  vec_push(&headers->lines, buf_take(&line));
}

static bool has_line(const RemoteHeaders *headers, const char *name) {
  size_t length = strlen(name);
  for (uint32_t i = 0; i < headers->lines.length; i++) {
    const char *line = headers->lines.data[i];
    if (strncasecmp(line, name, length) == 0 && line[length] == ':')
      return true;
  }
  return false;
}

static bool is_set(const char *variable) {
  const char *value = getenv(variable);
  return value && *value;
}

/* The value of a variable that is needed for `purpose`. */
static Status read_variable(const BackendConfig *config, const char *variable,
                            const char *purpose, const char **value,
                            Error *error) {
  *value = getenv(variable);
  if (!*value || !**value)
    return fail(config, error, "the variable %s is not set; it must hold %s",
                variable, purpose);
  if (is_sendable(*value)) return STATUS_OK;
  return fail(config, error,
              "the value of %s holds a line break or another control "
              "character, so it cannot be sent",
              variable);
}

static Status add_configured(const BackendConfig *config,
                             const ConfigHeader *header, RemoteHeaders *headers,
                             Secrets *secrets, Error *error) {
  const char *value = header->value;
  Buf purpose = {0};
  Status status = STATUS_OK;
  if (headers->skips_unset && header->is_env && !is_set(value))
    return STATUS_OK;
  buf_addf(&purpose, "the header %s", header->name);
  if (header->is_env)
    status = read_variable(config, header->value, purpose.data, &value, error);
  else if (!is_sendable(value))
    status = fail(config, error, "%s holds a control character", purpose.data);
  buf_free(&purpose);
  if (status != STATUS_OK) return status;
  if (header->is_env) secrets_add(secrets, slice_of(value));
  add_line(headers, header->name, "", value);
  return STATUS_OK;
}

static bool is_key_needed(const BackendConfig *config,
                          const RemoteHeaders *headers) {
  if (is_set(config->key_env)) return true;
  if (headers->skips_unset) return false;
  return config->key_is_wanted || remote_is_official(config);
}

/* A header of the configuration's own stands in for the key. */
static Status add_key(const BackendConfig *config, const Dialect *dialect,
                      RemoteHeaders *headers, Secrets *secrets, Error *error) {
  const char *value;
  headers->has_key = has_line(headers, "Authorization") ||
                     has_line(headers, dialect->key_header);
  if (headers->has_key || !config->key_env) return STATUS_OK;
  if (!is_key_needed(config, headers)) return STATUS_OK;
  Status status =
      read_variable(config, config->key_env, "the key", &value, error);
  if (status != STATUS_OK) return status;
  secrets_add(secrets, slice_of(value));
  add_line(headers, dialect->key_header, dialect->key_prefix, value);
  headers->has_key = true;
  return STATUS_OK;
}

Status remote_headers_make(const BackendConfig *config, RemoteHeaders *headers,
                           Secrets *secrets, Error *error) {
  const Dialect *dialect = remote_dialect(config->provider);
  for (uint32_t i = 0; i < config->header_count; i++) {
    Status status =
        add_configured(config, &config->headers[i], headers, secrets, error);
    if (status != STATUS_OK) return status;
  }
  if (dialect->header && !has_line(headers, dialect->header))
    add_line(headers, dialect->header, "", dialect->header_value);
  return add_key(config, dialect, headers, secrets, error);
}

void remote_headers_free(RemoteHeaders *headers) {
  for (uint32_t i = 0; i < headers->lines.length; i++) {
    explicit_bzero(headers->lines.data[i], strlen(headers->lines.data[i]));
    mem_free(headers->lines.data[i]);
  }
  vec_free(&headers->lines);
}
