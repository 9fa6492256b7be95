/* SPDX-License-Identifier: MIT
 *
 * `apxm run` and `apxm execute`: a file and arguments in, print lines and the
 * result out. All that can be wrong is found before an engine exists: names of
 * output files, the program, the flow, its arguments. Then one run, and
 * whatever became of it is reported, also when it failed or was interrupted.
 *
 * Main thread, except session_cancel, which a signal or a reader that has gone
 * brings about on the I/O thread.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/cli.h"
#include "cli/each.h"
#include "cli/engine_setup.h"
#include "cli/grace.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/run_failure.h"
#include "cli/stream.h"
#include "cli/trace_output.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "lib/report.h"

typedef struct Job {
  const Cli *cli;
  const char *path; /* the program, as given */
  Outputs outputs;
  const OutputFile *metrics, *diagnostics, *trace_file; /* or NULL */
  Program program;
  Args args;
  uint32_t flow;
  Value *values; /* one a parameter; owned until the run starts */
  uint32_t value_count;
  EngineSetup setup;
  Interrupt interrupt;
  Engine *engine;
  Output *output;
  Session session;
  Trace *trace; /* NULL: not wanted */
  Progress progress;
  Stream stream; /* of --stream */
} Job;

/* ---- before the run ------------------------------------------------------ */

