/* SPDX-License-Identifier: MIT
 *
 * What a place is and where that comes from: hover, definition, and the outline
 * of a document.
 */
#include "core/base/explain.h"
#include "lsp/describe.h"
#include "lsp/find.h"
#include "lsp/help.h"
#include "lsp/methods.h"

/* ---- hover --------------------------------------------------------------- */

/* A line of the language, as a block of Markdown. */
static void add_code(const Buf *line, Buf *out) {
  if (line->length == 0) return;
  buf_addf(out, "```ais\n%s\n```\n", line->data);
}

static void describe_type_name(const Analysis *a, Slice name, Buf *line,
                               Buf *text) {
  const AstRecord *record = find_record(a->program, name);
  const char *help = help_on_word(WORD_TYPE, name);
  if (record != NULL) {
    describe_record(record, line);
  } else if (help != NULL) {
    buf_add_slice(line, name);
    buf_add_text(text, help);
  }
}

static void describe_field(const Analysis *a, const Found *found, Buf *line) {
  if (found->field != NULL) {
    buf_addf(line, "%.*s.%.*s: ", SLICE_ARG(found->record->name.text),
             SLICE_ARG(found->field->name.text));
    describe_written(found->field->declared, line);
  } else {
    buf_addf(line, "%.*s: ", SLICE_ARG(found->expr->u.field.name.text));
    describe_type(a, found->expr->type, line);
  }
}

static void describe_attr(const AstAttr *attr, Buf *line, Buf *text) {
  buf_addf(line, "%.*s:", SLICE_ARG(attr->name.text));
  bool known = attr->attr < ATTR_COUNT && attr_help[attr->attr] != NULL;
  if (known) buf_add_text(text, attr_help[attr->attr]);
  if (slice_equal_text(attr->name.text, "prompt")) {
    buf_add_text(text, "The first argument, by name.");
  }
}

static void describe_mark(const AstMark *mark, Buf *line, Buf *text) {
  const char *help = help_on_word(WORD_MARK, mark->name.text);
  buf_add_text(line, mark_table[mark->mark].text);
  if (help != NULL) buf_add_text(text, help);
}

static bool is_literal(const AstExpr *expr) {
  return expr->kind == EXPR_TEXT || expr->kind == EXPR_NUM ||
         expr->kind == EXPR_BOOL || expr->kind == EXPR_NULL;
}

/* `line` is a line of the language, `text` is about it. */
static void describe(const Analysis *a, const Found *found, Buf *line,
                     Buf *text) {
  switch (found->kind) {
    case FOUND_BINDING:
      describe_binding(a, found->binding, line);
      break;
    case FOUND_FLOW:
      if (found->flow != NULL) describe_flow(a, found->flow, line);
      break;
    case FOUND_OP:
      if (op_help[found->call->op].signature == NULL) break;
      buf_add_text(line, op_help[found->call->op].signature);
      buf_add_text(text, op_help[found->call->op].text);
      break;
    case FOUND_AGENT:
      if (found->agent == NULL) break;
      buf_addf(line, "agent %.*s", SLICE_ARG(found->agent->name.text));
      break;
    case FOUND_TYPE:
      describe_type_name(a, found->type->name.text, line, text);
      break;
    case FOUND_RECORD:
      describe_record(found->record, line);
      break;
    case FOUND_FIELD:
      describe_field(a, found, line);
      break;
    case FOUND_ATTR:
      describe_attr(found->attr, line, text);
      break;
    case FOUND_MARK:
      describe_mark(found->mark, line, text);
      break;
    case FOUND_EXPR:
      if (!is_literal(found->expr)) describe_type(a, found->expr->type, line);
      break;
    default:
      break;
  }
}

