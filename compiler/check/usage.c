/* SPDX-License-Identifier: MIT
 *
 * Warnings of a flow without errors: what is written but has no effect.
 * Nothing after the end of a block counts, neither as a reader nor as something
 * to warn of but once: the program is built without it.
 */
#include "compiler/check/body.h"
#include "compiler/check/check_int.h"
#include "compiler/check/help.h"
#include "compiler/check/visit.h"

/* ---- results nobody reads ------------------------------------------------ */

static bool is_model_call(const AstExpr *expr) {
  return expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_OP &&
         op_table[expr->u.call->op].effect == EFFECT_MODEL;
}

static void keep_model_call(void *context, AstExpr *expr) {
  AstExpr **found = context;
  if (*found == NULL && is_model_call(expr)) *found = expr;
}

/* What a called flow is given is read by it. */
static bool is_flow_call(const AstExpr *expr) {
  return expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_FLOW;
}

/* The first model call in an expression whose result nothing else reads. */
static const AstExpr *find_model_call(AstExpr *expr) {
  AstExpr *found = NULL;
  if (expr == NULL || is_flow_call(expr)) return NULL;
  check_visit_expr(expr, keep_model_call, &found);
  return found;
}

/* A model call costs money, so it is named before anything else. */
static void warn_result(Check *c, const AstExpr *call, Span span,
                        const char *label) {
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_RESULT, span,
                           "the result of `%.*s` is never read",
                           SLICE_ARG(call->u.call->name.text));
  diag->label = label;
  diag->help = "the call is removed at -O1; bind it with `-> _` to keep it";
}

/* `_name` says that it is meant. */
static bool is_meant(Slice name) {
  return name.length == 0 || name.data[0] == '_';
}

static void warn_assigned(Check *c, const AstBinding *binding) {
  Diag *diag = diag_report(c->sink, DIAG_UNREAD_ASSIGNMENT, binding->name.span,
                           "`%.*s` is assigned but never read",
                           SLICE_ARG(binding->name.text));
  diag->label = "bound here";
  diag->help = "remove it and its assignments";
}

/* NULL: said, or there is nothing to say. */
static Diag *warn_name(Check *c, const AstBinding *binding, AstExpr *value) {
  if (binding == NULL || binding->used || is_meant(binding->name.text)) {
    return NULL;
  }
  if (binding->assigned) {
    warn_assigned(c, binding);
    return NULL;
  }
  const AstExpr *model = find_model_call(value);
  if (model != NULL) {
    warn_result(c, model, binding->name.span, "nothing reads this name");
    return NULL;
  }
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_NAME, binding->name.span,
                           "`%.*s` is never read",
                           SLICE_ARG(binding->name.text));
  diag->label = "bound here";
  diag->help = "bind a value that is not needed to `_`";
  diag->replacement = "_";
  return diag;
}

static void help_remove(const Check *c, const AstStmt *stmt, Diag *diag) {
  diag->help = "remove the statement";
  diag->replacement = NULL;
  if (!check_is_balanced(check_source_text(c, stmt->span))) return;
  diag->replacement = "";
  diag->replaced = stmt->span;
}

static void warn_targets(Check *c, const AstStmt *stmt) {
  if (stmt->kind == STMT_ASSIGN) return;
  const AstTarget *target = &stmt->target;
  bool plain = stmt->kind == STMT_BIND && target->next == NULL;
  for (; target != NULL; target = target->next) {
    Diag *diag = warn_name(c, target->binding, plain ? stmt->expr : NULL);
    bool idle = plain && stmt->expr->kind != EXPR_CALL;
    if (diag != NULL && idle) help_remove(c, stmt, diag);
  }
}

/* A call of a flow, or of an operation with an effect, is there for what it
 * does; so is a guard. */
static bool acts(const AstExpr *expr) {
  if (expr->kind != EXPR_CALL) return false;
  const AstCall *call = expr->u.call;
  if (call->callee == CALLEE_FLOW) return true;
  Effect effect = op_table[call->op].effect;
  return effect == EFFECT_OUTPUT || effect == EFFECT_FAIL ||
         call->op == OP_GUARD || call->op == OP_FENCE;
}

static void warn_value(Check *c, const AstStmt *stmt) {
  if (acts(stmt->expr)) return;
  const AstExpr *model = find_model_call(stmt->expr);
  if (model != NULL) {
    warn_result(c, model, model->span, "its value goes nowhere");
    return;
  }
  Diag *diag = diag_report(c->sink, DIAG_UNUSED_VALUE, stmt->expr->span,
                           "the value of this statement is never used");
  diag->label = "its value goes nowhere";
  diag->help = "bind it with `-> name`, or remove it";
}

/* ---- what is never reached ----------------------------------------------- */

