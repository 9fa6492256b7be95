/* SPDX-License-Identifier: MIT
 *
 * Runs that share an engine, its pools and its workers, and must not notice.
 */
#include "tests/harness/crowd.h"

#include <inttypes.h>

#include "tests/harness/gen.h"
#include "tests/harness/random.h"

typedef struct Member {
  Buf text;
  Subject subject;
  Object *object;
  InterpOutcome wanted;
  bool is_open;
} Member;

static bool open_member(Lab *lab, Member *member, uint64_t seed, Buf *how) {
  *member = (Member){.is_open = true};
  gen_program(seed, &member->text);
  if (!subject_open(&member->subject, buf_slice(&member->text), how))
    return false;
  member->object = subject_compile(&member->subject, seed & 1, how);
  if (member->object == NULL) return false;
  interp_run(member->subject.tree, member->subject.entry,
             member->subject.args.data, &lab->rules, &member->wanted);
  return true;
}

static void close_member(Member *member) {
  if (!member->is_open) return;
  interp_outcome_free(&member->wanted);
  object_free(member->object);
  subject_free(&member->subject);
  buf_free(&member->text);
}

/* What was cancelled may still have come to its end before. */
static bool is_right(const Member *member, const RealRun *run, Buf *how) {
  if (run->observed.hung || !run->is_cancelled)
    return member->wanted.undecided ||
           compare_values(&member->wanted, &run->observed, how) ==
               DIFFERENCE_NONE;
  if (run->cancel_after > 0) return true;
  buf_add_text(how, "it was cancelled by nobody\n");
  return false;
}

bool crowd_run(Lab *lab, uint64_t seed, Buf *how) {
  Member members[CROWD] = {{.is_open = false}};
  RealRun runs[CROWD] = {{.object = NULL}};
  Random random = random_from(seed);
  bool good = true;
  for (uint32_t i = 0; good && i < CROWD; i++) {
    good = open_member(lab, &members[i], seed + i, how);
    runs[i].object = members[i].object;
    runs[i].subject = &members[i].subject;
    if (random_chance(&random, 40))
      runs[i].cancel_after = 1 + random_below(&random, 8);
  }
  uint32_t engine = random_below(&random, REAL_WAYS + 1);
  if (engine == REAL_WAYS) engine = REAL_MANY;
  if (good) real_run_together(lab->real, engine, runs, CROWD);
  for (uint32_t i = 0; good && i < CROWD; i++) {
    good = is_right(&members[i], &runs[i], how);
    if (!good)
      buf_addf(how, "seed %" PRIu64 ", in a crowd from %" PRIu64 "\n%s\n",
               seed + i, seed, members[i].text.data);
  }
  for (uint32_t i = 0; i < CROWD; i++) {
    observed_free(&runs[i].observed);
    close_member(&members[i]);
  }
  return good;
}
