/* SPDX-License-Identifier: MIT
 *
 * The reference: a sequential reading of a checked program, statement by
 * statement in text order. It says what a run must come to.
 *
 * After a failure it reads on: whatever does not need the failed value goes on
 * in the engine as well until it is told to stop. What needs it is poison. So
 * the reference knows every request that may have been made and every failure
 * that may be the one reported.
 */
#ifndef APXM_TESTS_HARNESS_INTERP_H
#define APXM_TESTS_HARNESS_INTERP_H

#include "compiler/front/ast.h"
#include "runtime/model/sim.h"
#include "tests/harness/datum.h"

/* What an interpretation came across, for the table. */
typedef enum InterpEvent {
#define X(name, text) EVENT_##name,
#include "tests/harness/events.def"
#undef X
  EVENT_COUNT
} InterpEvent;

extern const char *const interp_event_texts[EVENT_COUNT];

/* A request that may have been made. */
typedef struct InterpRequest {
  Slice key;      /* request_key of observed.h */
  bool must;      /* something that must come of the run needs its reply */
  uint32_t depth; /* so many at least one after the other, up to this one */
} InterpRequest;

/* A fence: requests from `from` to before `at` are over when the first of those
 * from `at` to before `to` is made. */
typedef struct InterpFence {
  uint32_t from, at, to;
} InterpFence;

typedef struct InterpOutcome {
  bool undecided; /* the program does not say what must come of it: it looks at
                     a failure that may be another, or it goes on too long */
  const char *why_undecided;
  bool failed;
  VEC(Slice)
  failures;     /* messages one of which is reported; of zero length
                          when the wording is not this reference's */
  Slice result; /* as datum_add_json says it */
  VEC(Slice)
  lines; /* each with its newline; of a failed run the most that
                          can have been printed */
  VEC(InterpRequest) requests;
  VEC(InterpFence) fences;
  uint32_t depth;     /* so many requests at most depend on each other */
  bool depth_is_open; /* it depends on more: a loop's window, or a right side
                         that the compiler may evaluate or not */
  uint32_t events[EVENT_COUNT];
  Arena arena; /* holds the texts */
} InterpOutcome;

/* Reads `flow` with one text an argument, as on the command line. `rules` are
 * used up as the requests are made. */
void interp_run(const AstProgram *program, const AstFlow *flow,
                const Slice *args, SimRules *rules, InterpOutcome *outcome);
void interp_outcome_free(InterpOutcome *outcome);

#endif
