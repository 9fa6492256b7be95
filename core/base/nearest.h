/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the name at the smallest spelling distance, at most a third
 * of the longer of both names, else one that holds the other as a whole
 * (`undefined_input` and `input`). Offer all the names there are, then ask.
 */
#ifndef APXM_CORE_BASE_NEAREST_H
#define APXM_CORE_BASE_NEAREST_H

#include <stdint.h>

#include "core/base/slice.h"

typedef struct Nearest {
  Slice wanted;
  uint32_t *guesses; /* names that may still be compared; NULL: no bound */
  Slice best;        /* nearest by spelling */
  size_t distance;   /* of it */
  Slice part;        /* one that contains the wanted name or is part of it */
} Nearest;

/* `guesses` (which may be NULL) bounds the work of several searches together:
 * a thousand errors among a million names must not take minutes. */
Nearest nearest_new(Slice wanted, uint32_t *guesses);
void nearest_offer(Nearest *nearest, Slice name);
/* The name; empty when none is near. */
Slice nearest_found(const Nearest *nearest);

#endif
