/* SPDX-License-Identifier: MIT
 *
 * Types: as written in the source, as shown in messages, and how two relate.
 */
#include "compiler/check/help.h"
#include "compiler/check/written.h"

typedef struct TypeName {
  const char *text;
  TypeId type;
} TypeName;

static const TypeName type_names[] = {
    {"str", TYPE_TEXT},      {"string", TYPE_TEXT}, {"token", TYPE_TEXT},
    {"response", TYPE_TEXT}, {"num", TYPE_NUM},     {"number", TYPE_NUM},
    {"int", TYPE_NUM},       {"float", TYPE_NUM},   {"bool", TYPE_BOOL},
    {"json", TYPE_JSON},     {"goal", TYPE_JSON},   {"handle", TYPE_JSON},
    {"void", TYPE_VOID},
};

enum { TYPE_NAME_COUNT = sizeof type_names / sizeof *type_names };

/* ---- lists --------------------------------------------------------------- */

/* The type table looks through all its rows; there may be many of both. */
TypeId check_list_type(Check *c, TypeId element) {
  TypeId *known = &c->empty_list;
  if (element != TYPE_NONE) {
    while (c->lists.length <= element) vec_push(&c->lists, TYPE_NONE);
    known = &c->lists.data[element];
  }
  if (*known == TYPE_NONE) *known = type_list_of(c->types, element);
  return *known;
}

/* ---- as written ---------------------------------------------------------- */

static TypeId find_builtin(Slice name) {
  for (size_t i = 0; i < TYPE_NAME_COUNT; i++) {
    if (slice_equal_text(name, type_names[i].text)) return type_names[i].type;
  }
  return TYPE_NONE;
}

bool check_is_builtin_type(Slice name) {
  return find_builtin(name) != TYPE_NONE || slice_equal_text(name, "list") ||
         slice_equal_text(name, "error");
}

/* The record that `catch (e)` binds. Made when it is first asked for: most
 * programs have no use for it. */
TypeId check_error_type(Check *c) {
  if (c->error_type != TYPE_NONE) return c->error_type;
  c->error_type = type_record(c->types, SLICE("error"));
  type_add_field(c->types, c->error_type, SLICE("message"), TYPE_TEXT);
  type_add_field(c->types, c->error_type, SLICE("code"), TYPE_TEXT);
  type_add_field(c->types, c->error_type, SLICE("node"), TYPE_TEXT);
  return c->error_type;
}

static TypeId find_type(Check *c, Slice name) {
  TypeId type = find_builtin(name);
  if (type != TYPE_NONE) return type;
  if (slice_equal_text(name, "error")) return check_error_type(c);
  uint32_t record;
  return map_get(&c->records, name, &record) ? (TypeId)record : TYPE_NONE;
}

static TypeId unknown_type(Check *c, const AstType *type) {
  Diag *diag = check_fail(c, DIAG_UNKNOWN_TYPE, type->name.span,
                          "unknown type `%.*s`", SLICE_ARG(type->name.text));
  diag->label = "there is no such type";
  if (!check_is_heard(c)) return TYPE_NONE;
  Nearest nearest = nearest_new(type->name.text, &c->guesses);
  for (size_t i = 0; i < TYPE_NAME_COUNT; i++) {
    nearest_offer(&nearest, slice_of(type_names[i].text));
  }
  nearest_offer(&nearest, SLICE("list"));
  const AstRecord *record = c->program->records;
  for (; record != NULL; record = record->next) {
    nearest_offer(&nearest, record->name.text);
  }
  check_suggest(c, &nearest, diag);
  if (diag->help == NULL) {
    diag->help = "the types are str, num, bool, json, list<...> and what the "
                 "program declares with `type`";
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
  TypeId id = find_type(c, type->name.text);
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
    id = check_list_type(c, id);
  }
  return id == TYPE_NONE ? too_deep(c, type->span) : id;
}

TypeId check_value_type(Check *c, const AstType *type, const char *of_what) {
  TypeId id = check_written_type(c, type);
  if (id != TYPE_VOID) return id;
  Diag *diag = check_fail(c, DIAG_VOID_TYPE, type->span,
                          "there is no value of type void");
  diag->label = diag_text(c->sink, "cannot be the type of %s", of_what);
  return TYPE_NONE;
}

/* ---- how two relate ------------------------------------------------------ */

bool check_fits(const Check *c, TypeId from, TypeId to) {
  if (from == TYPE_NONE || to == TYPE_NONE) return true;
  return type_fits(type_table_view(c->types), from, to);
}

bool check_common_type(const Check *c, TypeId a, TypeId b, TypeId *common) {
  bool forward = check_fits(c, a, b);
  if (!forward && !check_fits(c, b, a)) return false;
  *common = (forward && b != TYPE_NONE) || a == TYPE_NONE ? b : a;
  return true;
}

TypeKind check_kind(const Check *c, TypeId type) {
  if (type == TYPE_NONE) return TYPE_KIND_COUNT;
  return (TypeKind)c->types->rows.data[type].kind;
}

TypeId check_element(const Check *c, TypeId list) {
  TypeId element = c->types->rows.data[list].element;
  return element == TYPE_NONE ? TYPE_JSON : element;
}

TypeId check_list_of(Check *c, TypeId element, Span span) {
  TypeId type = check_list_type(c, element);
  return type == TYPE_NONE ? too_deep(c, span) : type;
}
