/* SPDX-License-Identifier: MIT
 *
 * Expressions: what their names mean and their types, bottom up. TYPE_NONE is
 * the type of what was reported already; it suits every place, so one mistake
 * is one message.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"
#include "compiler/check/written.h"

#include <math.h>

/* ---- names --------------------------------------------------------------- */

static Span bound_by(const AstStmt *stmt, Slice name, uint32_t offset) {
  const AstTarget *target = stmt->kind == STMT_ASSIGN ? NULL : &stmt->target;
  for (; target != NULL; target = target->next) {
    bool later = target->name.span.start > offset;
    if (later && slice_equal(target->name.text, name)) return target->name.span;
  }
  return (Span){0, 0};
}

/* The place where a later statement binds the name; length 0 when none. */
static Span bound_later(Check *c, const AstBlock *block, Slice name,
                        uint32_t offset) {
  Span span = {0, 0};
  const AstStmt *stmt = block->first;
  for (; stmt && span.length == 0 && c->ahead > 0; stmt = stmt->next) {
    c->ahead--;
    span = bound_by(stmt, name, offset);
    const AstArm *arm = stmt->control ? stmt->control->arms : NULL;
    for (; arm != NULL && span.length == 0; arm = arm->next) {
      span = bound_later(c, &arm->body, name, offset);
    }
  }
  return span;
}

static bool is_callable(const Check *c, Slice name) {
  uint32_t row;
  Op op;
  return map_get(&c->agent_flows.data[c->flow->agent->index], name, &row) ||
         op_find_callable(name, &op) || slice_equal_text(name, "file");
}

static void help_undefined(Check *c, Slice name, Diag *diag) {
  if (is_callable(c, name)) {
    diag->help =
        diag_text(c->sink, "a call is written %.*s(...)", SLICE_ARG(name));
    return;
  }
  check_suggest_bound(c, name, diag);
}

static void report_undefined(Check *c, const AstExpr *expr) {
  Slice name = expr->u.name.text;
  Diag *diag = check_fail(c, DIAG_UNDEFINED_VARIABLE, expr->span,
                          "undefined variable `%.*s`", SLICE_ARG(name));
  diag->label = "not bound in this flow";
  if (!check_is_heard(c)) return;
  Span later = bound_later(c, &c->flow->body, name, expr->span.start);
  if (later.length == 0) {
    help_undefined(c, name, diag);
    return;
  }
  diag->label = "not bound yet";
  diag->related = later;
  diag->related_label = "bound only here";
  diag->help = "move the statement that binds it up";
}

void check_read(const Check *c, AstBinding *binding) {
  if (c->body.unreachable) return;
  binding->used = true;
  binding->unread = NULL;
}

static TypeId check_name(Check *c, AstExpr *expr) {
  Slice name = expr->u.name.text;
  expr->u.name.binding = NULL;
  if (slice_equal_text(name, "_")) {
    Diag *diag = check_fail(c, DIAG_NAMELESS, expr->span, "`_` is not a value");
    diag->label = "what is bound to `_` is discarded";
    return TYPE_NONE;
  }
  const Visible *visible = check_scope_find(&c->body.scope, name);
  if (visible != NULL) {
    AstBinding *binding = visible->binding;
    expr->u.name.binding = binding;
    check_read(c, binding);
    return binding->type;
  }
  if (c->flow->lost_head) return TYPE_NONE;
  const Trace *trace = check_scope_find_trace(&c->body.scope, name);
  if (trace != NULL) {
    AstName read = {name, expr->span};
    check_report_trace(c, &read, trace);
  } else {
    report_undefined(c, expr);
  }
  return TYPE_NONE;
}

/* ---- texts and lists ----------------------------------------------------- */

static bool is_name_char(char ch) {
  return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' ||
         (ch >= '0' && ch <= '9');
}

static bool is_escaped(const AstExpr *expr, size_t offset) {
  const AstEscapes *escapes = expr->u.escapes;
  for (uint32_t i = 0; escapes && i < escapes->count; i++) {
    if (escapes->offsets[i] == offset) return true;
  }
  return false;
}

