/* SPDX-License-Identifier: MIT
 *
 * Which keys there are, as tables of a name and a function; a map is walked by
 * its table, and what the table lacks is an error with the nearest name. What
 * a nearer file says is written over what a farther one said: key by key in a
 * backend and its time-outs, whole headers, whole tools.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/nearest.h"
#include "core/config/config_int.h"

typedef struct Key {
  const char *name;
  Status (*read)(Reader *r, const YamlNode *value, void *target);
} Key;

#define KEY_COUNT(keys) (sizeof(keys) / sizeof *(keys))

Status config_fail(const Reader *r, Place place, const char *format, ...) {
  char cause[ERROR_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(cause, sizeof cause, format, args);
  va_end(args);
  return error_set(r->error, STATUS_FORMAT, "%s:%u:%u: %s", r->file, place.line,
                   place.column, cause);
}

/* ---- maps ---------------------------------------------------------------- */

/* `what` for messages. Nothing at all is an empty map. */
static Status want_map(const Reader *r, const YamlNode *node,
                       const char *what) {
  if (node->kind == YAML_MAP || yaml_is_null(node)) return STATUS_OK;
  return config_fail(r, node->place, "%s must be keys with values", what);
}

static Status read_map(Reader *r, const YamlNode *map, const char *what,
                       const Key *keys, size_t count, void *target) {
  Status status = want_map(r, map, what);
  for (const YamlNode *value = map->first; value && status == STATUS_OK;
       value = value->next) {
    size_t i = 0;
    while (i < count && !slice_equal_text(value->key->text, keys[i].name)) i++;
    status = i < count ? keys[i].read(r, value, target)
                       : yaml_fail_key(r->file, value->key, what, &keys->name,
                                       sizeof *keys, count, r->error);
  }
  return status;
}

static Status check_name(const Reader *r, const YamlNode *key,
                         const char *what) {
  if (config_is_name(key->text)) return STATUS_OK;
  return config_fail(r, key->place,
                     "a %s's name has letters, digits, `-`, `_` and `.`, at "
                     "most 64 of them, a letter or digit first",
                     what);
}

static Status read_u32(const Reader *r, const YamlNode *value, uint32_t most,
                       uint32_t *number) {
  uint64_t wide = 0;
  Status status = config_number(r, value, 1, most, &wide);
  if (status == STATUS_OK) *number = (uint32_t)wide;
  return status;
}

/* ---- lists --------------------------------------------------------------- */

/* The items' texts as they are written; `fits` says which may be there. */
static Status read_list(Reader *r, const YamlNode *list, const char *needs,
                        bool (*fits)(Slice item), const char *const **items,
                        uint32_t *count) {
  if (list->kind != YAML_LIST || list->count == 0)
    return config_fail(r, list->place, "`%s` needs %s", list->key->text.data,
                       needs);
  const char **texts =
      ARENA_ARRAY(&r->config->arena, const char *, list->count);
  uint32_t i = 0;
  for (const YamlNode *item = list->first; item; item = item->next) {
    if (item->kind != YAML_SCALAR || yaml_is_null(item) || !fits(item->text))
      return config_fail(r, item->place, "`%s` needs %s", list->key->text.data,
                         needs);
    texts[i++] = item->text.data;
  }
  *items = texts;
  *count = i;
  return STATUS_OK;
}

/* ---- a backend ----------------------------------------------------------- */

static Status read_provider(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  Nearest nearest = nearest_new(value->text, NULL);
  Buf known = {0};
  const ProviderInfo *info =
      value->kind == YAML_SCALAR ? config_provider(value->text) : NULL;
  if (info) {
    draft->backend.provider = info->name;
    return STATUS_OK;
  }
  for (uint32_t i = 0; i < config_provider_count; i++) {
    nearest_offer(&nearest, slice_of(config_providers[i].name));
    buf_addf(&known, "%s%s", i > 0 ? ", " : "", config_providers[i].name);
  }
  Slice near = nearest_found(&nearest);
  Status status =
      near.length > 0
          ? config_fail(r, value->place,
                        "unknown provider `%.*s`; did you mean `%.*s`?",
                        SLICE_ARG(yaml_shown(value->text)), SLICE_ARG(near))
          : config_fail(r, value->place, "`provider` needs one of %s",
                        known.data);
  buf_free(&known);
  return status;
}

