/* SPDX-License-Identifier: MIT
 *
 * What a fault makes of an answer: bytes, and when each goes out. Pure; who
 * plays it (fault_gate.c) knows sockets and nothing of faults.
 */
#ifndef APXM_SERVER_FAULT_PLAN_H
#define APXM_SERVER_FAULT_PLAN_H

#include "server/chat.h"
#include "server/fault.h"
#include "server/http_frame.h"

/* The answer that there would be. */
typedef struct FaultAnswer {
  Slice bytes;            /* as the server sent it; empty: there is none */
  HttpFrame frame;        /* of them */
  Slice headers;          /* lines to add, each with its end */
  const Dialect *dialect; /* of the path */
  uint64_t seed;          /* of what is random in it */
} FaultAnswer;

/* Waits `wait_ns`, then sends bytes[from, to) in pieces of `piece` (0: all at
 * once), each `gap_ns` after the one before. */
typedef struct FaultStep {
  uint64_t wait_ns;
  size_t from, to;
  uint32_t piece;
  uint64_t gap_ns;
  bool is_endless; /* and then again from `from` on, for ever */
} FaultStep;

typedef enum FaultEnd {
  FAULT_END_KEEP, /* the connection may be used again */
  FAULT_END_CLOSE,
  FAULT_END_RESET,
  FAULT_END_HANG /* nothing more happens until the client goes */
} FaultEnd;

enum { FAULT_STEPS = 4 };

typedef struct FaultPlan {
  Buf bytes; /* owned */
  FaultStep steps[FAULT_STEPS];
  uint32_t count;
  FaultEnd end;
} FaultPlan;

/* `rule` NULL: the answer as it is, with the headers. `plan` is empty. */
void fault_plan_make(const FaultRule *rule, const FaultAnswer *answer,
                     FaultPlan *plan);

/* "Sun, 06 Nov 1994 08:49:37 GMT", appended. */
void fault_add_date(uint64_t wall_s, Buf *out);

#endif
