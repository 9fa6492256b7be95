/* SPDX-License-Identifier: MIT
 *
 * One flow: its parameters, its statements, and whether it returns on every
 * path. May be asked for more than once, of a flow that calls itself: then the
 * first times are silent and only want to know the result's type.
 */
#include "compiler/check/body.h"
#include "compiler/check/check_int.h"
#include "compiler/check/help.h"

static void begin(Check *c, AstFlow *flow) {
  Body *body = &c->body;
  c->flow = flow;
  check_scope_begin(&body->scope);
  body->unreachable = false;
  body->loops = 0;
  body->whiles = 0;
  body->result = TYPE_NONE;
  body->told = NULL;
  body->exporting.length = 0;
  body->braces.length = 0;
  body->compared.length = 0;
  body->assigns.length = 0;
  body->model_calls = 0;
  body->idle.length = 0;
}

static void bind_params(Check *c, const AstFlow *flow) {
  for (AstParam *param = flow->params; param; param = param->next) {
    param->binding->used = param->binding->assigned = false;
    param->binding->unread = NULL;
    const Visible *first = check_scope_find(&c->body.scope, param->name.text);
    if (first == NULL) {
      check_scope_bind(&c->body.scope, param->binding, NULL);
      continue;
    }
    Diag *diag = check_fail(c, DIAG_SAME_PARAM, param->name.span,
                            "two parameters are called `%.*s`",
                            SLICE_ARG(param->name.text));
    diag->label = "the second one";
    diag->related = first->binding->name.span;
    diag->related_label = "the first one";
  }
}

/* Where a path through a block that returns nothing goes: the arm or construct
 * at its end. NULL: the end of the block itself. */
static const AstArm *find_open_arm(const AstBlock *block) {
  const AstArm *open = NULL;
  for (;;) {
    const AstStmt *last = ast_last_stmt(block);
    bool arms = last && (last->kind == STMT_IF || last->kind == STMT_SWITCH ||
                         last->kind == STMT_TRY);
    if (!arms) return open;
    const AstArm *arm = last->control->arms;
    while (arm != NULL && arm->body.ends) arm = arm->next;
    if (arm == NULL) return open; /* there is no else */
    open = arm;
    block = &arm->body;
  }
}

static void report_no_return(Check *c, const AstFlow *flow, TypeId result) {
  Diag *diag =
      check_fail(c, DIAG_MISSING_RETURN, flow->end_span,
                 c->body.told || flow->body.returns
                     ? "`%.*s` does not return on every path"
                     : "`%.*s` ends without a return",
                 SLICE_ARG(flow->name.text));
  if (!check_is_heard(c)) return;
  diag->label = diag_text(c->sink, "a value of type %s is due here",
                          check_type_text(c, result));
  const AstArm *open = flow->body.returns ? find_open_arm(&flow->body) : NULL;
  if (open != NULL) {
    diag->related = open->span;
    diag->related_label = "this arm does not return";
  } else if (flow->declared != NULL) {
    diag->related = flow->declared->span;
    diag->related_label = "promised here";
  } else {
    diag->related = c->body.told->span;
    diag->related_label = "other paths return a value";
  }
}

/* What a reader after the construct reads is read in its arms: the outer names
 * first, since exports may be of exports. */
static void spread_use(const Check *c) {
  for (uint32_t i = c->body.exporting.length; i > 0; i--) {
    const AstControl *control = c->body.exporting.data[i - 1];
    const AstExport *exported = control->exports;
    for (; exported != NULL; exported = exported->next) {
      if (!exported->binding->used) continue;
      for (uint32_t arm = 0; arm < control->arm_count; arm++) {
        if (exported->inner[arm]) exported->inner[arm]->used = true;
      }
    }
  }
}

static TypeId result_of(Check *c, const AstFlow *flow) {
  TypeId result = flow->declared || flow->lost_head ? flow->result
                                                    : c->body.result;
  if (!flow->declared && c->body.told == NULL && !flow->body.returns) {
    result = flow->lost_body || flow->lost_head ? TYPE_NONE : TYPE_VOID;
  }
  bool due = result != TYPE_VOID && result != TYPE_NONE;
  bool whole = !flow->lost_body && !flow->lost_head;
  if (due && whole && !flow->body.ends) report_no_return(c, flow, result);
  return result;
}

/* Remembers the first of the annotations that say something of model calls, if
 * there has been none since `before`. */
void check_idle_marks(Check *c, const AstMark *mark, uint32_t before) {
  if (c->body.model_calls > before) return;
  while (mark != NULL && mark->value == NULL) mark = mark->next;
  if (mark != NULL) vec_push(&c->body.idle, mark);
}

TypeId check_body(Check *c, AstFlow *flow) {
  begin(c, flow);
  bind_params(c, flow);
  check_marks(c, flow->marks);
  check_block(c, &flow->body, false);
  check_idle_marks(c, flow->marks, 0);
  spread_use(c);
  return result_of(c, flow);
}
