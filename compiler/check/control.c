/* SPDX-License-Identifier: MIT
 *
 * Statements with bodies: conditions, cases, what arms are worth, and the names
 * that come out of them.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"
#include "compiler/check/written.h"

#include "core/base/fold.h"

static const char *word_of(const AstStmt *stmt) {
  switch (stmt->kind) {
    case STMT_IF:
      return "if";
    case STMT_SWITCH:
      return "switch";
    case STMT_LOOP:
      return "loop";
    case STMT_WHILE:
      return "while";
    case STMT_PARALLEL:
      return "parallel";
    default:
      return "try";
  }
}

/* ---- what arms are worth ------------------------------------------------- */

static TypeId target_value(const AstStmt *stmt, TypeId value) {
  const AstTarget *target = &stmt->target;
  if (target->next != NULL) return TYPE_VOID;
  if (target->binding != NULL) return target->binding->type;
  return target->declared != NULL ? target->declared_type : value;
}

static TypeId stmt_value(const Check *c, const AstStmt *stmt) {
  switch (stmt->kind) {
    case STMT_BIND:
      return target_value(stmt, stmt->expr->type);
    case STMT_ASSIGN:
      return stmt->target.binding ? stmt->target.binding->type : TYPE_NONE;
    case STMT_EXPR:
      return stmt->expr->type;
    case STMT_PARALLEL: {
      const AstArm *arm = stmt->control->arms;
      const AstStmt *last = arm ? ast_last_stmt(&arm->body) : NULL;
      return last ? stmt_value(c, last) : TYPE_VOID;
    }
    case STMT_WHILE:
    case STMT_RETURN:
      return TYPE_VOID;
    default:
      return stmt->target.name.text.length > 0
                 ? target_value(stmt, stmt->control->value)
                 : stmt->control->value;
  }
}

static TypeId block_value(Check *c, const AstBlock *block) {
  const AstStmt *last = ast_last_stmt(block);
  if (block->lost || c->flow->lost_body) return TYPE_NONE;
  return last ? stmt_value(c, last) : TYPE_VOID;
}

/* Where an arm's value comes from, for a caret. */
static Span value_span(const AstArm *arm) {
  const AstStmt *last = ast_last_stmt(&arm->body);
  if (last == NULL) return arm->body.span.length ? arm->body.span : arm->span;
  if (last->control != NULL) return last->control->word;
  return last->expr != NULL ? last->expr->span : last->span;
}

static const char *body_of(const AstStmt *stmt, const AstArm *arm) {
  if (arm->kind != ARM_BODY) return "";
  return stmt->kind == STMT_LOOP  ? " of the `loop`"
         : stmt->kind == STMT_TRY ? " of the `try`"
                                  : "";
}

static void report_no_value(Check *c, const AstStmt *stmt, const AstArm *arm) {
  Span span = arm->kind == ARM_BODY ? stmt->control->word : arm->span;
  Diag *diag = check_fail(c, DIAG_ARM_VALUE, span, "%s%s has no value",
                          check_arm_text(c, arm), body_of(stmt, arm));
  const AstStmt *last = ast_last_stmt(&arm->body);
  diag->label = last == NULL ? "it has no statements"
                             : "its last statement is worth nothing";
  if (last != NULL) {
    diag->related = value_span(arm);
    diag->related_label = "the last statement";
  }
  diag->help = "a block is worth what its last statement is: an expression, a "
               "binding or an assignment";
}

static void report_arm_types(Check *c, const AstStmt *stmt, const AstArm *arm,
                             TypeId type, const AstArm *first, TypeId common) {
  Diag *diag = check_fail(c, DIAG_ARM_TYPES, value_span(arm),
                          "the arms of `%s` are worth different types",
                          word_of(stmt));
  diag->label = check_this_is(c, type);
  diag->related = value_span(first);
  diag->related_label = check_this_is(c, common);
}

/* The common type of all arms that do not end; where all end there is never a
 * value, and any type will do. */
