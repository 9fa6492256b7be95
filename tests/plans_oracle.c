/* SPDX-License-Identifier: MIT
 *
 * The sequential evaluation of a plan: a graph in node order, calls and bodies
 * included, which is the order that output tokens prescribe. Written from the
 * meaning of the operations (ops.def), not from the engine.
 */
#include <math.h>
#include <string.h>

#include "core/base/fold.h"
#include "core/base/mem.h"
#include "runtime/model/sim.h"
#include "tests/plans.h"
#include "tests/unit/unit.h"

/* Whether the evaluation has failed; then what was yielded means nothing. */
static bool evaluate(Oracle *oracle, uint32_t row, const Value *args,
                     Value *results);

/* ---- values -------------------------------------------------------------- */

static Value keep(Oracle *oracle, Value value) {
  vec_push(&oracle->made, value);
  return value;
}

static Value make_list(Oracle *oracle, const Value *items, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) value_take(items[i], 1);
  return keep(oracle, value_list(items, count));
}

static Value input(Oracle *oracle, const Value *values, ObjRef ref) {
  uint32_t row = ref & OBJ_REF_INDEX;
  if (!(ref & OBJ_REF_CONST)) return values[row];
  if (row < PLAN_TEXTS)
    return keep(oracle, value_text(slice_of(plan_texts[row])));
  return row == PLAN_TEXTS ? value_num(7) : value_bool(row == PLAN_TEXTS + 1);
}

static Value *inputs_of(Oracle *oracle, const Node *node, const Value *values) {
  Value *in = mem_alloc((node->values + 1) * sizeof *in);
  for (uint32_t i = 0; i < node->values; i++)
    in[i] = input(oracle, values, node->inputs[i]);
  return in;
}

/* ---- work ---------------------------------------------------------------- */

static void join(const Value *in, uint32_t count, const char *separator,
                 Buf *out) {
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0) buf_add_text(out, separator);
    value_add_plain(in[i], out);
  }
}

static Value joined(Oracle *oracle, const Value *in, uint32_t count,
                    const char *separator) {
  Buf text = {0};
  join(in, count, separator, &text);
  Value value = keep(oracle, value_text(buf_slice(&text)));
  buf_free(&text);
  return value;
}

static Value model_reply(Oracle *oracle, const Node *node, const Value *in) {
  ModelRequest request = {.operation = slice_of(op_table[node->op].text)};
  Buf reply = {0};
  request.temperature = NAN;
  join(in, node->values, "", &request.prompt);
  if (node->op == OP_THINK)
    buf_add_text(&reply, "thought");
  else
    sim_text_add(&request, &reply);
  oracle->reasons |= node->op == OP_REASON;
  Value value = keep(oracle, value_text(buf_slice(&reply)));
  buf_free(&reply);
  model_request_clear(&request);
  return value;
}

static void print_line(Oracle *oracle, const Value *in, uint32_t count) {
  join(in, count, "", &oracle->lines);
  buf_add_char(&oracle->lines, '\n');
  oracle->printed++;
}

static Value work_on(Oracle *oracle, const Node *node, const Value *in,
                     uint32_t count, bool *fails) {
  switch (node->op) {
    case OP_TEXT:
      return joined(oracle, in, count, "");
    case OP_MERGE:
      return joined(oracle, in, count, "\n");
    case OP_LIST:
    case OP_WAIT:
      return make_list(oracle, in, count);
    case OP_PASS:
      return in[0];
    case OP_EQ:
      return value_bool(value_equal(in[0], in[1]));
    case OP_PRINT:
      print_line(oracle, in, count);
      return VALUE_UNIT;
    case OP_ERR:
      *fails = true;
      return VALUE_UNIT;
    case OP_GUARD:
      if (value_to_slice(in[0]).length > 0) return in[0];
      *fails = !node->flag;
      return VALUE_ABSENT;
    default:
      return model_reply(oracle, node, in);
  }
}

static uint32_t drop_absent(Value *in, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++)
    if (in[i] != VALUE_ABSENT) in[kept++] = in[i];
  return kept;
}

