/* SPDX-License-Identifier: MIT
 *
 * The real engine, in four ways: each with workers, a level and a latency
 * profile of its own. The engines stay for all programs.
 */
#ifndef APXM_TESTS_HARNESS_REAL_H
#define APXM_TESTS_HARNESS_REAL_H

#include "core/base/status.h"
#include "tests/harness/observed.h"
#include "tests/harness/subject.h"

/* Beside the engines of the ways: REAL_EVEN has two workers, and every reply
 * takes REAL_EVEN_NS; REAL_MANY has five workers and slow replies. */
enum { REAL_WAYS = 4, REAL_EVEN = 4, REAL_MANY, REAL_ENGINES };
enum { REAL_EVEN_NS = 1000000 };

typedef struct Real Real;

/* One way to run a program. */
typedef struct RealWay {
  uint32_t level, workers;
  bool is_slow; /* replies take random times */
  bool is_even; /* the engine REAL_EVEN, whatever the others say */
} RealWay;

/* The ways of a program: both levels and both numbers of workers, the
 * latencies by its seed. */
RealWay real_way(uint64_t seed, uint32_t number);
void real_way_text(const RealWay *way, Buf *out);

/* Makes its files in a temporary folder. */
Real *real_new(Error *error);
void real_free(Real *real);
/* The scripted replies that its engines have. */
const char *real_replies(const Real *real);

/* Runs the entry of the program. */
void real_run(Real *real, const RealWay *way, const Object *object,
              const Subject *subject, Observed *observed);

/* One of several runs at once. */
typedef struct RealRun {
  const Object *object;
  const Subject *subject;
  uint32_t cancel_after; /* so many calls have begun; 0: it is not cancelled */
  Observed observed;     /* without requests and figures */
  bool is_cancelled;
} RealRun;

/* Runs all of them at the same time on engine `number`. */
void real_run_together(Real *real, uint32_t number, RealRun *runs,
                       uint32_t count);

#endif
