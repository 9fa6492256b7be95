/* SPDX-License-Identifier: MIT
 *
 * `name: value` in the call of an operation, and in `loop (...)` and
 * `while (...)`: known there, given once, a literal of the right type and in
 * range. So is the value of an annotation, which is an attribute of the calls
 * in what it stands before. attrs.def is the table.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"

#include <math.h>

/* What the language has and this version has not. */
static bool is_later(Slice name) {
  static const char *const later[] = {"cache", "tools", "schema_retries",
                                      "tool_rounds"};
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    if (slice_equal_text(name, later[i])) return true;
  }
  return false;
}

/* Adds the nearest of the `known` names, which are parted by ", ". */
static void help_unknown(Check *c, const AstAttr *attr, const Buf *known,
                         Diag *diag) {
  Nearest nearest = nearest_new(attr->name.text, &c->guesses);
  const char *at = known->length > 0 ? known->data : "";
  while (*at != '\0') {
    size_t length = strcspn(at, ",");
    nearest_offer(&nearest, slice_from(at, length));
    at += length + strspn(at + length, ", ");
  }
  check_suggest(c, &nearest, diag);
  if (diag->help == NULL && known->length > 0) {
    diag->help = diag_text(c->sink, "its attributes are %s", known->data);
  } else if (diag->help == NULL) {
    diag->help = "it takes none";
  }
}

static void report_unknown(Check *c, const char *what, const AstAttr *attr,
                           const Buf *known, bool model) {
  Diag *diag = check_fail(c, DIAG_UNKNOWN_ATTRIBUTE, attr->name.span,
                          "`%s` has no attribute `%.*s`", what,
                          SLICE_ARG(attr->name.text));
  diag->label = "unknown attribute";
  if (!check_is_heard(c)) return;
  help_unknown(c, attr, known, diag);
  if (model && is_later(attr->name.text)) {
    diag->label = "comes with a later version";
  }
}

static void report_unknown_of_op(Check *c, const AstCall *call,
                                 const AstAttr *attr) {
  Op op = call->op;
  bool model = op_table[op].effect == EFFECT_MODEL;
  Buf known = {0};
  if (model) buf_add_text(&known, "prompt");
  for (Attr i = 0; i < ATTR_COUNT; i++) {
    if (!attr_fits(i, op)) continue;
    if (known.length > 0) buf_add_text(&known, ", ");
    buf_add_text(&known, attr_table[i].text);
  }
  report_unknown(c, op_table[op].text, attr, &known, model);
  buf_free(&known);
}

static bool is_literal(const AstExpr *value) {
  return value->kind == EXPR_TEXT || value->kind == EXPR_NUM ||
         value->kind == EXPR_BOOL || value->kind == EXPR_DURATION;
}

/* `-1` is a literal to its reader; only numbers below all ranges are. */
static bool is_negative(const AstExpr *value) {
  return value->kind == EXPR_UNARY && value->u.operation.op == OP_NEG &&
         value->u.operation.left->kind == EXPR_NUM;
}

/* As a program writes it, in the largest unit that is whole. */
static const char *duration_text(Check *c, double milliseconds) {
  static const struct {
    double milliseconds;
    const char *unit;
  } units[] = {{3600e3, "h"}, {60e3, "m"}, {1e3, "s"}, {1, "ms"}};
  size_t i = 0;
  while (fmod(milliseconds, units[i].milliseconds) != 0) i++;
  return diag_text(c->sink, "%.15g%s", milliseconds / units[i].milliseconds,
                   units[i].unit);
}

static const char *range_text(Check *c, const AttrInfo *info) {
  if (info->type == ATTR_TYPE_TIME) {
    return diag_text(c->sink, "a duration from %s to %s",
                     duration_text(c, info->minimum),
                     duration_text(c, info->maximum));
  }
  return diag_text(
      c->sink, "%s from %.15g to %.15g",
      info->type == ATTR_TYPE_COUNT ? "a whole number" : "a number",
      info->minimum, info->maximum);
}

static void check_range(Check *c, const char *name, const AttrInfo *info,
                        const AstExpr *expr) {
  double value =
      is_negative(expr) ? -expr->u.operation.left->u.num : expr->u.num;
  bool inside = value >= info->minimum && value <= info->maximum;
  bool whole = info->type != ATTR_TYPE_COUNT || floor(value) == value;
  if (inside && whole) return;
  Diag *diag = check_fail(c, DIAG_ATTRIBUTE_RANGE, expr->span, "`%s` is %s",
                          name, range_text(c, info));
  diag->label = inside ? "not a whole number" : "out of range";
}

