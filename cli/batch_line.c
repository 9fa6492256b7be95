/* SPDX-License-Identifier: MIT
 *
 * Text to arguments to a run, and what comes of that to a line of the results.
 */
#include "cli/batch_line.h"

#include <stdio.h>

#include "cli/batch.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "lib/flow.h"
#include "lib/report.h"

/* ---- what comes of it ---------------------------------------------------- */

static void keep_first(BatchLine *line, const char *message) {
  Batch *batch = line->batch;
  if (batch->failed_first != 0 && batch->failed_first < line->number) return;
  batch->failed_first = line->number;
  buf_clear(&batch->failed_why);
  buf_add_text(&batch->failed_why, message);
}

static void add_error(BatchLine *line, const char *code, const char *message) {
  Buf *out = &line->text;
  if (line->batch->on_error == BATCH_NULL) {
    buf_add_text(out, "null\n");
    return;
  }
  buf_addf(out, "{\"error\":{\"line\":%llu,\"code\":\"%s\",\"message\":",
           (unsigned long long)line->number, code);
  json_add_text(out, slice_of(message));
  buf_add_text(out, "}}\n");
}

static void fail(BatchLine *line, const char *code, const char *message) {
  line->state = BATCH_FAILED;
  add_error(line, code, message);
  keep_first(line, message);
  cli_info(line->batch->cli, "line %llu: %s", (unsigned long long)line->number,
           message);
}

void batch_line_refuse(BatchLine *line) {
  char message[96];
  snprintf(message, sizeof message, "the line has more than %d bytes",
           LIMIT_BATCH_LINE_BYTES);
  fail(line, "line_too_long", message);
}

static void take_prints(BatchLine *line) {
  const Slice *lines = NULL;
  uint32_t count = run_output_lines(line->session.run, &lines);
  for (uint32_t i = 0; i < count; i++) buf_add_slice(&line->prints, lines[i]);
}

static void take_result(BatchLine *line) {
  const Run *run = line->session.run;
  switch (session_status(&line->session)) {
    case RUN_SUCCESS:
      line->state = BATCH_GOOD;
      report_result_json(&line->session, &line->text);
      buf_add_char(&line->text, '\n');
      return;
    case RUN_CANCELLED:
      line->state = BATCH_STOPPED;
      add_error(line, run_failure(run)->code, "interrupted before it was done");
      return;
    default:
      fail(line, run_failure(run)->code, run_error(run));
  }
}

void batch_line_end(BatchLine *line) {
  Batch *batch = line->batch;
  session_wait(&line->session);
  take_prints(line);
  take_result(line);
  if (batch->total) metrics_add(batch->total, run_metrics(line->session.run));
  session_free(&line->session);
}

/* ---- its run ------------------------------------------------------------- */

/* Any thread of the engine. */
static void on_finished(void *user) {
  BatchLine *line = user;
  Batch *batch = line->batch;
  mutex_lock(&batch->lock);
  bool is_first = batch->ended == NULL;
  line->next = batch->ended;
  batch->ended = line;
  mutex_unlock(&batch->lock);
  if (is_first) batch_wake(batch);
}

/* Nothing of the line is known to be wrong: what is, would be so for all. */
static void start(BatchLine *line, const Value *values) {
  Batch *batch = line->batch;
  SessionStart start = {.flow = batch->flow,
                        .args = values,
                        .keep_output = true,
                        .finished = on_finished,
                        .user = line,
                        .deadline_ns = batch->deadline_ns};
  Error error = {0};
  line->state = BATCH_OPEN;
  session_init(&line->session, batch->engine, batch->program);
  if (session_start(&line->session, &start, &error) == STATUS_OK) {
    batch->limit = run_in_flight_limit(line->session.run);
    batch->backend = run_backend(line->session.run);
    return;
  }
  session_free(&line->session);
  line->state = BATCH_STOPPED;
  batch->code = cli_fail(batch->cli, EXIT_CODE_SETUP, "%s", error.message);
}

/* Why it is no JSON; that a line has only one line is no news. */
static void fail_json(BatchLine *line, const Error *error) {
  Slice text = slice_of(error->message), place = SLICE("line 1, ");
  bool is_placed = slice_starts_with(text, place);
  fail(line, "not_json", error->message + (is_placed ? place.length : 0));
}

void batch_line_begin(BatchLine *line, Slice text) {
  const Batch *batch = line->batch;
  const Object *object = batch->program->object;
  uint32_t count = object->flows[batch->flow].param_count;
  Error error = {0};
  Value value;
  if (slice_trim(text).length == 0) {
    fail(line, "blank_line", "the line is blank");
    return;
  }
  if (value_from_json(text, &value, &error) != STATUS_OK) {
    fail_json(line, &error);
    return;
  }
  Value *values = mem_alloc_zero((size_t)count + 1, sizeof *values);
  Status status =
      flow_bind_value(object, batch->flow, value, batch->fixed, values, &error);
  value_drop(value);
  if (status == STATUS_OK)
    start(line, values);
  else
    fail(line, "wrong_arguments", error.message);
  mem_free(values);
}
