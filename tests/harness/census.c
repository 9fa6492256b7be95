/* SPDX-License-Identifier: MIT
 *
 * Rows: pieces of text, what the tree has, what the reference came across.
 */
#include "tests/harness/census.h"

#include <assert.h>

/* Pieces of a program's text that leave no trace in the tree. */
static const struct {
  const char *name, *piece;
} pieces[] = {{"let", "let "},
              {"->", " -> "},
              {"-> _", " -> _"},
              {"<-", " <- "},
              {"|>", " |> "},
              {"text block", "\"\"\""},
              {"{{ }}", "{{"},
              {"{0}", "{0}"},
              {"\\{", "\\{"},
              {"\\u{}", "\\u{"},
              {"else if", "else if ("},
              {"case ending with a comma", "},\n"},
              {"get of a list without default", "get([4, 5], "},
              {"parallel: n", ", parallel: "},
              {"ordered: true", "ordered: true"},
              {"ordered: false", "ordered: false"},
              {"prompt:", "prompt: "},
              {"@no_fuse", "@no_fuse"},
              {"context:", "context: "},
              {"type", "type "},
              {"import", "import \""},
              {"file()", "file(\""},
              {"@[no_fuse]", "@[no_fuse]"},
              {"@retry", "@retry("},
              {"@timeout", "@[timeout("},
              {"@backend", "@backend("},
              {"ask without parentheses", "ask \"Legacy"}};

/* What the tree has; the operations and operators come after them. */
#define FEATURES(X)                             \
  X(BIND, "binding")                            \
  X(DECLARED, "binding with a declared type")   \
  X(CONVERTED, "json bound to a declared type") \
  X(MULTI, "binding of several names")          \
  X(ASSIGN, "assignment")                       \
  X(CARRIED, "assignment out of a construct")   \
  X(RETURN, "return")                           \
  X(RETURN_INSIDE, "return inside a construct") \
  X(IF, "if")                                   \
  X(SWITCH, "switch")                           \
  X(LOOP, "loop")                               \
  X(WHILE, "while")                             \
  X(PARALLEL, "parallel")                       \
  X(TRY, "try")                                 \
  X(ELSE, "else")                               \
  X(NO_ELSE, "if without else")                 \
  X(CASE, "case")                               \
  X(DEFAULT, "default")                         \
  X(NO_DEFAULT, "switch without default")       \
  X(BARE, "arm without braces")                 \
  X(CAUGHT, "catch (e)")                        \
  X(NOT_CAUGHT, "catch without a name")         \
  X(NESTED, "construct in a construct")         \
  X(LOOP_NESTED, "loop in a loop")              \
  X(VALUE, "construct with a value")            \
  X(EXPORT, "name bound in all arms")           \
  X(NEAR_CALL, "call of a flow of the agent")   \
  X(FAR_CALL, "call of another agent's flow")   \
  X(SELF_CALL, "call of itself")                \
  X(ARGS, "flow with arguments")                \
  X(VOID, "flow without a result")              \
  X(INFERRED, "flow without a declared result") \
  X(TEXT, "text literal")                       \
  X(NUM, "number literal")                      \
  X(BOOL, "bool literal")                       \
  X(NIL, "null literal")                        \
  X(CONCAT, "join with +")                      \
  X(ADD_FIRST, "numbers added, then joined")    \
  X(SUM, "sum")                                 \
  X(LIST, "list literal")                       \
  X(FIELD, "field of a record")                 \
  X(JSON_FIELD, "field of json")                \
  X(INDEX, "item of a list")                    \
  X(JSON_INDEX, "item of json")                 \
  X(TYPE_RECORD, "value of a record type")      \
  X(TYPE_LIST, "value of a list type")          \
  X(TYPE_JSON, "value of type json")            \
  X(CONTEXT, "model call with context")         \
  X(ASK_INSIDE, "model call in an expression")

typedef enum Feature {
#define X(name, text) FEATURE_##name,
  FEATURES(X)
#undef X
      FEATURE_COUNT
} Feature;

static const char *const feature_names[FEATURE_COUNT] = {
#define X(name, text) text,
    FEATURES(X)
#undef X
};

