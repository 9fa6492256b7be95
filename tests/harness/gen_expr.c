/* SPDX-License-Identifier: MIT
 *
 * The generator: expressions of texts, numbers and bools. All are safe: what
 * may fail is written by gen_failure alone, or a run would seldom come far.
 */
#include "tests/harness/gen_parts.h"

/* A name of the type, or an access to part of one; false when there is none. */
static bool write_name(Gen *g, GenType type) {
  GenVar *var = gen_find_var(g, type);
  if (var == NULL) return false;
  gen_write(g, "%s", gen_read(var));
  return true;
}

static GenVar *find_list(Gen *g, GenType element) {
  static const GenType lists[] = {T_STRS,  T_NUMS, T_BOOLS,
                                  T_JSONS, T_GRID, T_ITEMS};
  for (uint32_t i = 0; i < 6; i++) {
    if (gen_element(lists[i]) != element) continue;
    GenVar *var = gen_find_var(g, lists[i]);
    if (var != NULL && var->least > 0) return var;
  }
  return NULL;
}

static bool write_item(Gen *g, GenType element) {
  GenVar *var = find_list(g, element);
  if (var == NULL) return false;
  uint32_t index = gen_below(g, var->least);
  if (gen_chance(g, 30))
    gen_write(g, "%s[-%u]", gen_read(var), index + 1);
  else
    gen_write(g, "%s[%u]", gen_read(var), index);
  return true;
}

static bool write_field(Gen *g, GenType type) {
  static const char *const of_item[] = {
      [T_STR] = "name", [T_NUM] = "count", [T_BOOL] = "ok"};
  GenVar *item = gen_find_var(g, T_ITEM);
  GenVar *order = gen_find_var(g, T_ORDER);
  if (item != NULL && type <= T_BOOL) {
    gen_write(g, "%s.%s", gen_read(item), of_item[type]);
    return true;
  }
  if (order == NULL) return false;
  if (type <= T_BOOL)
    gen_write(g, "%s.first.%s", gen_read(order), of_item[type]);
  else if (type == T_ITEM)
    gen_write(g, "%s.first", gen_read(order));
  else if (type == T_STRS)
    gen_write(g, "%s.tags", gen_read(order));
  else if (type == T_JSON)
    gen_write(g, "%s.extra", gen_read(order));
  else
    return false;
  return true;
}

static bool write_part(Gen *g, GenType type) {
  bool item_first = gen_chance(g, 50);
  if (item_first && write_item(g, type)) return true;
  return write_field(g, type) || write_item(g, type);
}

/* ---- functions ---------------------------------------------------------- */

/* `name(` expression of the type, and what follows. */
static void write_call(Gen *g, const char *name, GenType type, uint32_t depth,
                       const char *rest) {
  gen_write(g, "%s(", name);
  gen_expr(g, type, depth);
  gen_write(g, "%s", rest);
}

static GenType any_list(Gen *g) {
  static const GenType lists[] = {T_STRS, T_NUMS, T_BOOLS, T_GRID};
  return lists[gen_below(g, 4)];
}

static void write_pipe(Gen *g, uint32_t depth) {
  buf_add_char(g->out, '(');
  gen_primary(g, T_STR, depth);
  gen_write(g, " |> trim |> replace(\"a\", \"A\")%s)",
            gen_chance(g, 50) ? " |> lower" : "");
}

static void write_merge(Gen *g, uint32_t depth) {
  gen_write(g, "merge(");
  gen_expr(g, T_STR, depth);
  for (uint32_t i = gen_below(g, 3); i > 0; i--) {
    gen_write(g, ", ");
    gen_expr(g, gen_any_type(g), depth);
  }
  buf_add_char(g->out, ')');
}

