/* SPDX-License-Identifier: MIT
 *
 * The checker as a list of its phases; check_int.h says what each does. And
 * what all of them share: the words "did you mean".
 */
#include "compiler/check/check.h"

#include "compiler/check/check_int.h"

enum { GUESSES = 5000000 }; /* less than a second of comparing names */

void check_suggest(Check *c, const Nearest *nearest, Diag *diag) {
  Slice name = nearest_found(nearest);
  if (name.length == 0) return;
  diag->help = diag_text(c->sink, "did you mean `%.*s`?", SLICE_ARG(name));
  diag->replacement = arena_copy(c->arena, name.data, name.length);
}

static void free_check(Check *c) {
  for (uint32_t i = 0; i < c->agent_flows.length; i++) {
    map_free(&c->agent_flows.data[i]);
  }
  vec_free(&c->agent_flows);
  vec_free(&c->agent);
  vec_free(&c->flows);
  vec_free(&c->bindings);
  map_free(&c->agents);
}

void check_program(AstProgram *program, TypeTable *types, Arena *arena,
                   DiagSink *sink) {
  Check c = {.program = program,
             .types = types,
             .arena = arena,
             .sink = sink,
             .guesses = GUESSES};
  program->types = types;
  check_declare(&c);
  AstFlow **flows = c.flows.data;
  uint32_t count = c.flows.length;
  for (uint32_t i = 0; i < count; i++) check_names(&c, flows[i]);
  check_results(&c);
  for (uint32_t i = 0; i < count; i++) check_types(&c, flows[i]);
  for (uint32_t i = 0; i < count; i++) {
    if (!flows[i]->faulty) check_usage(&c, flows[i]);
  }
  free_check(&c);
}
