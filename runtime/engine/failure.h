/* SPDX-License-Identifier: MIT
 *
 * The kinds of failures as an enum; failures.def is the table.
 */
#ifndef APXM_RUNTIME_ENGINE_FAILURE_H
#define APXM_RUNTIME_ENGINE_FAILURE_H

#include "runtime/model/problem.h"

typedef enum FailureCode {
#define X(name, text, meaning) FAILURE_##name,
#include "runtime/engine/failures.def"
#undef X
  FAILURE_CODE_COUNT
} FailureCode;

/* As `e.code` reads. */
const char *failure_text(FailureCode code);
/* What a model call that got no reply fails with. */
FailureCode failure_of_problem(ModelProblem problem);

#endif
