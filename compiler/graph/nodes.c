/* SPDX-License-Identifier: MIT
 *
 * One node of a document as nodes of the IR, by its form. The values it reads
 * are on the stack; what it waits for besides is put in front of the first of
 * them, as a `pass` with order edges (lowered_node), so that every operation
 * can wait for any.
 */
#include <string.h>

#include "compiler/graph/lower_int.h"
#include "core/base/fold.h"
#include "core/object/op_inputs.h"

/* ---- types --------------------------------------------------------------- */

static TypeView types_of(const GraphLower *lower) {
  return type_table_view(lower->reader->types);
}

static bool fits(const GraphLower *lower, TypeId from, TypeId to) {
  return type_fits(types_of(lower), from, to);
}

TypeId lowered_common(const GraphLower *lower, TypeId a, TypeId b) {
  if (fits(lower, a, b)) return b;
  if (fits(lower, b, a)) return a;
  return a == TYPE_VOID || b == TYPE_VOID ? TYPE_NONE : TYPE_JSON;
}

static TypeId common_of(const GraphLower *lower, uint32_t base) {
  TypeId type = lowered_type(lower, lower->refs.data[base]);
  for (uint32_t i = base + 1; i < lower->refs.length; i++)
    type =
        lowered_common(lower, type, lowered_type(lower, lower->refs.data[i]));
  return type;
}

static TypeId list_of(GraphLower *lower, TypeId element) {
  return type_list_of(lower->reader->types, element);
}

static TypeId element_of(const GraphLower *lower, TypeId type) {
  TypeRow row = types_of(lower).rows[type];
  return row.kind == TYPE_KIND_LIST ? row.element : TYPE_NONE;
}

/* The type of what `op` makes of the values from `base` on, as far as they
 * show it; TYPE_NONE when the document has to say. */
static TypeId type_made(GraphLower *lower, Op op, uint32_t base) {
  TypeId first = lower->refs.length > base
                     ? lowered_type(lower, lower->refs.data[base])
                     : TYPE_NONE;
  switch (op) {
    case OP_WAIT:
    case OP_LIST:
      return first == TYPE_NONE ? TYPE_NONE
                                : list_of(lower, common_of(lower, base));
    case OP_LINES:
    case OP_SPLIT:
    case OP_KEYS:
      return list_of(lower, TYPE_TEXT);
    case OP_RANGE:
      return list_of(lower, TYPE_NUM);
    case OP_PASS:
    case OP_GUARD:
    case OP_SLICE:
      return first;
    case OP_INDEX:
      return first == TYPE_JSON ? first : element_of(lower, first);
    case OP_FIELD:
    case OP_GET:
      return first == TYPE_JSON ? first : TYPE_NONE;
    default:
      break;
  }
  switch (op_table[op].result) {
    case OP_RESULT_TEXT:
      return TYPE_TEXT;
    case OP_RESULT_NUM:
      return TYPE_NUM;
    case OP_RESULT_BOOL:
      return TYPE_BOOL;
    case OP_RESULT_JSON:
      return TYPE_JSON;
    default:
      return TYPE_NONE;
  }
}

/* ---- plain operations ---------------------------------------------------- */

/* "SPLIT takes 2". */
static const char *takes_text(GraphLower *lower, Op op) {
  const OpInfo *info = &op_table[op];
  DiagSink *sink = lower->reader->sink;
  const char *name = graph_op_name(op);
  if (info->max_inputs == LIMIT_NODE_INPUTS)
    return diag_text(sink, "%s takes %u or more", name, info->min_inputs);
  if (info->max_inputs == info->min_inputs)
    return diag_text(sink, "%s takes %u", name, info->min_inputs);
  return diag_text(sink, "%s takes %u to %u", name, info->min_inputs,
                   info->max_inputs);
}

