/* SPDX-License-Identifier: MIT
 *
 * JSON Lines: one object a line; blank lines and those that begin with `//` are
 * skipped. Read whole, so that a bad line is told before anything is done with
 * the good ones.
 */
#ifndef APXM_CORE_BASE_JSON_LINES_H
#define APXM_CORE_BASE_JSON_LINES_H

#include "core/base/json.h"

/* A line's object, which lives until the call returns. `place` is "PATH:LINE",
 * for messages. What is not STATUS_OK ends the reading. */
typedef Status JsonLine(void *user, const char *place, const cJSON *root,
                        Error *error);

/* `name` is what messages call the text. */
Status json_lines_read(const char *name, Slice text, JsonLine *each, void *user,
                       Error *error) MUST_USE;
/* At most `limit` bytes of `path` ("-": standard input). */
Status json_lines_load(const char *path, size_t limit, JsonLine *each,
                       void *user, Error *error) MUST_USE;

#endif
