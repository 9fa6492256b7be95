/* SPDX-License-Identifier: MIT
 *
 * A libFuzzer target: any bytes are a source that is parsed and checked, and
 * everything that is said of it can be printed. Sources with errors are checked
 * as well, as the compiler does.
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena arena;
  DiagSink sink;
  TypeTable types;
  Source source = {.name = "fuzz.ais",
                   .text = slice_from((const char *)data, size)};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  type_table_init(&types);
  AstProgram *program = parse_source(&source, &arena, &sink);
  check_program(program, &types, &arena, &sink);
  print_all(&sink, program);
  type_table_free(&types);
  diag_free(&sink);
  arena_free(&arena);
  return 0;
}
