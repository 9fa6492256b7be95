/* SPDX-License-Identifier: MIT
 *
 * Nothing waits for more than it needs: the span that a run reports is that of
 * the program's own dependencies, as the reference has them.
 */
#ifndef APXM_TESTS_HARNESS_SPAN_H
#define APXM_TESTS_HARNESS_SPAN_H

#include "tests/harness/trial.h"

/* Runs the program of `seed` with replies that take equally long, at -O0 and
 * -O1. A run that fails, or leaves something out, says nothing. False with the
 * difference in `how`; `*compared` counts those that were looked at. */
bool span_run(Lab *lab, Slice text, Buf *how, uint64_t *compared);

#endif
