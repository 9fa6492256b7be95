/* SPDX-License-Identifier: MIT
 *
 * The kinds of problems as an enum; problems.def is the table. Whoever finds a
 * problem classifies it, once; nobody reads sentences to find out.
 */
#ifndef APXM_RUNTIME_MODEL_PROBLEM_H
#define APXM_RUNTIME_MODEL_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ModelProblem {
#define X(name, text, is_retried, is_load, meaning) MODEL_PROBLEM_##name,
#include "runtime/model/problems.def"
#undef X
  MODEL_PROBLEM_COUNT
} ModelProblem;

const char *model_problem_text(ModelProblem problem);
bool model_problem_is_retried(ModelProblem problem);
bool model_problem_is_load(ModelProblem problem);
/* What an HTTP status code other than 2xx means. */
ModelProblem model_problem_of_code(uint32_t code);

/* An attempt that brought no reply. */
typedef struct ModelAttempt {
  ModelProblem problem;
  uint32_t code;       /* HTTP; 0: none came */
  uint64_t started_at; /* clock_now() */
  uint64_t took_ns;
  uint64_t waited_ns; /* from its end until the call was in the queue again, or
                         is to be; 0: it was the last */
  char *cause;        /* a sentence without advice, owned */
} ModelAttempt;

#endif
