/* SPDX-License-Identifier: MIT
 *
 * The generator: loops of more iterations than the engine opens at once,
 * whiles of many steps, calls nested deep. Their bodies are put together from
 * pieces that cost little.
 */
#include <stdio.h>

#include "tests/harness/gen_parts.h"

/* `%i` is the loop's variable, `%t` a number and `%s` a text that are carried,
 * `%n` a new number. */
static const char *const pieces[] = {
    "print(\"at \", %i)",
    "ask(\"L {{%i}}\") -> r%n print(len(r%n), %s)",
    "%t = %t + %i",
    "if (%i % 3 == 0) { %t = %t + 1 } else { %s = %s + \".\" }",
    "try { if (%i % 5 == 2) { err(\"at {{%i}}\") } print(\"ok\", %i) } "
    "catch (e%n) { %t = %t - 1 print(e%n.message) }",
    "switch str(%i % 4) { case \"1\" => { print(ask(\"W{{%i}}\")) } "
    "case \"2\" => { %s = \"two\" } default => { } }",
    "loop (k%n in range(%i % 3)) { %t = %t + k%n print(k%n) }",
    "let w%n = %t while (%t - w%n < 2, max: 2) { %t = %t + 1 }",
    "A0.item(%i) -> m%n print(m%n.name)",
    "loop (k%n in range(2)) { \"k{{k%n}}\" } -> l%n print(l%n)",
    "try { %t = %t + 1 print([1][%i]) } catch { %s = %s + \"!\" }",
    "guard(%i, condition: \"< 3\", on_fail: skip) -> g%n print(\"g\", g%n)",
};

enum { PIECES = sizeof pieces / sizeof *pieces };

/* What is carried through the construct at hand. */
typedef struct Carried {
  char index[12], total[12], text[12];
} Carried;

static void write_filled(Gen *g, const char *piece, const Carried *carried) {
  uint32_t number = ++g->names;
  for (; *piece != '\0'; piece++) {
    char what = *piece == '%' ? piece[1] : '\0';
    if (what == 'i')
      gen_write(g, "%s", carried->index);
    else if (what == 't')
      gen_write(g, "%s", carried->total);
    else if (what == 's')
      gen_write(g, "%s", carried->text);
    else if (what == 'n')
      gen_write(g, "%u", number);
    else
      buf_add_char(g->out, *piece);
    piece += what == 'i' || what == 't' || what == 's' || what == 'n';
  }
}

static void write_pieces(Gen *g, const Carried *carried) {
  for (uint32_t i = 1 + gen_below(g, 3); i > 0; i--) {
    gen_line(g);
    write_filled(g, pieces[gen_below(g, PIECES)], carried);
  }
}

static void add_carried(Gen *g, GenType type, const char *value,
                        char name[12]) {
  GenVar *var = gen_add_var(g, type);
  var->fixed = true;
  snprintf(name, 12, "%s", var->name);
  gen_write(g, "let %s = %s", name, value);
  gen_line(g);
}

static void write_long_loop(Gen *g, const Carried *carried) {
  uint32_t count = 60 + gen_below(g, 90);
  gen_write(g, "loop (%s in range(%u)", carried->index, count);
  if (gen_chance(g, 40)) gen_write(g, ", parallel: %u", 1 + gen_below(g, 9));
  gen_write(g, ") {");
  g->indent++;
  write_pieces(g, carried);
  gen_line(g);
  gen_write(g, "%s + %s", carried->text, carried->index);
  g->indent--;
  gen_line(g);
  GenVar *var = gen_add_var(g, T_STRS);
  gen_write(g, "} -> %s", var->name);
}

/* Loops in loops share one window. */
static void write_square_loop(Gen *g, const Carried *carried) {
  Carried inner = *carried;
  gen_new_name(g, inner.index);
  gen_write(g, "loop (%s in range(%u)) {", carried->index, 6 + gen_below(g, 8));
  g->indent++;
  write_pieces(g, carried);
  gen_line(g);
  gen_write(g, "loop (%s in range(%u)) {", inner.index, 6 + gen_below(g, 8));
  g->indent++;
  write_pieces(g, &inner);
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

static void write_long_while(Gen *g, const Carried *carried) {
  uint32_t count = 20 + gen_below(g, 60);
  gen_write(g, "let %s = 0", carried->index);
  gen_line(g);
  gen_write(g, "while (%s < %u, max: %u) {", carried->index, count,
            30 + gen_below(g, 60));
  g->indent++;
  write_pieces(g, carried);
  gen_line(g);
  gen_write(g, "%s = %s + 1", carried->index, carried->index);
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}

/* The flow that gen_deep_flow has written. */
static void write_deep_call(Gen *g, const Carried *carried) {
  GenVar *var = gen_add_var(g, T_NUM);
  gen_write(g, "let %s = A0.deep(%u, %s)", var->name, 20 + gen_below(g, 100),
            carried->text);
}

void gen_large(Gen *g) {
  Carried carried;
  bool fails = gen_chance(g, 20);
  uint32_t mark = g->vars.length;
  add_carried(g, T_NUM, "0", carried.total);
  add_carried(g, T_STR, "\"s\"", carried.text);
  if (fails) {
    gen_write(g, "try {");
    g->indent++;
    gen_line(g);
  }
  uint32_t inside = g->vars.length;
  gen_new_name(g, carried.index);
  switch (gen_below(g, 5)) {
    case 0:
    case 1:
      write_long_loop(g, &carried);
      break;
    case 2:
      write_square_loop(g, &carried);
      break;
    case 3:
      write_long_while(g, &carried);
      break;
    default:
      write_deep_call(g, &carried);
      break;
  }
  gen_use_unread(g, mark);
  if (!fails) return;
  if (gen_chance(g, 50)) {
    gen_line(g);
    gen_write(g, "print([1][%s])", carried.total);
  }
  g->vars.length = inside;
  g->indent--;
  gen_line(g);
  gen_write(g, "} catch { print(\"large\") }");
}

void gen_deep_flow(Gen *g) {
  gen_line(g);
  gen_write(g,
            "flow deep(n: num, t: str) -> num {\n"
            "    if (n <= 0) { return len(t) }\n");
  if (gen_chance(g, 50)) gen_write(g, "    print(n)\n");
  if (gen_chance(g, 50))
    gen_write(g, "    if (n %% 20 == 3) { print(ask(\"D{{n}}\")) }\n");
  gen_write(g, "    deep(n - 1, t) -> m\n");
  if (gen_chance(g, 30)) gen_write(g, "    print(\"up \", n)\n");
  gen_write(g, "    return m + 1\n  }");
}
