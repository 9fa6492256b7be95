/* SPDX-License-Identifier: MIT
 *
 * Why nodes fail, as a program sees it (failures.def), and what a run keeps
 * for who has to find out why it did not succeed: the node, the call behind it
 * with all its attempts, and what was still under way.
 */
#ifndef APXM_RUNTIME_ENGINE_FAILURE_H
#define APXM_RUNTIME_ENGINE_FAILURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/limits.h"
#include "core/base/slice.h"
#include "runtime/model/problem.h"

typedef enum FailureCode {
#define X(name, text, meaning) FAILURE_##name,
#include "runtime/engine/failures.def"
#undef X
  FAILURE_CODE_COUNT
} FailureCode;

/* As `e.code` reads. */
const char *failure_text(FailureCode code);
/* What a model call that got no reply fails with. */
FailureCode failure_of_problem(ModelProblem problem);

/* A node of the program. */
typedef struct RunPlace {
  char label[96];        /* "Agent.flow: name (op)" */
  Slice file;            /* of the object */
  uint32_t line, column; /* 0: unknown */
} RunPlace;

/* A model call that brought no reply. Owns its texts. */
typedef struct FailedCall {
  RunPlace place;
  const char *backend, *provider; /* live as long as the client */
  const char *detail;             /* the same: a URL */
  Buf model;                      /* "" when nobody says */
  Buf prompt;                     /* its beginning, on one line */
  size_t prompt_bytes;            /* all of it */
  Buf sent, received, advice;     /* as ModelRequest */
  ModelProblem problem;           /* NONE: it was cancelled */
  uint32_t code;                  /* HTTP, of the last attempt; 0: none came */
  uint64_t dispatched_at;         /* clock_now(); 0: it was never sent */
  uint64_t took_ns;               /* since then, with all attempts and waits */
  bool is_open;                   /* cancelled: in an attempt, not between */
  ModelAttempt *attempts;         /* those that failed; owned */
  uint32_t attempt_count;
} FailedCall;

typedef struct RunFailure {
  uint64_t started_at;    /* of the run; clock_now() */
  uint64_t at;            /* when it came to that; 0: it did not */
  char time[32];          /* the same as UTC */
  const char *code;       /* of failures.def; "deadline", "cancelled" */
  Buf cause;              /* a sentence without the place; or empty */
  bool has_place;         /* a node has failed: */
  RunPlace place;         /* that one */
  Buf flow;               /* the flows that led there, "A.main > A.part" */
  bool has_call;          /* and it was a model call: */
  FailedCall call;        /* that one */
  uint64_t more_failures; /* after the first, in what drained already */
  /* Calls that were cancelled with the run. */
  uint32_t open, paused, waiting;      /* in an attempt, between two, never
                                          sent */
  FailedCall shown[LIMIT_SHOWN_CALLS]; /* those that were sent first */
  uint32_t shown_count;
} RunFailure;

void run_failure_free(RunFailure *failure);

#endif
