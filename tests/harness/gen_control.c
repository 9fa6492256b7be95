/* SPDX-License-Identifier: MIT
 *
 * The generator: constructs, and what fails.
 */
#include <stdio.h>

#include "tests/harness/gen_parts.h"

enum { FACTOR_MAX = 30 };

/* What all arms of a construct have in common. */
typedef struct Shape {
  GenEnd end;
  GenType type;
  char name[12];
} Shape;

static Shape choose_shape(Gen *g) {
  Shape shape = {.end = END_OPEN, .type = gen_any_type(g)};
  uint32_t at = gen_below(g, 100);
  if (at < 28) shape.end = END_VALUE;
  if (at >= 28 && at < 52) {
    shape.end = END_NAME;
    gen_new_name(g, shape.name);
  }
  return shape;
}

static void write_arm(Gen *g, const Shape *shape) {
  GenBlock block = {shape->end, shape->type, shape->name, gen_below(g, 3)};
  bool may_return = !g->in_loop && gen_chance(g, 14);
  if (may_return) block.end = END_RETURN;
  if (block.end == END_OPEN && block.statements == 0) block.statements = 1;
  gen_block(g, &block);
}

/* After all arms: `-> x`, or the name that all of them bound. */
static void close_shape(Gen *g, const Shape *shape) {
  if (shape->end == END_VALUE) {
    GenVar *var = gen_add_var(g, shape->type);
    gen_write(g, " -> %s", var->name);
  } else if (shape->end == END_NAME) {
    GenVar var = {.type = shape->type};
    snprintf(var.name, sizeof var.name, "%s", shape->name);
    vec_push(&g->vars, var);
  }
}

/* An arm that stays: when all ended, there would be no value and no name. */
static void write_staying_arm(Gen *g, const Shape *shape) {
  GenBlock block = {shape->end, shape->type, shape->name, gen_below(g, 3)};
  if (block.end == END_OPEN && block.statements == 0) block.statements = 1;
  gen_block(g, &block);
}

/* ---- if, switch --------------------------------------------------------- */

static void write_bare_if(Gen *g) {
  gen_write(g, "if (");
  gen_condition(g);
  gen_write(g, ") print(\"bare\")");
  if (gen_chance(g, 50)) gen_write(g, " else print(\"other\")");
}

static void write_if_arms(Gen *g, const Shape *shape, bool has_else) {
  gen_write(g, "if (");
  gen_condition(g);
  gen_write(g, ") ");
  write_arm(g, shape);
  if (!has_else) return;
  while (gen_chance(g, 20)) {
    gen_write(g, " else if (");
    gen_condition(g);
    gen_write(g, ") ");
    write_arm(g, shape);
  }
  gen_write(g, " else ");
  write_staying_arm(g, shape);
}

static void write_if(Gen *g) {
  Shape shape = choose_shape(g);
  if (gen_chance(g, 6)) {
    write_bare_if(g);
    return;
  }
  write_if_arms(g, &shape, shape.end != END_OPEN || gen_chance(g, 50));
  close_shape(g, &shape);
}

static void write_switched(Gen *g) {
  uint32_t at = gen_below(g, 10);
  if (at < 3 && gen_may_ask(g)) {
    g->cost += g->factor * 5;
    gen_write(g,
              "ask(\"Answer this in one short and simple word please now "
              "then: ~label~\")");
  } else if (at < 6) {
    gen_primary(g, T_STR, 1);
  } else {
    static const char *const near[] = {"\"red\"", "\"BLUE!\"", "\" Green. \"",
                                       "\"'grey'\"", "trim(\" red\")"};
    gen_write(g, "%s", near[gen_below(g, 5)]);
  }
}

