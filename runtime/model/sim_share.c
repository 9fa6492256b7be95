/* SPDX-License-Identifier: MIT
 *
 * Processor sharing on a virtual clock. All open requests proceed equally, so
 * one number, `progress`, says how much work each of them got since the server
 * was idle; a request that arrives at progress p with work w is finished when
 * progress reaches p + w, whatever comes and goes meanwhile. Arrival and
 * departure cost a heap operation; nothing else is recomputed.
 */
#include "runtime/model/sim_share.h"

#include <assert.h>
#include <math.h>

double share_rate(const ShareRates *rates, uint32_t open) {
  assert(open > 0 && rates->capacity > 0);
  if (open <= rates->count) return rates->rates[open - 1];
  return fmin(1, rates->capacity / open);
}

static void place(SimShare *share, ModelRequest *request, uint32_t at) {
  share->open.data[at] = request;
  request->provider_slot = at + 1;
}

static void sift_up(SimShare *share, ModelRequest *request, uint32_t at) {
  while (at > 0) {
    uint32_t up = (at - 1) / 2;
    ModelRequest *parent = share->open.data[up];
    if (parent->provider_work <= request->provider_work) break;
    place(share, parent, at);
    at = up;
  }
  place(share, request, at);
}

static void sift_down(SimShare *share, ModelRequest *request, uint32_t at) {
  ModelRequest **heap = share->open.data;
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= share->open.length) break;
    if (child + 1 < share->open.length &&
        heap[child + 1]->provider_work < heap[child]->provider_work)
      child++;
    if (request->provider_work <= heap[child]->provider_work) break;
    place(share, heap[child], at);
    at = child;
  }
  place(share, request, at);
}

/* Brings `progress` up to `now`; the past is left alone. */
static void advance(SimShare *share, uint64_t now) {
  if (share->open.length && now > share->at)
    share->progress += (double)(now - share->at) *
                       share_rate(&share->rates, share->open.length);
  if (now > share->at) share->at = now;
}

static void take_out(SimShare *share, ModelRequest *request) {
  uint32_t at = request->provider_slot - 1;
  assert(share->open.data[at] == request);
  request->provider_slot = 0;
  ModelRequest *moved = vec_pop(&share->open);
  if (moved != request) {
    sift_up(share, moved, at);
    sift_down(share, moved, moved->provider_slot - 1);
  }
  if (share->open.length) return;
  share->progress = 0;
  share->arrivals = 0;
}

void sim_share_free(SimShare *share) {
  vec_free(&share->open);
}

uint32_t sim_share_position(const SimShare *share) {
  return share->arrivals;
}

void sim_share_arrive(SimShare *share, ModelRequest *request, double work,
                      uint64_t now) {
  advance(share, now);
  share->arrivals++;
  request->provider_work = share->progress + work;
  vec_push(&share->open, request);
  sift_up(share, request, share->open.length - 1);
}

bool sim_share_leave(SimShare *share, ModelRequest *request, uint64_t now) {
  if (!request->provider_slot) return false;
  advance(share, now);
  take_out(share, request);
  return true;
}

uint64_t sim_share_next(const SimShare *share) {
  if (!share->open.length) return UINT64_MAX;
  double left = share->open.data[0]->provider_work - share->progress;
  double ns = ceil(left / share_rate(&share->rates, share->open.length));
  return share->at + (ns > 0 ? (uint64_t)ns : 0);
}

/* Proceeds to the moment it was finished, not to `now`: a timer that is late
 * must not slow down those that are left. */
ModelRequest *sim_share_take(SimShare *share, uint64_t now) {
  uint64_t due = sim_share_next(share);
  if (due > now) return NULL;
  advance(share, due);
  ModelRequest *first = share->open.data[0];
  take_out(share, first);
  return first;
}
