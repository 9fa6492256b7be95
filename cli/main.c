/* SPDX-License-Identifier: MIT
 *
 * The program apxm: reads the command line, finds the command in the table of
 * commands.def and returns its exit code. Nothing else is set up here, so that
 * `apxm version` costs a process and nothing more.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "core/base/nearest.h"

const Command command_table[] = {
#define X(name, operands, options, summary, detail) \
  {#name, operands, options, summary, detail, cmd_##name},
#include "cli/commands.def"
#undef X
};
const uint32_t command_count = sizeof command_table / sizeof command_table[0];

const Command *command_find(const char *name) {
  for (uint32_t i = 0; i < command_count; i++) {
    if (strcmp(command_table[i].name, name) == 0) return &command_table[i];
  }
  return NULL;
}

int cmd_version(const Cli *cli) {
  int code = cli_want_words(cli, 0, 0);
  if (code != EXIT_CODE_DONE) return code;
  return cli_print(cli, SLICE("apxm " APXM_VERSION "\n"));
}

/* A file opened later must not become standard output by taking its number. */
static void open_standard_streams(void) {
  for (int fd = 0; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
        open("/dev/null", O_RDWR) < 0)
      _exit(EXIT_CODE_SETUP);
  }
}

static LogLevel log_level_of(const Options *options) {
  LogLevel level = LOG_LEVEL_WARNING;
  const char *name = options->value[OPTION_LOG_LEVEL];
  if (name && log_level_parse(slice_of(name), &level)) return level;
  if (options_has(options, OPTION_QUIET)) return LOG_LEVEL_ERROR;
  if (options->given[OPTION_VERBOSE] > 1) return LOG_LEVEL_DEBUG;
  return options_has(options, OPTION_VERBOSE) ? LOG_LEVEL_INFO
                                              : LOG_LEVEL_WARNING;
}

static void read_looks(Cli *cli) {
  const char *format = cli->options.value[OPTION_ERROR_FORMAT];
  cli->is_json = format && strcmp(format, "json") == 0;
  cli->colour = cli_may_colour(STDERR_FILENO);
  log_set_json(cli->is_json);
  log_set_level(log_level_of(&cli->options));
}

static int fail_unknown(const Cli *cli, const char *name) {
  Slice word = slice_of(name);
  Nearest nearest = nearest_new(word, NULL);
  if (slice_ends_with(word, SLICE(".ais")) ||
      slice_ends_with(word, SLICE(".apxmobj")))
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "`%s` is not a command; did you mean `apxm run %s`?", name,
                    name);
  for (uint32_t i = 0; i < command_count; i++)
    nearest_offer(&nearest, slice_of(command_table[i].name));
  Slice near = nearest_found(&nearest);
  if (near.length > 0)
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "there is no command `%s`; did you mean `%.*s`?", name,
                    SLICE_ARG(near));
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "there is no command `%s`; see `apxm help`", name);
}

/* `apxm`, `apxm --help`, `apxm --version`. */
static int run_bare(Cli *cli) {
  if (options_has(&cli->options, OPTION_VERSION)) return cmd_version(cli);
  cli->command = command_find("help");
  if (options_has(&cli->options, OPTION_HELP)) return cmd_help(cli);
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "usage: apxm COMMAND [OPTION...] [FILE] [ARGUMENT...]; see "
                  "`apxm help`");
}

static int run_command(Cli *cli) {
  Error error = {0};
  const char *name = cli->options.words.data[0];
  cli->command = command_find(name);
  if (!cli->command) return fail_unknown(cli, name);
  cli->words = cli->options.words.data + 1;
  cli->word_count = cli->options.words.length - 1;
  if (options_has(&cli->options, OPTION_HELP)) return cli_help(cli, name);
  if (options_check(&cli->options, name, NULL, cli->command->options, &error) !=
      STATUS_OK)
    return cli_fail_error(cli, &error);
  return cli->command->run(cli);
}

static int run(Cli *cli) {
  Error error = {0};
  Status status = options_parse(cli->argc, cli->argv, &cli->options, &error);
  read_looks(cli);
  if (status != STATUS_OK) return cli_fail_error(cli, &error);
  if (cli->options.words.length == 0) return run_bare(cli);
  return run_command(cli);
}

/* A command that reads its own words is named by the first one. */
static const Command *own_reader(int argc, char **argv) {
  const Command *command = argc > 1 ? command_find(argv[1]) : NULL;
  return command && command->options == OPT_OWN ? command : NULL;
}

int main(int argc, char **argv) {
  open_standard_streams();
  signal(SIGPIPE, SIG_IGN);
  Cli cli = {.argc = argc, .argv = argv, .command = own_reader(argc, argv)};
  if (cli.command) return cli.command->run(&cli);
  int code = run(&cli);
  options_free(&cli.options);
  return code;
}
