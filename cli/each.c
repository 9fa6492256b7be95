/* SPDX-License-Identifier: MIT
 *
 * What `--each` needs around a batch (batch.h): files that are checked before
 * anything runs, an engine, signals, and what is said at the end. The results
 * are written as they come, not at the end in one go: who looks sees how far it
 * is, and what is done is not lost whatever happens.
 */
#include "cli/each.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/batch.h"
#include "cli/engine_setup.h"
#include "cli/grace.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "lib/report.h"

typedef struct Each {
  const Cli *cli;
  const char *path;   /* the program */
  const char *inputs; /* as given; "-" is standard input */
  Outputs outputs;
  const OutputFile *results;
  const OutputFile *metrics, *diagnostics; /* or NULL */
  Program program;
  Args args;
  Value *fixed; /* one a parameter, owned; VALUE_EMPTY: comes with the line */
  EngineSetup setup;
  InputLines input;
  int fd;       /* of the results; standard output, or ours to close */
  bool is_ours; /* a regular file that this opened: its end is known */
  Batch batch;
  Interrupt interrupt;
  Progress progress;
} Each;

bool each_is_wanted(const Cli *cli) {
  const Options *options = &cli->options;
  return options_has(options, OPTION_EACH) ||
         options_has(options, OPTION_ON_ERROR) ||
         options_has(options, OPTION_OUTPUT);
}

/* ---- before it ----------------------------------------------------------- */

/* Options of `run` that make no sense for many runs. */
static int refuse_options(const Cli *cli) {
  static const OptionId refused[] = {OPTION_JSON, OPTION_TRACE, OPTION_STREAM,
                                     OPTION_PARTIAL};
  const Options *options = &cli->options;
  if (!options_has(options, OPTION_EACH))
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "%s is for `apxm %s FILE --each INPUTS`",
                    options_has(options, OPTION_OUTPUT) ? "-o" : "--on-error",
                    cli->command->name);
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (!options_has(options, refused[i])) continue;
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "--%s tells of one run, --each makes many",
                    option_table[refused[i]].name);
  }
  if (cli->word_count == 1) return EXIT_CODE_DONE;
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "with --each the arguments come from the lines; one that is "
                  "the same for all of them is given by --arg NAME=VALUE");
}

