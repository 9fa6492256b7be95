/* SPDX-License-Identifier: MIT
 *
 * Is every node sound? One pass over nodes, inputs and attributes in file
 * order. On the way it counts each node's consumers (in Loader.counts)
 * and incoming edges (in Object.pending), so that link.c need not look again.
 *
 * What the operations ask is in verify_ops.c, the graphs of composites are
 * verify_arms.c's.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/object/condition.h"
#include "core/object/verify_walk.h"

bool refuse_node(const Walk *w, const char *format, ...) {
  char reason[256];
  uint8_t op = w->nodes[w->index].op;
  va_list args;
  va_start(args, format);
  vsnprintf(reason, sizeof reason, format, args);
  va_end(args);
  return refuse(w->loader, "graph %u, node %u (%s): %s", w->row, w->index,
                op < OP_COUNT ? op_table[op].text : "?", reason);
}

/* ---- inputs -------------------------------------------------------------- */

bool walk_fits(const Walk *w, ObjRef ref, TypeId to) {
  return type_fits(w->object->types, walk_type(w, ref), to);
}

/* Counts an edge from a node. `limit` is the first index it may not name. */
static bool verify_edge(const Walk *w, ObjRef ref, uint32_t limit) {
  uint32_t index = ref & OBJ_REF_INDEX;
  if ((ref & ~(OBJ_REF_ORDER | OBJ_REF_INDEX)) != 0)
    return refuse_node(w, "an input has an unknown bit set");
  if (index >= limit)
    return refuse_node(w, "an input names node %u, which is not before it",
                       index);
  if ((ref & OBJ_REF_ORDER) == 0 && w->nodes[index].type == TYPE_VOID)
    return refuse_node(w, "an input reads node %u, which has no value", index);
  w->counts[index]++;
  return true;
}

static bool verify_const_ref(const Walk *w, ObjRef ref) {
  uint32_t index = ref & OBJ_REF_INDEX;
  if (ref != (OBJ_REF_CONST | index))
    return refuse_node(w, "an input has an unknown bit set");
  if (index >= w->object->const_count)
    return refuse_node(w, "an input names constant %u", index);
  return true;
}

/* Fills `in` with the inputs of the node in hand. */
static bool verify_inputs(const Walk *w, const ObjNode *node, Inputs *in) {
  bool is_end = w->index == w->graph->node_count - 1;
  uint32_t limit =
      w->index < w->first_result || is_end ? w->index : w->first_result;
  uint32_t orders = 0;
  *in = (Inputs){.refs = w->object->inputs + node->inputs,
                 .count = node[1].inputs - node->inputs};
  for (uint32_t i = 0; i < in->count; i++) {
    ObjRef ref = in->refs[i];
    if ((ref & OBJ_REF_CONST) != 0) {
      if (!verify_const_ref(w, ref)) return false;
      in->consts++;
    } else if (!verify_edge(w, ref, limit)) {
      return false;
    }
    if ((ref & OBJ_REF_ORDER) != 0)
      orders++;
    else if (orders > 0)
      return refuse_node(w, "input %u: a value after an order edge", i);
  }
  in->values = in->count - orders;
  return true;
}

/* ---- the frame's own nodes ----------------------------------------------- */

static bool verify_arity(const Walk *w, const Inputs *in, Op op) {
  const OpInfo *info = &op_table[op];
  if (in->values < info->min_inputs || in->values > info->max_inputs)
    return refuse_node(w, "%u inputs", in->values);
  return true;
}

