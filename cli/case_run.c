/* SPDX-License-Identifier: MIT
 *
 * Cases are hermetic: what the user's own configuration says does not matter,
 * of the project's only its instructions and the models of the backends that a
 * program names. With --rerecord the user's backends and keys are used, but not
 * the user's instructions, or the tape would only answer on this machine.
 *
 * Main thread, except on_event.
 */
#include "cli/case_run.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "lib/backend_choice.h"
#include "lib/flow.h"

enum { OPEN_MAX = 32 }; /* cases at once */

/* ---- opening ------------------------------------------------------------- */

static bool records(const Suite *suite) {
  return options_has(&suite->cli->options, OPTION_RERECORD);
}

/* Everything of the user's but the instructions. */
static Status take_instructions(Suite *suite, const char *folder,
                                Error *error) {
  Status status = config_load_project(folder, &suite->project, error);
  if (status != STATUS_OK) return status;
  vec_free(&suite->config.instructions);
  suite->config.instructions = suite->project.instructions;
  memset(&suite->project.instructions, 0, sizeof suite->project.instructions);
  return STATUS_OK;
}

static Status load_config(Suite *suite, Error *error) {
  const char *folder = suite->file.folder[0] ? suite->file.folder : NULL;
  if (records(suite)) {
    Status status = config_load(folder, &suite->config, error);
    return status == STATUS_OK ? take_instructions(suite, folder, error)
                               : status;
  }
  Status status = config_load_project(folder, &suite->config, error);
  suite->config.backend = NULL; /* its model is whatever was recorded */
  return status;
}

