/* SPDX-License-Identifier: MIT
 *
 * How many calls may be open at once on a server that does not say. Pure: time
 * comes in, nothing is looked up. Guarded by its owner.
 *
 * It begins with what is usual and goes on in rounds, each about as many
 * replies long as calls may be open. After a round the limit is changed, and
 * after the next one judged by the flow, open calls divided by the mean time
 * that they took (Little's law): replies, or tokens of replies, in a second.
 *
 *   up    doubled at first, later by the square root; kept while the flow grows
 *         with it, else taken back
 *   down  by a sixth; kept while the flow stays, since the same flow with fewer
 *         calls open means that each takes less time
 *   rest  when neither is better: for 1, 2, 4, 8 rounds, then it tries again
 *
 * A reply which says that the server has too much to do takes its slot with it:
 * where a share p of what was sent is refused, a share 1 - p of the limit is
 * left, at once; one in sixteen is forgiven. Without calls that wait for a slot
 * nothing grows.
 *
 * After the additive increase and multiplicative decrease of Jacobson
 * ("Congestion Avoidance and Control", 1988), with the decrease by the share of
 * marks as DCTCP has it (Alizadeh et al., 2010; RFC 8257); the square root and
 * the gradient of latency are those of Netflix' concurrency-limits (Gradient2);
 * judging each change by what it did to the flow is that of PCC (Dong et al.,
 * 2015). Not a gradient against the least latency ever seen, as TCP Vegas has:
 * a server that works in batches is meant to be slower with more of them.
 */
#ifndef APXM_RUNTIME_MODEL_CONCURRENCY_H
#define APXM_RUNTIME_MODEL_CONCURRENCY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct ConcurrencySample {
  uint64_t now;        /* clock_now() at the end of the attempt */
  uint64_t started_at; /* the same at its dispatch */
  uint32_t open;       /* attempts open when it ended, itself included */
  uint32_t waiting;    /* calls that wait for a slot now */
  uint32_t tokens;     /* of the reply; 0: nobody knows, or there is none */
  bool is_ok;          /* there is a reply */
  bool is_load;        /* model_problem_is_load: it shrinks */
} ConcurrencySample;

/* What the current round is about. */
typedef enum ConcurrencyMove {
  CONCURRENCY_REST, /* it stays as it was */
  CONCURRENCY_UP,   /* more than `mark` are tried */
  CONCURRENCY_DOWN  /* fewer */
} ConcurrencyMove;

/* Private. Replies of one round, or what they came to. */
typedef struct ConcurrencyRound {
  uint64_t start; /* replies of attempts from before do not count */
  uint32_t calls;
  uint32_t blind; /* of them: nobody knows their tokens */
  double tokens, open;
  double latency; /* s, summed */
} ConcurrencyRound;

/* In a second; 0: unknown. */
typedef struct ConcurrencyFlow {
  double calls, tokens;
} ConcurrencyFlow;

/* How many of the last replies were refusals. */
typedef struct ConcurrencyRefusals {
  uint64_t start; /* replies of attempts from before do not count */
  uint32_t replies, refused, in_a_row;
  double limit;                  /* at the start */
  double high_limit, high_share; /* where they were too many; 0: nowhere */
} ConcurrencyRefusals;

/* Private. */
typedef struct Concurrency {
  bool is_fixed;
  double limit;
  uint32_t most;
  uint32_t least_seen, most_seen; /* that it was */
  ConcurrencyMove move, tried;    /* `tried`: before this rest */
  uint32_t rest, patience;        /* rounds: left; of the next rest */
  double step;                    /* of the next move up */
  double forgiven;                /* refusals that a reply makes up for */
  double grace;                   /* of these, how many are left */
  ConcurrencyRefusals refusals;
  double mark;          /* the best limit so far */
  ConcurrencyFlow flow; /* with it */
  ConcurrencyRound round;
} Concurrency;

/* `is_fixed`: it stays at `start`; else it moves from 1 to `most`. */
void concurrency_init(Concurrency *concurrency, uint32_t start, uint32_t most,
                      bool is_fixed);
uint32_t concurrency_limit(const Concurrency *concurrency);
void concurrency_ended(Concurrency *concurrency,
                       const ConcurrencySample *sample);

#endif