/* A URL without its final slashes. */
static Status read_address(Reader *r, const YamlNode *value,
                           bool may_have_query, const char **url) {
  const char *text = NULL;
  Status status = config_text(r, value, &text);
  if (status != STATUS_OK) return status;
  const char *fault = config_url_fault(slice_of(text), may_have_query);
  if (fault)
    return config_fail(r, value->place, "`%s` is no URL that is taken: %s",
                       value->key->text.data, fault);
  Slice trimmed = config_url_trim(slice_of(text));
  *url = arena_copy(&r->config->arena, trimmed.data, trimmed.length);
  return STATUS_OK;
}

static Status read_url(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  draft->url_file = r->file;
  draft->url_place = value->place;
  return read_address(r, value, false, &draft->backend.url);
}

static bool has_control(Slice text) {
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x20 || c == 0x7F) return true;
  }
  return false;
}

static Status read_model(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  Status status = config_text(r, value, &draft->backend.model);
  if (status == STATUS_OK && has_control(value->text))
    return config_fail(r, value->place, "`model` must be one line");
  return status;
}

static Status read_key(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  Slice name;
  if (value->kind != YAML_SCALAR || !config_env_name(value->text, &name))
    return config_fail(r, value->place,
                       "`key` must be env:NAME, the environment variable that "
                       "holds the key: a key in a file is soon in a copy, a "
                       "backup, a repository");
  draft->backend.key_env =
      arena_copy(&r->config->arena, name.data, name.length);
  draft->backend.key_is_wanted = true;
  draft->key_file = r->file;
  return STATUS_OK;
}

static Status check_header_name(const Reader *r, const YamlNode *key) {
  if (!config_is_header(key->text))
    return config_fail(r, key->place, "this is no name of a header");
  if (config_header_is_ours(key->text))
    return config_fail(r, key->place,
                       "the header `%.*s` is made by apxm; leave it out",
                       SLICE_ARG(yaml_shown(key->text)));
  return STATUS_OK;
}

static Status read_header(Reader *r, const YamlNode *value,
                          ConfigHeader *header) {
  Slice variable;
  const char *text = NULL;
  Status status = check_header_name(r, value->key);
  if (status == STATUS_OK) status = config_text(r, value, &text);
  if (status != STATUS_OK) return status;
  header->name = value->key->text.data;
  header->is_env = config_env_name(value->text, &variable);
  header->value = header->is_env ? arena_copy(&r->config->arena, variable.data,
                                              variable.length)
                                 : text;
  if (header->is_env) return STATUS_OK;
  if (config_header_is_secret(value->key->text))
    return config_fail(r, value->place,
                       "the header `%s` is a secret by its name: it must be "
                       "env:NAME, the environment variable that holds its "
                       "value",
                       header->name);
  if (slice_starts_with(value->text, SLICE("env:")))
    return config_fail(r, value->place,
                       "`env:` must be followed by the name of a variable");
  if (has_control(value->text))
    return config_fail(r, value->place, "a header must be one line");
  return STATUS_OK;
}

static Status read_headers(Reader *r, const YamlNode *map, void *target) {
  Draft *draft = target;
  uint32_t count = 0;
  Status status = want_map(r, map, "`headers`");
  if (status != STATUS_OK) return status;
  ConfigHeader *headers =
      ARENA_ARRAY(&r->config->arena, ConfigHeader, map->count);
  draft->headers_file = NULL;
  for (const YamlNode *value = map->first; value; value = value->next) {
    status = read_header(r, value, &headers[count]);
    if (status != STATUS_OK) return status;
    if (headers[count++].is_env) draft->headers_file = r->file;
  }
  draft->backend.headers = headers;
  draft->backend.header_count = count;
  return STATUS_OK;
}

static Status read_in_flight(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return read_u32(r, value, LIMIT_IN_FLIGHT, &draft->backend.max_in_flight);
}

enum { PER_MINUTE_MAX = 1000000000 };

static Status read_rpm(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return read_u32(r, value, PER_MINUTE_MAX, &draft->backend.rpm);
}

static Status read_tpm(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return read_u32(r, value, PER_MINUTE_MAX, &draft->backend.tpm);
}

static Status read_stream(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_bool(r, value, &draft->backend.stream);
}

static Status read_retries(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  uint64_t wide = 0;
  Status status = config_number(r, value, 0, LIMIT_RETRIES, &wide);
  if (status == STATUS_OK) draft->backend.retries = (uint32_t)wide;
  return status;
}

static Status read_cache(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_bool(r, value, &draft->backend.cache_prompts);
}

static Status read_connect(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_duration(r, value, &draft->backend.connect_ns);
}

