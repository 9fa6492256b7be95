/* SPDX-License-Identifier: MIT
 *
 * What all gates share: being made by the first token, tokens that wait, child
 * frames, ports, and the end. Any worker, and the I/O thread where it routes.
 */
#include "runtime/engine/gate.h"

#include "core/base/mem.h"
#include "runtime/engine/route.h"

/* ---- making and freeing -------------------------------------------------- */

static const GateKind *kind_of(Op op) {
  switch (op) {
    case OP_BRANCH:
      return &branch_kind;
    case OP_LOOP:
      return &loop_kind;
    case OP_WHILE:
      return &while_kind;
    default:
      return &try_kind;
  }
}

/* NULL when memory is out. */
static Gate *make_gate(Frame *frame, uint32_t node) {
  const Object *object = frame->run->object;
  const ObjNode *row = &frame->nodes[node];
  const GateKind *kind = kind_of(row->op);
  uint32_t inputs = row[1].inputs - row->inputs;
  uint32_t ports = route_port_count(frame, node);
  size_t size = kind->size + inputs * sizeof(GateToken) + ports * sizeof(bool);
  Gate *gate = mem_try_zero(1, size);
  if (gate == NULL) return NULL;
  uint32_t edges =
      object->pending[object->graphs[frame->graph].first_node + node] &
      PENDING_COUNT;
  gate->kind = kind;
  gate->frame = frame;
  gate->node = node;
  gate->input_count = inputs;
  gate->port_count = ports;
  atomic_init(&gate->holds, edges);
  mutex_init(&gate->lock);
  gate->kept = (GateToken *)(void *)((char *)gate + kind->size);
  gate->given = (bool *)(gate->kept + inputs);
  for (uint32_t i = 0; i < inputs; i++) gate->kept[i].value = VALUE_EMPTY;
  if (kind->init != NULL) kind->init(gate);
  return gate;
}

static void free_gate(Gate *gate) {
  if (gate->kind->clear != NULL) gate->kind->clear(gate);
  PathPool *paths = &gate_run(gate)->paths;
  for (uint32_t i = 0; i < gate->input_count; i++) {
    value_drop(gate->kept[i].value);
    path_drop(paths, gate->kept[i].path);
  }
  mutex_destroy(&gate->lock);
  mem_free(gate);
}

/* NULL: refused. */
static Gate *try_to_make(EngineWorker *worker, Frame *frame, uint32_t node) {
  if (scope_is_draining(frame->scope)) return NULL;
  Gate *gate = make_gate(frame, node);
  if (gate != NULL) return gate;
  run_fail(frame, node, FAILURE_NO_MEMORY, "no memory for %u inputs",
           frame->nodes[node + 1].inputs - frame->nodes[node].inputs);
  run_tally(worker, frame)->failed++;
  return NULL;
}

/* The gate of a node, made by whoever brings the first token; NULL when that
 * one was refused, then all others are too. */
static Gate *gate_at(EngineWorker *worker, Frame *frame, uint32_t node) {
  Slot *slot = &frame->slots[node];
  Value seen = load_acquire(&slot->value);
  if (seen == VALUE_EMPTY) {
    Gate *gate = try_to_make(worker, frame, node);
    if (route_claim(slot, &seen, gate)) return gate;
    if (gate != NULL) free_gate(gate);
  }
  return seen == VALUE_POISON ? NULL : value_pointer(seen);
}

/* ---- the end ------------------------------------------------------------- */

void gate_hold(Gate *gate) {
  add_relaxed(&gate->holds, 1);
}

/* Nothing holds it: the node is done. */
static void finish(EngineWorker *worker, Gate *gate) {
  Slot *slot = &gate->frame->slots[gate->node];
  for (uint32_t port = 0; port < gate->port_count; port++)
    if (!gate->given[port]) gate_give(worker, gate, port, VALUE_POISON, 0);
  slot->path = gate->path;
  store_relaxed(&slot->value, VALUE_UNIT);
  free_gate(gate);
}

bool gate_release(EngineWorker *worker, Gate *gate) {
  if (sub_acq_rel(&gate->holds, 1) != 1) return false;
  finish(worker, gate);
  return true;
}

void gate_note_path(Gate *gate, uint32_t path) {
  PathPool *paths = &gate_run(gate)->paths;
  if (path_longer(paths, gate->path, path) == gate->path) return;
  path_take(paths, path);
  path_drop(paths, gate->path);
  gate->path = path;
}

