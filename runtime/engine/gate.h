/* SPDX-License-Identifier: MIT
 *
 * A composite that does not just hand its tokens to one child frame has a
 * gate: who brings its first token makes one and leaves it in the node's slot.
 * Tokens come to the gate one by one; it keeps those that cannot be handed on
 * yet, opens child frames, and gives what they yield to the node's ports.
 *
 *     tokens ──> [ gate: kept tokens ] ──> parameters of child frames
 *     ports  <── [                   ] <── their results
 *
 * A gate is held by every token that has not come, by every child frame that
 * is open, and by whatever else its kind counts (gate_hold). When nothing holds
 * it any more, the node is done: ports that got nothing (the scope drains) get
 * poison, the gate is freed, and the node's own token is routed. So who has
 * brought a token may still use the gate until it lets go (gate_release).
 */
#ifndef APXM_RUNTIME_ENGINE_GATE_H
#define APXM_RUNTIME_ENGINE_GATE_H

#include "runtime/engine/run.h"

typedef struct Gate Gate;

/* What a kind of composite does. The value that a function gets is its to drop
 * or hand on; a path stays the caller's. */
typedef struct GateKind {
  size_t size; /* of its struct, which begins with a Gate; zeroed */
  void (*init)(Gate *gate); /* NULL: nothing to set */
  /* Under the gate's lock: the start edge came; after it, the constants. NULL:
   * nothing begins with it. */
  void (*start)(EngineWorker *worker, Gate *gate);
  /* Under the gate's lock: the token of an input. */
  void (*token)(EngineWorker *worker, Gate *gate, uint32_t input, Value value,
                uint32_t path);
  /* Result `index` of a child frame, not locked. */
  void (*result)(EngineWorker *worker, Frame *child, uint32_t index,
                 Value value, uint32_t path);
  /* Under the gate's lock: a child frame has come to rest; it is released
   * after this. NULL: no matter. */
  void (*ended)(EngineWorker *worker, Frame *child, uint32_t path);
  /* Nothing holds the gate: frees what its struct holds. NULL: nothing. */
  void (*clear)(Gate *gate);
} GateKind;

/* A token that waits; the value is EMPTY where there is none. Holds a reference
 * to the path. */
typedef struct GateToken {
  Value value;
  uint32_t path;
} GateToken;

struct Gate {
  /* Immutable. */
  const GateKind *kind;
  Frame *frame;
  uint32_t node;
  uint32_t input_count, port_count;
  _Atomic uint32_t
      holds;       /* released by tokens and children (acquire-release) */
  Mutex lock;      /* guards what follows, and what kinds add */
  uint32_t path;   /* the longest that came; holds a reference */
  GateToken *kept; /* by input */
  bool *given; /* by port; each written by who gives it, once, while it holds
                  the gate */
};

extern const GateKind branch_kind, loop_kind, while_kind, try_kind;

/* The start edge of a gated node. */
void gate_start(EngineWorker *worker, Frame *frame, uint32_t node);
/* The token of an input. */
void gate_feed(EngineWorker *worker, Frame *frame, uint32_t node,
               uint32_t input, Value value, uint32_t path);
/* A child frame has come to rest, and is released. True: the node is done, and
 * its token is to be routed. */
bool gate_child_ended(EngineWorker *worker, Frame *child, uint32_t path);

/* ---- for the kinds ---- */

/* Under the lock: what led to this leads to the node's end. */
void gate_note_path(Gate *gate, uint32_t path);

void gate_hold(Gate *gate);
/* True: that was the last; the gate is gone, its node's token is to be
 * routed. Not under the lock. */
bool gate_release(EngineWorker *worker, Gate *gate);

/* A child frame with nothing in it yet; NULL when there is no memory for it,
 * then the scope has failed. The caller hands it its tokens, then starts it,
 * all under the gate's lock: so it cannot end meanwhile. */
Frame *gate_open(EngineWorker *worker, Gate *gate, uint32_t graph, Scope *scope,
                 uint32_t path);
void gate_start_child(EngineWorker *worker, Frame *child);

/* Gives a port its token. */
void gate_give(EngineWorker *worker, Gate *gate, uint32_t port, Value value,
               uint32_t path);

/* Keeps the token of an input for later; takes the value. */
void gate_keep(Gate *gate, uint32_t input, Value value, uint32_t path);
/* Takes a kept token out: the value and the reference to the path are the
 * caller's. EMPTY when there is none. */
GateToken gate_take(Gate *gate, uint32_t input);
/* Hands kept token `input`, if it has come, to a child: itself, or a copy. */
void gate_hand_on(EngineWorker *worker, Gate *gate, uint32_t input,
                  Frame *child, uint32_t param);
void gate_hand_copy(EngineWorker *worker, const Gate *gate, uint32_t input,
                    Frame *child, uint32_t param);

static inline Run *gate_run(const Gate *gate) {
  return gate->frame->run;
}
static inline const ObjNode *gate_node(const Gate *gate) {
  return &gate->frame->nodes[gate->node];
}
static inline bool gate_is_draining(const Gate *gate) {
  return scope_is_draining(gate->frame->scope);
}

#endif