static const char *literal_text(const AstExpr *value) {
  switch (value->kind) {
    case EXPR_TEXT:
      return "str";
    case EXPR_BOOL:
      return "bool";
    case EXPR_DURATION:
      return "a duration";
    default:
      return "num";
  }
}

/* A word that names nothing was meant as a text. */
static void help_quotes(Check *c, const AstExpr *value, Diag *diag) {
  if (value->kind != EXPR_NAME) return;
  Slice word = value->u.name.text;
  if (check_scope_find(&c->body.scope, word) != NULL) return;
  diag->label = "no text without quotes";
  diag->help = diag_text(c->sink, "write \"%.*s\"", SLICE_ARG(word));
  diag->replacement = diag_text(c->sink, "\"%.*s\"", SLICE_ARG(word));
}

/* Whether the value is a literal of that type; TYPE_NONE: a duration. */
static bool check_literal(Check *c, const char *name, AstExpr *value,
                          TypeId want) {
  if (value->kind == EXPR_ERROR) return false;
  if (!is_literal(value) && !is_negative(value)) {
    Diag *diag = check_fail(c, DIAG_NOT_CONSTANT, value->span,
                            "`%s` is not a literal", name);
    diag->label = "known only when the program runs";
    diag->help = "it is part of the program: write the value here";
    if (want == TYPE_TEXT && check_is_heard(c)) help_quotes(c, value, diag);
    return false;
  }
  value->type = value->kind == EXPR_TEXT       ? TYPE_TEXT
                : value->kind == EXPR_BOOL     ? TYPE_BOOL
                : value->kind == EXPR_DURATION ? TYPE_NONE
                                               : TYPE_NUM;
  if (value->type == want) return true;
  Diag *diag = check_fail(
      c, DIAG_ATTRIBUTE_TYPE, value->span, "`%s` is %s, not %s", name,
      want == TYPE_NONE ? "a duration" : check_type_text(c, want),
      literal_text(value));
  diag->label = diag_text(c->sink, "this is %s", literal_text(value));
  if (want == TYPE_NONE) diag->help = "durations are 250ms, 30s, 2m, 1h";
  return false;
}

/* `on_fail: skip` is as good as `on_fail: "skip"`. */
static void check_on_fail(Check *c, AstExpr *value) {
  if (value->kind == EXPR_NAME) {
    Slice word = value->u.name.text;
    value->kind = EXPR_TEXT;
    value->u.text = word;
    value->u.escapes = NULL;
  }
  bool known = value->kind != EXPR_TEXT ||
               slice_equal_text(value->u.text, "halt") ||
               slice_equal_text(value->u.text, "skip");
  if (known) return;
  Nearest nearest = nearest_new(value->u.text, &c->guesses);
  nearest_offer(&nearest, SLICE("halt"));
  nearest_offer(&nearest, SLICE("skip"));
  Diag *diag = check_fail(c, DIAG_UNKNOWN_WORD, value->span,
                          "`on_fail` is halt or skip");
  diag->label = "neither of the two";
  check_suggest(c, &nearest, diag);
}

/* `name` is how the program says it. */
static void check_setting(Check *c, const char *name, Attr attr,
                          AstExpr *value) {
  const AttrInfo *info = &attr_table[attr];
  TypeId want = info->type == ATTR_TYPE_TEXT   ? TYPE_TEXT
                : info->type == ATTR_TYPE_TIME ? TYPE_NONE
                                               : TYPE_NUM;
  bool fits = check_literal(c, name, value, want);
  if (fits && want != TYPE_TEXT) check_range(c, name, info, value);
}

static void check_attribute(Check *c, AstAttr *attr) {
  if (attr->attr == ATTR_ON_FAIL) check_on_fail(c, attr->value);
  check_setting(c, attr_table[attr->attr].text, attr->attr, attr->value);
}

void check_marks(Check *c, const AstMark *mark) {
  for (; mark != NULL; mark = mark->next) {
    const MarkInfo *info = &mark_table[mark->mark];
    if (info->attr != ATTR_COUNT)
      check_setting(c, info->text, info->attr, mark->value);
  }
}