static bool verify_result_type(const Walk *w, const ObjNode *node) {
  bool right = true;
  switch (op_table[node->op].result) {
    case OP_RESULT_VOID:
      right = node->type == TYPE_VOID;
      break;
    case OP_RESULT_TEXT:
      right = node->type == TYPE_TEXT;
      break;
    case OP_RESULT_NUM:
      right = node->type == TYPE_NUM;
      break;
    case OP_RESULT_BOOL:
      right = node->type == TYPE_BOOL;
      break;
    case OP_RESULT_JSON:
      right = node->type == TYPE_JSON;
      break;
    case OP_RESULT_LIST:
      right = walk_kind(w, node->type) == TYPE_KIND_LIST;
      break;
    case OP_RESULT_ANY:
      break;
  }
  return right || refuse_node(w, "its value cannot be of type %u", node->type);
}

bool verify_tokens(const Walk *w, const Inputs *in, uint32_t from) {
  for (uint32_t i = from; i < in->count; i++)
    if (walk_type(w, in->refs[i]) != TYPE_VOID)
      return refuse_node(w, "input %u is not an effect token", i);
  return true;
}

static bool verify_param(const Walk *w, const ObjNode *node, const Inputs *in) {
  bool is_token = w->index >= w->graph->param_count - w->tokens;
  if (in->count != 0) return refuse_node(w, "it has inputs");
  if (is_token != (node->type == TYPE_VOID))
    return refuse_node(w, "values come first, then effect tokens");
  return true;
}

/* What the next port of the composite in front must be of. */
static bool is_port_type(const Walk *w, TypeId type) {
  TypeRow row = w->object->types.rows[type];
  if (!w->collects) return type == w->next_port->type;
  return row.kind == TYPE_KIND_LIST && row.element == w->next_port->type;
}

static bool verify_port(Walk *w, const ObjNode *node, const Inputs *in) {
  if (in->count != 0) return refuse_node(w, "it has inputs");
  if (!is_port_type(w, node->type))
    return refuse_node(w, "its type is not that of the graph's result");
  w->collects = false;
  w->next_port++;
  w->ports_left--;
  return true;
}

static bool verify_result(const Walk *w, const ObjNode *node,
                          const Inputs *in) {
  uint32_t values = w->graph->result_count - w->tokens;
  bool is_value = w->index - w->first_result < values;
  if (in->count != 1 || in->values != is_value)
    return refuse_node(w, "it needs one %s", is_value ? "value" : "token");
  if ((node->type != TYPE_VOID) != is_value)
    return refuse_node(w, "values come first, then effect tokens");
  if (!is_value) return verify_tokens(w, in, 0);
  if (!walk_fits(w, in->refs[0], node->type))
    return refuse_node(w, "its input is of another type");
  return true;
}

static bool verify_end(const Walk *w, const Inputs *in) {
  if (in->values != 0) return refuse_node(w, "it reads a value");
  for (uint32_t i = 0; i < w->index; i++)
    if (w->counts[i] == 0)
      return refuse_node(w, "it does not wait for node %u", i);
  return true;
}

static bool verify_by_op(Walk *w, const ObjNode *node, const Inputs *in) {
  switch ((Op)node->op) {
    case OP_PARAM:
      return verify_param(w, node, in);
    case OP_PORT:
      return verify_port(w, node, in);
    case OP_RESULT:
      return verify_result(w, node, in);
    case OP_END:
      return verify_end(w, in);
    default:
      break;
  }
  if ((op_table[node->op].shape & OP_COMPOSITE) != 0)
    return verify_composite(w, node, in);
  return verify_operation(w, node, in);
}

/* ---- attributes ---------------------------------------------------------- */

static bool is_on_fail(const Walk *w, const ObjConst *value) {
  Slice text = object_text(w->object, value->string);
  return slice_equal_text(text, "halt") || slice_equal_text(text, "skip");
}

static bool is_condition(const Walk *w, const ObjConst *value) {
  Condition condition;
  const char *fault;
  return condition_parse(object_text(w->object, value->string), &condition,
                         &fault);
}

