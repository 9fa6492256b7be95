/* SPDX-License-Identifier: MIT
 *
 * Calls: what the name means, how many arguments and of which types. A flow
 * of the own agent goes before an operation of that name; flows of other
 * agents are called as Agent.flow(...).
 */
#include "compiler/check/check_int.h"

/* ---- the callee ---------------------------------------------------------- */

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

static void set_flow(AstCall *call, AstFlow *flow) {
  call->callee = CALLEE_FLOW;
  call->flow = flow;
}

static void report_agent(Check *c, const AstCall *call) {
  Nearest nearest = nearest_new(call->agent.text, &c->guesses);
  for (uint32_t i = 0; i < c->agent.length; i++) {
    nearest_offer(&nearest, c->agent.data[i]->name.text);
  }
  Diag *diag = check_fail(c, DIAG_UNKNOWN_AGENT, call->agent.span,
                          "unknown agent `%.*s`", SLICE_ARG(call->agent.text));
  diag->label = "there is no such agent in this program";
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
    set_flow(call, flow);
    return;
  }
  Nearest nearest = nearest_new(call->name.text, &c->guesses);
  offer_flows(&nearest, agent);
  Diag *diag = check_fail(
      c, DIAG_UNKNOWN_FLOW, call->name.span, "agent `%.*s` has no flow `%.*s`",
      SLICE_ARG(call->agent.text), SLICE_ARG(call->name.text));
  diag->label = "not a flow of that agent";
  diag->related = agent->name.span;
  diag->related_label = "the agent";
  check_suggest(c, &nearest, diag);
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
    return;
  }
  Nearest nearest = nearest_new(name, &c->guesses);
  offer_flows(&nearest, c->flow->agent);
  for (uint32_t i = 0; i < OP_COUNT; i++) {
    Slice text = slice_of(op_table[i].text);
    Op op;
    if (op_find_callable(text, &op)) nearest_offer(&nearest, text);
  }
  check_suggest(c, &nearest, diag);
}

static void report_callee(Check *c, const AstCall *call) {
  Slice name = call->name.text;
  Diag *diag = check_fail(c, DIAG_UNKNOWN_CALL, call->name.span,
                          "unknown flow or operation `%.*s`", SLICE_ARG(name));
  diag->label = "neither a flow of this agent nor an operation";
  if (c->sink->error_count > LIMIT_DIAGNOSTICS) return; /* not kept */
  help_callee(c, name, diag);
}

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

void check_callee(Check *c, AstCall *call) {
  if (call->agent.text.length > 0) {
    resolve_agent_flow(c, call);
    return;
  }
  AstFlow *flow = find_flow(c, c->flow->agent, call->name.text);
  if (flow != NULL) {
    set_flow(call, flow);
  } else if (op_find_callable(call->name.text, &call->op)) {
    call->callee = CALLEE_OP;
    if (op_table[call->op].effect == EFFECT_MODEL) take_prompt(call);
  } else {
    report_callee(c, call);
  }
}

/* ---- arguments of flows -------------------------------------------------- */

static void report_count(Check *c, const AstCall *call) {
  uint32_t want = call->flow->param_count;
  Diag *diag = check_fail(c, DIAG_ARGUMENT_COUNT, call->name.span,
                          "`%.*s` takes %u argument%s, not %u",
                          SLICE_ARG(call->name.text), want,
                          want == 1 ? "" : "s", call->arg_count);
  diag->label =
      call->arg_count < want ? "too few arguments" : "too many arguments";
  diag->related = call->flow->span;
  diag->related_label = "declared here";
  diag->help = check_signature(c, call->flow);
}

static void check_argument(Check *c, const AstCall *call, const AstExpr *arg,
                           const AstParam *param) {
  TypeId want = param->binding->type;
  if (check_fits(c, arg->type, want)) return;
  Diag *diag = check_fail(
      c, DIAG_ARGUMENT_TYPE, arg->span, "`%.*s` of `%.*s` is %s, not %s",
      SLICE_ARG(param->name.text), SLICE_ARG(call->name.text),
      check_type_text(c, want), check_type_text(c, arg->type));
  diag->label = diag_text(c->sink, "this is %s", check_type_text(c, arg->type));
  diag->help = check_signature(c, call->flow);
}

static TypeId type_flow_call(Check *c, const AstCall *call) {
  const AstFlow *flow = call->flow;
  if (call->attrs != NULL) {
    Diag *diag = check_fail(c, DIAG_NAMED_ARGUMENT, call->attrs->name.span,
                            "a flow takes its arguments by position");
    diag->label = "named";
    diag->help = check_signature(c, flow);
    return flow->result;
  }
  if (flow->lost_head) return flow->result;
  if (call->arg_count != flow->param_count) {
    report_count(c, call);
    return flow->result;
  }
  const AstParam *param = flow->params;
  for (const AstExpr *arg = call->args; arg; arg = arg->next) {
    check_argument(c, call, arg, param);
    param = param->next;
  }
  return flow->result;
}

/* ---- operations ---------------------------------------------------------- */

static void check_prompt(Check *c, const AstExpr *expr) {
  const AstExpr *prompt = expr->u.call->args;
  bool empty = prompt->kind == EXPR_TEXT && prompt->u.text.length == 0;
  if (!empty || prompt->next != NULL) return;
  Diag *diag = check_fail(c, DIAG_EMPTY_PROMPT, prompt->span,
                          "`%.*s` with an empty prompt and no context",
                          SLICE_ARG(expr->u.call->name.text));
  diag->label = "there is nothing to send";
}

static TypeId op_type(Check *c, const AstCall *call) {
  switch (op_table[call->op].result) {
    case OP_RESULT_VOID:
      return TYPE_VOID;
    case OP_RESULT_TEXT:
      return TYPE_TEXT;
    case OP_RESULT_LIST: /* of this */
      return check_same_types(c, call->args, DIAG_WAIT_TYPES,
                              "a wait for values");
    case OP_RESULT_ANY:
      break;
  }
  return TYPE_NONE;
}

TypeId check_call_type(Check *c, AstExpr *expr) {
  AstCall *call = expr->u.call;
  if (call->callee == CALLEE_UNKNOWN) return TYPE_NONE;
  if (call->callee == CALLEE_FLOW) return type_flow_call(c, call);
  const OpInfo *info = &op_table[call->op];
  check_attributes(c, call);
  if (call->arg_count < info->min_inputs) {
    Diag *diag = check_fail(c, DIAG_NO_ARGUMENT, call->name.span,
                            "`%s` needs an argument", info->text);
    bool model = info->effect == EFFECT_MODEL;
    diag->label = model ? "a prompt is missing" : "a value is missing";
  } else if (info->effect == EFFECT_MODEL) {
    check_prompt(c, expr);
  }
  return op_type(c, call);
}
