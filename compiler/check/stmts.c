/* SPDX-License-Identifier: MIT
 *
 * Statements without a body, and blocks of statements: what is bound, assigned
 * and returned, and whether the end of a block is reached.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"
#include "compiler/check/written.h"

/* ---- binding names ------------------------------------------------------- */

static void report_twice(Check *c, const AstName *name,
                         const AstBinding *first, const AstStmt *stmt) {
  Diag *diag = check_fail(c, DIAG_BOUND_TWICE, name->span,
                          "`%.*s` is already bound", SLICE_ARG(name->text));
  diag->label = "bound again here";
  diag->related = first->name.span;
  diag->related_label =
      first->is_param ? "it is a parameter" : "first bound here";
  diag->help = "give the second value a name of its own";
  if (!check_is_heard(c) || stmt == NULL) return;
  diag->help = diag_text(c->sink, "give the second value a name of its own, or "
                                  "assign it: %.*s = ...",
                         SLICE_ARG(name->text));
  check_fix_as_assignment(c, stmt, diag);
}

static void report_hiding(Check *c, const AstName *name,
                          const AstBinding *outer, const AstStmt *stmt) {
  Diag *diag = check_fail(c, DIAG_HIDES_NAME, name->span,
                          "`%.*s` is already bound around this block",
                          SLICE_ARG(name->text));
  diag->label = "this would hide it";
  diag->related = outer->name.span;
  diag->related_label = outer->is_param ? "it is a parameter" : "bound here";
  if (!check_is_heard(c)) return;
  if (stmt == NULL) {
    diag->help = "choose another name";
    return;
  }
  check_fix_as_assignment(c, stmt, diag);
  diag->help = diag_text(c->sink, "assign to it, `%.*s = ...`, or choose "
                                  "another name",
                         SLICE_ARG(name->text));
}

/* `stmt` could assign instead; NULL: it could not. */
AstBinding *check_bind(Check *c, const AstName *name, TypeId type,
                       const AstStmt *stmt) {
  AstBinding *binding = ARENA_NEW(c->arena, AstBinding);
  binding->name = *name;
  binding->type = type;
  if (name->text.length == 0 || slice_equal_text(name->text, "_")) {
    return binding;
  }
  const Visible *visible = check_scope_find(&c->body.scope, name->text);
  const AstBinding *first = visible ? visible->binding : NULL;
  bool lost = stmt && stmt->expr && stmt->expr->kind == EXPR_ERROR;
  bool fits = first && check_fits(c, type, first->type);
  if (first == NULL) {
    check_scope_bind(&c->body.scope, binding, NULL);
  } else if (lost) {
    /* The statement was not understood: one message is enough. */
  } else if (check_scope_is_inner(&c->body.scope, visible)) {
    report_twice(c, name, first, fits ? stmt : NULL);
  } else {
    report_hiding(c, name, first, fits ? stmt : NULL);
    check_scope_bind(&c->body.scope, binding, visible);
  }
  return binding;
}

/* ---- targets ------------------------------------------------------------- */

static void report_declared(Check *c, const AstTarget *target,
                            const AstExpr *value, Span span, TypeId type) {
  TypeId declared = target->declared_type;
  Diag *diag = check_fail(c, DIAG_BINDING_TYPE, span,
                          "`%.*s` is declared as %s, not %s",
                          SLICE_ARG(target->name.text),
                          check_type_text(c, declared),
                          check_type_text(c, type));
  diag->label = check_this_is(c, type);
  diag->related = target->declared->span;
  diag->related_label = "declared here";
  if (value != NULL) check_help_value(c, value, declared, diag);
}

/* Binds one name to a value of that type. `value` may be NULL. */
static void bind_target(Check *c, AstStmt *stmt, AstTarget *target,
                        AstExpr *value, Span span, TypeId type) {
  TypeId declared = TYPE_NONE;
  if (target->declared != NULL) {
    declared = check_value_type(c, target->declared, "a name");
  }
  target->declared_type = declared;
  target->binding = NULL;
  bool converts = type == TYPE_JSON; /* when it runs */
  if (declared != TYPE_NONE && !converts && !check_fits(c, type, declared)) {
    report_declared(c, target, value, span, type);
  }
  if (slice_equal_text(target->name.text, "_")) return;
  target->binding = check_bind(
      c, &target->name, target->declared != NULL ? declared : type, stmt);
  target->binding->value = value;
}

