/* SPDX-License-Identifier: MIT
 *
 * `type Name { field: type, ... }`. All names first, then the types of all
 * fields, then the table, whose rows of one record stand together. A record
 * that has itself as a field, also by way of others, would have no end; in a
 * list it may stand.
 */
#include <assert.h>

#include "compiler/check/help.h"
#include "compiler/check/written.h"

typedef VEC(TypeId) TypeIds;

typedef enum RecordState {
  RECORD_NEW,
  RECORD_ON_PATH,
  RECORD_DONE
} RecordState;

/* One record on the path that is followed, and where to go on in it. */
typedef struct Step {
  const AstRecord *record;
  const AstField *field;
  uint32_t type; /* of the field: a row of Walk.types */
} Step;

typedef struct Walk {
  Check *c;
  const TypeIds *types;           /* of all fields, record after record */
  VEC(const AstRecord *) records; /* by row of the type table */
  VEC(uint32_t) first;            /* by the same: its first row of `types` */
  RecordState *seen;              /* by the same */
  VEC(Step) path;
} Walk;

static uint32_t row_of(const Check *c, TypeId record) {
  return c->types->rows.data[record].element;
}

/* ---- names --------------------------------------------------------------- */

static void report_taken(Check *c, const AstRecord *record) {
  Diag *diag = check_fail(c, DIAG_SAME_TYPE, record->name.span,
                          "`%.*s` is a type already",
                          SLICE_ARG(record->name.text));
  diag->label = "the language has a type of this name";
}

static void report_twice(Check *c, DiagCode code, const char *what,
                         const AstName *name, const AstName *first) {
  Diag *diag = check_fail(c, code, name->span, "%s `%.*s` is declared twice",
                          what, SLICE_ARG(name->text));
  diag->label = "declared again here";
  diag->related = first->span;
  diag->related_label = "first declared here";
}

static void declare_record(Walk *w, AstRecord *record) {
  Check *c = w->c;
  uint32_t first;
  record->type = TYPE_NONE;
  if (check_is_builtin_type(record->name.text)) {
    report_taken(c, record);
  } else if (map_get(&c->records, record->name.text, &first)) {
    report_twice(c, DIAG_SAME_TYPE, "type", &record->name,
                 &w->records.data[row_of(c, (TypeId)first)]->name);
  } else {
    record->type = type_record(c->types, record->name.text);
    if (record->type == TYPE_NONE) {
      Diag *diag = check_fail(c, DIAG_TYPE_DEPTH, record->name.span,
                              "the program has too many types");
      diag->label = "no room for this one";
      return;
    }
    map_set(&c->records, record->name.text, record->type);
    vec_push(&w->records, record);
    vec_push(&w->first, 0);
  }
}

/* ---- fields -------------------------------------------------------------- */

static void check_field_names(Check *c, const AstRecord *record) {
  Map names = {0};
  uint32_t row = 0;
  VEC(const AstField *) fields = {0};
  for (const AstField *field = record->fields; field; field = field->next) {
    uint32_t first;
    vec_push(&fields, field);
    if (map_get(&names, field->name.text, &first)) {
      report_twice(c, DIAG_SAME_FIELD, "field", &field->name,
                   &fields.data[first]->name);
    } else {
      map_set(&names, field->name.text, row);
    }
    row++;
  }
  vec_free(&fields);
  map_free(&names);
}

static void resolve_fields(Check *c, const AstRecord *record, TypeIds *types) {
  check_field_names(c, record);
  for (const AstField *field = record->fields; field; field = field->next) {
    TypeId type = check_value_type(c, field->declared, "a field");
    vec_push(types, type == TYPE_NONE ? TYPE_JSON : type);
  }
}

/* ---- records in themselves ----------------------------------------------- */

static void report_endless(Check *c, const AstRecord *record,
                           const AstField *field, const AstRecord *back) {
  bool direct = record == back;
  Diag *diag = check_fail(
      c, DIAG_RECURSIVE_RECORD, field->declared->span,
      direct ? "`%.*s` contains itself" : "`%.*s` contains itself in the end",
      SLICE_ARG(back->name.text));
  diag->label = "a value of it would have no end";
  if (!direct) {
    diag->related = back->name.span;
    diag->related_label = "the record";
  }
  diag->help = diag_text(c->sink, "a list may hold it: list<%.*s>",
                         SLICE_ARG(field->declared->name.text));
}

static void enter(Walk *w, uint32_t record) {
  const AstRecord *ast = w->records.data[record];
  Step step = {ast, ast->fields, w->first.data[record]};
  w->seen[record] = RECORD_ON_PATH;
  vec_push(&w->path, step);
}

/* Goes on with the next field of the innermost record. */
static void advance(Walk *w) {
  Step *step = &w->path.data[w->path.length - 1];
  const AstRecord *record = step->record;
  const AstField *field = step->field;
  if (field == NULL) {
    w->seen[row_of(w->c, record->type)] = RECORD_DONE;
    w->path.length--;
    return;
  }
  TypeId type = w->types->data[step->type++];
  step->field = field->next;
  if (check_kind(w->c, type) != TYPE_KIND_RECORD) return;
  uint32_t next = row_of(w->c, type);
  if (next >= w->records.length) return; /* `error` */
  if (w->seen[next] == RECORD_ON_PATH) {
    report_endless(w->c, record, field, w->records.data[next]);
  } else if (w->seen[next] == RECORD_NEW) {
    enter(w, next);
  }
}

static void find_endless(Walk *w) {
  w->seen = mem_alloc_zero(w->records.length + 1, sizeof *w->seen);
  for (uint32_t i = 0; i < w->records.length; i++) {
    if (w->seen[i] != RECORD_NEW) continue;
    enter(w, i);
    while (w->path.length > 0) advance(w);
  }
  mem_free(w->seen);
}

/* ---- the phase ----------------------------------------------------------- */

static void add_fields(Check *c, const AstRecord *record, const TypeId *types) {
  for (const AstField *field = record->fields; field; field = field->next) {
    type_add_field(c->types, record->type, field->name.text, *types++);
  }
}

void check_records(Check *c) {
  Walk w = {.c = c};
  TypeIds types = {0};
  AstRecord *record = c->program->records;
  assert(c->types->records.length == 0); /* rows are counted from 0 */
  for (; record != NULL; record = record->next) declare_record(&w, record);
  for (record = c->program->records; record; record = record->next) {
    uint32_t first = types.length;
    resolve_fields(c, record, &types);
    if (record->type == TYPE_NONE) continue;
    w.first.data[row_of(c, record->type)] = first;
  }
  for (uint32_t i = 0; i < w.records.length; i++) {
    if (w.records.data[i] == NULL || types.length == 0) continue;
    add_fields(c, w.records.data[i], types.data + w.first.data[i]);
  }
  w.types = &types;
  find_endless(&w);
  vec_free(&w.records);
  vec_free(&w.first);
  vec_free(&w.path);
  vec_free(&types);
}
