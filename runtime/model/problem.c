/* SPDX-License-Identifier: MIT
 *
 * The table of problems, by number.
 */
#include "runtime/model/problem.h"

static const struct {
  const char *text;
  bool is_retried, is_load;
} table[] = {
#define X(name, text, is_retried, is_load, meaning) {text, is_retried, is_load},
#include "runtime/model/problems.def"
#undef X
};

const char *model_problem_text(ModelProblem problem) {
  return table[problem].text;
}

bool model_problem_is_retried(ModelProblem problem) {
  return table[problem].is_retried;
}

bool model_problem_is_load(ModelProblem problem) {
  return table[problem].is_load;
}

ModelProblem model_problem_of_code(uint32_t code) {
  switch (code) {
    case 401:
    case 403:
      return MODEL_PROBLEM_UNAUTHORIZED;
    case 408:
    case 409:
    case 425:
      return MODEL_PROBLEM_SERVER_ERROR;
    case 429:
      return MODEL_PROBLEM_RATE_LIMITED;
    case 503:
    case 529:
      return MODEL_PROBLEM_OVERLOADED;
    default:
      return code >= 500 ? MODEL_PROBLEM_SERVER_ERROR : MODEL_PROBLEM_REFUSED;
  }
}
