/* SPDX-License-Identifier: MIT
 *
 * include/apxm.h: runs. The session's lock makes a cancel safe that comes
 * before the run's handle has been returned; what the callbacks are given goes
 * through here to get the public shape.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "lib/api_int.h"
#include "lib/flow.h"
#include "lib/report.h"
#include "lib/report_failure.h"

struct apxm_run {
  Session session;
  Output *output; /* NULL: nobody is told, or all was delivered */
  Trace *trace;   /* NULL: nothing is recorded */
  /* The caller's; immutable once it has started. */
  void (*event)(void *user, const apxm_event *event);
  void (*finished)(void *user);
  void (*delta)(void *user, unsigned attempt, const char *text, size_t length);
  void *user;
  /* The owner's. */
  bool has_started; /* the session has a run */
  bool is_over;     /* apxm_run_wait returned once */
  /* Empty until asked for. */
  Buf result, result_json, failure, metrics, report;
};

/* ---- events -------------------------------------------------------------- */

static apxm_call_status call_status(Status status) {
  if (status == STATUS_OK) return APXM_CALL_OK;
  return status == STATUS_CANCELLED ? APXM_CALL_CANCELLED : APXM_CALL_FAILED;
}

static uint64_t between(uint64_t from, uint64_t to) {
  return from > 0 && to > from ? to - from : 0;
}

/* A NUL-terminated copy in `room`, which has enough of it. */
static const char *copy_text(Buf *room, Slice text) {
  const char *copy = room->data + room->length;
  buf_add_slice(room, text);
  buf_add_char(room, '\0');
  return copy;
}

static void fill_event(const RunEvent *from, Buf *room, apxm_event *to) {
  buf_reserve(room,
              from->file.length + from->model.length + from->error.length + 3);
  to->kind =
      from->kind == RUN_EVENT_CALL_ENDED ? APXM_CALL_ENDED : APXM_CALL_STARTED;
  to->call = from->call;
  to->node = from->label;
  to->file = copy_text(room, from->file);
  to->line = from->line;
  to->column = from->column;
  to->backend = from->backend;
  to->model = copy_text(room, from->model);
  to->wait_ns = between(from->queued_at, from->dispatched_at);
  to->status = call_status(from->status);
  to->error = copy_text(room, from->error);
  to->first_byte_ns = between(from->dispatched_at, from->first_byte_at);
  to->service_ns = between(from->dispatched_at, from->completed_at);
  to->input_tokens = from->input_tokens;
  to->output_tokens = from->output_tokens;
  to->tokens_estimated = from->tokens_estimated;
}

/* Any thread. */
static void on_event(void *user, const RunEvent *event) {
  apxm_run *run = user;
  Buf room = {0};
  apxm_event given = {.size = sizeof given,
                      .run = run,
                      .at_ns = between(run->session.started_at, clock_now())};
  fill_event(event, &room, &given);
  run->event(run->user, &given);
  buf_free(&room);
}

/* The I/O thread, mostly. */
static void on_delta(void *user, uint32_t attempt, Slice text) {
  apxm_run *run = user;
  run->delta(run->user, attempt, text.length > 0 ? text.data : "", text.length);
}

/* Any thread. */
static void on_finished(void *user) {
  apxm_run *run = user;
  run->finished(run->user);
}

/* ---- starting ------------------------------------------------------------ */

/* The caller's arguments as values; NULL with `error` filled. */
static Value *bind(const Object *object, uint32_t flow,
                   const apxm_run_options *options, Error *error) {
  size_t count = options->arguments ? options->argument_count : 0;
  if (count > LIMIT_GRAPH_PARAMS) {
    error_set(error, STATUS_USAGE, "no flow has %zu parameters", count);
    return NULL;
  }
  FlowArg *args = mem_alloc_zero(count + 1, sizeof *args);
  uint32_t params = object->flows[flow].param_count;
  Value *values = mem_alloc_zero((size_t)params + 1, sizeof *values);
  for (size_t i = 0; i < count; i++) {
    const apxm_argument *given = &options->arguments[i];
    args[i] = (FlowArg){given->name, slice_from(given->text, given->length)};
  }
  Status status = flow_bind(object, flow, args, (uint32_t)count, values, error);
  mem_free(args);
  if (status == STATUS_OK) return values;
  mem_free(values);
  return NULL;
}

/* What the run calls and fills. */
static void prepare(apxm_run *run, const apxm_run_options *options) {
  Engine *engine = run->session.engine;
  run->event = options->event;
  run->finished = options->finished;
  run->delta = options->delta;
  run->user = options->user;
  if (options->keep_trace) run->trace = trace_new(engine_workers(engine));
  if (options->output)
    run->output =
        output_new_call(engine_reactor(engine), options->output, options->user);
}

/* One that is further off than a clock goes is none. */
static uint64_t deadline_of(const apxm_run_options *options) {
  uint64_t most = (UINT64_MAX >> 1) / NS_PER_MS;
  return options->deadline_ms < most ? options->deadline_ms * NS_PER_MS : 0;
}

static apxm_status begin(apxm_run *run, uint32_t flow, Value *values,
                         const apxm_run_options *options, Error *error) {
  SessionStart start = {.flow = flow,
                        .args = values,
                        .output = run->output,
                        .keep_output = options->keep_output != 0,
                        .finished = run->finished ? on_finished : NULL,
                        .user = run,
                        .event = run->event ? on_event : NULL,
                        .trace = run->trace,
                        .deadline_ns = deadline_of(options),
                        .keep_partial = options->keep_partial != 0,
                        .delta = run->delta ? on_delta : NULL};
  Status status = session_start(&run->session, &start, error);
  run->has_started = status == STATUS_OK;
  mem_free(values);
  return run->has_started ? APXM_OK : APXM_BACKEND;
}

