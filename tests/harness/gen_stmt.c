/* SPDX-License-Identifier: MIT
 *
 * The generator: blocks, and statements without a block of their own.
 */
#include <ctype.h>

#include "tests/harness/gen_parts.h"

enum { EXPR_DEPTH = 2 };

static void end_statement(Gen *g) {
  if (gen_chance(g, 12)) buf_add_char(g->out, ';');
}

/* ---- binding ------------------------------------------------------------ */

/* Writes an expression to the side, to look at how it begins. */
static void write_aside(Gen *g, GenType type, Buf *aside) {
  Buf *out = g->out;
  g->out = aside;
  gen_expr(g, type, EXPR_DEPTH);
  g->out = out;
}

/* A statement may begin with a word or a literal, not with an operator or a
 * bracket. */
static bool may_begin(const Buf *text) {
  unsigned char first = (unsigned char)text->data[0];
  return isalnum(first) || first == '"' || first == '_';
}

/* How long a list at the end of `text` is can be read off a literal only. */
static void note_length(GenVar *var, const Buf *text) {
  uint32_t depth = 0;
  uint32_t commas = 0;
  bool in_text = false;
  if (text->data[0] != '[' || gen_element(var->type) == T_VOID) return;
  for (size_t i = 0; i < text->length; i++) {
    char c = text->data[i];
    if (c == '\\') i++;
    if (c == '"') in_text = !in_text;
    if (in_text) continue;
    depth += c == '[' || c == '(' || c == '{';
    depth -= c == ']' || c == ')' || c == '}';
    commas += c == ',' && depth == 1;
    if (depth == 0 && i + 1 < text->length) return;
  }
  var->least = var->most = commas + 1;
}

static void write_bound(Gen *g, GenType type, const Buf *value) {
  bool told = gen_chance(g, 25);
  bool arrow = may_begin(value) && gen_chance(g, 45);
  GenVar var = {.type = type};
  gen_new_name(g, var.name);
  note_length(&var, value);
  if (arrow) {
    gen_write(g, "%s -> %s", value->data, var.name);
  } else {
    gen_write(g, "let %s", var.name);
  }
  if (told) {
    gen_write(g, ": ");
    gen_type_name(g, type);
  }
  if (!arrow) gen_write(g, " = %s", value->data);
  vec_push(&g->vars, var);
}

static void write_binding(Gen *g) {
  Buf value = {0};
  GenType type = gen_any_type(g);
  write_aside(g, type, &value);
  write_bound(g, type, &value);
  buf_free(&value);
}

/* Any value as json, or json as what it is known to be. */
static void write_conversion(Gen *g) {
  static const struct {
    const char *part;
    GenType type;
  } parts[] = {
      {"name", T_STR}, {"count", T_NUM}, {"ok", T_BOOL}, {"list", T_JSONS}};
  uint32_t at = gen_below(g, 4);
  GenVar *shaped = NULL;
  for (uint32_t i = 0; i < g->vars.length; i++)
    if (g->vars.data[i].has_shape) shaped = &g->vars.data[i];
  if (shaped != NULL && gen_chance(g, 60)) {
    const char *from = gen_read(shaped);
    Buf text = {0};
    buf_addf(&text, "%s.%s", from, parts[at].part);
    GenVar *var = gen_add_var(g, parts[at].type);
    gen_write(g, "let %s: %s = %s", var->name, gen_type_names[parts[at].type],
              text.data);
    buf_free(&text);
    return;
  }
  if (gen_chance(g, 55)) {
    gen_write(g, "json(");
    gen_json_text(g, T_JSON);
    GenVar *var = gen_add_var(g, T_JSON);
    var->has_shape = var->fixed = true;
    gen_write(g, ") -> %s", var->name);
    return;
  }
  Buf value = {0};
  GenType type = gen_any_type(g);
  write_aside(g, type, &value);
  GenVar *var = gen_add_var(g, T_JSON);
  gen_write(g, "let %s: json = %s", var->name, value.data);
  buf_free(&value);
}

