/* SPDX-License-Identifier: MIT
 *
 * Which backend calls go to that name none, for the command line and for
 * apxm.h alike.
 */
#ifndef APXM_LIB_BACKEND_CHOICE_H
#define APXM_LIB_BACKEND_CHOICE_H

#include "core/config/config.h"

typedef struct BackendChoice {
  const char *named;      /* by the user; NULL: not */
  const char *sim_option; /* an option that was given and that only `sim`
                             understands, as the user knows it; NULL: none */
} BackendChoice;

/* The named one; else `sim` when an option speaks of it; else the
 * configuration's. NULL: none of them, so `sim` that nobody asked for. */
const char *backend_choice_name(const BackendChoice *choice,
                                const Config *config);

/* STATUS_USAGE: the option is not for `backend`. */
Status backend_choice_check(const BackendChoice *choice,
                            const BackendConfig *backend,
                            Error *error) MUST_USE;

#endif