/* ---- tokens -------------------------------------------------------------- */

static void pass_constants(EngineWorker *worker, Gate *gate) {
  const ObjNode *row = gate_node(gate);
  const ObjRef *inputs = gate->frame->inputs + row->inputs;
  const Object *object = gate_run(gate)->object;
  for (uint32_t i = 0; i < gate->input_count; i++)
    if (inputs[i] & OBJ_REF_CONST)
      gate->kind->token(worker, gate, i, frame_constant(object, inputs[i]), 0);
}

void gate_start(EngineWorker *worker, Frame *frame, uint32_t node) {
  Gate *gate = gate_at(worker, frame, node);
  if (gate == NULL) {
    route_refuse(worker, frame, node, VALUE_UNIT);
    return;
  }
  mutex_lock(&gate->lock);
  if (gate->kind->start != NULL) gate->kind->start(worker, gate);
  pass_constants(worker, gate);
  mutex_unlock(&gate->lock);
  if (gate_release(worker, gate)) route_later(worker, frame, node);
}

void gate_feed(EngineWorker *worker, Frame *frame, uint32_t node,
               uint32_t input, Value value, uint32_t path) {
  Gate *gate = gate_at(worker, frame, node);
  if (gate == NULL) {
    route_refuse(worker, frame, node, value);
    return;
  }
  mutex_lock(&gate->lock);
  gate_note_path(gate, path);
  gate->kind->token(worker, gate, input, value, path);
  mutex_unlock(&gate->lock);
  if (gate_release(worker, gate)) route_later(worker, frame, node);
}

void gate_keep(Gate *gate, uint32_t input, Value value, uint32_t path) {
  path_take(&gate_run(gate)->paths, path);
  gate->kept[input] = (GateToken){value, path};
}

GateToken gate_take(Gate *gate, uint32_t input) {
  GateToken token = gate->kept[input];
  gate->kept[input] = (GateToken){.value = VALUE_EMPTY};
  return token;
}

void gate_hand_on(EngineWorker *worker, Gate *gate, uint32_t input,
                  Frame *child, uint32_t param) {
  GateToken token = gate_take(gate, input);
  if (token.value == VALUE_EMPTY) return;
  route_forward(worker, child, param, token.value, token.path);
  path_drop(&gate_run(gate)->paths, token.path);
}

void gate_hand_copy(EngineWorker *worker, const Gate *gate, uint32_t input,
                    Frame *child, uint32_t param) {
  const GateToken *token = &gate->kept[input];
  if (token->value == VALUE_EMPTY) return;
  value_take(token->value, 1);
  route_forward(worker, child, param, token->value, token->path);
}

void gate_give(EngineWorker *worker, Gate *gate, uint32_t port, Value value,
               uint32_t path) {
  gate->given[port] = true;
  route_forward(worker, gate->frame, gate->node + 1 + port, value, path);
}

/* ---- child frames -------------------------------------------------------- */

Frame *gate_open(EngineWorker *worker, Gate *gate, uint32_t graph, Scope *scope,
                 uint32_t path) {
  Run *run = gate_run(gate);
  Frame *child = frame_new(run, graph, gate->frame, gate->node);
  if (child == NULL) {
    run_fail(gate->frame, gate->node, FAILURE_NO_MEMORY,
             "no memory for a frame of %u nodes",
             run->object->graphs[graph].node_count);
    run_tally(worker, gate->frame)->failed++;
    return NULL;
  }
  child->gate = gate;
  child->scope = scope;
  child->path = path_longer(&run->paths, path, gate->frame->path);
  path_take(&run->paths, child->path);
  gate_hold(gate);
  run_tally(worker, gate->frame)->frames++;
  return child;
}

void gate_start_child(EngineWorker *worker, Frame *child) {
  if (child->links->start_count > 0)
    route_later(worker, child, child->node_count);
}

bool gate_child_ended(EngineWorker *worker, Frame *child, uint32_t path) {
  Gate *gate = child->gate;
  mutex_lock(&gate->lock);
  gate_note_path(gate, path);
  if (gate->kind->ended != NULL) gate->kind->ended(worker, child, path);
  mutex_unlock(&gate->lock);
  frame_release(child);
  return gate_release(worker, gate);
}