static int plan_outputs(Job *job) {
  const Options *options = &job->cli->options;
  Error error = {0};
  outputs_add_input(&job->outputs, job->path);
  if (options->value[OPTION_REPLIES])
    outputs_add_input(&job->outputs, options->value[OPTION_REPLIES]);
  for (uint32_t i = 0; i < options->pairs.length; i++) {
    const OptionPair *pair = &options->pairs.data[i];
    if (pair->id == OPTION_ARG_FILE)
      outputs_add_input(&job->outputs, strchr(pair->text, '=') + 1);
  }
  job->metrics = outputs_add_option(&job->outputs, options, OPTION_EMIT_METRICS,
                                    job->path, ".metrics.json");
  job->diagnostics =
      outputs_add_option(&job->outputs, options, OPTION_EMIT_DIAGNOSTICS,
                         job->path, ".diagnostics.json");
  job->trace_file = outputs_add_option(&job->outputs, options, OPTION_TRACE,
                                       job->path, ".trace.json");
  outputs_add_option(&job->outputs, options, OPTION_REQUEST_LOG, job->path,
                     ".requests.jsonl");
  if (options_has(options, OPTION_JSON) &&
      (output_is_stdout(job->metrics) || output_is_stdout(job->diagnostics)))
    return cli_fail(job->cli, EXIT_CODE_USAGE,
                    "--json and another output both write standard output; "
                    "name a file");
  if (outputs_check(&job->outputs, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(job->cli, &error);
}

/* Takes `document` over. */
static int write_document(const Job *job, const OutputFile *file,
                          cJSON *document) {
  Buf text = {0};
  report_add_document(document, true, &text);
  cJSON_Delete(document);
  int code = cli_write_file(job->cli, file, buf_slice(&text), EXIT_CODE_FAILED);
  buf_free(&text);
  return code;
}

static int open_program(Job *job) {
  CompileOptions options = cli_compile_options(job->cli);
  int code = cli_open(job->cli, job->path, &options, &job->program);
  if (!job->diagnostics) return code;
  if (job->program.is_source) {
    int wrote = write_document(job, job->diagnostics,
                               report_diagnostics(&job->program));
    return code != EXIT_CODE_DONE ? code : wrote;
  }
  if (code != EXIT_CODE_DONE) return code;
  return cli_fail(job->cli, EXIT_CODE_USAGE,
                  "--emit-diagnostics tells of compiling, and %s is compiled "
                  "already; give it to `apxm compile` or `apxm run` of the "
                  "source",
                  job->path);
}

static Status bind(Job *job, Error *error) {
  const Cli *cli = job->cli;
  const Object *object = job->program.object;
  Status status =
      flow_find(object, cli->options.value[OPTION_FLOW], &job->flow, error);
  if (status != STATUS_OK) return status;
  status = args_collect(&cli->options, cli->words + 1, cli->word_count - 1,
                        strcmp(job->path, "-") == 0, &job->args, error);
  if (status != STATUS_OK) return status;
  uint32_t count = object->flows[job->flow].param_count;
  job->values = mem_alloc_zero((size_t)count + 1, sizeof *job->values);
  status = flow_bind(object, job->flow, job->args.items.data,
                     job->args.items.length, job->values, error);
  if (status == STATUS_OK) job->value_count = count;
  return status;
}

static int check_options(const Job *job) {
  const Options *options = &job->cli->options;
  if (!options_has(options, OPTION_STREAM) ||
      !options_has(options, OPTION_JSON))
    return EXIT_CODE_DONE;
  return cli_fail(job->cli, EXIT_CODE_USAGE,
                  "--stream shows the result as text while it comes, and "
                  "--json as JSON at the end; leave one out");
}

static int prepare(Job *job) {
  Error error = {0};
  int code = check_options(job);
  if (code == EXIT_CODE_DONE) code = plan_outputs(job);
  if (code == EXIT_CODE_DONE) code = open_program(job);
  if (code != EXIT_CODE_DONE) return code;
  if (bind(job, &error) != STATUS_OK) return cli_fail_error(job->cli, &error);
  code = engine_setup_read(job->cli, &job->setup);
  if (code == EXIT_CODE_DONE)
    engine_setup_note_sim(job->cli, &job->setup, job->program.object);
  return code;
}

/* With --json the print lines are in the object. That they also go to standard
 * error is for people: nothing fails when nobody can read them. */
static bool prints_aside(const Job *job) {
  return options_has(&job->cli->options, OPTION_JSON);
}

/* ---- after the run ------------------------------------------------------- */

/* It did what the program says, which may not be what was meant. */
static void warn_of_stopped(const Cli *cli, const StoppedLoop *loop) {
  char often[40] = "";
  if (loop->times > 1)
    snprintf(often, sizeof often, ", %llu times",
             (unsigned long long)loop->times);
  cli_warning(cli,
              "%.*s:%u:%u: `while` ended after its max of %llu steps with its "
              "condition still true%s",
              SLICE_ARG(loop->file), loop->line, loop->column,
              (unsigned long long)loop->steps, often);
}

static void report_end(const Job *job) {
  const RunMetrics *metrics = run_metrics(job->session.run);
  for (uint32_t i = 0; i < metrics->stopped_count; i++)
    warn_of_stopped(job->cli, &metrics->stopped[i]);
  if (metrics->replies_cut > 0)
    cli_note(job->cli,
             "%llu of %llu replies end in the middle: no more tokens were "
             "allowed (max_tokens, or the model's context)",
             (unsigned long long)metrics->replies_cut,
             (unsigned long long)metrics->requests);
  cli_info(job->cli,
           "%s after %.3f s; nodes run: %llu, model calls made: %llu, at most "
           "%u at once",
           run_status_text(session_status(&job->session)),
           (double)metrics->duration_ns / 1e9,
           (unsigned long long)metrics->nodes_executed,
           (unsigned long long)metrics->requests, metrics->max_parallelism);
}

/* The exit code, with a message when it is not 0. */
static int judge(Job *job) {
  int broke = prints_aside(job) ? 0 : output_error(job->output);
  RunStatus status = session_status(&job->session);
  if (status == RUN_FAILED || status == RUN_EXPIRED)
    return run_failure_tell(job->cli, &job->session);
  if (broke == EPIPE) return EXIT_CODE_DONE;
  if (broke)
    return cli_fail(job->cli, EXIT_CODE_FAILED, "standard output: %s",
                    strerror(broke));
  if (status == RUN_PAUSED) return EXIT_CODE_PAUSED;
  if (status == RUN_CANCELLED) return run_failure_tell(job->cli, &job->session);
  return EXIT_CODE_DONE;
}

/* Nothing when it stands there already, because it was shown as it came. */
static void add_result(const Job *job, Buf *out) {
  Buf text = {0};
  bool is_there = report_result_text(&job->session, &text);
  if (is_there && !stream_has_shown(&job->stream, buf_slice(&text))) {
    if (job->stream.shown > 0) buf_add_text(out, "--- the result ---\n");
    buf_add_slice(out, buf_slice(&text));
    buf_add_char(out, '\n');
  }
  buf_free(&text);
}

/* It was told to end, and has a moment left. */
static bool is_hurried(const Job *job) {
  RunStatus status = session_status(&job->session);
  return status == RUN_CANCELLED || status == RUN_EXPIRED;
}

/* False: standard output has a reader that does not read, or none. */
static bool flush(const Job *job) {
  Error error = {0};
  if (!is_hurried(job)) return output_flush(job->output, &error) == STATUS_OK;
  if (output_flush_until(job->output, clock_now() + GRACE_NS / 4))
    return output_error(job->output) == 0;
  cli_note(job->cli, "not all that was printed has been read");
  return false;
}

/* A reader that does not read is waited for, unless there is no time. */
static int print_text(const Job *job, Slice text) {
  if (prints_aside(job) || !is_hurried(job)) return cli_print(job->cli, text);
  bool has_room = output_write(job->output, text, NULL);
  if (!has_room || !output_is_idle(job->output)) (void)flush(job);
  return EXIT_CODE_DONE;
}

static int print_result(const Job *job) {
  Buf text = {0};
  if (prints_aside(job))
    report_run_json(&job->session, &text);
  else if (session_status(&job->session) == RUN_SUCCESS)
    add_result(job, &text);
  else
    report_partial_text(&job->session, &text);
  int code = print_text(job, buf_slice(&text));
  buf_free(&text);
  return code;
}

static int write_metrics(const Job *job) {
  return write_document(job, job->metrics, report_metrics(&job->session));
}

static int write_trace(const Job *job) {
  TraceFile file;
  trace_file_open(&file, job->trace_file->path);
  report_add_trace(&job->session, job->trace, &file);
  return trace_output_close(job->cli, &file, job->trace_file);
}

/* Files come first: nobody has to read standard output for them. */
static int write_files(const Job *job) {
  int code = EXIT_CODE_DONE, wrote = EXIT_CODE_DONE;
  if (job->metrics && !output_is_stdout(job->metrics)) {
    grace_hold(output_is_regular(job->metrics));
    code = write_metrics(job);
  }
  if (job->trace_file) {
    grace_hold(output_is_regular(job->trace_file));
    wrote = write_trace(job);
  }
  grace_hold(false);
  return code != EXIT_CODE_DONE ? code : wrote;
}

static int finish(Job *job) {
  int code = EXIT_CODE_DONE;
  int wrote = write_files(job);
  if (flush(job) || prints_aside(job)) code = print_result(job);
  if (code == EXIT_CODE_DONE && output_is_stdout(job->metrics))
    code = write_metrics(job);
  report_end(job);
  int verdict = judge(job);
  if (verdict != EXIT_CODE_DONE) return verdict;
  return code != EXIT_CODE_DONE ? code : wrote;
}

/* ---- the run ------------------------------------------------------------- */

/* I/O thread or a worker: the reader has gone, or there is a signal. */
static void stop(void *user) {
  Job *job = user;
  session_cancel(&job->session);
}

static void ignore(void *user) {
  (void)user;
}

/* I/O thread, mostly: see RunOptions.delta. */
static void take_text(void *user, uint32_t attempt, Slice text) {
  Job *job = user;
  stream_take(&job->stream, attempt, text);
}

static void report_start(const Job *job) {
  const Cli *cli = job->cli;
  Buf flow = {0};
  flow_add_signature(job->program.object, job->flow, &flow);
  cli_debug(cli, "compiled in %.3f ms, verified in %.3f ms",
            (double)job->program.compile.phases.total / 1e6,
            (double)job->program.validation_ns / 1e6);
  cli_info(cli, "runs %s", flow.data);
  buf_free(&flow);
}

static Status set_up(Job *job, Error *error) {
  const Cli *cli = job->cli;
  bool is_json = prints_aside(job);
  job->engine = engine_new(&job->setup.options, error);
  if (!job->engine) return STATUS_IO;
  Reactor *reactor = engine_reactor(job->engine);
  session_init(&job->session, job->engine, &job->program);
  job->output = output_new(reactor, is_json ? STDERR_FILENO : STDOUT_FILENO,
                           is_json ? ignore : stop, job, error);
  if (!job->output) return error->status;
  progress_prepare(&job->progress, cli);
  progress_mind(&job->progress, job->output,
                is_json ? STDERR_FILENO : STDOUT_FILENO);
  job->stream = (Stream){.output = job->output, .progress = &job->progress};
  if (job->trace_file) job->trace = trace_new(engine_workers(job->engine));
  return interrupt_watch(&job->interrupt, reactor, stop, job, error);
}

static void tear_down(Job *job) {
  interrupt_unwatch(&job->interrupt);
  if (job->engine) session_free(&job->session);
  if (job->output) output_free(job->output);
  if (job->engine) engine_free(job->engine);
  progress_release(&job->progress);
  stream_free(&job->stream);
  trace_free(job->trace);
}

static int perform(Job *job) {
  const Options *options = &job->cli->options;
  SessionStart start = {
      .flow = job->flow,
      .args = job->values,
      .output = job->output,
      .keep_output = options_has(options, OPTION_JSON),
      .user = job,
      .trace = job->trace,
      .deadline_ns = options->ns[OPTION_DEADLINE],
      .keep_partial = options_has(options, OPTION_PARTIAL),
      .delta = options_has(options, OPTION_STREAM) ? take_text : NULL};
  Error error = {0};
  job->value_count = 0; /* they are the run's now */
  report_start(job);
  if (session_start(&job->session, &start, &error) != STATUS_OK)
    return cli_fail(job->cli, EXIT_CODE_SETUP, "%s", error.message);
  progress_start_run(&job->progress, engine_reactor(job->engine),
                     job->session.run);
  if (start.deadline_ns > 0)
    grace_begin(GRACE_DEADLINE, start.deadline_ns + GRACE_NS);
  session_wait(&job->session);
  if (session_status(&job->session) != RUN_EXPIRED) grace_end(GRACE_DEADLINE);
  progress_stop(&job->progress);
  return finish(job);
}

static int execute(Job *job) {
  Error error = {0};
  int code = set_up(job, &error) == STATUS_OK
                 ? perform(job)
                 : cli_fail_error(job->cli, &error);
  tear_down(job);
  return code;
}

static void free_job(Job *job) {
  for (uint32_t i = 0; i < job->value_count; i++) value_drop(job->values[i]);
  mem_free(job->values);
  args_free(&job->args);
  program_free(&job->program);
  outputs_free(&job->outputs);
  engine_setup_free(&job->setup);
}

int cmd_run(const Cli *cli) {
  int code = cli_want_words(cli, 1, UINT32_MAX);
  if (code != EXIT_CODE_DONE) return code;
  if (each_is_wanted(cli)) return each_run(cli);
  Job job = {.cli = cli, .path = cli->words[0], .progress.fd = -1};
  code = prepare(&job);
  if (code == EXIT_CODE_DONE) code = execute(&job);
  free_job(&job);
  return code;
}

int cmd_execute(const Cli *cli) {
  return cmd_run(cli);
}