enum {
  PIECES = sizeof pieces / sizeof *pieces,
  ROW_FEATURES = PIECES,
  ROW_OPS = ROW_FEATURES + FEATURE_COUNT,
  ROW_ATTRS = ROW_OPS + OP_COUNT,
  ROW_EVENTS = ROW_ATTRS + ATTR_COUNT,
  ROWS = ROW_EVENTS + EVENT_COUNT
};

/* Where a walk over the tree stands. */
typedef struct Walk {
  Census *census;
  TypeView types;
  const AstFlow *flow;
  uint32_t depth; /* of constructs */
  uint32_t loops;
} Walk;

static void count_row(Census *census, uint32_t row, uint64_t times) {
  census->rows.data[row].total += times;
  if (times > 0) census->rows.data[row].seen = true;
}

static void count(Walk *walk, Feature feature) {
  count_row(walk->census, ROW_FEATURES + feature, 1);
}

static void count_if(Walk *walk, bool holds, Feature feature) {
  if (holds) count(walk, feature);
}

/* ---- expressions -------------------------------------------------------- */

static void walk_expr(Walk *walk, const AstExpr *expr);

static void walk_list(Walk *walk, const AstExpr *expr) {
  for (; expr != NULL; expr = expr->next) walk_expr(walk, expr);
}

static bool is_model_call(const AstExpr *expr) {
  return expr->kind == EXPR_CALL && expr->u.call->callee == CALLEE_OP &&
         op_table[expr->u.call->op].effect == EFFECT_MODEL;
}

static void walk_call(Walk *walk, const AstExpr *expr) {
  const AstCall *call = expr->u.call;
  walk_list(walk, call->args);
  for (const AstExpr *arg = call->args; arg != NULL; arg = arg->next)
    count_if(walk, is_model_call(arg), FEATURE_ASK_INSIDE);
  for (const AstAttr *attr = call->attrs; attr != NULL; attr = attr->next)
    if (attr->attr < ATTR_COUNT)
      count_row(walk->census, ROW_ATTRS + attr->attr, 1);
  if (call->callee == CALLEE_OP) {
    count_row(walk->census, ROW_OPS + call->op, 1);
    count_if(walk, is_model_call(expr) && call->arg_count > 1, FEATURE_CONTEXT);
    return;
  }
  bool is_near = call->flow->agent == walk->flow->agent;
  count(walk, is_near ? FEATURE_NEAR_CALL : FEATURE_FAR_CALL);
  count_if(walk, call->flow == walk->flow, FEATURE_SELF_CALL);
}

static void walk_concat(Walk *walk, const AstExpr *expr) {
  const AstExpr *first = expr->u.parts.first;
  bool adds = first->type == TYPE_NUM && first->next->type == TYPE_NUM;
  walk_list(walk, first);
  if (expr->type == TYPE_NUM)
    count(walk, FEATURE_SUM);
  else
    count(walk, adds && !expr->braces ? FEATURE_ADD_FIRST : FEATURE_CONCAT);
}

static void walk_part(Walk *walk, const AstExpr *expr) {
  bool is_field = expr->kind == EXPR_FIELD;
  const AstExpr *base = is_field ? expr->u.field.base : expr->u.index.base;
  bool is_json = base->type == TYPE_JSON;
  walk_expr(walk, base);
  if (is_field) {
    count(walk, is_json ? FEATURE_JSON_FIELD : FEATURE_FIELD);
    return;
  }
  count(walk, is_json ? FEATURE_JSON_INDEX : FEATURE_INDEX);
  walk_expr(walk, expr->u.index.index);
}

static void walk_expr(Walk *walk, const AstExpr *expr) {
  switch (expr->kind) {
    case EXPR_TEXT:
      count(walk, FEATURE_TEXT);
      return;
    case EXPR_NUM:
      count(walk, FEATURE_NUM);
      return;
    case EXPR_BOOL:
      count(walk, FEATURE_BOOL);
      return;
    case EXPR_NULL:
      count(walk, FEATURE_NIL);
      return;
    case EXPR_CONCAT:
      walk_concat(walk, expr);
      return;
    case EXPR_LIST:
      count(walk, FEATURE_LIST);
      walk_list(walk, expr->u.parts.first);
      return;
    case EXPR_UNARY:
    case EXPR_BINARY:
      count_row(walk->census, ROW_OPS + expr->u.operation.op, 1);
      walk_expr(walk, expr->u.operation.left);
      if (expr->kind == EXPR_BINARY) walk_expr(walk, expr->u.operation.right);
      return;
    case EXPR_FIELD:
    case EXPR_INDEX:
      walk_part(walk, expr);
      return;
    case EXPR_CALL:
      walk_call(walk, expr);
      return;
    default:
      return;
  }
}

