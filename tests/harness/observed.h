/* SPDX-License-Identifier: MIT
 *
 * What was seen of one run of the real engine, in the words of the reference.
 */
#ifndef APXM_TESTS_HARNESS_OBSERVED_H
#define APXM_TESTS_HARNESS_OBSERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/vec.h"

typedef struct ObservedRequest {
  Slice key;
  double made_ms, over_ms;
} ObservedRequest;

typedef struct Observed {
  bool failed;
  bool hung;           /* it did not come to rest in time */
  Slice error;         /* of a failed run */
  uint64_t span_ns;    /* of its work, as it reports it */
  uint32_t path_nodes; /* requests on that path */
  const char *fault;   /* what its own figures contradict; NULL: nothing */
  uint64_t stopped;    /* whiles that ended at their max, as it reports */
  bool stopped_all;    /* it had room to report all of them */
  Slice result;        /* as datum_add_json says it */
  VEC(Slice) lines;    /* each with its newline */
  VEC(ObservedRequest) requests; /* in order of completion */
  Arena arena;                   /* holds the texts */
} Observed;

/* What tells a request from another: the fields of the request log that the
 * program decides. */
void request_key(Slice operation, Slice prompt, Slice system, Slice model,
                 double temperature, uint32_t max_tokens,
                 uint32_t budget_tokens, Buf *out);

void observed_free(Observed *observed);

#endif
