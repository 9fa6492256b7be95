/* SPDX-License-Identifier: MIT
 *
 * The search goes down the tree and stops at the first thing whose name holds
 * the place; an expression around it is the answer when nothing inside is.
 * Statements that do not hold the place are passed over. Expressions are not,
 * since `a |> f(b)` is the tree of `f(a, b)`.
 */
#include "lsp/find.h"

static bool holds(Span span, uint32_t offset) {
  return offset >= span.start && offset - span.start <= span.length;
}

const AstAgent *find_agent(const AstProgram *program, Slice name) {
  for (const AstAgent *agent = program->agents; agent; agent = agent->next) {
    if (slice_equal(agent->name.text, name)) return agent;
  }
  return NULL;
}

const AstRecord *find_record(const AstProgram *program, Slice name) {
  for (const AstRecord *record = program->records; record;
       record = record->next) {
    if (slice_equal(record->name.text, name)) return record;
  }
  return NULL;
}

/* One search. Each step returns whether it has found something. */
typedef struct Search {
  const AstProgram *program;
  uint32_t offset;
  Found found;
} Search;

static bool is_at(Search *s, const AstName *name, FoundKind kind) {
  if (name->text.length == 0 || !holds(name->span, s->offset)) return false;
  s->found.kind = kind;
  s->found.span = name->span;
  return true;
}

static bool in_type(Search *s, const AstType *type) {
  for (; type != NULL; type = type->element) {
    if (is_at(s, &type->name, FOUND_TYPE)) {
      s->found.type = type;
      return true;
    }
  }
  return false;
}

/* ---- expressions --------------------------------------------------------- */

static bool in_expr(Search *s, const AstExpr *expr);

static bool in_list(Search *s, const AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) {
    if (in_expr(s, expr)) return true;
  }
  return false;
}

static bool in_attrs(Search *s, const AstAttr *attr, const AstCall *call) {
  for (; attr != NULL; attr = attr->next) {
    if (is_at(s, &attr->name, FOUND_ATTR)) {
      s->found.attr = attr;
      s->found.call = call;
      return true;
    }
    if (in_expr(s, attr->value)) return true;
  }
  return false;
}

static bool in_call(Search *s, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  if (is_at(s, &call->agent, FOUND_AGENT)) {
    s->found.agent = find_agent(s->program, call->agent.text);
    return true;
  }
  FoundKind kind = call->callee == CALLEE_FLOW ? FOUND_FLOW
                   : call->callee == CALLEE_OP ? FOUND_OP
                                               : FOUND_EXPR;
  if (is_at(s, &call->name, kind)) {
    s->found.flow = call->flow;
    s->found.call = call;
    s->found.expr = expr;
    return true;
  }
  return in_list(s, call->args) || in_attrs(s, call->attrs, call);
}

/* What stands in an expression that is made of others. */
static bool in_parts(Search *s, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_CONCAT:
    case EXPR_LIST:
      return in_list(s, expr->u.parts.first);
    case EXPR_UNARY:
      return in_expr(s, expr->u.operation.left);
    case EXPR_BINARY:
      return in_expr(s, expr->u.operation.left) ||
             in_expr(s, expr->u.operation.right);
    case EXPR_FIELD:
      if (in_expr(s, expr->u.field.base)) return true;
      s->found.expr = expr;
      return is_at(s, &expr->u.field.name, FOUND_FIELD);
    case EXPR_INDEX:
      return in_expr(s, expr->u.index.base) || in_expr(s, expr->u.index.index);
    case EXPR_CALL:
      return in_call(s, expr);
    default:
      return false;
  }
}

static bool in_expr(Search *s, const AstExpr *expr) {
  if (expr == NULL) return false;
  if (in_parts(s, expr)) return true;
  s->found.expr = NULL;
  if (!holds(expr->span, s->offset)) return false;
  bool named = expr->kind == EXPR_NAME && expr->u.name.binding != NULL;
  s->found.kind = named ? FOUND_BINDING : FOUND_EXPR;
  s->found.span = expr->span;
  s->found.expr = expr;
  s->found.binding = named ? expr->u.name.binding : NULL;
  return true;
}

/* ---- statements ---------------------------------------------------------- */

