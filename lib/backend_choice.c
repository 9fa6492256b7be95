/* SPDX-License-Identifier: MIT
 *
 * An option of `sim` is a wish for it: who gives a latency does not want to
 * pay a server that the configuration names.
 */
#include "lib/backend_choice.h"

#include <string.h>

const char *backend_choice_name(const BackendChoice *choice,
                                const Config *config) {
  if (choice->named) return choice->named;
  return choice->sim_option ? "sim" : config->backend;
}

Status backend_choice_check(const BackendChoice *choice,
                            const BackendConfig *backend, Error *error) {
  if (!choice->sim_option || strcmp(backend->provider, "sim") == 0)
    return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "%s is for the embedded model `sim`, and backend %s is "
                   "another (%s)",
                   choice->sim_option, backend->name, backend->provider);
}
