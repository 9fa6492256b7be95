/* SPDX-License-Identifier: MIT
 *
 * include/apxm.h over the rest of this folder: handles, texts that live as
 * long as their handle, and our errors in the caller's struct. What a function
 * promises stands in the header and is not repeated here.
 */
#include "include/apxm.h"

#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/mem.h"
#include "lib/flow.h"
#include "lib/report.h"
#include "lib/sink.h"

const char *apxm_version(void) {
  return APXM_VERSION;
}

/* ---- errors and options -------------------------------------------------- */

static apxm_status public_status(Status status) {
  switch (status) {
    case STATUS_OK:
      return APXM_OK;
    case STATUS_USAGE:
      return APXM_USAGE;
    case STATUS_COMPILE:
      return APXM_COMPILE;
    case STATUS_FORMAT:
    case STATUS_VERSION:
      return APXM_FORMAT;
    case STATUS_IO:
    case STATUS_NOT_FOUND:
      return APXM_IO;
    case STATUS_LIMIT:
      return APXM_LIMIT;
    case STATUS_NO_MEMORY:
      return APXM_NO_MEMORY;
    default:
      return APXM_OTHER;
  }
}

static void give_error(const Error *from, apxm_error *to) {
  if (!to) return;
  to->status = public_status(from->status);
  snprintf(to->message, sizeof to->message, "%s", from->message);
}

/* Copies as much of the caller's struct as both versions know; the rest is
 * zero. Every options struct begins with its size. */
static void read_options(void *to, size_t size, const void *from) {
  size_t given = 0;
  memset(to, 0, size);
  if (!from) return;
  memcpy(&given, from, sizeof given);
  memcpy(to, from, given < size ? given : size);
}

static Status check_level(int level, Error *error) {
  if (level >= 0 && level <= 3) return STATUS_OK;
  return error_set(error, STATUS_USAGE, "the level is 0 to 3, not %d", level);
}

/* ---- compile ------------------------------------------------------------- */

struct apxm_compilation {
  Program program;
  Buf texts[2]; /* diagnostics by form; empty until asked for */
  Buf report;   /* the same */
};

static const char *text_of(const Buf *buf) {
  return buf->data ? buf->data : "";
}

/* Compiles or loads a copy of the bytes. */
static Status load(Program *program, const void *bytes, size_t size,
                   const char *name, int level, Error *error) {
  Status status = check_level(level, error);
  if (status == STATUS_OK && size > LIMIT_OBJECT_BYTES)
    status = error_set(error, STATUS_LIMIT, "%s: more than %d bytes", name,
                       LIMIT_OBJECT_BYTES);
  if (status != STATUS_OK) {
    *program = (Program){0};
    return status;
  }
  Buf copy = {0};
  buf_add(&copy, bytes, size);
  CompileOptions options = {.optimization = (uint32_t)level};
  return program_from_bytes(program, &copy, name, &options, error);
}

apxm_compilation *apxm_compile(const char *source, size_t length,
                               const char *name, int level, apxm_error *error) {
  Error cause = {0};
  apxm_compilation *compilation = MEM_NEW(apxm_compilation);
  Status status =
      load(&compilation->program, source, length, name, level, &cause);
  if (compilation->program.is_source) return compilation;
  if (status == STATUS_OK)
    error_set(&cause, STATUS_USAGE, "%s is an object file already", name);
  give_error(&cause, error);
  apxm_compilation_free(compilation);
  return NULL;
}

int apxm_compilation_ok(const apxm_compilation *compilation) {
  return compilation->program.object != NULL;
}

const void *apxm_compilation_object(const apxm_compilation *compilation,
                                    size_t *size) {
  const Object *object = compilation->program.object;
  *size = object ? object->size : 0;
  return object ? object->bytes : NULL;
}

const char *apxm_compilation_diagnostics(apxm_compilation *compilation,
                                         apxm_form form) {
  const DiagSink *sink = &compilation->program.compile.diags;
  Buf *text = &compilation->texts[form == APXM_JSON];
  if (text->data) return text->data;
  if (form == APXM_JSON)
    diag_render_json(sink, text);
  else
    diag_render_text(sink, false, text);
  return text_of(text);
}

const char *apxm_compilation_report(apxm_compilation *compilation) {
  if (compilation->report.data) return compilation->report.data;
  cJSON *document = report_diagnostics(&compilation->program);
  report_add_document(document, true, &compilation->report);
  cJSON_Delete(document);
  return text_of(&compilation->report);
}

void apxm_compilation_free(apxm_compilation *compilation) {
  if (!compilation) return;
  program_free(&compilation->program);
  buf_free(&compilation->texts[0]);
  buf_free(&compilation->texts[1]);
  buf_free(&compilation->report);
  mem_free(compilation);
}

