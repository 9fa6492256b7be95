/* SPDX-License-Identifier: MIT
 *
 * First phase: what the program declares. Numbers agents and flows in program
 * order, gives parameters and declared results their types, and finds names
 * that are declared twice. Of equal names the first one counts.
 */
#include "compiler/check/check_int.h"

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

static TypeId value_type(Check *c, const AstType *declared) {
  TypeId type = check_written_type(c, declared);
  if (type != TYPE_VOID) return type;
  Diag *diag = check_fail(c, DIAG_VOID_TYPE, declared->span,
                          "there is no value of type void");
  diag->label = "cannot be the type of a parameter";
  return TYPE_NONE;
}

static void declare_param(Check *c, AstParam *param, uint32_t index) {
  AstBinding *binding = ARENA_NEW(c->arena, AstBinding);
  binding->name = param->name;
  binding->type = value_type(c, param->declared);
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
  for (AstFlow *flow = agent->flows; flow; flow = flow->next) {
    declare_flow(c, flow);
    if (map_get(flows, flow->name.text, &first)) {
      report_twice(c, DIAG_SAME_FLOW, &flow->name, &c->flows.data[first]->name,
                   "flow");
    } else {
      map_set(flows, flow->name.text, flow->index);
    }
  }
  check_entries(c, agent);
}

void check_declare(Check *c) {
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
