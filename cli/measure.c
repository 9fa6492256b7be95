/* SPDX-License-Identifier: MIT
 *
 * One run after the other on the main thread; Ctrl-C (the I/O thread) cancels
 * the one that is under way and lets no other begin.
 */
#include "cli/measure.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/run_failure.h"
#include "cli/trace_output.h"
#include "core/base/file.h"
#include "lib/flow.h"
#include "lib/report.h"
#include "lib/session.h"

typedef struct Bench {
  Measure *measure;
  Engine *parallel;   /* calls overlap */
  Engine *sequential; /* one call at a time */
  Interrupt interrupt;
  bool shows_progress;  /* how far it is, on the terminal */
  TraceFile trace_file; /* open while flows are measured, if wanted */
  Trace *trace;         /* of the run under way; NULL: not traced */
  Mutex lock;           /* guards current, is_stopped */
  Session *current;     /* the run under way, or NULL */
  bool is_stopped;      /* Ctrl-C */
} Bench;

/* ---- which flows --------------------------------------------------------- */

static Status find_row(const Measure *measure, const char *flow, uint32_t *row,
                       Error *error) {
  const Object *object = measure->program.object;
  Status status = flow_find(object, flow, row, error);
  if (status != STATUS_OK) return status;
  return flow_bind(object, *row, NULL, 0, NULL, error);
}