static int plan_files(Each *each) {
  const Options *options = &each->cli->options;
  const char *given = options->value[OPTION_OUTPUT];
  Error error = {0};
  outputs_add_input(&each->outputs, each->path);
  outputs_add_input(&each->outputs, each->inputs);
  if (options->value[OPTION_REPLIES])
    outputs_add_input(&each->outputs, options->value[OPTION_REPLIES]);
  for (uint32_t i = 0; i < options->pairs.length; i++) {
    const OptionPair *pair = &options->pairs.data[i];
    if (pair->id == OPTION_ARG_FILE)
      outputs_add_input(&each->outputs, strchr(pair->text, '=') + 1);
  }
  each->results = outputs_add(&each->outputs, "-o", given ? given : "-");
  each->metrics =
      outputs_add_option(&each->outputs, options, OPTION_EMIT_METRICS,
                         each->path, ".metrics.json");
  each->diagnostics =
      outputs_add_option(&each->outputs, options, OPTION_EMIT_DIAGNOSTICS,
                         each->path, ".diagnostics.json");
  outputs_add_option(&each->outputs, options, OPTION_REQUEST_LOG, each->path,
                     ".requests.jsonl");
  if (outputs_check(&each->outputs, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(each->cli, &error);
}

/* Takes `document` over. */
static int write_document(const Each *each, const OutputFile *file,
                          cJSON *document) {
  Buf text = {0};
  report_add_document(document, true, &text);
  cJSON_Delete(document);
  int code =
      cli_write_file(each->cli, file, buf_slice(&text), EXIT_CODE_FAILED);
  buf_free(&text);
  return code;
}

static int open_program(Each *each) {
  CompileOptions options = cli_compile_options(each->cli);
  int code = cli_open(each->cli, each->path, &options, &each->program);
  if (!each->diagnostics || !each->program.is_source) return code;
  int wrote = write_document(each, each->diagnostics,
                             report_diagnostics(&each->program));
  return code != EXIT_CODE_DONE ? code : wrote;
}

/* The flow, and the arguments that are the same for all lines. */
static Status bind(Each *each, Error *error) {
  const Cli *cli = each->cli;
  const Object *object = each->program.object;
  bool stdin_is_taken =
      strcmp(each->path, "-") == 0 || strcmp(each->inputs, "-") == 0;
  uint32_t flow;
  Status status =
      flow_find(object, cli->options.value[OPTION_FLOW], &flow, error);
  if (status != STATUS_OK) return status;
  status =
      args_collect(&cli->options, NULL, 0, stdin_is_taken, &each->args, error);
  if (status != STATUS_OK) return status;
  uint32_t count = object->flows[flow].param_count;
  Value *fixed = mem_alloc_zero((size_t)count + 1, sizeof *fixed);
  status = flow_bind_some(object, flow, each->args.items.data,
                          each->args.items.length, fixed, error);
  each->batch.flow = flow;
  if (status == STATUS_OK)
    each->fixed = fixed;
  else
    mem_free(fixed);
  return status;
}

static int prepare(Each *each) {
  const Cli *cli = each->cli;
  Error error = {0};
  int code = refuse_options(cli);
  if (code == EXIT_CODE_DONE) code = plan_files(each);
  if (code == EXIT_CODE_DONE) code = open_program(each);
  if (code != EXIT_CODE_DONE) return code;
  if (bind(each, &error) != STATUS_OK) return cli_fail_error(cli, &error);
  code = engine_setup_read(cli, &each->setup);
  if (code != EXIT_CODE_DONE) return code;
  engine_setup_note_sim(cli, &each->setup, each->program.object);
  return EXIT_CODE_DONE;
}

/* ---- the two files ------------------------------------------------------- */

/* By whatever names, also those that the shell has opened. */
static bool are_one_file(int a, int b) {
  struct stat one, two;
  return fstat(a, &one) == 0 && fstat(b, &two) == 0 && S_ISREG(one.st_mode) &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

static Status open_results(Each *each, Error *error) {
  const char *path = each->results->path;
  struct stat info;
  each->fd = STDOUT_FILENO;
  if (!output_is_stdout(each->results))
    each->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
  if (each->fd < 0 || fstat(each->fd, &info) != 0)
    return error_set_errno(error, STATUS_IO, errno, "-o: cannot write %s",
                           path);
  if (are_one_file(each->input.fd, each->fd))
    return error_set(error, STATUS_USAGE,
                     "the results would go to the file that the lines are read "
                     "from; name another file");
  each->is_ours = each->fd != STDOUT_FILENO && S_ISREG(info.st_mode) &&
                  !file_names_descriptor(path);
  each->batch.is_file = each->is_ours;
  if (!each->is_ours || ftruncate(each->fd, 0) == 0) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, errno, "-o: cannot write %s", path);
}

/* A disk that is full may have taken a part of a line. */
static void cut_results(const Each *each) {
  bool is_broken = output_error(each->batch.results.output) != 0;
  if (!is_broken || !each->is_ours) return;
  (void)!ftruncate(each->fd, (off_t)each->batch.written_bytes);
}

/* ---- after it ------------------------------------------------------------ */

static RunStatus status_of(const Batch *batch) {
  if (batch->figures.stopped > 0) return RUN_CANCELLED;
  return batch->failed_first != 0 ? RUN_FAILED : RUN_SUCCESS;
}

static int write_metrics(const Each *each) {
  const Batch *batch = &each->batch;
  const BatchFigures *figures = &batch->figures;
  BatchMetrics lines = {.good = figures->good,
                        .failed = figures->failed,
                        .stopped = figures->stopped};
  if (!each->metrics) return EXIT_CODE_DONE;
  batch->total->status = status_of(batch);
  batch->total->duration_ns = batch->duration_ns;
  grace_hold(output_is_regular(each->metrics));
  int code = write_document(
      each, each->metrics,
      report_batch(&each->program, batch->backend, batch->total, &lines));
  grace_hold(false);
  return code;
}

static const char *results_name(const Each *each) {
  return output_is_stdout(each->results) ? "standard output"
                                         : each->results->path;
}

/* "12 lines in 3.2 s (3.8 lines/s)" */
static void add_pace(const Each *each, Buf *out) {
  const Batch *batch = &each->batch;
  const BatchFigures *figures = &batch->figures;
  uint64_t lines = figures->good + figures->failed;
  double seconds = (double)batch->duration_ns / 1e9;
  buf_addf(out, "%llu line%s in %.1f s (%.1f lines/s)",
           (unsigned long long)lines, lines == 1 ? "" : "s", seconds,
           (double)lines / (seconds > 0 ? seconds : 1));
}

static int fail_interrupted(const Each *each) {
  const Batch *batch = &each->batch;
  Buf pace = {0};
  add_pace(each, &pace);
  cli_fail(each->cli, EXIT_CODE_INTERRUPTED,
           "interrupted after %s; %llu more were under way; %s holds what came "
           "of the first %llu",
           pace.data, (unsigned long long)batch->figures.stopped,
           results_name(each), (unsigned long long)batch->first);
  buf_free(&pace);
  return EXIT_CODE_INTERRUPTED;
}

static void note_pace(const Each *each) {
  Buf pace = {0};
  add_pace(each, &pace);
  cli_note(each->cli, "%s", pace.data);
  buf_free(&pace);
}

static int report_failed(const Each *each) {
  const Cli *cli = each->cli;
  const Batch *batch = &each->batch;
  uint64_t failed = batch->figures.failed;
  uint64_t lines = failed + batch->figures.good;
  Buf text = {0};
  if (batch->on_error != BATCH_FAIL)
    buf_addf(&text, "%llu of %llu lines failed; the first was ",
             (unsigned long long)failed, (unsigned long long)lines);
  buf_addf(&text, "line %llu: %s", (unsigned long long)batch->failed_first,
           batch->failed_why.data);
  if (batch->on_error == BATCH_NULL)
    cli_warning(cli, "%s", text.data);
  else
    cli_fail(cli, EXIT_CODE_FAILED, "%s", text.data);
  buf_free(&text);
  return batch->on_error == BATCH_NULL ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

/* The exit code, after a message. */
static int judge(const Each *each) {
  const Batch *batch = &each->batch;
  int broke = output_error(batch->results.output);
  if (batch->code != EXIT_CODE_DONE) return batch->code;
  if (broke == EPIPE) return EXIT_CODE_DONE;
  if (broke)
    return cli_fail(each->cli, EXIT_CODE_FAILED, "%s: %s", results_name(each),
                    strerror(broke));
  if (interrupt_came()) return fail_interrupted(each);
  if (each->input.code)
    return cli_fail(each->cli, EXIT_CODE_FAILED, "cannot read %s: %s",
                    each->inputs, strerror(each->input.code));
  note_pace(each);
  return batch->failed_first != 0 ? report_failed(each) : EXIT_CODE_DONE;
}

/* ---- it ------------------------------------------------------------------ */

/* I/O thread, or the main thread for a file: nobody can take the results, or
 * there is a signal. */
static void stop(void *user) {
  Each *each = user;
  batch_stop(&each->batch);
}

/* Print lines are for people: nothing fails when nobody can read them. */
static void ignore(void *user) {
  (void)user;
}

static Status set_up(Each *each, Error *error) {
  Batch *batch = &each->batch;
  batch->engine = engine_new(&each->setup.options, error);
  if (!batch->engine || batch_init(batch, error) != STATUS_OK)
    return error->status;
  Reactor *reactor = engine_reactor(batch->engine);
  batch->results.output = output_new(reactor, each->fd, stop, each, error);
  if (!batch->results.output) return error->status;
  batch->prints.output =
      output_new(reactor, STDERR_FILENO, ignore, each, error);
  if (!batch->prints.output) return error->status;
  progress_prepare(&each->progress, each->cli);
  progress_mind(&each->progress, batch->results.output, each->fd);
  progress_mind(&each->progress, batch->prints.output, STDERR_FILENO);
  return interrupt_watch(&each->interrupt, reactor, stop, each, error);
}

static void tear_down(Each *each) {
  Batch *batch = &each->batch;
  interrupt_unwatch(&each->interrupt);
  output_free(batch->results.output);
  output_free(batch->prints.output);
  engine_free(batch->engine);
  progress_release(&each->progress);
  batch_free(batch);
}

static int perform(Each *each) {
  Batch *batch = &each->batch;
  progress_start(&each->progress, engine_reactor(batch->engine),
                 batch_add_progress, batch);
  batch_run(batch);
  progress_stop(&each->progress);
  cut_results(each);
  int wrote = write_metrics(each);
  int code = judge(each);
  return code != EXIT_CODE_DONE ? code : wrote;
}

static BatchOnError on_error(const Options *options) {
  const char *word = options->value[OPTION_ON_ERROR];
  if (!word || strcmp(word, "collect") == 0) return BATCH_COLLECT;
  return strcmp(word, "fail") == 0 ? BATCH_FAIL : BATCH_NULL;
}

static int execute(Each *each) {
  const Cli *cli = each->cli;
  Error error = {0};
  Batch *batch = &each->batch;
  batch->cli = cli;
  batch->program = &each->program;
  batch->fixed = each->fixed;
  batch->input = &each->input;
  if (each->metrics) batch->total = MEM_NEW(RunMetrics);
  batch->on_error = on_error(&cli->options);
  batch->deadline_ns = cli->options.ns[OPTION_DEADLINE];
  if (input_lines_open(&each->input, each->inputs, LIMIT_BATCH_LINE_BYTES,
                       &error) != STATUS_OK ||
      open_results(each, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  int code = set_up(each, &error) == STATUS_OK ? perform(each)
                                               : cli_fail_error(cli, &error);
  tear_down(each);
  return code;
}

static void free_each(Each *each) {
  const Object *object = each->program.object;
  for (uint32_t i = 0;
       each->fixed && i < object->flows[each->batch.flow].param_count; i++)
    value_drop(each->fixed[i]);
  mem_free(each->fixed);
  if (each->batch.total) metrics_free(each->batch.total);
  mem_free(each->batch.total);
  input_lines_close(&each->input);
  if (each->fd > STDOUT_FILENO) close(each->fd);
  args_free(&each->args);
  program_free(&each->program);
  outputs_free(&each->outputs);
  engine_setup_free(&each->setup);
}

int each_run(const Cli *cli) {
  Each *each = MEM_NEW(Each);
  each->cli = cli;
  each->path = cli->words[0];
  each->inputs = cli->options.value[OPTION_EACH];
  each->input.fd = each->fd = -1;
  each->progress.fd = -1;
  int code = prepare(each);
  if (code == EXIT_CODE_DONE) code = execute(each);
  free_each(each);
  mem_free(each);
  return code;
}
