/* SPDX-License-Identifier: MIT
 *
 * Help is made of the tables: commands.def, options.def, exit.def. Nothing is
 * said here that a table could say.
 */
#include <string.h>

#include "cli/cli.h"

static void add_padded(Buf *out, Slice text, size_t width) {
  buf_add_slice(out, text);
  if (text.length < width) buf_add_repeat(out, ' ', width - text.length);
}

/* "-o, --output FILE", "    --emit-metrics[=FILE]". */
static void add_option_name(const OptionInfo *info, Buf *out) {
  if (info->letter)
    buf_addf(out, "-%c, ", info->letter);
  else
    buf_add_text(out, "    ");
  buf_addf(out, "--%s", info->name);
  if (info->kind == OPTION_KIND_MAYBE)
    buf_addf(out, "[=%s]", info->value);
  else if (info->kind != OPTION_KIND_FLAG)
    buf_addf(out, " %s", info->value);
}

/* What it does and what holds without it, which goes on a line of its own when
 * this one would become too long. */
static void add_text(const OptionInfo *info, size_t column, Buf *out) {
  enum { LINE_WIDTH = 80 };
  size_t standard = info->standard ? strlen(info->standard) + 3 : 0;
  buf_addf(out, " %s", info->text);
  if (standard > 0 && column + strlen(info->text) + standard > LINE_WIDTH) {
    buf_add_char(out, '\n');
    buf_add_repeat(out, ' ', column - 1);
  }
  if (info->standard) buf_addf(out, " [%s]", info->standard);
  buf_add_char(out, '\n');
}

static void add_option(const OptionInfo *info, Buf *out) {
  enum { NAME_WIDTH = 30 };
  Buf name = {0};
  add_option_name(info, &name);
  buf_add_text(out, "  ");
  add_padded(out, buf_slice(&name), NAME_WIDTH);
  if (name.length >= NAME_WIDTH) {
    buf_add_text(out, "\n  ");
    buf_add_repeat(out, ' ', NAME_WIDTH);
  }
  add_text(info, NAME_WIDTH + 3, out);
  buf_free(&name);
}

static void add_command_help(const Command *command, Buf *out) {
  buf_addf(out, "usage: apxm %s [OPTION...]%s%s\n\n%s\n", command->name,
           command->operands[0] ? " " : "", command->operands,
           command->summary);
  if (command->detail) buf_addf(out, "\n%s", command->detail);
  buf_add_text(out,
               "\noptions, in any place; -- ends them "
               "[what holds without]:\n");
  for (int i = 0; i < OPTION_COUNT; i++) {
    if (command->options >> i & 1) add_option(&option_table[i], out);
  }
}

static void add_commands(Buf *out) {
  for (uint32_t i = 0; i < command_count; i++) {
    const Command *command = &command_table[i];
    buf_add_text(out, "  ");
    add_padded(out, slice_of(command->name), 10);
    buf_addf(out, " %s\n", command->summary);
  }
}

static void add_exit_codes(Buf *out) {
  static const struct {
    int code;
    const char *text;
  } codes[] = {
#define X(name, code, text) {(code), text},
#include "core/base/exit.def"
#undef X
  };
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    buf_addf(out, "  %-4d %s\n", codes[i].code, codes[i].text);
}

static void add_overview(Buf *out) {
  buf_add_text(out,
               "usage: apxm COMMAND [OPTION...] [FILE] [ARGUMENT...]\n\n"
               "Compiles AIS workflows to dataflow graphs and runs them: what "
               "does not depend\non each other runs at the same time.\n\n"
               "commands:\n");
  add_commands(out);
  buf_add_text(out,
               "\n`apxm help COMMAND` shows the options of a command.\n\n"
               "exit codes:\n");
  add_exit_codes(out);
}

int cli_help(const Cli *cli, const char *command) {
  Cli help = *cli;
  help.command = command_find("help");
  help.words = &command;
  help.word_count = 1;
  return cmd_help(&help);
}

int cmd_help(const Cli *cli) {
  Buf text = {0};
  int code = cli_want_words(cli, 0, 1);
  if (code != EXIT_CODE_DONE) return code;
  const char *name = cli->word_count > 0 ? cli->words[0] : NULL;
  const Command *command = name ? command_find(name) : NULL;
  if (name && !command)
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "there is no command `%s`; see `apxm help`", name);
  if (command && command->options != OPT_OWN)
    add_command_help(command, &text);
  else if (command)
    buf_addf(&text, "usage: apxm %s %s\n\n%s\n%s%s", command->name,
             command->operands, command->summary, command->detail ? "\n" : "",
             command->detail ? command->detail : "");
  else
    add_overview(&text);
  code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  return code;
}
