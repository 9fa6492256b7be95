/* SPDX-License-Identifier: MIT
 *
 * Source text to the same program in the one layout. Line breaks inside a
 * statement are the author's where the layout has room for them; everything
 * else about white space is decided here. Comments keep their place, blank
 * lines stay (one of each group), `;` goes, and what is written in the legacy
 * spelling is rewritten. The tree of the result is that of the source: it is
 * parsed and compared, and refused if it were not.
 */
#ifndef APXM_COMPILER_FRONT_FORMAT_H
#define APXM_COMPILER_FRONT_FORMAT_H

#include "core/base/arena.h"
#include "core/base/diag.h"

typedef enum FormatResult {
  FORMAT_DONE,
  FORMAT_SYNTAX, /* the source has syntax errors, which the sink holds */
  FORMAT_REFUSED /* a mistake of ours: the result would mean something else */
} FormatResult;

/* Appends to `out` only when it is done. Formatting twice changes nothing. */
FormatResult format_source(const Source *source, Arena *arena, DiagSink *sink,
                           Buf *out);

#endif
