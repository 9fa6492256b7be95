/* SPDX-License-Identifier: MIT
 *
 * Comparison of an outcome with a run. Where the run fails, its lines are the
 * first ones of what can have been printed, and its error is one of those that
 * may be reported. Requests: at the least those that must have been made, at
 * the most those that may have been.
 */
#include "tests/harness/compare.h"

#include <stdlib.h>

static void say_line(Buf *how, const char *who, uint32_t number, Slice line) {
  buf_addf(how, "%s line %u: %.*s", who, number, SLICE_ARG(line));
}

static void add_error(const InterpOutcome *wanted, Buf *how) {
  for (uint32_t i = 0; i < wanted->failures.length; i++)
    buf_addf(how, "%s%.*s", i > 0 ? ", or " : "",
             SLICE_ARG(wanted->failures.data[i]));
}

static Difference compare_status(const InterpOutcome *wanted,
                                 const Observed *observed, Buf *how) {
  if (wanted->failed == observed->failed) return DIFFERENCE_NONE;
  if (wanted->failed) {
    buf_add_text(how, "it must fail: ");
    add_error(wanted, how);
    buf_addf(how, "\nit succeeded with %.*s\n", SLICE_ARG(observed->result));
  } else {
    buf_addf(how, "it must succeed with %.*s\nit failed: %.*s\n",
             SLICE_ARG(wanted->result), SLICE_ARG(observed->error));
  }
  return DIFFERENCE_STATUS;
}

static Difference compare_errors(const InterpOutcome *wanted,
                                 const Observed *observed, Buf *how) {
  for (uint32_t i = 0; i < wanted->failures.length; i++)
    if (slice_contains(observed->error, wanted->failures.data[i]))
      return DIFFERENCE_NONE;
  buf_add_text(how, "it must fail with: ");
  add_error(wanted, how);
  buf_addf(how, "\nit failed with: %.*s\n", SLICE_ARG(observed->error));
  return DIFFERENCE_ERROR;
}

static Difference compare_results(const InterpOutcome *wanted,
                                  const Observed *observed, Buf *how) {
  if (slice_equal(wanted->result, observed->result)) return DIFFERENCE_NONE;
  buf_addf(how, "wanted result: %.*s\nresult: %.*s\n",
           SLICE_ARG(wanted->result), SLICE_ARG(observed->result));
  return DIFFERENCE_RESULT;
}

static Difference compare_lines(const InterpOutcome *wanted,
                                const Observed *observed, Buf *how) {
  uint32_t count = observed->lines.length;
  uint32_t most = wanted->lines.length;
  for (uint32_t i = 0; i < count && i < most; i++) {
    if (slice_equal(wanted->lines.data[i], observed->lines.data[i])) continue;
    say_line(how, "wanted", i + 1, wanted->lines.data[i]);
    say_line(how, "printed", i + 1, observed->lines.data[i]);
    return DIFFERENCE_LINES;
  }
  if (count == most || (wanted->failed && count < most)) return DIFFERENCE_NONE;
  if (count < most)
    say_line(how, "not printed:", count + 1, wanted->lines.data[count]);
  else
    say_line(how, "printed too much:", most + 1, observed->lines.data[most]);
  return DIFFERENCE_LINES;
}

/* ---- requests ----------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
  const Slice *left = a;
  const Slice *right = b;
  size_t least = left->length < right->length ? left->length : right->length;
  int order = least > 0 ? memcmp(left->data, right->data, least) : 0;
  if (order != 0) return order;
  return (left->length > right->length) - (left->length < right->length);
}

typedef VEC(Slice) Slices;

static void sort(Slices *slices) {
  if (slices->length > 0)
    qsort(slices->data, slices->length, sizeof *slices->data, by_text);
}

/* The first of `part` that `whole` lacks; both sorted. NULL: none. */
static const Slice *first_missing(const Slices *part, const Slices *whole) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < part->length; i++, at++) {
    while (at < whole->length && by_text(&whole->data[at], &part->data[i]) < 0)
      at++;
    if (at == whole->length || by_text(&whole->data[at], &part->data[i]) != 0)
      return &part->data[i];
  }
  return NULL;
}