static bool check_count(GraphLower *lower, Op op, uint32_t base) {
  const OpInfo *info = &op_table[op];
  uint32_t count = lower->refs.length - base;
  if (count >= info->min_inputs && count <= info->max_inputs) return true;
  lowered_fail(lower, DIAG_GRAPH_INPUTS, "it reads %u value%s", count,
               count == 1 ? "" : "s")
      ->label = takes_text(lower, op);
  return false;
}

static bool check_kinds(GraphLower *lower, Op op, uint32_t base) {
  for (uint32_t i = 0; base + i < lower->refs.length; i++) {
    TypeId type = lowered_type(lower, lower->refs.data[base + i]);
    if (op_takes(op, i, (TypeKind)types_of(lower).rows[type].kind)) continue;
    lowered_fail(lower, DIAG_GRAPH_INPUTS, "value %u is of the wrong type", i)
        ->label = diag_text(lower->reader->sink, "%s takes %s there",
                            graph_op_name(op), op_wants(op, i));
    return false;
  }
  return true;
}

static bool make_op(GraphLower *lower, Op op, TypeId type) {
  GraphNode *node = lower->node;
  node->value = node->done = lowered_node(lower, op, type);
  node->value_type = type;
  node->op = op;
  return lowered_attributes(lower);
}

static bool make_plain(GraphLower *lower, Op op, uint32_t base) {
  const Tree *word = lower->node->type;
  if (!check_count(lower, op, base) || !check_kinds(lower, op, base))
    return false;
  TypeId type = type_made(lower, op, base);
  if (word != NULL) type = graph_read_type(lower->reader, word);
  if (type != TYPE_NONE) return make_op(lower, op, type);
  if (word == NULL) {
    Diag *diag = lowered_fail(lower, DIAG_GRAPH_INPUTS,
                              "the type of its value does not show");
    diag->label = "needs a member `type`, such as \"type\": \"list<str>\"";
  }
  return false;
}

static bool make_merge(GraphLower *lower, uint32_t base) {
  Slice strategy;
  if (!lowered_text(lower, "strategy", "strategy", &strategy)) return false;
  Op op = OP_MERGE;
  if (slice_equal_text(strategy, "concat")) op = OP_TEXT;
  if (slice_equal_text(strategy, "array")) op = OP_WAIT;
  if (op != OP_MERGE || strategy.length == 0)
    return make_plain(lower, op, base);
  Diag *diag = lowered_fail(lower, DIAG_GRAPH_ATTRIBUTE,
                            "unknown strategy `%.*s`", SLICE_ARG(strategy));
  diag->label = "none: one per line; `concat`: as text; `array`: a list";
  return false;
}

/* ---- templates ----------------------------------------------------------- */

static bool make_model(GraphLower *lower, uint32_t base) {
  Slice text;
  if (!lowered_text(lower, "template_str", "prompt", &text)) return false;
  if (text.length == 0 && lower->refs.length == base) {
    lowered_fail(lower, DIAG_EMPTY_PROMPT, "it asks nothing")->label =
        "needs a `template_str`, or a value";
    return false;
  }
  lowered_template(lower, text, base, true);
  return make_op(lower, lower->node->op, TYPE_TEXT);
}

static bool make_message(GraphLower *lower, uint32_t base) {
  Slice text;
  Op op = lower->node->op;
  int space = effect_space(op_table[op].effect);
  if (!lowered_text(lower, "message", "template_str", &text)) return false;
  lowered_template(lower, text, base, false);
  if (space >= 0) lowered_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
  bool is_text = lower->refs.length - base == 1 &&
                 lowered_type(lower, lower->refs.data[base]) == TYPE_TEXT;
  if (op == OP_ERR && !is_text) {
    IrRef joined = lowered_node(lower, OP_TEXT, TYPE_TEXT);
    lowered_push(lower, joined);
  }
  if (!make_op(lower, op, TYPE_VOID)) return false;
  if (space >= 0) lower->tokens[space] = lower->node->done;
  lower->node->value = IR_REF_NONE;
  return true;
}

/* ---- literals, results, fences ------------------------------------------- */

