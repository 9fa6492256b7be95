/* SPDX-License-Identifier: MIT
 *
 * With L the longest chain of requests that depend on each other, and replies
 * that take the time t each: the span is no less than L * t, or something did
 * not wait for what it needs; and the path that makes it has no more than L
 * requests, or something waited for what it does not need. Both hold on a busy
 * machine, too. At -O1 calls that nobody reads may be missing.
 */
#include "tests/harness/span.h"

static bool says_something(const InterpOutcome *wanted) {
  return !wanted->undecided && !wanted->failed &&
         wanted->events[EVENT_TRY_FAILED] == 0 &&
         wanted->events[EVENT_ABSENT] == 0 && !wanted->depth_is_open;
}

static bool compare_span(const Observed *observed, uint32_t level,
                         const InterpOutcome *wanted, Buf *how) {
  uint64_t least = (uint64_t)wanted->depth * REAL_EVEN_NS;
  bool is_short = level == 0 && observed->span_ns < least;
  bool is_long = observed->path_nodes > wanted->depth;
  if (is_short || is_long)
    buf_addf(how,
             "-O%u: requests one after the other: %u, on the run's path: %u, "
             "its span: %.3f ms\n",
             level, wanted->depth, observed->path_nodes,
             (double)observed->span_ns / 1e6);
  return !is_short && !is_long;
}

static bool run_level(Lab *lab, const Subject *subject, uint32_t level,
                      const InterpOutcome *wanted, Buf *how) {
  RealWay way = {.level = level, .workers = 2, .is_even = true};
  Observed observed;
  Object *object = subject_compile(subject, level, how);
  if (object == NULL) return false;
  real_run(lab->real, &way, object, subject, &observed);
  bool good = compare_values(wanted, &observed, how) == DIFFERENCE_NONE &&
              compare_span(&observed, level, wanted, how);
  observed_free(&observed);
  object_free(object);
  return good;
}

bool span_run(Lab *lab, Slice text, Buf *how, uint64_t *compared) {
  Subject subject;
  InterpOutcome wanted;
  bool good = subject_open(&subject, text, how);
  if (good) {
    interp_run(subject.tree, subject.entry, subject.args.data, &lab->rules,
               &wanted);
    if (says_something(&wanted)) {
      good = run_level(lab, &subject, 0, &wanted, how) &&
             run_level(lab, &subject, 1, &wanted, how);
      ++*compared;
    }
    interp_outcome_free(&wanted);
  }
  subject_free(&subject);
  return good;
}