static Difference compare_requests(const InterpOutcome *wanted,
                                   const Observed *observed, Buf *how) {
  Slices must = {0}, may = {0}, made = {0};
  for (uint32_t i = 0; i < wanted->requests.length; i++) {
    const InterpRequest *request = &wanted->requests.data[i];
    vec_push(&may, request->key);
    if (request->must) vec_push(&must, request->key);
  }
  for (uint32_t i = 0; i < observed->requests.length; i++)
    vec_push(&made, observed->requests.data[i].key);
  sort(&must);
  sort(&may);
  sort(&made);
  const Slice *lacks = first_missing(&must, &made);
  const Slice *extra = first_missing(&made, &may);
  if (lacks != NULL) buf_addf(how, "not asked: %.*s\n", SLICE_ARG(*lacks));
  if (extra != NULL) buf_addf(how, "asked too much: %.*s\n", SLICE_ARG(*extra));
  bool same = lacks == NULL && extra == NULL;
  vec_free(&must);
  vec_free(&may);
  vec_free(&made);
  return same ? DIFFERENCE_NONE : DIFFERENCE_REQUESTS;
}

/* ---- fences -------------------------------------------------------------- */

/* The one request with that key; NULL of none or several. */
static const ObservedRequest *find_only(const Observed *observed, Slice key) {
  const ObservedRequest *found = NULL;
  for (uint32_t i = 0; i < observed->requests.length; i++) {
    const ObservedRequest *request = &observed->requests.data[i];
    if (!slice_equal(request->key, key)) continue;
    if (found != NULL) return NULL;
    found = request;
  }
  return found;
}

static bool is_only(const InterpOutcome *wanted, uint32_t number) {
  Slice key = wanted->requests.data[number].key;
  for (uint32_t i = 0; i < wanted->requests.length; i++)
    if (i != number && slice_equal(wanted->requests.data[i].key, key))
      return false;
  return true;
}

static const ObservedRequest *find_made(const InterpOutcome *wanted,
                                        const Observed *observed,
                                        uint32_t number) {
  if (!is_only(wanted, number)) return NULL;
  return find_only(observed, wanted->requests.data[number].key);
}

static bool holds_fence(const InterpOutcome *wanted, const Observed *observed,
                        const InterpFence *fence, Buf *how) {
  const ObservedRequest *last = NULL;
  for (uint32_t i = fence->from; i < fence->at; i++) {
    const ObservedRequest *request = find_made(wanted, observed, i);
    if (request != NULL && (last == NULL || request->over_ms > last->over_ms))
      last = request;
  }
  for (uint32_t i = fence->at; last != NULL && i < fence->to; i++) {
    const ObservedRequest *request = find_made(wanted, observed, i);
    if (request == NULL || request->made_ms >= last->over_ms) continue;
    buf_addf(how,
             "asked before a fence: %.*s\nthough this was not over: %.*s\n",
             SLICE_ARG(request->key), SLICE_ARG(last->key));
    return false;
  }
  return true;
}

static Difference compare_fences(const InterpOutcome *wanted,
                                 const Observed *observed, Buf *how) {
  for (uint32_t i = 0; i < wanted->fences.length; i++)
    if (!holds_fence(wanted, observed, &wanted->fences.data[i], how))
      return DIFFERENCE_FENCE;
  return DIFFERENCE_NONE;
}

/* ---- figures ------------------------------------------------------------ */

static Difference compare_figures(const InterpOutcome *wanted,
                                  const Observed *observed, Buf *how) {
  uint32_t stopped = wanted->events[EVENT_WHILE_MAX];
  bool is_told = !wanted->failed && wanted->events[EVENT_TRY_FAILED] == 0 &&
                 observed->stopped_all;
  if (observed->fault != NULL) {
    buf_addf(how, "%s\n", observed->fault);
    return DIFFERENCE_FIGURES;
  }
  if (!is_told || observed->stopped == stopped) return DIFFERENCE_NONE;
  buf_addf(how, "whiles that ended at their max: %u; it reports %u\n", stopped,
           (unsigned)observed->stopped);
  return DIFFERENCE_FIGURES;
}

/* ---- the whole ---------------------------------------------------------- */

Difference compare_values(const InterpOutcome *wanted, const Observed *observed,
                          Buf *how) {
  if (observed->hung) {
    buf_add_text(how, "it did not come to rest\n");
    return DIFFERENCE_HUNG;
  }
  Difference found = compare_status(wanted, observed, how);
  if (found == DIFFERENCE_NONE)
    found = wanted->failed ? compare_errors(wanted, observed, how)
                           : compare_results(wanted, observed, how);
  if (found == DIFFERENCE_NONE) found = compare_lines(wanted, observed, how);
  return found;
}

Difference compare_outcomes(const InterpOutcome *wanted,
                            const Observed *observed, Buf *how) {
  Difference found = compare_values(wanted, observed, how);
  if (found == DIFFERENCE_NONE) found = compare_requests(wanted, observed, how);
  if (found == DIFFERENCE_NONE) found = compare_fences(wanted, observed, how);
  if (found == DIFFERENCE_NONE) found = compare_figures(wanted, observed, how);
  return found;
}
