/* SPDX-License-Identifier: MIT
 *
 * How many columns of a terminal a code point takes.
 */
#ifndef APXM_CORE_BASE_GLYPH_H
#define APXM_CORE_BASE_GLYPH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/slice.h"

/* Of one code point in valid UTF-8: 0 for marks that combine with the one
 * before, 2 for wide ones, else 1. */
size_t glyph_columns(Slice glyph);

/* Turns the direction of the text after it, so that a line is not shown in the
 * order in which it is read. */
bool glyph_turns_text(Slice glyph);

#endif
