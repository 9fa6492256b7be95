/* SPDX-License-Identifier: MIT
 *
 * Builds the tree of declarations: one function for each action of grammar.y.
 * Agents, flows and what they hold join the tree when they are opened, not when
 * they are closed, so a file that ends in the middle still has all that was
 * read. Lists keep their last element at hand while they grow.
 */
#include "compiler/front/parse_int.h"

/* ---- braces -------------------------------------------------------------- */

Scope *parse_scope_open(Parser *p, ParseLevel level, Token brace) {
  Scope *scope = p->spare;
  if (scope == NULL) {
    scope = ARENA_NEW(p->arena, Scope);
  } else {
    p->spare = scope->outer;
    *scope = (Scope){0};
  }
  scope->level = level;
  scope->brace = span_of(p, brace);
  scope->deep = p->deep;
  scope->statement = p->statement;
  scope->outer = p->scope;
  p->scope = scope;
  p->brackets = 0;
  return scope;
}

void parse_scope_close(Parser *p) {
  Scope *scope = p->scope;
  p->deep = scope->deep;
  p->statement = scope->statement;
  p->brackets = 0;
  p->scope = scope->outer;
  scope->outer = p->spare;
  p->spare = scope;
}

/* A part is over, sound or not; the next one is news again. */
void ast_recovered(Parser *p) {
  p->brackets = 0;
  p->deep = 0;
  p->too_deep = false;
}

void ast_braces_open(Parser *p, Token brace) {
  parse_scope_open(p, LEVEL_FIELDS, brace);
}

void ast_braces_close(Parser *p) {
  parse_scope_close(p);
}

/* ---- the file ------------------------------------------------------------ */

void ast_import(Parser *p, Token word, Token path) {
  AstImport *import = ARENA_NEW(p->arena, AstImport);
  import->path = ast_text(p, path)->u.text;
  import->span = span_join(span_of(p, word), span_of(p, path));
  if (p->import == NULL) {
    p->imports = import;
  } else {
    p->import->next = import;
  }
  p->import = import;
}

void ast_record_open(Parser *p, Token name, Token brace) {
  AstRecord *record = ARENA_NEW(p->arena, AstRecord);
  record->name = name_of(p, name);
  record->type = TYPE_NONE;
  if (p->record == NULL) {
    p->program->records = record;
  } else {
    p->record->next = record;
  }
  p->record = record;
  p->field = NULL;
  parse_scope_open(p, LEVEL_FIELDS, brace);
}

void ast_field(Parser *p, Token name, AstType *type) {
  AstField *field = ARENA_NEW(p->arena, AstField);
  field->name = name_of(p, name);
  field->declared = type;
  if (p->field == NULL) {
    p->record->fields = field;
  } else {
    p->field->next = field;
  }
  p->field = field;
  p->record->field_count++;
}

/* ---- agents -------------------------------------------------------------- */

void ast_agent_open(Parser *p, Token name, Token brace) {
  AstAgent *agent = ARENA_NEW(p->arena, AstAgent);
  agent->name = name_of(p, name);
  if (p->agent == NULL) {
    p->program->agents = agent;
  } else {
    p->agent->next = agent;
  }
  p->agent = agent;
  p->flow = NULL;
  p->item = NULL;
  parse_scope_open(p, LEVEL_AGENT, brace);
}

static AstItem *add_item(Parser *p, AstItemKind kind) {
  AstItem *item = ARENA_NEW(p->arena, AstItem);
  item->kind = kind;
  if (p->item == NULL) {
    p->agent->items = item;
  } else {
    p->item->next = item;
  }
  p->item = item;
  return item;
}

static void add_named_item(Parser *p, AstItemKind kind, Token word,
                           AstName name) {
  AstItem *item = add_item(p, kind);
  item->name = name;
  item->span = span_of(p, word);
}

void ast_item(Parser *p, AstItemKind kind, Token word, Token name) {
  add_named_item(p, kind, word, name_of(p, name));
}

void ast_memory(Parser *p, Token name, Token tier) {
  ast_item(p, ITEM_MEMORY, name, name);
  p->item->tier = name_of(p, tier);
}

/* Its parameters are read like a flow's, and are nobody's. */
void ast_capability_close(Parser *p) {
  ast_recovered(p);
}

void ast_context(Parser *p, Token text) {
  p->agent->context = ast_text(p, text);
}

AstName ast_event(Parser *p, Token first, Token last) {
  Span span = span_join(span_of(p, first), span_of(p, last));
  Slice text = slice_from(p->source->text.data + first.start, span.length);
  return (AstName){text, span};
}

AstName ast_event_part(Parser *p, AstName event, Token part) {
  Token first = {0, event.span.start - p->source->base, 0};
  return ast_event(p, first, part);
}

void ast_handler(Parser *p, Token word, AstName event) {
  char *text = arena_alloc(p->arena, event.text.length);
  size_t length = 0;
  for (size_t i = 0; i < event.text.length; i++) {
    char c = event.text.data[i];
    if (c > ' ') text[length++] = c;
  }
  event.text = slice_from(text, length);
  add_named_item(p, ITEM_HANDLER, word, event);
}

/* ---- flows --------------------------------------------------------------- */

static const AstMark *find_mark(const AstMark *mark, Mark wanted) {
  while (mark != NULL && mark->mark != wanted) mark = mark->next;
  return mark;
}

void ast_flow_open(Parser *p, AstMarks marks, Token word, Token name) {
  AstFlow *flow = ARENA_NEW(p->arena, AstFlow);
  flow->agent = p->agent;
  flow->name = name_of(p, name);
  flow->span = span_join(span_of(p, word), span_of(p, name));
  flow->marks = marks.first;
  const AstMark *entry = find_mark(marks.first, MARK_ENTRY);
  flow->entry = entry != NULL;
  if (entry != NULL) flow->entry_span = entry->span;
  flow->end_span = flow->span;
  flow->result = TYPE_NONE;
  flow->lost_head = true; /* until its body begins */
  if (p->flow == NULL) {
    p->agent->flows = flow;
  } else {
    p->flow->next = flow;
  }
  p->agent->flow_count++;
  p->flow = flow;
  p->param = NULL;
  p->in_head = true;
  ast_recovered(p);
}

void ast_flow_lost(Parser *p) {
  p->in_head = false; /* lost_head is set since it was opened */
  ast_recovered(p);
}

void ast_flow_body(Parser *p, AstBlock body) {
  p->flow->body = body;
  p->flow->lost_body = body.lost;
  p->flow->end_span = (Span){body.span.start + body.span.length - 1, 1};
  ast_recovered(p);
}

void ast_param(Parser *p, Token name, AstType *type) {
  if (!p->in_head) return; /* of a capability */
  AstParam *param = ARENA_NEW(p->arena, AstParam);
  param->name = name_of(p, name);
  param->declared = type;
  if (p->param == NULL) {
    p->flow->params = param;
  } else {
    p->param->next = param;
  }
  p->param = param;
  p->flow->param_count++;
}

void ast_result(Parser *p, AstType *type) {
  if (p->in_head) p->flow->declared = type;
}

AstType *ast_type(Parser *p, Token name) {
  AstType *type = ARENA_NEW(p->arena, AstType);
  type->name = name_of(p, name);
  type->span = span_of(p, name);
  return type;
}

AstType *ast_type_of(Parser *p, Token name, AstType *element, Token end) {
  AstType *type = ast_type(p, name);
  type->element = element;
  type->span = span_join(span_of(p, name), span_of(p, end));
  return type;
}
