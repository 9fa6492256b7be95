/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are a source that is parsed and checked, and
 * everything that is said of it can be printed. Sources with errors are checked
 * as well, as the compiler does. What a source imports is itself or, for a path
 * with a `b`, its second half.
 */
#include "compiler/check/check.h"
#include "compiler/front/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_all(DiagSink *sink, const AstProgram *program) {
  Buf out = {0};
  ast_dump(program, &out);
  diag_sort(sink);
  diag_render_text(sink, false, &out);
  diag_render_json(sink, &out);
  buf_free(&out);
}

static bool is_half(const char *path) {
  return strchr(path, 'b') != NULL;
}

static Status read_half(void *context, const char *path, size_t limit, Buf *out,
                        Error *error) {
  const Source *source = context;
  size_t half = source->text.length / 2;
  if (!is_half(path) || half > limit) {
    return error_set(error, STATUS_NOT_FOUND, "no such file");
  }
  buf_add(out, source->text.data + half, source->text.length - half);
  return STATUS_OK;
}

static void identify(void *context, const char *path, Buf *out) {
  (void)context;
  buf_add_text(out, is_half(path) ? "half" : "whole");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena arena;
  DiagSink sink;
  TypeTable types;
  Source source = {.name = "fuzz.ais",
                   .text = slice_from((const char *)data, size)};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  type_table_init(&types);
  SourceReader reader = {read_half, identify, &source};
  AstProgram *program = parse_program(&source, &reader, &arena, &sink);
  check_program(program, &types, &arena, &sink);
  print_all(&sink, program);
  parse_files_free(program->files);
  type_table_free(&types);
  diag_free(&sink);
  arena_free(&arena);
  return 0;
}
