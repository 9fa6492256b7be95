/* SPDX-License-Identifier: MIT
 *
 * Questions to a loaded object: an attribute, a flow by name, the entry.
 */
#include "core/object/object.h"

enum { FLOW_NONE = -1, FLOW_SEVERAL = -2 }; /* as object.h says */

const ObjConst *object_attr(const Object *object, uint32_t node, Attr attr) {
  const ObjNode *at = &object->nodes[node];
  for (uint32_t i = at->attrs; i < at[1].attrs; i++)
    if (object->attrs[i].attr == attr)
      return &object->consts[object->attrs[i].value];
  return NULL;
}

static bool is_called(const Object *object, const ObjFlow *flow, Slice name) {
  return slice_equal(object_text(object, flow->name), name);
}

/* Whether `name` is "Agent.flow". */
static bool is_called_fully(const Object *object, const ObjFlow *flow,
                            Slice name) {
  Slice agent = object_text(object, flow->agent);
  Slice own = object_text(object, flow->name);
  return name.length == agent.length + 1 + own.length &&
         slice_starts_with(name, agent) && name.data[agent.length] == '.' &&
         slice_ends_with(name, own);
}

/* The flow for which `is_match` holds, if there is exactly one. */
static int find_only(const Object *object, Slice name,
                     bool (*is_match)(const Object *, const ObjFlow *, Slice)) {
  int found = FLOW_NONE;
  for (uint32_t row = 0; row < object->flow_count; row++) {
    if (!is_match(object, &object->flows[row], name)) continue;
    if (found != FLOW_NONE) return FLOW_SEVERAL;
    found = (int)row;
  }
  return found;
}

int object_find_flow(const Object *object, Slice name) {
  int found = find_only(object, name, is_called_fully);
  return found != FLOW_NONE ? found : find_only(object, name, is_called);
}

int object_entry_flow(const Object *object) {
  for (uint32_t row = 0; row < object->flow_count; row++)
    if ((object->flows[row].flags & OBJ_FLOW_ENTRY) != 0) return (int)row;
  if (object->flow_count <= 1) return (int)object->flow_count - 1;
  int found = find_only(object, SLICE("main"), is_called);
  return found == FLOW_NONE ? FLOW_SEVERAL : found;
}