static TypeId arms_value(Check *c, const AstStmt *stmt) {
  TypeId common = TYPE_NONE;
  const AstArm *first = NULL;
  bool known = true;
  for (const AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    if (arm->body.ends) continue;
    TypeId type = block_value(c, &arm->body);
    if (type == TYPE_VOID) report_no_value(c, stmt, arm);
    known = known && type != TYPE_VOID && type != TYPE_NONE;
    if (first == NULL) first = arm;
    if (type == TYPE_VOID) continue;
    if (check_common_type(c, common, type, &common)) continue;
    report_arm_types(c, stmt, arm, type, first, common);
    return TYPE_NONE;
  }
  if (first == NULL) return TYPE_JSON;
  return known || c->silent ? common : TYPE_NONE;
}

/* ---- arms ---------------------------------------------------------------- */

/* The last statement of a block whose value is wanted is read. */
static void read_last(Check *c, const AstBlock *block) {
  const AstStmt *last = ast_last_stmt(block);
  if (last == NULL || c->body.unreachable || block->ends) return;
  AstBinding *binding = last->target.next ? NULL : last->target.binding;
  if (binding != NULL) check_read(c, binding);
}

/* `variable`, of a loop or a catch, may be NULL. */
static void check_arm(Check *c, AstStmt *stmt, AstArm *arm, uint32_t index,
                      const AstName *variable, TypeId type) {
  Scope *scope = &c->body.scope;
  uint32_t outer = check_scope_enter(scope);
  if (variable != NULL) {
    stmt->control->variable_binding = check_bind(c, variable, type, NULL);
  }
  bool wanted = stmt->control->value_wanted;
  check_block(c, &arm->body, wanted);
  if (wanted) read_last(c, &arm->body);
  check_scope_leave(scope, outer, index);
}

static void check_arms(Check *c, AstStmt *stmt) {
  uint32_t index = 0;
  for (AstArm *arm = stmt->control->arms; arm; arm = arm->next) {
    bool catches = arm->kind == ARM_CATCH;
    const AstName *variable = &stmt->control->variable;
    if (!catches || variable->text.length == 0) variable = NULL;
    TypeId type = catches ? check_error_type(c) : TYPE_NONE;
    check_arm(c, stmt, arm, index++, variable, type);
  }
}

/* ---- if ------------------------------------------------------------------ */

static void check_condition(Check *c, const AstStmt *stmt) {
  TypeId type = check_value(c, stmt->expr);
  if (type == TYPE_BOOL || type == TYPE_NONE) return;
  Diag *diag = check_fail(c, DIAG_CONDITION_TYPE, stmt->expr->span,
                          "the condition of `%s` is %s, not bool",
                          word_of(stmt), check_type_text(c, type));
  diag->label = check_this_is(c, type);
  check_help_value(c, stmt->expr, TYPE_BOOL, diag);
}

static bool is_else_if(const AstArm *arm) {
  const AstStmt *first = arm->body.first;
  return arm->kind == ARM_ELSE && !arm->body.braces && first != NULL &&
         first->kind == STMT_IF && first->next == NULL;
}

/* `if (c) f() else g() -> x` reads as if only g() were bound. */
static void want_braces(Check *c, const AstStmt *stmt) {
  if (stmt->target.name.text.length == 0) return;
  const AstArm *arm = stmt->control->arms;
  while (arm != NULL) {
    if (is_else_if(arm)) {
      arm = arm->body.first->control->arms;
      continue;
    }
    if (!arm->body.braces && !arm->body.lost) {
      Diag *diag = check_fail(c, DIAG_BARE_ARM, arm->body.span,
                              "an `if` that is bound needs braces");
      Slice text = check_source_text(c, arm->body.span);
      diag->label = "put { } around this";
      diag->related = stmt->target.name.span;
      diag->related_label = "bound here";
      diag->replacement = diag_text(c->sink, "{ %.*s }", SLICE_ARG(text));
    }
    arm = arm->next;
  }
}

/* `if (c) { ... } else f() -> x` binds the value of that arm alone, and nobody
 * can read it: both arms were meant. */
static void refuse_bare_target(Check *c, const AstStmt *stmt) {
  const AstArm *arm = stmt->control->arms;
  while (arm != NULL && arm->next != NULL) arm = arm->next;
  if (arm == NULL || arm->kind != ARM_ELSE || arm->body.braces) return;
  const AstStmt *only = arm->body.first;
  if (only == NULL || only->kind != STMT_BIND) return;
  const AstName *name = &only->target.name;
  bool arrow = only->expr->span.start < name->span.start;
  Trace *trace = check_scope_find_trace(&c->body.scope, name->text);
  if (!arrow || trace == NULL || trace->stmt != stmt) return;
  Diag *diag = check_fail(c, DIAG_BARE_ARM, only->expr->span,
                          "`-> %.*s` binds this arm alone",
                          SLICE_ARG(name->text));
  diag->label = "put { } around this to bind the whole `if`";
  Slice text = check_source_text(c, only->expr->span);
  diag->replacement = diag_text(c->sink, "{ %.*s }", SLICE_ARG(text));
  trace->told = true;
}

