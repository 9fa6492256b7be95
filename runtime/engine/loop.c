/* SPDX-License-Identifier: MIT
 *
 * LOOP: one iteration an item of the list, as many at once as the window has
 * room for. Their first results, when they are collected, are put where their
 * items were, so the list is in order whatever ended first; it goes to its port
 * when the last one is there.
 */
#include "core/base/mem.h"
#include "runtime/engine/cycle.h"

typedef struct Loop {
  Cycle cycle;
  bool collects; /* immutable */
  /* Guarded by the gate's lock. */
  Value list;       /* until the last item was handed out */
  Value *values;    /* of the iterations, by index; EMPTY until they come */
  uint64_t missing; /* of these */
  uint32_t path;    /* the longest of theirs; holds a reference */
} Loop;

/* The item of an iteration. */
static Value item(Cycle *cycle, uint64_t index) {
  Loop *loop = (Loop *)cycle;
  Value value = value_item(loop->list, index);
  value_take(value, 1);
  if (index + 1 < cycle->wanted) return value;
  value_drop(loop->list);
  loop->list = VALUE_EMPTY;
  return value;
}

static void init(Gate *gate) {
  Loop *loop = (Loop *)gate;
  Cycle *cycle = &loop->cycle;
  const ObjNode *node = gate_node(gate);
  const Object *object = gate_run(gate)->object;
  uint32_t row = object->graphs[gate->frame->graph].first_node + gate->node;
  const ObjConst *parallel = object_attr(object, row, ATTR_PARALLEL);
  loop->collects = (node->flags & OBJ_NODE_LISTS) != 0;
  loop->list = VALUE_EMPTY;
  cycle_init(cycle, 1, loop->collects);
  cycle->lead = item;
  cycle->is_counted = true;
  if (parallel == NULL) return;
  cycle->is_capped = true;
  cycle->most = (uint32_t)value_to_num(
      frame_constant(object, (uint32_t)(parallel - object->consts)));
}

static void clear(Gate *gate) {
  Loop *loop = (Loop *)gate;
  value_drop(loop->list);
  for (uint64_t i = 0; loop->values != NULL && i < loop->cycle.wanted; i++)
    value_drop(loop->values[i]);
  mem_free(loop->values);
  path_drop(&gate_run(gate)->paths, loop->path);
  cycle_clear(&loop->cycle);
}

/* ---- the list of values -------------------------------------------------- */

static bool prepare_values(EngineWorker *worker, Loop *loop, uint64_t count) {
  const Gate *gate = &loop->cycle.gate;
  loop->missing = count;
  loop->values = mem_try(count, sizeof(Value));
  if (loop->values == NULL && count > 0) {
    run_fail(gate->frame, gate->node, FAILURE_NO_MEMORY,
             "no memory for a list of %llu values", (unsigned long long)count);
    run_tally(worker, gate->frame)->failed++;
    return false;
  }
  for (uint64_t i = 0; i < count; i++) loop->values[i] = VALUE_EMPTY;
  return true;
}

/* What is absent is not among them. */
static uint32_t drop_absent(Value *values, uint64_t count) {
  uint32_t kept = 0;
  for (uint64_t i = 0; i < count; i++)
    if (values[i] != VALUE_ABSENT) values[kept++] = values[i];
  return kept;
}

static Value make_list(EngineWorker *worker, Loop *loop, uint32_t count) {
  const Gate *gate = &loop->cycle.gate;
  bool fits = value_list_fits(loop->values, count);
  if (fits && !gate_is_draining(gate)) return value_list(loop->values, count);
  for (uint32_t i = 0; i < count; i++) value_drop(loop->values[i]);
  if (!fits) {
    run_fail(gate->frame, gate->node, FAILURE_TOO_LARGE,
             "the list would be longer than %d MiB", LIMIT_VALUE_BYTES >> 20);
    run_tally(worker, gate->frame)->failed++;
  }
  return VALUE_POISON;
}

/* All values are there. */
static void give_list(EngineWorker *worker, Loop *loop) {
  uint32_t count = drop_absent(loop->values, loop->cycle.wanted);
  Value list = make_list(worker, loop, count);
  mem_free(loop->values);
  loop->values = NULL;
  gate_give(worker, &loop->cycle.gate, 0, list, loop->path);
}

static void collect(EngineWorker *worker, Loop *loop, uint64_t index,
                    Value value, uint32_t path) {
  PathPool *paths = &gate_run(&loop->cycle.gate)->paths;
  loop->values[index] = value;
  if (path_longer(paths, loop->path, path) != loop->path) {
    path_take(paths, path);
    path_drop(paths, loop->path);
    loop->path = path;
  }
  if (--loop->missing == 0) give_list(worker, loop);
}

/* ---- the gate ------------------------------------------------------------ */

/* The list has come. An absent one skips the loop. */
static void begin(EngineWorker *worker, Loop *loop, Value list, uint32_t path) {
  Cycle *cycle = &loop->cycle;
  Gate *gate = &cycle->gate;
  bool is_list = value_kind(list) == VALUE_KIND_LIST;
  uint64_t count = is_list ? value_length(list) : 0;
  bool is_ready = !gate_is_draining(gate) &&
                  (!loop->collects || prepare_values(worker, loop, count));
  cycle->is_closed = !is_ready;
  if (!is_ready || count == 0)
    value_drop(list);
  else
    loop->list = list;
  if (!is_ready) return;
  cycle->wanted = count;
  cycle_lead_by(cycle, path);
  if (count > 0) {
    cycle_wake(worker, cycle);
    return;
  }
  cycle_finish(worker, cycle);
  if (loop->collects)
    gate_give(worker, gate, 0, is_list ? value_list(NULL, 0) : list, path);
}

static void token(EngineWorker *worker, Gate *gate, uint32_t input, Value value,
                  uint32_t path) {
  Loop *loop = (Loop *)gate;
  if (input == 0)
    begin(worker, loop, value, path);
  else
    cycle_token(worker, &loop->cycle, input, value, path);
}

static void result(EngineWorker *worker, Frame *child, uint32_t index,
                   Value value, uint32_t path) {
  Loop *loop = (Loop *)child->gate;
  Mutex *lock = &child->gate->lock;
  mutex_lock(lock);
  if (loop->collects && index == 0)
    collect(worker, loop, child->index, value, path);
  else
    cycle_carry(worker, child, index, value, path);
  mutex_unlock(lock);
}

const GateKind loop_kind = {.size = sizeof(Loop),
                            .init = init,
                            .token = token,
                            .result = result,
                            .ended = cycle_ended,
                            .clear = clear};