static bool make_const(GraphLower *lower) {
  const Tree *value = tree_member(lower->node->attributes, "value");
  IrProgram *program = lower->reader->program;
  IrRef ref = IR_REF_NONE;
  if (value != NULL && value->kind == TREE_TEXT)
    ref = ir_text(program, value->text);
  else if (value != NULL && value->kind == TREE_NUM)
    ref = ir_num(program, value->num);
  else if (value != NULL && value->kind == TREE_BOOL)
    ref = ir_bool(program, value->boolean);
  else if (value != NULL && value->kind == TREE_NULL)
    return make_op(lower, OP_NIL, TYPE_JSON);
  if (ref == IR_REF_NONE) {
    lowered_fail(lower, DIAG_GRAPH_ATTRIBUTE, "it needs a `value`")->label =
        "a text, a number, true, false or null";
    return false;
  }
  lower->node->value = ref;
  lower->node->value_type = ir_const(program, ref)->type;
  if (!lowered_waits(lower)) return true;
  lowered_push(lower, ref);
  return make_op(lower, OP_PASS, lower->node->value_type);
}

static bool make_return(GraphLower *lower, uint32_t base) {
  if (lower->result != IR_REF_NONE) {
    lowered_fail(lower, DIAG_GRAPH_FLOW, "a second RETURN")->label =
        "a graph has one result";
    return false;
  }
  if (lower->refs.length - base != 1) {
    lowered_fail(lower, DIAG_GRAPH_INPUTS, "it reads %u values",
                 lower->refs.length - base)
        ->label = "RETURN takes one";
    return false;
  }
  if (lowered_waits(lower)) {
    TypeId type = lowered_type(lower, lower->refs.data[base]);
    IrRef gated = lowered_node(lower, OP_PASS, type);
    lowered_push(lower, gated);
  }
  lower->result = vec_pop(&lower->refs);
  return true;
}

/* Its first value, when all it reads and waits for are done. */
static bool make_fence(GraphLower *lower, uint32_t base) {
  uint32_t count = lower->refs.length - base;
  TypeId type =
      count > 0 ? lowered_type(lower, lower->refs.data[base]) : TYPE_VOID;
  lower->refs.length = base + (count > 0);
  for (uint32_t i = 1; i < count; i++) {
    IrRef ref = lower->refs.data[base + i];
    if (!ir_is_const(ref)) lowered_push(lower, OBJ_REF_ORDER | ref);
  }
  if (!make_op(lower, OP_PASS, type)) return false;
  if (count == 0) lower->node->value = IR_REF_NONE;
  return true;
}

/* ---- calls and switches -------------------------------------------------- */

static void push_tokens(GraphLower *lower, uint16_t spaces) {
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) != 0)
      lowered_push(lower, OBJ_REF_ORDER | lower->tokens[space]);
  }
}

/* The ports of the composite just made. */
static void add_ports(GraphLower *lower, TypeId result, uint16_t spaces) {
  GraphNode *node = lower->node;
  node->value = IR_REF_NONE;
  node->value_type = result;
  if (result != TYPE_VOID) node->value = lowered_node(lower, OP_PORT, result);
  for (uint32_t space = 0; space < SPACE_COUNT; space++) {
    if ((spaces >> space & 1) != 0)
      lower->tokens[space] = lowered_node(lower, OP_PORT, TYPE_VOID);
  }
}

static bool check_args(GraphLower *lower, const GraphDoc *callee,
                       uint32_t base) {
  uint32_t count = lower->refs.length - base;
  if (count != callee->param_count) {
    lowered_fail(lower, DIAG_GRAPH_INPUTS, "it passes %u value%s", count,
                 count == 1 ? "" : "s")
        ->label = diag_text(lower->reader->sink, "`%.*s` has %u parameter%s",
                            SLICE_ARG(callee->name), callee->param_count,
                            callee->param_count == 1 ? "" : "s");
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    TypeId type = lowered_type(lower, lower->refs.data[base + i]);
    if (fits(lower, type, callee->params[i].type)) continue;
    lowered_fail(lower, DIAG_ARGUMENT_TYPE,
                 "value %u is not of the parameter's type", i)
        ->label = diag_text(lower->reader->sink, "for the parameter `%.*s`",
                            SLICE_ARG(callee->params[i].name));
    return false;
  }
  if (count > 0 || !lowered_waits(lower)) return true;
  lowered_fail(lower, DIAG_GRAPH_INPUTS,
               "it waits for others and reads nothing")
      ->label = "a FLOW_CALL without values begins at once";
  return false;
}

