/* SPDX-License-Identifier: MIT
 *
 * The replies of a run's calls in the order in which they came, for who wants
 * to save what a run that does not succeed has paid for. Bounded: when they
 * take more than LIMIT_PARTIAL_BYTES, the oldest go.
 */
#ifndef APXM_RUNTIME_ENGINE_PARTIAL_H
#define APXM_RUNTIME_ENGINE_PARTIAL_H

#include "core/base/thread.h"
#include "core/base/vec.h"
#include "runtime/value/value.h"

typedef struct RunReply {
  uint32_t graph, node;
  uint64_t at; /* clock_now(): when it came */
  Value text;  /* one reference */
} RunReply;

typedef struct Partial {
  Mutex lock; /* guards what follows */
  VEC(RunReply) replies;
  uint32_t gone;    /* of them, at the front: dropped */
  uint64_t dropped; /* in all */
  uint64_t bytes;   /* of those that are there */
} Partial;

void partial_init(Partial *partial);
void partial_free(Partial *partial);
/* Any thread. Takes a reference of its own to the text. */
void partial_keep(Partial *partial, const RunReply *reply);

#endif