static void report_parts(Check *c, Span span, TypeId type) {
  Diag *diag = check_fail(c, DIAG_PARTS_TYPE, span,
                          "%s has no parts to bind", check_type_text(c, type));
  diag->label = check_this_is(c, type);
  diag->help = "several names take the items of a list or json, or the fields "
               "of a record";
}

static void report_parts_count(Check *c, const AstStmt *stmt, TypeId type,
                               uint32_t names, uint32_t fields) {
  Diag *diag = check_fail(c, DIAG_PARTS_COUNT, stmt->target.name.span,
                          "%u names for the %u fields of `%s`", names, fields,
                          check_type_text(c, type));
  diag->label = names < fields ? "too few names" : "too many names";
  diag->help = "`_` discards a field";
}

/* `-> a, b`: items of a list or of json, or the fields of a record. */
static void bind_parts(Check *c, AstStmt *stmt, Span span, TypeId type) {
  TypeKind kind = check_kind(c, type);
  TypeView view = type_table_view(c->types);
  const TypeRecord *record = NULL;
  TypeId item = TYPE_NONE;
  if (kind == TYPE_KIND_RECORD) {
    record = &view.records[view.rows[type].element];
  } else if (kind == TYPE_KIND_LIST) {
    item = check_element(c, type);
  } else if (type == TYPE_JSON) {
    item = TYPE_JSON;
  } else if (type != TYPE_NONE) {
    report_parts(c, span, type);
  }
  uint32_t index = 0;
  uint32_t fields = record ? record->field_count : 0;
  uint32_t first_field = record ? record->first_field : 0;
  for (AstTarget *target = &stmt->target; target; target = target->next) {
    TypeId part = item;
    if (index < fields) part = c->types->fields.data[first_field + index].type;
    bind_target(c, stmt, target, NULL, target->name.span, part);
    index++;
  }
  if (record && index != fields) {
    report_parts_count(c, stmt, type, index, fields);
  }
}

/* Binds the names of a statement that has some. */
void check_targets(Check *c, AstStmt *stmt, AstExpr *value, TypeId type) {
  Span span = value != NULL ? value->span : stmt->target.name.span;
  if (stmt->target.name.text.length == 0) return;
  if (stmt->target.next != NULL) {
    bind_parts(c, stmt, span, type);
  } else {
    bind_target(c, stmt, &stmt->target, value, span, type);
  }
}

/* ---- statements ---------------------------------------------------------- */

static bool discards(const AstStmt *stmt) {
  return stmt->target.next == NULL && stmt->target.declared == NULL &&
         slice_equal_text(stmt->target.name.text, "_");
}

/* `err` and `fence` are statements: there is nothing of theirs to discard. */
static bool is_bare_op(const AstExpr *expr) {
  bool op = expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_OP;
  if (!op) return false;
  return expr->u.call->op == OP_ERR || expr->u.call->op == OP_FENCE;
}

static void check_bind_stmt(Check *c, AstStmt *stmt) {
  bool any = discards(stmt) && !is_bare_op(stmt->expr);
  TypeId type = any ? check_expr(c, stmt->expr) : check_value(c, stmt->expr);
  check_targets(c, stmt, stmt->expr, type);
}

static void report_unbound(Check *c, const AstName *name) {
  Diag *diag = check_fail(c, DIAG_ASSIGN_UNBOUND, name->span,
                          "nothing binds `%.*s`", SLICE_ARG(name->text));
  diag->label = "assigned, but not bound before";
  if (!check_is_heard(c)) return;
  diag->help = diag_text(c->sink, "bind it: let %.*s = ...",
                         SLICE_ARG(name->text));
  diag->replacement = diag_text(c->sink, "let %.*s", SLICE_ARG(name->text));
  check_suggest_bound(c, name->text, diag);
}

