/* SPDX-License-Identifier: MIT
 *
 * Spellings of older versions of the language: `ask "prompt" + x` and
 * `merge [a, b]` without parentheses, `rsn` and `llm` for `ask`. They mean what
 * they meant; a warning shows how it is written now.
 */
#include "compiler/front/parse_int.h"

static bool is_one_of(Slice name, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (slice_equal_text(name, words[i])) return true;
  }
  return false;
}

static bool takes_text(Slice name) {
  static const char *const words[] = {"ask", "think",   "reason", "rsn",
                                      "llm", "reflect", "plan",   "verify"};
  return is_one_of(name, words, sizeof words / sizeof *words);
}

static bool takes_list(Slice name) {
  return slice_equal_text(name, "merge") || slice_equal_text(name, "wait");
}

static bool is_renamed(Slice name) {
  return slice_equal_text(name, "rsn") || slice_equal_text(name, "llm");
}

/* The first byte on the line after the token at hand that is no blank, and
 * whether a blank stands before it. */
static char next_byte(const Parser *p, bool *blank) {
  Slice text = p->source->text;
  size_t end = (size_t)p->token.start + p->token.length;
  size_t at = end;
  while (at < text.length && (text.data[at] == ' ' || text.data[at] == '\t')) {
    at++;
  }
  *blank = at > end;
  return at < text.length ? text.data[at] : 0;
}

bool legacy_begins(const Parser *p) {
  Slice name = token_text(p->source, p->token);
  if (name.length < 3 || name.length > 7) return false;
  if (p->before_kind != 0 && !parse_accepts(p, p->token.kind)) return false;
  bool blank;
  if (takes_text(name)) return next_byte(p, &blank) == '"';
  if (!takes_list(name)) return false;
  return next_byte(p, &blank) == '[' && blank;
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

AstExpr *ast_legacy(Parser *p, Token name, AstExpr *operand) {
  Slice text = token_text(p->source, name);
  Span span = span_join(span_of(p, name), operand->span);
  bool list = takes_list(text) && operand->kind == EXPR_LIST;
  Slice now = is_renamed(text) ? SLICE("ask") : text;
  AstExpr *expr = ast_new(p, EXPR_CALL, span);
  AstCall *call = ARENA_NEW(p->arena, AstCall);
  call->name = (AstName){now, span_of(p, name)};
  call->args = list ? operand->u.parts.first : operand;
  call->arg_count = list ? operand->u.parts.count : 1;
  expr->u.call = call;
  uint32_t from = operand->span.start - span.start;
  warn(p, span, text,
       in_parentheses(p, now, span, from + list, list ? 1 : 0));
  return ast_bounded(p, expr, operand->height);
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