/* ---- statements --------------------------------------------------------- */

static void walk_block(Walk *walk, const AstBlock *block);

static void count_type(Walk *walk, TypeId type) {
  const TypeRow *rows = walk->types.rows;
  count_if(walk, type == TYPE_JSON, FEATURE_TYPE_JSON);
  count_if(walk, rows[type].kind == TYPE_KIND_LIST, FEATURE_TYPE_LIST);
  count_if(walk, rows[type].kind == TYPE_KIND_RECORD, FEATURE_TYPE_RECORD);
}

static void walk_binding(Walk *walk, const AstStmt *stmt) {
  const AstTarget *target = &stmt->target;
  if (stmt->kind == STMT_ASSIGN) {
    count(walk, FEATURE_ASSIGN);
    count_if(walk, walk->depth > 0, FEATURE_CARRIED);
    return;
  }
  bool is_declared = target->declared != NULL;
  count(walk, FEATURE_BIND);
  count_if(walk, is_declared, FEATURE_DECLARED);
  count_if(walk,
           is_declared && stmt->expr->type == TYPE_JSON &&
               target->declared_type != TYPE_JSON,
           FEATURE_CONVERTED);
  count_if(walk, target->next != NULL, FEATURE_MULTI);
  count_type(walk, stmt->expr->type);
}

static void walk_arm(Walk *walk, const AstArm *arm) {
  count_if(walk, arm->kind == ARM_ELSE, FEATURE_ELSE);
  count_if(walk, arm->kind == ARM_CASE, FEATURE_CASE);
  count_if(walk, arm->kind == ARM_DEFAULT, FEATURE_DEFAULT);
  count_if(walk, !arm->body.braces, FEATURE_BARE);
  walk_block(walk, &arm->body);
}

static bool has_arm(const AstControl *control, AstArmKind kind) {
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    if (arm->kind == kind) return true;
  return false;
}

static void count_construct(Walk *walk, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  bool is_loop = stmt->kind == STMT_LOOP;
  count(walk, (Feature)(FEATURE_IF + (stmt->kind - STMT_IF)));
  count_if(walk, walk->depth > 0, FEATURE_NESTED);
  count_if(walk, is_loop && walk->loops > 0, FEATURE_LOOP_NESTED);
  count_if(walk, control->exports != NULL, FEATURE_EXPORT);
  count_if(walk, stmt->target.name.text.length > 0, FEATURE_VALUE);
  if (stmt->kind == STMT_IF)
    count_if(walk, !has_arm(control, ARM_ELSE), FEATURE_NO_ELSE);
  if (stmt->kind == STMT_SWITCH)
    count_if(walk, !has_arm(control, ARM_DEFAULT), FEATURE_NO_DEFAULT);
  if (stmt->kind == STMT_TRY)
    count(walk, control->variable_binding != NULL ? FEATURE_CAUGHT
                                                  : FEATURE_NOT_CAUGHT);
  for (const AstAttr *attr = control->attrs; attr != NULL; attr = attr->next)
    if (attr->attr < ATTR_COUNT)
      count_row(walk->census, ROW_ATTRS + attr->attr, 1);
}

static void walk_construct(Walk *walk, const AstStmt *stmt) {
  count_construct(walk, stmt);
  walk->depth++;
  walk->loops += stmt->kind == STMT_LOOP;
  for (const AstArm *arm = stmt->control->arms; arm != NULL; arm = arm->next)
    walk_arm(walk, arm);
  walk->loops -= stmt->kind == STMT_LOOP;
  walk->depth--;
}