static void warn_unreachable(Check *c, const AstStmt *after,
                             const AstStmt *stmt) {
  Diag *diag = diag_report(c->sink, DIAG_UNREACHABLE, stmt->span,
                           "this is never reached");
  diag->label = "and what follows it neither";
  if (stmt->next == NULL) diag->label = "left out";
  diag->related = after->control ? after->control->word : after->span;
  diag->related_label = "the block ends here";
}

static void warn_cases(Check *c, const AstStmt *stmt) {
  if (stmt->expr->kind != EXPR_TEXT) return;
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    if (arm->kind != ARM_CASE) continue;
    if (slice_equal(arm->label->u.text, stmt->expr->u.text)) continue;
    Diag *diag = diag_report(c->sink, DIAG_UNREACHABLE_CASE, arm->label->span,
                             "this case never matches");
    diag->label = "not what the `switch` looks at";
    diag->related = stmt->expr->span;
    diag->related_label = "always this text";
  }
}

static bool is_constant(const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
    case EXPR_NUM:
    case EXPR_BOOL:
    case EXPR_NULL:
      return true;
    case EXPR_UNARY:
      return is_constant(expr->u.operation.left);
    case EXPR_BINARY:
      return is_constant(expr->u.operation.left) &&
             is_constant(expr->u.operation.right);
    default:
      return false;
  }
}

/* `while (true, max: n)` is how to repeat something n times. */
static void warn_condition(Check *c, const AstStmt *stmt) {
  const AstExpr *condition = stmt->expr;
  if (!is_constant(condition)) return;
  if (stmt->kind == STMT_WHILE && condition->kind == EXPR_BOOL &&
      condition->u.boolean) {
    return;
  }
  Diag *diag = diag_report(c->sink, DIAG_CONSTANT_CONDITION, condition->span,
                           "this condition is always the same");
  diag->label = "reads nothing that could change";
}

/* ---- inside expressions -------------------------------------------------- */

/* The model call that a name or an expression stands for, or NULL. */
static const AstExpr *reply_of(const AstExpr *expr) {
  for (int steps = 0; steps < LIMIT_EXPR_DEPTH; steps++) {
    if (is_model_call(expr)) return expr;
    if (expr->kind != EXPR_NAME || expr->u.name.binding == NULL) return NULL;
    const AstBinding *binding = expr->u.name.binding;
    if (binding->value == NULL || binding->assigned) return NULL;
    expr = binding->value;
  }
  return NULL;
}

static void warn_compared(Check *c, const AstExpr *expr) {
  const AstExpr *left = expr->u.operation.left;
  const AstExpr *right = expr->u.operation.right;
  const AstExpr *literal = left->kind == EXPR_TEXT ? left : right;
  const AstExpr *other = literal == left ? right : left;
  const AstExpr *reply = reply_of(other);
  if (reply == NULL || literal->u.text.length == 0) return;
  Diag *diag = diag_report(c->sink, DIAG_REPLY_COMPARED, expr->span,
                           "`%s` compares a model's reply letter by letter",
                           op_table[expr->u.operation.op].text);
  diag->label = "a model may answer `Yes.` for `yes`";
  if (reply != other) {
    diag->related = reply->span;
    diag->related_label = "the reply comes from here";
  }
  diag->help = "`switch` matches without regard to case and punctuation; or "
               "compare lower(trim(...))";
}

/* The caret goes under the braces themselves, if they stand in the source as
 * they are in the text. */
static Span braces_span(const Check *c, const PlainBraces *braces) {
  Span span = braces->text->span;
  Slice source = check_source_text(c, span);
  for (size_t i = 0; i + braces->name.length + 2 <= source.length; i++) {
    if (source.data[i] != '{') continue;
    const char *at = source.data + i + 1;
    if (memcmp(at, braces->name.data, braces->name.length) == 0 &&
        at[braces->name.length] == '}') {
      return (Span){span.start + (uint32_t)i,
                    (uint32_t)braces->name.length + 2};
    }
  }
  return span;
}

static void warn_braces(Check *c) {
  for (uint32_t i = 0; i < c->body.braces.length; i++) {
    const PlainBraces *braces = &c->body.braces.data[i];
    Slice name = braces->name;
    Span span = braces_span(c, braces);
    Diag *diag = diag_report(c->sink, DIAG_PLAIN_BRACES, span,
                             "`{%.*s}` is plain text here", SLICE_ARG(name));
    diag->label = "not the value of the name";
    diag->help = diag_text(c->sink, "`{{%.*s}}` is its value, `\\{%.*s}` says "
                                    "that the braces are meant",
                           SLICE_ARG(name), SLICE_ARG(name));
    if (span.length != name.length + 2) continue;
    diag->replacement = diag_text(c->sink, "{{%.*s}}", SLICE_ARG(name));
  }
}