/* Without --flow all flows that the description names, else that one. */
static int choose_flows(Measure *measure) {
  const Cli *cli = measure->cli;
  const Workload *workload = measure->workload;
  const char *wanted = cli->options.value[OPTION_FLOW];
  uint32_t wanted_row = 0;
  Error error = {0};
  if (wanted && find_row(measure, wanted, &wanted_row, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  for (uint32_t i = 0; i < workload->flows.length; i++) {
    const WorkloadFlow *flow = &workload->flows.data[i];
    uint32_t row;
    if (find_row(measure, flow->flow, &row, &error) != STATUS_OK)
      return cli_fail(cli, EXIT_CODE_SETUP, "%s/workload.json: %s",
                      workload->folder, error.message);
    if (wanted && row != wanted_row) continue;
    Series series = {.flow = flow->flow, .n = flow->n};
    vec_push(&measure->series, series);
  }
  if (measure->series.length > 0) return EXIT_CODE_DONE;
  return cli_fail(cli, EXIT_CODE_USAGE, "%s measures no flow%s%s",
                  workload->directory, wanted ? " " : "", wanted ? wanted : "");
}

/* ---- progress ------------------------------------------------------------ */

static void show(const Bench *bench, const Series *series, const char *how,
                 uint32_t at, uint32_t of) {
  char line[160];
  if (!bench->shows_progress) return;
  int length = snprintf(line, sizeof line, "\r\033[K%s: %s %u of %u",
                        series->flow, how, at + 1, of);
  if (length > 0 && (size_t)length < sizeof line)
    (void)!write(STDERR_FILENO, line, (size_t)length);
}

static void clear_progress(const Bench *bench) {
  if (bench->shows_progress) (void)!write(STDERR_FILENO, "\r\033[K", 4);
}

/* ---- one run ------------------------------------------------------------- */

/* I/O thread. */
static void stop(void *user) {
  Bench *bench = user;
  mutex_lock(&bench->lock);
  bench->is_stopped = true;
  if (bench->current) session_cancel(bench->current);
  mutex_unlock(&bench->lock);
}

/* False: do not begin. */
static bool set_current(Bench *bench, Session *session) {
  mutex_lock(&bench->lock);
  bench->current = bench->is_stopped ? NULL : session;
  bool goes_on = !bench->is_stopped;
  mutex_unlock(&bench->lock);
  return goes_on;
}

static int fail_interrupted(const Bench *bench, const Series *series) {
  clear_progress(bench);
  return cli_fail(bench->measure->cli, EXIT_CODE_INTERRUPTED,
                  "interrupted in %s", series->flow);
}

static int judge(const Bench *bench, const Series *series,
                 const Session *session) {
  const Cli *cli = bench->measure->cli;
  RunStatus status = session_status(session);
  if (status == RUN_SUCCESS) return EXIT_CODE_DONE;
  if (status == RUN_CANCELLED) return fail_interrupted(bench, series);
  clear_progress(bench);
  return run_failure_tell(cli, session);
}

static int run_session(Bench *bench, const Series *series, Session *session,
                       const SessionStart *start) {
  Error error = {0};
  if (session_start(session, start, &error) != STATUS_OK)
    return cli_fail(bench->measure->cli, EXIT_CODE_SETUP, "%s", error.message);
  session_wait(session);
  if (start->trace) report_add_trace(session, start->trace, &bench->trace_file);
  return judge(bench, series, session);
}

/* Runs a flow once; its figures go to `add`, or nowhere when that is NULL. */
static int run_once(Bench *bench, Engine *engine, Series *series,
                    const char *phase,
                    void (*add)(Series *, const RunMetrics *)) {
  const Measure *measure = bench->measure;
  Session session;
  SessionStart start = {.phase = phase, .trace = bench->trace};
  Error error = {0};
  if (find_row(measure, series->flow, &start.flow, &error) != STATUS_OK)
    return cli_fail_error(measure->cli, &error);
  session_init(&session, engine, &measure->program);
  int code = set_current(bench, &session)
                 ? run_session(bench, series, &session, &start)
                 : fail_interrupted(bench, series);
  if (code == EXIT_CODE_DONE && add) add(series, run_metrics(session.run));
  set_current(bench, NULL);
  session_free(&session);
  return code;
}

static int repeat(Bench *bench, Engine *engine, Series *series, const char *how,
                  uint32_t times, void (*add)(Series *, const RunMetrics *)) {
  int code = EXIT_CODE_DONE;
  for (uint32_t i = 0; i < times && code == EXIT_CODE_DONE; i++) {
    show(bench, series, how, i, times);
    code = run_once(bench, engine, series, how, add);
  }
  return code;
}

/* A run of its own, so that tracing costs the measured ones nothing. */
static int trace_once(Bench *bench, Series *series) {
  if (!bench->measure->trace) return EXIT_CODE_DONE;
  bench->trace = trace_new(engine_workers(bench->parallel));
  int code = repeat(bench, bench->parallel, series, "trace", 1, NULL);
  trace_free(bench->trace);
  bench->trace = NULL;
  return code;
}

static int measure_series(Bench *bench, Series *series) {
  const Measure *measure = bench->measure;
  uint32_t warmup = measure->warmup, times = measure->iterations;
  int code = repeat(bench, bench->parallel, series, "warmup", warmup, NULL);
  if (code == EXIT_CODE_DONE)
    code = repeat(bench, bench->parallel, series, "parallel", times,
                  series_add_parallel);
  if (code == EXIT_CODE_DONE) code = trace_once(bench, series);
  if (code == EXIT_CODE_DONE)
    code = repeat(bench, bench->sequential, series, "warmup", warmup > 0, NULL);
  if (code == EXIT_CODE_DONE)
    code = repeat(bench, bench->sequential, series, "sequential", times,
                  series_add_sequential);
  return code;
}

static int measure_all(Bench *bench) {
  Measure *measure = bench->measure;
  int code = EXIT_CODE_DONE;
  if (measure->trace) trace_file_open(&bench->trace_file, measure->trace->path);
  for (uint32_t i = 0; i < measure->series.length && code == EXIT_CODE_DONE;
       i++)
    code = measure_series(bench, &measure->series.data[i]);
  clear_progress(bench);
  if (measure->trace)
    measure->trace_code =
        trace_output_close(measure->cli, &bench->trace_file, measure->trace);
  return code;
}

/* ---- engines ------------------------------------------------------------- */

static Status describe(Measure *measure, Engine *engine, Error *error) {
  const ModelBackend *backend =
      model_client_backend(engine_model(engine), (Slice){0}, error);
  if (!backend) return error->status;
  measure->workers = engine_workers(engine);
  measure->in_flight_limit = model_backend_limit(backend);
  snprintf(measure->backend, sizeof measure->backend, "%s",
           model_backend_name(backend));
  snprintf(measure->detail, sizeof measure->detail, "%s",
           model_backend_detail(backend));
  return STATUS_OK;
}

static Status open_engines(Bench *bench, Error *error) {
  EngineOptions options = bench->measure->setup.options;
  bench->parallel = engine_new(&options, error);
  if (!bench->parallel) return error->status;
  options.model.max_in_flight = 1;
  bench->sequential = engine_new(&options, error);
  if (!bench->sequential) return error->status;
  if (describe(bench->measure, bench->parallel, error) != STATUS_OK)
    return error->status;
  return interrupt_watch(&bench->interrupt, engine_reactor(bench->parallel),
                         stop, bench, error);
}

static void close_engines(Bench *bench) {
  interrupt_unwatch(&bench->interrupt);
  if (bench->sequential) engine_free(bench->sequential);
  if (bench->parallel) engine_free(bench->parallel);
}

static int run_bench(Measure *measure) {
  const Cli *cli = measure->cli;
  Error error = {0};
  Bench bench = {.measure = measure, .shows_progress = cli_may_draw(cli)};
  mutex_init(&bench.lock);
  int code = open_engines(&bench, &error) == STATUS_OK
                 ? measure_all(&bench)
                 : cli_fail_error(cli, &error);
  close_engines(&bench);
  mutex_destroy(&bench.lock);
  return code;
}

int measure_run(Measure *measure) {
  const Cli *cli = measure->cli;
  const Workload *workload = measure->workload;
  CompileOptions options = cli_compile_options(cli);
  const Options *given = &cli->options;
  measure->iterations = (uint32_t)options_number(given, OPTION_ITERATIONS, 10);
  measure->warmup = (uint32_t)options_number(given, OPTION_WARMUP, 3);
  int code = cli_open(cli, workload->program, &options, &measure->program);
  if (code == EXIT_CODE_DONE) code = choose_flows(measure);
  if (code != EXIT_CODE_DONE) return code;
  code = engine_setup_read(cli, &measure->setup);
  if (code != EXIT_CODE_DONE) return code;
  engine_setup_note_sim(cli, &measure->setup, measure->program.object);
  return run_bench(measure);
}

void measure_free(Measure *measure) {
  for (uint32_t i = 0; i < measure->series.length; i++)
    series_free(&measure->series.data[i]);
  vec_free(&measure->series);
  program_free(&measure->program);
  engine_setup_free(&measure->setup);
}
