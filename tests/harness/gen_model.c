/* SPDX-License-Identifier: MIT
 *
 * The generator: calls of models and of flows.
 */
#include "tests/harness/gen_parts.h"

enum { ASK_COST = 5, FLOW_COST = 160, ENTRY_COST = 400 };

/* A prompt that scripted replies answer begins with more words than a made-up
 * reply quotes, so that its mark does not wander into other prompts. */
#define MARKED "Answer this in one short and simple word please now then: "

const char gen_replies[] =
    "{\"match\": \"~fail~\", \"error\": \"the model is out of order\"}\n"
    "{\"match\": \"~busy~\", \"error\": \"too much to do\", \"status\": 429}\n"
    "{\"match\": \"~label~\", \"reply\": \" Blue. \\n\"}\n"
    "{\"match\": \"~num~\", \"reply\": \" 42\\n\"}\n"
    "{\"match\": \"~json~\", \"reply\": \"Here:\\n```json\\n{\\\"name\\\": "
    "\\\"R\\\", \\\"count\\\": 3, \\\"ok\\\": true}\\n```\\nDone.\"}\n";

static uint32_t cost_limit(const Gen *g) {
  return g->current.name[0] == 'm' ? ENTRY_COST : FLOW_COST;
}

bool gen_may_ask(Gen *g) {
  return !g->calm && g->cost + g->factor * ASK_COST <= cost_limit(g);
}

static void write_contexts(Gen *g, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    gen_write(g, ", ");
    gen_expr(g, gen_chance(g, 60) ? T_STR : gen_any_type(g), 1);
  }
}

static GenVar *find_prompt(Gen *g) {
  for (uint32_t i = g->vars.length; i-- > 0;)
    if (g->vars.data[i].is_prompt) return &g->vars.data[i];
  return NULL;
}

static void write_prompt(Gen *g, uint32_t contexts) {
  static const char *const placed[] = {
      "\"Compare {0} now.\"", "\"{1} after {0}, not {7} or {00}\"",
      "\"{0}{0} twice \\{0}\"", "\"No place here\"", "\"\""};
  GenVar *prompt = find_prompt(g);
  uint32_t at = gen_below(g, 100);
  if (contexts > 0 && at < 45)
    gen_write(g, "%s", placed[gen_below(g, 5)]);
  else if (prompt != NULL && at < 60)
    gen_write(g, "%s + \"!\"", gen_read(prompt));
  else if (at < 75)
    gen_write(g, "\"Q%u?\"", gen_below(g, 30));
  else if (at < 80)
    gen_write(g, "\"%s~%s~\"", MARKED, gen_chance(g, 50) ? "label" : "num");
  else if (at < 90) {
    gen_write(g, "\"Say {0} and \" + ");
    gen_primary(g, T_STR, 1);
  } else {
    gen_write(g, "\"About {{ ");
    gen_expr(g, gen_any_type(g), 1);
    gen_write(g, " }} {0}\"");
  }
}

static void write_attributes(Gen *g, bool thinks) {
  if (gen_chance(g, 12)) gen_write(g, ", temperature: 0.%u", gen_below(g, 9));
  if (gen_chance(g, 10)) gen_write(g, ", system: \"S%u\"", gen_below(g, 3));
  if (gen_chance(g, 8)) gen_write(g, ", model: \"tiny\"");
  if (gen_chance(g, 10)) gen_write(g, ", max_tokens: %u", 3 + gen_below(g, 9));
  if (gen_chance(g, 8)) gen_write(g, ", fallback: \"none\"");
  if (gen_chance(g, 6)) gen_write(g, ", timeout: %uh", 1 + gen_below(g, 24));
  if (gen_chance(g, 6)) gen_write(g, ", retries: %u", gen_below(g, 5));
  if (gen_chance(g, 4)) gen_write(g, ", backend: \"sim\"");
  if (thinks && gen_chance(g, 30)) gen_write(g, ", budget_tokens: 100");
}

