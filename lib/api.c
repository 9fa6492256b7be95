/* SPDX-License-Identifier: MIT
 *
 * include/apxm.h: errors and options, compilations, programs. What a function
 * promises stands in the header and is not repeated here.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/limits.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "lib/api_int.h"
#include "lib/flow.h"
#include "lib/report.h"

/* Standard error is the caller's; what is left are the last words of a process
 * that cannot go on. Before any thread: the level is one for the process. */
__attribute__((constructor)) static void be_quiet(void) {
  log_set_level(LOG_LEVEL_ERROR);
}

const char *apxm_version(void) {
  return APXM_VERSION;
}

/* ---- errors and options -------------------------------------------------- */

/* A larger size is none: room for what later versions add. */
enum { MOST_OPTION_BYTES = 4096 };

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

void api_give_error_as(const Error *from, apxm_status status, apxm_error *to) {
  if (!to) return;
  to->status = status;
  snprintf(to->message, sizeof to->message, "%s", from->message);
}

void api_give_error(const Error *from, apxm_error *to) {
  api_give_error_as(from, public_status(from->status), to);
}

static bool is_zero(const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i]) return false;
  }
  return true;
}

Status api_read_options(void *to, size_t size, const void *from, Error *error) {
  size_t given = 0;
  memset(to, 0, size);
  if (!from) return STATUS_OK;
  memcpy(&given, from, sizeof given);
  if (given <= sizeof given || given > MOST_OPTION_BYTES)
    return error_set(error, STATUS_USAGE,
                     "the options do not begin with their size");
  if (given > size && !is_zero((const char *)from + size, given - size))
    return error_set(error, STATUS_USAGE,
                     "an option is set that libapxm %s does not have",
                     APXM_VERSION);
  memcpy(to, from, given < size ? given : size);
  return STATUS_OK;
}

const char *api_text(const Buf *buf) {
  return buf->data ? buf->data : "";
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
  if (size > 0) buf_add(&copy, bytes, size);
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
  api_give_error(&cause, error);
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
  return api_text(text);
}

const char *apxm_compilation_report(apxm_compilation *compilation) {
  if (compilation->report.data) return compilation->report.data;
  cJSON *document = report_diagnostics(&compilation->program);
  report_add_document(document, true, &compilation->report);
  cJSON_Delete(document);
  return api_text(&compilation->report);
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

/* The first error of a source that does not compile, as one sentence. */
static void describe(const Program *program, Error *error) {
  const DiagSink *sink = &program->compile.diags;
  for (uint32_t i = 0; i < sink->diags.length; i++) {
    const Diag *diag = &sink->diags.data[i];
    if (!diag_is_error(diag->code)) continue;
    const Source *source = source_at(sink->source, diag->span.start);
    Place place = source_place(source, diag->span.start);
    *error = (Error){0};
    error_set(error, STATUS_COMPILE, "%s:%u:%u: %s (%s)", source->name,
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
  api_give_error(cause, error);
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
