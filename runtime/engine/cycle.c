/* SPDX-License-Identifier: MIT
 *
 * The iterations of a loop or while. Why what is looked at here is still there:
 * a frame cannot end before it has all its parameters, so one that misses a
 * token is open; and it is released by its END only after cycle_ended, which
 * takes the gate's lock.
 */
#include "runtime/engine/cycle.h"

#include "runtime/engine/route.h"

/* ---- the shape ----------------------------------------------------------- */

void cycle_init(Cycle *cycle, uint32_t first, uint32_t lead) {
  Gate *gate = &cycle->gate;
  const Object *object = gate_run(gate)->object;
  cycle->graph = object_body(object, gate_node(gate));
  const ObjGraph *body = &object->graphs[cycle->graph];
  cycle->first = first;
  cycle->param_shift = 1 - first;
  cycle->result_shift = lead;
  cycle->port_shift = first == 0 ? 0 : lead;
  cycle->tokens = (uint32_t)__builtin_popcount(body->spaces);
  cycle->carried = body->result_count - lead - cycle->tokens;
  cycle->captures = gate->input_count - first - cycle->carried - cycle->tokens;
  cycle->most = UINT32_MAX;
}

void cycle_clear(Cycle *cycle) {
  path_drop(&gate_run(&cycle->gate)->paths, cycle->path);
}

/* Carried variables and effect tokens in one count. */
static uint32_t carried_count(const Cycle *cycle) {
  return cycle->carried + cycle->tokens;
}

static uint32_t input_of(const Cycle *cycle, uint32_t carried) {
  uint32_t input = cycle->first + carried;
  return carried < cycle->carried ? input : input + cycle->captures;
}

static bool is_capture(const Cycle *cycle, uint32_t input) {
  uint32_t begin = cycle->first + cycle->carried;
  return input >= begin && input < begin + cycle->captures;
}

static uint32_t carried_of(const Cycle *cycle, uint32_t input) {
  uint32_t carried = input - cycle->first;
  return carried < cycle->carried ? carried : carried - cycle->captures;
}

/* ---- tokens -------------------------------------------------------------- */

/* All that are open miss it, so none has ended. */
static void spread(EngineWorker *worker, Cycle *cycle, uint32_t input) {
  Frame *next;
  if (cycle->opened == 0) return;
  for (Frame *child = cycle->oldest; child != NULL; child = next) {
    next = child->successor;
    gate_hand_copy(worker, &cycle->gate, input, child,
                   input + cycle->param_shift);
  }
}

/* What goes out has waited for what leads the cycle, too: that there is no
 * (other) iteration was not known before. A cap is no such thing. */
static void give_out(EngineWorker *worker, Cycle *cycle, uint32_t carried,
                     Value value, uint32_t path) {
  Gate *gate = &cycle->gate;
  if (!cycle->is_capped || cycle->opened == 0)
    path = path_longer(&gate_run(gate)->paths, cycle->path, path);
  gate_give(worker, gate, carried + cycle->port_shift, value, path);
}

void cycle_token(EngineWorker *worker, Cycle *cycle, uint32_t input,
                 Value value, uint32_t path) {
  Gate *gate = &cycle->gate;
  bool captured = is_capture(cycle, input);
  if (!captured && cycle->opened > 0) {
    route_forward(worker, cycle->oldest, input + cycle->param_shift, value,
                  path);
  } else if (!captured && cycle->has_last) {
    give_out(worker, cycle, carried_of(cycle, input), value, path);
  } else {
    gate_keep(gate, input, value, path);
    if (captured) spread(worker, cycle, input);
  }
}

void cycle_carry(EngineWorker *worker, Frame *child, uint32_t index,
                 Value value, uint32_t path) {
  Cycle *cycle = (Cycle *)child->gate;
  uint32_t carried = index - cycle->result_shift;
  uint32_t input = input_of(cycle, carried);
  if (child->successor != NULL)
    route_forward(worker, child->successor, input + cycle->param_shift, value,
                  path);
  else if (cycle->has_last)
    give_out(worker, cycle, carried, value, path);
  else
    gate_keep(&cycle->gate, input, value, path);
}

