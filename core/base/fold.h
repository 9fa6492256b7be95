/* SPDX-License-Identifier: MIT
 *
 * Upper and lower case over all of Unicode, and the form in which the labels
 * of a `switch` and what it looks at are compared. Letters outside ASCII need
 * libutf8proc, which is loaded when the first one is met; a text of ASCII never
 * touches it. Any thread.
 *
 * A folded text has no white space and no punctuation at its ends and is in
 * lower case: `**Technical.**` becomes `technical`. Punctuation is what stands
 * around words, not what belongs to them: quotes, brackets, stops, dashes,
 * slashes, `*`, `_` and the backtick, and outside ASCII what Unicode calls so
 * (category P). `# $ % & + < = > @ ^ | ~` stay, so `C`, `C++` and `C#` are
 * three labels; so does a minus before a digit. A text of punctuation alone
 * loses its white space only.
 */
#ifndef APXM_CORE_BASE_FOLD_H
#define APXM_CORE_BASE_FOLD_H

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"

/* Each appends to `out`; bytes that are not UTF-8 are taken over as they are.
 * STATUS_NOT_FOUND: libutf8proc is needed and not there; `out` is as it was. */
Status fold_lower(Slice text, Buf *out, Error *error) MUST_USE;
Status fold_upper(Slice text, Buf *out, Error *error) MUST_USE;
Status fold_label(Slice text, Buf *out, Error *error) MUST_USE;

#endif