static void text_function(Gen *g, uint32_t depth) {
  static const char *const slices[] = {", 1)", ", 0, 4)", ", -3)", ", 1, -1)"};
  switch (gen_below(g, 10)) {
    case 0:
      write_call(g, "trim", T_STR, depth, ")");
      return;
    case 1:
      write_call(g, "lower", T_STR, depth, ")");
      return;
    case 2:
      write_call(g, "upper", T_STR, depth, ")");
      return;
    case 3:
      write_call(g, "replace", T_STR, depth, ", \"e\", \"(e)\")");
      return;
    case 4:
      write_call(g, "slice", T_STR, depth, slices[gen_below(g, 4)]);
      return;
    case 5:
      write_call(g, "join", any_list(g), depth,
                 gen_chance(g, 70) ? ", \"; \")" : ")");
      return;
    case 6:
      write_call(g, "str", gen_any_type(g), depth, ")");
      return;
    case 7:
      write_pipe(g, depth);
      return;
    case 8:
      write_call(g, "get", T_STRS, depth, ", 1, \"none\")");
      return;
    default:
      write_merge(g, depth);
      return;
  }
}

static void num_function(Gen *g, uint32_t depth) {
  switch (gen_below(g, 7)) {
    case 0:
      write_call(g, "len", T_STR, depth, ")");
      return;
    case 1:
      write_call(g, "len", any_list(g), depth, ")");
      return;
    case 2:
      gen_write(g, "num(\" %u.5\\n\")", gen_below(g, 40));
      return;
    case 3:
      write_call(g, "num", T_BOOL, depth, ")");
      return;
    case 4:
      write_call(g, "get", T_NUMS, depth, ", -1, 0)");
      return;
    case 5:
      write_call(g, "num(str", T_NUM, depth, "))");
      return;
    default:
      write_call(g, "len(keys", T_ITEM, depth, "))");
      return;
  }
}

static void bool_function(Gen *g, uint32_t depth) {
  GenType list = any_list(g);
  switch (gen_below(g, 4)) {
    case 0:
      write_call(g, "contains", T_STR, depth, ", \"e\")");
      return;
    case 1:
      write_call(g, "contains", list, depth, ", ");
      gen_expr(g, gen_element(list), depth);
      buf_add_char(g->out, ')');
      return;
    case 2:
      write_call(g, "contains", T_STR, depth, ", ");
      gen_expr(g, T_STR, depth);
      buf_add_char(g->out, ')');
      return;
    default:
      gen_write(g, "get([true, false], %u, false)", gen_below(g, 3));
      return;
  }
}

/* ---- primaries ---------------------------------------------------------- */

static void write_number(Gen *g) {
  static const char *const odd[] = {"0.25", "1.5e2", "1_000", "3.125", "0"};
  if (gen_chance(g, 30))
    gen_write(g, "%s", odd[gen_below(g, 5)]);
  else
    gen_write(g, "%u", gen_below(g, 12));
}

static void write_literal(Gen *g, GenType type) {
  if (type == T_STR)
    gen_text_literal(g);
  else if (type == T_NUM)
    write_number(g);
  else
    gen_write(g, "%s", gen_chance(g, 50) ? "true" : "false");
}

static void write_function(Gen *g, GenType type, uint32_t depth) {
  if (type == T_STR)
    text_function(g, depth);
  else if (type == T_NUM)
    num_function(g, depth);
  else
    bool_function(g, depth);
}

static void write_scalar(Gen *g, GenType type, uint32_t depth) {
  uint32_t at = gen_below(g, 100);
  if (at < 40 && write_name(g, type)) return;
  if (at < 50 && write_part(g, type)) return;
  if (depth > 0 && at < 54 && gen_call_flow(g, type, depth - 1)) return;
  if (depth > 0 && at < 57 && type == T_STR && gen_may_ask(g)) {
    gen_ask(g);
  } else if (depth > 0 && at < 75) {
    write_function(g, type, depth - 1);
  } else if (depth > 0 && at < 82) {
    buf_add_char(g->out, '(');
    gen_expr(g, type, depth - 1);
    buf_add_char(g->out, ')');
  } else {
    write_literal(g, type);
  }
}

