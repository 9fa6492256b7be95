/* SPDX-License-Identifier: MIT
 *
 * What an error that a server sent says, in whatever shape: the sentence in it,
 * and what kind of error it is.
 */
#ifndef APXM_RUNTIME_MODEL_COMPLAINT_H
#define APXM_RUNTIME_MODEL_COMPLAINT_H

#include "core/base/buf.h"
#include "core/base/json.h"

/* Adds the sentence, as it was sent: bytes of a stranger. False: none found. */
bool complaint_find(const cJSON *value, Buf *out);

/* The HTTP status code that means the same; 0: it does not say. 402: there is
 * no money left, whatever the code of the reply. */
uint32_t complaint_code(const cJSON *value);

/* When to ask again, which Google says in the body: {"error":{"details":[
 * {"retryDelay":"12.5s"}]}}. False: it does not say. */
bool complaint_delay(const cJSON *value, uint64_t *ns);

#endif
