/* SPDX-License-Identifier: MIT
 *
 * What holds of all nested graphs: keys and names, any depth, and a verifier
 * that sees arms which do not fit.
 */
#include <stdlib.h>

#include "compiler/ir/ir.h"
#include "compiler/ir/verify.h"
#include "core/base/buf.h"
#include "tests/programs.h"
#include "tests/unit/unit.h"

/* ---- keys and names ------------------------------------------------------ */

static int compare_keys(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a;
  uint64_t right = *(const uint64_t *)b;
  return (left > right) - (left < right);
}

/* The keys of all nodes, each once. */
static void expect_own_keys(const IrProgram *program) {
  VEC(uint64_t) keys = {0};
  for (uint32_t g = 0; g < program->graphs.length; g++) {
    const IrGraph *graph = &program->graphs.data[g];
    for (uint32_t i = 0; i < graph->nodes.length; i++) {
      vec_push(&keys, graph->nodes.data[i].key);
    }
  }
  qsort(keys.data, keys.length, sizeof *keys.data, compare_keys);
  for (uint32_t i = 1; i < keys.length; i++) {
    assert_true(keys.data[i - 1] != keys.data[i]);
  }
  vec_free(&keys);
}

CASE(every_node_has_a_key_of_its_own) {
  (void)state;
  Program program;
  program_make(&program,
               "agent A { flow main(c: bool, xs: list<str>) -> str {\n"
               "  let n = 0\n"
               "  if (c) { ask(\"a\") -> a n = n + 1 n = n + 1 }\n"
               "  else { ask(\"a\") -> a n = n + 2 }\n"
               "  if (c) { if (n > 1) { return \"x\" } print(1) }\n"
               "  loop (x in xs) { ask(x) -> g print(g) g } -> ys\n"
               "  while (n < 3, max: 4) { n = n + 1 print(n) }\n"
               "  fence()\n"
               "  try { ask(\"b\") -> b } catch { let b = \"\" }\n"
               "  c && len(ys) > 1 -> d\n"
               "  c || len(ys) > 1 -> e\n"
               "  return a + b + d + e\n"
               "} }");
  expect_own_keys(program.ir);
  program_free(&program);
}

/* A key names a node by where it stands in its own block: what is done to
 * another one leaves it alone. */
CASE(keys_do_not_move_with_other_blocks) {
  (void)state;
  static const char *const texts[] = {
      "agent A { flow main(c: bool) -> str {\n"
      "  if (c) { \"-\" -> a } else { ask(\"q\") -> a }\n"
      "  return a\n"
      "} }",
      "agent A { flow main(c: bool) -> str {\n"
      "  if (c) { ask(\"p\") -> p ask(p) -> a } else { ask(\"q\") -> a }\n"
      "  return a\n"
      "} }"};
  uint64_t keys[2];
  for (int i = 0; i < 2; i++) {
    Program program;
    program_make(&program, texts[i]);
    const IrGraph *other = &program.ir->graphs.data[2];
    assert_string_equal(other->name.data, "A.main/if#0/else");
    assert_int_equal(other->nodes.data[0].op, OP_ASK);
    keys[i] = other->nodes.data[0].key;
    program_free(&program);
  }
  assert_true(keys[0] == keys[1]);
}

/* ---- depth --------------------------------------------------------------- */

/* `count` ifs inside one another, around a read of the outermost names. */
static char *nested_ifs(uint32_t count) {
  Buf text = {0};
  buf_add_text(&text, "agent A { flow main(c: bool, s: str) {\n");
  for (uint32_t i = 0; i < count; i++) buf_add_text(&text, "if (c) {\n");
  buf_add_text(&text, "print(s)\n");
  for (uint32_t i = 0; i < count; i++) buf_add_text(&text, "}\n");
  buf_add_text(&text, "} }\n");
  return buf_take(&text);
}

CASE(deep_nests_have_short_names) {
  (void)state;
  enum { DEPTH = 400 };
  Program program;
  char *text = nested_ifs(DEPTH);
  program_make(&program, text);
  assert_int_equal(program.ir->graphs.length, 1 + 2 * DEPTH);
  for (uint32_t i = 0; i < program.ir->graphs.length; i++) {
    assert_true(program.ir->graphs.data[i].name.length < 200);
  }
  expect_own_keys(program.ir);
  program_free(&program);
  mem_free(text);
}

/* Each of `count` statements may return, so each nests what follows it. */
CASE(many_early_returns_in_one_block) {
  (void)state;
  enum { RETURNS = 300 };
  Buf text = {0};
  Program program;
  buf_add_text(&text, "agent A { flow main(n: num, c: bool) -> num {\n");
  for (uint32_t i = 0; i < RETURNS; i++) {
    buf_addf(&text, "if (c) { if (n == %u) { return n } print(n) }\n", i);
  }
  buf_add_text(&text, "return 0 } }\n");
  program_make(&program, text.data);
  assert_int_equal(program.ir->graphs.length, 1 + 6 * RETURNS);
  program_pass(&program, "fold");
  program_pass(&program, "dce");
  program_free(&program);
  buf_free(&text);
}

/* ---- the verifier -------------------------------------------------------- */

/* graph 0: %0 param c, %1 param output, %2 branch, %3 port num, %4 port output;
 * graphs 1 and 2 are its arms. */
static const char branching[] =
    "agent A { flow main(c: bool) -> num {\n"
    "  if (c) { 1 -> x print(\"t\") } else { 2 -> x }\n"
    "  return x\n"
    "} }";

static void break_arms(IrProgram *program, int how) {
  IrGraph *graph = &program->graphs.data[0];
  IrArm *arms = graph->arms.data;
  switch (how) {
    case 0:
      arms[0].kind = OBJ_ARM_FALSE;
      break;
    case 1:
      arms[0].label = OBJ_REF_CONST;
      break;
    case 2:
      arms[1].graph = 0;
      break;
    case 3:
      arms[1].graph = 99;
      break;
    case 4:
      graph->nodes.data[2].arm_count = 1;
      break;
    case 5:
      graph->nodes.data[3].type = TYPE_TEXT;
      break;
    case 6:
      program->graphs.data[2].result_count--;
      break;
    case 7:
      program->graphs.data[1].spaces = 0;
      break;
    default:
      graph->nodes.data[2].first_arm = 1;
      break;
  }
}

CASE(the_verifier_looks_at_arms) {
  (void)state;
  for (int how = 0; how <= 8; how++) {
    Program program;
    Buf why = {0};
    program_make(&program, branching);
    assert_int_equal(program.ir->graphs.data[0].nodes.data[2].op, OP_BRANCH);
    break_arms(program.ir, how);
    if (ir_verify(program.ir, &why)) fail_msg("not seen: %d", how);
    buf_free(&why);
    program_free(&program);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(every_node_has_a_key_of_its_own),
      cmocka_unit_test(keys_do_not_move_with_other_blocks),
      cmocka_unit_test(deep_nests_have_short_names),
      cmocka_unit_test(many_early_returns_in_one_block),
      cmocka_unit_test(the_verifier_looks_at_arms),
  };
  return RUN(cases);
}
