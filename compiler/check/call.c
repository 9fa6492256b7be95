/* SPDX-License-Identifier: MIT
 *
 * Calls of flows: how many arguments and of which types. (Those of operations
 * and functions are in functions.c, what a call means in callees.c.)
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"
#include "compiler/check/written.h"

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
  diag->label = check_this_is(c, arg->type);
  diag->help = check_signature(c, call->flow);
  check_help_value(c, arg, want, diag);
}

static void check_flow_call(Check *c, const AstCall *call) {
  const AstFlow *flow = call->flow;
  if (call->attrs != NULL) {
    Diag *diag = check_fail(c, DIAG_NAMED_ARGUMENT, call->attrs->name.span,
                            "a flow takes its arguments by position");
    diag->label = "named";
    diag->help = check_signature(c, flow);
    return;
  }
  if (flow->lost_head) return;
  if (call->arg_count != flow->param_count) {
    report_count(c, call);
    return;
  }
  const AstParam *param = flow->params;
  for (const AstExpr *arg = call->args; arg; arg = arg->next) {
    check_argument(c, call, arg, param);
    param = param->next;
  }
}

TypeId check_call(Check *c, AstExpr *expr) {
  AstCall *call = expr->u.call;
  check_values(c, call->args);
  if (call->callee == CALLEE_UNKNOWN) return TYPE_NONE;
  if (call->callee == CALLEE_OP) return check_function(c, expr);
  check_flow_call(c, call);
  return call->flow->result;
}
