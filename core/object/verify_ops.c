/* SPDX-License-Identifier: MIT
 *
 * Operations on values: of which types their inputs must be, and which type
 * that makes their own. op_inputs.c says what can be said of an input by
 * itself; a function each for what is left. What is checked here need not be
 * checked when it runs; what a json value turns out to be must be.
 */
#include "core/object/op_inputs.h"
#include "core/object/verify_walk.h"

static bool verify_kinds(const Walk *w, const ObjNode *node, const Inputs *in) {
  for (uint32_t i = 0; i < in->values; i++) {
    if (!op_takes((Op)node->op, i, walk_kind(w, walk_type(w, in->refs[i]))))
      return refuse_node(w, "input %u is of the wrong type", i);
  }
  return true;
}

/* The type of the elements of input 0; TYPE_VOID when it is no list. */
static TypeId element_of(const Walk *w, const Inputs *in) {
  TypeId type = walk_type(w, in->refs[0]);
  bool is_list = walk_kind(w, type) == TYPE_KIND_LIST;
  return is_list ? w->object->types.rows[type].element : TYPE_VOID;
}

/* Whether what is an element of input 0 is of type `type`. */
static bool is_element(const Walk *w, const Inputs *in, TypeId type) {
  TypeId element = element_of(w, in);
  return element == TYPE_NONE || type_fits(w->object->types, element, type);
}

static bool refuse_type(const Walk *w) {
  return refuse_node(w, "its type is not what its inputs make");
}

/* ---- each operation ------------------------------------------------------ */

static bool verify_pass(const Walk *w, const ObjNode *node, const Inputs *in) {
  bool right = in->values == 0 ? node->type == TYPE_VOID
                               : walk_fits(w, in->refs[0], node->type);
  return right || refuse_node(w, "its type is not that of its input");
}

/* A node with a value that no input decides about. */
static bool verify_valued(const Walk *w, const ObjNode *node) {
  return node->type != TYPE_VOID || refuse_type(w);
}

static bool verify_items(const Walk *w, const ObjNode *node, const Inputs *in) {
  TypeId element = w->object->types.rows[node->type].element;
  for (uint32_t i = 0; i < in->values; i++)
    if (!walk_fits(w, in->refs[i], element))
      return refuse_node(w, "input %u is no element of its list", i);
  return true;
}

static bool verify_list_of(const Walk *w, const ObjNode *node, TypeId element) {
  return w->object->types.rows[node->type].element == element || refuse_type(w);
}

static bool verify_print(const Walk *w, const Inputs *in) {
  if ((w->graph->spaces & 1 << SPACE_OUTPUT) == 0)
    return refuse_node(w, "its effects are not its graph's");
  if (in->count - in->values != 1)
    return refuse_node(w, "it needs one output token");
  return verify_tokens(w, in, in->values);
}

static bool verify_compared(const Walk *w, const Inputs *in) {
  TypeId type = walk_type(w, in->refs[0]);
  if ((type == TYPE_NUM || type == TYPE_TEXT) &&
      walk_type(w, in->refs[1]) == type)
    return true;
  return refuse_node(w, "only numbers or texts are compared");
}

/* The name of a record's field is a constant. */
static bool verify_field(const Walk *w, const ObjNode *node, const Inputs *in) {
  const Object *o = w->object;
  TypeId base = walk_type(w, in->refs[0]);
  ObjRef ref = in->refs[1];
  const TypeField *field;
  if (base == TYPE_JSON) return node->type == TYPE_JSON || refuse_type(w);
  if ((ref & OBJ_REF_CONST) == 0)
    return refuse_node(w, "its field has no fixed name");
  field = type_field(o->types, base,
                     object_text(o, o->consts[ref & OBJ_REF_INDEX].string));
  if (field == NULL) return refuse_node(w, "there is no such field");
  return type_fits(o->types, field->type, node->type) || refuse_type(w);
}

static bool verify_index(const Walk *w, const ObjNode *node, const Inputs *in) {
  TypeKind key = walk_kind(w, walk_type(w, in->refs[1]));
  bool is_json = walk_type(w, in->refs[0]) == TYPE_JSON;
  if (!is_json && element_of(w, in) == TYPE_VOID)
    return refuse_node(w, "input 0 has no items");
  if (key != TYPE_KIND_NUM && !(is_json && key == TYPE_KIND_TEXT))
    return refuse_node(w, "input 1 is of the wrong type");
  if (is_json) return node->type == TYPE_JSON || refuse_type(w);
  return is_element(w, in, node->type) || refuse_type(w);
}

static bool verify_slice(const Walk *w, const ObjNode *node, const Inputs *in) {
  TypeKind kind = walk_kind(w, walk_type(w, in->refs[0]));
  if (kind != TYPE_KIND_TEXT && kind != TYPE_KIND_LIST)
    return refuse_node(w, "input 0 is neither a text nor a list");
  return walk_fits(w, in->refs[0], node->type) || refuse_type(w);
}

/* Of a list an item or the default, which are of one type; else json. */
static bool verify_get(const Walk *w, const ObjNode *node, const Inputs *in) {
  TypeKind kind = walk_kind(w, walk_type(w, in->refs[0]));
  TypeKind key = walk_kind(w, walk_type(w, in->refs[1]));
  bool is_list = kind == TYPE_KIND_LIST;
  if (!is_list && kind != TYPE_KIND_RECORD && kind != TYPE_KIND_JSON)
    return refuse_node(w, "input 0 has no parts");
  if (key != TYPE_KIND_NUM && (key != TYPE_KIND_TEXT || is_list))
    return refuse_node(w, "input 1 is of the wrong type");
  if (is_list && in->values == 3 && is_element(w, in, node->type) &&
      walk_fits(w, in->refs[2], node->type))
    return true;
  return node->type == TYPE_JSON || refuse_type(w);
}

bool verify_operation(const Walk *w, const ObjNode *node, const Inputs *in) {
  if (!verify_kinds(w, node, in)) return false;
  switch ((Op)node->op) {
    case OP_PASS:
      return verify_pass(w, node, in);
    case OP_NONE:
    case OP_ABSENT:
    case OP_CONVERT:
      return verify_valued(w, node);
    case OP_GUARD:
      return walk_fits(w, in->refs[0], node->type) || refuse_type(w);
    case OP_LIST:
    case OP_WAIT:
      return verify_items(w, node, in);
    case OP_PRINT:
      return verify_print(w, in);
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE:
      return verify_compared(w, in);
    case OP_FIELD:
      return verify_field(w, node, in);
    case OP_INDEX:
      return verify_index(w, node, in);
    case OP_LINES:
    case OP_SPLIT:
    case OP_KEYS:
      return verify_list_of(w, node, TYPE_TEXT);
    case OP_RANGE:
      return verify_list_of(w, node, TYPE_NUM);
    case OP_SLICE:
      return verify_slice(w, node, in);
    case OP_GET:
      return verify_get(w, node, in);
    default:
      return true;
  }
}