static Status read_first_token(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_duration(r, value, &draft->backend.first_token_ns);
}

static Status read_idle(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_duration(r, value, &draft->backend.idle_ns);
}

static Status read_total(Reader *r, const YamlNode *value, void *target) {
  Draft *draft = target;
  return config_duration(r, value, &draft->backend.total_ns);
}

static const Key timeout_keys[] = {
    {"connect", read_connect},
    {"first_token", read_first_token},
    {"idle", read_idle},
    {"total", read_total},
};

static Status read_timeout(Reader *r, const YamlNode *map, void *target) {
  return read_map(r, map, "`timeout`", timeout_keys, KEY_COUNT(timeout_keys),
                  target);
}

static const Key backend_keys[] = {
    {"provider", read_provider},
    {"url", read_url},
    {"model", read_model},
    {"key", read_key},
    {"headers", read_headers},
    {"max_in_flight", read_in_flight},
    {"rpm", read_rpm},
    {"tpm", read_tpm},
    {"retries", read_retries},
    {"stream", read_stream},
    {"cache_prompts", read_cache},
    {"timeout", read_timeout},
};

/* The draft of that name, which a farther file may have begun. */
static Draft *draft_of(Reader *r, const char *name) {
  for (uint32_t i = 0; i < r->drafts.length; i++) {
    if (strcmp(r->drafts.data[i].backend.name, name) == 0)
      return &r->drafts.data[i];
  }
  vec_push(&r->drafts, ((Draft){.backend = config_backend_new(name)}));
  return &r->drafts.data[r->drafts.length - 1];
}

static Status read_backends(Reader *r, const YamlNode *map, void *target) {
  (void)target;
  Status status = want_map(r, map, "`backends`");
  for (const YamlNode *value = map->first; value && status == STATUS_OK;
       value = value->next) {
    status = check_name(r, value->key, "backend");
    if (status != STATUS_OK) return status;
    Draft *draft = draft_of(r, value->key->text.data);
    draft->backend.file = r->file;
    draft->backend.line = value->key->place.line;
    draft->place = value->key->place;
    status = read_map(r, value, "a backend", backend_keys,
                      KEY_COUNT(backend_keys), draft);
  }
  return status;
}

/* ---- a tool -------------------------------------------------------------- */

static bool is_word(Slice item) {
  (void)item;
  return true;
}

static Status read_command(Reader *r, const YamlNode *value, void *target) {
  ToolConfig *tool = target;
  Status status = read_list(r, value, "a list of words: [program, argument]",
                            is_word, &tool->command, &tool->command_count);
  if (status == STATUS_OK && tool->command[0][0] == '\0')
    return config_fail(r, value->first->place,
                       "the program of a command must have a name");
  return status;
}

static Status read_http(Reader *r, const YamlNode *value, void *target) {
  ToolConfig *tool = target;
  return read_address(r, value, true, &tool->http);
}

static Status read_method(Reader *r, const YamlNode *value, void *target) {
  static const char *const methods[] = {"GET", "POST", "PUT", "PATCH",
                                        "DELETE"};
  ToolConfig *tool = target;
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (value->kind != YAML_SCALAR ||
        !slice_equal_text(value->text, methods[i]))
      continue;
    tool->method = methods[i];
    return STATUS_OK;
  }
  return config_fail(r, value->place,
                     "`method` needs one of GET, POST, PUT, PATCH, DELETE");
}

static Status read_env(Reader *r, const YamlNode *value, void *target) {
  ToolConfig *tool = target;
  return read_list(r, value, "a list of names of environment variables",
                   config_is_variable, &tool->env, &tool->env_count);
}

static Status read_tool_timeout(Reader *r, const YamlNode *value,
                                void *target) {
  ToolConfig *tool = target;
  return config_duration(r, value, &tool->timeout_ns);
}

static Status read_output_limit(Reader *r, const YamlNode *value,
                                void *target) {
  ToolConfig *tool = target;
  return config_size(r, value, &tool->output_limit);
}

static Status read_effect(Reader *r, const YamlNode *value, void *target) {
  static const char *const effects[] = {"pure", "read", "idempotent",
                                        "external"}; /* as ToolEffect */
  ToolConfig *tool = target;
  for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
    if (value->kind != YAML_SCALAR ||
        !slice_equal_text(value->text, effects[i]))
      continue;
    tool->effect = (ToolEffect)i;
    return STATUS_OK;
  }
  return config_fail(r, value->place,
                     "`effect` needs one of pure, read, idempotent, external");
}

