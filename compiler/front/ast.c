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

static void dump_call(const AstCall *call, uint32_t level, Buf *out) {
  buf_add_text(out, "call ");
  buf_add_slice(out, call->agent.text);
  if (call->agent.text.length > 0) buf_add_char(out, '.');
  buf_add_slice(out, call->name.text);
  buf_add_char(out, '\n');
  dump_parts(call->args, level, out);
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    indent(out, level);
    buf_add_slice(out, attr->name.text);
    buf_add_text(out, ":\n");
    dump_expr(attr->value, level + 1, out);
  }
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
    case EXPR_NAME:
      buf_add_text(out, "name ");
      buf_add_slice(out, expr->u.name.text);
      break;
    case EXPR_CONCAT:
    case EXPR_LIST:
      buf_add_text(out, expr->kind == EXPR_LIST ? "list\n" : "concat\n");
      dump_parts(expr->u.parts.first, level + 1, out);
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

static void dump_stmt(const AstStmt *stmt, Buf *out) {
  indent(out, 2);
  switch (stmt->kind) {
    case STMT_BIND:
      buf_add_text(out, "bind ");
      buf_add_slice(out, stmt->target.name.text);
      if (stmt->target.declared != NULL) {
        buf_add_text(out, ": ");
        dump_type(stmt->target.declared, out);
      }
      break;
    case STMT_EXPR:
      buf_add_text(out, "value");
      break;
    case STMT_RETURN:
      buf_add_text(out, "return");
      break;
  }
  buf_add_char(out, '\n');
  if (stmt->expr != NULL) dump_expr(stmt->expr, 3, out);
}

static void dump_flow(const AstFlow *flow, Buf *out) {
  indent(out, 1);
  buf_add_text(out, flow->entry ? "@entry flow " : "flow ");
  buf_add_slice(out, flow->name.text);
  buf_add_char(out, '(');
  for (const AstParam *param = flow->params; param; param = param->next) {
    if (param != flow->params) buf_add_text(out, ", ");
    buf_add_slice(out, param->name.text);
    buf_add_text(out, ": ");
    dump_type(param->declared, out);
  }
  buf_add_char(out, ')');
  if (flow->declared != NULL) {
    buf_add_text(out, " -> ");
    dump_type(flow->declared, out);
  }
  buf_add_char(out, '\n');
  for (const AstStmt *stmt = flow->body.first; stmt != NULL; stmt = stmt->next) {
    dump_stmt(stmt, out);
  }
}

void ast_dump(const AstProgram *program, Buf *out) {
  for (const AstAgent *agent = program->agents; agent; agent = agent->next) {
    buf_add_text(out, "agent ");
    buf_add_slice(out, agent->name.text);
    buf_add_char(out, '\n');
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
      dump_flow(flow, out);
    }
  }
}
