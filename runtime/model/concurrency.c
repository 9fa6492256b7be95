/* SPDX-License-Identifier: MIT
 *
 * Rounds, and what follows from each. The limit changes in three places: in
 * refuse, at the end of a round, and in forgive: a server that refuses as many
 * of a quarter of the calls has another reason than their number.
 */
#include "runtime/model/concurrency.h"

#include <math.h>

#include "core/base/clock.h"

/* Replies of a round that says something; of a share of refusals. */
enum { CALLS_LEAST = 8, PATIENCE_MOST = 8, SHARE_REPLIES = 32 };

/* Of the growth of the limit, what the flow must grow by. */
static const double pays = 0.1;
/* Of the flow, what must be left after fewer. */
static const double stays = 0.975;
static const double gentle = 5.0 / 6; /* a move down */
static const double brisk = 2.0 / 3;  /* the same while it helps */
/* Refusals that a reply makes up for: one in sixteen may be a hiccup; more, if
 * that many come however few are open. */
static const double forgiven_least = 1.0 / 16, forgiven_most = 0.75;
static const double grace_least = 2;
static const double prefill = 16; /* what a reply costs besides its tokens,
                                         in tokens */

void concurrency_init(Concurrency *concurrency, uint32_t start, uint32_t most,
                      bool is_fixed) {
  *concurrency = (Concurrency){.is_fixed = is_fixed,
                               .limit = start,
                               .most = most > start ? most : start,
                               .least_seen = start,
                               .most_seen = start,
                               .tried = CONCURRENCY_DOWN,
                               .patience = 1,
                               .step = start,
                               .forgiven = forgiven_least,
                               .refusals = {.limit = start},
                               .mark = start};
}

uint32_t concurrency_limit(const Concurrency *concurrency) {
  return (uint32_t)concurrency->limit;
}

static void set_limit(Concurrency *c, double limit) {
  c->limit = fmax(1, fmin(limit, c->most));
  uint32_t now = concurrency_limit(c);
  if (now < c->least_seen) c->least_seen = now;
  if (now > c->most_seen) c->most_seen = now;
}

static void begin_round(Concurrency *c, uint64_t now) {
  c->round = (ConcurrencyRound){.start = now};
}

/* ---- moves --------------------------------------------------------------- */

/* Stays where it is best for some rounds, each time for more. */
static void rest(Concurrency *c) {
  c->tried = c->move == CONCURRENCY_REST ? c->tried : c->move;
  c->move = CONCURRENCY_REST;
  c->rest = c->patience;
  if (c->patience < PATIENCE_MOST) c->patience *= 2;
  set_limit(c, c->mark);
}

static void move_up(Concurrency *c) {
  c->move = CONCURRENCY_UP;
  set_limit(c, c->mark + fmax(1, c->step));
  if (c->limit <= c->mark) rest(c);
}

static void move_down(Concurrency *c, double factor) {
  c->move = CONCURRENCY_DOWN;
  set_limit(c, floor(fmin(c->mark * factor, c->mark - 1)));
  if (c->limit >= c->mark) rest(c);
}

/* ---- the judgement ------------------------------------------------------- */

static ConcurrencyFlow flow_of(const ConcurrencyRound *round) {
  double open = round->open / round->calls;
  double latency = fmax(round->latency, 1e-9);
  ConcurrencyFlow flow = {.calls = open * round->calls / latency};
  if (round->blind == 0)
    flow.tokens = open * (round->tokens + prefill * round->calls) / latency;
  return flow;
}

/* How much larger `flow` is than before: by tokens where both sides know them;
 * longer replies are no sign of a slower server. */
static double growth(const ConcurrencyFlow *flow,
                     const ConcurrencyFlow *before) {
  if (flow->tokens > 0 && before->tokens > 0)
    return flow->tokens / before->tokens;
  return before->calls > 0 ? flow->calls / before->calls : 1;
}

static void accept(Concurrency *c, const ConcurrencyFlow *flow) {
  c->mark = c->limit;
  c->flow = *flow;
  c->patience = 1;
}

/* At rest the flow of the mark becomes known better. */
static void judge_rest(Concurrency *c, const ConcurrencyFlow *flow) {
  double share = c->flow.calls > 0 ? 0.5 : 1;
  bool has_tokens = flow->tokens > 0 && (c->flow.tokens > 0 || share == 1);
  c->flow.calls += share * (flow->calls - c->flow.calls);
  c->flow.tokens =
      has_tokens ? c->flow.tokens + share * (flow->tokens - c->flow.tokens) : 0;
  if (c->rest > 0) {
    c->rest--;
  } else if (c->tried == CONCURRENCY_DOWN) {
    move_up(c);
  } else {
    move_down(c, gentle);
  }
}

