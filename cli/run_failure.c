/* SPDX-License-Identifier: MIT
 *
 * One block, written at once, so that what other threads or processes say to
 * the same terminal does not get in between.
 */
#include "cli/run_failure.h"

#include "lib/report.h"
#include "lib/report_failure.h"

static void add_sentence(const Session *session, Buf *out) {
  const RunMetrics *metrics = run_metrics(session->run);
  if (metrics->status != RUN_CANCELLED) {
    buf_add_text(out, run_error(session->run));
    return;
  }
  buf_addf(out, "interrupted after %.1f s; nodes run: %llu, model calls made: ",
           (double)metrics->duration_ns / 1e9,
           (unsigned long long)metrics->nodes_executed);
  buf_addf(out, "%llu", (unsigned long long)metrics->requests);
}

static void add_member(const Session *session, Buf *out) {
  cJSON *failure = report_failure_json(session);
  buf_add_text(out, "\"failure\":");
  report_add_document(failure, false, out);
  out->length--; /* its newline */
  cJSON_Delete(failure);
}

static int code_of(RunStatus status) {
  if (status == RUN_EXPIRED) return EXIT_CODE_BUDGET;
  return status == RUN_CANCELLED ? EXIT_CODE_INTERRUPTED : EXIT_CODE_FAILED;
}

int run_failure_tell(const Cli *cli, const Session *session) {
  Buf sentence = {0}, lines = {0}, member = {0};
  add_sentence(session, &sentence);
  report_failure_lines(session, &lines);
  if (cli->is_json) add_member(session, &member);
  log_block(LOG_LEVEL_ERROR, "error", buf_slice(&sentence), buf_slice(&lines),
            buf_slice(&member));
  buf_free(&sentence);
  buf_free(&lines);
  buf_free(&member);
  return code_of(session_status(session));
}
