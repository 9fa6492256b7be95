/* SPDX-License-Identifier: MIT
 *
 * A model server that requests share: with n of them open each proceeds at
 * rate(n), so every arrival slows the others down and every departure speeds
 * them up (egalitarian processor sharing). Plain arithmetic: time is an
 * argument, the owner locks.
 */
#ifndef APXM_RUNTIME_MODEL_SIM_SHARE_H
#define APXM_RUNTIME_MODEL_SIM_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/vec.h"
#include "runtime/model/model.h"

enum { SHARE_RATES = 64, SHARE_SIZES = 256 };

/* How fast each of n open requests proceeds, 1 being full speed: rates[n - 1]
 * up to the end of the table, beyond it an equal part of `capacity`. */
typedef struct ShareRates {
  double rates[SHARE_RATES];
  uint32_t count;  /* may be 0 */
  double capacity; /* of the server as a whole, > 0 */
} ShareRates;

typedef struct SimShare {
  ShareRates rates;
  VEC(ModelRequest *) open; /* binary heap by finish point, earliest first */
  double progress;   /* ns of work each request got since the server was idle */
  uint64_t at;       /* the moment `progress` stands for */
  uint32_t arrivals; /* since the server was last idle */
} SimShare;

void sim_share_free(SimShare *share);
double share_rate(const ShareRates *rates, uint32_t open);

/* The number from 0 that the next arrival has in its busy period. */
uint32_t sim_share_position(const SimShare *share);

/* `work` in ns at full speed. Uses the request's provider_* fields. */
void sim_share_arrive(SimShare *share, ModelRequest *request, double work,
                      uint64_t now);
/* False: it is not there. */
bool sim_share_leave(SimShare *share, ModelRequest *request, uint64_t now);
/* Takes out one request that is finished at `now`, or NULL. */
ModelRequest *sim_share_take(SimShare *share, uint64_t now);
/* When the next one finishes if nobody comes or goes; UINT64_MAX: never. */
uint64_t sim_share_next(const SimShare *share);

#endif
