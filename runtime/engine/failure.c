/* SPDX-License-Identifier: MIT
 *
 * What a program is told of a failure. Of a model call it learns what it can
 * act upon: ask again later, ask for less, ask another one. The finer kinds of
 * problems.def are for reports.
 */
#include "runtime/engine/failure.h"

const char *failure_text(FailureCode code) {
  static const char *const texts[FAILURE_CODE_COUNT] = {
#define X(name, text, meaning) text,
#include "runtime/engine/failures.def"
#undef X
  };
  return texts[code];
}

FailureCode failure_of_problem(ModelProblem problem) {
  switch (problem) {
    case MODEL_PROBLEM_RATE_LIMITED:
      return FAILURE_RATE_LIMITED;
    case MODEL_PROBLEM_FIRST_TIMEOUT:
    case MODEL_PROBLEM_IDLE_TIMEOUT:
    case MODEL_PROBLEM_TIMED_OUT:
      return FAILURE_TIMED_OUT;
    case MODEL_PROBLEM_UNREACHABLE:
    case MODEL_PROBLEM_TLS:
    case MODEL_PROBLEM_CERTIFICATE:
    case MODEL_PROBLEM_CONNECT_TIMEOUT:
      return FAILURE_UNREACHABLE;
    case MODEL_PROBLEM_NOT_RECORDED:
      return FAILURE_NOT_RECORDED;
    default:
      return FAILURE_MODEL_FAILED;
  }
}
