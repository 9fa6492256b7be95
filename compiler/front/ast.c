/* SPDX-License-Identifier: MIT
 *
 * The tree as text: one line a node, two spaces a level, in source order.
 */
#include "compiler/front/ast.h"

#include "core/base/json.h"

static void indent(Buf *out, uint32_t level) {
  buf_add_repeat(out, ' ', (size_t)level * 2);
}

static void dump_type(const AstType *type, Buf *out) {
  uint32_t open = 0;
  for (; type != NULL; type = type->element) {
    buf_add_slice(out, type->name.text);
    if (type->element != NULL) buf_add_char(out, '<'), open++;
  }
  buf_add_repeat(out, '>', open);
}

static void dump_expr(const AstExpr *expr, uint32_t level, Buf *out);

static void dump_parts(const AstExpr *part, uint32_t level, Buf *out) {
  for (; part != NULL; part = part->next) dump_expr(part, level, out);
}

static void dump_attrs(const AstAttr *attr, uint32_t level, Buf *out) {
  for (; attr != NULL; attr = attr->next) {
    indent(out, level);
    buf_add_slice(out, attr->name.text);
    buf_add_text(out, ":\n");
    dump_expr(attr->value, level + 1, out);
  }
}

static void dump_call(const AstCall *call, uint32_t level, Buf *out) {
  buf_add_text(out, "call ");
  buf_add_slice(out, call->agent.text);
  if (call->agent.text.length > 0) buf_add_char(out, '.');
  buf_add_slice(out, call->name.text);
  buf_add_char(out, '\n');
  dump_parts(call->args, level, out);
  dump_attrs(call->attrs, level, out);
}

static void dump_expr(const AstExpr *expr, uint32_t level, Buf *out) {
  indent(out, level);
  switch (expr->kind) {
    case EXPR_TEXT:
      buf_add_text(out, "text ");
      json_add_text(out, expr->u.text);
      break;
    case EXPR_NUM:
      buf_add_text(out, "num ");
      json_add_number(out, expr->u.num);
      break;
    case EXPR_BOOL:
      buf_add_text(out, expr->u.boolean ? "bool true" : "bool false");
      break;
    case EXPR_NULL:
      buf_add_text(out, "null");
      break;
    case EXPR_DURATION:
      buf_add_text(out, "milliseconds ");
      json_add_number(out, expr->u.num);
      break;
    case EXPR_NAME:
      buf_add_text(out, "name ");
      buf_add_slice(out, expr->u.name.text);
      break;
    case EXPR_CONCAT:
    case EXPR_LIST:
      buf_add_text(out, expr->kind == EXPR_LIST ? "list\n" : "concat\n");
      dump_parts(expr->u.parts.first, level + 1, out);
      return;
    case EXPR_UNARY:
    case EXPR_BINARY:
      buf_addf(out, "%s\n", op_table[expr->u.operation.op].text);
      dump_expr(expr->u.operation.left, level + 1, out);
      if (expr->kind == EXPR_UNARY) return;
      dump_expr(expr->u.operation.right, level + 1, out);
      return;
    case EXPR_FIELD:
      buf_add_text(out, "field ");
      buf_add_slice(out, expr->u.field.name.text);
      buf_add_char(out, '\n');
      dump_expr(expr->u.field.base, level + 1, out);
      return;
    case EXPR_INDEX:
      buf_add_text(out, "index\n");
      dump_expr(expr->u.index.base, level + 1, out);
      dump_expr(expr->u.index.index, level + 1, out);
      return;
    case EXPR_CALL:
      dump_call(expr->u.call, level + 1, out);
      return;
    case EXPR_ERROR:
      buf_add_text(out, "error");
      break;
  }
  buf_add_char(out, '\n');
}

/* Those without a value stand in the line of a flow. */
static void dump_marks(const AstMark *mark, bool all, uint32_t level,
                       Buf *out) {
  for (; mark != NULL; mark = mark->next) {
    if (mark->value == NULL && !all) continue;
    indent(out, level);
    buf_addf(out, "%s\n", mark_table[mark->mark].text);
    if (mark->value != NULL) dump_expr(mark->value, level + 1, out);
  }
}

/* ---- statements ---------------------------------------------------------- */

static const char *const stmt_words[] = {
    [STMT_BIND] = "bind",         [STMT_ASSIGN] = "assign",
    [STMT_EXPR] = "value",        [STMT_RETURN] = "return",
    [STMT_IF] = "if",             [STMT_SWITCH] = "switch",
    [STMT_LOOP] = "loop",         [STMT_WHILE] = "while",
    [STMT_PARALLEL] = "parallel", [STMT_TRY] = "try"};

static const char *const arm_words[] = {
    [ARM_THEN] = "then",       [ARM_ELSE] = "else", [ARM_CASE] = "case ",
    [ARM_DEFAULT] = "default", [ARM_BODY] = "body", [ARM_CATCH] = "catch"};

