/* SPDX-License-Identifier: MIT
 *
 * The generator: lists, and json whose shape is known where it is read.
 */
#include "tests/harness/gen_parts.h"

static void write_items(Gen *g, GenType element, uint32_t count,
                        uint32_t depth) {
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) gen_write(g, ", ");
    gen_expr(g, element, depth);
  }
}

static void write_list_literal(Gen *g, GenType type, uint32_t depth) {
  bool waits = gen_chance(g, 20);
  gen_write(g, waits ? "wait(" : "[");
  write_items(g, gen_element(type), 1 + gen_below(g, 3), depth);
  gen_write(g, waits ? ")" : "]");
}

static void write_texts(Gen *g, uint32_t depth) {
  static const char *const separators[] = {"\", \"", "\",\"", "\" \"", "\"\""};
  switch (gen_below(g, 4)) {
    case 0:
      gen_write(g, "lines(");
      gen_expr(g, T_STR, depth);
      buf_add_char(g->out, ')');
      return;
    case 1:
      gen_write(g, "slice(split(");
      gen_expr(g, T_STR, depth);
      gen_write(g, ", %s), 0, 4)", separators[gen_below(g, 4)]);
      return;
    case 2:
      gen_write(g, "keys(");
      gen_expr(g, T_ITEM, depth);
      buf_add_char(g->out, ')');
      return;
    default:
      write_list_literal(g, T_STRS, depth);
      return;
  }
}

static void write_numbers(Gen *g, uint32_t depth) {
  if (gen_chance(g, 60))
    write_list_literal(g, T_NUMS, depth);
  else if (gen_chance(g, 50))
    gen_write(g, "range(%u)", gen_below(g, 4));
  else
    gen_write(g, "range(-1, %u)", gen_below(g, 3));
}

void gen_list(Gen *g, GenType type, uint32_t depth) {
  uint32_t below = depth > 0 ? depth - 1 : 0;
  if (depth > 0 && gen_chance(g, 15)) {
    gen_write(g, "slice(");
    gen_expr(g, type, below);
    gen_write(g, gen_chance(g, 50) ? ", 1)" : ", -2)");
  } else if (type == T_STRS && gen_chance(g, 50)) {
    write_texts(g, below);
  } else if (type == T_NUMS) {
    write_numbers(g, below);
  } else {
    write_list_literal(g, type, below);
  }
}

/* ---- json --------------------------------------------------------------- */

/* The object that a json value "has the shape" of. */
static const char shape[] =
    "{\"name\": \"N%u\", \"count\": %u, \"list\": [1, \"two\", null], "
    "\"ok\": %s, \"deep\": {\"k\": [%u]}}";

void gen_json_text(Gen *g, GenType type) {
  Buf text = {0};
  const char *ok = gen_chance(g, 50) ? "true" : "false";
  uint32_t n = gen_below(g, 9);
  if (type == T_ITEM)
    buf_addf(&text, "{\"name\": \"I%u\", \"count\": %u.5, \"ok\": %s}", n, n,
             ok);
  else if (type == T_ORDER)
    buf_addf(&text,
             "{\"id\": %u, \"tags\": [\"t%u\", \"x\"], \"first\": {\"ok\": %s, "
             "\"name\": \"F\", \"count\": %u}, \"extra\": [null, %u]}",
             n, n, ok, n, n);
  else
    buf_addf(&text, shape, n, n, ok, n);
  gen_quoted(g, text.data);
  buf_free(&text);
}

static GenVar *find_shaped(Gen *g) {
  for (uint32_t i = g->vars.length; i-- > 0;)
    if (g->vars.data[i].has_shape) return &g->vars.data[i];
  return NULL;
}

static bool write_shaped(Gen *g) {
  static const char *const parts[] = {
      ".name",     ".count",   ".missing", "[\"ok\"]",     "[\"none\"]",
      ".list[0]",  ".list",    ".deep",    ".deep.k",      ".deep.k[0]",
      ".list[-1]", ".list[1]", ".ok",      ".missing.more"};
  GenVar *var = find_shaped(g);
  if (var == NULL) return false;
  const char *name = gen_read(var);
  uint32_t at = gen_below(g, 20);
  if (at < 14)
    gen_write(g, "%s%s", name, parts[at]);
  else if (at < 17)
    gen_write(g, "get(%s, \"%s\", 5)", name, at == 14 ? "name" : "nope");
  else
    gen_write(g, "%s", name);
  return true;
}

void gen_json(Gen *g, uint32_t depth) {
  uint32_t at = gen_below(g, 100);
  if (at < 50 && write_shaped(g)) return;
  if (at < 60) {
    gen_write(g, "null");
  } else if (at < 80) {
    gen_write(g, "json(");
    gen_json_text(g, T_JSON);
    buf_add_char(g->out, ')');
  } else if (at < 83) {
    gen_write(g, "get([4, 5], %u)", gen_below(g, 3));
  } else if (at < 88 && depth > 0) {
    gen_write(g, "get(");
    gen_expr(g, T_ITEM, 0);
    gen_write(g, ", \"count\")");
  } else {
    GenType type = gen_any_type(g);
    if (type == T_STR || type == T_JSON) type = T_NUM;
    gen_write(g, "json(");
    gen_expr(g, type, depth > 0 ? depth - 1 : 0);
    buf_add_char(g->out, ')');
  }
}
