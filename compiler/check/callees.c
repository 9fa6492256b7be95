/* SPDX-License-Identifier: MIT
 *
 * Second phase: what every call means. A flow of the own agent goes before an
 * operation or a function of that name; flows of other agents are called as
 * Agent.flow(...). Notes which flow calls which, for the order of the next
 * phase.
 */
#include "compiler/check/check_int.h"
#include "compiler/check/help.h"
#include "compiler/check/visit.h"

/* ---- flows --------------------------------------------------------------- */

static AstFlow *find_flow(const Check *c, const AstAgent *agent, Slice name) {
  uint32_t index;
  const Map *flows = &c->agent_flows.data[agent->index];
  return map_get(flows, name, &index) ? c->flows.data[index] : NULL;
}

static void offer_flows(Nearest *nearest, const AstAgent *agent) {
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    nearest_offer(nearest, flow->name.text);
  }
}

static void set_flow(Check *c, AstCall *call, AstFlow *flow) {
  call->callee = CALLEE_FLOW;
  call->flow = flow;
  vec_push(&c->calls, flow->index);
}

static void report_agent(Check *c, const AstCall *call) {
  Diag *diag = check_fail(c, DIAG_UNKNOWN_AGENT, call->agent.span,
                          "unknown agent `%.*s`", SLICE_ARG(call->agent.text));
  diag->label = "there is no such agent in this program";
  if (!check_is_heard(c)) return;
  uint32_t op;
  if (map_get(&c->ops, call->name.text, &op)) { /* taken for a method */
    diag->help = diag_text(c->sink, "a value is handed over in the brackets, "
                                    "%.*s(%.*s), or by a pipe, %.*s |> %.*s",
                           SLICE_ARG(call->name.text),
                           SLICE_ARG(call->agent.text),
                           SLICE_ARG(call->agent.text),
                           SLICE_ARG(call->name.text));
    return;
  }
  Nearest nearest = nearest_new(call->agent.text, &c->guesses);
  for (uint32_t i = 0; i < c->agent.length; i++) {
    nearest_offer(&nearest, c->agent.data[i]->name.text);
  }
  check_suggest(c, &nearest, diag);
}

static void report_agent_flow(Check *c, const AstCall *call,
                              const AstAgent *agent) {
  Diag *diag = check_fail(
      c, DIAG_UNKNOWN_FLOW, call->name.span, "agent `%.*s` has no flow `%.*s`",
      SLICE_ARG(call->agent.text), SLICE_ARG(call->name.text));
  diag->label = "not a flow of that agent";
  diag->related = agent->name.span;
  diag->related_label = "the agent";
  if (!check_is_heard(c)) return;
  Nearest nearest = nearest_new(call->name.text, &c->guesses);
  offer_flows(&nearest, agent);
  check_suggest(c, &nearest, diag);
}

static void resolve_agent_flow(Check *c, AstCall *call) {
  uint32_t index;
  if (!map_get(&c->agents, call->agent.text, &index)) {
    report_agent(c, call);
    return;
  }
  const AstAgent *agent = c->agent.data[index];
  AstFlow *flow = find_flow(c, agent, call->name.text);
  if (flow != NULL) {
    set_flow(c, call, flow);
  } else {
    report_agent_flow(c, call, agent);
  }
}

/* ---- what is not there --------------------------------------------------- */

/* Operations and predeclared capabilities of the language that come later. */
static const char *const later[] = {
    "qmem",         "query_memory", "mem",     "umem",   "update_memory",
    "store_fact",   "store_memory", "inv",     "invoke", "tool",
    "exec",         "execute",      "exc",     "plan",   "reflect",
    "verify",       "communicate",  "talk",    "pause",  "resume",
    "update_goal",  "claim",        "echo",    "search",
};

static bool is_later(Slice name) {
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    if (slice_equal_text(name, later[i])) return true;
  }
  return false;
}

static const AstItem *find_capability(const AstAgent *agent, Slice name) {
  const AstItem *item = agent->items;
  for (; item != NULL; item = item->next) {
    bool found =
        item->kind == ITEM_CAPABILITY && slice_equal(item->name.text, name);
    if (found) return item;
  }
  return NULL;
}

static bool report_not_yet(Check *c, const AstCall *call) {
  Slice name = call->name.text;
  const AstItem *item = find_capability(c->flow->agent, name);
  if (item == NULL && !is_later(name)) return false;
  Diag *diag = check_fail(
      c, item ? DIAG_CAPABILITY_CALL : DIAG_LATER_OPERATION, call->name.span,
      item ? "`%.*s` is a capability, and this version calls none"
           : "this version does not have `%.*s` yet",
      SLICE_ARG(name));
  diag->label = item ? "cannot be called yet" : "comes with a later version";
  if (item != NULL) {
    diag->related = item->name.span;
    diag->related_label = "declared here";
  }
  return true;
}