/* ---- program ------------------------------------------------------------- */

struct apxm_program {
  Program program;
  Buf *names;      /* by flow */
  Buf *signatures; /* by flow */
};

/* The first error of a source that does not compile, as one sentence. */
static void describe(const Program *program, Error *error) {
  const DiagSink *sink = &program->compile.diags;
  for (uint32_t i = 0; i < sink->diags.length; i++) {
    const Diag *diag = &sink->diags.data[i];
    if (!diag_is_error(diag->code)) continue;
    Place place = source_place(&program->source, diag->span.start);
    *error = (Error){0};
    error_set(error, STATUS_COMPILE, "%s:%u:%u: %s (%s)", program->name,
              place.line, place.column, diag->message,
              diag_code_text(diag->code));
    return;
  }
}

static void name_flows(apxm_program *program) {
  const Object *object = program->program.object;
  program->names = mem_alloc_zero((size_t)object->flow_count + 1, sizeof(Buf));
  program->signatures =
      mem_alloc_zero((size_t)object->flow_count + 1, sizeof(Buf));
  for (uint32_t i = 0; i < object->flow_count; i++) {
    Slice agent = object_text(object, object->flows[i].agent);
    Slice name = object_text(object, object->flows[i].name);
    buf_add_slice(&program->names[i], agent);
    buf_add_char(&program->names[i], '.');
    buf_add_slice(&program->names[i], name);
    flow_add_signature(object, i, &program->signatures[i]);
  }
}

/* The handle when `status` is STATUS_OK, else NULL with `error` filled. */
static apxm_program *finish_program(apxm_program *program, Status status,
                                    Error *cause, apxm_error *error) {
  if (status == STATUS_OK) {
    name_flows(program);
    return program;
  }
  if (status == STATUS_COMPILE) describe(&program->program, cause);
  give_error(cause, error);
  apxm_program_free(program);
  return NULL;
}

apxm_program *apxm_program_load(const void *bytes, size_t size,
                                const char *name, int level,
                                apxm_error *error) {
  Error cause = {0};
  apxm_program *program = MEM_NEW(apxm_program);
  Status status = load(&program->program, bytes, size, name, level, &cause);
  return finish_program(program, status, &cause, error);
}

apxm_program *apxm_program_open(const char *path, int level,
                                apxm_error *error) {
  Error cause = {0};
  apxm_program *program = MEM_NEW(apxm_program);
  CompileOptions options = {.optimization = (uint32_t)level};
  Status status = check_level(level, &cause);
  if (status == STATUS_OK)
    status = program_open(&program->program, path, &options, &cause);
  return finish_program(program, status, &cause, error);
}

size_t apxm_program_flow_count(const apxm_program *program) {
  return program->program.object->flow_count;
}

const char *apxm_program_flow_name(const apxm_program *program, size_t flow) {
  bool exists = flow < apxm_program_flow_count(program);
  return exists ? program->names[flow].data : NULL;
}

const char *apxm_program_flow_signature(const apxm_program *program,
                                        size_t flow) {
  bool exists = flow < apxm_program_flow_count(program);
  return exists ? program->signatures[flow].data : NULL;
}

long apxm_program_entry(const apxm_program *program) {
  int entry = object_entry_flow(program->program.object);
  return entry < 0 ? -1 : entry;
}

void apxm_program_free(apxm_program *program) {
  if (!program) return;
  const Object *object = program->program.object;
  for (uint32_t i = 0; program->names && i < object->flow_count; i++) {
    buf_free(&program->names[i]);
    buf_free(&program->signatures[i]);
  }
  mem_free(program->names);
  mem_free(program->signatures);
  program_free(&program->program);
  mem_free(program);
}

/* ---- engine -------------------------------------------------------------- */

/* The engine of the runtime is the handle. */
static Engine *engine_of(apxm_engine *engine) {
  return (Engine *)(void *)engine;
}

apxm_engine *apxm_engine_new(const apxm_engine_options *options,
                             apxm_error *error) {
  Error cause = {0};
  apxm_engine_options given;
  read_options(&given, sizeof given, options);
  EngineOptions own = {.workers = given.workers,
                       .model = {.max_in_flight = given.max_in_flight,
                                 .sim_profile = given.sim_profile,
                                 .replies = given.replies,
                                 .request_log = given.request_log}};
  Engine *engine = NULL;
  if (given.workers > LIMIT_WORKERS)
    error_set(&cause, STATUS_USAGE, "at most %d workers", LIMIT_WORKERS);
  else if (given.max_in_flight > LIMIT_IN_FLIGHT)
    error_set(&cause, STATUS_USAGE, "at most %d calls in flight",
              LIMIT_IN_FLIGHT);
  else
    engine = engine_new(&own, &cause);
  if (!engine) give_error(&cause, error);
  return (apxm_engine *)(void *)engine;
}

