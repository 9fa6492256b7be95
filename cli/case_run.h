/* SPDX-License-Identifier: MIT
 *
 * The cases of one file, run: several at once, each a run of its own. Those
 * that the tape answers share an engine; one with scripted replies has its own,
 * since its rules are used up by it alone.
 */
#ifndef APXM_CLI_CASE_RUN_H
#define APXM_CLI_CASE_RUN_H

#include "cli/case_judge.h"
#include "cli/cli.h"
#include "core/base/thread.h"
#include "core/config/config.h"

typedef enum CaseVerdict {
  CASE_LEFT_OUT, /* the filter does not name it */
  CASE_SKIPPED,  /* the file says so */
  CASE_PASSED,
  CASE_FAILED
} CaseVerdict;

typedef struct CaseRun {
  const Case *one;
  CaseVerdict verdict;
  CaseFaults faults; /* why it failed */
  uint64_t runtime_ns;
  uint64_t calls;

  Engine *engine; /* its own; NULL: it is in that of the tape */
  Session session;
  bool is_open; /* started and not judged */
  Mutex lock;   /* guards the prompts: any thread adds */
  Arena arena;
  VEC(Slice) prompts; /* of its calls, as far as anybody wants to know */
} CaseRun;

typedef struct Suite {
  const Cli *cli;
  CaseFile file;
  Program program;
  Config config;  /* of the engines */
  Config project; /* whose instructions hold; empty when it is `config` */
  bool has_tape;  /* there is something to replay */
  Engine *engine; /* of all cases with the tape; NULL: not needed yet */
  CaseRun *runs;  /* one a case */
} Suite;

/* Reads file and program. 0 or the exit code, after a message. Free in any
 * case. */
int suite_open(Suite *suite, const Cli *cli, const char *path);
/* Runs every case that the filter names; `judged` hears of each in the order of
 * the file. */
void suite_run(Suite *suite, void (*judged)(void *user, const CaseRun *run),
               void *user);
void suite_free(Suite *suite);

#endif
