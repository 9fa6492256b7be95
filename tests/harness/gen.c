/* SPDX-License-Identifier: MIT
 *
 * The generator: programs, agents, flows, names, types.
 */
#include "tests/harness/gen_parts.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/json.h"

enum { AGENTS_MAX = 3, FLOW_STATEMENTS = 9, ENTRY_STATEMENTS = 22 };

const char *const gen_type_names[T_COUNT] = {
    "str",        "num",        "bool",
    "json",       "list<str>",  "list<num>",
    "list<bool>", "list<json>", "list<list<num>>",
    "Item",       "Order",      "list<Item>",
    "void"};

/* ---- writing ------------------------------------------------------------ */

void gen_write(Gen *g, const char *format, ...) {
  va_list args;
  va_start(args, format);
  buf_addv(g->out, format, args);
  va_end(args);
}

void gen_line(Gen *g) {
  buf_add_char(g->out, '\n');
  buf_add_repeat(g->out, ' ', (size_t)g->indent * 2);
}

uint32_t gen_below(Gen *g, uint32_t count) {
  return random_below(&g->random, count);
}

bool gen_chance(Gen *g, uint32_t percent) {
  return random_chance(&g->random, percent);
}

/* ---- types -------------------------------------------------------------- */

GenType gen_element(GenType list) {
  switch (list) {
    case T_STRS:
      return T_STR;
    case T_NUMS:
      return T_NUM;
    case T_BOOLS:
      return T_BOOL;
    case T_JSONS:
      return T_JSON;
    case T_GRID:
      return T_NUMS;
    case T_ITEMS:
      return T_ITEM;
    default:
      return T_VOID;
  }
}

GenType gen_any_type(Gen *g) {
  static const uint8_t weights[T_VOID] = {34, 20, 10, 9, 8, 7,
                                          2,  2,  2,  3, 1, 2};
  uint32_t at = gen_below(g, 100);
  for (uint32_t type = 0; type < T_VOID; type++) {
    if (at < weights[type]) return (GenType)type;
    at -= weights[type];
  }
  return T_STR;
}

void gen_type_name(Gen *g, GenType type) {
  static const char *const texts[] = {"string", "token", "response", "str"};
  static const char *const nums[] = {"number", "int", "float", "num"};
  static const char *const jsons[] = {"goal", "handle", "json", "json"};
  bool other = gen_chance(g, 20);
  if (other && type == T_STR)
    gen_write(g, "%s", texts[gen_below(g, 4)]);
  else if (other && type == T_NUM)
    gen_write(g, "%s", nums[gen_below(g, 4)]);
  else if (other && type == T_JSON)
    gen_write(g, "%s", jsons[gen_below(g, 4)]);
  else
    gen_write(g, "%s", gen_type_names[type]);
}

/* ---- names -------------------------------------------------------------- */

void gen_new_name(Gen *g, char name[12]) {
  snprintf(name, 12, "%c%u", "abcdvxyz"[gen_below(g, 8)], ++g->names);
}

GenVar *gen_add_var(Gen *g, GenType type) {
  GenVar var = {.type = type};
  gen_new_name(g, var.name);
  vec_push(&g->vars, var);
  return &g->vars.data[g->vars.length - 1];
}

GenVar *gen_find_var(Gen *g, GenType type) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < g->vars.length; i++)
    count += g->vars.data[i].type == type && !g->vars.data[i].is_error;
  if (count == 0) return NULL;
  /* Newer names more often. */
  uint32_t a = gen_below(g, count);
  uint32_t b = gen_below(g, count);
  uint32_t wanted = a > b ? a : b;
  for (uint32_t i = 0; i < g->vars.length; i++) {
    GenVar *var = &g->vars.data[i];
    if (var->type != type || var->is_error) continue;
    if (wanted-- == 0) return var;
  }
  return NULL;
}

const char *gen_read(GenVar *var) {
  var->used = true;
  return var->name;
}

/* ---- flows -------------------------------------------------------------- */

