/* SPDX-License-Identifier: MIT
 *
 * Bytes in, loaded object out. A source goes through the compiler and the same
 * loader as a file from disk, so there is one way into the engine and what was
 * compiled was also verified.
 */
#include "lib/program.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

static char *copy_text(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = mem_alloc(size);
  memcpy(copy, text, size);
  return copy;
}

/* Takes `bytes` over. */
static Status load(Program *program, Buf *bytes, Error *error) {
  Error cause = {0};
  uint64_t start = clock_now();
  size_t size = bytes->length;
  program->object = object_load((uint8_t *)buf_take(bytes), size, &cause);
  program->validation_ns = clock_now() - start;
  if (program->object) return STATUS_OK;
  return error_set(error, cause.status, "%s: %s", program->name, cause.message);
}

static Status fail_stage(const char *stage, Error *error) {
  Buf names = {0};
  compile_dump_names(&names);
  error_set(error, STATUS_USAGE, "there is no stage `%s`; the stages are %s",
            stage, names.data ? names.data : "");
  buf_free(&names);
  return STATUS_USAGE;
}

static Status compile(Program *program, const CompileOptions *options,
                      Error *error) {
  CompileResult *result = &program->compile;
  program->is_source = true;
  program->optimization = options->optimization;
  program->source =
      (Source){.name = program->name, .text = buf_slice(&program->text)};
  compile_source(&program->source, options, result);
  if (result->dump_unknown) return fail_stage(options->dump, error);
  if (result->error.status != STATUS_OK)
    return error_set(error, result->error.status, "%s", result->error.message);
  if (!result->ok)
    return error_set(error, STATUS_COMPILE, "%s does not compile: %u error%s",
                     program->name, result->diags.error_count,
                     result->diags.error_count == 1 ? "" : "s");
  if (result->object.length == 0) return STATUS_OK; /* only checked */
  return load(program, &result->object, error);
}

/* A file that says it is an object file by its name but not by its magic is a
 * damaged one: messages about its syntax would help nobody. */
static bool is_named_object(const char *name) {
  return slice_ends_with(slice_of(name), SLICE(".apxmobj"));
}

static Status load_file(Program *program, Error *error) {
  Error cause = {0};
  Status status = load(program, &program->text, &cause);
  if (status == STATUS_OK)
    program->optimization = program->object->meta->optimization;
  else if (status == STATUS_FORMAT || status == STATUS_VERSION)
    error_set(error, status, "%s; make it anew with `apxm compile`",
              cause.message);
  else
    error_set(error, status, "%s", cause.message);
  return status;
}

Status program_from_bytes(Program *program, Buf *bytes, const char *name,
                          const CompileOptions *options, Error *error) {
  *program = (Program){.name = copy_text(name), .text = *bytes};
  *bytes = (Buf){0};
  if (object_has_magic(buf_slice(&program->text)))
    return load_file(program, error);
  if (is_named_object(name))
    return error_set(error, STATUS_FORMAT,
                     "%s: not an object file: it does not begin like one; "
                     "make it anew with `apxm compile`",
                     name);
  if (program->text.length > LIMIT_SOURCE_BYTES)
    return error_set(error, STATUS_LIMIT,
                     "%s: a source may have at most %d bytes", name,
                     LIMIT_SOURCE_BYTES);
  return compile(program, options, error);
}

Status program_open(Program *program, const char *path,
                    const CompileOptions *options, Error *error) {
  Buf bytes = {0};
  bool is_stdin = strcmp(path, "-") == 0;
  Status status = file_read(path, LIMIT_OBJECT_BYTES, &bytes, error);
  if (status != STATUS_OK) {
    buf_free(&bytes);
    *program = (Program){0};
    return status;
  }
  return program_from_bytes(program, &bytes, is_stdin ? "<stdin>" : path,
                            options, error);
}

void program_free(Program *program) {
  object_free(program->object);
  if (program->is_source) compile_result_free(&program->compile);
  buf_free(&program->text);
  mem_free(program->name);
  *program = (Program){0};
}
