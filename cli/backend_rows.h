/* SPDX-License-Identifier: MIT
 *
 * The backends that a command may name, for `apxm backends` and `apxm doctor`:
 * those of the configuration, its default if that is written as
 * PROVIDER[:URL], and the providers by themselves.
 */
#ifndef APXM_CLI_BACKEND_ROWS_H
#define APXM_CLI_BACKEND_ROWS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/config/config.h"

typedef struct BackendRow {
  BackendConfig config;
  bool is_default;    /* calls that name none go there */
  bool is_configured; /* a file speaks of it */
} BackendRow;

typedef struct BackendRows {
  VEC(BackendRow) items;
  Arena arena; /* texts of those that no file has */
} BackendRows;

/* `config` stays. Free with backend_rows_free. */
void backend_rows_init(BackendRows *rows, const Config *config);
/* One more, which must be found: what a user has typed. */
Status backend_rows_add(BackendRows *rows, const Config *config,
                        const char *spec, Error *error) MUST_USE;
void backend_rows_free(BackendRows *rows);

/* Whether the variable has a value. Nobody else here looks at it. */
bool backend_variable_is_set(const char *name);

/* "KEY (set)", "KEY (not set)", "-". */
void backend_add_key(const BackendConfig *backend, Buf *out);

/* All but values of secrets. */
cJSON *backend_row_json(const BackendRow *row);

#endif