static bool evaluate_work(Oracle *oracle, const Node *node, Value *in,
                          Value *out) {
  bool fails = false;
  uint32_t there = drop_absent(in, node->values);
  bool joins = node->op == OP_MERGE || node->op == OP_WAIT;
  *out = VALUE_ABSENT;
  if (joins || there == node->values)
    *out = work_on(oracle, node, in, there, &fails);
  else if (node->op != OP_PASS)
    oracle->skipped++;
  return fails;
}

/* ---- composites ---------------------------------------------------------- */

static const Graph *graph_at(const Oracle *oracle, const ObjArm *arm) {
  return &oracle->plan->graphs[arm->graph];
}

static const ObjArm *arm_of(const Node *node, ObjArmKind kind) {
  for (uint32_t i = 0; i < node->arm_count; i++)
    if (node->arms[i].kind == (uint32_t)kind) return &node->arms[i];
  return NULL;
}

/* The labels of plans are folded as they stand, and no two are alike. */
static bool matches(Slice text, uint32_t label) {
  Buf folded = {0};
  assert_int_equal(fold_label(text, &folded, &(Error){0}), STATUS_OK);
  bool equal = slice_equal_text(buf_slice(&folded), plan_texts[label]);
  buf_free(&folded);
  return equal;
}

static const ObjArm *pick_arm(const Node *node, Value control) {
  if (control == VALUE_ABSENT) return arm_of(node, OBJ_ARM_ABSENT);
  if (value_kind(control) == VALUE_KIND_BOOL)
    return arm_of(node, control == VALUE_TRUE ? OBJ_ARM_TRUE : OBJ_ARM_FALSE);
  for (uint32_t i = 0; i < node->arm_count; i++)
    if (node->arms[i].kind == OBJ_ARM_CASE &&
        matches(value_to_slice(control), node->arms[i].label))
      return &node->arms[i];
  return arm_of(node, OBJ_ARM_DEFAULT);
}

static bool evaluate_branch(Oracle *oracle, const Node *node, const Value *in,
                            Value *ports) {
  const ObjArm *arm = pick_arm(node, in[0]);
  if (arm == NULL) return true;
  return evaluate(oracle, arm->graph, in + 1, ports);
}

static bool evaluate_loop(Oracle *oracle, const Node *node, const Value *in,
                          Value *ports) {
  const Graph *body = graph_at(oracle, node->arms);
  uint32_t lead = node->flag;
  uint32_t carried = body->results - lead;
  bool is_there = in[0] != VALUE_ABSENT;
  uint64_t count = is_there ? value_length(in[0]) : 0;
  Value args[MAX_PARAMS], results[MAX_RESULTS];
  VEC(Value) values = {0};
  bool fails = false;
  for (uint32_t i = 1; i < node->values; i++) args[i] = in[i];
  for (uint64_t k = 0; k < count && !fails && !oracle->too_long; k++) {
    args[0] = value_item(in[0], k);
    fails = evaluate(oracle, node->arms->graph, args, results);
    if (!fails && lead) vec_push(&values, results[0]);
    for (uint32_t i = 0; !fails && i < carried; i++)
      args[1 + i] = results[lead + i];
  }
  uint32_t there = drop_absent(values.data, values.length);
  if (lead)
    ports[0] = is_there ? make_list(oracle, values.data, there) : VALUE_ABSENT;
  for (uint32_t i = 0; i < carried; i++) ports[lead + i] = args[1 + i];
  vec_free(&values);
  return fails;
}

static bool evaluate_while(Oracle *oracle, const Node *node, const Value *in,
                           Value *ports) {
  const Graph *step = graph_at(oracle, node->arms);
  uint32_t carried = step->results - 1;
  Value args[MAX_PARAMS + 1], results[MAX_RESULTS] = {VALUE_TRUE};
  bool fails = false;
  for (uint32_t i = 0; i < node->values; i++) args[1 + i] = in[i];
  for (uint32_t k = 0; k <= node->max && !fails && !oracle->too_long &&
                       results[0] == VALUE_TRUE;
       k++) {
    args[0] = value_bool(k == node->max);
    fails = evaluate(oracle, node->arms->graph, args, results);
    for (uint32_t i = 0; !fails && i < carried; i++)
      args[1 + i] = results[1 + i];
    if (!fails && k == node->max && results[0] == VALUE_TRUE) oracle->stopped++;
  }
  for (uint32_t i = 0; i < carried; i++) ports[i] = args[1 + i];
  return fails;
}

