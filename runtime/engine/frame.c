/* SPDX-License-Identifier: MIT
 *
 * Frames from the pool and back, and the slot operations that keep the counts
 * of values right.
 */
#include "runtime/engine/frame.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"

static Frame *take_pooled(Run *run, uint32_t graph) {
  mutex_lock(&run->pool_lock);
  Frame *frame = run->pool[graph];
  if (frame != NULL) run->pool[graph] = frame->next_free;
  mutex_unlock(&run->pool_lock);
  return frame;
}

static Frame *make(Run *run, uint32_t graph) {
  const Object *object = run->object;
  const ObjGraph *row = &object->graphs[graph];
  Frame *frame =
      mem_try(1, sizeof *frame + (size_t)row->node_count * sizeof(Slot));
  if (frame == NULL) return NULL;
  *frame = (Frame){.nodes = object->nodes + row->first_node,
                   .inputs = object->inputs,
                   .consumers = object->consumers,
                   .ops = object->ops + row->first_node,
                   .spans = object->spans + row->first_node,
                   .links = &object->links[graph],
                   .run = run,
                   .graph = graph,
                   .node_count = row->node_count};
  return frame;
}

static void reset_slots(Frame *frame) {
  const Object *object = frame->run->object;
  const uint32_t *pending =
      object->pending + object->graphs[frame->graph].first_node;
  for (uint32_t i = 0; i < frame->node_count; i++) {
    Slot *slot = &frame->slots[i];
    atomic_init(&slot->value, VALUE_EMPTY);
    atomic_init(&slot->pending, pending[i]);
    slot->path = 0;
  }
}

/* Only calls count: how deep arms and bodies are nested is bounded by the
 * program's text. */
static uint32_t depth_below(const Frame *parent, uint32_t call) {
  if (parent == NULL) return 1;
  return parent->depth + (parent->ops[call] == OP_CALL);
}

/* What is left to do for the parents once the composite is done. */
static uint64_t rank_after(const Frame *parent, uint32_t call) {
  const ObjNode *next = &parent->nodes[call + 1];
  return parent->rank_base + (next->op == OP_PORT ? next->rank : 0);
}

Frame *frame_new(Run *run, uint32_t graph, Frame *parent, uint32_t call) {
  Frame *frame = take_pooled(run, graph);
  if (frame == NULL) frame = make(run, graph);
  if (frame == NULL) return NULL;
  frame->parent = parent;
  frame->call = call;
  frame->scope = parent == NULL ? &run->scope : parent->scope;
  frame->depth = depth_below(parent, call);
  frame->rank_base = parent == NULL ? 0 : rank_after(parent, call);
  frame->gate = NULL;
  frame->successor = NULL;
  frame->path = 0;
  if (run->options.trace != NULL) {
    frame->opened_at = clock_now();
    frame->trace_id = trace_new_frame(run->options.trace);
  }
  reset_slots(frame);
  return frame;
}

void frame_release(Frame *frame) {
  Run *run = frame->run;
  if (load_relaxed(&run->mode) & RUN_HAS_PATHS) {
    path_drop(&run->paths, frame->path);
    for (uint32_t i = 0; i < frame->node_count; i++)
      path_drop(&run->paths, frame->slots[i].path);
  }
  mutex_lock(&run->pool_lock);
  frame->next_free = run->pool[frame->graph];
  run->pool[frame->graph] = frame;
  mutex_unlock(&run->pool_lock);
}

/* One reference for each consumer that reads the value; the producer's own
 * goes to the first. */
void frame_share(const Frame *frame, uint32_t node, Value value) {
  uint32_t count, readers = 0;
  const uint32_t *consumers = frame_consumers(frame, node, &count);
  for (uint32_t i = 0; i < count; i++)
    readers += (consumers[i] & CONSUMER_ORDER) == 0;
  if (readers == 0)
    value_drop(value);
  else if (readers > 1)
    value_take(value, readers - 1);
}

Value frame_constant(const Object *object, ObjRef ref) {
  const ObjConst *constant = &object->consts[ref & OBJ_REF_INDEX];
  if (constant->type == TYPE_TEXT)
    return value_text_constant(object->strings + constant->string);
  if (constant->type == TYPE_BOOL) return value_bool(constant->bits != 0);
  double number;
  memcpy(&number, &constant->bits, sizeof number);
  return value_num(number);
}

static bool is_nested(const Frame *frame) {
  const ObjGraph *graph = &frame->run->object->graphs[frame->graph];
  return (graph->flags & OBJ_GRAPH_NESTED) != 0;
}

void frame_add_path(const Frame *frame, Buf *out) {
  /* Deep recursion is cut in the middle of nowhere: the innermost frames and
   * the outermost one say enough. */
  enum { SHOWN = 6 };
  const Frame *chain[SHOWN];
  uint32_t count = 0;
  const Frame *entry = frame;
  for (; entry->parent != NULL; entry = entry->parent)
    if (count < SHOWN && !is_nested(entry)) chain[count++] = entry;
  const Object *object = frame->run->object;
  buf_add_slice(out, object_text(object, object->graphs[entry->graph].name));
  if (frame->depth > count + 1) buf_add_text(out, " > ...");
  while (count > 0) {
    buf_add_text(out, " > ");
    const Frame *next = chain[--count];
    buf_add_slice(out, object_text(object, object->graphs[next->graph].name));
  }
}

static bool is_iteration(const Frame *frame) {
  Op op = (Op)frame->parent->ops[frame->call];
  return op == OP_LOOP || op == OP_WHILE;
}

void frame_add_site(const Frame *frame, uint32_t node, Buf *out) {
  VEC(const Frame *) chain = {0};
  for (; frame->parent != NULL; frame = frame->parent) vec_push(&chain, frame);
  while (chain.length > 0) {
    const Frame *inner = vec_pop(&chain);
    buf_addf(out, "%u", inner->call);
    if (is_iteration(inner))
      buf_addf(out, "[%llu]", (unsigned long long)inner->index);
    buf_add_char(out, '.');
  }
  buf_addf(out, "%u", node);
  vec_free(&chain);
}
