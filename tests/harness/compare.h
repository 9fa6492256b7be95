/* SPDX-License-Identifier: MIT
 *
 * What must come of a run beside what came of it.
 */
#ifndef APXM_TESTS_HARNESS_COMPARE_H
#define APXM_TESTS_HARNESS_COMPARE_H

#include "tests/harness/interp.h"
#include "tests/harness/observed.h"

/* What differs, in the order in which it is looked at. */
typedef enum Difference {
  DIFFERENCE_NONE,
  DIFFERENCE_FORMAT, /* `apxm fmt` refuses it, or is not done with it at once */
  DIFFERENCE_HUNG,
  DIFFERENCE_STATUS,
  DIFFERENCE_ERROR,
  DIFFERENCE_RESULT,
  DIFFERENCE_LINES,
  DIFFERENCE_REQUESTS,
  DIFFERENCE_FENCE,
  DIFFERENCE_FIGURES /* what it reports of itself */
} Difference;

/* Says in `how` what the difference is. */
Difference compare_outcomes(const InterpOutcome *wanted,
                            const Observed *observed, Buf *how);

/* The same without requests and figures. */
Difference compare_values(const InterpOutcome *wanted, const Observed *observed,
                          Buf *how);

#endif