static void open_flow(Gen *g, const GenFlow *flow, bool is_entry) {
  g->current = *flow;
  g->vars.length = 0;
  g->names = g->cost = g->depth = g->tries = 0;
  g->factor = 1;
  g->in_loop = g->risky = g->calm = false;
  gen_line(g);
  if (!is_entry && gen_chance(g, 10)) gen_write(g, "@no_fuse ");
  if (gen_chance(g, 15)) gen_marks(g);
  gen_write(g, "%sflow %s(", is_entry ? "@entry " : "", flow->name);
  for (uint32_t i = 0; i < flow->param_count; i++) {
    GenVar *var = gen_add_var(g, flow->params[i]);
    var->fixed = i == 0 && flow->recursive;
    gen_write(g, "%s%s: ", i > 0 ? ", " : "", var->name);
    gen_type_name(g, flow->params[i]);
  }
  buf_add_char(g->out, ')');
  bool is_told =
      flow->result != T_VOID &&
      (flow->recursive || flow->result >= T_JSON || gen_chance(g, 70));
  if (!is_told) return;
  gen_write(g, " -> ");
  gen_type_name(g, flow->result);
}

/* The body of a flow that counts down begins with its base case. */
static void write_base_case(Gen *g) {
  gen_line(g);
  gen_write(g, "if (%s <= 0) { return ", gen_read(&g->vars.data[0]));
  bool calm = g->calm;
  g->calm = true;
  gen_expr(g, g->current.result, 1);
  g->calm = calm;
  gen_write(g, " }");
}

static void write_flow(Gen *g, GenFlow *flow, bool is_entry) {
  uint32_t most = is_entry ? ENTRY_STATEMENTS : FLOW_STATEMENTS;
  open_flow(g, flow, is_entry);
  g->left = 4 + gen_below(g, most * (gen_chance(g, 20) ? 8 : 2));
  g->deepest = gen_chance(g, 20) ? 7 : 3;
  g->risky = flow->fragile || (is_entry && gen_chance(g, 9));
  gen_write(g, " {");
  g->indent++;
  if (flow->recursive) write_base_case(g);
  for (uint32_t i = 2 + gen_below(g, most); i > 0; i--) {
    gen_line(g);
    gen_statement(g);
    if (g->risky && gen_chance(g, 25)) gen_failure(g);
  }
  if (g->risky && flow->fragile) gen_failure(g);
  if (is_entry && gen_chance(g, 20)) {
    gen_line(g);
    gen_large(g);
  }
  gen_use_unread(g, 0);
  if (flow->result != T_VOID) {
    gen_line(g);
    gen_return(g);
  }
  g->indent--;
  gen_line(g);
  gen_write(g, "}");
  flow->cost = g->cost * (flow->recursive ? 5 : 1) + 1;
}

static GenFlow new_flow(Gen *g, uint32_t number) {
  GenFlow flow = {.agent = g->agent, .result = gen_any_type(g)};
  snprintf(flow.name, sizeof flow.name, "f%u", number);
  flow.param_count = gen_below(g, GEN_PARAMS + 1);
  for (uint32_t i = 0; i < flow.param_count; i++)
    flow.params[i] = gen_any_type(g);
  if (gen_chance(g, 20)) flow.result = T_VOID;
  if (flow.result == T_VOID && gen_chance(g, 45)) {
    flow.fragile = true;
    flow.param_count = 0;
  }
  if (gen_chance(g, 25) && flow.result != T_VOID) {
    flow.recursive = true;
    flow.params[0] = T_NUM;
    if (flow.param_count == 0) flow.param_count = 1;
  }
  return flow;
}

/* Flows that make records, since there is no literal of them. */
static void write_makers(Gen *g) {
  static const GenFlow makers[] = {
      {0, "item", {T_NUM}, 1, T_ITEM, 1, false, false},
      {0, "order", {T_NUM}, 1, T_ORDER, 1, false, false}};
  gen_deep_flow(g);
  for (uint32_t i = 0; i < 2; i++) {
    const GenFlow *maker = &makers[i];
    gen_line(g);
    gen_write(g, "flow %s(n: num) -> %s {\n    let r: %s = json(", maker->name,
              gen_type_names[maker->result], gen_type_names[maker->result]);
    gen_json_text(g, maker->result);
    gen_write(g, ")\n    return r\n  }");
    vec_push(&g->flows, *maker);
  }
}