static bool make_call(GraphLower *lower, uint32_t base) {
  GraphDoc *callee = lower->node->callee;
  if (!callee->is_declared && !graph_lower(lower->reader, callee)) return false;
  if (!callee->done && !callee->is_declared) {
    lowered_fail(lower, DIAG_ENDLESS_RESULT,
                 "`%.*s` calls itself, so its result does not show",
                 SLICE_ARG(callee->name))
        ->label = "needs a member `result` of that graph";
    return false;
  }
  if (!check_args(lower, callee, base)) return false;
  push_tokens(lower, callee->spaces);
  lower->node->done = lowered_node(lower, OP_CALL, TYPE_VOID);
  ir_add_arm(lowered_graph(lower), OBJ_ARM_BODY, IR_REF_NONE, callee->row);
  add_ports(lower, callee->result, callee->spaces);
  return true;
}

/* A region's parameters are the values of the switch behind the first. */
static bool set_params(GraphLower *lower, GraphDoc *region, uint32_t base) {
  uint32_t count = lower->refs.length - base;
  if (region->params == NULL) {
    region->params = ARENA_ARRAY(lower->reader->arena, GraphParam, count + 1);
    region->param_count = count;
    for (uint32_t i = 0; i < count; i++)
      region->params[i].type = lowered_type(lower, lower->refs.data[base + i]);
  }
  return check_args(lower, region, base);
}

static bool lower_regions(GraphLower *lower, uint32_t base, TypeId *result) {
  const GraphNode *node = lower->node;
  *result = TYPE_NONE;
  for (uint32_t i = 0; i < node->region_count; i++) {
    GraphDoc *region = node->regions[i];
    region->name = lower->doc->name;
    region->row = lower->reader->program->graphs.length;
    vec_push(&lower->reader->program->graphs, (IrGraph){.nested = true});
    if (!set_params(lower, region, base) || !graph_lower(lower->reader, region))
      return false;
    *result = i == 0 ? region->result
                     : lowered_common(lower, *result, region->result);
    if (*result == TYPE_VOID && region->result != TYPE_VOID)
      *result = TYPE_NONE;
  }
  if (*result != TYPE_NONE) return true;
  lowered_fail(lower, DIAG_ARM_TYPES,
               "some regions have a value, some have none")
      ->label = "all of them, or none";
  return false;
}

/* All regions have the result that all of theirs fit. */
static void set_results(GraphLower *lower, TypeId result) {
  for (uint32_t i = 0; i < lower->node->region_count; i++) {
    const GraphDoc *region = lower->node->regions[i];
    IrGraph *graph = &lower->reader->program->graphs.data[region->row];
    if (result == TYPE_VOID) continue;
    graph->nodes.data[graph->nodes.length - 1 - graph->result_count].type =
        result;
  }
}

static bool read_label(GraphLower *lower, const Tree *label, Map *seen) {
  Buf folded = {0};
  Error error = {0};
  uint32_t ignored;
  bool right = label->kind == TREE_TEXT &&
               fold_label(label->text, &folded, &error) == STATUS_OK;
  Slice key =
      slice_from(arena_copy(lower->reader->arena,
                            folded.data ? folded.data : "", folded.length),
                 folded.length);
  buf_free(&folded);
  if (!right) {
    lowered_fail(lower, DIAG_GRAPH_ATTRIBUTE, "a label is a text")->label =
        "in `case_labels`";
    return false;
  }
  if (!map_get(seen, key, &ignored)) {
    map_set(seen, key, 0);
    return true;
  }
  lowered_fail(lower, DIAG_SAME_LABEL, "two labels match the same: `%.*s`",
               SLICE_ARG(label->text))
      ->label = "only the first could be taken";
  return false;
}

