/* SPDX-License-Identifier: MIT
 *
 * What a compilation and a run have to say, as text and as the documents that
 * docs/metrics.md and the schemas beside it describe.
 */
#ifndef APXM_LIB_REPORT_H
#define APXM_LIB_REPORT_H

#include <cjson/cJSON.h>

#include "core/base/buf.h"
#include "lib/session.h"

/* The flow's result for people: a text as it is, anything else as JSON without
 * white space. False, and nothing: it is void, or there is none. */
bool report_result_text(const Session *session, Buf *out);

/* The flow's result as JSON; `null` for void or when there is none. */
void report_result_json(const Session *session, Buf *out);

/* The metrics document. Free with cJSON_Delete. After session_wait. */
cJSON *report_metrics(const Session *session);

/* The document of a batch. `backend`: of its runs, or NULL. Free with
 * cJSON_Delete. */
cJSON *report_batch(const Program *program, const ModelBackend *backend,
                    const RunMetrics *sum, const BatchMetrics *batch);

/* {"status", "result", "output", "metrics"}, "error" and "failure" when it did
 * not succeed, on one line with a newline. The lines are there when keep_output
 * was set. */
void report_run_json(const Session *session, Buf *out);

/* What the calls of a run that did not succeed had brought, each under a line
 * that names its node; for people. Nothing when none was kept. */
void report_partial_text(const Session *session, Buf *out);

/* Adds what was recorded of the run, under its flow's and program's name. After
 * session_wait. */
void report_add_trace(const Session *session, const Trace *trace,
                      TraceFile *file);

/* The diagnostics document of a program that came from a source, compiled or
 * not. Free with cJSON_Delete. */
cJSON *report_diagnostics(const Program *program);

/* Appends the document's text, with a newline; pretty on several lines. */
void report_add_document(const cJSON *document, bool pretty, Buf *out);

#endif
