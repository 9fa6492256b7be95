/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: model calls. The prompt is laid out anew from the
 * rules of the language; the reply comes from the same functions that the
 * embedded model has, since replies must agree.
 */
#include <math.h>

#include "tests/harness/interp_parts.h"
#include "tests/harness/observed.h"

enum { CONTEXTS_MAX = 32 };

/* A prompt under way. */
typedef struct Prompt {
  Buf text;
  Cell contexts[CONTEXTS_MAX];
  bool placed[CONTEXTS_MAX];
  uint32_t count;
  bool is_empty_literal; /* no part of it that could have a text */
  DatumKind worst;
  Cause cause;
} Prompt;

static void take(Interp *in, Prompt *prompt, const Cell *cell) {
  prompt->cause = interp_join(in, prompt->cause, cell->cause);
  if (cell->datum.kind > prompt->worst) prompt->worst = cell->datum.kind;
}

static bool is_escaped(const AstExpr *literal, size_t at) {
  const AstEscapes *escapes = literal->u.escapes;
  for (uint32_t i = 0; escapes != NULL && i < escapes->count; i++)
    if (escapes->offsets[i] == at) return true;
  return false;
}

/* The number between braces that begin at `at`, or -1. */
static int placement(const Prompt *prompt, Slice text, size_t at,
                     size_t *length) {
  size_t end = at + 1;
  uint32_t number = 0;
  while (end < text.length && text.data[end] >= '0' && text.data[end] <= '9' &&
         number < CONTEXTS_MAX)
    number = number * 10 + (uint32_t)(text.data[end++] - '0');
  bool is_number = end > at + 1 && (end == at + 2 || text.data[at + 1] != '0');
  if (!is_number || end >= text.length || text.data[end] != '}') return -1;
  *length = end + 1 - at;
  return number < prompt->count ? (int)number : -1;
}

static void add_literal(Prompt *prompt, const AstExpr *literal) {
  Slice text = literal->u.text;
  if (text.length > 0) prompt->is_empty_literal = false;
  for (size_t at = 0; at < text.length; at++) {
    size_t length = 0;
    int number = -1;
    if (text.data[at] == '{' && !is_escaped(literal, at))
      number = placement(prompt, text, at, &length);
    if (number < 0) {
      buf_add_char(&prompt->text, text.data[at]);
      continue;
    }
    datum_add_plain(&prompt->contexts[number].datum, &prompt->text);
    prompt->placed[number] = true;
    at += length - 1;
  }
}

/* The literal that a name stands for, however often it was handed on. */
static const AstExpr *literal_of(const AstExpr *expr) {
  while (expr != NULL && expr->kind == EXPR_NAME) {
    const AstBinding *binding = expr->u.name.binding;
    bool stands = !binding->assigned && binding->type == TYPE_TEXT;
    expr = stands ? binding->value : NULL;
  }
  return expr != NULL && expr->kind == EXPR_TEXT ? expr : NULL;
}

static void add_value(Interp *in, Prompt *prompt, Cell cell) {
  take(in, prompt, &cell);
  datum_add_plain(&cell.datum, &prompt->text);
  prompt->is_empty_literal = false;
}

/* A join is taken apart at every level, since literals in it place contexts. */
static void add_prompt(Interp *in, Prompt *prompt, const AstExpr *expr) {
  const AstExpr *literal = literal_of(expr);
  if (literal != NULL) {
    add_literal(prompt, literal);
    return;
  }
  if (expr->kind != EXPR_CONCAT) {
    add_value(in, prompt, interp_expr(in, expr));
    return;
  }
  uint32_t numbers = interp_leading_numbers(expr);
  const AstExpr *part = expr->u.parts.first;
  if (numbers > 0) add_value(in, prompt, interp_sum(in, part, numbers));
  for (uint32_t i = 0; part != NULL; i++, part = part->next)
    if (i >= numbers) add_prompt(in, prompt, part);
}

static void add_contexts(Prompt *prompt) {
  const char *before = prompt->is_empty_literal ? "" : "\n\n";
  for (uint32_t i = 0; i < prompt->count; i++) {
    if (prompt->placed[i]) continue;
    buf_addf(&prompt->text, "%sContext %u: ", before, i + 1);
    datum_add_plain(&prompt->contexts[i].datum, &prompt->text);
    before = "\n";
  }
}

