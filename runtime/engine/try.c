/* SPDX-License-Identifier: MIT
 *
 * TRY: the body runs in a scope of its own. What it yields and prints is held
 * until it is quiet, so that a body that fails has done nothing but what it
 * asked others to do. When it fails, what is under way in it is cancelled, and
 * the catch graph runs in the scope around, with what the body had got and a
 * record of the failure.
 *
 * Lines of a body that succeeded are written at once; when the reader is slow,
 * the node waits for room with them, as a print would.
 */
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/gate.h"
#include "runtime/engine/route.h"

typedef struct Try {
  Gate gate;
  Scope scope; /* of the body */
  Value *held; /* by result of the body, written by who yields it; EMPTY until
                  then */
  /* Guarded by the gate's lock. */
  Frame *body;   /* NULL: not opened, or it has ended */
  uint32_t path; /* to the end of the body; holds a reference */
} Try;

static uint32_t graph_of(const Gate *gate, ObjArmKind kind) {
  const Object *object = gate_run(gate)->object;
  const ObjArm *arm = object->arms + gate_node(gate)->arms;
  while (arm->kind != (uint32_t)kind) arm++;
  return arm->graph;
}

static void init(Gate *gate) {
  Try *try = (Try *)gate;
  try->held = mem_alloc((gate->port_count + 1) * sizeof(Value));
  for (uint32_t i = 0; i < gate->port_count; i++) try->held[i] = VALUE_EMPTY;
}

static void clear(Gate *gate) {
  Try *try = (Try *)gate;
  for (uint32_t i = 0; i < gate->port_count; i++) value_drop(try->held[i]);
  mem_free(try->held);
  path_drop(&gate_run(gate)->paths, try->path);
  scope_clear(&try->scope);
}

/* ---- the body ------------------------------------------------------------ */

/* Opens the body with what has come. All of that stays, for the catch. */
static void start(EngineWorker *worker, Gate *gate) {
  Try *try = (Try *)gate;
  if (!scope_open(&try->scope, gate->frame->scope)) return;
  uint32_t graph = graph_of(gate, OBJ_ARM_BODY);
  try->body = gate_open(worker, gate, graph, &try->scope, 0);
  if (try->body == NULL) {
    Buf none = {0};
    scope_close(&try->scope, &none);
    return;
  }
  for (uint32_t i = 0; i < gate->input_count; i++)
    gate_hand_copy(worker, gate, i, try->body, i);
  gate_start_child(worker, try->body);
}

static void token(EngineWorker *worker, Gate *gate, uint32_t input, Value value,
                  uint32_t path) {
  Try *try = (Try *)gate;
  gate_keep(gate, input, value, path);
  if (try->body != NULL) gate_hand_copy(worker, gate, input, try->body, input);
}

static void result(EngineWorker *worker, Frame *child, uint32_t index,
                   Value value, uint32_t path) {
  Try *try = (Try *)child->gate;
  if (child->scope == &try->scope)
    try->held[index] = value;
  else
    gate_give(worker, child->gate, index, value, path);
}

/* ---- success ------------------------------------------------------------- */

static void give_held(EngineWorker *worker, Try *try) {
  Gate *gate = &try->gate;
  for (uint32_t i = 0; i < gate->port_count; i++) {
    gate_give(worker, gate, i, try->held[i], try->path);
    try->held[i] = VALUE_EMPTY;
  }
}

/* The wait for the reader is part of the path. */
static void end_wait(Try *try, Pending *pending) {
  Gate *gate = &try->gate;
  uint32_t path = print_extend_path(pending);
  path_drop(&gate_run(gate)->paths, try->path);
  try->path = path;
  gate_note_path(gate, path);
}

bool try_resume(EngineWorker *worker, Pending *pending) {
  Try *try = (Try *)pending->gate;
  Gate *gate = &try->gate;
  mutex_lock(&gate->lock);
  end_wait(try, pending);
  give_held(worker, try);
  mutex_unlock(&gate->lock);
  mem_free(pending);
  return gate_release(worker, gate);
}

/* Writes the lines. False: it waits for room, and holds the gate. */
static bool write_lines(EngineWorker *worker, Try *try, Slice text) {
  Gate *gate = &try->gate;
  if (text.length == 0) return true;
  Pending *pending =
      print_pending(gate->frame, gate->node, try->path, clock_now());
  pending->gate = gate;
  gate_hold(gate);
  PrintOutcome outcome = print_write(pending, text, NULL);
  if (outcome == PRINT_WAITS) return false;
  if (outcome == PRINT_WAITED) end_wait(try, pending);
  mem_free(pending);
  (void)gate_release(worker, gate); /* the end of the body holds it as well */
  return true;
}

/* ---- failure ------------------------------------------------------------- */

/* { message, code, node }, as the type `error` says. */
static Value failure_record(const Scope *scope) {
  const Value entries[] = {value_text(SLICE("message")),
                           value_text(buf_slice(&scope->cause)),
                           value_text(SLICE("code")),
                           value_text(slice_of(failure_text(scope->code))),
                           value_text(SLICE("node")),
                           value_text(scope->node)};
  return value_map(entries, 3);
}

static void open_catch(EngineWorker *worker, Try *try) {
  Gate *gate = &try->gate;
  uint32_t graph = graph_of(gate, OBJ_ARM_CATCH);
  Frame *child = gate_open(worker, gate, graph, gate->frame->scope, try->path);
  if (child == NULL) return;
  route_forward(worker, child, 0, failure_record(&try->scope), try->path);
  for (uint32_t i = 0; i < gate->input_count; i++)
    gate_hand_on(worker, gate, i, child, i + 1);
  gate_start_child(worker, child);
}

/* ---- the end of the body ------------------------------------------------- */

static void body_ended(EngineWorker *worker, Try *try, uint32_t path) {
  Buf lines = {0};
  try->body = NULL;
  try->path = path;
  path_take(&gate_run(&try->gate)->paths, path);
  switch (scope_close(&try->scope, &lines)) {
    case SCOPE_SUCCEEDED:
      if (write_lines(worker, try, buf_slice(&lines))) give_held(worker, try);
      break;
    case SCOPE_FAILED:
      open_catch(worker, try);
      break;
    case SCOPE_DRAINED:
      break;
  }
  buf_free(&lines);
}

static void ended(EngineWorker *worker, Frame *child, uint32_t path) {
  Try *try = (Try *)child->gate;
  if (child->scope == &try->scope) body_ended(worker, try, path);
}

const GateKind try_kind = {.size = sizeof(Try),
                           .init = init,
                           .start = start,
                           .token = token,
                           .result = result,
                           .ended = ended,
                           .clear = clear};