/* Remembers the first `{name}` whose name is bound: who writes that may believe
 * that the value comes in there. */
static void look_for_braces(Check *c, const AstExpr *expr) {
  Slice text = expr->u.text;
  const char *end = text.data + text.length;
  const char *brace = text.length ? memchr(text.data, '{', text.length) : NULL;
  while (brace != NULL) {
    const char *at = brace + 1;
    while (at < end && is_name_char(*at)) at++;
    Slice name = slice_from(brace + 1, (size_t)(at - brace) - 1);
    const Visible *visible = NULL;
    if (name.length > 0 && at < end && *at == '}') {
      visible = check_scope_find(&c->body.scope, name);
    }
    if (visible && !is_escaped(expr, (size_t)(brace - text.data))) {
      PlainBraces braces = {expr, name};
      vec_push(&c->body.braces, braces);
      return;
    }
    brace = memchr(at, '{', (size_t)(end - at));
  }
}

TypeId check_same_types(Check *c, const AstExpr *part, DiagCode code,
                        const char *of_what) {
  TypeId common = TYPE_NONE;
  const AstExpr *first = part;
  for (; part != NULL; part = part->next) {
    TypeId before = common;
    if (check_common_type(c, before, part->type, &common)) {
      if (before == TYPE_NONE) first = part;
      continue;
    }
    Diag *diag =
        check_fail(c, code, part->span, "%s of different types", of_what);
    diag->label = check_this_is(c, part->type);
    diag->related = first->span;
    diag->related_label = check_this_is(c, common);
    return TYPE_NONE;
  }
  return common;
}

static TypeId check_list(Check *c, AstExpr *expr) {
  AstExpr *first = expr->u.parts.first;
  check_values(c, first);
  if (first == NULL) return check_list_type(c, TYPE_NONE);
  TypeId element =
      check_same_types(c, first, DIAG_LIST_TYPES, "a list with elements");
  if (element == TYPE_NONE) return TYPE_NONE;
  return check_list_of(c, element, expr->span);
}

/* ---- parts of values ----------------------------------------------------- */

static TypeId report_field(Check *c, const AstExpr *expr, TypeId base) {
  const AstName *name = &expr->u.field.name;
  TypeView view = type_table_view(c->types);
  const TypeRecord *record = &view.records[view.rows[base].element];
  Diag *diag = check_fail(c, DIAG_UNKNOWN_FIELD, name->span,
                          "`%.*s` has no field `%.*s`", SLICE_ARG(record->name),
                          SLICE_ARG(name->text));
  diag->label = "unknown field";
  if (!check_is_heard(c)) return TYPE_NONE;
  Nearest nearest = nearest_new(name->text, &c->guesses);
  Buf fields = {0};
  for (uint32_t i = 0; i < record->field_count; i++) {
    Slice field = view.fields[record->first_field + i].name;
    nearest_offer(&nearest, field);
    if (i > 0) buf_add_text(&fields, ", ");
    buf_add_slice(&fields, field);
  }
  check_suggest(c, &nearest, diag);
  if (diag->help == NULL && fields.length > 0) {
    diag->help = diag_text(c->sink, "its fields are %s", fields.data);
  }
  buf_free(&fields);
  return TYPE_NONE;
}

static TypeId check_field(Check *c, AstExpr *expr) {
  TypeId base = check_value(c, expr->u.field.base);
  const AstName *name = &expr->u.field.name;
  TypeKind kind = check_kind(c, base);
  if (base == TYPE_NONE || base == TYPE_JSON) return base;
  if (kind == TYPE_KIND_RECORD) {
    const TypeField *field =
        type_field(type_table_view(c->types), base, name->text);
    return field ? field->type : report_field(c, expr, base);
  }
  Diag *diag = check_fail(c, DIAG_NO_FIELDS, name->span,
                          "%s has no fields", check_type_text(c, base));
  diag->label = "only a record or json has them";
  diag->related = expr->u.field.base->span;
  diag->related_label = check_this_is(c, base);
  if (base == TYPE_TEXT) {
    diag->help = "json(...) reads a text that holds JSON";
  } else if (kind == TYPE_KIND_LIST) {
    diag->help = "xs[0] is the first item of a list, len(xs) their number";
  }
  return TYPE_NONE;
}