static void write_switch_arms(Gen *g, const Shape *shape) {
  static const char *const labels[] = {"red", "Blue", "green", "**GREY**"};
  uint32_t cases = 1 + gen_below(g, 4);
  uint32_t otherwise = gen_chance(g, 30) ? gen_below(g, cases) : cases;
  gen_write(g, "switch ");
  write_switched(g);
  gen_write(g, " {");
  g->indent++;
  for (uint32_t i = 0; i <= cases; i++) {
    gen_line(g);
    if (i == otherwise) {
      gen_write(g, "default => ");
      write_staying_arm(g, shape);
    }
    if (i == otherwise && i < cases) gen_line(g);
    if (i == cases) break;
    gen_write(g, "case \"%s\" => ", labels[i]);
    if (shape->end == END_OPEN && gen_chance(g, 20))
      gen_write(g, "print(\"case %u\")", i);
    else
      write_arm(g, shape);
    if (gen_chance(g, 20)) buf_add_char(g->out, gen_chance(g, 50) ? ',' : ';');
  }
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

/* Every label that `write_switched` chooses is there. */
static void write_total_switch(Gen *g, const Shape *shape) {
  static const char *const words[] = {"red", "Blue", "green", "grey"};
  gen_write(g, "switch \"%s\" {", words[gen_below(g, 4)]);
  g->indent++;
  for (uint32_t i = 0; i < 4; i++) {
    gen_line(g);
    gen_write(g, "case \"%s\" => ", words[i]);
    write_staying_arm(g, shape);
  }
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

static void write_switch(Gen *g) {
  Shape shape = choose_shape(g);
  if (gen_chance(g, 15))
    write_total_switch(g, &shape);
  else
    write_switch_arms(g, &shape);
  close_shape(g, &shape);
}

/* ---- loop, while -------------------------------------------------------- */

/* A list of at most 4 items. */
static uint32_t write_short_list(Gen *g, GenType *element) {
  GenType type = gen_chance(g, 50) ? T_STRS : T_NUMS;
  uint32_t at = gen_below(g, 10);
  *element = gen_element(type);
  GenVar *var = gen_find_var(g, type);
  if (at < 3 && var != NULL && var->most > 0 && var->most <= 4) {
    gen_write(g, "%s", gen_read(var));
    return var->most;
  }
  if (at < 5) {
    *element = T_NUM;
    gen_write(g, "range(%u)", gen_below(g, 4));
    return 3;
  }
  if (at < 8) {
    gen_write(g, "slice(");
    gen_expr(g, type, 1);
    gen_write(g, ", 0, %u)", gen_below(g, 4));
    return 3;
  }
  gen_write(g, "[");
  for (uint32_t i = 0; i < 3; i++) {
    if (i > 0) gen_write(g, ", ");
    gen_expr(g, *element, 1);
  }
  gen_write(g, "]");
  return 3;
}

static void write_loop(Gen *g) {
  uint32_t factor = g->factor;
  bool in_loop = g->in_loop;
  bool lists = gen_chance(g, 50);
  GenVar variable = {0};
  uint32_t mark = g->vars.length;
  gen_new_name(g, variable.name);
  gen_write(g, "loop (%s in ", variable.name);
  g->factor *= write_short_list(g, &variable.type);
  if (gen_chance(g, 25)) gen_write(g, ", parallel: %u", 1 + gen_below(g, 3));
  if (gen_chance(g, 15))
    gen_write(g, ", ordered: %s", gen_chance(g, 60) ? "true" : "false");
  gen_write(g, ") ");
  variable.used = true;
  vec_push(&g->vars, variable);
  g->in_loop = true;
  GenType type = gen_chance(g, 60) ? T_STR : T_NUM;
  GenBlock block = {.end = lists ? END_VALUE : END_OPEN,
                    .type = type,
                    .statements = 1 + gen_below(g, 3)};
  if (!lists && gen_chance(g, 15))
    gen_write(g, "print(\"item \", %s)", variable.name);
  else
    gen_block(g, &block);
  g->vars.length = mark;
  g->in_loop = in_loop;
  g->factor = factor;
  if (!lists) return;
  GenVar *var = gen_add_var(g, type == T_STR ? T_STRS : T_NUMS);
  gen_write(g, " -> %s", var->name);
}

static void write_while(Gen *g) {
  uint32_t factor = g->factor;
  uint32_t steps = 1 + gen_below(g, 4);
  uint32_t max = gen_chance(g, 35) ? 1 + gen_below(g, 3) : steps + 2;
  GenVar *counter = gen_add_var(g, T_NUM);
  counter->fixed = counter->used = true;
  char name[12];
  snprintf(name, sizeof name, "%s", counter->name);
  gen_write(g, "let %s = 0", name);
  gen_line(g);
  g->factor *= max + 1;
  gen_write(g, "while (%s < %u", name, steps);
  if (gen_chance(g, 15) && gen_may_ask(g)) {
    g->cost += g->factor * 5;
    gen_write(g, " && len(ask(\"again {{%s}}\")) > 0", name);
  } else if (gen_chance(g, 25)) {
    gen_write(g, " && ");
    gen_primary(g, T_BOOL, 2);
  }
  gen_write(g, ", max: %u) {", max);
  g->indent++;
  uint32_t mark = g->vars.length;
  for (uint32_t i = 1 + gen_below(g, 3); i > 0; i--) {
    gen_line(g);
    gen_statement(g);
  }
  gen_line(g);
  gen_write(g, "%s = %s + 1", name, name);
  if (!g->in_loop && gen_chance(g, 12)) {
    gen_line(g);
    gen_write(g, "if (%s > 1) { ", name);
    gen_return(g);
    gen_write(g, " }");
  }
  gen_use_unread(g, mark);
  g->vars.length = mark;
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
  g->factor = factor;
}

static void write_parallel(Gen *g) {
  gen_write(g, "parallel {");
  g->indent++;
  for (uint32_t i = 1 + gen_below(g, 3); i > 0; i--) {
    gen_line(g);
    gen_statement(g);
  }
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

/* ---- what fails ---------------------------------------------------------- */

static const char *const failures[] = {
    "print([1, 2][5])",
    "print([1, 2][num(\"0.5\")])",
    "print(num(\"twelve\"))",
    "print(json(\"\\{ bad\"))",
    "print(1 / (2 - 2))",
    "print(7 % len(\"\"))",
    "print(json(\"\\{\\\"a\\\": 3}\").a.b)",
    "print(json(\"[1, 2]\")[2])",
    "let n%u: num = json(\"\\\"text\\\"\")",
    "let r%u: Item = json(\"\\{\\\"name\\\": 1}\")",
    "print(replace(\"text\", \"\", \"x\"))",
    "print(keys(json(\"[1]\")))",
    "print(range(0.5))",
    "guard(\"red\", condition: \"== blue\", on_fail: halt) -> g%u",
    "guard(\"\", condition: \"not_empty\", error_message: \"nothing\") -> g%u",
    "switch \"purple\" { case \"red\" => print(\"red\") }",
    "split(\"a b\", \" \") -> s%u, t%u, u%u",
};

enum { FAILURES = sizeof failures / sizeof *failures };

static void write_err(Gen *g) {
  gen_write(g, "if (");
  if (gen_chance(g, 40))
    gen_condition(g);
  else
    gen_write(g, "true");
  gen_write(g, ") { err(\"raised %u\") }", gen_below(g, 9));
}

static void write_failing_ask(Gen *g) {
  gen_failing_ask(g);
  if (gen_chance(g, 30)) {
    gen_write(g, " -> _");
    return;
  }
  GenVar *var = gen_add_var(g, T_STR);
  const char *name = gen_read(var);
  gen_write(g, " -> %s print(%s)", name, name);
}

/* `%u` stands for the same new number everywhere. */
static void write_numbered(Gen *g, const char *text) {
  uint32_t number = ++g->names;
  for (; *text != '\0'; text++) {
    if (text[0] == '%' && text[1] == 'u') {
      gen_write(g, "%u", number);
      text++;
    } else {
      buf_add_char(g->out, *text);
    }
  }
}

static bool call_fragile(Gen *g) {
  for (uint32_t i = 0; i < g->flows.length; i++) {
    GenFlow flow = g->flows.data[i];
    if (!flow.fragile || flow.result != T_VOID) continue;
    g->cost += g->factor * flow.cost;
    gen_write(g, "A%u.%s()", flow.agent, flow.name);
    return true;
  }
  return false;
}

static void write_failure(Gen *g) {
  uint32_t at = gen_below(g, 100);
  if (at < 18)
    write_err(g);
  else if (at < 40 && gen_may_ask(g))
    write_failing_ask(g);
  else if (at >= 52 || !call_fragile(g))
    write_numbered(g, failures[gen_below(g, FAILURES)]);
}

void gen_failure(Gen *g) {
  uint32_t mark = g->vars.length;
  bool wrapped = gen_chance(g, 20);
  gen_line(g);
  g->risky = false;
  if (wrapped) {
    gen_write(g, "loop (i%u in range(3)) { ", ++g->names);
    g->factor *= 3;
  }
  write_failure(g);
  if (!wrapped) return;
  g->factor /= 3;
  gen_write(g, " }");
  g->vars.length = mark;
}

/* ---- try ---------------------------------------------------------------- */

/* The last statement of an arm, by its shape. */
static void write_arm_end(Gen *g, const Shape *shape) {
  char name[12];
  if (shape->end == END_OPEN) return;
  gen_new_name(g, name);
  gen_line(g);
  gen_write(g, "let %s = ", shape->end == END_NAME ? shape->name : name);
  gen_expr(g, shape->type, 1);
}

static void write_try_body(Gen *g, const Shape *shape) {
  bool risky = g->risky;
  uint32_t mark = g->vars.length;
  g->tries++;
  gen_write(g, "try {");
  g->indent++;
  for (uint32_t i = 1 + gen_below(g, 3); i > 0; i--) {
    gen_line(g);
    gen_statement(g);
    if (i == 1 && gen_chance(g, 65)) gen_failure(g);
  }
  if (gen_chance(g, 8)) gen_failure(g);
  gen_use_unread(g, mark);
  if (!g->in_loop && gen_chance(g, 12)) {
    gen_line(g);
    gen_write(g, "if (");
    gen_condition(g);
    gen_write(g, ") { ");
    gen_return(g);
    gen_write(g, " }");
  }
  write_arm_end(g, shape);
  g->vars.length = mark;
  g->risky = risky;
  g->tries--;
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

static void write_caught(Gen *g, const char *name) {
  gen_line(g);
  switch (gen_below(g, 4)) {
    case 0:
      gen_write(g, "print(\"caught \", %s.code)", name);
      return;
    case 1:
      gen_write(g,
                "if (%s.code == \"raised\" || %s.code == \"model_failed\") { "
                "print(%s.message, \" \", %s.node) }",
                name, name, name, name);
      return;
    case 2:
      gen_write(g, "let code_%s = %s.code", name, name);
      gen_line(g);
      gen_write(g, "print(code_%s)", name);
      return;
    default:
      gen_write(g, "print(\"caught\")");
      return;
  }
}

static void write_catch(Gen *g, const Shape *shape) {
  GenVar error = {.is_error = true, .fixed = true, .used = true};
  uint32_t mark = g->vars.length;
  gen_new_name(g, error.name);
  if (gen_chance(g, 80)) {
    gen_write(g, " catch (%s) {", error.name);
    g->indent++;
    write_caught(g, error.name);
  } else {
    gen_write(g, " catch {");
    g->indent++;
  }
  for (uint32_t i = gen_below(g, 2); i > 0; i--) {
    gen_line(g);
    gen_statement(g);
  }
  if (g->tries > 0 && gen_chance(g, 25)) gen_failure(g);
  gen_use_unread(g, mark);
  write_arm_end(g, shape);
  g->vars.length = mark;
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

static void write_try(Gen *g) {
  Shape shape = choose_shape(g);
  write_try_body(g, &shape);
  write_catch(g, &shape);
  close_shape(g, &shape);
}

/* ---- any ---------------------------------------------------------------- */

void gen_construct(Gen *g) {
  uint32_t at = gen_below(g, 100);
  bool repeats = g->factor * 4 <= FACTOR_MAX;
  g->depth++;
  if (at < 20 && repeats)
    write_loop(g);
  else if (at < 34 && repeats)
    write_while(g);
  else if (at < 56)
    write_switch(g);
  else if (at < 72)
    write_try(g);
  else if (at < 79)
    write_parallel(g);
  else
    write_if(g);
  g->depth--;
}

void gen_value_construct(Gen *g, GenType type) {
  Shape shape = {.end = END_VALUE, .type = type};
  g->depth++;
  if (gen_chance(g, 60))
    write_if_arms(g, &shape, true);
  else
    write_switch_arms(g, &shape);
  g->depth--;
}