static void report_no_else(Check *c, const AstStmt *stmt) {
  Diag *diag = check_fail(c, DIAG_NO_ELSE, stmt->control->word,
                          "an `if` with a value needs an `else`");
  diag->label = "worth nothing when the condition is false";
  if (stmt->target.name.text.length == 0) return;
  diag->related = stmt->target.name.span;
  diag->related_label = "the value is bound here";
}

static void check_if(Check *c, AstStmt *stmt) {
  check_condition(c, stmt);
  check_arms(c, stmt);
  want_braces(c, stmt);
  if (!stmt->control->value_wanted) return;
  bool lost = stmt->control->arms == NULL || stmt->control->arms->body.lost;
  if (stmt->control->arm_count < 2 && !lost) {
    report_no_else(c, stmt);
    stmt->control->value = TYPE_NONE;
  } else {
    stmt->control->value = arms_value(c, stmt);
  }
}

/* ---- switch -------------------------------------------------------------- */

static void check_discriminant(Check *c, const AstStmt *stmt) {
  TypeId type = check_value(c, stmt->expr);
  if (type == TYPE_TEXT || type == TYPE_JSON || type == TYPE_NONE) return;
  Diag *diag = check_fail(c, DIAG_SWITCH_TYPE, stmt->expr->span,
                          "`switch` looks at a text, not at %s",
                          check_type_text(c, type));
  diag->label = check_this_is(c, type);
  check_help_value(c, stmt->expr, TYPE_TEXT, diag);
}

static Slice fold(Check *c, Slice label) {
  Buf text = {0};
  Error error = {0};
  if (fold_label(label, &text, &error) != STATUS_OK) return label;
  Slice folded = {arena_copy(c->arena, text.data, text.length), text.length};
  buf_free(&text);
  return folded;
}

static void report_label(Check *c, const AstArm *arm, const AstArm *first) {
  bool same = slice_equal(arm->label->u.text, first->label->u.text);
  Diag *diag = check_fail(c, DIAG_SAME_LABEL, arm->label->span,
                          same ? "the label \"%.*s\" is there twice"
                               : "the label \"%.*s\" matches what another does",
                          SLICE_ARG(arm->label->u.text));
  diag->label = "never reached";
  diag->related = first->label->span;
  diag->related_label = "matches first";
  if (same) return;
  diag->help = "labels match without regard to case and to the punctuation "
               "around them";
}

static void check_labels(Check *c, const AstControl *control) {
  Map labels = {0};
  VEC(const AstArm *) arms = {0};
  const AstArm *first_default = NULL;
  for (const AstArm *arm = control->arms; arm; arm = arm->next) {
    uint32_t first;
    if (arm->kind == ARM_DEFAULT && first_default != NULL) {
      Diag *diag = check_fail(c, DIAG_TWO_DEFAULTS, arm->span,
                              "a `switch` with two defaults");
      diag->label = "the second one";
      diag->related = first_default->span;
      diag->related_label = "the first one";
    }
    if (arm->kind == ARM_DEFAULT) first_default = arm;
    if (arm->kind != ARM_CASE || arm->label->kind != EXPR_TEXT) continue;
    Slice label = fold(c, arm->label->u.text);
    if (map_get(&labels, label, &first)) {
      report_label(c, arm, arms.data[first]);
      continue;
    }
    map_set(&labels, label, arms.length);
    vec_push(&arms, arm);
  }
  vec_free(&arms);
  map_free(&labels);
}

static bool has_cases(const AstControl *control) {
  const AstArm *arm = control->arms;
  while (arm != NULL && arm->kind != ARM_CASE) arm = arm->next;
  return arm != NULL;
}

