/* SPDX-License-Identifier: MIT
 *
 * How the commands speak. Messages of ours go through the log, which has one
 * form for people ("apxm: error: ...") and one for programs (an object a line,
 * --error-format json); the compiler's own come rendered from diag.h in the
 * same two.
 */
#include "cli/cli.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"

/* ---- messages ------------------------------------------------------------ */

static void write_stderr(Slice text) {
  log_call_before();
  Status status = file_write_fd(STDERR_FILENO, text, NULL);
  (void)status; /* there is nowhere left to say it */
}

int cli_fail(const Cli *cli, ExitCode code, const char *format, ...) {
  (void)cli;
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  log_line(LOG_LEVEL_ERROR, "error", buf_slice(&text));
  buf_free(&text);
  return (int)code;
}

static ExitCode exit_of(Status status) {
  switch (status) {
    case STATUS_OK:
      return EXIT_CODE_DONE;
    case STATUS_USAGE:
      return EXIT_CODE_USAGE;
    case STATUS_COMPILE:
      return EXIT_CODE_COMPILE;
    default:
      return EXIT_CODE_SETUP;
  }
}

int cli_fail_error(const Cli *cli, const Error *error) {
  return cli_fail(cli, exit_of(error->status), "%s", error->message);
}

static void tell(LogLevel level, const char *severity, const char *format,
                 va_list args) {
  Buf text = {0};
  if (!log_is_on(level)) return;
  buf_addv(&text, format, args);
  log_line(level, severity, buf_slice(&text));
  buf_free(&text);
}

void cli_note(const Cli *cli, const char *format, ...) {
  (void)cli;
  va_list args;
  va_start(args, format);
  tell(LOG_LEVEL_WARNING, "note", format, args);
  va_end(args);
}

void cli_warning(const Cli *cli, const char *format, ...) {
  (void)cli;
  va_list args;
  va_start(args, format);
  tell(LOG_LEVEL_WARNING, "warning", format, args);
  va_end(args);
}

void cli_info(const Cli *cli, const char *format, ...) {
  (void)cli;
  va_list args;
  va_start(args, format);
  tell(LOG_LEVEL_INFO, "info", format, args);
  va_end(args);
}

void cli_debug(const Cli *cli, const char *format, ...) {
  (void)cli;
  va_list args;
  va_start(args, format);
  tell(LOG_LEVEL_DEBUG, "debug", format, args);
  va_end(args);
}

/* ---- the terminal -------------------------------------------------------- */

static bool is_dumb(void) {
  const char *kind = getenv("TERM");
  return kind && strcmp(kind, "dumb") == 0;
}

bool cli_may_colour(int fd) {
  const char *no_colour = getenv("NO_COLOR");
  return !(no_colour && no_colour[0]) && !is_dumb() && isatty(fd);
}

bool cli_may_draw(const Cli *cli) {
  const char *kind = getenv("TERM");
  return kind && kind[0] && !is_dumb() && !cli->is_json &&
         !options_has(&cli->options, OPTION_JSON) &&
         log_is_on(LOG_LEVEL_WARNING) && isatty(STDERR_FILENO);
}

static bool is_told(const DiagSink *sink, uint32_t index) {
  for (uint32_t i = 0; i < index; i++) {
    if (sink->diags.data[i].code == sink->diags.data[index].code) return true;
  }
  return false;
}

/* Which command says more about the first few errors. */
static void add_more(const DiagSink *sink, Buf *text) {
  enum { CODES = 3 };
  uint32_t shown = 0;
  for (uint32_t i = 0; i < sink->diags.length && shown < CODES; i++) {
    DiagCode code = sink->diags.data[i].code;
    if (!diag_is_error(code) || is_told(sink, i)) continue;
    buf_add_text(text, shown++ > 0 ? " " : "\nFor more: apxm explain ");
    buf_add_text(text, diag_code_text(code));
  }
  if (shown > 0) buf_add_char(text, '\n');
}

void cli_show_diagnostics(const Cli *cli, const DiagSink *sink) {
  LogLevel needed = sink->error_count > 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
  if (!log_is_on(needed)) return;
  Buf text = {0};
  if (cli->is_json)
    diag_render_json(sink, &text);
  else
    diag_render_text(sink, cli->colour, &text);
  if (!cli->is_json && log_is_on(LOG_LEVEL_WARNING)) add_more(sink, &text);
  write_stderr(buf_slice(&text));
  buf_free(&text);
}

/* ---- standard output ----------------------------------------------------- */

/* Whether the reader of standard output has gone. */
static bool reader_is_gone(void) {
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int cli_print(const Cli *cli, Slice text) {
  Error error = {0};
  if (text.length == 0) return EXIT_CODE_DONE;
  if (file_write_fd(STDOUT_FILENO, text, &error) == STATUS_OK)
    return EXIT_CODE_DONE;
  if (reader_is_gone()) return EXIT_CODE_DONE;
  return cli_fail(cli, EXIT_CODE_FAILED, "standard output: %s", error.message);
}

int cli_write_file(const Cli *cli, const OutputFile *file, Slice text,
                   ExitCode code) {
  Error error = {0};
  if (output_is_stdout(file)) return cli_print(cli, text);
  if (file_write(file->path, text, &error) != STATUS_OK)
    return cli_fail(cli, code, "%s", error.message);
  cli_info(cli, "wrote %s", file->path);
  return EXIT_CODE_DONE;
}

/* ---- what several commands do -------------------------------------------- */

CompileOptions cli_compile_options(const Cli *cli) {
  int32_t level = options_number(&cli->options, OPTION_OPT_LEVEL, 1);
  return (CompileOptions){.optimization = (uint32_t)level};
}

int cli_open(const Cli *cli, const char *path, const CompileOptions *options,
             Program *program) {
  Error error = {0};
  Status status = program_open(program, path, options, &error);
  if (program->is_source) cli_show_diagnostics(cli, &program->compile.diags);
  if (status == STATUS_OK) {
    bool is_moot =
        !program->is_source && options_has(&cli->options, OPTION_OPT_LEVEL);
    if (is_moot)
      cli_note(cli, "%s is compiled already: -O has no effect", path);
    return EXIT_CODE_DONE;
  }
  if (status == STATUS_COMPILE) return EXIT_CODE_COMPILE; /* all was said */
  return cli_fail_error(cli, &error);
}

int cli_want_words(const Cli *cli, uint32_t least, uint32_t most) {
  if (cli->word_count >= least && cli->word_count <= most)
    return EXIT_CODE_DONE;
  if (cli->word_count < least)
    return cli_fail(
        cli, EXIT_CODE_USAGE, "`apxm %s` needs %s; see `apxm help %s`",
        cli->command->name, cli->command->operands, cli->command->name);
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "`apxm %s` does not take `%s`; see `apxm help %s`",
                  cli->command->name, cli->words[most], cli->command->name);
}

int cli_want_options(const Cli *cli, uint64_t allowed) {
  Error error = {0};
  if (options_check(&cli->options, cli->command->name, cli->words[0],
                    allowed | OPT_COMMON, &error) == STATUS_OK)
    return EXIT_CODE_DONE;
  return cli_fail_error(cli, &error);
}
