/* SPDX-License-Identifier: MIT
 *
 * Feeds bytes to the reader of graph JSON. What it takes must be a graph that
 * keeps the promises of ir.h.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler/graph/graph.h"
#include "compiler/ir/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Arena arena;
  DiagSink sink;
  TypeTable types;
  Source source = {.name = "fuzz.json",
                   .text = slice_from((const char *)data, size)};
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  type_table_init(&types);
  IrProgram *program = graph_read(&source, &types, &arena, &sink);
  assert((program == NULL) == (sink.error_count > 0));
  assert(program == NULL || ir_is_sound(program, "graph_read"));
  ir_free(program);
  type_table_free(&types);
  diag_free(&sink);
  arena_free(&arena);
  return 0;
}
