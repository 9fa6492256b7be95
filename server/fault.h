/* SPDX-License-Identifier: MIT
 *
 * The rules of `apxm sim --faults`: which requests fail, and how. Read whole at
 * the start; docs/sim.md describes the file. The first rule in its order whose
 * conditions hold is taken; rules that only add headers, or whose limit is not
 * reached, let the next ones have their turn.
 *
 * A rule with a probability is drawn for by the seed, what is asked and how
 * often that was asked before: so it does not matter in which order requests
 * arrive.
 */
#ifndef APXM_SERVER_FAULT_H
#define APXM_SERVER_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"
#include "core/base/vec.h"
#include "server/fault_rule.h"

typedef struct FaultRules {
  VEC(FaultRule) rules;
  Arena arena; /* of their texts */
  uint64_t seed;
  bool has_seed;   /* the file says it */
  bool has_chance; /* some rule is drawn for */
  uint8_t *times;  /* how often a body came, by hash; NULL: not counted */
} FaultRules;

/* What rules look at. */
typedef struct FaultTarget {
  uint64_t number; /* of the request, or of the connection */
  bool is_chat;
  Slice path;
  Slice body;
  uint64_t key; /* hash of the client's key, not 0 */
  uint64_t now;
} FaultTarget;

/* STATUS_FORMAT with file and line, or why it cannot be read. */
Status fault_rules_load(const char *path, FaultRules *rules,
                        Error *error) MUST_USE;
void fault_rules_free(FaultRules *rules);

/* The rule for a request; NULL: none. `headers`: what others add to the answer.
 */
FaultRule *fault_take(FaultRules *rules, const FaultTarget *target,
                      Buf *headers);
/* The same for a connection that was just accepted. */
FaultRule *fault_take_accept(FaultRules *rules, uint64_t number);
/* The rule by which connection `number` would find nobody listening. */
FaultRule *fault_take_refusal(FaultRules *rules, uint64_t number);

#endif
