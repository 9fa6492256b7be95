/* SPDX-License-Identifier: MIT
 *
 * Trials: compile, read, run, compare.
 */
#include "tests/harness/trial.h"

#include "tests/harness/shrink.h"

bool lab_open(Lab *lab, Error *error) {
  *lab = (Lab){.real = real_new(error)};
  if (lab->real == NULL) return false;
  return sim_rules_load(real_replies(lab->real), &lab->rules, error) ==
         STATUS_OK;
}

void lab_close(Lab *lab) {
  sim_rules_free(&lab->rules);
  real_free(lab->real);
}

static Object *compile(Lab *lab, const Subject *subject, uint32_t level,
                       Trial *trial) {
  Object *object = subject_compile(subject, level, &trial->how);
  if (object == NULL) {
    trial->verdict = VERDICT_REFUSED;
    return NULL;
  }
  if (lab->plant == NULL) return object;
  Object *spoilt = plant_apply(lab->plant, object);
  if (spoilt == NULL) return object;
  object_free(object);
  trial->planted = true;
  return spoilt;
}

/* False: there is nothing to go on for. */
static bool try_way(Lab *lab, const Subject *subject, uint64_t seed,
                    uint32_t number, const InterpOutcome *wanted,
                    Trial *trial) {
  RealWay way = real_way(seed, number);
  Observed observed;
  Object *object = compile(lab, subject, way.level, trial);
  if (object == NULL) return false;
  real_run(lab->real, &way, object, subject, &observed);
  trial->difference = compare_outcomes(wanted, &observed, &trial->how);
  if (trial->difference != DIFFERENCE_NONE) {
    trial->verdict = VERDICT_DIFFERENT;
    trial->way = number;
  }
  observed_free(&observed);
  object_free(object);
  return trial->verdict == VERDICT_SAME;
}

static void count_requests(const InterpOutcome *wanted, Trial *trial) {
  trial->may = wanted->requests.length;
  for (uint32_t i = 0; i < trial->may; i++)
    trial->must += wanted->requests.data[i].must;
}

static void try_ways(Lab *lab, const Subject *subject, uint64_t seed,
                     uint32_t ways, Census *census, Trial *trial) {
  InterpOutcome wanted;
  interp_run(subject->tree, subject->entry, subject->args.data, &lab->rules,
             &wanted);
  count_requests(&wanted, trial);
  if (census != NULL) census_add_events(census, &wanted);
  if (wanted.undecided) {
    trial->verdict = VERDICT_UNDECIDED;
    buf_addf(&trial->how, "%s\n", wanted.why_undecided);
  }
  bool goes_on = !wanted.undecided;
  if (lab->plant == NULL && !subject_formats(subject, &trial->how)) {
    trial->verdict = VERDICT_DIFFERENT;
    trial->difference = DIFFERENCE_FORMAT;
    goes_on = false;
  }
  for (uint32_t i = 0; goes_on && i < REAL_WAYS; i++)
    if ((ways >> i & 1) != 0)
      goes_on = try_way(lab, subject, seed, i, &wanted, trial);
  interp_outcome_free(&wanted);
}

void trial_run(Lab *lab, Slice text, uint64_t seed, uint32_t ways,
               Census *census, Trial *trial) {
  Subject subject;
  *trial = (Trial){.verdict = VERDICT_SAME};
  if (!subject_open(&subject, text, &trial->how)) {
    trial->verdict = VERDICT_REFUSED;
  } else {
    if (census != NULL) census_add_program(census, text, subject.tree);
    try_ways(lab, &subject, seed, ways, census, trial);
  }
  if (census != NULL) census_close_program(census);
  subject_free(&subject);
}

void trial_free(Trial *trial) {
  buf_free(&trial->how);
}

/* ---- shrinking ---------------------------------------------------------- */

typedef struct Search {
  Lab *lab;
  uint64_t seed;
  const Trial *wanted;
} Search;

static bool still_differs(void *user, Slice text) {
  const Search *search = user;
  /* An order of replies may have to come again. */
  for (int attempt = 0; attempt < 3; attempt++) {
    Trial trial;
    trial_run(search->lab, text, search->seed, 1u << search->wanted->way, NULL,
              &trial);
    bool differs = trial.verdict == search->wanted->verdict &&
                   trial.difference == search->wanted->difference;
    bool may_again = trial.verdict == VERDICT_SAME;
    trial_free(&trial);
    if (differs) return true;
    if (!may_again) return false;
  }
  return false;
}

void trial_shrink(Lab *lab, uint64_t seed, const Trial *trial, Buf *text) {
  Search search = {lab, seed, trial};
  shrink_program(text, still_differs, &search);
}
