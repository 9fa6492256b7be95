/* SPDX-License-Identifier: MIT
 *
 * A line is built by the thread that completes the call and written by one
 * write(2), if the system takes it whole, to a descriptor opened for appending,
 * so lines of several threads and processes do not mix.
 */
#include "runtime/model/request_log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "runtime/model/backend.h"

static void add_field(Buf *line, const char *name, Slice text) {
  buf_addf(line, ",\"%s\":", name);
  json_add_text(line, text);
}

static void add_number(Buf *line, const char *name, double value,
                       bool is_given) {
  buf_addf(line, ",\"%s\":", name);
  if (is_given)
    json_add_number(line, value);
  else
    buf_add_text(line, "null");
}

/* The first to get a number may be a little later than another. */
static double ms_since(uint64_t from, uint64_t to) {
  return to < from ? 0 : (double)(to - from) / (double)NS_PER_MS;
}

static const char *outcome_text(Status status) {
  if (status == STATUS_OK) return "ok";
  return status == STATUS_CANCELLED ? "cancelled" : "error";
}

static void add_problem(const ModelRequest *request, Buf *line) {
  if (request->problem == MODEL_PROBLEM_NONE)
    buf_add_text(line, ",\"problem\":null");
  else
    add_field(line, "problem", slice_of(model_problem_text(request->problem)));
  add_number(line, "code", request->code, request->code != 0);
}

static void add_line(uint64_t first, const ModelRequest *request, Buf *line) {
  const ModelRequest *r = request;
  buf_addf(line, "{\"run\":%llu,\"seq\":%llu", (unsigned long long)r->run,
           (unsigned long long)r->age);
  add_field(line, "op", r->operation);
  add_field(line, "prompt", buf_slice(&r->prompt));
  buf_addf(line, ",\"prompt_hash\":\"%016llx\"",
           (unsigned long long)slice_hash(buf_slice(&r->prompt)));
  add_field(line, "system", r->system);
  add_field(line, "backend", slice_of(model_backend_name(r->backend)));
  add_field(
      line, "model",
      r->model.length ? r->model : slice_of(model_backend_model(r->backend)));
  add_number(line, "temperature", r->temperature, isfinite(r->temperature));
  add_number(line, "max_tokens", r->max_tokens, r->max_tokens != 0);
  add_number(line, "budget_tokens", r->budget_tokens, r->budget_tokens != 0);
  add_number(line, "arrival_ms", ms_since(first, r->queued_at), true);
  add_number(line, "end_ms", ms_since(first, r->completed_at), true);
  add_number(line, "open", r->open_at_start, true);
  add_number(line, "attempts", r->attempt, true);
  add_field(line, "status", slice_of(outcome_text(r->status)));
  add_problem(r, line);
  buf_addf(line, ",\"cut\":%s", r->is_cut ? "true" : "false");
  add_field(line, "reply", buf_slice(&r->reply));
  buf_add_text(line, "}\n");
}

/* A log that cannot be written costs the run nothing. It ends there, or what
 * comes next would stand behind half a line. */
void request_log_add(RequestLog *log, const ModelRequest *request) {
  Error error = {0};
  if (log->fd < 0 || load_relaxed(&log->has_failed)) return;
  Buf line = {0};
  add_line(load_relaxed(&log->first_arrival), request, &line);
  if (file_write_fd(log->fd, buf_slice(&line), &error) != STATUS_OK &&
      !atomic_exchange(&log->has_failed, true))
    log_warning("the request log ends here, the run goes on: %s",
                error.message);
  buf_free(&line);
}

uint64_t request_log_arrive(RequestLog *log, uint64_t now) {
  uint64_t none = 0;
  atomic_compare_exchange_strong_explicit(&log->first_arrival, &none, now,
                                          memory_order_relaxed,
                                          memory_order_relaxed);
  return add_relaxed(&log->arrivals, 1) + 1;
}

Status request_log_open(RequestLog *log, const char *path, Error *error) {
  *log = (RequestLog){.fd = -1};
  if (!path) return STATUS_OK;
  /* A pipe that nobody reads would be waited for. */
  int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  log->fd = open(path, flags | O_NONBLOCK, 0666);
  if (log->fd < 0)
    return error_set_errno(error, STATUS_IO, errno,
                           "cannot open the request log %s", path);
  (void)fcntl(log->fd, F_SETFL, O_APPEND);
  return STATUS_OK;
}

void request_log_close(RequestLog *log) {
  if (log->fd >= 0) close(log->fd);
}
