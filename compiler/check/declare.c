/* SPDX-License-Identifier: MIT
 *
 * First phase: what the program declares. Numbers agents and flows in program
 * order, gives parameters and declared results their types, and finds names
 * that are declared twice. Of equal names the first one counts.
 */
#include <strings.h>

#include "compiler/check/help.h"
#include "compiler/check/written.h"

/* `_` reads as "discard", so it names nothing. */
static void refuse_underscore(Check *c, const AstName *name, const char *what) {
  if (!slice_equal_text(name->text, "_")) return;
  Diag *diag =
      check_fail(c, DIAG_NAMELESS, name->span, "`_` cannot name %s", what);
  diag->label = "`_` only discards";
}

static void report_twice(Check *c, DiagCode code, const AstName *name,
                         const AstName *first, const char *what) {
  Diag *diag = check_fail(c, code, name->span, "%s `%.*s` is declared twice",
                          what, SLICE_ARG(name->text));
  diag->label = "declared again here";
  diag->related = first->span;
  diag->related_label = "first declared here";
}

/* ---- parameters ---------------------------------------------------------- */

static void declare_param(Check *c, AstParam *param, uint32_t index) {
  AstBinding *binding = ARENA_NEW(c->arena, AstBinding);
  binding->name = param->name;
  binding->type = check_value_type(c, param->declared, "a parameter");
  binding->is_param = true;
  binding->index = index;
  param->binding = binding;
  refuse_underscore(c, &param->name, "a parameter");
}

static void check_param_count(Check *c, const AstFlow *flow) {
  if (flow->param_count <= LIMIT_GRAPH_PARAMS - SPACE_COUNT) return;
  Diag *diag =
      check_fail(c, DIAG_PARAM_LIMIT, flow->name.span,
                 "`%.*s` has more than %d parameters",
                 SLICE_ARG(flow->name.text), LIMIT_GRAPH_PARAMS - SPACE_COUNT);
  diag->label = diag_text(c->sink, "has %u", flow->param_count);
  diag->help = "pass a list";
}

/* ---- flows --------------------------------------------------------------- */

static void declare_flow(Check *c, AstFlow *flow) {
  c->flow = flow;
  flow->faulty = flow->lost_head || flow->lost_body;
  flow->index = c->flows.length;
  vec_push(&c->flows, flow);
  refuse_underscore(c, &flow->name, "a flow");
  uint32_t index = 0;
  for (AstParam *param = flow->params; param; param = param->next) {
    declare_param(c, param, index++);
  }
  check_param_count(c, flow);
  flow->result = TYPE_NONE;
  if (flow->declared != NULL) {
    flow->result = check_written_type(c, flow->declared);
  }
  c->flow = NULL;
}

static void check_entries(Check *c, const AstAgent *agent) {
  const AstFlow *entry = NULL;
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    if (!flow->entry) continue;
    if (entry != NULL) {
      Diag *diag = check_fail(c, DIAG_TWO_ENTRIES, flow->entry_span,
                              "agent `%.*s` has two @entry flows",
                              SLICE_ARG(agent->name.text));
      diag->label = "only one can be the entry";
      diag->related = entry->entry_span;
      diag->related_label = "the first is here";
    }
    if (entry == NULL) entry = flow;
  }
}

/* ---- what an agent has beside flows -------------------------------------- */

static const char *const item_words[] = {
    [ITEM_MEMORY] = "memory",         [ITEM_BELIEF] = "belief",
    [ITEM_GOAL] = "goal",             [ITEM_CAPABILITY] = "capability",
    [ITEM_TOOLS] = "tool",            [ITEM_DISCOVERABLE] = "discoverable flow",
    [ITEM_HANDLER] = "handler",
};

enum { ITEM_KINDS = sizeof item_words / sizeof *item_words };