void cycle_finish(EngineWorker *worker, Cycle *cycle) {
  Gate *gate = &cycle->gate;
  cycle->has_last = true;
  for (uint32_t i = 0; i < carried_count(cycle); i++) {
    GateToken kept = gate_take(gate, input_of(cycle, i));
    if (kept.value == VALUE_EMPTY) continue;
    give_out(worker, cycle, i, kept.value, kept.path);
    path_drop(&gate_run(gate)->paths, kept.path);
  }
}

/* ---- opening ------------------------------------------------------------- */

static bool may_open(Cycle *cycle) {
  if (gate_is_draining(&cycle->gate)) cycle->is_closed = true;
  return !cycle->is_closed && cycle->opened < cycle->wanted &&
         cycle->open < cycle->most;
}

static void add_task(EngineWorker *worker, Cycle *cycle) {
  Task task = task_to_open(cycle);
  sched_add(worker->worker, &task, 1);
}

void cycle_lead_by(Cycle *cycle, uint32_t path) {
  PathPool *paths = &gate_run(&cycle->gate)->paths;
  path_take(paths, path);
  path_drop(paths, cycle->path);
  cycle->path = path;
}

void cycle_wake(EngineWorker *worker, Cycle *cycle) {
  if (cycle->is_opening || !may_open(cycle)) return;
  cycle->is_opening = true;
  gate_hold(&cycle->gate);
  Window *window = &gate_run(&cycle->gate)->window;
  if (window_enter(window, cycle, cycle->open == 0)) add_task(worker, cycle);
}

static void leave_window(EngineWorker *worker, Cycle *cycle) {
  Cycle *next = window_leave(&gate_run(&cycle->gate)->window);
  if (next != NULL) add_task(worker, next);
}

/* What a fresh iteration can have at once. */
static void hand_over(EngineWorker *worker, Cycle *cycle, Frame *child) {
  Gate *gate = &cycle->gate;
  uint32_t captured = cycle->first + cycle->carried;
  route_forward(worker, child, 0, cycle->lead(cycle, child->index), 0);
  for (uint32_t i = captured; i < captured + cycle->captures; i++)
    gate_hand_copy(worker, gate, i, child, i + cycle->param_shift);
  for (uint32_t i = 0; i < carried_count(cycle); i++) {
    uint32_t input = input_of(cycle, i);
    gate_hand_on(worker, gate, input, child, input + cycle->param_shift);
  }
  gate_start_child(worker, child);
}

/* The frame of the next iteration; NULL when it was refused. */
static Frame *open_next(EngineWorker *worker, Cycle *cycle) {
  Gate *gate = &cycle->gate;
  Frame *child =
      gate_open(worker, gate, cycle->graph, gate->frame->scope, cycle->path);
  if (child == NULL) {
    cycle->is_closed = true;
    return NULL;
  }
  child->index = cycle->opened++;
  cycle->open++;
  if (child->index == 0) cycle->oldest = child;
  if (cycle->newest != NULL) cycle->newest->successor = child;
  cycle->newest = child;
  cycle->has_last = cycle->is_counted && cycle->opened == cycle->wanted;
  return child;
}

void cycle_open(EngineWorker *worker, Cycle *cycle) {
  Gate *gate = &cycle->gate;
  Frame *frame = gate->frame;
  uint32_t node = gate->node;
  mutex_lock(&gate->lock);
  Frame *child = may_open(cycle) ? open_next(worker, cycle) : NULL;
  cycle->is_opening = false;
  if (child == NULL) leave_window(worker, cycle);
  cycle_wake(worker, cycle); /* first, so that it is run after the child */
  if (child != NULL) hand_over(worker, cycle, child);
  mutex_unlock(&gate->lock);
  if (gate_release(worker, gate)) route_later(worker, frame, node);
}

/* A place has come free. Who waits for one without an iteration open may not
 * wait any longer. */
void cycle_ended(EngineWorker *worker, Frame *child, uint32_t path) {
  Cycle *cycle = (Cycle *)child->gate;
  Window *window = &gate_run(&cycle->gate)->window;
  cycle->open--;
  if (cycle->newest == child) cycle->newest = NULL;
  if (cycle->is_capped) cycle_lead_by(cycle, path);
  leave_window(worker, cycle);
  if (cycle->open == 0 && window_withdraw(window, cycle)) {
    window_enter(window, cycle, true);
    add_task(worker, cycle);
  } else {
    cycle_wake(worker, cycle);
  }
}
