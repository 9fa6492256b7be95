/* SPDX-License-Identifier: MIT
 *
 * What `apxm test` says: while it goes on, at the end, and as JSON.
 */
#ifndef APXM_CLI_CASE_REPORT_H
#define APXM_CLI_CASE_REPORT_H

#include <cjson/cJSON.h>

#include "cli/case_run.h"

typedef struct CaseReport {
  const Cli *cli;
  uint64_t started_at; /* clock_now() */
  uint32_t files;      /* that had a case to run */
  uint32_t broken;     /* that could not be run at all */
  uint32_t passed, failed, skipped;
  bool colour;   /* standard output is a terminal that may be coloured */
  bool may_draw; /* a line on standard error says how far it is */
  uint64_t drawn_at;
  cJSON *cases;     /* with --json; NULL: text, as it comes */
  const char *path; /* of the file under way */
  uint32_t file_passed, file_failed, file_skipped;
  int code; /* standard output could not be written */
} CaseReport;

void case_report_begin(CaseReport *report, const Cli *cli);
void case_report_file(CaseReport *report, const char *path);
void case_report_case(CaseReport *report, const CaseRun *run);
void case_report_file_end(CaseReport *report);
void case_report_broken(CaseReport *report);
/* The exit code: 0, or 1 when a case failed. */
int case_report_end(CaseReport *report);

#endif