static void make_prompt(Interp *in, const AstCall *call, Prompt *prompt) {
  *prompt = (Prompt){.is_empty_literal = true};
  for (const AstExpr *arg = call->args->next; arg != NULL; arg = arg->next) {
    Cell cell = interp_expr(in, arg);
    take(in, prompt, &cell);
    if (prompt->count < CONTEXTS_MAX) prompt->contexts[prompt->count++] = cell;
  }
  add_prompt(in, prompt, call->args);
  add_contexts(prompt);
}

/* ---- the request --------------------------------------------------------- */

static const AstExpr *attribute(const AstCall *call, Attr wanted) {
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next)
    if (attr->attr == wanted) return attr->value;
  return NULL;
}

static Slice text_attribute(const AstCall *call, Attr wanted) {
  const AstExpr *value = attribute(call, wanted);
  return value == NULL ? (Slice){0} : value->u.text;
}

static double number_attribute(const AstCall *call, Attr wanted,
                               double otherwise) {
  const AstExpr *value = attribute(call, wanted);
  return value == NULL ? otherwise : value->u.num;
}

static Slice system_of(const Interp *in, const AstCall *call) {
  Slice text = text_attribute(call, ATTR_SYSTEM);
  const AstExpr *context = in->act->flow->agent->context;
  if (text.length > 0 || context == NULL) return text;
  return context->u.text;
}

/* Notes that it may have been made; the cause of its reply. */
static Cause note_request(Interp *in, const ModelRequest *request,
                          Cause cause) {
  Buf key = {0};
  request_key(request->operation, buf_slice(&request->prompt), request->system,
              request->model, request->temperature, request->max_tokens,
              request->budget_tokens, &key);
  uint32_t before = interp_depth(in, interp_join(in, cause, in->control));
  InterpRequest made = {interp_keep(in, &key), false, before + 1};
  vec_push(&in->outcome->requests, made);
  interp_note(in, EVENT_REQUEST);
  CauseNode node = {cause, in->control, in->outcome->requests.length,
                    before + 1};
  vec_push(&in->causes, node);
  if (in->deepest <= before) in->deepest = before + 1;
  for (Scope *scope = in->scope; scope != NULL; scope = scope->outer)
    if (scope->deepest <= before) scope->deepest = before + 1;
  return in->causes.length - 1;
}

static Cell reply_of(Interp *in, const AstCall *call, ModelRequest *request,
                     Slice label, Cause cause) {
  const SimRule *rule = sim_rules_take(in->rules, request);
  Slice reply = rule != NULL ? rule->reply : (Slice){0};
  if (rule == NULL) {
    if (sim_text_add(request, &request->reply))
      interp_note(in, EVENT_REPLY_CUT);
    reply = interp_keep(in, &request->reply);
  }
  if (rule == NULL || !rule->is_error) return (Cell){datum_text(reply), cause};
  interp_note(in, EVENT_REPLY_FAILED);
  const AstExpr *fallback = attribute(call, ATTR_FALLBACK);
  FailureCode code = rule->code == 429 ? CODE_rate_limited : CODE_model_failed;
  if (fallback == NULL)
    return interp_fail(in, code, reply,
                       label.length > 0 ? label : request->operation, cause);
  interp_note(in, EVENT_FALLBACK);
  return (Cell){datum_text(fallback->u.text), cause};
}

Cell interp_model(Interp *in, const AstCall *call, Slice label) {
  Prompt prompt;
  make_prompt(in, call, &prompt);
  if (prompt.worst >= DATUM_ABSENT) {
    buf_free(&prompt.text);
    return (Cell){datum_of(prompt.worst), prompt.cause};
  }
  ModelRequest request = {
      .prompt = prompt.text,
      .operation = slice_of(op_table[call->op].text),
      .system = system_of(in, call),
      .model = text_attribute(call, ATTR_MODEL),
      .temperature = number_attribute(call, ATTR_TEMPERATURE, NAN),
      .max_tokens = (uint32_t)number_attribute(call, ATTR_MAX_TOKENS, 0),
      .budget_tokens = (uint32_t)number_attribute(call, ATTR_BUDGET_TOKENS, 0)};
  Cause cause = note_request(in, &request, prompt.cause);
  if (in->act->is_read && interp_is_read(in, call)) interp_observe(in, cause);
  Cell cell = reply_of(in, call, &request, label, cause);
  buf_free(&request.prompt);
  return cell;
}
