/* SPDX-License-Identifier: MIT
 *
 * What loops and whiles share: one body graph, opened again and again in
 * order, each frame an **iteration**.
 *
 *     initial ──> [ iteration 0 ] ──carried──> [ iteration 1 ] ──> ... ports
 *     captures ──────^─────────────────────────────^
 *
 * A carried token (of a variable that the body assigns, or an effect token)
 * goes from an iteration to the next one as soon as it is there; it is kept in
 * the gate while that one is not open, and goes to a port when none follows. A
 * capture is kept and copied to every iteration.
 *
 * Opening is a task that opens one iteration and, below it, leaves itself
 * again: so the oldest iteration is always the first to be run, and a long list
 * costs the memory of the iterations that are open. How many may be is said by
 * `parallel:` and by the run's window.
 */
#ifndef APXM_RUNTIME_ENGINE_CYCLE_H
#define APXM_RUNTIME_ENGINE_CYCLE_H

#include "runtime/engine/gate.h"

struct Cycle {
  Gate gate;
  /* Immutable. */
  uint32_t graph;        /* the body */
  uint32_t first;        /* input of the first carried variable */
  uint32_t param_shift;  /* from an input to the body's parameter */
  uint32_t result_shift; /* from a carried token to the body's result */
  uint32_t port_shift;   /* from a carried token to the port */
  uint32_t carried, captures, tokens; /* inputs, in this order */
  uint32_t most;                      /* iterations open at once */
  bool is_capped;  /* by the program: then an end leads to an opening */
  bool is_counted; /* `wanted` is all there will be */
  /* The first parameter of iteration `index`; under the gate's lock. */
  Value (*lead)(Cycle *cycle, uint64_t index);
  /* Guarded by the gate's lock. */
  uint64_t wanted, opened; /* iterations */
  uint32_t open;
  bool is_opening; /* a task will open one, or waits for room */
  bool is_closed;  /* the scope drains: no more */
  bool has_last;   /* no iteration will follow the newest */
  Frame *oldest;   /* iteration 0; there while some parameter of it is not */
  Frame *newest;   /* NULL: it has ended, or there was none */
  uint32_t path;   /* that leads to the next opening; holds a reference */
  /* Guarded by the window's lock. */
  bool waits;
  Cycle *waits_after, *waits_before;
};

/* Reads the shape off the node: `lead` results of the body, and `first` inputs,
 * stand before the carried ones. */
void cycle_init(Cycle *cycle, uint32_t first, uint32_t lead);
void cycle_clear(Cycle *cycle);

/* The functions below are called under the gate's lock, but cycle_open. */

/* The token of a carried or captured input. */
void cycle_token(EngineWorker *worker, Cycle *cycle, uint32_t input,
                 Value value, uint32_t path);
/* Result `index` of an iteration, a carried one. */
void cycle_carry(EngineWorker *worker, Frame *child, uint32_t index,
                 Value value, uint32_t path);
/* No iteration will follow the newest: what is kept goes to the ports. */
void cycle_finish(EngineWorker *worker, Cycle *cycle);
void cycle_ended(EngineWorker *worker, Frame *child, uint32_t path);
/* `path` leads to the next opening. */
void cycle_lead_by(Cycle *cycle, uint32_t path);
/* More may be open than is: begins to open. */
void cycle_wake(EngineWorker *worker, Cycle *cycle);

/* The task: opens one iteration, whose place in the window it has. */
void cycle_open(EngineWorker *worker, Cycle *cycle);

#endif