/* What the codes of the messages at this place stand for. */
static void explain_here(const Analysis *a, uint32_t offset, Buf *out) {
  for (uint32_t i = 0; i < a->sink.diags.length; i++) {
    const Diag *diag = &a->sink.diags.data[i];
    bool here = offset >= diag->span.start &&
                offset - diag->span.start <= diag->span.length;
    if (!here) continue;
    buf_addf(out, "%s**%s**: %s\n\n%s", out->length > 0 ? "\n---\n" : "",
             diag_code_text(diag->code), explain_summary(diag->code),
             explain_of(diag->code)->text);
  }
}

cJSON *method_hover(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  const Analysis *a = analysis_of(&lsp->documents, target.document);
  Found found = find_at(a->program, target.offset);
  Buf line = {0};
  Buf text = {0};
  Buf shown = {0};
  describe(a, &found, &line, &text);
  add_code(&line, &shown);
  if (text.length > 0) buf_addf(&shown, "\n%s\n", text.data);
  explain_here(a, target.offset, &shown);
  cJSON *result = NULL;
  if (shown.length > 0) {
    result = cJSON_CreateObject();
    cJSON *contents = cJSON_AddObjectToObject(result, "contents");
    cJSON_AddStringToObject(contents, "kind", "markdown");
    cJSON_AddStringToObject(contents, "value", shown.data);
    if (found.kind != FOUND_NOTHING) {
      cJSON_AddItemToObject(result, "range", analysis_range(a, found.span));
    }
  }
  buf_free(&line);
  buf_free(&text);
  buf_free(&shown);
  return result;
}

/* ---- definition ---------------------------------------------------------- */

static const AstField *field_named(const AstRecord *record, Slice name) {
  const AstField *field = record ? record->fields : NULL;
  while (field != NULL && !slice_equal(field->name.text, name)) {
    field = field->next;
  }
  return field;
}

/* The record whose type an expression has. */
static const AstRecord *record_of(const Analysis *a, const AstExpr *expr) {
  const AstRecord *record = a->program->records;
  while (record != NULL && record->type != expr->type) record = record->next;
  return expr->type == TYPE_NONE ? NULL : record;
}

/* The name where the thing was introduced; NULL when it is of no program. */
static const AstName *definition_of(const Analysis *a, const Found *found) {
  const AstField *field = found->field;
  const AstRecord *record = found->record;
  switch (found->kind) {
    case FOUND_BINDING:
      return &found->binding->name;
    case FOUND_FLOW:
      return found->flow ? &found->flow->name : NULL;
    case FOUND_AGENT:
      return found->agent ? &found->agent->name : NULL;
    case FOUND_TYPE:
      record = find_record(a->program, found->type->name.text);
      return record ? &record->name : NULL;
    case FOUND_RECORD:
      return &record->name;
    case FOUND_FIELD:
      if (field == NULL) {
        field = field_named(record_of(a, found->expr->u.field.base),
                            found->expr->u.field.name.text);
      }
      return field ? &field->name : NULL;
    default:
      return NULL;
  }
}

/* The path in `file("path")`, which the checker has made a text of. */
static Slice file_path(const Analysis *a, const AstExpr *expr) {
  const Source *source = source_at(a->program->source, expr->span.start);
  Slice text = slice_from(source->text.data + expr->span.start - source->base,
                          expr->span.length);
  if (expr->kind != EXPR_TEXT || !slice_starts_with(text, SLICE("file"))) {
    return (Slice){NULL, 0};
  }
  const char *open = memchr(text.data, '"', text.length);
  const char *end = text.data + text.length;
  const char *close =
      open ? memchr(open + 1, '"', (size_t)(end - open - 1)) : NULL;
  return close ? slice_from(open + 1, (size_t)(close - open - 1))
               : (Slice){NULL, 0};
}