/* The flow of that name in some agent; NULL when there is none. */
static const AstFlow *find_elsewhere(const Check *c, Slice name) {
  for (uint32_t i = 0; i < c->agent.length; i++) {
    const AstFlow *flow = find_flow(c, c->agent.data[i], name);
    if (flow != NULL) return flow;
  }
  return NULL;
}

static void help_callee(Check *c, Slice name, Diag *diag) {
  const AstFlow *flow = find_elsewhere(c, name);
  if (flow != NULL) {
    diag->help = diag_text(c->sink,
                           "a flow of another agent is called with its "
                           "agent: %.*s.%.*s(...)",
                           SLICE_ARG(flow->agent->name.text), SLICE_ARG(name));
    diag->replacement =
        diag_text(c->sink, "%.*s.%.*s", SLICE_ARG(flow->agent->name.text),
                  SLICE_ARG(name));
    return;
  }
  Nearest nearest = nearest_new(name, &c->guesses);
  offer_flows(&nearest, c->flow->agent);
  nearest_offer(&nearest, SLICE("file"));
  for (uint32_t i = 0; i < OP_COUNT; i++) {
    Slice text = slice_of(op_table[i].text);
    Op op;
    if (op_find_callable(text, &op)) nearest_offer(&nearest, text);
  }
  check_suggest(c, &nearest, diag);
}

static void report_callee(Check *c, const AstCall *call) {
  Slice name = call->name.text;
  if (check_is_heard(c) && report_not_yet(c, call)) return;
  Diag *diag = check_fail(c, DIAG_UNKNOWN_CALL, call->name.span,
                          "unknown flow or operation `%.*s`", SLICE_ARG(name));
  diag->label = "neither a flow of this agent nor an operation";
  if (check_is_heard(c)) help_callee(c, name, diag);
}

/* ---- operations ---------------------------------------------------------- */

/* `prompt: x` is the first argument written by name. One too many stays among
 * the attributes, where it is reported. */
static void take_prompt(AstCall *call) {
  AstAttr **link = &call->attrs;
  while (*link && !slice_equal_text((*link)->name.text, "prompt")) {
    link = &(*link)->next;
  }
  if (*link == NULL || call->args != NULL) return;
  call->args = (*link)->value;
  call->arg_count = 1;
  *link = (*link)->next;
}

/* All names of operations, and older ones. */
static void collect_ops(Check *c) {
  for (uint32_t i = 0; i < OP_COUNT; i++) {
    Slice name = slice_of(op_table[i].text);
    Op op;
    if (op_find_callable(name, &op)) map_set(&c->ops, name, op);
  }
  map_set(&c->ops, SLICE("rsn"), OP_ASK);
  map_set(&c->ops, SLICE("llm"), OP_ASK);
  map_set(&c->ops, SLICE("wait_all"), OP_WAIT);
}

static void warn_legacy(Check *c, const AstCall *call) {
  const char *name = op_table[call->op].text;
  if (slice_equal_text(call->name.text, name)) return;
  Diag *diag = diag_report(c->sink, DIAG_LEGACY, call->name.span,
                           "`%.*s` is called `%s` now",
                           SLICE_ARG(call->name.text), name);
  diag->label = "an older name";
  diag->help = diag_text(c->sink, "write `%s`", name);
  diag->replacement = name;
}

static void check_callee(Check *c, AstExpr *expr) {
  AstCall *call = expr->u.call;
  uint32_t op;
  if (call->agent.text.length > 0) {
    resolve_agent_flow(c, call);
    return;
  }
  AstFlow *flow = find_flow(c, c->flow->agent, call->name.text);
  if (flow != NULL) {
    set_flow(c, call, flow);
  } else if (slice_equal_text(call->name.text, "file")) {
    check_file(c, expr);
  } else if (map_get(&c->ops, call->name.text, &op)) {
    call->callee = CALLEE_OP;
    call->op = (Op)op;
    warn_legacy(c, call);
    if (op_table[op].effect == EFFECT_MODEL) take_prompt(call);
  } else {
    report_callee(c, call);
  }
}

/* ---- over the tree ------------------------------------------------------- */

static void visit_call(void *context, AstExpr *expr) {
  if (expr->kind == EXPR_CALL) check_callee(context, expr);
}

void check_callees(Check *c) {
  collect_ops(c);
  for (uint32_t i = 0; i < c->flows.length; i++) {
    c->flow = c->flows.data[i];
    vec_push(&c->first_call, c->calls.length);
    vec_push(&c->endless, false);
    check_visit_block(&c->flow->body, visit_call, c);
  }
  vec_push(&c->first_call, c->calls.length);
  c->flow = NULL;
}
