/* SPDX-License-Identifier: MIT
 *
 * Several programs at once on one engine, some of them cancelled on the way.
 */
#ifndef APXM_TESTS_HARNESS_CROWD_H
#define APXM_TESTS_HARNESS_CROWD_H

#include "tests/harness/trial.h"

enum { CROWD = 6 };

/* Runs the programs of CROWD seeds from `seed` on. What was not cancelled must
 * come to what the reference says, and all of it must come to rest. False with
 * the difference in `how`. */
bool crowd_run(Lab *lab, uint64_t seed, Buf *how);

#endif