static bool add_arms(GraphLower *lower, const Tree *labels) {
  const GraphNode *node = lower->node;
  IrGraph *graph = lowered_graph(lower);
  const Tree *label = labels->first;
  Map seen = {0};
  bool right = true;
  for (uint32_t i = 0; i < labels->count; i++, label = label->next) {
    right = right && read_label(lower, label, &seen);
    ir_add_arm(graph, OBJ_ARM_CASE,
               ir_text(lower->reader->program, label->text),
               node->regions[i]->row);
  }
  map_free(&seen);
  if (node->has_default)
    ir_add_arm(graph, OBJ_ARM_DEFAULT, IR_REF_NONE,
               node->regions[node->region_count - 1]->row);
  return right;
}

static const Tree *find_labels(GraphLower *lower) {
  const Tree *labels = tree_member(lower->node->attributes, "case_labels");
  uint32_t cases = lower->node->region_count - lower->node->has_default;
  if (labels && labels->kind == TREE_LIST && labels->count == cases &&
      cases > 0)
    return labels;
  lowered_fail(lower, DIAG_GRAPH_ATTRIBUTE,
               "it needs as many `case_labels` as `case_regions`, one or more")
      ->label = "here";
  return NULL;
}

/* An absent value that chooses is carried on. */
static void add_absent_arm(GraphLower *lower) {
  const GraphNode *node = lower->node;
  uint32_t row = lower->reader->program->graphs.length;
  vec_push(&lower->reader->program->graphs, (IrGraph){.nested = true});
  graph_add_absent(lower->reader, node->regions[0], node->value_type, row);
  ir_add_arm(lowered_graph(lower), OBJ_ARM_ABSENT, IR_REF_NONE, row);
}

static bool make_switch(GraphLower *lower, uint32_t base) {
  TypeId result;
  const Tree *labels = find_labels(lower);
  if (labels == NULL) return false;
  if (lower->refs.length == base) {
    lowered_fail(lower, DIAG_GRAPH_INPUTS, "it reads nothing")->label =
        "its first value chooses";
    return false;
  }
  uint16_t spaces = lower->node->regions[0]->spaces;
  if (!lower_regions(lower, base + 1, &result)) return false;
  set_results(lower, result);
  lower->node->value_type = result;
  if (lowered_type(lower, lower->refs.data[base]) != TYPE_TEXT) {
    lowered_push(lower, lower->refs.data[base]);
    IrRef text = lowered_one(lower, OP_TO_TEXT, TYPE_TEXT);
    lower->refs.data[base] = text;
  }
  push_tokens(lower, spaces);
  lower->node->done = lowered_node(lower, OP_BRANCH, TYPE_VOID);
  bool right = add_arms(lower, labels);
  if (lower->reader->has_skip) add_absent_arm(lower);
  add_ports(lower, result, spaces);
  return right;
}

bool lowered_make(GraphLower *lower, uint32_t base) {
  switch (lower->node->form) {
    case FORM_CONST:
      lower->refs.length = base;
      return make_const(lower);
    case FORM_MODEL:
      return make_model(lower, base);
    case FORM_PRINT:
    case FORM_ERR:
      return make_message(lower, base);
    case FORM_MERGE:
      return make_merge(lower, base);
    case FORM_PLAIN:
      return make_plain(lower, lower->node->op, base);
    case FORM_RETURN:
      return make_return(lower, base);
    case FORM_FENCE:
      return make_fence(lower, base);
    case FORM_SWITCH:
      return make_switch(lower, base);
    case FORM_CALL:
      return make_call(lower, base);
    case FORM_LATER:
      break;
  }
  return false; /* reported when it was read */
}
