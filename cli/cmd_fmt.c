/* SPDX-License-Identifier: MIT
 *
 * `apxm fmt`: every source named is laid out anew and replaced when that
 * changes it; `-` is a filter from standard input to standard output. With
 * --check nothing is written: the files that would change are named on
 * standard output, and the exit code says whether there are any.
 */
#include <string.h>

#include "cli/cli.h"
#include "compiler/front/format.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/object/object.h"

/* One source on its way. */
typedef struct Job {
  const Cli *cli;
  const char *path;
  bool is_stdin;
  Buf before;
  Buf after;
} Job;

static const char *shown_name(const Job *job) {
  return job->is_stdin ? "<stdin>" : job->path;
}

static int read_source(Job *job) {
  Error error = {0};
  if (file_read(job->path, LIMIT_SOURCE_BYTES, &job->before, &error) !=
      STATUS_OK)
    return cli_fail_error(job->cli, &error);
  if (object_has_magic(buf_slice(&job->before)))
    return cli_fail(job->cli, EXIT_CODE_USAGE,
                    "%s is an object file; only sources have a layout",
                    shown_name(job));
  return EXIT_CODE_DONE;
}

static int lay_out(Job *job) {
  int code = EXIT_CODE_DONE;
  Source source = {.name = shown_name(job), .text = buf_slice(&job->before)};
  Arena arena;
  DiagSink sink;
  arena_init(&arena);
  diag_init(&sink, &source, &arena);
  FormatResult result = format_source(&source, &arena, &sink, &job->after);
  if (result == FORMAT_SYNTAX) {
    diag_sort(&sink);
    cli_show_diagnostics(job->cli, &sink);
    code = EXIT_CODE_COMPILE;
  } else if (result == FORMAT_REFUSED) {
    code = cli_fail(job->cli, EXIT_CODE_FAILED,
                    "%s is left as it is: its new layout would mean something "
                    "else, which is a mistake in apxm",
                    shown_name(job));
  }
  diag_free(&sink);
  arena_free(&arena);
  return code;
}

static int name_changed(const Job *job) {
  Buf line = {0};
  buf_addf(&line, "%s\n", shown_name(job));
  int code = cli_print(job->cli, buf_slice(&line));
  buf_free(&line);
  return code != EXIT_CODE_DONE ? code : EXIT_CODE_FAILED;
}

static int put_result(const Job *job) {
  Error error = {0};
  bool changed = !slice_equal(buf_slice(&job->before), buf_slice(&job->after));
  if (options_has(&job->cli->options, OPTION_CHECK))
    return changed ? name_changed(job) : EXIT_CODE_DONE;
  if (job->is_stdin) return cli_print(job->cli, buf_slice(&job->after));
  if (!changed) return EXIT_CODE_DONE;
  if (file_write(job->path, buf_slice(&job->after), &error) != STATUS_OK)
    return cli_fail_error(job->cli, &error);
  cli_info(job->cli, "wrote %s", job->path);
  return EXIT_CODE_DONE;
}

static int format_one(const Cli *cli, const char *path) {
  Job job = {.cli = cli, .path = path, .is_stdin = strcmp(path, "-") == 0};
  int code = read_source(&job);
  if (code == EXIT_CODE_DONE) code = lay_out(&job);
  if (code == EXIT_CODE_DONE) code = put_result(&job);
  buf_free(&job.before);
  buf_free(&job.after);
  return code;
}

/* All of them are looked at; the first failure is the exit code. */
int cmd_fmt(const Cli *cli) {
  int code = cli_want_words(cli, 1, UINT32_MAX);
  if (code != EXIT_CODE_DONE) return code;
  for (uint32_t i = 0; i < cli->word_count; i++) {
    int one = format_one(cli, cli->words[i]);
    if (code == EXIT_CODE_DONE) code = one;
  }
  return code;
}