/* ---- over the tree ------------------------------------------------------- */

static void warn_block(Check *c, const AstBlock *block, bool wanted);

static void warn_control(Check *c, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  bool condition = stmt->kind == STMT_IF || stmt->kind == STMT_WHILE;
  if (condition) warn_condition(c, stmt);
  if (stmt->kind == STMT_SWITCH) warn_cases(c, stmt);
  Diag *diag = warn_name(c, control->variable_binding, NULL);
  if (diag != NULL) diag->help = "call it `_` if that is meant";
  for (const AstArm *arm = control->arms; arm; arm = arm->next) {
    warn_block(c, &arm->body, control->value_wanted);
  }
}

static void warn_block(Check *c, const AstBlock *block, bool wanted) {
  for (const AstStmt *stmt = block->first; stmt; stmt = stmt->next) {
    bool is_value = wanted && stmt->next == NULL;
    if (stmt->kind == STMT_EXPR && !is_value) warn_value(c, stmt);
    warn_targets(c, stmt);
    if (stmt->control != NULL) warn_control(c, stmt);
    if (!check_stmt_ends(stmt)) continue;
    if (stmt->next != NULL) warn_unreachable(c, stmt, stmt->next);
    return;
  }
}

/* Of names that are read elsewhere: else one message tells it all. */
static void warn_assigns(Check *c) {
  for (uint32_t i = 0; i < c->body.assigns.length; i++) {
    const AstStmt *stmt = c->body.assigns.data[i];
    const AstBinding *binding = stmt->target.binding;
    if (binding->unread != stmt || !binding->used) continue;
    Slice name = binding->name.text;
    Diag *diag = diag_report(c->sink, DIAG_UNREAD_ASSIGNMENT,
                             stmt->target.name.span,
                             "what is assigned to `%.*s` is never read",
                             SLICE_ARG(name));
    diag->label = "nothing reads the name after this";
    diag->help = "remove the assignment, or read the name";
  }
}

static void warn_params(Check *c, const AstFlow *flow) {
  for (const AstParam *param = flow->params; param; param = param->next) {
    Slice name = param->name.text;
    if (param->binding->used || is_meant(name)) continue;
    Diag *diag = diag_report(c->sink, DIAG_UNUSED_PARAM, param->name.span,
                             "parameter `%.*s` is never read", SLICE_ARG(name));
    diag->label = "not used in this flow";
    diag->help =
        diag_text(c->sink, "call it `_%.*s` if that is meant", SLICE_ARG(name));
    diag->replacement = diag_text(c->sink, "_%.*s", SLICE_ARG(name));
  }
}

static void warn_marks(Check *c) {
  for (uint32_t i = 0; i < c->body.idle.length; i++) {
    const AstMark *mark = c->body.idle.data[i];
    Diag *diag =
        diag_report(c->sink, DIAG_IDLE_MARK, mark->span,
                    "`%s` without a model call", mark_table[mark->mark].text);
    diag->label = "there is none in what follows";
    diag->help = "it is for the calls that are written here; a flow that is "
                 "called has its own";
  }
}

void check_usage(Check *c, AstFlow *flow) {
  c->flow = flow;
  warn_marks(c);
  warn_params(c, flow);
  warn_braces(c);
  for (uint32_t i = 0; i < c->body.compared.length; i++) {
    warn_compared(c, c->body.compared.data[i]);
  }
  warn_assigns(c);
  if (flow->body.first == NULL) {
    Diag *diag = diag_report(c->sink, DIAG_EMPTY_FLOW, flow->name.span,
                             "flow `%.*s` has no statements",
                             SLICE_ARG(flow->name.text));
    diag->label = "does nothing";
  }
  warn_block(c, &flow->body, false);
}

/* ---- agents -------------------------------------------------------------- */

void check_items(Check *c, const AstAgent *agent) {
  static const char *const words[] = {
      [ITEM_MEMORY] = "memory",       [ITEM_BELIEF] = "beliefs",
      [ITEM_GOAL] = "goals",          [ITEM_CAPABILITY] = "capability",
      [ITEM_TOOLS] = "tools",         [ITEM_DISCOVERABLE] = "discoverable",
      [ITEM_HANDLER] = "on",
  };
  bool told[sizeof words / sizeof *words] = {false};
  for (const AstItem *item = agent->items; item; item = item->next) {
    if (told[item->kind]) continue;
    told[item->kind] = true;
    Diag *diag = diag_report(c->sink, DIAG_UNUSED_ITEM, item->span,
                             "this version does not use `%s`",
                             words[item->kind]);
    diag->label = "read, and then left alone";
  }
}