/* The start of the file that `file()` names. */
static cJSON *file_location(const Analysis *a, const AstExpr *expr) {
  Slice path = file_path(a, expr);
  if (path.length == 0) return NULL;
  const Source *source = source_at(a->program->source, expr->span.start);
  Buf full = {0};
  Buf uri = {0};
  reader_beside(source->name, path, &full);
  uri_from_path(full.data, &uri);
  cJSON *location = cJSON_CreateObject();
  cJSON_AddStringToObject(location, "uri", uri.data);
  cJSON_AddItemToObject(
      location, "range",
      place_range(ENCODING_UTF8, (Slice){NULL, 0}, (Span){0, 0}));
  buf_free(&full);
  buf_free(&uri);
  return location;
}

cJSON *method_definition(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  const Analysis *a = analysis_of(&lsp->documents, target.document);
  Found found = find_at(a->program, target.offset);
  if (found.kind == FOUND_IMPORT && found.import->source != NULL) {
    return analysis_location(a, (Span){found.import->source->base, 0});
  }
  if (found.kind == FOUND_EXPR) return file_location(a, found.expr);
  const AstName *name = definition_of(a, &found);
  return name && name->span.length > 0 ? analysis_location(a, name->span)
                                       : NULL;
}

/* ---- outline ------------------------------------------------------------- */

enum {
  SYMBOL_CLASS = 5,
  SYMBOL_FIELD = 8,
  SYMBOL_FUNCTION = 12,
  SYMBOL_STRUCT = 23
};

static cJSON *add_symbol(const Analysis *a, cJSON *list, const AstName *name,
                         int kind, Span whole) {
  cJSON *symbol = cJSON_CreateObject();
  cJSON_AddItemToObject(
      symbol, "name",
      cJSON_CreateString(
          arena_copy((Arena *)&a->arena, name->text.data, name->text.length)));
  cJSON_AddNumberToObject(symbol, "kind", kind);
  cJSON_AddItemToObject(symbol, "range", analysis_range(a, whole));
  cJSON_AddItemToObject(symbol, "selectionRange",
                        analysis_range(a, name->span));
  cJSON_AddItemToArray(list, symbol);
  return symbol;
}

static Span up_to(Span first, Span last) {
  uint32_t end = last.start + last.length;
  return end > first.start ? (Span){first.start, end - first.start} : first;
}

static void add_agent(const Analysis *a, const AstAgent *agent, cJSON *list) {
  Span whole = agent->name.span;
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    whole = up_to(whole, flow->end_span);
  }
  cJSON *symbol = add_symbol(a, list, &agent->name, SYMBOL_CLASS, whole);
  cJSON *children = cJSON_AddArrayToObject(symbol, "children");
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    Buf detail = {0};
    describe_flow(a, flow, &detail);
    cJSON *child = add_symbol(a, children, &flow->name, SYMBOL_FUNCTION,
                              up_to(flow->span, flow->end_span));
    cJSON_AddStringToObject(child, "detail", detail.data);
    buf_free(&detail);
  }
}

static void add_record(const Analysis *a, const AstRecord *record,
                       cJSON *list) {
  Span whole = record->name.span;
  for (const AstField *field = record->fields; field; field = field->next) {
    whole = up_to(whole, field->declared->span);
  }
  cJSON *symbol = add_symbol(a, list, &record->name, SYMBOL_STRUCT, whole);
  cJSON *children = cJSON_AddArrayToObject(symbol, "children");
  for (const AstField *field = record->fields; field; field = field->next) {
    add_symbol(a, children, &field->name, SYMBOL_FIELD,
               up_to(field->name.span, field->declared->span));
  }
}

cJSON *method_symbols(Lsp *lsp, const cJSON *params) {
  Target target = lsp_target(lsp, params);
  if (target.document == NULL) return NULL;
  const Analysis *a = analysis_of(&lsp->documents, target.document);
  cJSON *list = cJSON_CreateArray();
  for (const AstRecord *record = a->program->records; record;
       record = record->next) {
    if (analysis_is_main(a, record->name.span)) add_record(a, record, list);
  }
  for (const AstAgent *agent = a->program->agents; agent; agent = agent->next) {
    if (analysis_is_main(a, agent->name.span)) add_agent(a, agent, list);
  }
  return list;
}
