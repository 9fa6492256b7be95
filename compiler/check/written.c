/* SPDX-License-Identifier: MIT
 *
 * Types: as written in the source, as shown in messages, and how two relate.
 */
#include "compiler/check/check_int.h"

typedef struct TypeName {
  const char *text;
  TypeId type;
} TypeName;

static const TypeName type_names[] = {
    {"str", TYPE_TEXT},  {"string", TYPE_TEXT}, {"token", TYPE_TEXT},
    {"num", TYPE_NUM},   {"number", TYPE_NUM},  {"int", TYPE_NUM},
    {"float", TYPE_NUM}, {"bool", TYPE_BOOL},   {"void", TYPE_VOID},
};

enum { TYPE_NAME_COUNT = sizeof type_names / sizeof *type_names };

static TypeId find_type(Slice name) {
  for (size_t i = 0; i < TYPE_NAME_COUNT; i++) {
    if (slice_equal_text(name, type_names[i].text)) return type_names[i].type;
  }
  return TYPE_NONE;
}

static TypeId unknown_type(Check *c, const AstType *type) {
  Nearest nearest = nearest_new(type->name.text, &c->guesses);
  for (size_t i = 0; i < TYPE_NAME_COUNT; i++) {
    nearest_offer(&nearest, slice_of(type_names[i].text));
  }
  nearest_offer(&nearest, SLICE("list"));
  Diag *diag = check_fail(c, DIAG_UNKNOWN_TYPE, type->name.span,
                          "unknown type `%.*s`", SLICE_ARG(type->name.text));
  diag->label = "there is no such type";
  check_suggest(c, &nearest, diag);
  if (diag->help == NULL) {
    diag->help = "the types are str, num, bool, list<...> and void";
  }
  return TYPE_NONE;
}

static TypeId bad_element(Check *c, const AstType *type) {
  bool list = type->element == NULL;
  Diag *diag = check_fail(c, DIAG_LIST_ELEMENT, type->span,
                          list ? "`%.*s` without the type of its elements"
                               : "`%.*s` has no elements",
                          SLICE_ARG(type->name.text));
  diag->label = list ? "a list of what?" : "only a list has them";
  diag->help = "write, for example, list<str>";
  return TYPE_NONE;
}

/* The innermost type: what remains without list<...> around it. */
static TypeId simple_type(Check *c, const AstType *type, bool in_list) {
  if (slice_equal_text(type->name.text, "list")) {
    return bad_element(c, type);
  }
  TypeId id = find_type(type->name.text);
  if (id == TYPE_NONE) return unknown_type(c, type);
  if (type->element != NULL) return bad_element(c, type);
  if (id != TYPE_VOID || !in_list) return id;
  Diag *diag = check_fail(c, DIAG_VOID_TYPE, type->span,
                          "there is no value of type void");
  diag->label = "cannot be the element of a list";
  return TYPE_NONE;
}

static TypeId too_deep(Check *c, Span span) {
  Diag *diag =
      check_fail(c, DIAG_TYPE_DEPTH, span, "lists nested deeper than %d levels",
                 LIMIT_TYPE_DEPTH);
  diag->label = "too deep";
  return TYPE_NONE;
}

TypeId check_written_type(Check *c, const AstType *type) {
  const AstType *inner = type;
  uint32_t lists = 0;
  while (inner->element != NULL && slice_equal_text(inner->name.text, "list")) {
    inner = inner->element;
    lists++;
  }
  TypeId id = simple_type(c, inner, lists > 0);
  if (id == TYPE_NONE) return id;
  if (lists > LIMIT_TYPE_DEPTH) return too_deep(c, type->span);
  for (; lists > 0 && id != TYPE_NONE; lists--) {
    id = type_list_of(c->types, id);
  }
  return id == TYPE_NONE ? too_deep(c, type->span) : id;
}

bool check_fits(const Check *c, TypeId from, TypeId to) {
  if (from == TYPE_NONE || to == TYPE_NONE) return true;
  return type_fits(c->types->rows.data, c->types->rows.length, from, to);
}

bool check_common_type(const Check *c, TypeId a, TypeId b, TypeId *common) {
  bool forward = check_fits(c, a, b);
  if (!forward && !check_fits(c, b, a)) return false;
  *common = (forward && b != TYPE_NONE) || a == TYPE_NONE ? b : a;
  return true;
}

const char *check_type_text(Check *c, TypeId type) {
  Buf name = {0};
  if (type == TYPE_NONE) {
    buf_add_text(&name, "?");
  } else {
    type_add_name(c->types->rows.data, c->types->rows.length, type, &name);
  }
  const char *text = arena_copy(c->arena, name.data, name.length);
  buf_free(&name);
  return text;
}

const char *check_signature(Check *c, const AstFlow *flow) {
  if (c->sink->error_count > LIMIT_DIAGNOSTICS) return ""; /* not kept */
  Buf text = {0};
  buf_addf(&text, "%.*s.%.*s(", SLICE_ARG(flow->agent->name.text),
           SLICE_ARG(flow->name.text));
  for (const AstParam *param = flow->params; param; param = param->next) {
    if (param != flow->params) buf_add_text(&text, ", ");
    buf_addf(&text, "%.*s: %s", SLICE_ARG(param->name.text),
             check_type_text(c, param->binding->type));
  }
  buf_add_char(&text, ')');
  if (flow->result != TYPE_VOID && flow->result != TYPE_NONE) {
    buf_addf(&text, " -> %s", check_type_text(c, flow->result));
  }
  const char *kept = arena_copy(c->arena, text.data, text.length);
  buf_free(&text);
  return kept;
}
