/* SPDX-License-Identifier: MIT
 *
 * `.apxm/config.yaml`, read and checked: which backends there are and how they
 * are reached, tools, default instructions. docs/configuration.md describes
 * the file. No secret is ever in a Config: a key or a header that is one is
 * the name of an environment variable.
 */
#ifndef APXM_CORE_CONFIG_CONFIG_H
#define APXM_CORE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/base/vec.h"

typedef struct ConfigHeader {
  const char *name;
  const char *value; /* as written; or with is_env a variable's name */
  bool is_env;
} ConfigHeader;

/* One backend. Texts live as long as the Config. */
typedef struct BackendConfig {
  const char *name;     /* "fast"; or as given: "openai:http://..." */
  const char *provider; /* a name of providers.def */
  const char *url;      /* without a final slash; NULL for sim */
  const char *model;    /* NULL: none is named */
  const char *key_env;  /* variable with the key; NULL: none */
  bool key_is_wanted;   /* the configuration names it: it must be set */
  const ConfigHeader *headers;
  uint32_t header_count;
  uint32_t max_in_flight; /* calls open at once; never 0 */
  bool is_adaptive;   /* nobody has set that: it only is what to begin with */
  uint32_t rpm, tpm;  /* requests and tokens a minute; 0: no limit */
  uint32_t retries;   /* further attempts of a call */
  bool stream;        /* ask for the reply piece by piece */
  bool cache_prompts; /* mark the instructions for the server's cache */
  /* Time-outs. */
  uint64_t connect_ns;     /* until the connection stands, TLS included */
  uint64_t first_token_ns; /* until the first content of a streamed reply */
  uint64_t idle_ns;        /* between two pieces of content */
  uint64_t total_ns;       /* from the start to the end of a call */
  const char *file;        /* where it stands; NULL: the command line */
  uint32_t line;
} BackendConfig;

typedef enum ToolEffect {
  TOOL_EFFECT_PURE,
  TOOL_EFFECT_READ,
  TOOL_EFFECT_IDEMPOTENT,
  TOOL_EFFECT_EXTERNAL /* the default */
} ToolEffect;

typedef struct ToolConfig {
  const char *name;
  const char *const *command; /* words; NULL: it is an HTTP tool */
  uint32_t command_count;
  const char *http;       /* URL; NULL: it is a command */
  const char *method;     /* of http: "GET", "POST", ... */
  const char *const *env; /* variables that the command may see */
  uint32_t env_count;
  uint64_t timeout_ns, output_limit;
  ToolEffect effect;
  const char *file;
  uint32_t line;
} ToolConfig;

/* A default system prompt of one operation. */
typedef struct ConfigInstruction {
  const char *operation; /* "ask", "think", ... */
  const char *text;
} ConfigInstruction;

typedef struct Config {
  Arena arena;             /* holds every text */
  VEC(const char *) files; /* that were read, the nearest first */
  const char *backend;     /* the default, as written; NULL: none */
  VEC(BackendConfig) backends;
  VEC(ToolConfig) tools;
  VEC(ConfigInstruction) instructions;
  const char *store; /* NULL: not set */
} Config;

/* Reads what there is: .apxm/config.yaml of `folder` (NULL: the working
 * folder) or its nearest parent, then $APXM_HOME/config.yaml or, without that
 * variable, ~/.apxm/config.yaml. The nearer value wins. No file at all is an
 * empty configuration. STATUS_FORMAT: "FILE:LINE:COLUMN: ..." Free with
 * config_free also on failure. */
Status config_load(const char *folder, Config *config, Error *error) MUST_USE;
/* The same of the project's file alone, for what must be the same whoever the
 * user is. Backends of which the user's file has the other half are left out,
 * and the default may be one that there is not. */
Status config_load_project(const char *folder, Config *config,
                           Error *error) MUST_USE;
void config_free(Config *config);

/* The backend that `spec` means: a name of the configuration (which may be
 * NULL: none), PROVIDER or PROVIDER:URL; in the latter two cases it is made up
 * with the defaults, its texts in `arena`. Any number of threads may share
 * `config`. STATUS_USAGE, with the nearest name, when there is none such. A URL
 * with a user or a password is refused: they would be shown. */
Status config_find_backend(const Config *config, const char *spec, Arena *arena,
                           BackendConfig *found, Error *error) MUST_USE;

/* NULL: there is none, or no configuration. */
const char *config_instruction(const Config *config, Slice operation);

/* A configuration to begin with, as `apxm init` writes it: sound as it is, and
 * every further key in a comment. */
const char *config_template(void);

#endif
