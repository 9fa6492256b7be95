/* SPDX-License-Identifier: MIT
 *
 * Calls of operations and functions: how many arguments, of which types, and
 * the type of the result. functions.def is the table.
 */
#include "compiler/check/body.h"
#include "compiler/check/help.h"
#include "compiler/check/written.h"

#include "core/object/condition.h"

/* Sets of types, as the table writes them. */
enum {
  TYPES_TEXT = 1 << TYPE_KIND_TEXT,
  TYPES_NUM = 1 << TYPE_KIND_NUM,
  TYPES_BOOL = 1 << TYPE_KIND_BOOL,
  TYPES_JSON = 1 << TYPE_KIND_JSON,
  TYPES_LIST = 1 << TYPE_KIND_LIST,
  TYPES_RECORD = 1 << TYPE_KIND_RECORD,
  TYPES_ANY = TYPES_TEXT | TYPES_NUM | TYPES_BOOL | TYPES_JSON | TYPES_LIST |
              TYPES_RECORD
};

typedef enum Gives {
  GIVES_VOID,
  GIVES_TEXT,
  GIVES_NUM,
  GIVES_BOOL,
  GIVES_JSON,
  GIVES_TEXTS,
  GIVES_NUMS,
  GIVES_FIRST,
  GIVES_OWN
} Gives;

enum { PARAMS_MAX = 3 };

typedef struct Function {
  Gives gives;
  struct {
    const char *name;
    uint32_t types;
  } params[PARAMS_MAX];
} Function;