static void dump_targets(const AstTarget *target, Buf *out) {
  const char *before = " ";
  for (; target != NULL; target = target->next) {
    buf_add_text(out, before);
    buf_add_slice(out, target->name.text);
    if (target->declared != NULL) {
      buf_add_text(out, ": ");
      dump_type(target->declared, out);
    }
    before = ", ";
  }
}

static void dump_block(const AstBlock *block, uint32_t level, Buf *out);

static void dump_arm(const AstControl *control, const AstArm *arm,
                     uint32_t level, Buf *out) {
  indent(out, level);
  buf_add_text(out, arm_words[arm->kind]);
  if (arm->label != NULL) json_add_text(out, arm->label->u.text);
  if (arm->kind == ARM_CATCH && control->variable.text.length > 0) {
    buf_add_char(out, ' ');
    buf_add_slice(out, control->variable.text);
  }
  buf_add_char(out, '\n');
  dump_block(&arm->body, level + 1, out);
}

static void dump_stmt(const AstStmt *stmt, uint32_t level, Buf *out) {
  const AstControl *control = stmt->control;
  indent(out, level);
  buf_add_text(out, stmt_words[stmt->kind]);
  if (stmt->kind == STMT_LOOP) {
    buf_add_char(out, ' ');
    buf_add_slice(out, control->variable.text);
  }
  if (stmt->target.name.text.length > 0) {
    if (control != NULL) buf_add_text(out, " ->");
    dump_targets(&stmt->target, out);
  }
  buf_add_char(out, '\n');
  dump_marks(stmt->marks, true, level + 1, out);
  if (stmt->expr != NULL) dump_expr(stmt->expr, level + 1, out);
  if (control == NULL) return;
  dump_attrs(control->attrs, level + 1, out);
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next) {
    dump_arm(control, arm, level + 1, out);
  }
}

static void dump_block(const AstBlock *block, uint32_t level, Buf *out) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    dump_stmt(stmt, level, out);
  }
}

const AstStmt *ast_last_stmt(const AstBlock *block) {
  const AstStmt *last = block->first;
  while (last != NULL && last->next != NULL) last = last->next;
  return last;
}

/* ---- declarations -------------------------------------------------------- */

static void dump_field(AstName name, const AstType *type, Buf *out) {
  buf_add_slice(out, name.text);
  buf_add_text(out, ": ");
  dump_type(type, out);
}

static void dump_flow(const AstFlow *flow, Buf *out) {
  indent(out, 1);
  for (const AstMark *mark = flow->marks; mark != NULL; mark = mark->next) {
    if (mark->value == NULL) buf_addf(out, "%s ", mark_table[mark->mark].text);
  }
  buf_add_text(out, "flow ");
  buf_add_slice(out, flow->name.text);
  buf_add_char(out, '(');
  for (const AstParam *param = flow->params; param; param = param->next) {
    if (param != flow->params) buf_add_text(out, ", ");
    dump_field(param->name, param->declared, out);
  }
  buf_add_char(out, ')');
  if (flow->declared != NULL) {
    buf_add_text(out, " -> ");
    dump_type(flow->declared, out);
  }
  buf_add_char(out, '\n');
  dump_marks(flow->marks, false, 2, out);
  dump_block(&flow->body, 2, out);
}

static void dump_items(const AstAgent *agent, Buf *out) {
  static const char *const words[] = {
      [ITEM_MEMORY] = "memory",        [ITEM_BELIEF] = "belief",
      [ITEM_GOAL] = "goal",            [ITEM_CAPABILITY] = "capability",
      [ITEM_TOOLS] = "tool",           [ITEM_DISCOVERABLE] = "discoverable",
      [ITEM_HANDLER] = "on"};
  if (agent->context != NULL) {
    buf_add_text(out, "  context ");
    json_add_text(out, agent->context->u.text);
    buf_add_char(out, '\n');
  }
  for (const AstItem *item = agent->items; item; item = item->next) {
    buf_addf(out, "  %s ", words[item->kind]);
    buf_add_slice(out, item->name.text);
    if (item->kind == ITEM_MEMORY) {
      buf_add_text(out, ": ");
      buf_add_slice(out, item->tier.text);
    }
    buf_add_char(out, '\n');
  }
}

static void dump_record(const AstRecord *record, Buf *out) {
  buf_add_text(out, "type ");
  buf_add_slice(out, record->name.text);
  buf_add_char(out, '\n');
  for (const AstField *field = record->fields; field; field = field->next) {
    indent(out, 1);
    dump_field(field->name, field->declared, out);
    buf_add_char(out, '\n');
  }
}

void ast_dump(const AstProgram *program, Buf *out) {
  for (const AstImport *import = program->imports; import;
       import = import->next) {
    buf_add_text(out, "import ");
    json_add_text(out, import->path);
    buf_add_char(out, '\n');
  }
  for (const AstRecord *record = program->records; record;
       record = record->next) {
    dump_record(record, out);
  }
  for (const AstAgent *agent = program->agents; agent; agent = agent->next) {
    buf_add_text(out, "agent ");
    buf_add_slice(out, agent->name.text);
    buf_add_char(out, '\n');
    dump_items(agent, out);
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      dump_flow(flow, out);
    }
  }
}