/* `-> a, b` of a list, a record, or json. */
static void write_parts(Gen *g) {
  uint32_t at = gen_below(g, 4);
  GenType type = T_STR;
  if (at == 0) {
    gen_write(g, "[\"p\", ");
    gen_expr(g, T_STR, 1);
    buf_add_char(g->out, ']');
  } else if (at == 1) {
    type = T_NUM;
    gen_write(g, "range(2, 5)");
  } else if (at == 2) {
    type = T_JSON;
    gen_write(g, "json(\"[1, \\\"two\\\", null]\")");
  } else {
    gen_expr(g, T_ITEM, 0);
    GenVar *first = gen_add_var(g, T_STR);
    gen_write(g, " -> %s", first->name);
    GenVar *second = gen_add_var(g, T_NUM);
    gen_write(g, ", %s, _", second->name);
    return;
  }
  GenVar *first = gen_add_var(g, type);
  gen_write(g, " -> %s", first->name);
  if (gen_chance(g, 20)) {
    gen_write(g, ", _");
    return;
  }
  GenVar *second = gen_add_var(g, type);
  gen_write(g, ", %s", second->name);
}

/* A `[` would go on with the statement before. */
static void write_multi(Gen *g) {
  Buf *out = g->out;
  Buf aside = {0};
  g->out = &aside;
  write_parts(g);
  g->out = out;
  gen_write(g, "%s%s", may_begin(&aside) ? "" : ";", aside.data);
  buf_free(&aside);
}

static void write_fed(Gen *g) {
  static const char *const calls[] = {"trim()", "replace(\"a\", \"o\")",
                                      "contains(\"e\")", "len()", "str()"};
  static const GenType types[] = {T_STR, T_STR, T_BOOL, T_NUM, T_STR};
  uint32_t at = gen_below(g, 5);
  gen_write(g, "%s <- ", calls[at]);
  gen_primary(g, T_STR, 1);
  GenVar *var = gen_add_var(g, types[at]);
  gen_write(g, " -> %s", var->name);
}

static void write_piped(Gen *g) {
  Buf text = {0};
  Buf *out = g->out;
  g->out = &text;
  gen_primary(g, T_STR, 1);
  g->out = out;
  if (!may_begin(&text)) gen_write(g, "str");
  gen_write(g, "%s |> %s |> ", text.data,
            gen_chance(g, 50) ? "trim" : "upper()");
  buf_free(&text);
  if (gen_may_ask(g) && gen_chance(g, 40)) {
    g->cost += g->factor * 5;
    gen_write(g, "ask(\"and {0}\", 1)");
  } else {
    gen_write(g, "slice(0, 9)");
  }
  GenVar *var = gen_add_var(g, T_STR);
  gen_write(g, " -> %s", var->name);
}

static void write_prompt_name(Gen *g) {
  GenVar *var = gen_add_var(g, T_STR);
  var->fixed = var->is_prompt = true;
  gen_write(g, "let %s = \"Of {0}, then {1}\"", var->name);
}

static void write_assignment(Gen *g) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < g->vars.length; i++)
    count += !g->vars.data[i].fixed && !g->vars.data[i].is_error;
  if (count == 0) {
    write_binding(g);
    return;
  }
  uint32_t wanted = gen_below(g, count);
  uint32_t at = 0;
  while (g->vars.data[at].fixed || g->vars.data[at].is_error || wanted-- > 0)
    at++;
  GenVar *var = &g->vars.data[at];
  if (!var->used) {
    gen_write(g, "print(%s)", var->name);
    gen_line(g);
  }
  gen_write(g, "%s = ", var->name);
  var->least = var->most = 0;
  if (var->type == T_NUM && gen_chance(g, 40)) gen_write(g, "%s + ", var->name);
  if (var->type == T_STR && gen_chance(g, 25) && gen_may_ask(g))
    gen_ask(g);
  else
    gen_expr(g, var->type, g->vars.data[at].type == T_STR ? 1 : EXPR_DEPTH);
  g->vars.data[at].used = false;
}

