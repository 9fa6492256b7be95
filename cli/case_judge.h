/* SPDX-License-Identifier: MIT
 *
 * What came of a case, held against what it expects.
 */
#ifndef APXM_CLI_CASE_JUDGE_H
#define APXM_CLI_CASE_JUDGE_H

#include "cli/case_file.h"
#include "core/base/buf.h"
#include "lib/session.h"

/* One expectation that was not met. */
typedef struct CaseFault {
  const char *what; /* its key; "run" when the run did not end as it should */
  Place place;      /* of it in the file */
  Buf message;      /* one line */
  bool has_texts;   /* the next two are what differs */
  Buf expected, actual;
} CaseFault;

typedef VEC(CaseFault) CaseFaults;

/* What a run did. Texts are borrowed. */
typedef struct CaseOutcome {
  RunStatus status;
  Value result;
  const char *error;   /* "" when it succeeded */
  const char *failure; /* a code of failures.def; NULL: it has none */
  const Slice *lines;  /* that were printed, each with its line feed */
  uint32_t line_count;
  uint64_t calls;
  const Slice *prompts;
  uint32_t prompt_count;
} CaseOutcome;

/* Appends what is not as it must be, in the order of expectations.def. */
void case_judge(const Case *one, const CaseOutcome *outcome,
                CaseFaults *faults);
void case_faults_free(CaseFaults *faults);

#endif
