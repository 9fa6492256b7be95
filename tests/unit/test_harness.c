/* SPDX-License-Identifier: MIT
 *
 * The parts of the harness by themselves: the generator gives the same program
 * for the same seed, programs with every construct, and programs that compile;
 * the reference interpreter reads small programs as a person would.
 * tests/harness/programs/NAME.ais is one, NAME.expected what must come of it;
 * `test_harness update` writes these: read the difference.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/file.h"
#include "tests/harness/census.h"
#include "tests/harness/gen.h"
#include "tests/harness/subject.h"
#include "tests/unit/unit.h"

#define FOLDER "tests/harness/programs/"

static bool updating;

static const char *const programs[] = {
    "absent", "arms", "failures", "functions", "loops", "prompts", "returns"};

enum { PROGRAMS = sizeof programs / sizeof *programs, SEEDS = 200 };

/* A script of one rule, as the generator's has it. */
static void load_rules(SimRules *rules) {
  char path[] = "/tmp/apxm-harness-XXXXXX";
  Error error = {0};
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *file = fdopen(fd, "w");
  fputs(gen_replies, file);
  fclose(file);
  assert_int_equal(sim_rules_load(path, rules, &error), STATUS_OK);
  remove(path);
}

/* ---- the generator ------------------------------------------------------ */

CASE(same_seed_same_program) {
  (void)state;
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    Buf first = {0}, second = {0}, other = {0};
    gen_program(seed, &first);
    gen_program(seed, &second);
    gen_program(seed + 1, &other);
    assert_string_equal(first.data, second.data);
    assert_string_not_equal(first.data, other.data);
    buf_free(&first);
    buf_free(&second);
    buf_free(&other);
  }
}

CASE(every_construct_occurs) {
  (void)state;
  Census census;
  SimRules rules;
  census_init(&census);
  load_rules(&rules);
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    Buf text = {0}, why = {0};
    Subject subject;
    InterpOutcome outcome;
    gen_program(seed, &text);
    if (!subject_open(&subject, buf_slice(&text), &why))
      fail_msg("seed %u: %s\n%s", (unsigned)seed, why.data, text.data);
    interp_run(subject.tree, subject.entry, subject.args.data, &rules,
               &outcome);
    census_add_program(&census, buf_slice(&text), subject.tree);
    census_add_events(&census, &outcome);
    census_close_program(&census);
    interp_outcome_free(&outcome);
    subject_free(&subject);
    buf_free(&text);
    buf_free(&why);
  }
  Buf missing = {0};
  if (census_missing(&census, &missing) > 0) fail_msg("%s", missing.data);
  buf_free(&missing);
  sim_rules_free(&rules);
  census_free(&census);
}

/* ---- the interpreter ---------------------------------------------------- */

static void render(const InterpOutcome *outcome, Buf *out) {
  for (uint32_t i = 0; i < outcome->lines.length; i++)
    buf_add_slice(out, outcome->lines.data[i]);
  buf_add_text(out, "----\n");
  if (outcome->undecided) buf_addf(out, "%s\n", outcome->why_undecided);
  for (uint32_t i = 0; i < outcome->failures.length; i++)
    buf_addf(out, "fails: %.*s\n", SLICE_ARG(outcome->failures.data[i]));
  if (!outcome->failed) buf_addf(out, "= %.*s\n", SLICE_ARG(outcome->result));
  for (uint32_t i = 0; i < outcome->requests.length; i++)
    buf_addf(out, "%s %.*s\n",
             outcome->requests.data[i].must ? "asked" : "may be asked",
             SLICE_ARG(outcome->requests.data[i].key));
}

static void read_file(const char *path, Buf *out) {
  Error error = {0};
  if (file_read(path, 1 << 20, out, &error) != STATUS_OK)
    fail_msg("%s", error.message);
}

static void interpret(const char *name, SimRules *rules, Buf *out) {
  char path[100];
  Buf text = {0}, why = {0};
  Subject subject;
  InterpOutcome outcome;
  snprintf(path, sizeof path, FOLDER "%s.ais", name);
  read_file(path, &text);
  if (!subject_open(&subject, buf_slice(&text), &why))
    fail_msg("%s: %s", name, why.data);
  interp_run(subject.tree, subject.entry, subject.args.data, rules, &outcome);
  render(&outcome, out);
  interp_outcome_free(&outcome);
  subject_free(&subject);
  buf_free(&text);
  buf_free(&why);
}

static void write_expected(const char *path, const Buf *said) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(said->data, file);
  fclose(file);
}

CASE(reads_as_a_person_would) {
  (void)state;
  SimRules rules;
  load_rules(&rules);
  for (uint32_t i = 0; i < PROGRAMS; i++) {
    char path[100];
    Buf said = {0}, wanted = {0};
    interpret(programs[i], &rules, &said);
    snprintf(path, sizeof path, FOLDER "%s.expected", programs[i]);
    if (updating) write_expected(path, &said);
    read_file(path, &wanted);
    assert_string_equal(said.data, wanted.data);
    buf_free(&said);
    buf_free(&wanted);
  }
  sim_rules_free(&rules);
}

int main(int argc, char **argv) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(same_seed_same_program),
      cmocka_unit_test(every_construct_occurs),
      cmocka_unit_test(reads_as_a_person_would),
  };
  updating = argc > 1 && strcmp(argv[1], "update") == 0;
  return RUN(cases);
}
