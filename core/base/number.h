/* SPDX-License-Identifier: MIT
 *
 * Numbers in texts: what `num(...)` and the conditions of guards read.
 */
#ifndef APXM_CORE_BASE_NUMBER_H
#define APXM_CORE_BASE_NUMBER_H

#include <stdbool.h>

#include "core/base/slice.h"

/* Whether the whole text, without ASCII white space at its ends, is a finite
 * decimal number of at most 1,000 characters: sign, digits, point, exponent;
 * `.5` and `5.` too, but no hexadecimal, `inf` or `nan`. */
bool number_read(Slice text, double *number);

#endif
