/* SPDX-License-Identifier: MIT
 *
 * Spellings of older versions of the language: `ask "prompt" + x` and
 * `merge [a, b]` without parentheses, `rsn` and `llm` for `ask`. They mean what
 * they meant; a warning shows how it is written now.
 */
#include "compiler/front/parse_int.h"

#include "grammar.h"

/* What stood after the name, without parentheses. */
typedef enum Operand {
  OPERAND_TEXT, /* `ask "prompt" -> x` */
  OPERAND_LIST, /* `merge [a, b] -> x` */
  OPERAND_TIER, /* `qmem ltm "key" -> x` */
  OPERAND_NAME  /* `inv search(q) -> x`, `verify r with "..." -> x` */
} Operand;

typedef struct OldForm {
  const char *name;
  Operand operand;
} OldForm;

static const OldForm old_forms[] = {
    {"ask", OPERAND_TEXT},     {"think", OPERAND_TEXT},
    {"reason", OPERAND_TEXT},  {"rsn", OPERAND_TEXT},
    {"llm", OPERAND_TEXT},     {"reflect", OPERAND_TEXT},
    {"plan", OPERAND_TEXT},    {"verify", OPERAND_TEXT},
    {"merge", OPERAND_LIST},   {"wait", OPERAND_LIST},
    {"qmem", OPERAND_TIER},    {"umem", OPERAND_TIER},
    {"inv", OPERAND_NAME},     {"verify", OPERAND_NAME}};

static bool has_form(Slice name, Operand operand) {
  for (size_t i = 0; i < sizeof old_forms / sizeof *old_forms; i++) {
    if (old_forms[i].operand == operand &&
        slice_equal_text(name, old_forms[i].name)) {
      return true;
    }
  }
  return false;
}

static bool is_renamed(Slice name) {
  return name.length == 3 &&
         (slice_equal_text(name, "rsn") || slice_equal_text(name, "llm"));
}

static bool begins_tier(Slice rest) {
  return slice_begins_word(rest, "stm") || slice_begins_word(rest, "ltm") ||
         slice_begins_word(rest, "episodic");
}

/* Nearly all names end at the first question, since `(` follows them. */
int legacy_kind(const Parser *p) {
  Slice name = token_text(p->source, p->token);
  Slice rest = rest_of_line(p);
  char next = rest.length > 0 ? rest.data[0] : 0;
  if (next != '"' && next != '[' && !is_name_byte(next)) return TK_NAME;
  if (name.length < 3 || name.length > 7) return TK_NAME;
  int kind = TK_NAME;
  if (next == '"') {
    if (has_form(name, OPERAND_TEXT)) kind = TK_LEGACY;
  } else if (rest.data == name.data + name.length) {
    return TK_NAME;
  } else if (next == '[') {
    if (has_form(name, OPERAND_LIST)) kind = TK_LEGACY_LIST;
  } else if (has_form(name, OPERAND_TIER)) {
    if (begins_tier(rest)) kind = TK_LEGACY_TIER;
  } else if (has_form(name, OPERAND_NAME) && parse_accepts(p, TK_LET)) {
    kind = TK_LEGACY;
  }
  return kind != TK_NAME && parse_accepts(p, TK_TRUE) ? kind : TK_NAME;
}

/* The replacement of what `span` covers: `name(`, the source from `from` bytes
 * into it less the last `tail` bytes, and `)`. */
static const char *in_parentheses(const Parser *p, Slice name, Span span,
                                  uint32_t from, uint32_t tail) {
  Slice text = slice_from(p->source->text.data + span.start - p->source->base,
                          span.length);
  return diag_text(p->sink, "%.*s(%.*s)", SLICE_ARG(name),
                   (int)(text.length - from - tail), text.data + from);
}

static void warn(Parser *p, Span span, Slice name, const char *replacement) {
  Diag *diag = diag_report(p->sink, DIAG_LEGACY, span,
                           "`%.*s` as it was written once", SLICE_ARG(name));
  diag->label = "still means the same";
  diag->help = diag_text(p->sink, "write `%s`", replacement);
  diag->replacement = replacement;
}

/* A call of `args`; the operations that this version does not have are left to
 * the checker, which says so. */
static AstExpr *make_call(Parser *p, Token name, Span span, AstList args) {
  Slice text = token_text(p->source, name);
  AstExpr *expr = ast_new(p, EXPR_CALL, span);
  AstCall *call = ARENA_NEW(p->arena, AstCall);
  call->name = name_of(p, name);
  if (is_renamed(text)) call->name.text = SLICE("ask");
  call->args = args.first;
  call->arg_count = args.count;
  expr->u.call = call;
  return ast_bounded(p, expr, args.height);
}

AstExpr *ast_legacy(Parser *p, Token name, AstExpr *operand, AstExpr *second) {
  Slice text = token_text(p->source, name);
  AstList args = ast_list_add(ast_no_list(), operand);
  if (second != NULL) args = ast_list_add(args, second);
  Span last = second != NULL && second->span.start > operand->span.start
                  ? second->span
                  : operand->span;
  Span span = span_join(span_of(p, name), last);
  if (slice_equal_text(text, "inv")) args = ast_no_list();
  AstExpr *expr = make_call(p, name, span, args);
  if (second != NULL || args.count == 0) return expr;
  Slice now = is_renamed(text) ? SLICE("ask") : text;
  uint32_t from = operand->span.start - span.start;
  warn(p, span, text, in_parentheses(p, now, span, from, 0));
  return expr;
}

AstExpr *ast_legacy_list(Parser *p, Token name, AstList list) {
  Slice text = token_text(p->source, name);
  Span span = span_from(p, name.start, list.end);
  uint32_t from = name.length;
  const char *source = p->source->text.data + name.start;
  while (source[from] != '[') from++;
  warn(p, span, text, in_parentheses(p, text, span, from + 1, 1));
  return make_call(p, name, span, list);
}

/* ---- operations that have another name now ------------------------------- */

void legacy_note_call(Parser *p, AstCall *call) {
  if (call->agent.text.length == 0 && is_renamed(call->name.text)) {
    vec_push(&p->old_calls, ((OldCall){call, p->agent}));
  }
}

static bool is_declared(const AstAgent *agent, Slice name) {
  for (const AstFlow *flow = agent->flows; flow; flow = flow->next) {
    if (slice_equal(flow->name.text, name)) return true;
  }
  for (const AstItem *item = agent->items; item; item = item->next) {
    if (item->kind == ITEM_CAPABILITY && slice_equal(item->name.text, name)) {
      return true;
    }
  }
  return false;
}

void legacy_settle(Parser *p) {
  for (uint32_t i = 0; i < p->old_calls.length; i++) {
    AstCall *call = p->old_calls.data[i].call;
    Slice name = call->name.text;
    if (is_declared(p->old_calls.data[i].agent, name)) continue;
    warn(p, call->name.span, name, "ask");
    call->name.text = SLICE("ask");
  }
  vec_free(&p->old_calls);
}
