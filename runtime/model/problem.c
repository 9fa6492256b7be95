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
