/* SPDX-License-Identifier: MIT
 *
 * `name: value` in the call of an operation: known there, given once, a
 * literal of the right type and in range. attrs.def is the table.
 */
#include "compiler/check/check_int.h"

#include <math.h>

static void report_unknown(Check *c, const AstCall *call, const AstAttr *attr) {
  Op op = call->op;
  bool model = op_table[op].effect == EFFECT_MODEL;
  Nearest nearest = nearest_new(attr->name.text, &c->guesses);
  Buf known = {0};
  if (model) buf_add_text(&known, "prompt");
  if (model) nearest_offer(&nearest, SLICE("prompt"));
  for (Attr i = 0; i < ATTR_COUNT; i++) {
    if (!attr_fits(i, op)) continue;
    if (known.length > 0) buf_add_text(&known, ", ");
    buf_add_text(&known, attr_table[i].text);
    nearest_offer(&nearest, slice_of(attr_table[i].text));
  }
  Diag *diag = check_fail(c, DIAG_UNKNOWN_ATTRIBUTE, attr->name.span,
                          "`%s` has no attribute `%.*s`", op_table[op].text,
                          SLICE_ARG(attr->name.text));
  diag->label = "unknown attribute";
  check_suggest(c, &nearest, diag);
  if (diag->help == NULL && known.length > 0) {
    diag->help = diag_text(c->sink, "its attributes are %s", known.data);
  } else if (diag->help == NULL) {
    diag->help = "it takes none";
  }
  buf_free(&known);
}

static bool is_literal(const AstExpr *value) {
  return value->kind == EXPR_TEXT || value->kind == EXPR_NUM ||
         value->kind == EXPR_BOOL;
}

/* Limits on tokens are counts. */
static bool is_count(Attr attr) {
  return attr == ATTR_MAX_TOKENS || attr == ATTR_BUDGET_TOKENS;
}

static void check_range(Check *c, const AttrInfo *info, const AstAttr *attr) {
  double value = attr->value->u.num;
  bool inside = value >= info->minimum && value <= info->maximum;
  bool whole = !is_count(attr->attr) || floor(value) == value;
  if (inside && whole) return;
  Diag *diag = check_fail(c, DIAG_ATTRIBUTE_RANGE, attr->value->span,
                          "`%s` is %s from %.15g to %.15g", info->text,
                          is_count(attr->attr) ? "a whole number" : "a number",
                          info->minimum, info->maximum);
  diag->label = inside ? "not a whole number" : "out of range";
}

static void check_value(Check *c, AstAttr *attr) {
  const AttrInfo *info = &attr_table[attr->attr];
  AstExpr *value = attr->value;
  if (value->kind == EXPR_ERROR) return;
  if (!is_literal(value)) {
    Diag *diag = check_fail(c, DIAG_NOT_CONSTANT, value->span,
                            "`%s` is not a literal", info->text);
    diag->label = "known only when the program runs";
    diag->help = "attributes are part of the program: write the value here";
    return;
  }
  value->type = value->kind == EXPR_TEXT  ? TYPE_TEXT
                : value->kind == EXPR_NUM ? TYPE_NUM
                                          : TYPE_BOOL;
  TypeId want = info->type == ATTR_TYPE_TEXT ? TYPE_TEXT : TYPE_NUM;
  if (value->type == want) {
    if (want == TYPE_NUM) check_range(c, info, attr);
    return;
  }
  Diag *diag = check_fail(
      c, DIAG_ATTRIBUTE_TYPE, value->span, "`%s` is %s, not %s", info->text,
      check_type_text(c, want), check_type_text(c, value->type));
  diag->label =
      diag_text(c->sink, "this is %s", check_type_text(c, value->type));
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
                          "`%s` is given twice", attr_table[attr->attr].text);
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
      report_unknown(c, call, attr);
      continue;
    }
    if (given[attr->attr] != NULL) report_same(c, attr, given[attr->attr]);
    given[attr->attr] = attr;
    check_value(c, attr);
  }
}
