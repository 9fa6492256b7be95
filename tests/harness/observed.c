/* SPDX-License-Identifier: MIT
 *
 * The words in which requests are compared.
 */
#include "tests/harness/observed.h"

#include <math.h>

#include "core/base/json.h"

void request_key(Slice operation, Slice prompt, Slice system, Slice model,
                 double temperature, uint32_t max_tokens,
                 uint32_t budget_tokens, Buf *out) {
  json_add_text(out, operation);
  buf_add_char(out, ' ');
  json_add_text(out, prompt);
  if (system.length > 0) {
    buf_add_text(out, ", system ");
    json_add_text(out, system);
  }
  if (model.length > 0) {
    buf_add_text(out, ", model ");
    json_add_text(out, model);
  }
  if (isfinite(temperature)) buf_addf(out, ", temperature %g", temperature);
  if (max_tokens > 0) buf_addf(out, ", max_tokens %u", max_tokens);
  if (budget_tokens > 0) buf_addf(out, ", budget_tokens %u", budget_tokens);
}

void observed_free(Observed *observed) {
  vec_free(&observed->lines);
  vec_free(&observed->requests);
  arena_free(&observed->arena);
}