/* Nobody reads the message: with several failures it is one of theirs. */
static Value error_record(Oracle *oracle) {
  const Value entries[] = {value_text(SLICE("message")), value_text(SLICE("")),
                           value_text(SLICE("code")),    value_text(SLICE("")),
                           value_text(SLICE("node")),    value_text(SLICE(""))};
  return keep(oracle, value_map(entries, 3));
}

static bool evaluate_try(Oracle *oracle, const Node *node, const Value *in,
                         Value *ports) {
  size_t length = oracle->lines.length;
  uint32_t printed = oracle->printed;
  Value args[MAX_PARAMS + 1];
  oracle->tries = true;
  if (!evaluate(oracle, node->arms[0].graph, in, ports)) return false;
  oracle->lines.length = length;
  oracle->printed = printed;
  args[0] = error_record(oracle);
  for (uint32_t i = 0; i < node->values; i++) args[1 + i] = in[i];
  return evaluate(oracle, node->arms[1].graph, args, ports);
}

static bool evaluate_node(Oracle *oracle, const Node *node, Value *in,
                          Value *out) {
  switch (node->op) {
    case OP_CALL:
      return evaluate(oracle, node->arms->graph, in, out + 1);
    case OP_BRANCH:
      return evaluate_branch(oracle, node, in, out + 1);
    case OP_LOOP:
      return evaluate_loop(oracle, node, in, out + 1);
    case OP_WHILE:
      return evaluate_while(oracle, node, in, out + 1);
    case OP_TRY:
      return evaluate_try(oracle, node, in, out + 1);
    default:
      return evaluate_work(oracle, node, in, out);
  }
}

/* ---- graphs -------------------------------------------------------------- */

static size_t plain_length(Value value) {
  Buf text = {0};
  if (value_kind(value) != VALUE_KIND_TEXT &&
      value_kind(value) != VALUE_KIND_LIST)
    return 0;
  value_add_plain(value, &text);
  size_t length = text.length;
  buf_free(&text);
  return length;
}

static void count_step(Oracle *oracle, Value value) {
  if (++oracle->steps > MAX_STEPS || plain_length(value) > MAX_TEXT ||
      oracle->lines.length > 16 * MAX_TEXT)
    oracle->too_long = true;
}

static bool evaluate(Oracle *oracle, uint32_t row, const Value *args,
                     Value *results) {
  const Graph *graph = &oracle->plan->graphs[row];
  uint32_t count = graph->nodes.length;
  Value *values = mem_alloc((count + 1) * sizeof *values);
  bool fails = false;
  for (uint32_t i = 0; i < count; i++) values[i] = VALUE_UNIT;
  for (uint32_t i = 0; i < count && !oracle->too_long && !fails; i++) {
    const Node *node = &graph->nodes.data[i];
    if (node->op == OP_PARAM && i < graph->params) values[i] = args[i];
    if (node->op == OP_RESULT && node->values == 1)
      *results++ = input(oracle, values, node->inputs[0]);
    if (node->op >= OP_CALL) {
      Value *in = inputs_of(oracle, node, values);
      fails = evaluate_node(oracle, node, in, &values[i]);
      mem_free(in);
    }
    count_step(oracle, values[i]);
  }
  mem_free(values);
  return fails;
}

static Value argument(Oracle *oracle, TypeId type) {
  if (type == TYPE_TEXT) return keep(oracle, value_text(SLICE("arg")));
  const Value items[2] = {value_text(SLICE("x")), value_text(SLICE("y"))};
  return keep(oracle, value_list(items, 2));
}

void plan_evaluate(Oracle *oracle, const Plan *plan) {
  const Graph *entry = &plan->graphs[0];
  Value args[MAX_PARAMS], results[MAX_RESULTS] = {VALUE_UNIT};
  *oracle = (Oracle){.plan = plan};
  for (uint32_t i = 0; i < entry->params; i++)
    args[i] = argument(oracle, entry->param_types[i]);
  oracle->fails = evaluate(oracle, 0, args, results);
  oracle->result = results[0];
}

void oracle_free(Oracle *oracle) {
  for (uint32_t i = 0; i < oracle->made.length; i++)
    value_drop(oracle->made.data[i]);
  vec_free(&oracle->made);
  buf_free(&oracle->lines);
}