static void judge_up(Concurrency *c, const ConcurrencyFlow *flow) {
  double wanted = 1 + pays * (c->limit / c->mark - 1);
  bool is_known = c->flow.calls > 0 && c->round.calls >= CALLS_LEAST;
  if (!is_known || growth(flow, &c->flow) >= wanted) {
    accept(c, flow);
    c->step = fmin(2 * c->step, c->mark);
    move_up(c);
    return;
  }
  bool is_first = c->patience == 1;
  c->step = sqrt(c->mark);
  if (is_first)
    move_down(c, gentle);
  else
    rest(c);
}

static void judge_down(Concurrency *c, const ConcurrencyFlow *flow) {
  double left = growth(flow, &c->flow);
  ConcurrencyFlow best = left > 1 ? *flow : c->flow;
  if (left < stays) {
    rest(c);
    return;
  }
  accept(c, &best);
  move_down(c, left > 1.05 ? brisk : gentle);
}

static void end_round(Concurrency *c, uint64_t now) {
  ConcurrencyFlow flow = flow_of(&c->round);
  switch (c->move) {
    case CONCURRENCY_REST:
      judge_rest(c, &flow);
      break;
    case CONCURRENCY_UP:
      judge_up(c, &flow);
      break;
    case CONCURRENCY_DOWN:
      judge_down(c, &flow);
      break;
  }
  begin_round(c, now);
}

/* ---- replies ------------------------------------------------------------- */

/* Before it is known whether fewer calls help; a server that refuses all is not
 * asked that. */
static double lowest(const Concurrency *c) {
  const ConcurrencyRefusals *refusals = &c->refusals;
  if (refusals->in_a_row >= CALLS_LEAST) return 1;
  double high =
      refusals->high_limit > 0 ? refusals->high_limit : refusals->limit;
  return fmax(1, high / 4);
}

/* The call that was refused leaves no room for another one, but for a few. What
 * was known of the flow is not true any more. */
static void refuse(Concurrency *c, const ConcurrencySample *sample) {
  if (c->grace >= 1) {
    c->grace -= 1;
    return;
  }
  set_limit(c, fmax(c->limit - 1, lowest(c)));
  c->mark = c->limit;
  c->flow = (ConcurrencyFlow){0};
  c->step = sqrt(c->mark);
  bool is_first = sample->started_at >= c->round.start;
  if (is_first) {
    rest(c);
    begin_round(c, sample->now);
  }
  c->tried = CONCURRENCY_DOWN;
}

/* The server refuses as many of a quarter of the calls: it is not for their
 * number. It goes on where it was, and makes allowance for that. */
static void forgive(Concurrency *c, double share) {
  c->forgiven = fmin(2 * share / (1 - share), forgiven_most);
  set_limit(c, c->refusals.high_limit);
  c->mark = c->limit;
  c->refusals.high_limit = 0;
}

static void judge_share(Concurrency *c, double share) {
  ConcurrencyRefusals *refusals = &c->refusals;
  bool is_low = refusals->limit <= lowest(c);
  bool is_as_before = share < 0.5 && share > 0.75 * refusals->high_share;
  if (share <= forgiven_least) {
    refusals->high_limit = 0;
    c->forgiven = fmax(c->forgiven * 0.9, forgiven_least);
  } else if (refusals->high_limit > 0 && is_low && is_as_before) {
    forgive(c, share);
  } else if (refusals->high_limit == 0 || is_low) {
    refusals->high_limit = refusals->limit;
    refusals->high_share = share;
  }
}

static void count_refusal(Concurrency *c, const ConcurrencySample *sample) {
  ConcurrencyRefusals *refusals = &c->refusals;
  refusals->in_a_row = sample->is_load ? refusals->in_a_row + 1 : 0;
  if (sample->started_at < refusals->start) return;
  refusals->replies++;
  refusals->refused += sample->is_load;
  if (refusals->replies < SHARE_REPLIES) return;
  judge_share(c, (double)refusals->refused / SHARE_REPLIES);
  refusals->start = sample->now;
  refusals->replies = refusals->refused = 0;
  refusals->limit = c->limit;
}

static uint32_t round_calls(const Concurrency *c) {
  uint32_t limit = concurrency_limit(c);
  bool is_judged = c->flow.calls > 0 && c->move != CONCURRENCY_REST;
  return is_judged && limit < CALLS_LEAST ? CALLS_LEAST : limit;
}

void concurrency_ended(Concurrency *c, const ConcurrencySample *sample) {
  if (c->is_fixed) return;
  if (sample->is_ok || sample->is_load) count_refusal(c, sample);
  if (sample->is_load) refuse(c, sample);
  if (sample->is_ok)
    c->grace = fmin(c->grace + c->forgiven, grace_least + 16 * c->forgiven);
  bool is_full = sample->waiting > 0 && sample->open >= concurrency_limit(c);
  if (!sample->is_ok || !is_full || sample->started_at < c->round.start) return;
  ConcurrencyRound *round = &c->round;
  round->calls++;
  round->blind += sample->tokens == 0;
  round->tokens += sample->tokens;
  round->open += sample->open;
  round->latency +=
      (double)(sample->now - sample->started_at) / (double)NS_PER_S;
  if (round->calls >= round_calls(c)) end_round(c, sample->now);
}
