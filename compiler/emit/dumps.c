/* SPDX-License-Identifier: MIT
 *
 * --dump: what a stage made, as text, before the next one takes it.
 */
#include "compiler/emit/compile_int.h"
#include "compiler/front/parse.h"
#include "compiler/graph/graph.h"
#include "compiler/ir/cost.h"
#include "compiler/ir/dump.h"
#include "compiler/pass/pass.h"
#include "core/object/object.h"

/* Where to send the dump `name`, NULL when it is not the one asked for. */
static Buf *dump_to(const Compile *c, const char *name) {
  const char *wanted = c->options->dump;
  return wanted && strcmp(wanted, name) == 0 ? c->options->dump_out : NULL;
}

void compile_dump_tokens(const Compile *c) {
  Buf *out = dump_to(c, "tokens");
  if (out == NULL) return;
  DiagSink ignored; /* the parser reports the same */
  diag_init(&ignored, c->source, &c->result->arena);
  parse_dump_tokens(c->source, &c->result->arena, &ignored, out);
  diag_free(&ignored);
}

void compile_dump_ast(const Compile *c) {
  Buf *out = dump_to(c, "ast");
  if (out != NULL) ast_dump(c->ast, out);
}

void compile_dump_graph(const Compile *c, const char *name) {
  Buf *out = dump_to(c, name);
  if (out == NULL) return;
  ir_rank(c->ir);
  ir_dump_text(c->ir, out);
}

void compile_dump_dot(const Compile *c) {
  Buf *out = dump_to(c, "dot");
  if (out != NULL) ir_dump_dot(c->ir, out);
}

void compile_dump_json(const Compile *c) {
  Buf *out = dump_to(c, "json");
  if (out != NULL) graph_write(c->ir, out);
}

void compile_dump_object(const Compile *c) {
  Buf *out = dump_to(c, "object");
  if (out == NULL) return;
  Buf copy = {0};
  buf_add_slice(&copy, buf_slice(&c->result->object));
  size_t size = copy.length;
  Object *object =
      object_load((uint8_t *)buf_take(&copy), size, &c->result->error);
  if (object != NULL) object_dump(object, out);
  object_free(object);
}

static const char *const stage_dumps[] = {"tokens", "ast", "ir", "dot",
                                          "json",   "object"};
enum { STAGE_DUMPS = sizeof stage_dumps / sizeof *stage_dumps };

bool compile_dump_is_known(const char *name) {
  for (int i = 0; i < STAGE_DUMPS; i++) {
    if (strcmp(name, stage_dumps[i]) == 0) return true;
  }
  for (int i = 0; i < PASS_COUNT; i++) {
    if (strcmp(name, pass_table[i].name) == 0) return true;
  }
  return false;
}

void compile_dump_names(Buf *out) {
  for (int i = 0; i < STAGE_DUMPS; i++) {
    buf_addf(out, "%s%s", i > 0 ? ", " : "", stage_dumps[i]);
  }
  for (int i = 0; i < PASS_COUNT; i++) {
    buf_addf(out, ", %s", pass_table[i].name);
  }
}
