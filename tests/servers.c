/* SPDX-License-Identifier: MIT
 *
 * The events of a run are few: an open call ends, a refused one hears of it, a
 * wait is over. The next is found by looking at all.
 */
#include "tests/servers.h"

#include <math.h>

#include "core/base/clock.h"
#include "core/base/mem.h"

typedef enum AskStage {
  ASK_QUEUED,
  ASK_OPEN,    /* with the server */
  ASK_REFUSED, /* the answer is on its way */
  ASK_WAITING, /* for its next attempt */
  ASK_DONE
} AskStage;

typedef struct Ask {
  ModelRequest request; /* first */
  AskStage stage;
  uint64_t started_at, until;
  double work; /* ns; 0: not drawn yet */
  bool fails;
} Ask;

typedef struct Bench {
  const VirtualServer *server;
  Concurrency *limit;
  SimShare share;
  Ask *asks;
  uint32_t count, queued, open, done, refused;
  uint32_t first, reached; /* before: all are done; from here on: none began */
  uint64_t now, random;
} Bench;

static double draw(Bench *b) {
  b->random += 0x9E3779B97F4A7C15u; /* splitmix64 */
  uint64_t z = b->random;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static double draw_work(Bench *b) {
  if (b->server->profile.size_count > 0)
    return sim_profile_work(&b->server->profile, &b->asks->request,
                            sim_share_position(&b->share));
  return (1 + b->server->spread * (2 * draw(b) - 1)) * NS_PER_S;
}

static void start(Bench *b, Ask *ask) {
  const VirtualServer *server = b->server;
  bool is_refused = server->room && b->share.open.length >= server->room;
  ask->started_at = b->now;
  b->queued--;
  b->open++;
  ask->stage = is_refused ? ASK_REFUSED : ASK_OPEN;
  ask->until = b->now + 5 * NS_PER_MS;
  if (is_refused) return;
  if (ask->work <= 0) ask->work = draw_work(b);
  ask->fails = draw(b) < server->faults;
  sim_share_arrive(&b->share, &ask->request,
                   ask->fails ? ask->work / 2 : ask->work, b->now);
}

static void start_some(Bench *b) {
  while (b->asks[b->first].stage == ASK_DONE) b->first++;
  for (uint32_t i = b->first; i < b->count; i++) {
    if (b->open >= concurrency_limit(b->limit) || b->queued == 0) return;
    if (b->asks[i].stage == ASK_QUEUED) start(b, &b->asks[i]);
    if (i >= b->reached) b->reached = i + 1;
  }
}

static void end(Bench *b, Ask *ask, bool is_ok) {
  double seconds = ask->work / (double)NS_PER_S;
  ConcurrencySample sample = {
      .now = b->now,
      .started_at = ask->started_at,
      .open = b->open--,
      .waiting = b->queued,
      .tokens = b->server->has_tokens && is_ok ? (uint32_t)(seconds * 100) : 0,
      .is_ok = is_ok,
      .is_load = !is_ok};
  ask->stage = is_ok ? ASK_DONE : ASK_WAITING;
  ask->until = b->now + (uint64_t)(draw(b) * NS_PER_S);
  b->done += is_ok;
  b->refused += !is_ok;
  concurrency_ended(b->limit, &sample);
}

/* The next refused or waiting ask; NULL: there is none. */
static Ask *next_timed(Bench *b) {
  Ask *next = NULL;
  for (uint32_t i = b->first; i < b->reached; i++) {
    Ask *ask = &b->asks[i];
    bool is_timed = ask->stage == ASK_REFUSED || ask->stage == ASK_WAITING;
    if (is_timed && (!next || ask->until < next->until)) next = ask;
  }
  return next;
}

static void step(Bench *b) {
  uint64_t due = sim_share_next(&b->share);
  Ask *timed = next_timed(b);
  if (timed && timed->until <= due) {
    b->now = timed->until;
    if (timed->stage == ASK_REFUSED) {
      end(b, timed, false);
    } else {
      timed->stage = ASK_QUEUED;
      b->queued++;
    }
  } else {
    b->now = due;
    Ask *ask = (Ask *)(void *)sim_share_take(&b->share, due);
    end(b, ask, !ask->fails);
  }
}

VirtualRun virtual_run(const VirtualServer *server, Concurrency *limit,
                       uint32_t asks, uint64_t seed) {
  Bench b = {.server = server,
             .limit = limit,
             .share = {.rates = server->profile.rates},
             .asks = mem_alloc_zero(asks, sizeof(Ask)),
             .count = asks,
             .queued = asks,
             .now = NS_PER_S,
             .random = seed};
  while (b.done < asks) {
    start_some(&b);
    step(&b);
  }
  sim_share_free(&b.share);
  mem_free(b.asks);
  return (VirtualRun){.seconds = (double)(b.now - NS_PER_S) / NS_PER_S,
                      .refused = b.refused,
                      .last = concurrency_limit(limit),
                      .least = limit->least_seen,
                      .most = limit->most_seen};
}