/* Time enough that none is ever up. */
void gen_marks(Gen *g) {
  if (gen_chance(g, 50)) gen_write(g, "@retry(%u) ", gen_below(g, 5));
  if (gen_chance(g, 50)) gen_write(g, "@[timeout(%uh)] ", 1 + gen_below(g, 24));
  if (gen_chance(g, 30)) gen_write(g, "@backend(\"sim\") ");
}

void gen_ask(Gen *g) {
  static const char *const ops[] = {"ask", "think", "reason", "ask"};
  uint32_t op = gen_below(g, 4);
  uint32_t contexts = gen_chance(g, 45) ? 1 + gen_below(g, 3) : 0;
  g->cost += g->factor * ASK_COST;
  bool calm = g->calm;
  g->calm = true; /* an ask in an ask is rare enough without */
  gen_write(g, "%s(", ops[op]);
  bool named = contexts == 0 && gen_chance(g, 15);
  if (named) gen_write(g, "prompt: ");
  write_prompt(g, contexts);
  write_contexts(g, contexts);
  write_attributes(g, op == 1);
  buf_add_char(g->out, ')');
  g->calm = calm;
}

void gen_failing_ask(Gen *g) {
  bool busy = gen_chance(g, 35); /* which would be tried again */
  g->cost += g->factor * ASK_COST;
  gen_write(g, "%s(\"%s~%s~\"%s%s)", gen_chance(g, 70) ? "ask" : "think",
            MARKED, busy ? "busy" : "fail", busy ? ", retries: 0" : "",
            gen_chance(g, 40) ? ", fallback: \"in its place\"" : "");
}

/* ---- flows -------------------------------------------------------------- */

static const GenFlow *choose_flow(Gen *g, GenType result) {
  uint32_t count = g->flows.length;
  if (count == 0) return NULL;
  uint32_t first = gen_below(g, count);
  for (uint32_t i = 0; i < count; i++) {
    const GenFlow *flow = &g->flows.data[(first + i) % count];
    if (flow->result == result && !flow->fragile &&
        g->cost + g->factor * flow->cost <= cost_limit(g))
      return flow;
  }
  return NULL;
}

static void write_count(Gen *g) {
  if (gen_chance(g, 70)) {
    gen_write(g, "%u", gen_below(g, 4));
  } else {
    gen_primary(g, T_NUM, 0);
    gen_write(g, " %% 4");
  }
}

/* Once in a flow, and never where it would be repeated. */
static bool call_itself(Gen *g) {
  GenFlow *self = &g->current;
  if (!self->recursive || g->factor > 1 || g->depth > 1) return false;
  self->recursive = false;
  gen_write(g, "%s(%s - 1", self->name, gen_read(&g->vars.data[0]));
  for (uint32_t i = 1; i < self->param_count; i++) {
    gen_write(g, ", ");
    gen_expr(g, self->params[i], 0);
  }
  buf_add_char(g->out, ')');
  return true;
}

bool gen_call_flow(Gen *g, GenType result, uint32_t depth) {
  if (g->calm) return false;
  if (g->current.result == result && call_itself(g)) return true;
  const GenFlow *found = choose_flow(g, result);
  if (found == NULL) return false;
  GenFlow flow = *found; /* writing the arguments may not move it, but may */
  g->cost += g->factor * flow.cost;
  bool is_near = flow.agent == g->agent && gen_chance(g, 60);
  if (!is_near) gen_write(g, "A%u.", flow.agent);
  gen_write(g, "%s(", flow.name);
  for (uint32_t i = 0; i < flow.param_count; i++) {
    if (i > 0) gen_write(g, ", ");
    if (i == 0 && flow.recursive)
      write_count(g);
    else
      gen_expr(g, flow.params[i], depth);
  }
  buf_add_char(g->out, ')');
  return true;
}