static void report_prompt(Check *c, const AstCall *call, const AstAttr *attr) {
  Diag *diag = check_fail(c, DIAG_TWO_PROMPTS, attr->name.span,
                          "the prompt is given twice");
  diag->label = "given again here";
  diag->related = call->args->span;
  diag->related_label = "first given here";
  diag->help = "context follows the prompt: ask(prompt, context)";
}

static void report_same(Check *c, const AstAttr *attr, const AstAttr *first) {
  Diag *diag = check_fail(c, DIAG_SAME_ATTRIBUTE, attr->name.span,
                          "`%.*s` is given twice", SLICE_ARG(attr->name.text));
  diag->label = "given again here";
  diag->related = first->name.span;
  diag->related_label = "first given here";
}

void check_attributes(Check *c, AstCall *call) {
  const AstAttr *given[ATTR_COUNT] = {NULL};
  bool model = op_table[call->op].effect == EFFECT_MODEL;
  for (AstAttr *attr = call->attrs; attr != NULL; attr = attr->next) {
    if (model && slice_equal_text(attr->name.text, "prompt")) {
      report_prompt(c, call, attr);
      continue;
    }
    if (!attr_find(attr->name.text, &attr->attr) ||
        !attr_fits(attr->attr, call->op)) {
      attr->attr = ATTR_COUNT;
      report_unknown_of_op(c, call, attr);
      continue;
    }
    if (given[attr->attr] != NULL) report_same(c, attr, given[attr->attr]);
    given[attr->attr] = attr;
    check_attribute(c, attr);
  }
}

const AstAttr *check_find_attribute(const AstCall *call, Attr attr) {
  const AstAttr *found = call->attrs;
  while (found != NULL && found->attr != attr) found = found->next;
  return found;
}

/* ---- of constructs ------------------------------------------------------- */

static void report_no_max(Check *c, const AstStmt *stmt) {
  if (stmt->control->lost) return; /* perhaps it was there */
  Diag *diag = check_fail(c, DIAG_NO_MAX, stmt->control->word,
                          "`while` without its greatest number of steps");
  diag->label = "when does it end if the condition stays true?";
  diag->help = "add it after the condition: while (c, max: 10) { ... }";
  const AstArm *arm = stmt->control->arms;
  if (arm == NULL || !check_is_heard(c)) return;
  uint32_t end = stmt->expr->span.start + stmt->expr->span.length;
  Slice rest = check_source_text(c, (Span){end, arm->body.span.start - end});
  while (rest.length > 0 && rest.data[rest.length - 1] != ')') rest.length--;
  if (rest.length == 0) return;
  diag->replacement = ", max: 10";
  diag->replaced = (Span){end + (uint32_t)rest.length - 1, 0};
}

static void report_option(Check *c, bool loop, const AstAttr *attr) {
  Buf known = {0};
  buf_add_text(&known, loop ? "parallel, ordered" : "max");
  report_unknown(c, loop ? "loop" : "while", attr, &known, false);
  buf_free(&known);
}

static void check_option(Check *c, AstAttr *attr, const AstAttr **given) {
  if (*given != NULL) report_same(c, attr, *given);
  *given = attr;
  if (attr->attr != ATTR_COUNT) {
    check_attribute(c, attr);
  } else {
    check_literal(c, "ordered", attr->value, TYPE_BOOL);
  }
}

/* Of LOOP `parallel` and `ordered`, of WHILE `max`. */
void check_control_attributes(Check *c, const AstStmt *stmt) {
  const AstAttr *number = NULL;
  const AstAttr *ordered = NULL;
  bool loop = stmt->kind == STMT_LOOP;
  AstAttr *attr = stmt->control->attrs;
  for (; attr != NULL; attr = attr->next) {
    attr->attr = ATTR_COUNT;
    if (loop && slice_equal_text(attr->name.text, "ordered")) {
      check_option(c, attr, &ordered);
    } else if (slice_equal_text(attr->name.text, loop ? "parallel" : "max")) {
      attr->attr = loop ? ATTR_PARALLEL : ATTR_MAX;
      check_option(c, attr, &number);
    } else {
      report_option(c, loop, attr);
    }
  }
  if (stmt->kind == STMT_WHILE && number == NULL) report_no_max(c, stmt);
}
