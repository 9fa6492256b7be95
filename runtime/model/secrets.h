/* SPDX-License-Identifier: MIT
 *
 * The values that must not be shown, and the one way by which text that a
 * server sent gets into a message: scrubbed of them, on one line, made visible
 * and cut.
 */
#ifndef APXM_RUNTIME_MODEL_SECRETS_H
#define APXM_RUNTIME_MODEL_SECRETS_H

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/vec.h"

/* Immutable once requests are made. Zero it. */
typedef struct Secrets {
  VEC(Buf) values;
} Secrets;

void secrets_add(Secrets *secrets, Slice value);
void secrets_free(Secrets *secrets); /* overwrites them first */

/* Adds `text` with every secret in it, and every piece of eight bytes or more
 * of one, shown as "[secret]", JSON escapes looked through; white space as
 * single spaces; what a terminal would obey as \xNN; and "..." in place of
 * what is beyond `limit` bytes. */
void secrets_quote(const Secrets *secrets, Slice text, size_t limit, Buf *out);

#endif
