/* SPDX-License-Identifier: MIT
 *
 * What the attributes of a node say. Those that the public A-PXM has and this
 * version gives no meaning are warned of, and so is what neither knows: files
 * of graphs carry much that is for others.
 */
#include <math.h>

#include "compiler/graph/lower_int.h"
#include "core/base/nearest.h"
#include "core/object/condition.h"

typedef struct AttrWord {
  const char *word;
  Attr attr;
} AttrWord;

/* The public names that differ from those of attrs.def. */
static const AttrWord attr_words[] = {
    {"system_prompt", ATTR_SYSTEM},
    {"budget", ATTR_BUDGET_TOKENS},
    {"token_budget", ATTR_BUDGET_TOKENS},
    {"provider", ATTR_BACKEND},
};
enum { ATTR_WORDS = sizeof attr_words / sizeof *attr_words };

/* Read by the form of a node, not put on the node. */
static const char *const own_words[] = {
    "template_str", "prompt",      "message",      "value",
    "strategy",     "case_labels", "case_regions", "default_region",
    "agent_name",   "flow_name",   "arms",
};
enum { OWN_WORDS = sizeof own_words / sizeof *own_words };

static bool find_attr(Slice name, Attr *attr) {
  for (int i = 0; i < ATTR_WORDS; i++) {
    *attr = attr_words[i].attr;
    if (slice_equal_text(name, attr_words[i].word)) return true;
  }
  return attr_find(name, attr);
}

static bool is_own(Slice name) {
  for (int i = 0; i < OWN_WORDS; i++) {
    if (slice_equal_text(name, own_words[i])) return true;
  }
  return false;
}

static void warn_unused(GraphLower *lower, const Tree *attr) {
  Nearest nearest = nearest_new(attr->key, NULL);
  for (int i = 0; i < ATTR_COUNT; i++) {
    if (attr_fits((Attr)i, lower->node->op))
      nearest_offer(&nearest, slice_of(attr_table[i].text));
  }
  Slice near = nearest_found(&nearest);
  DiagSink *sink = lower->reader->sink;
  Diag *diag = diag_report(sink, DIAG_GRAPH_UNUSED, attr->key_span,
                           "node `%.*s`: `%.*s` has no meaning here",
                           SLICE_ARG(lower->node->name), SLICE_ARG(attr->key));
  diag->label = "left out";
  if (near.length > 0)
    diag->help = diag_text(sink, "did you mean `%.*s`?", SLICE_ARG(near));
}

/* Always false. */
static bool fail_value(GraphLower *lower, const Tree *value, const char *what) {
  Diag *diag =
      diag_report(lower->reader->sink, DIAG_GRAPH_ATTRIBUTE, value->span,
                  "node `%.*s`: `%.*s` must be %s",
                  SLICE_ARG(lower->node->name), SLICE_ARG(value->key), what);
  diag->label = diag_text(lower->reader->sink, "not this, %s",
                          tree_kind_name(value->kind));
  return false;
}

static bool check_number(GraphLower *lower, Attr attr, const Tree *value) {
  const AttrInfo *info = &attr_table[attr];
  if (value->kind != TREE_NUM) return fail_value(lower, value, "a number");
  bool is_whole = info->type == ATTR_TYPE_COUNT;
  if (value->num >= info->minimum && value->num <= info->maximum &&
      (!is_whole || value->num == floor(value->num)))
    return true;
  const char *what = diag_text(
      lower->reader->sink, "%s from %.15g to %.15g%s",
      is_whole ? "a whole number" : "a number", info->minimum, info->maximum,
      info->type == ATTR_TYPE_TIME ? " (milliseconds)" : "");
  return fail_value(lower, value, what);
}

static bool check_text(GraphLower *lower, Attr attr, const Tree *value) {
  Condition condition;
  const char *fault;
  if (value->kind != TREE_TEXT) return fail_value(lower, value, "a text");
  if (attr == ATTR_CONDITION &&
      !condition_parse(value->text, &condition, &fault))
    return fail_value(
        lower, value,
        diag_text(lower->reader->sink, "a condition (%s)", fault));
  if (attr == ATTR_ON_FAIL && !slice_equal_text(value->text, "halt") &&
      !slice_equal_text(value->text, "skip"))
    return fail_value(lower, value, "\"halt\" or \"skip\"");
  return true;
}

static bool add_attr(GraphLower *lower, Attr attr, const Tree *value) {
  IrProgram *program = lower->reader->program;
  if (attr_table[attr].type == ATTR_TYPE_TEXT) {
    if (!check_text(lower, attr, value)) return false;
    ir_add_attr(lowered_graph(lower), attr, ir_text(program, value->text));
  } else {
    if (!check_number(lower, attr, value)) return false;
    ir_add_attr(lowered_graph(lower), attr, ir_num(program, value->num));
  }
  return true;
}

bool lowered_attributes(GraphLower *lower) {
  const Tree *attributes = lower->node->attributes;
  uint64_t seen = 0;
  bool right = true;
  for (const Tree *at = attributes ? attributes->first : NULL; at;
       at = at->next) {
    Attr attr;
    if (at->kind == TREE_NULL || is_own(at->key)) continue;
    if (!find_attr(at->key, &attr) || !attr_fits(attr, lower->node->op)) {
      warn_unused(lower, at);
    } else if ((seen >> attr & 1) != 0) {
      right = fail_value(lower, at, "given once");
    } else {
      seen |= UINT64_C(1) << attr;
      right &= add_attr(lower, attr, at);
    }
  }
  if (lower->node->op != OP_GUARD || (seen >> ATTR_CONDITION & 1) != 0)
    return right;
  lowered_fail(lower, DIAG_GRAPH_ATTRIBUTE, "it needs a `condition`");
  return false;
}

bool lowered_text(GraphLower *lower, const char *name, const char *other,
                  Slice *text) {
  const Tree *found = tree_member(lower->node->attributes, name);
  if (found == NULL || found->kind == TREE_NULL)
    found = tree_member(lower->node->attributes, other);
  *text = SLICE("");
  if (found == NULL || found->kind == TREE_NULL) return true;
  if (found->kind != TREE_TEXT) return fail_value(lower, found, "a text");
  *text = found->text;
  return true;
}