/* What is assigned to; NULL when reported. */
static AstBinding *find_assigned(Check *c, const AstName *name) {
  const Visible *visible = check_scope_find(&c->body.scope, name->text);
  if (visible != NULL) return visible->binding;
  const Trace *trace = check_scope_find_trace(&c->body.scope, name->text);
  if (slice_equal_text(name->text, "_")) {
    Diag *diag = check_fail(c, DIAG_NAMELESS, name->span,
                            "`_` cannot be assigned");
    diag->label = "`_` only discards";
    diag->help = "`-> _` discards a value";
  } else if (trace != NULL) {
    check_report_trace(c, name, trace);
  } else if (!c->flow->lost_head) {
    report_unbound(c, name);
  }
  return NULL;
}

static void check_assign(Check *c, AstStmt *stmt) {
  TypeId type = check_value(c, stmt->expr);
  AstTarget *target = &stmt->target;
  target->declared_type = TYPE_NONE;
  target->binding = find_assigned(c, &target->name);
  if (target->binding == NULL) return;
  target->binding->assigned = true;
  /* What a step of a loop assigns, the next one may read. */
  if (c->body.loops + c->body.whiles == 0 && !c->body.unreachable) {
    target->binding->unread = stmt;
    vec_push(&c->body.assigns, stmt);
  }
  TypeId want = target->binding->type;
  if (check_fits(c, type, want)) return;
  Diag *diag = check_fail(c, DIAG_ASSIGN_TYPE, stmt->expr->span,
                          "`%.*s` is %s, not %s", SLICE_ARG(target->name.text),
                          check_type_text(c, want), check_type_text(c, type));
  diag->label = check_this_is(c, type);
  diag->related = target->binding->name.span;
  diag->related_label = "bound here";
  check_help_value(c, stmt->expr, want, diag);
  bool empty = check_kind(c, want) == TYPE_KIND_LIST &&
               c->types->rows.data[want].element == TYPE_NONE;
  if (empty && check_is_heard(c)) {
    diag->help = diag_text(c->sink, "say what it is a list of: let %.*s: %s = "
                                    "[]",
                           SLICE_ARG(target->name.text),
                           check_type_text(c, type));
  }
}

/* ---- return -------------------------------------------------------------- */

static void report_return(Check *c, const AstStmt *stmt, TypeId type) {
  const AstFlow *flow = c->flow;
  const char *actual = check_type_text(c, type);
  Span span = stmt->expr != NULL ? stmt->expr->span : stmt->span;
  Diag *diag = check_fail(
      c, DIAG_RETURN_TYPE, span, "`%.*s` returns %s, not %s",
      SLICE_ARG(flow->name.text), check_type_text(c, flow->result), actual);
  diag->label = stmt->expr ? check_this_is(c, type) : "returns nothing";
  diag->related = flow->declared->span;
  diag->related_label = "declared here";
  if (stmt->expr) check_help_value(c, stmt->expr, flow->result, diag);
}

static void report_conflict(Check *c, const AstStmt *stmt, TypeId type) {
  Span span = stmt->expr != NULL ? stmt->expr->span : stmt->span;
  Diag *diag = check_fail(c, DIAG_RETURN_CONFLICT, span,
                          "`%.*s` returns values of different types",
                          SLICE_ARG(c->flow->name.text));
  diag->label = stmt->expr ? check_this_is(c, type) : "returns nothing";
  diag->related = c->body.told->span;
  diag->related_label = c->body.told->expr ? check_this_is(c, c->body.result)
                                           : "returns nothing";
}

/* The common type of all returns is the type of a flow that declares none. */
static void note_return(Check *c, const AstStmt *stmt, TypeId type) {
  Body *body = &c->body;
  if (body->unreachable || type == TYPE_NONE) return;
  bool nothing = type == TYPE_VOID;
  bool conflict =
      body->told != NULL && (body->result == TYPE_VOID) != nothing;
  if (!conflict && !nothing) {
    conflict = !check_common_type(c, body->result, type, &body->result);
  } else if (!conflict) {
    body->result = TYPE_VOID;
  }
  if (conflict) {
    report_conflict(c, stmt, type);
  } else if (body->told == NULL) {
    body->told = stmt;
  }
}