static bool verify_attr_value(const Walk *w, const ObjAttr *attr) {
  const AttrInfo *info = &attr_table[attr->attr];
  const ObjConst *value = &w->object->consts[attr->value];
  bool is_text = info->type == ATTR_TYPE_TEXT;
  double number;
  if (value->type != (is_text ? TYPE_TEXT : TYPE_NUM))
    return refuse_node(w, "attribute `%s` is of another type", info->text);
  memcpy(&number, &value->bits, sizeof number);
  if (!is_text && !(number >= info->minimum && number <= info->maximum))
    return refuse_node(w, "attribute `%s` is out of range", info->text);
  if (info->type == ATTR_TYPE_COUNT && number != floor(number))
    return refuse_node(w, "attribute `%s` is no whole number", info->text);
  if (attr->attr == ATTR_ON_FAIL && !is_on_fail(w, value))
    return refuse_node(w, "attribute `on_fail` is neither halt nor skip");
  if (attr->attr == ATTR_CONDITION && !is_condition(w, value))
    return refuse_node(w, "attribute `condition` is none");
  return true;
}

static bool verify_attrs(const Walk *w, const ObjNode *node) {
  const Object *o = w->object;
  uint32_t seen = 0;
  _Static_assert(ATTR_COUNT <= 32, "one bit each");
  for (uint32_t i = node->attrs; i < node[1].attrs; i++) {
    const ObjAttr *attr = &o->attrs[i];
    if (attr->attr >= ATTR_COUNT || attr->value >= o->const_count)
      return refuse_node(w, "attribute record %u is out of range", i);
    if (attr_table[attr->attr].ops != ATTR_OPS_ANY &&
        !attr_fits((Attr)attr->attr, (Op)node->op))
      return refuse_node(w, "it cannot have `%s`", attr_table[attr->attr].text);
    if ((seen >> attr->attr & 1) != 0)
      return refuse_node(w, "it has `%s` twice", attr_table[attr->attr].text);
    seen |= UINT32_C(1) << attr->attr;
    if (!verify_attr_value(w, attr)) return false;
  }
  if (node->op == OP_WHILE && (seen >> ATTR_MAX & 1) == 0)
    return refuse_node(w, "it has no `max`");
  if (node->op == OP_GUARD && (seen >> ATTR_CONDITION & 1) == 0)
    return refuse_node(w, "it has no `condition`");
  return true;
}

/* ---- a node, a graph, all ------------------------------------------------ */

static bool stands_right(const Walk *w, Op op) {
  if (w->index < w->graph->param_count) return op == OP_PARAM;
  if (w->index >= w->first_result) {
    bool is_last = w->index == w->graph->node_count - 1;
    return w->ports_left == 0 && op == (is_last ? OP_END : OP_RESULT);
  }
  if (w->ports_left > 0) return op == OP_PORT;
  return (op_table[op].shape & OP_FRAME) == 0;
}

/* The fields of the record itself, and that its ranges go on where the node
 * before it stopped. */
static bool verify_record(const Walk *w, const ObjNode *node) {
  const Object *o = w->object;
  if (node->op >= OP_COUNT) return refuse_node(w, "no operation %u", node->op);
  if (!stands_right(w, (Op)node->op))
    return refuse_node(w, "it cannot stand here");
  if ((node->flags & ~(node->op == OP_LOOP ? OBJ_NODE_LISTS : 0)) != 0)
    return refuse_node(w, "an unknown flag is set");
  if (node->type >= o->type_count)
    return refuse_node(w, "no type %u", node->type);
  if (node->place >= o->place_count)
    return refuse_node(w, "no place %u", node->place);
  if (node[1].inputs < node->inputs || node[1].inputs > o->input_count)
    return refuse_node(w, "its inputs end at %u", node[1].inputs);
  if (node[1].attrs < node->attrs || node[1].attrs > o->attr_count)
    return refuse_node(w, "its attributes end at %u", node[1].attrs);
  if (node[1].arms < node->arms || node[1].arms > o->arm_count)
    return refuse_node(w, "its arms end at %u", node[1].arms);
  if (node[1].arms != node->arms &&
      (op_table[node->op].shape & OP_COMPOSITE) == 0)
    return refuse_node(w, "it has arms");
  return true;
}