/* ---- calls made for what they do ---------------------------------------- */

static void write_print(Gen *g) {
  gen_write(g, "print(");
  for (uint32_t i = gen_below(g, 20) == 0 ? 0 : 1 + gen_below(g, 3); i > 0;
       i--) {
    gen_expr(g, gen_any_type(g), EXPR_DEPTH);
    if (i > 1) gen_write(g, ", ");
  }
  buf_add_char(g->out, ')');
}

static void write_ask(Gen *g) {
  if (!gen_may_ask(g)) {
    write_print(g);
    return;
  }
  if (gen_chance(g, 4)) gen_write(g, "@[no_fuse] ");
  if (gen_chance(g, 12)) gen_marks(g);
  gen_ask(g);
  if (gen_chance(g, 12)) {
    gen_write(g, " -> _");
    return;
  }
  GenVar *var = gen_add_var(g, T_STR);
  gen_write(g, " -> %s", var->name);
}

static void write_flow_call(Gen *g) {
  GenType type = gen_chance(g, 25) ? T_VOID : gen_any_type(g);
  if (!gen_call_flow(g, type, 1)) {
    write_ask(g);
    return;
  }
  if (type == T_VOID) return;
  if (gen_chance(g, 10)) {
    gen_write(g, " -> _");
    return;
  }
  GenVar *var = gen_add_var(g, type);
  gen_write(g, " -> %s", var->name);
}

static void write_skip(Gen *g) {
  static const char *const conditions[] = {"> 3", "!= \\\"red\\\"", "not_empty",
                                           "== 12", "< 'm'"};
  GenType type = gen_chance(g, 60) ? T_STR : T_NUM;
  const char *condition = conditions[gen_below(g, 5)];
  if (type == T_NUM) condition = gen_chance(g, 50) ? ">= 2" : "< 2";
  bool bare = gen_chance(g, 50);
  gen_write(g, "guard(");
  gen_expr(g, type, 1);
  gen_write(g, ", condition: \"%s\", on_fail: %s)", condition,
            bare ? "skip" : "\"skip\"");
  GenVar *var = gen_add_var(g, type);
  var->fixed = true;
  gen_write(g, " -> %s", var->name);
  if (!gen_chance(g, 40)) return;
  const char *name = gen_read(var);
  gen_write(g, " print(merge(\"a\", %s, %s), len(wait(%s, %s)))", name, name,
            name, name);
}

/* As the first versions of the language had it. */
static void write_legacy(Gen *g) {
  static const char *const words[] = {"ask", "think", "llm", "rsn"};
  if (!gen_may_ask(g)) {
    gen_write(g, "merge [\"m\", ");
    gen_expr(g, T_STR, 1);
    gen_write(g, "]");
  } else if (gen_chance(g, 50)) {
    gen_write(g, "%s \"Legacy {0} \" + ", words[gen_below(g, 4)]);
    gen_primary(g, T_STR, 0);
    g->cost += g->factor * 5;
  } else {
    gen_write(g, "%s(\"Legacy\", ", words[2 + gen_below(g, 2)]);
    gen_expr(g, T_STR, 1);
    gen_write(g, ")");
    g->cost += g->factor * 5;
  }
  GenVar *var = gen_add_var(g, T_STR);
  gen_write(g, " -> %s", var->name);
}

static void write_guard(Gen *g) {
  if (g->skips && gen_chance(g, 85)) {
    write_skip(g);
    return;
  }
  GenType type = gen_chance(g, 50) ? T_NUM : gen_any_type(g);
  if (gen_chance(g, 50)) {
    gen_write(g, "guard(condition: \"not_null\") <- ");
    gen_primary(g, T_STR, 1);
    type = T_STR;
  } else {
    gen_write(g, "guard(");
    gen_expr(g, type == T_JSON ? T_STR : type, 1);
    gen_write(g, ", condition: \"!= ~\", on_fail: halt)");
    if (type == T_JSON) type = T_STR;
  }
  GenVar *var = gen_add_var(g, type);
  gen_write(g, " -> %s", var->name);
}

