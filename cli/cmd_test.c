/* SPDX-License-Identifier: MIT
 *
 * `apxm test`: finds the files of cases, runs one file after the other (and the
 * cases of one at once), and tells. A file that cannot be run at all does not
 * keep the others from being run; its exit code is that of the command, which
 * otherwise is 1 when a case failed.
 */
#include "cli/case_report.h"
#include "cli/cli.h"

/* ---- what to run --------------------------------------------------------- */

static int find_paths(const Cli *cli, Arena *arena, CasePaths *paths) {
  static const char *const here[] = {"."};
  const char *const *words = cli->word_count > 0 ? cli->words : here;
  uint32_t count = cli->word_count > 0 ? cli->word_count : 1;
  Error error = {0};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t before = paths->length;
    if (case_paths_find(words[i], arena, paths, &error) != STATUS_OK)
      return cli_fail_error(cli, &error);
    if (paths->length == before)
      return cli_fail(cli, EXIT_CODE_USAGE,
                      "there is no file of cases in %s: its name would end "
                      "in " CASE_FILE_ENDING,
                      words[i]);
  }
  return EXIT_CODE_DONE;
}

/* Options that say which model is asked, where none is. */
static int check_options(const Cli *cli) {
  static const OptionId models[] = {OPTION_BACKEND, OPTION_MODEL,
                                    OPTION_SIM_PROFILE, OPTION_MAX_IN_FLIGHT};
  if (options_has(&cli->options, OPTION_RERECORD)) return EXIT_CODE_DONE;
  for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
    if (options_has(&cli->options, models[i]))
      return cli_fail(cli, EXIT_CODE_USAGE,
                      "--%s has a meaning with --rerecord only: without it no "
                      "model is called",
                      option_table[models[i]].name);
  }
  return EXIT_CODE_DONE;
}

/* ---- running ------------------------------------------------------------- */

static void on_judged(void *user, const CaseRun *run) {
  case_report_case(user, run);
}

static int run_file(const Cli *cli, const char *path, CaseReport *report) {
  Suite suite;
  int code = suite_open(&suite, cli, path);
  case_report_file(report, path);
  if (code == EXIT_CODE_DONE) {
    suite_run(&suite, on_judged, report);
    case_report_file_end(report);
  } else {
    case_report_broken(report);
  }
  suite_free(&suite);
  return code;
}

static int run_files(const Cli *cli, const CasePaths *paths) {
  CaseReport report;
  int code = EXIT_CODE_DONE;
  case_report_begin(&report, cli);
  for (uint32_t i = 0; i < paths->length; i++) {
    int one = run_file(cli, paths->data[i], &report);
    if (code == EXIT_CODE_DONE) code = one;
  }
  uint32_t count = report.passed + report.failed + report.skipped;
  int verdict = case_report_end(&report);
  if (code != EXIT_CODE_DONE) return code;
  if (count == 0)
    return cli_fail(cli, EXIT_CODE_USAGE, "no case has `%s` in its name",
                    cli->options.value[OPTION_FILTER]);
  return verdict;
}

int cmd_test(const Cli *cli) {
  Arena arena;
  CasePaths paths = {0};
  arena_init(&arena);
  int code = check_options(cli);
  if (code == EXIT_CODE_DONE) code = find_paths(cli, &arena, &paths);
  if (code == EXIT_CODE_DONE) code = run_files(cli, &paths);
  vec_free(&paths);
  arena_free(&arena);
  return code;
}
