/* SPDX-License-Identifier: MIT
 *
 * Completion: all that may stand at the place; the editor filters by what was
 * typed.
 */
#include "lsp/describe.h"
#include "lsp/find.h"
#include "lsp/help.h"
#include "lsp/methods.h"
#include "lsp/spot.h"
#include "lsp/visible.h"

/* Kinds of the protocol. */
enum {
  ITEM_FUNCTION = 3,
  ITEM_FIELD = 5,
  ITEM_VARIABLE = 6,
  ITEM_CLASS = 7,
  ITEM_PROPERTY = 10,
  ITEM_KEYWORD = 14,
  ITEM_STRUCT = 22
};

typedef struct Completion {
  const Analysis *a;
  const Document *document;
  Spot spot;
  const AstFlow *flow; /* around the place, or NULL */
  VisibleNames names;  /* visible there */
  cJSON *items;
} Completion;

static void add(Completion *c, Slice label, int kind, const char *detail,
                const char *text) {
  cJSON *item = cJSON_CreateObject();
  Buf name = {0};
  buf_add_slice(&name, label);
  cJSON_AddStringToObject(item, "label", name.data);
  cJSON_AddNumberToObject(item, "kind", kind);
  if (detail != NULL) cJSON_AddStringToObject(item, "detail", detail);
  if (text != NULL) cJSON_AddStringToObject(item, "documentation", text);
  cJSON_AddItemToArray(c->items, item);
  buf_free(&name);
}

/* ---- what there is ------------------------------------------------------- */

static void add_words(Completion *c, WordPlace place) {
  for (uint32_t i = 0; i < word_help_count; i++) {
    if (word_help[i].place != place) continue;
    add(c, slice_of(word_help[i].word),
        place == WORD_TYPE ? ITEM_STRUCT : ITEM_KEYWORD, NULL,
        word_help[i].text);
  }
}

static void add_names(Completion *c) {
  for (uint32_t i = 0; i < c->names.list.length; i++) {
    const AstBinding *binding = c->names.list.data[i];
    Buf type = {0};
    if (visible_find(&c->names, binding->name.text) != binding) continue;
    describe_type(c->a, binding->type, &type);
    add(c, binding->name.text, ITEM_VARIABLE, type.data, NULL);
    buf_free(&type);
  }
}

static void add_flows(Completion *c, const AstAgent *agent) {
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    Buf detail = {0};
    describe_flow(c->a, flow, &detail);
    add(c, flow->name.text, ITEM_FUNCTION, detail.data, NULL);
    buf_free(&detail);
  }
}

static void add_agents(Completion *c) {
  for (const AstAgent *agent = c->a->program->agents; agent;
       agent = agent->next) {
    add(c, agent->name.text, ITEM_CLASS, "agent", NULL);
  }
}

static void add_ops(Completion *c) {
  for (int op = 0; op < OP_COUNT; op++) {
    const OpHelp *help = &op_help[op];
    if (help->signature == NULL) continue;
    Slice name = slice_of(op_table[op].text);
    add(c, name, ITEM_FUNCTION, help->signature, help->text);
  }
}

static void add_records(Completion *c) {
  for (const AstRecord *record = c->a->program->records; record;
       record = record->next) {
    Buf detail = {0};
    describe_record(record, &detail);
    add(c, record->name.text, ITEM_STRUCT, detail.data, NULL);
    buf_free(&detail);
  }
}

/* The attributes of the operation whose argument begins here. */
static void add_attrs(Completion *c) {
  Op op;
  if (!op_find_callable(c->spot.call, &op)) return;
  for (int attr = 0; attr < ATTR_COUNT; attr++) {
    if (attr_help[attr] == NULL || !attr_fits((Attr)attr, op)) continue;
    Buf label = {0};
    buf_addf(&label, "%s:", attr_table[attr].text);
    add(c, buf_slice(&label), ITEM_PROPERTY, NULL, attr_help[attr]);
    buf_free(&label);
  }
}

static void add_values(Completion *c) {
  add_attrs(c);
  add_names(c);
  if (c->flow != NULL) add_flows(c, c->flow->agent);
  add_agents(c);
  add_ops(c);
  add_words(c, WORD_VALUE);
}

/* ---- after a dot --------------------------------------------------------- */

static void add_record_fields(Completion *c, TypeId type) {
  TypeView view = type_table_view(&c->a->types);
  bool record = type < view.count && view.rows[type].kind == TYPE_KIND_RECORD;
  if (!record) return;
  const TypeRecord *row = &view.records[view.rows[type].element];
  for (uint32_t i = 0; i < row->field_count; i++) {
    const TypeField *field = &view.fields[row->first_field + i];
    Buf detail = {0};
    describe_type(c->a, field->type, &detail);
    add(c, field->name, ITEM_FIELD, detail.data, NULL);
    buf_free(&detail);
  }
}

/* The type of `a.b`, given that of `a`. */
static TypeId member_type(const Completion *c, TypeId type, Slice name) {
  TypeView view = type_table_view(&c->a->types);
  bool record = type < view.count && view.rows[type].kind == TYPE_KIND_RECORD;
  const TypeField *field = record ? type_field(view, type, name) : NULL;
  return field ? field->type : TYPE_NONE;
}

/* The flows of an agent, or the fields of what the names lead to. */
static void add_members(Completion *c) {
  const Spot *spot = &c->spot;
  const AstBinding *binding = visible_find(&c->names, spot->names[0]);
  const AstAgent *agent = find_agent(c->a->program, spot->names[0]);
  if (binding != NULL) {
    TypeId type = binding->type;
    for (uint32_t i = 1; i < spot->name_count; i++) {
      type = member_type(c, type, spot->names[i]);
    }
    add_record_fields(c, type);
  } else if (agent != NULL && spot->name_count == 1) {
    add_flows(c, agent);
  }
}

/* -------------------------------------------------------------------------- */

static void add_all(Completion *c) {
  switch (c->spot.kind) {
    case SPOT_FILE:
      add_words(c, WORD_FILE);
      break;
    case SPOT_AGENT:
      add_words(c, WORD_AGENT);
      break;
    case SPOT_MARK:
      add_words(c, WORD_MARK);
      break;
    case SPOT_TYPE:
      add_words(c, WORD_TYPE);
      add_records(c);
      break;
    case SPOT_MEMBER:
      add_members(c);
      break;
    case SPOT_BLOCK:
      add_values(c);
      add_words(c, WORD_STATEMENT);
      break;
    case SPOT_VALUE:
      add_values(c);
      break;
    case SPOT_NOTHING:
      break;
  }
}

cJSON *method_completion(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  Completion c = {.document = target.document,
                  .a = analysis_of(&lsp->documents, target.document),
                  .items = cJSON_CreateArray()};
  c.spot = spot_at(buf_slice(&target.document->text), target.offset);
  c.flow = find_flow_around(c.a->program, c.spot.start);
  if (c.flow != NULL) visible_names(c.flow, c.spot.start, &c.names);
  add_all(&c);
  vec_free(&c.names.list);
  return c.items;
}
