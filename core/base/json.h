/* SPDX-License-Identifier: MIT
 *
 * JSON from outside, read with cJSON behind bounds: depth, size, UTF-8 and
 * trailing bytes are checked first. And the two lines of writing that a
 * runtime value needs; documents are built and printed with cJSON itself.
 */
#ifndef APXM_CORE_BASE_JSON_H
#define APXM_CORE_BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"

/* Where a text is no document, and why. */
typedef struct JsonFault {
  size_t at; /* bytes from its start */
  const char *what;
} JsonFault;

/* Whether json_parse takes the text, but for want of memory. */
bool json_check(Slice text, JsonFault *fault) MUST_USE;

/* The document, to be freed with cJSON_Delete, or NULL with `error` filled
 * ("line L, column C: ..."). Stricter than cJSON: the grammar of RFC 8259 to
 * the letter, but no \u0000 and no number beyond a double. A byte order mark
 * is passed over. */
cJSON *json_parse(Slice text, Error *error) MUST_USE;

void json_add_text(Buf *out, Slice text);     /* quoted and escaped */
void json_add_number(Buf *out, double value); /* shortest that reads back;
                                                 whole numbers without point */

#endif