/* Whether the start brings the node a token, beside `edges` from nodes: what
 * waits for nothing else, and composites that have constants to hand on. */
static bool is_start(Op op, uint32_t edges, uint32_t consts) {
  return edges == 0 || (op_table[op].shape & OP_GATED) != 0 ||
         (op == OP_CALL && consts > 0);
}

/* Whether such a start does something at once, as far as it is known before
 * the bodies of opens_with_body are. A branch or a loop waits for its control
 * value; a step has a parameter that is there from the first. */
static bool acts_at_once(Op op, uint32_t edges, const Inputs *in) {
  if (op == OP_BRANCH || op == OP_LOOP)
    return (in->refs[0] & OBJ_REF_CONST) != 0;
  return edges == 0 || op == OP_WHILE || in->consts > 0;
}

/* The counter a fresh frame starts this node with, as far as it is known
 * before calls are resolved. */
static uint32_t pending_of(const Walk *w, const ObjNode *node,
                           const Inputs *in) {
  uint32_t pending = in->count - in->consts;
  Op op = (Op)node->op;
  w->loader->edge_count += pending;
  if (op == OP_PARAM || op == OP_PORT) return 1;
  if (is_start(op, pending, in->consts)) {
    if (acts_at_once(op, pending, in)) w->links->opens_at_once = 1;
    pending = (pending + 1) | PENDING_START;
    w->links->start_count++;
  }
  bool is_composite = (op_table[op].shape & OP_COMPOSITE) != 0;
  return is_composite ? pending | PENDING_CALL : pending;
}

static bool verify_node(Walk *w) {
  const ObjNode *node = &w->nodes[w->index];
  Inputs in;
  if (!verify_record(w, node) || !verify_inputs(w, node, &in) ||
      !verify_arity(w, &in, (Op)node->op) || !verify_result_type(w, node) ||
      !verify_by_op(w, node, &in) || !verify_attrs(w, node))
    return false;
  w->pending[w->index] = pending_of(w, node, &in);
  return true;
}

static bool verify_graph_nodes(Loader *loader, uint32_t row) {
  const Object *o = loader->object;
  const ObjGraph *graph = &o->graphs[row];
  Walk w = {
      .loader = loader,
      .object = o,
      .graph = graph,
      .nodes = o->nodes + graph->first_node,
      .counts = loader->counts + graph->first_node,
      .pending = o->pending + graph->first_node,
      .links = &o->links[row],
      .row = row,
      .first_result = graph->node_count - 1 - graph->result_count,
      .tokens = (uint32_t)__builtin_popcount(graph->spaces),
  };
  for (w.index = 0; w.index < graph->node_count; w.index++)
    if (!verify_node(&w)) return false;
  return true;
}

static bool verify_sentinel(Loader *loader) {
  const Object *o = loader->object;
  ObjNode sentinel = {
      .inputs = o->input_count, .attrs = o->attr_count, .arms = o->arm_count};
  if (memcmp(&o->nodes[o->node_count], &sentinel, sizeof sentinel) != 0)
    return refuse(loader, "the sentinel of `nodes` is not right");
  if (o->nodes[0].inputs != 0 || o->nodes[0].attrs != 0 ||
      o->nodes[0].arms != 0)
    return refuse(loader,
                  "the first node's inputs, attributes or arms do not begin "
                  "at 0");
  return true;
}

bool verify_nodes(Loader *loader) {
  if (!verify_sentinel(loader)) return false;
  for (uint32_t row = 0; row < loader->object->graph_count; row++)
    loader->twins[row] = row;
  for (uint32_t row = 0; row < loader->object->graph_count; row++)
    if (!verify_graph_nodes(loader, row)) return false;
  return true;
}