int suite_open(Suite *suite, const Cli *cli, const char *path) {
  CompileOptions options = cli_compile_options(cli);
  Error error = {0};
  *suite = (Suite){.cli = cli};
  arena_init(&suite->project.arena);
  arena_init(&suite->config.arena);
  if (case_file_read(path, &suite->file, &error) != STATUS_OK ||
      load_config(suite, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  suite->has_tape = file_exists(suite->file.tape);
  suite->runs =
      mem_alloc_zero(suite->file.cases.length + 1, sizeof *suite->runs);
  for (uint32_t i = 0; i < suite->file.cases.length; i++) {
    suite->runs[i].one = &suite->file.cases.data[i];
    mutex_init(&suite->runs[i].lock);
    arena_init(&suite->runs[i].arena);
  }
  return cli_open(cli, suite->file.program, &options, &suite->program);
}

void suite_free(Suite *suite) {
  for (uint32_t i = 0; suite->runs && i < suite->file.cases.length; i++) {
    CaseRun *run = &suite->runs[i];
    case_faults_free(&run->faults);
    vec_free(&run->prompts);
    arena_free(&run->arena);
    mutex_destroy(&run->lock);
  }
  mem_free(suite->runs);
  engine_free(suite->engine);
  program_free(&suite->program);
  config_free(&suite->project);
  config_free(&suite->config);
  case_file_free(&suite->file);
}

/* ---- engines ------------------------------------------------------------- */

static void fill_models(const Suite *suite, const Case *one,
                        ModelOptions *model) {
  const Options *options = &suite->cli->options;
  model->config = &suite->config;
  if (one->script) {
    model->script = one->script;
    return;
  }
  if (!records(suite)) {
    if (suite->has_tape)
      model->replay = suite->file.tape;
    else
      model->script = ""; /* for flows that call no model */
    return;
  }
  BackendChoice choice = {.named = options->value[OPTION_BACKEND]};
  if (options_has(options, OPTION_SIM_PROFILE))
    choice.sim_option = "--sim-profile";
  model->backend = backend_choice_name(&choice, &suite->config);
  model->model = options->value[OPTION_MODEL];
  model->sim_profile = options->value[OPTION_SIM_PROFILE];
  model->max_in_flight =
      (uint32_t)options_number(options, OPTION_MAX_IN_FLIGHT, 0);
  model->record = suite->file.tape;
  model->record_whole = !options_has(options, OPTION_FILTER);
}

/* NULL: there is none, and `error` says why. */
static Engine *engine_for(Suite *suite, CaseRun *run, Error *error) {
  const Case *one = run->one;
  EngineOptions options = {.workers = one->script ? 1 : 0};
  if (!one->script && suite->engine) return suite->engine;
  fill_models(suite, one, &options.model);
  Engine *engine = engine_new(&options, error);
  if (one->script)
    run->engine = engine;
  else
    suite->engine = engine;
  return engine;
}

/* ---- one case ------------------------------------------------------------ */

static void add_fault(CaseRun *run, const char *what, const char *message) {
  CaseFault fault = {.what = what, .place = run->one->place};
  buf_add_text(&fault.message, message);
  vec_push(&run->faults, fault);
}

/* Any thread. */
static void on_event(void *user, const RunEvent *event) {
  CaseRun *run = user;
  Slice prompt = event->prompt;
  if (event->kind != RUN_EVENT_CALL_STARTED) return;
  mutex_lock(&run->lock);
  prompt.data = arena_copy(&run->arena, prompt.data, prompt.length);
  vec_push(&run->prompts, prompt);
  mutex_unlock(&run->lock);
}

typedef VEC(FlowArg) Args;

/* A text as it is written, anything else as JSON. */
static void add_arg(CaseRun *run, const YamlNode *node, const char *name,
                    Args *args) {
  Slice text = node->text;
  if (node->kind != YAML_SCALAR) {
    Buf json = {0};
    yaml_add_json(node, &json);
    text = slice_from(arena_copy(&run->arena, json.data, json.length),
                      json.length);
    buf_free(&json);
  }
  FlowArg arg = {.name = name, .text = text};
  vec_push(args, arg);
}

static void collect_args(CaseRun *run, Args *args) {
  const YamlNode *node = run->one->args;
  if (!node) return;
  if (node->kind == YAML_SCALAR) add_arg(run, node, NULL, args);
  for (const YamlNode *item = node->first; item; item = item->next)
    add_arg(run, item, item->key ? item->key->text.data : NULL, args);
}

/* The values are the run's, once it has started. */
static Status bind(const Suite *suite, CaseRun *run, uint32_t *flow,
                   Value **values, Error *error) {
  const Object *object = suite->program.object;
  Args args = {0};
  Status status = flow_find(object, run->one->flow, flow, error);
  if (status != STATUS_OK) return status;
  size_t count = (size_t)object->flows[*flow].param_count + 1;
  *values = mem_alloc_zero(count, sizeof **values);
  collect_args(run, &args);
  status = flow_bind(object, *flow, args.data, args.length, *values, error);
  vec_free(&args);
  return status;
}

static Status begin(Suite *suite, CaseRun *run, Error *error) {
  const Case *one = run->one;
  Value *values = NULL;
  SessionStart start = {.keep_output = true,
                        .name = one->name,
                        .user = run,
                        .deadline_ns = one->timeout_ns};
  if (one->expect[EXPECT_PROMPTS_CONTAIN]) start.event = on_event;
  Engine *engine = engine_for(suite, run, error);
  if (!engine) return STATUS_IO;
  Status status = bind(suite, run, &start.flow, &values, error);
  if (status == STATUS_OK) {
    start.args = values;
    session_init(&run->session, engine, &suite->program);
    run->is_open = true;
    status = session_start(&run->session, &start, error);
  }
  mem_free(values);
  return status;
}

static void close_run(CaseRun *run) {
  if (run->is_open) session_free(&run->session);
  run->is_open = false;
  engine_free(run->engine);
  run->engine = NULL;
}

/* What a reply that is missing calls for. */
static void add_advice(const Suite *suite, CaseRun *run) {
  if (run->one->script || run->faults.length == 0) return;
  Buf *message = &run->faults.data[0].message;
  if (suite->has_tape)
    buf_addf(message, "; `apxm test --rerecord %s` records anew",
             suite->file.path);
  else
    buf_addf(message,
             "; there is no tape %s: `apxm test --rerecord %s` makes it, or "
             "the case has `replies`",
             suite->file.tape, suite->file.path);
}

static void judge(const Suite *suite, CaseRun *run) {
  const Run *engine_run = run->session.run;
  const RunFailure *failure = run_failure(engine_run);
  CaseOutcome outcome = {.status = session_status(&run->session),
                         .result = run_result(engine_run),
                         .error = run_error(engine_run),
                         .failure = failure ? failure->code : NULL,
                         .calls = run_metrics(engine_run)->requests,
                         .prompts = run->prompts.data,
                         .prompt_count = run->prompts.length};
  outcome.line_count = run_output_lines(engine_run, &outcome.lines);
  run->calls = outcome.calls;
  run->runtime_ns = run->session.runtime_ns;
  case_judge(run->one, &outcome, &run->faults);
  if (outcome.failure && strcmp(outcome.failure, "not_recorded") == 0)
    add_advice(suite, run);
}

/* It is over when this returns. */
static void finish(const Suite *suite, CaseRun *run) {
  if (run->is_open && run->session.run) {
    session_wait(&run->session);
    judge(suite, run);
  }
  close_run(run);
  if (run->verdict == CASE_PASSED && run->faults.length > 0)
    run->verdict = CASE_FAILED;
}

static bool is_wanted(const Suite *suite, const Case *one) {
  const char *filter = suite->cli->options.value[OPTION_FILTER];
  return !filter || strstr(one->name, filter) ||
         strstr(suite->file.path, filter);
}

static void start(Suite *suite, CaseRun *run) {
  Error error = {0};
  if (!is_wanted(suite, run->one)) return;
  run->verdict = run->one->skip ? CASE_SKIPPED : CASE_PASSED;
  if (run->one->skip) return;
  if (begin(suite, run, &error) != STATUS_OK)
    add_fault(run, "run", error.message);
}

/* ---- all of them --------------------------------------------------------- */

void suite_run(Suite *suite, void (*judged)(void *user, const CaseRun *run),
               void *user) {
  uint32_t count = suite->file.cases.length;
  for (uint32_t started = 0, done = 0; done < count; done++) {
    for (; started < count && started - done < OPEN_MAX; started++)
      start(suite, &suite->runs[started]);
    finish(suite, &suite->runs[done]);
    judged(user, &suite->runs[done]);
  }
}
