/* SPDX-License-Identifier: MIT
 *
 * The compiler, one call a stage:
 *
 *   source -> tokens -> AST -> checked AST -> graph IR -> passes -> object
 *
 * The checker is the last that finds errors in a program; what has some goes no
 * further. Beyond it, only the object can be too large. --dump looks between
 * two stages. Graph JSON comes in at the graph IR.
 */
#include "compiler/emit/compile_int.h"

#include <assert.h>

#include "compiler/check/check.h"
#include "compiler/emit/emit.h"
#include "compiler/front/parse.h"
#include "compiler/graph/graph.h"
#include "compiler/ir/build.h"
#include "compiler/ir/cost.h"
#include "compiler/ir/verify.h"
#include "compiler/pass/pass.h"
#include "core/base/clock.h"

_Static_assert((int)PASS_COUNT <= (int)COMPILE_PASSES_MAX, "a place for each");

/* ---- stages: false ends the way ------------------------------------------ */

static bool is_clean(const Compile *c) {
  return c->result->diags.error_count == 0;
}

static void parse(Compile *c) {
  uint64_t start = clock_now();
  const SourceReader *reader = c->options->reader;
  c->ast = parse_program(c->source, reader ? reader : &reader_disk,
                         &c->result->arena, &c->result->diags);
  c->result->files = c->ast->files;
  c->result->phases.lex_parse = clock_now() - start;
}

/* Also of a tree with errors: what is there of it. */
static bool check(Compile *c) {
  uint64_t start = clock_now();
  check_program(c->ast, &c->types, &c->result->arena, &c->result->diags);
  c->result->phases.check = clock_now() - start;
  return is_clean(c) && !c->options->check_only;
}

static void build(Compile *c) {
  uint64_t start = clock_now();
  c->ir = ir_build(c->ast, &c->result->arena);
  c->result->phases.build = clock_now() - start;
  assert(ir_is_sound(c->ir, "build"));
}

static void run_passes(Compile *c) {
  CompileResult *result = c->result;
  for (int i = 0; i < PASS_COUNT; i++) {
    const PassInfo *pass = &pass_table[i];
    if (c->options->optimization >= pass->level) {
      uint64_t start = clock_now();
      pass->run(c->ir);
      result->phases.passes += clock_now() - start;
      result->passes[result->pass_count++] = pass->name;
      assert(ir_is_sound(c->ir, pass->name));
    }
    compile_dump_graph(c, pass->name);
  }
}

static bool emit(Compile *c) {
  CompileResult *result = c->result;
  uint64_t start = clock_now();
  ir_rank(c->ir);
  Status status = emit_object(c->ir, c->options->optimization, &result->object,
                              &result->error);
  result->phases.artifact = clock_now() - start;
  return status == STATUS_OK;
}

/* ---- the way ------------------------------------------------------------- */

static bool read_source(Compile *c) {
  compile_dump_tokens(c);
  parse(c);
  bool is_right = check(c);
  compile_dump_ast(c);
  if (is_right) build(c);
  return is_right;
}

/* The other front end: no tokens, no tree. */
static bool read_graph(Compile *c) {
  uint64_t start = clock_now();
  c->ir = graph_read(c->source, &c->types, &c->result->arena,
                     &c->result->diags);
  c->result->phases.build = clock_now() - start;
  return c->ir != NULL && !c->options->check_only;
}

static void compile(Compile *c) {
  bool is_graph = graph_is_json(c->source->text);
  if (is_graph ? !read_graph(c) : !read_source(c)) return;
  compile_dump_graph(c, "ir");
  run_passes(c);
  compile_dump_dot(c);
  compile_dump_json(c);
  if (emit(c)) compile_dump_object(c);
}

/* False when there is nothing to begin with. */
static bool begin(Compile *c) {
  CompileResult *result = c->result;
  *result = (CompileResult){0};
  arena_init(&result->arena);
  diag_init(&result->diags, c->source, &result->arena);
  type_table_init(&c->types);
  if (c->options->dump != NULL && !compile_dump_is_known(c->options->dump)) {
    result->dump_unknown = true;
    return false;
  }
  if (c->source->text.length <= LIMIT_SOURCE_BYTES) return true;
  error_set(&result->error, STATUS_LIMIT, "%s: more than %d bytes",
            c->source->name, LIMIT_SOURCE_BYTES);
  return false;
}

void compile_source(const Source *source, const CompileOptions *options,
                    CompileResult *result) {
  uint64_t start = clock_now();
  Compile c = {.source = source, .options = options, .result = result};
  if (begin(&c)) {
    compile(&c);
    result->ok = is_clean(&c) && result->error.status == STATUS_OK;
  }
  diag_sort(&result->diags);
  ir_free(c.ir);
  type_table_free(&c.types);
  result->phases.total = clock_now() - start;
}

void compile_result_free(CompileResult *result) {
  buf_free(&result->object);
  diag_free(&result->diags);
  parse_files_free(result->files);
  arena_free(&result->arena);
}