static void check_switch(Check *c, AstStmt *stmt) {
  check_discriminant(c, stmt);
  if (!has_cases(stmt->control) && !c->flow->lost_body) {
    Diag *diag = check_fail(c, DIAG_NO_CASES, stmt->control->word,
                            "a `switch` without cases");
    diag->label = "there is nothing to choose from";
    diag->help = "write, for example: case \"yes\" => print(\"agreed\")";
  }
  check_labels(c, stmt->control);
  check_arms(c, stmt);
  if (stmt->control->value_wanted) stmt->control->value = arms_value(c, stmt);
}

/* ---- loop, while --------------------------------------------------------- */

/* The type of the loop's variable. */
static TypeId check_loop_list(Check *c, const AstStmt *stmt) {
  TypeId type = check_value(c, stmt->expr);
  if (type == TYPE_NONE) return TYPE_NONE;
  if (check_kind(c, type) == TYPE_KIND_LIST) return check_element(c, type);
  Diag *diag = check_fail(c, DIAG_LOOP_LIST, stmt->expr->span,
                          "`loop` goes over a list, not over %s",
                          check_type_text(c, type));
  diag->label = check_this_is(c, type);
  if (type == TYPE_NUM) {
    diag->help = "range(n) is the list of the numbers from 0 to n - 1";
  } else if (type == TYPE_TEXT) {
    diag->help = "lines(text) and split(text, \",\") make a list of a text";
  } else if (type == TYPE_JSON) {
    diag->help = "bind it with its type first: let items: list<json> = ...";
  }
  return TYPE_NONE;
}

static TypeId loop_value(Check *c, const AstStmt *stmt, const AstArm *arm) {
  TypeId value = block_value(c, &arm->body);
  if (arm->body.ends) return check_list_type(c, TYPE_NONE);
  if (value == TYPE_VOID) {
    report_no_value(c, stmt, arm);
    return TYPE_NONE;
  }
  if (value == TYPE_NONE) return TYPE_NONE;
  return check_list_of(c, value, stmt->control->word);
}

static void check_loop(Check *c, AstStmt *stmt) {
  AstControl *control = stmt->control;
  TypeId item = check_loop_list(c, stmt);
  check_control_attributes(c, stmt);
  AstArm *arm = control->arms;
  if (arm == NULL) return;
  c->body.loops++;
  check_arm(c, stmt, arm, 0, &control->variable, item);
  c->body.loops--;
  if (control->value_wanted) control->value = loop_value(c, stmt, arm);
}

static void check_while(Check *c, AstStmt *stmt) {
  check_condition(c, stmt);
  check_control_attributes(c, stmt);
  stmt->control->value_wanted = false;
  c->body.whiles++;
  check_arms(c, stmt);
  c->body.whiles--;
  if (stmt->target.name.text.length == 0) return;
  Diag *diag = check_fail(c, DIAG_NO_VALUE, stmt->target.name.span,
                          "`while` has no value");
  diag->label = "nothing to bind";
  diag->help = "assign to a name that is bound before it";
  stmt->control->value = TYPE_NONE;
}

/* ---- parallel, try ------------------------------------------------------- */

static void check_parallel(Check *c, AstStmt *stmt) {
  AstArm *arm = stmt->control->arms;
  bool wanted = stmt->control->value_wanted;
  if (arm == NULL) return;
  check_block(c, &arm->body, wanted);
  if (!wanted) return;
  read_last(c, &arm->body);
  stmt->control->value = arms_value(c, stmt);
}

static void check_try(Check *c, AstStmt *stmt) {
  check_arms(c, stmt);
  if (stmt->control->value_wanted) stmt->control->value = arms_value(c, stmt);
}

void check_control(Check *c, AstStmt *stmt, bool wanted) {
  AstControl *control = stmt->control;
  uint32_t base = c->body.scope.arms.length;
  control->value_wanted = wanted || stmt->target.name.text.length > 0;
  control->value = TYPE_VOID;
  switch (stmt->kind) {
    case STMT_IF:
      check_if(c, stmt);
      break;
    case STMT_SWITCH:
      check_switch(c, stmt);
      break;
    case STMT_LOOP:
      check_loop(c, stmt);
      break;
    case STMT_WHILE:
      check_while(c, stmt);
      break;
    case STMT_PARALLEL:
      check_parallel(c, stmt);
      break;
    default:
      check_try(c, stmt);
      break;
  }
  check_scope_merge(c, stmt, base);
  if (stmt->kind == STMT_IF) refuse_bare_target(c, stmt);
  check_targets(c, stmt, NULL, control->value);
}
