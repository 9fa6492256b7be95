/* SPDX-License-Identifier: MIT
 *
 * The checker as a list of its phases; check_int.h says what each does.
 */
#include "compiler/check/check.h"

#include "compiler/check/check_int.h"

/* Of what is done for a better message: a part of a second each. */
enum { GUESSES = 1000000, AHEAD = 2000000 };

/* ---- the phases ---------------------------------------------------------- */

static void free_check(Check *c) {
  for (uint32_t i = 0; i < c->agent_flows.length; i++) {
    map_free(&c->agent_flows.data[i]);
  }
  vec_free(&c->agent_flows);
  vec_free(&c->agent);
  vec_free(&c->flows);
  vec_free(&c->lists);
  vec_free(&c->calls);
  vec_free(&c->first_call);
  vec_free(&c->endless);
  vec_free(&c->body.exporting);
  vec_free(&c->body.braces);
  vec_free(&c->body.compared);
  vec_free(&c->body.assigns);
  vec_free(&c->body.idle);
  check_scope_free(&c->body.scope);
  map_free(&c->agents);
  map_free(&c->records);
  map_free(&c->ops);
}

void check_program(AstProgram *program, TypeTable *types, Arena *arena,
                   DiagSink *sink) {
  Check c = {.program = program,
             .types = types,
             .arena = arena,
             .sink = sink,
             .error_type = TYPE_NONE,
             .empty_list = TYPE_NONE,
             .guesses = GUESSES,
             .ahead = AHEAD};
  program->types = types;
  check_declare(&c);
  check_callees(&c);
  check_order(&c);
  bool sound = sink->error_count == 0;
  for (uint32_t i = 0; i < c.agent.length && sound; i++) {
    check_items(&c, c.agent.data[i]);
  }
  free_check(&c);
}