static void write_record(Gen *g, GenType type, uint32_t depth) {
  uint32_t at = gen_below(g, 100);
  if (at < 60 && write_name(g, type)) return;
  if (at < 75 && write_part(g, type)) return;
  gen_write(g, "%s%s(", g->agent == 0 && gen_chance(g, 60) ? "" : "A0.",
            type == T_ITEM ? "item" : "order");
  gen_primary(g, T_NUM, depth > 0 ? depth - 1 : 0);
  buf_add_char(g->out, ')');
}

void gen_primary(Gen *g, GenType type, uint32_t depth) {
  if (type <= T_BOOL) {
    write_scalar(g, type, depth);
    return;
  }
  if (type == T_ITEM || type == T_ORDER) {
    write_record(g, type, depth);
    return;
  }
  uint32_t at = gen_below(g, 100);
  if (at < 45 && write_name(g, type)) return;
  if (at < 55 && write_part(g, type)) return;
  if (depth > 0 && at < 60 && gen_call_flow(g, type, depth - 1)) return;
  if (type == T_JSON)
    gen_json(g, depth);
  else
    gen_list(g, type, depth);
}

/* ---- operators ---------------------------------------------------------- */

static void write_sum(Gen *g, uint32_t depth) {
  static const char *const operators[] = {" + ", " - ", " * ", " / ", " % "};
  if (gen_chance(g, 12)) buf_add_char(g->out, '-');
  gen_primary(g, T_NUM, depth);
  for (uint32_t i = 1 + gen_below(g, 2); i > 0; i--) {
    uint32_t op = gen_below(g, 5);
    gen_write(g, "%s", operators[op]);
    if (op >= 3)
      gen_write(g, "%u", 2 + gen_below(g, 7));
    else
      gen_primary(g, T_NUM, depth);
  }
}

static void write_concat(Gen *g, uint32_t depth) {
  for (uint32_t i = gen_chance(g, 25) ? 1 + gen_below(g, 2) : 0; i > 0; i--) {
    gen_primary(g, T_NUM, depth);
    gen_write(g, " + ");
  }
  gen_primary(g, T_STR, depth);
  for (uint32_t i = 1 + gen_below(g, 2); i > 0; i--) {
    gen_write(g, " + ");
    gen_primary(g, gen_chance(g, 60) ? T_STR : gen_any_type(g), depth);
  }
}

static void write_comparison(Gen *g, uint32_t depth) {
  static const char *const orders[] = {" < ", " <= ", " > ", " >= "};
  static const char *const equals[] = {" == ", " != "};
  static const GenType compared[] = {T_STR, T_NUM, T_BOOL, T_JSON};
  GenType type = gen_chance(g, 50) ? T_NUM : T_STR;
  if (gen_chance(g, 40)) {
    type = compared[gen_below(g, 4)];
    gen_primary(g, type, depth);
    gen_write(g, "%s", equals[gen_below(g, 2)]);
    if (gen_chance(g, 12))
      gen_write(g, type == T_JSON ? "null" : "json(7)");
    else
      gen_primary(g, type, depth);
    return;
  }
  gen_primary(g, type, depth);
  gen_write(g, "%s", orders[gen_below(g, 4)]);
  gen_primary(g, type, depth);
}

static void write_logic(Gen *g, uint32_t depth) {
  for (uint32_t i = gen_chance(g, 35) ? 1 + gen_below(g, 2) : 0;; i--) {
    if (gen_chance(g, 15)) {
      buf_add_char(g->out, '!');
      gen_primary(g, T_BOOL, 0);
    } else if (gen_chance(g, 75)) {
      write_comparison(g, depth);
    } else {
      gen_primary(g, T_BOOL, depth);
    }
    if (i == 0) return;
    gen_write(g, "%s", gen_chance(g, 50) ? " && " : " || ");
  }
}

void gen_expr(Gen *g, GenType type, uint32_t depth) {
  bool compound = depth > 0 && gen_chance(g, 40);
  if (compound && type == T_STR)
    write_concat(g, depth - 1);
  else if (compound && type == T_NUM)
    write_sum(g, depth - 1);
  else if (compound && type == T_BOOL)
    write_logic(g, depth - 1);
  else
    gen_primary(g, type, depth);
}

void gen_condition(Gen *g) {
  write_logic(g, 1);
}