/* ---- programs ----------------------------------------------------------- */

static const GenType argument_types[] = {T_STR,  T_NUM,  T_BOOL, T_JSON,
                                         T_STRS, T_NUMS, T_STR,  T_NUM};

/* Each of the arguments as a text of its type. */
static const char *argument_text(Gen *g, GenType type) {
  static const char *const texts[6][3] = {
      [T_STR] = {"Ada", "two words", "K\xC3\xA4se {0}"},
      [T_NUM] = {"3", "-2.5", "1000"},
      [T_BOOL] = {"true", "false", "true"},
      [T_JSON] = {"{\"a\":[1,null]}", "\"text\"", "7"},
      [T_STRS] = {"[\"x\",\"y\"]", "[]", "[\"one\",\"two\",\"three\"]"},
      [T_NUMS] = {"[1,2,3]", "[0.5]", "[]"}};
  return texts[type][gen_below(g, 3)];
}

static void write_arguments(Gen *g, const GenFlow *entry, Buf *out) {
  buf_add_text(out, "// args: [");
  for (uint32_t i = 0; i < entry->param_count; i++) {
    if (i > 0) buf_add_text(out, ", ");
    json_add_text(out, slice_of(argument_text(g, entry->params[i])));
  }
  buf_add_text(out, "]\n");
}

static void write_agent(Gen *g, uint32_t number, bool is_last, GenFlow *entry) {
  g->agent = number;
  gen_write(g, "agent A%u {", number);
  g->indent = 1;
  if (gen_chance(g, 30))
    gen_write(g, "\n  context: \"You are agent %u.\"", number);
  if (number == 0) write_makers(g);
  for (uint32_t i = 1 + gen_below(g, 2); i > 0; i--) {
    GenFlow flow = new_flow(g, g->flows.length);
    write_flow(g, &flow, false);
    vec_push(&g->flows, flow);
  }
  if (is_last) {
    entry->agent = number;
    write_flow(g, entry, true);
  }
  gen_write(g, "\n}\n");
}

static const char records[] =
    "type Item { name: str, count: num, ok: bool }\n"
    "type Order { id: num, tags: list<str>, first: Item, extra: json }\n";

/* Agents may stand in any order, and all but the last in another file. */
static void join_agents(Gen *g, Buf *agents, uint32_t count, Buf *out) {
  bool records_first = gen_chance(g, 50);
  bool apart = count > 1 && gen_chance(g, 30);
  uint32_t first = gen_below(g, count);
  if (apart) buf_add_text(out, "import \"part.ais\"\n");
  if (records_first) buf_add_text(out, records);
  if (apart) {
    buf_add_slice(out, buf_slice(&agents[count - 1]));
    buf_add_text(out, "//// part.ais\n");
    buf_clear(&agents[count - 1]);
  }
  for (uint32_t i = 0; i < count; i++) {
    Buf *agent = &agents[(first + i) % count];
    buf_add_slice(out, buf_slice(agent));
    buf_free(agent);
  }
  if (!records_first) buf_add_text(out, records);
  if (g->has_file)
    buf_add_text(out, "//// data.txt\nA file with {0} and \"quotes\".\n");
}

void gen_program(uint64_t seed, Buf *out) {
  Gen g = {.random = random_from(seed)};
  Buf agents[AGENTS_MAX] = {{0}};
  uint32_t count = 1 + gen_below(&g, AGENTS_MAX);
  g.skips = gen_chance(&g, 30);
  g.has_file = gen_chance(&g, 20);
  GenFlow entry = {.name = "main", .result = gen_any_type(&g)};
  if (gen_chance(&g, 10)) entry.result = T_VOID;
  entry.param_count = gen_below(&g, GEN_PARAMS + 1);
  for (uint32_t i = 0; i < entry.param_count; i++)
    entry.params[i] = argument_types[gen_below(&g, 8)];
  write_arguments(&g, &entry, out);
  for (uint32_t i = 0; i < count; i++) {
    g.out = &agents[i];
    write_agent(&g, i, i + 1 == count, &entry);
  }
  join_agents(&g, agents, count, out);
  vec_free(&g.vars);
  vec_free(&g.flows);
}
