/* SPDX-License-Identifier: MIT
 *
 * Spoilt object files for tests: sound files changed at random and sealed
 * again, so that the loader's checks and not its hash meet them. Mutant i of
 * a seed is always the same bytes.
 */
#ifndef APXM_TESTS_MUTANTS_H
#define APXM_TESTS_MUTANTS_H

#include <stdint.h>

#include "core/object/object.h"

/* Does something with a mutant that the loader took. Not 0 is a failure. */
typedef int MutantRun(const Object *object);

typedef struct MutantCounts {
  uint32_t made;     /* mutants offered to the loader */
  uint32_t sealed;   /* of them: header and hash were right */
  uint32_t accepted; /* of them: the loader took it, and it was run */
  uint32_t failed;   /* of them: `run` did not return 0 */
} MutantCounts;

/* Mutants `first` .. `first + count - 1`; each is loaded and, if taken, given
 * to `run`. */
MutantCounts mutants_run_from(uint32_t first, uint32_t count, MutantRun *run);
static inline MutantCounts mutants_run(uint32_t seed, uint32_t count,
                                       MutantRun *run) {
  return mutants_run_from(seed * UINT32_C(1000000), count, run);
}

/* Every truncation of one file, with the old seal and sealed again. None may
 * be accepted. */
MutantCounts mutants_truncate(MutantRun *run);

#endif