static void check_index_type(Check *c, const AstExpr *index, bool key) {
  bool number = index->type == TYPE_NUM;
  bool known = index->type != TYPE_NONE;
  if (known && !number && !(key && index->type == TYPE_TEXT)) {
    Diag *diag = check_fail(
        c, DIAG_INDEX_TYPE, index->span, "an index is a number%s, not %s",
        key ? " or a text" : "", check_type_text(c, index->type));
    diag->label = check_this_is(c, index->type);
    check_help_value(c, index, TYPE_NUM, diag);
  } else if (index->kind == EXPR_NUM && floor(index->u.num) != index->u.num) {
    Diag *diag = check_fail(c, DIAG_INDEX_TYPE, index->span,
                            "an index is a whole number");
    diag->label = "not a whole number";
  }
}

static TypeId check_index(Check *c, AstExpr *expr) {
  TypeId base = check_value(c, expr->u.index.base);
  AstExpr *index = expr->u.index.index;
  check_value(c, index);
  if (base == TYPE_NONE) return TYPE_NONE;
  bool list = check_kind(c, base) == TYPE_KIND_LIST;
  if (list || base == TYPE_JSON) {
    check_index_type(c, index, !list);
    return list ? check_element(c, base) : TYPE_JSON;
  }
  Diag *diag = check_fail(c, DIAG_NOT_INDEXED, expr->u.index.base->span,
                          "%s has no items", check_type_text(c, base));
  diag->label = check_this_is(c, base);
  if (base == TYPE_TEXT) {
    diag->help = "slice(text, from, to) is a part of a text";
  } else if (check_kind(c, base) == TYPE_KIND_RECORD) {
    diag->help = "a field is written r.name";
  }
  return TYPE_NONE;
}

/* ---- every kind ---------------------------------------------------------- */

static TypeId report_duration(Check *c, const AstExpr *expr) {
  Diag *diag = check_fail(c, DIAG_LOOSE_DURATION, expr->span,
                          "a duration is not a value");
  diag->label = "can only be an attribute";
  return TYPE_NONE;
}

static TypeId type_of(Check *c, AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
      look_for_braces(c, expr);
      return TYPE_TEXT;
    case EXPR_NUM:
      return TYPE_NUM;
    case EXPR_BOOL:
      return TYPE_BOOL;
    case EXPR_NULL:
      return TYPE_JSON;
    case EXPR_DURATION:
      return report_duration(c, expr);
    case EXPR_NAME:
      return check_name(c, expr);
    case EXPR_CONCAT:
      return check_concat(c, expr);
    case EXPR_LIST:
      return check_list(c, expr);
    case EXPR_UNARY:
      return check_unary(c, expr);
    case EXPR_BINARY:
      return check_binary(c, expr);
    case EXPR_FIELD:
      return check_field(c, expr);
    case EXPR_INDEX:
      return check_index(c, expr);
    case EXPR_CALL:
      return check_call(c, expr);
    case EXPR_ERROR:
      c->flow->faulty = true; /* reported by who made it */
      break;
  }
  return TYPE_NONE;
}

TypeId check_expr(Check *c, AstExpr *expr) {
  return expr->type = type_of(c, expr);
}

/* The type of an expression whose value is needed. */
TypeId check_value(Check *c, AstExpr *expr) {
  TypeId type = check_expr(c, expr);
  if (type != TYPE_VOID) return type;
  const AstCall *call = expr->u.call; /* nothing else is void */
  Diag *diag = check_fail(c, DIAG_NO_VALUE, expr->span, "`%.*s` has no value",
                          SLICE_ARG(call->name.text));
  diag->label = "a value is needed here";
  diag->help = "it returns nothing; make the call a statement of its own";
  return expr->type = TYPE_NONE;
}

void check_values(Check *c, AstExpr *first) {
  for (; first != NULL; first = first->next) check_value(c, first);
}