static void check_tier(Check *c, const AstItem *item) {
  static const char *const tiers[] = {"stm", "ltm", "episodic"};
  Nearest nearest = nearest_new(item->tier.text, &c->guesses);
  for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
    size_t length = strlen(tiers[i]);
    if (length == item->tier.text.length &&
        strncasecmp(item->tier.text.data, tiers[i], length) == 0) {
      return;
    }
    nearest_offer(&nearest, slice_of(tiers[i]));
  }
  Diag *diag = check_fail(c, DIAG_UNKNOWN_TIER, item->tier.span,
                          "unknown memory tier `%.*s`",
                          SLICE_ARG(item->tier.text));
  diag->label = "the tiers are stm, ltm and episodic";
  check_suggest(c, &nearest, diag);
}

/* Handlers of one event may be many; what else an agent has is there once. */
static void declare_item(Check *c, const AstItem *item, Map *names,
                         const AstItem *const *items, uint32_t row) {
  uint32_t first;
  if (item->kind == ITEM_MEMORY && item->tier.text.length > 0) {
    check_tier(c, item);
  }
  if (item->kind == ITEM_HANDLER) return;
  if (map_get(&names[item->kind], item->name.text, &first)) {
    report_twice(c, DIAG_SAME_ITEM, &item->name, &items[first]->name,
                 item_words[item->kind]);
  } else {
    map_set(&names[item->kind], item->name.text, row);
  }
}

/* A call by that name could mean either. */
static void refuse_both(Check *c, const AstItem *item, const Map *flows) {
  uint32_t flow;
  if (item->kind != ITEM_CAPABILITY) return;
  if (!map_get(flows, item->name.text, &flow)) return;
  Diag *diag = check_fail(c, DIAG_SAME_ITEM, item->name.span,
                          "`%.*s` is a flow and a capability",
                          SLICE_ARG(item->name.text));
  diag->label = "the capability";
  diag->related = c->flows.data[flow]->name.span;
  diag->related_label = "the flow";
}

static void declare_items(Check *c, const AstAgent *agent, const Map *flows) {
  Map names[ITEM_KINDS] = {{0}};
  VEC(const AstItem *) items = {0};
  for (const AstItem *item = agent->items; item; item = item->next) {
    vec_push(&items, item);
    declare_item(c, item, names, items.data, items.length - 1);
    refuse_both(c, item, flows);
  }
  for (int i = 0; i < ITEM_KINDS; i++) map_free(&names[i]);
  vec_free(&items);
}

/* ---- agents -------------------------------------------------------------- */

static void declare_flows(Check *c, const AstAgent *agent, Map *flows) {
  uint32_t first;
  for (AstFlow *flow = agent->flows; flow; flow = flow->next) {
    declare_flow(c, flow);
    if (map_get(flows, flow->name.text, &first)) {
      report_twice(c, DIAG_SAME_FLOW, &flow->name, &c->flows.data[first]->name,
                   "flow");
    } else {
      map_set(flows, flow->name.text, flow->index);
    }
  }
}

static void declare_agent(Check *c, AstAgent *agent) {
  agent->index = c->agent.length;
  vec_push(&c->agent, agent);
  vec_push(&c->agent_flows, (Map){0});
  refuse_underscore(c, &agent->name, "an agent");
  uint32_t first;
  if (map_get(&c->agents, agent->name.text, &first)) {
    report_twice(c, DIAG_SAME_AGENT, &agent->name, &c->agent.data[first]->name,
                 "agent");
  } else {
    map_set(&c->agents, agent->name.text, agent->index);
  }
  Map *flows = &c->agent_flows.data[agent->index];
  declare_flows(c, agent, flows);
  declare_items(c, agent, flows);
  check_entries(c, agent);
}

void check_declare(Check *c) {
  check_records(c);
  for (AstAgent *agent = c->program->agents; agent; agent = agent->next) {
    declare_agent(c, agent);
  }
  c->program->flow_count = c->flows.length;
  if (c->program->agents != NULL || c->sink->error_count > 0) return;
  Diag *diag =
      check_fail(c, DIAG_NO_AGENT, (Span){0, 0}, "the program has no agent");
  diag->label = "expected `agent`";
  diag->help = "for example: agent Hello { flow main { print(\"hello\") } }";
}