static void walk_block(Walk *walk, const AstBlock *block) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    if (stmt->expr != NULL) walk_expr(walk, stmt->expr);
    if (stmt->kind == STMT_BIND || stmt->kind == STMT_ASSIGN)
      walk_binding(walk, stmt);
    if (stmt->kind == STMT_RETURN)
      count(walk, walk->depth > 0 ? FEATURE_RETURN_INSIDE : FEATURE_RETURN);
    if (stmt->control != NULL) walk_construct(walk, stmt);
  }
}

static void walk_flow(Walk *walk, const AstFlow *flow) {
  walk->flow = flow;
  count_if(walk, flow->param_count > 0, FEATURE_ARGS);
  count_if(walk, flow->result == TYPE_VOID, FEATURE_VOID);
  count_if(walk, flow->declared == NULL && flow->result != TYPE_VOID,
           FEATURE_INFERRED);
  walk_block(walk, &flow->body);
}

/* ---- the whole ---------------------------------------------------------- */

static uint64_t count_piece(Slice text, Slice piece) {
  uint64_t found = 0;
  for (size_t at = 0; at + piece.length <= text.length; at++)
    found += memcmp(text.data + at, piece.data, piece.length) == 0;
  return found;
}

void census_add_program(Census *census, Slice text, const AstProgram *tree) {
  Walk walk = {.census = census, .types = type_table_view(tree->types)};
  for (uint32_t i = 0; i < PIECES; i++)
    count_row(census, i, count_piece(text, slice_of(pieces[i].piece)));
  for (const AstAgent *agent = tree->agents; agent; agent = agent->next)
    for (const AstFlow *flow = agent->flows; flow; flow = flow->next)
      walk_flow(&walk, flow);
}

void census_add_events(Census *census, const InterpOutcome *outcome) {
  for (uint32_t i = 0; i < EVENT_COUNT; i++)
    count_row(census, ROW_EVENTS + i, outcome->events[i]);
}

void census_close_program(Census *census) {
  census->programs++;
  for (uint32_t i = 0; i < census->rows.length; i++) {
    CensusRow *row = &census->rows.data[i];
    row->programs += row->seen;
    row->seen = false;
  }
}

static void add_row(Census *census, const char *name) {
  CensusRow row = {.name = name};
  vec_push(&census->rows, row);
}

/* Operations that no program names, and + which the tree has as a join. */
static bool is_written(Op op) {
  bool by_name = op_find_callable(slice_of(op_table[op].text), &(Op){0});
  return by_name || (op >= OP_SUB && op <= OP_NOT);
}

static const char *attr_name(uint32_t attr) {
  static const char *const names[] = {
#define X(name, text, type, ops, minimum, maximum) text,
#include "core/object/attrs.def"
#undef X
  };
  return names[attr];
}

/* Written in programs. */
static bool is_used(uint32_t attr) {
  return attr != ATTR_NAME;
}

void census_init(Census *census) {
  *census = (Census){0};
  for (uint32_t i = 0; i < PIECES; i++) add_row(census, pieces[i].name);
  for (uint32_t i = 0; i < FEATURE_COUNT; i++)
    add_row(census, feature_names[i]);
  for (uint32_t i = 0; i < OP_COUNT; i++)
    add_row(census, is_written((Op)i) ? op_table[i].text : NULL);
  for (uint32_t i = 0; i < ATTR_COUNT; i++)
    add_row(census, is_used(i) ? attr_name(i) : NULL);
  for (uint32_t i = 0; i < EVENT_COUNT; i++)
    add_row(census, interp_event_texts[i]);
  assert(census->rows.length == ROWS);
}

void census_free(Census *census) {
  vec_free(&census->rows);
}

void census_print(const Census *census, Buf *out) {
  buf_addf(out, "%-34s %10s %10s\n", "construct", "times", "programs");
  for (uint32_t i = 0; i < census->rows.length; i++) {
    const CensusRow *row = &census->rows.data[i];
    if (row->name == NULL) continue;
    buf_addf(out, "%-34s %10llu %10u\n", row->name,
             (unsigned long long)row->total, row->programs);
  }
}

uint32_t census_missing(const Census *census, Buf *out) {
  uint32_t missing = 0;
  for (uint32_t i = 0; i < census->rows.length; i++) {
    const CensusRow *row = &census->rows.data[i];
    if (row->name == NULL || row->total > 0) continue;
    buf_addf(out, "never seen: %s\n", row->name);
    missing++;
  }
  return missing;
}