/* ---- statements --------------------------------------------------------- */

/* Statements by weight; constructs are not among them. */
static void (*const kinds[])(Gen *g) = {
    write_binding,     write_binding,    write_binding,    write_binding,
    write_binding,     write_binding,    write_assignment, write_assignment,
    write_assignment,  write_assignment, write_print,      write_print,
    write_print,       write_print,      write_ask,        write_ask,
    write_ask,         write_ask,        write_ask,        write_flow_call,
    write_flow_call,   write_flow_call,  write_conversion, write_conversion,
    write_multi,       write_multi,      write_fed,        write_piped,
    write_prompt_name, write_guard,      write_guard,      write_legacy};

enum { KINDS = sizeof kinds / sizeof *kinds };

void gen_statement(Gen *g) {
  if (g->left > 0) g->left--;
  g->cost += g->factor;
  if (g->depth < g->deepest && g->left > 2 && gen_chance(g, 26)) {
    if (gen_chance(g, 12)) gen_marks(g);
    gen_construct(g);
  } else if (gen_chance(g, 3)) {
    gen_write(g, "fence()");
  } else {
    kinds[gen_below(g, KINDS)](g);
  }
  end_statement(g);
  if (g->tries > 0 && g->depth > 1 && gen_chance(g, 6)) gen_failure(g);
}

void gen_return(Gen *g) {
  gen_write(g, "return");
  if (g->current.result == T_VOID) {
    buf_add_char(g->out, ';');
    return;
  }
  buf_add_char(g->out, ' ');
  gen_expr(g, g->current.result, 1);
}

void gen_use_unread(Gen *g, uint32_t first) {
  bool open = false;
  for (uint32_t i = first; i < g->vars.length; i++) {
    GenVar *var = &g->vars.data[i];
    if (var->used || var->is_error) continue;
    if (!open) {
      gen_line(g);
      gen_write(g, "print(");
    }
    gen_write(g, "%s\"%s=\", %s", open ? ", \" \", " : "", var->name,
              gen_read(var));
    open = !gen_chance(g, 50);
    if (!open) buf_add_char(g->out, ')');
  }
  if (open) buf_add_char(g->out, ')');
}

/* ---- blocks ------------------------------------------------------------- */

static void write_value(Gen *g, GenType type) {
  Buf value = {0};
  if (g->depth < g->deepest && g->left > 4 && gen_chance(g, 12)) {
    gen_value_construct(g, type);
    return;
  }
  GenVar *old = gen_chance(g, 15) ? gen_find_var(g, type) : NULL;
  if (old != NULL && !old->fixed) {
    gen_write(g, "%s = ", old->name);
    old->least = old->most = 0;
    gen_expr(g, type, 1);
    return;
  }
  if (type == T_STR && gen_may_ask(g) && gen_chance(g, 25)) {
    gen_ask(g);
    return;
  }
  write_aside(g, type, &value);
  if (may_begin(&value) && gen_chance(g, 50))
    gen_write(g, "%s", value.data);
  else
    write_bound(g, type, &value);
  buf_free(&value);
}

static void write_end(Gen *g, const GenBlock *block) {
  switch (block->end) {
    case END_OPEN:
      return;
    case END_VALUE:
      gen_line(g);
      write_value(g, block->type);
      return;
    case END_RETURN:
      gen_line(g);
      gen_return(g);
      return;
    case END_NAME:
      gen_line(g);
      gen_write(g, "let %s = ", block->name);
      if (block->type == T_STR && gen_may_ask(g) && gen_chance(g, 40))
        gen_ask(g);
      else
        gen_expr(g, block->type, EXPR_DEPTH);
      return;
  }
}

void gen_block(Gen *g, const GenBlock *block) {
  uint32_t mark = g->vars.length;
  gen_write(g, "{");
  g->indent++;
  for (uint32_t i = 0; i < block->statements; i++) {
    gen_line(g);
    gen_statement(g);
  }
  gen_use_unread(g, mark);
  write_end(g, block);
  g->vars.length = mark;
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
}