/* APXM_OTHER: as `error` says. */
static apxm_status start(apxm_run *run, const apxm_run_options *options,
                         Error *error) {
  const Object *object = run->session.program->object;
  apxm_run_options given;
  uint32_t flow = 0;
  Status status = api_read_options(&given, sizeof given, options, error);
  if (status == STATUS_OK) status = flow_find(object, given.flow, &flow, error);
  if (status != STATUS_OK) return APXM_OTHER;
  Value *values = bind(object, flow, &given, error);
  if (!values) return APXM_OTHER;
  prepare(run, &given);
  return begin(run, flow, values, &given, error);
}

apxm_run *apxm_run_start(apxm_program *program, apxm_engine *engine,
                         const apxm_run_options *options, apxm_error *error) {
  Error cause = {0};
  if (!program || !engine) {
    error_set(&cause, STATUS_USAGE, "a run needs a program and an engine");
    api_give_error(&cause, error);
    return NULL;
  }
  apxm_run *run = MEM_NEW(apxm_run);
  session_init(&run->session, engine->engine, &program->program);
  apxm_status status = start(run, options, &cause);
  if (status == APXM_OK) return run;
  if (status == APXM_OTHER)
    api_give_error(&cause, error);
  else
    api_give_error_as(&cause, status, error);
  apxm_run_free(run);
  return NULL;
}

/* ---- while it goes on ---------------------------------------------------- */

void apxm_run_cancel(apxm_run *run) {
  session_cancel(&run->session);
}

void apxm_run_progress(apxm_run *run, apxm_progress *progress) {
  RunProgress now = {0};
  session_progress(&run->session, &now);
  const apxm_progress given = {.size = progress->size,
                               .waiting = now.waiting,
                               .open = now.open,
                               .done = now.done,
                               .failed = now.failed,
                               .input_tokens = now.input_tokens,
                               .output_tokens = now.output_tokens,
                               .elapsed_ns = now.elapsed_ns};
  size_t size = progress->size;
  memcpy(progress, &given, size < sizeof given ? size : sizeof given);
}

/* ---- afterwards ---------------------------------------------------------- */

/* All that is still on its way to the caller's function. */
static void deliver_output(apxm_run *run) {
  if (!run->output) return;
  Status status = output_flush(run->output, NULL);
  (void)status; /* there is no reader that could go away */
  output_free(run->output);
  run->output = NULL;
}

apxm_run_outcome apxm_run_wait(apxm_run *run) {
  if (!run->is_over) {
    session_wait(&run->session);
    deliver_output(run);
    run->is_over = true;
  }
  switch (session_status(&run->session)) {
    case RUN_SUCCESS:
      return APXM_RUN_SUCCESS;
    case RUN_CANCELLED:
      return APXM_RUN_CANCELLED;
    case RUN_PAUSED:
      return APXM_RUN_PAUSED;
    case RUN_EXPIRED:
      return APXM_RUN_EXPIRED;
    default:
      return APXM_RUN_FAILED;
  }
}

const char *apxm_run_error(apxm_run *run) {
  apxm_run_wait(run);
  return run_error(run->session.run);
}

const char *apxm_run_failure_json(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->failure.data) {
    cJSON *failure = report_failure_json(&run->session);
    if (!failure) failure = cJSON_CreateNull();
    report_add_document(failure, false, &run->failure);
    run->failure.data[--run->failure.length] = '\0'; /* its newline */
    cJSON_Delete(failure);
  }
  return api_text(&run->failure);
}

const char *apxm_run_result(apxm_run *run, size_t *length) {
  apxm_run_wait(run);
  if (!run->result.data) report_result_text(&run->session, &run->result);
  if (length) *length = run->result.length;
  return api_text(&run->result);
}

const char *apxm_run_result_json(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->result_json.data)
    report_result_json(&run->session, &run->result_json);
  return api_text(&run->result_json);
}

const char *apxm_run_metrics(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->metrics.data) {
    cJSON *document = report_metrics(&run->session);
    report_add_document(document, true, &run->metrics);
    cJSON_Delete(document);
  }
  return api_text(&run->metrics);
}

const char *apxm_run_report(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->report.data) report_run_json(&run->session, &run->report);
  return api_text(&run->report);
}

apxm_status apxm_run_write_trace(apxm_run *run, const char *path,
                                 apxm_error *error) {
  Error cause = {0};
  TraceFile file;
  apxm_run_wait(run);
  if (!run->trace) {
    error_set(&cause, STATUS_USAGE, "the run was started without keep_trace");
    api_give_error_as(&cause, APXM_USAGE, error);
    return APXM_USAGE;
  }
  trace_file_open(&file, path);
  report_add_trace(&run->session, run->trace, &file);
  if (trace_file_close(&file, &cause) == STATUS_OK) return APXM_OK;
  api_give_error_as(&cause, APXM_IO, error);
  return APXM_IO;
}

void apxm_run_free(apxm_run *run) {
  if (!run) return;
  if (run->has_started) {
    if (!run->is_over) apxm_run_cancel(run);
    apxm_run_wait(run);
  }
  output_free(run->output);
  session_free(&run->session);
  trace_free(run->trace);
  buf_free(&run->result);
  buf_free(&run->result_json);
  buf_free(&run->failure);
  buf_free(&run->metrics);
  buf_free(&run->report);
  mem_free(run);
}
