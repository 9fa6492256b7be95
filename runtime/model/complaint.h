/* SPDX-License-Identifier: MIT
 *
 * The sentence in an error that a server sent, in whatever shape.
 */
#ifndef APXM_RUNTIME_MODEL_COMPLAINT_H
#define APXM_RUNTIME_MODEL_COMPLAINT_H

#include "core/base/buf.h"
#include "core/base/json.h"

/* Adds the sentence, as it was sent: bytes of a stranger. False: none found. */
bool complaint_find(const cJSON *value, Buf *out);

#endif
