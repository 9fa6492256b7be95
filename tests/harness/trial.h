/* SPDX-License-Identifier: MIT
 *
 * One program, read by the reference and run in every way.
 */
#ifndef APXM_TESTS_HARNESS_TRIAL_H
#define APXM_TESTS_HARNESS_TRIAL_H

#include "runtime/model/sim.h"
#include "tests/harness/census.h"
#include "tests/harness/compare.h"
#include "tests/harness/plant.h"
#include "tests/harness/real.h"

typedef struct Lab {
  Real *real;
  SimRules rules;     /* the scripted replies, for the reference */
  const Plant *plant; /* what is made wrong in every object; NULL: nothing */
} Lab;

typedef enum Verdict {
  VERDICT_SAME,
  VERDICT_DIFFERENT,
  VERDICT_REFUSED,  /* it does not compile */
  VERDICT_UNDECIDED /* the program does not say what must come of it */
} Verdict;

typedef struct Trial {
  Verdict verdict;
  Difference difference;
  uint32_t way; /* the number of the way in which it differs */
  Buf how;
  bool planted;       /* the plant found a place in it */
  uint32_t must, may; /* requests that must, and that may have been made */
} Trial;

bool lab_open(Lab *lab, Error *error);
void lab_close(Lab *lab);

/* `ways`: bit mask of the ways to run it in; `census` may be NULL. Ends with
 * the first difference. */
void trial_run(Lab *lab, Slice text, uint64_t seed, uint32_t ways,
               Census *census, Trial *trial);
void trial_free(Trial *trial);

/* Removes what it can from the program in `text` while a trial of it still
 * differs in the same way and thing. */
void trial_shrink(Lab *lab, uint64_t seed, const Trial *trial, Buf *text);

#endif