static bool in_block(Search *s, const AstBlock *block);

static bool in_binding(Search *s, const AstName *name,
                       const AstBinding *binding) {
  if (!is_at(s, name, FOUND_BINDING)) return false;
  s->found.binding = binding;
  if (binding == NULL) s->found.kind = FOUND_NOTHING;
  return true;
}

static bool in_control(Search *s, const AstControl *control) {
  if (in_binding(s, &control->variable, control->variable_binding)) return true;
  if (in_attrs(s, control->attrs, NULL)) return true;
  for (const AstArm *arm = control->arms; arm; arm = arm->next) {
    if (in_expr(s, arm->label) || in_block(s, &arm->body)) return true;
  }
  return false;
}

static bool in_marks(Search *s, const AstMark *mark) {
  for (; mark != NULL; mark = mark->next) {
    if (!holds(mark->span, s->offset)) continue;
    s->found.kind = FOUND_MARK;
    s->found.span = mark->span;
    s->found.mark = mark;
    return true;
  }
  return false;
}

static bool in_stmt(Search *s, const AstStmt *stmt) {
  if (in_marks(s, stmt->marks)) return true;
  if (!holds(stmt->span, s->offset)) return false;
  for (const AstTarget *target = &stmt->target; target; target = target->next) {
    if (in_binding(s, &target->name, target->binding)) return true;
    if (in_type(s, target->declared)) return true;
  }
  if (stmt->control != NULL && in_control(s, stmt->control)) return true;
  return in_expr(s, stmt->expr);
}

static bool in_block(Search *s, const AstBlock *block) {
  for (const AstStmt *stmt = block->first; stmt; stmt = stmt->next) {
    if (in_stmt(s, stmt)) return true;
  }
  return false;
}

/* ---- declarations -------------------------------------------------------- */

static bool in_flow(Search *s, const AstFlow *flow) {
  if (in_marks(s, flow->marks)) return true;
  s->found.flow = flow;
  if (is_at(s, &flow->name, FOUND_FLOW)) return true;
  s->found.flow = NULL;
  for (const AstParam *param = flow->params; param; param = param->next) {
    if (in_binding(s, &param->name, param->binding)) return true;
    if (in_type(s, param->declared)) return true;
  }
  return in_type(s, flow->declared) || in_block(s, &flow->body);
}

static bool in_agent(Search *s, const AstAgent *agent) {
  s->found.agent = agent;
  if (is_at(s, &agent->name, FOUND_AGENT)) return true;
  s->found.agent = NULL;
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    if (in_flow(s, flow)) return true;
  }
  return false;
}

static bool in_record(Search *s, const AstRecord *record) {
  s->found.record = record;
  if (is_at(s, &record->name, FOUND_RECORD)) return true;
  for (const AstField *field = record->fields; field; field = field->next) {
    s->found.field = field;
    if (is_at(s, &field->name, FOUND_FIELD)) return true;
    if (in_type(s, field->declared)) return true;
  }
  s->found.record = NULL;
  s->found.field = NULL;
  return false;
}

static bool in_imports(Search *s) {
  for (const AstImport *import = s->program->imports; import;
       import = import->next) {
    if (holds(import->span, s->offset)) {
      s->found.kind = FOUND_IMPORT;
      s->found.span = import->span;
      s->found.import = import;
      return true;
    }
  }
  return false;
}

Found find_at(const AstProgram *program, uint32_t offset) {
  Search s = {.program = program, .offset = offset};
  bool done = in_imports(&s);
  for (const AstRecord *record = program->records; record && !done;
       record = record->next) {
    done = in_record(&s, record);
  }
  for (const AstAgent *agent = program->agents; agent && !done;
       agent = agent->next) {
    done = in_agent(&s, agent);
  }
  if (!done) s.found = (Found){.kind = FOUND_NOTHING};
  return s.found;
}

const AstFlow *find_flow_around(const AstProgram *program, uint32_t offset) {
  for (const AstAgent *agent = program->agents; agent; agent = agent->next) {
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      uint32_t end = flow->end_span.start + flow->end_span.length;
      if (offset >= flow->span.start && offset <= end) return flow;
    }
  }
  return NULL;
}