void apxm_engine_free(apxm_engine *engine) {
  if (engine) engine_free(engine_of(engine));
}

/* ---- run ----------------------------------------------------------------- */

struct apxm_run {
  Session session;
  Sink sink;
  bool has_sink;                            /* an output function was given */
  bool has_started;                         /* the session has a run */
  bool is_over;                             /* apxm_run_wait returned once */
  Buf result, result_json, metrics, report; /* empty until asked for */
};

/* The caller's arguments as values; NULL with `error` filled. */
static Value *bind(const Object *object, uint32_t flow,
                   const apxm_run_options *options, Error *error) {
  size_t count = options->argument_count;
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

static Status open_sink(apxm_run *run, const apxm_run_options *options,
                        Error *error) {
  if (!options->output) return STATUS_OK;
  Reactor *reactor = engine_reactor(run->session.engine);
  Status status =
      sink_open(&run->sink, reactor, options->output, options->user, error);
  run->has_sink = status == STATUS_OK;
  return status;
}

static Status start(apxm_run *run, const apxm_run_options *options,
                    Error *error) {
  const Object *object = run->session.program->object;
  uint32_t flow = 0;
  Status status = flow_find(object, options->flow, &flow, error);
  if (status == STATUS_OK) status = open_sink(run, options, error);
  if (status != STATUS_OK) return status;
  Value *values = bind(object, flow, options, error);
  if (!values) return error->status;
  SessionStart session = {.flow = flow,
                          .args = values,
                          .output = run->has_sink ? run->sink.output : NULL,
                          .keep_output = options->keep_output != 0,
                          .finished = options->finished,
                          .user = options->user};
  session_start(&run->session, &session);
  run->has_started = true;
  mem_free(values);
  return STATUS_OK;
}

apxm_run *apxm_run_start(apxm_program *program, apxm_engine *engine,
                         const apxm_run_options *options, apxm_error *error) {
  Error cause = {0};
  apxm_run_options given;
  read_options(&given, sizeof given, options);
  apxm_run *run = MEM_NEW(apxm_run);
  session_init(&run->session, engine_of(engine), &program->program);
  if (start(run, &given, &cause) == STATUS_OK) return run;
  give_error(&cause, error);
  apxm_run_free(run);
  return NULL;
}

void apxm_run_cancel(apxm_run *run) {
  session_cancel(&run->session);
}

apxm_run_outcome apxm_run_wait(apxm_run *run) {
  if (!run->is_over) {
    session_wait(&run->session);
    if (run->has_sink) sink_close(&run->sink);
    run->has_sink = false;
    run->is_over = true;
  }
  switch (session_status(&run->session)) {
    case RUN_SUCCESS:
      return APXM_RUN_SUCCESS;
    case RUN_CANCELLED:
      return APXM_RUN_CANCELLED;
    case RUN_PAUSED:
      return APXM_RUN_PAUSED;
    default:
      return APXM_RUN_FAILED;
  }
}

const char *apxm_run_error(apxm_run *run) {
  apxm_run_wait(run);
  return run_error(run->session.run);
}

const char *apxm_run_result(apxm_run *run, size_t *length) {
  apxm_run_wait(run);
  if (!run->result.data) report_result_text(&run->session, &run->result);
  if (length) *length = run->result.length;
  return text_of(&run->result);
}

const char *apxm_run_result_json(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->result_json.data)
    report_result_json(&run->session, &run->result_json);
  return text_of(&run->result_json);
}

const char *apxm_run_metrics(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->metrics.data) {
    cJSON *document = report_metrics(&run->session);
    report_add_document(document, true, &run->metrics);
    cJSON_Delete(document);
  }
  return text_of(&run->metrics);
}

const char *apxm_run_report(apxm_run *run) {
  apxm_run_wait(run);
  if (!run->report.data) report_run_json(&run->session, &run->report);
  return text_of(&run->report);
}

void apxm_run_free(apxm_run *run) {
  if (!run) return;
  if (run->has_started) {
    if (!run->is_over) apxm_run_cancel(run);
    apxm_run_wait(run);
  } else if (run->has_sink) {
    sink_close(&run->sink);
  }
  session_free(&run->session);
  buf_free(&run->result);
  buf_free(&run->result_json);
  buf_free(&run->metrics);
  buf_free(&run->report);
  mem_free(run);
}
