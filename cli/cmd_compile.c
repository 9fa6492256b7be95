/* SPDX-License-Identifier: MIT
 *
 * `apxm compile` and `apxm dump`: a program in, an object file, the report of
 * the compiler, or a readable form out. What is written was loaded and
 * verified first, the way a run would do it.
 */
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/report.h"

/* ---- dump ---------------------------------------------------------------- */

static bool is_object_stage(const char *stage) {
  return strcmp(stage, "object") == 0;
}

static int plan_dump(const Cli *cli, Outputs *outputs,
                     const OutputFile **target) {
  Error error = {0};
  const char *given = cli->options.value[OPTION_OUTPUT];
  outputs_add_input(outputs, cli->words[0]);
  *target = outputs_add(outputs, "-o", given ? given : "-");
  if (outputs_check(outputs, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(cli, &error);
}

/* Opens the program and appends its dump; a source with errors has one too,
 * up to the stage that found them. */
static int make_dump(const Cli *cli, const char *stage, Program *program,
                     Buf *text) {
  CompileOptions options = cli_compile_options(cli);
  if (!is_object_stage(stage)) {
    options.dump = stage;
    options.dump_out = text;
  }
  int code = cli_open(cli, cli->words[0], &options, program);
  if (code != EXIT_CODE_DONE) return code;
  if (is_object_stage(stage))
    object_dump(program->object, text);
  else if (!program->is_source)
    code = cli_fail(cli, EXIT_CODE_USAGE,
                    "%s is compiled already and has no stage `%s`; without "
                    "--dump its object is shown",
                    cli->words[0], stage);
  else if (text->length == 0)
    code = cli_fail(cli, EXIT_CODE_USAGE, "%s is graph JSON and has no `%s`",
                    cli->words[0], stage);
  return code;
}

static int dump(const Cli *cli) {
  const char *stage = cli->options.value[OPTION_DUMP];
  const OutputFile *target = NULL;
  Outputs outputs = {0};
  Program program = {0};
  Buf text = {0};
  int wrote = EXIT_CODE_DONE;
  int code = plan_dump(cli, &outputs, &target);
  if (code == EXIT_CODE_DONE)
    code = make_dump(cli, stage ? stage : "object", &program, &text);
  if (text.length > 0)
    wrote = cli_write_file(cli, target, buf_slice(&text), EXIT_CODE_SETUP);
  buf_free(&text);
  program_free(&program);
  outputs_free(&outputs);
  return code != EXIT_CODE_DONE ? code : wrote;
}

int cmd_dump(const Cli *cli) {
  int code = cli_want_words(cli, 1, 1);
  return code != EXIT_CODE_DONE ? code : dump(cli);
}

/* ---- compile ------------------------------------------------------------- */

typedef struct Job {
  const Cli *cli;
  Outputs outputs;
  const OutputFile *object;
  const OutputFile *diagnostics; /* or NULL */
  Program program;
} Job;

static int plan_outputs(Job *job) {
  const Options *options = &job->cli->options;
  const char *path = job->cli->words[0];
  const char *given = options->value[OPTION_OUTPUT];
  Error error = {0};
  Buf name = {0};
  outputs_add_input(&job->outputs, path);
  if (!given) outputs_derive(path, ".apxmobj", &name);
  OutputFile *object =
      outputs_add(&job->outputs, "-o", given ? given : name.data);
  object->may_be_object = true;
  job->object = object;
  buf_free(&name);
  job->diagnostics =
      outputs_add_option(&job->outputs, options, OPTION_EMIT_DIAGNOSTICS, path,
                         ".diagnostics.json");
  if (outputs_check(&job->outputs, &error) != STATUS_OK)
    return cli_fail_error(job->cli, &error);
  if (output_is_stdout(job->object) && isatty(STDOUT_FILENO))
    return cli_fail(job->cli, EXIT_CODE_USAGE,
                    "an object file is not for a terminal; name a file, or "
                    "see it with `apxm dump %s`",
                    path);
  return EXIT_CODE_DONE;
}

static int write_diagnostics(const Job *job) {
  if (!job->diagnostics || !job->program.is_source) return EXIT_CODE_DONE;
  Buf text = {0};
  cJSON *document = report_diagnostics(&job->program);
  report_add_document(document, true, &text);
  cJSON_Delete(document);
  int code = cli_write_file(job->cli, job->diagnostics, buf_slice(&text),
                            EXIT_CODE_SETUP);
  buf_free(&text);
  return code;
}

static int write_object(const Job *job) {
  const Object *object = job->program.object;
  return cli_write_file(job->cli, job->object,
                        slice_from((const char *)object->bytes, object->size),
                        EXIT_CODE_SETUP);
}

static int fail_compiled(const Job *job) {
  return cli_fail(job->cli, EXIT_CODE_USAGE,
                  "%s is an object file already; `apxm run` takes it",
                  job->cli->words[0]);
}

static int compile(Job *job) {
  const char *path = job->cli->words[0];
  CompileOptions options = cli_compile_options(job->cli);
  if (slice_ends_with(slice_of(path), SLICE(".apxmobj")))
    return fail_compiled(job);
  int code = plan_outputs(job);
  if (code != EXIT_CODE_DONE) return code;
  code = cli_open(job->cli, path, &options, &job->program);
  if (code == EXIT_CODE_DONE && !job->program.is_source)
    return fail_compiled(job);
  int wrote = write_diagnostics(job);
  if (code == EXIT_CODE_DONE) code = wrote;
  if (code == EXIT_CODE_DONE) code = write_object(job);
  return code;
}

int cmd_compile(const Cli *cli) {
  int code = cli_want_words(cli, 1, 1);
  if (code != EXIT_CODE_DONE) return code;
  if (options_has(&cli->options, OPTION_DUMP)) return dump(cli);
  Job job = {.cli = cli};
  code = compile(&job);
  program_free(&job.program);
  outputs_free(&job.outputs);
  return code;
}