static const Key tool_keys[] = {
    {"command", read_command},      {"http", read_http},
    {"method", read_method},        {"env", read_env},
    {"timeout", read_tool_timeout}, {"output_limit", read_output_limit},
    {"effect", read_effect},
};

static Status check_tool(const Reader *r, const YamlNode *key,
                         ToolConfig *tool) {
  const char *fault = NULL;
  if (!tool->command && !tool->http)
    fault = "needs `command` or `http`";
  else if (tool->command && tool->http)
    fault = "has both `command` and `http`; it is one of them";
  else if (tool->command && tool->method)
    fault = "is a command: `method` is for `http`";
  else if (tool->http && tool->env)
    fault = "is an `http` tool: `env` is for a command";
  if (fault)
    return config_fail(r, key->place, "the tool `%s` %s", tool->name, fault);
  if (tool->http && !tool->method) tool->method = "GET";
  return STATUS_OK;
}

static void keep_tool(Config *config, const ToolConfig *tool) {
  for (uint32_t i = 0; i < config->tools.length; i++) {
    if (strcmp(config->tools.data[i].name, tool->name) != 0) continue;
    config->tools.data[i] = *tool;
    return;
  }
  vec_push(&config->tools, *tool);
}

static Status read_tool(Reader *r, const YamlNode *value) {
  ToolConfig tool = {.name = value->key->text.data,
                     .timeout_ns = 30 * NS_PER_S,
                     .output_limit = 1 << 20,
                     .effect = TOOL_EFFECT_EXTERNAL,
                     .file = r->file,
                     .line = value->key->place.line};
  Status status = check_name(r, value->key, "tool");
  if (status == STATUS_OK)
    status =
        read_map(r, value, "a tool", tool_keys, KEY_COUNT(tool_keys), &tool);
  if (status == STATUS_OK) status = check_tool(r, value->key, &tool);
  if (status == STATUS_OK) keep_tool(r->config, &tool);
  return status;
}

static Status read_tools(Reader *r, const YamlNode *map, void *target) {
  (void)target;
  Status status = want_map(r, map, "`tools`");
  for (const YamlNode *value = map->first; value && status == STATUS_OK;
       value = value->next)
    status = read_tool(r, value);
  return status;
}

/* ---- the rest ------------------------------------------------------------ */

static Status read_backend(Reader *r, const YamlNode *value, void *target) {
  (void)target;
  r->backend_file = r->file;
  r->backend_place = value->place;
  return config_text(r, value, &r->config->backend);
}

static Status read_instruction(Reader *r, const YamlNode *value, void *target) {
  (void)target;
  Config *config = r->config;
  ConfigInstruction made = {.operation = value->key->text.data};
  Status status = config_text(r, value, &made.text);
  if (status != STATUS_OK) return status;
  for (uint32_t i = 0; i < config->instructions.length; i++) {
    ConfigInstruction *old = &config->instructions.data[i];
    if (strcmp(old->operation, made.operation) != 0) continue;
    *old = made;
    return STATUS_OK;
  }
  vec_push(&config->instructions, made);
  return STATUS_OK;
}

/* The operations that ask a model. */
static const Key instruction_keys[] = {
    {"ask", read_instruction},     {"think", read_instruction},
    {"reason", read_instruction},  {"plan", read_instruction},
    {"reflect", read_instruction}, {"verify", read_instruction},
};

static Status read_instructions(Reader *r, const YamlNode *map, void *target) {
  return read_map(r, map, "`instructions`", instruction_keys,
                  KEY_COUNT(instruction_keys), target);
}

static Status read_store(Reader *r, const YamlNode *value, void *target) {
  (void)target;
  const char *path = NULL;
  Buf whole = {0};
  Status status = config_text(r, value, &path);
  if (status != STATUS_OK) return status;
  if (path[0] == '~')
    return config_fail(r, value->place,
                       "`store` needs a path; `~` is not expanded here");
  if (path[0] != '/') buf_add_text(&whole, r->base);
  buf_add_text(&whole, path);
  r->config->store = arena_copy(&r->config->arena, whole.data, whole.length);
  buf_free(&whole);
  return STATUS_OK;
}

static const Key root_keys[] = {
    {"backend", read_backend}, {"backends", read_backends},
    {"tools", read_tools},     {"instructions", read_instructions},
    {"store", read_store},
};

Status config_read_tree(Reader *r, const YamlNode *root) {
  if (!root) return STATUS_OK;
  return read_map(r, root, "the file", root_keys, KEY_COUNT(root_keys), NULL);
}
