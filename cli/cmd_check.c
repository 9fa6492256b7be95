/* SPDX-License-Identifier: MIT
 *
 * `apxm check`: every file named is parsed and checked, or, an object file,
 * verified; all of them are looked at, and the first failure is the exit code.
 */
#include "cli/cli.h"

static int check_one(const Cli *cli, const char *path) {
  Program program = {0};
  CompileOptions options = cli_compile_options(cli);
  options.check_only = true;
  int code = cli_open(cli, path, &options, &program);
  program_free(&program);
  if (code == EXIT_CODE_DONE) cli_info(cli, "%s: nothing is wrong", path);
  return code;
}

int cmd_check(const Cli *cli) {
  int code = cli_want_words(cli, 1, UINT32_MAX);
  if (code != EXIT_CODE_DONE) return code;
  for (uint32_t i = 0; i < cli->word_count; i++) {
    int one = check_one(cli, cli->words[i]);
    if (code == EXIT_CODE_DONE) code = one;
  }
  return code;
}