#define TEXT TYPES_TEXT
#define NUM TYPES_NUM
#define BOOL TYPES_BOOL
#define JSON TYPES_JSON
#define LIST TYPES_LIST
#define RECORD TYPES_RECORD
#define ANY TYPES_ANY
static const Function functions[OP_COUNT] = {
#define X(op, gives, a, ta, b, tb, c, tc) \
  [OP_##op] = {GIVES_##gives, {{a, ta}, {b, tb}, {c, tc}}},
#include "compiler/check/functions.def"
#undef X
};
static const bool is_function[OP_COUNT] = {
#define X(op, gives, a, ta, b, tb, c, tc) [OP_##op] = true,
#include "compiler/check/functions.def"
#undef X
};
#undef TEXT
#undef NUM
#undef BOOL
#undef JSON
#undef LIST
#undef RECORD
#undef ANY

/* ---- in messages --------------------------------------------------------- */

static void add_types(uint32_t types, Buf *out) {
  static const char *const words[] = {
      [TYPE_KIND_TEXT] = "str",   [TYPE_KIND_NUM] = "num",
      [TYPE_KIND_BOOL] = "bool",  [TYPE_KIND_JSON] = "json",
      [TYPE_KIND_LIST] = "list",  [TYPE_KIND_RECORD] = "record",
  };
  if (types == TYPES_ANY) {
    buf_add_text(out, "any value");
    return;
  }
  bool first = true;
  for (uint32_t kind = TYPE_KIND_TEXT; kind <= TYPE_KIND_RECORD; kind++) {
    if ((types >> kind & 1) == 0) continue;
    buf_addf(out, "%s%s", first ? "" : " or ", words[kind]);
    first = false;
  }
}

/* "split(text: str, separator: str)" */
static const char *signature(Check *c, Op op) {
  if (!check_is_heard(c)) return "";
  const OpInfo *info = &op_table[op];
  Buf text = {0};
  buf_addf(&text, "%s(", info->text);
  for (uint32_t i = 0; i < info->max_inputs && is_function[op]; i++) {
    bool needed = i < info->min_inputs;
    buf_addf(&text, "%s%s%s: ", i > 0 ? ", " : "",
             functions[op].params[i].name, needed ? "" : "?");
    add_types(functions[op].params[i].types, &text);
  }
  buf_add_char(&text, ')');
  const char *kept = arena_copy(c->arena, text.data, text.length);
  buf_free(&text);
  return kept;
}

/* ---- arguments ----------------------------------------------------------- */

static void report_missing(Check *c, const AstCall *call) {
  const OpInfo *info = &op_table[call->op];
  bool model = info->effect == EFFECT_MODEL;
  Diag *diag = check_fail(
      c, DIAG_NO_ARGUMENT, call->name.span, "`%s` needs %s", info->text,
      info->min_inputs > 1 ? "more arguments" : "an argument");
  diag->label = model ? "a prompt is missing" : "a value is missing";
  if (is_function[call->op]) diag->help = signature(c, call->op);
}

static void report_many(Check *c, const AstCall *call) {
  const OpInfo *info = &op_table[call->op];
  const AstExpr *extra = call->args;
  for (uint32_t i = 0; i < info->max_inputs; i++) extra = extra->next;
  Diag *diag = check_fail(c, DIAG_TOO_MANY_ARGUMENTS, extra->span,
                          "`%s` takes %s%u argument%s, not %u", info->text,
                          info->min_inputs < info->max_inputs ? "at most " : "",
                          info->max_inputs, info->max_inputs == 1 ? "" : "s",
                          call->arg_count);
  diag->label = "one too many";
  diag->help = signature(c, call->op);
}

static void report_argument(Check *c, const AstCall *call, const AstExpr *arg,
                            uint32_t index, uint32_t types) {
  Buf wanted = {0};
  add_types(types, &wanted);
  Diag *diag = check_fail(
      c, DIAG_ARGUMENT_TYPE, arg->span, "`%s` of `%s` is %s, not %s",
      functions[call->op].params[index].name, op_table[call->op].text,
      wanted.data, check_type_text(c, arg->type));
  diag->label = check_this_is(c, arg->type);
  diag->help = signature(c, call->op);
  TypeId want = types == TYPES_TEXT  ? TYPE_TEXT
                : types == TYPES_NUM ? TYPE_NUM
                                     : TYPE_NONE;
  check_help_value(c, arg, want, diag);
  buf_free(&wanted);
}

static bool is_one_of(const Check *c, TypeId type, uint32_t types) {
  return type == TYPE_NONE || (types >> check_kind(c, type) & 1) != 0;
}

/* Whether every argument is of a type the table allows. */
static bool check_arguments(Check *c, const AstCall *call) {
  bool fit = true;
  uint32_t index = 0;
  for (const AstExpr *arg = call->args; arg; arg = arg->next) {
    uint32_t types = functions[call->op].params[index].types;
    if (!is_one_of(c, arg->type, types)) {
      report_argument(c, call, arg, index, types);
      fit = false;
    }
    index++;
  }
  return fit;
}

/* ---- functions whose arguments depend on each other ---------------------- */

/* `contains`: what is looked for in a text is a text, in a list an element. */
static void check_contains(Check *c, const AstCall *call) {
  const AstExpr *in = call->args;
  const AstExpr *part = in->next;
  TypeKind kind = check_kind(c, in->type);
  if (kind == TYPE_KIND_TEXT && !is_one_of(c, part->type, TYPES_TEXT)) {
    report_argument(c, call, part, 1, TYPES_TEXT);
  }
  if (kind != TYPE_KIND_LIST) return;
  TypeId element = check_element(c, in->type);
  TypeId common;
  if (check_common_type(c, element, part->type, &common)) return;
  Diag *diag = check_fail(c, DIAG_ARGUMENT_TYPE, part->span,
                          "%s cannot be in %s", check_type_text(c, part->type),
                          check_type_text(c, in->type));
  diag->label = check_this_is(c, part->type);
}

static void check_key(Check *c, const AstCall *call, uint32_t types) {
  const AstExpr *key = call->args->next;
  if (is_one_of(c, key->type, types)) return;
  report_argument(c, call, key, 1, types);
}

/* `get`: an item of a list, which with a default is of its element type; else
 * json. */
static TypeId check_get(Check *c, const AstCall *call) {
  const AstExpr *from = call->args;
  const AstExpr *fallback = from->next->next;
  if (from->type == TYPE_NONE) return TYPE_NONE;
  bool list = check_kind(c, from->type) == TYPE_KIND_LIST;
  check_key(c, call, list ? TYPES_NUM : TYPES_TEXT);
  if (!list || fallback == NULL) return TYPE_JSON;
  TypeId element = check_element(c, from->type);
  if (check_fits(c, fallback->type, element)) return element;
  Diag *diag = check_fail(c, DIAG_ARGUMENT_TYPE, fallback->span,
                          "`default` of `get` is %s, not %s",
                          check_type_text(c, element),
                          check_type_text(c, fallback->type));
  diag->label = check_this_is(c, fallback->type);
  diag->help = "it takes the place of an item of the list";
  return element;
}

static TypeId result_of(Check *c, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  switch (functions[call->op].gives) {
    case GIVES_VOID:
      return TYPE_VOID;
    case GIVES_TEXT:
      return TYPE_TEXT;
    case GIVES_NUM:
      return TYPE_NUM;
    case GIVES_BOOL:
      return TYPE_BOOL;
    case GIVES_JSON:
      return TYPE_JSON;
    case GIVES_TEXTS:
      return check_list_type(c, TYPE_TEXT);
    case GIVES_NUMS:
      return check_list_type(c, TYPE_NUM);
    case GIVES_FIRST:
      return call->args->type;
    case GIVES_OWN:
      return check_get(c, call);
  }
  return TYPE_NONE;
}

static TypeId type_function(Check *c, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  if (check_arguments(c, call)) {
    if (call->op == OP_CONTAINS) check_contains(c, call);
    return result_of(c, expr);
  }
  Gives gives = functions[call->op].gives;
  return gives < GIVES_FIRST ? result_of(c, expr) : TYPE_NONE;
}

/* ---- operations ---------------------------------------------------------- */

static void check_prompt(Check *c, const AstCall *call) {
  const AstExpr *prompt = call->args;
  bool empty = prompt->kind == EXPR_TEXT && prompt->u.text.length == 0;
  if (!empty || prompt->next != NULL) return;
  Diag *diag = check_fail(c, DIAG_EMPTY_PROMPT, prompt->span,
                          "`%.*s` with an empty prompt and no context",
                          SLICE_ARG(call->name.text));
  diag->label = "there is nothing to send";
}

static void check_guard(Check *c, const AstCall *call) {
  const AstAttr *attr = check_find_attribute(call, ATTR_CONDITION);
  if (attr == NULL) {
    Diag *diag = check_fail(c, DIAG_NO_CONDITION, call->name.span,
                            "`guard` without a condition");
    diag->label = "what has to hold?";
    diag->help = "for example: guard(x, condition: \"> 0.8\")";
    return;
  }
  Condition condition;
  const char *fault;
  if (attr->value->kind != EXPR_TEXT) return; /* reported */
  if (condition_parse(attr->value->u.text, &condition, &fault)) return;
  Diag *diag = check_fail(c, DIAG_BAD_CONDITION, attr->value->span,
                          "the condition of the guard cannot be read");
  diag->label = fault;
  diag->help = "conditions are > >= < <= == != and a value, or not_empty, "
               "is_empty, is_null, not_null, is_true, is_false";
}

/* Those with any number of arguments. */
static TypeId type_operation(Check *c, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  const OpInfo *info = &op_table[call->op];
  if (info->effect == EFFECT_MODEL && call->args) check_prompt(c, call);
  if (info->result == OP_RESULT_TEXT) return TYPE_TEXT;
  if (info->result != OP_RESULT_LIST) return TYPE_VOID;
  TypeId element =
      check_same_types(c, call->args, DIAG_WAIT_TYPES, "a wait for values");
  if (element == TYPE_NONE) return TYPE_NONE;
  return check_list_of(c, element, expr->span);
}

TypeId check_function(Check *c, AstExpr *expr) {
  AstCall *call = expr->u.call;
  const OpInfo *info = &op_table[call->op];
  check_attributes(c, call);
  c->body.model_calls += info->effect == EFFECT_MODEL;
  if (call->op == OP_GUARD) check_guard(c, call);
  bool counted = false;
  if (call->arg_count < info->min_inputs) {
    report_missing(c, call);
  } else if (call->arg_count > info->max_inputs) {
    report_many(c, call);
  } else {
    counted = true;
  }
  if (!is_function[call->op]) return type_operation(c, expr);
  if (counted) return type_function(c, expr);
  Gives gives = functions[call->op].gives;
  return gives < GIVES_FIRST ? result_of(c, expr) : TYPE_NONE;
}
