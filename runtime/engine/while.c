/* SPDX-License-Identifier: MIT
 *
 * WHILE: a step after the other. A step is opened when the one before it has
 * said that there is another (its first result), whatever else of that one is
 * still under way. The step after the last one allowed may only look: it is
 * told so by its first parameter, and when its condition still holds the run
 * says that the loop was stopped.
 */
#include "runtime/engine/cycle.h"

typedef struct While {
  Cycle cycle;
  uint64_t most; /* steps that do work; immutable */
} While;

/* Whether the step may only look. */
static Value is_last(Cycle *cycle, uint64_t index) {
  const While *loop = (const While *)cycle;
  return value_bool(index == loop->most);
}

static void init(Gate *gate) {
  While *loop = (While *)gate;
  const Object *object = gate_run(gate)->object;
  uint32_t row = object->graphs[gate->frame->graph].first_node + gate->node;
  const ObjConst *most = object_attr(object, row, ATTR_MAX);
  cycle_init(&loop->cycle, 0, 1);
  loop->cycle.lead = is_last;
  loop->most = (uint64_t)value_to_num(
      frame_constant(object, (uint32_t)(most - object->consts)));
}

static void clear(Gate *gate) {
  cycle_clear((Cycle *)gate);
}

static void start(EngineWorker *worker, Gate *gate) {
  Cycle *cycle = (Cycle *)gate;
  cycle->wanted = 1;
  cycle_wake(worker, cycle);
}

static void token(EngineWorker *worker, Gate *gate, uint32_t input, Value value,
                  uint32_t path) {
  cycle_token(worker, (Cycle *)gate, input, value, path);
}

/* The newest step has said whether there is another. What is neither true nor
 * false (absent, or poison in a scope that drains) ends it too. */
static void go_on(EngineWorker *worker, const Frame *child, Value again,
                  uint32_t path) {
  While *loop = (While *)child->gate;
  Cycle *cycle = &loop->cycle;
  Gate *gate = &cycle->gate;
  bool is_over = child->index == loop->most;
  if (again == VALUE_TRUE && is_over)
    run_warn(gate->frame, gate->node, loop->most);
  cycle_lead_by(cycle, path);
  if (again != VALUE_TRUE || is_over) {
    cycle_finish(worker, cycle);
    return;
  }
  cycle->wanted++;
  cycle_wake(worker, cycle);
}

static void result(EngineWorker *worker, Frame *child, uint32_t index,
                   Value value, uint32_t path) {
  Mutex *lock = &child->gate->lock;
  mutex_lock(lock);
  if (index == 0)
    go_on(worker, child, value, path);
  else
    cycle_carry(worker, child, index, value, path);
  mutex_unlock(lock);
}

const GateKind while_kind = {.size = sizeof(While),
                             .init = init,
                             .start = start,
                             .token = token,
                             .result = result,
                             .ended = cycle_ended,
                             .clear = clear};
