/* SPDX-License-Identifier: MIT
 *
 * Why a run did not succeed, at length: for who comes back in the morning and
 * finds it failed, below the sentence that says it in short; and the same as an
 * object for programs. After session_wait.
 */
#ifndef APXM_LIB_REPORT_FAILURE_H
#define APXM_LIB_REPORT_FAILURE_H

#include <cjson/cJSON.h>

#include "core/base/buf.h"
#include "lib/session.h"

/* Lines for people, each with a newline; none when the sentence says all. */
void report_failure_lines(const Session *session, Buf *out);

/* The object that docs/run.schema.json calls `failure`; NULL when the run
 * succeeded. Free with cJSON_Delete. */
cJSON *report_failure_json(const Session *session);

#endif
