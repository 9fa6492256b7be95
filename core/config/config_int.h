/* SPDX-License-Identifier: MIT
 *
 * Private to this folder. A file becomes a tree (yaml.h); read.c walks the
 * tree by tables of keys and fills drafts, the user's file first and the
 * project's over it; config.c gives the drafts their defaults.
 *
 *     config.c  where the files are; what holds when nobody says
 *     read.c    which keys there are (the tables), unknown ones
 *     values.c  one scalar: number, duration, size, name, ...
 *     address.c URLs and header names
 */
#ifndef APXM_CORE_CONFIG_CONFIG_INT_H
#define APXM_CORE_CONFIG_CONFIG_INT_H

#include "core/config/config.h"
#include "core/config/yaml.h"

/* A backend before it has all of its defaults: 0 and NULL are "not said". */
typedef struct Draft {
  BackendConfig backend;
  Place place;          /* of its name, in the nearest file that has it */
  const char *url_file; /* where `url` stands; NULL: nowhere */
  Place url_place;
  const char *key_file;     /* the same of `key` */
  const char *headers_file; /* of `headers`, if one is from the environment */
} Draft;

/* What all files say together. */
typedef struct Reader {
  Config *config;
  Error *error;
  const char *file; /* the one being read */
  const char *base; /* what its relative paths start from; "" for the working
                       folder, else with a final slash */
  bool is_alone;    /* a project's file without the user's */
  VEC(Draft) drafts;
  const char *backend_file; /* where `backend:` stands, for messages */
  Place backend_place;
} Reader;

/* STATUS_FORMAT, "FILE:LINE:COLUMN: ...". */
Status config_fail(const Reader *r, Place place, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* One file, whose name and base are set, over what earlier ones said. */
Status config_read_text(Reader *r, Slice text) MUST_USE;
Status config_read_tree(Reader *r, const YamlNode *root) MUST_USE;
/* After the last file: checks what they say together, fills the Config. */
Status config_finish(Reader *r) MUST_USE;

/* ---- values.c ------------------------------------------------------------ */

/* Each fails with what the key needs. `node` is a value in a map. */
Status config_text(const Reader *r, const YamlNode *node, const char **text);
Status config_bool(const Reader *r, const YamlNode *node, bool *value);
Status config_number(const Reader *r, const YamlNode *node, uint64_t least,
                     uint64_t most, uint64_t *value);
Status config_duration(const Reader *r, const YamlNode *node, uint64_t *ns);
Status config_size(const Reader *r, const YamlNode *node, uint64_t *bytes);
/* "env:NAME" gives NAME. */
bool config_env_name(Slice text, Slice *name);
bool config_is_variable(Slice name); /* may be one of the environment's */
bool config_is_name(Slice name);     /* may be a backend's or a tool's */

/* ---- address.c ----------------------------------------------------------- */

/* NULL when `url` is one that is taken, else what is wrong with it, without a
 * piece of it. A query is for tools. */
const char *config_url_fault(Slice url, bool may_have_query);
/* Without final slashes. */
Slice config_url_trim(Slice url);
bool config_is_header(Slice name);        /* may be one of ours */
bool config_header_is_ours(Slice name);   /* is made by the client */
bool config_header_is_secret(Slice name); /* by its name */
bool config_header_is_authorization(Slice name);

/* ---- find.c -------------------------------------------------------------- */

typedef struct ProviderInfo {
  const char *name;
  const char *url;     /* NULL: it has no address */
  const char *key_env; /* or NULL */
  uint32_t in_flight;
  const char *text;
} ProviderInfo;

extern const ProviderInfo config_providers[];
extern const uint32_t config_provider_count;
const ProviderInfo *config_provider(Slice name); /* NULL: there is none */

/* What nobody said. The provider's own key goes to its own address, and to
 * one that was typed: a file that came with somebody's project must name the
 * variable. */
void config_fill_defaults(BackendConfig *backend, bool is_typed);

/* A backend of which nothing is said but its name: with what has a default of
 * its own even where 0 can be said. */
BackendConfig config_backend_new(const char *name);

#endif
