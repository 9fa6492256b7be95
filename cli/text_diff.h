/* SPDX-License-Identifier: MIT
 *
 * What differs between two texts, for people: lines that are only in the first
 * with a minus, only in the second with a plus, a few common ones around them,
 * and below a changed line marks under what changed in it.
 *
 *       The answer:
 *     - forty-two
 *     + forty-three
 *             ^^^^^
 */
#ifndef APXM_CLI_TEXT_DIFF_H
#define APXM_CLI_TEXT_DIFF_H

#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

/* Appends the difference, every line behind `indent`. A final line feed that
 * only one of them has is told of. Long lines and long differences are cut;
 * control characters come out as \xNN. */
void text_diff_add(Slice was, Slice is, const char *indent, bool colour,
                   Buf *out);

#endif
