/* SPDX-License-Identifier: MIT
 *
 * The compiler's stages by hand, as far as the graph IR.
 */
#include "tests/programs.h"

#include "compiler/check/check.h"
#include "compiler/front/parse.h"
#include "compiler/ir/build.h"
#include "compiler/ir/dump.h"
#include "compiler/ir/verify.h"
#include "compiler/pass/pass.h"
#include "tests/unit/unit.h"

static void expect_sound(const Program *program, const char *step) {
  Buf why = {0};
  if (!ir_verify(program->ir, &why)) {
    fail_msg("after %s: %s\n%s", step, why.data, program_dump(program));
  }
  buf_free(&why);
}

void program_make(Program *program, const char *text) {
  *program = (Program){.source = {"test.ais", slice_of(text)}};
  arena_init(&program->arena);
  type_table_init(&program->types);
  diag_init(&program->diags, &program->source, &program->arena);
  AstProgram *ast =
      parse_source(&program->source, &program->arena, &program->diags);
  check_program(ast, &program->types, &program->arena, &program->diags);
  if (program->diags.error_count > 0) {
    Buf out = {0};
    diag_render_text(&program->diags, false, &out);
    fail_msg("%s\n%s", text, out.data);
  }
  program->ir = ir_build(ast, &program->arena);
  expect_sound(program, "build");
}

void program_free(Program *program) {
  ir_free(program->ir);
  diag_free(&program->diags);
  type_table_free(&program->types);
  arena_free(&program->arena);
}

void program_pass(Program *program, const char *name) {
  for (int i = 0; i < PASS_COUNT; i++) {
    if (strcmp(pass_table[i].name, name) != 0) continue;
    pass_table[i].run(program->ir);
    expect_sound(program, name);
    return;
  }
  fail_msg("no pass %s", name);
}

char *program_dump(const Program *program) {
  Buf out = {0};
  ir_dump_text(program->ir, &out);
  return buf_take(&out);
}

void program_expect(const Program *program, const char *wanted) {
  char *dump = program_dump(program);
  assert_string_equal(dump, wanted);
  mem_free(dump);
}