static void check_return(Check *c, const AstStmt *stmt) {
  if (c->body.loops > 0) {
    Diag *diag = check_fail(c, DIAG_RETURN_IN_LOOP, stmt->span,
                            "`return` inside a `loop`");
    diag->label = "the steps of a loop run side by side";
    diag->help = "bind the loop's list, `loop (...) { ... } -> xs`, and return "
                 "what is needed of it; `while` may return";
  }
  TypeId type = TYPE_VOID;
  if (stmt->expr != NULL) type = check_value(c, stmt->expr);
  if (c->flow->declared == NULL) {
    note_return(c, stmt, type);
  } else if (c->flow->result != TYPE_NONE &&
             !(check_fits(c, type, c->flow->result) &&
               (type == TYPE_NONE ||
                (type == TYPE_VOID) == (c->flow->result == TYPE_VOID)))) {
    report_return(c, stmt, type);
  }
}

/* ---- blocks -------------------------------------------------------------- */

static bool is_err(const AstExpr *expr) {
  return expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_OP &&
         expr->u.call->op == OP_ERR;
}

static bool arms_end(const AstStmt *stmt) {
  if (stmt->kind == STMT_LOOP || stmt->kind == STMT_WHILE) return false;
  if (stmt->kind == STMT_IF && stmt->control->arm_count < 2) return false;
  const AstArm *arm = stmt->control->arms;
  if (arm == NULL) return false;
  while (arm != NULL && arm->body.ends) arm = arm->next;
  return arm == NULL;
}

bool check_stmt_ends(const AstStmt *stmt) {
  if (stmt->kind == STMT_RETURN) return true;
  if (stmt->kind == STMT_EXPR) return is_err(stmt->expr);
  return stmt->control != NULL && arms_end(stmt);
}

static bool stmt_returns(const AstStmt *stmt) {
  if (stmt->kind == STMT_RETURN) return true;
  if (stmt->control == NULL) return false;
  const AstArm *arm = stmt->control->arms;
  while (arm != NULL && !arm->body.returns) arm = arm->next;
  return arm != NULL;
}

static void check_stmt(Check *c, AstStmt *stmt, bool wanted) {
  uint32_t calls = c->body.model_calls;
  check_marks(c, stmt->marks);
  switch (stmt->kind) {
    case STMT_BIND:
      check_bind_stmt(c, stmt);
      break;
    case STMT_ASSIGN:
      check_assign(c, stmt);
      break;
    case STMT_EXPR:
      check_expr(c, stmt->expr);
      break;
    case STMT_RETURN:
      check_return(c, stmt);
      break;
    default:
      check_control(c, stmt, wanted);
      break;
  }
  check_idle_marks(c, stmt->marks, calls);
}

static bool is_fence(const AstStmt *stmt) {
  return stmt->kind == STMT_EXPR && stmt->expr->kind == EXPR_CALL &&
         stmt->expr->u.call->callee == CALLEE_OP &&
         stmt->expr->u.call->op == OP_FENCE;
}

static void report_cuts(Check *c, const AstStmt *stmt) {
  Diag *diag = check_fail(c, DIAG_BLOCK_LIMIT, stmt->span,
                          "more than %d early returns and fences in one block",
                          LIMIT_EXPR_DEPTH);
  diag->label = "one too many";
  diag->help = "move a part of the block into a flow of its own";
}

void check_block(Check *c, AstBlock *block, bool wanted) {
  bool before = c->body.unreachable;
  uint32_t cuts = 0; /* statements after which the rest may not run */
  block->ends = block->returns = false;
  for (AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    bool last = stmt->next == NULL;
    check_stmt(c, stmt, wanted && last);
    if (block->ends) continue;
    bool returns = stmt_returns(stmt);
    block->returns = block->returns || returns;
    block->ends = check_stmt_ends(stmt);
    c->body.unreachable = before || block->ends;
    if (last || block->ends || !(returns || is_fence(stmt))) continue;
    if (++cuts == LIMIT_EXPR_DEPTH + 1) report_cuts(c, stmt);
  }
  c->body.unreachable = before;
}
