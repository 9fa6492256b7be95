/* SPDX-License-Identifier: MIT
 *
 * What apxm.h promises, one promise a line: compile from memory, look at a
 * program, run it with output, events, progress and a trace, two runs at once,
 * cancel, configuration and backends, and what errors say. Prints what it
 * does; exits 1 at the first promise that is not kept. (examples/embed.c is
 * what a user would write.)
 */
#include <apxm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char source[] =
    "agent Writer {\n"
    "  @entry flow write(topic: str, times: num) -> str {\n"
    "    print(\"on \", topic)\n"
    "    ask(\"Write about {{ topic }}.\") -> draft\n"
    "    print(\"written \", times, \" times\")\n"
    "    return draft\n"
    "  }\n"
    "  flow chatty() -> list<num> {\n"
    "    print(\"one\") print(\"two\") print(\"three\")\n"
    "    return [1, 2]\n"
    "  }\n"
    "}\n";

static void expect(int kept, const char *promise) {
  printf("%s: %s\n", kept ? "ok" : "NOT KEPT", promise);
  fflush(stdout);
  if (!kept) exit(1);
}

static int has(const char *text, const char *part) {
  return text && strstr(text, part) != NULL;
}

/* ---- compiling ----------------------------------------------------------- */

static void broken_source(void) {
  static const char wrong[] = "agent A { flow f() { print(nobody) } }";
  apxm_error error;
  apxm_compilation *made =
      apxm_compile(wrong, strlen(wrong), "wrong.ais", 1, &error);
  expect(made && !apxm_compilation_ok(made), "a wrong source has a result");
  size_t size = 1;
  expect(!apxm_compilation_object(made, &size) && size == 0,
         "but no object file");
  expect(has(apxm_compilation_diagnostics(made, APXM_TEXT), "error[E0102]"),
         "its diagnostics are text");
  expect(
      has(apxm_compilation_diagnostics(made, APXM_JSON), "\"code\":\"E0102\""),
      "and JSON");
  expect(has(apxm_compilation_report(made), "\"diagnostics\""),
         "and part of a report");
  apxm_compilation_free(made);
  expect(!apxm_program_load(wrong, strlen(wrong), "wrong.ais", 1, &error) &&
             error.status == APXM_COMPILE && has(error.message, "wrong.ais:1:"),
         "as a program it is an error with a place");
  expect(!apxm_compile(wrong, strlen(wrong), "wrong.ais", 7, &error) &&
             error.status == APXM_USAGE,
         "there is no level 7");
}

/* The program by way of an object file in memory. */
static apxm_program *compiled_program(void) {
  apxm_error error;
  size_t size, size_again;
  apxm_compilation *one =
      apxm_compile(source, strlen(source), "writer.ais", 1, &error);
  apxm_compilation *two =
      apxm_compile(source, strlen(source), "writer.ais", 1, NULL);
  expect(one && apxm_compilation_ok(one), "the source compiles");
  const void *object = apxm_compilation_object(one, &size);
  const void *again = apxm_compilation_object(two, &size_again);
  expect(size == size_again && memcmp(object, again, size) == 0,
         "twice to the same bytes");
  expect(strcmp(apxm_compilation_diagnostics(one, APXM_TEXT), "") == 0,
         "without a word");
  apxm_program *program =
      apxm_program_load(object, size, "writer.apxmobj", 1, &error);
  expect(program != NULL, "and the bytes are a program");
  expect(!apxm_program_load(object, size - 1, "cut", 1, &error) &&
             error.status == APXM_FORMAT,
         "but not without the last of them");
  apxm_compilation_free(one);
  apxm_compilation_free(two);
  return program;
}

static void look_at(const apxm_program *program) {
  expect(apxm_program_flow_count(program) == 2, "two flows");
  expect(strcmp(apxm_program_flow_name(program, 0), "Writer.write") == 0,
         "the first by name");
  expect(strcmp(apxm_program_flow_signature(program, 0),
                "Writer.write(topic: str, times: num) -> str") == 0,
         "and signature");
  expect(apxm_program_entry(program) == 0, "which is the entry");
  expect(!apxm_program_flow_name(program, 2), "and no third");
}

/* ---- running ------------------------------------------------------------- */

typedef struct Seen {
  char text[256];
  size_t length;
  int started, ended, finished; /* one call at a time in these runs */
  apxm_event last;              /* without its texts */
} Seen;

static void take_output(void *user, const char *text, size_t length) {
  Seen *seen = user;
  if (seen->length + length >= sizeof seen->text) return;
  memcpy(seen->text + seen->length, text, length);
  seen->length += length;
  seen->text[seen->length] = '\0';
}

static void take_event(void *user, const apxm_event *event) {
  Seen *seen = user;
  expect(event->size == sizeof *event && event->run && event->call > 0,
         "an event has its size, its run and its call");
  expect(strcmp(event->node, "Writer.write: draft (ask)") == 0 &&
             strcmp(event->file, "writer.ais") == 0 && event->line == 4 &&
             event->column == 5,
         "it names the node and its place");
  expect(strcmp(event->backend, "sim") == 0 && strcmp(event->model, "big") == 0,
         "and backend and model");
  expect(!seen->finished, "and comes before the end");
  if (event->kind == APXM_CALL_STARTED) {
    expect(!event->service_ns && !event->error[0], "what starts has no end");
    seen->started++;
  } else {
    expect(seen->last.call == event->call, "what ends is what has started");
    seen->ended++;
  }
  seen->last = *event;
}

static void take_end(void *user) {
  ((Seen *)user)->finished++;
}

static void run_with_arguments(apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  Seen seen = {.finished = 0};
  const apxm_argument arguments[] = {{"times", "3", 1}, {NULL, "tea", 3}};
  apxm_run_options options = {.size = sizeof options,
                              .arguments = arguments,
                              .argument_count = 2,
                              .output = take_output,
                              .finished = take_end,
                              .user = &seen,
                              .keep_output = 1};
  apxm_run *run = apxm_run_start(program, engine, &options, &error);
  expect(run && apxm_run_wait(run) == APXM_RUN_SUCCESS, "a run succeeds");
  expect(strcmp(seen.text, "on tea\nwritten 3 times\n") == 0,
         "its output came, all of it, before the wait was over");
  expect(seen.finished == 1, "and it said once that it had finished");
  size_t length = 0;
  const char *result = apxm_run_result(run, &length);
  expect(length > 0 && strlen(result) == length, "the result is a text");
  expect(apxm_run_result_json(run)[0] == '"', "and a JSON text");
  expect(strcmp(apxm_run_error(run), "") == 0 &&
             strcmp(apxm_run_failure_json(run), "null") == 0,
         "there is no error");
  expect(has(apxm_run_metrics(run), "\"total_requests\":\t1"),
         "the metrics count one request");
  expect(
      has(apxm_run_report(run), "\"output\":[\"on tea\",\"written 3 times\"]"),
      "the report has the lines");
  apxm_run_free(run);
}

/* Started with an event function, on an engine with a model of its own. */
static void run_with_events(apxm_program *program) {
  apxm_error error;
  Seen seen = {.finished = 0};
  const apxm_argument arguments[] = {{NULL, "tea", 3}, {NULL, "3", 1}};
  apxm_run_options options = {.size = sizeof options,
                              .arguments = arguments,
                              .argument_count = 2,
                              .event = take_event,
                              .finished = take_end,
                              .user = &seen};
  apxm_engine_options model = {.size = sizeof model,
                               .backend = "sim",
                               .model = "big",
                               .sim_profile = "fixed:5"};
  apxm_engine *engine = apxm_engine_new(&model, &error);
  expect(engine != NULL, "an engine with a model");
  apxm_run *run = apxm_run_start(program, engine, &options, &error);
  expect(run && apxm_run_wait(run) == APXM_RUN_SUCCESS, "a run with events");
  expect(seen.started == 1 && seen.ended == 1 && seen.finished == 1,
         "one call, told twice");
  expect(seen.last.status == APXM_CALL_OK && seen.last.service_ns >= 5000000 &&
             seen.last.at_ns >= seen.last.service_ns &&
             seen.last.input_tokens > 0 && seen.last.output_tokens > 0,
         "with its time and tokens");
  apxm_progress now = {.size = sizeof now};
  apxm_run_progress(run, &now);
  expect(now.done == 1 && now.open == 0 && now.waiting == 0 &&
             now.failed == 0 && now.output_tokens == seen.last.output_tokens &&
             now.elapsed_ns > 0,
         "and progress says the same");
  apxm_progress half = {.size = offsetof(apxm_progress, done), .done = 77};
  apxm_run_progress(run, &half);
  expect(half.size == offsetof(apxm_progress, done) && half.done == 77,
         "a smaller struct is filled as far as it goes");
  expect(apxm_run_write_trace(run, "trace.json", &error) == APXM_USAGE &&
             has(error.message, "keep_trace"),
         "there is no trace that was not recorded");
  apxm_run_free(run);
  apxm_engine_free(engine);
}

static void expect_played(apxm_program *program, const char *topic,
                          apxm_run_outcome status, char **result,
                          const apxm_engine_options *options) {
  apxm_error error;
  const apxm_argument arguments[] = {{NULL, topic, 3}, {NULL, "3", 1}};
  apxm_run_options one = {
      .size = sizeof one, .arguments = arguments, .argument_count = 2};
  apxm_engine *engine = apxm_engine_new(options, &error);
  expect(engine != NULL, "an engine with a tape");
  apxm_run *run = apxm_run_start(program, engine, &one, &error);
  expect(run && apxm_run_wait(run) == status, "its run ends as it must");
  *result = strdup(status == APXM_RUN_SUCCESS ? apxm_run_result(run, NULL)
                                              : apxm_run_error(run));
  apxm_run_free(run);
  apxm_engine_free(engine);
}

static void recorded(apxm_program *program) {
  apxm_error error;
  apxm_engine_options record = {.size = sizeof record, .record = "tape"};
  apxm_engine_options replay = {
      .size = sizeof replay, .replay = "tape", .backend = "openai"};
  char *first, *again, *other;
  expect_played(program, "tea", APXM_RUN_SUCCESS, &first, &record);
  expect_played(program, "tea", APXM_RUN_SUCCESS, &again, &replay);
  expect(strcmp(first, again) == 0, "a replay says the same, without a key");
  expect_played(program, "ale", APXM_RUN_FAILED, &other, &replay);
  expect(has(other, "no such request"), "and nothing else");
  replay.record = "other";
  expect(!apxm_engine_new(&replay, &error) && error.status == APXM_USAGE,
         "what replays cannot record");
  replay = (apxm_engine_options){.size = sizeof replay, .replay = "nowhere"};
  expect(!apxm_engine_new(&replay, &error) && has(error.message, "nowhere"),
         "a tape must be there");
  free(first);
  free(again);
  free(other);
}

/* The two know nothing of each other. */
static void two_at_once(apxm_program *program, apxm_engine *engine) {
  Seen seen[2] = {{.finished = 0}, {.finished = 0}};
  apxm_run *run[2];
  for (int i = 0; i < 2; i++) {
    const apxm_argument arguments[] = {{NULL, i ? "ale" : "tea", 3},
                                       {NULL, "3", 1}};
    apxm_run_options options = {.size = sizeof options,
                                .arguments = arguments,
                                .argument_count = 2,
                                .output = take_output,
                                .user = &seen[i]};
    run[i] = apxm_run_start(program, engine, &options, NULL);
  }
  expect(apxm_run_wait(run[1]) == APXM_RUN_SUCCESS &&
             apxm_run_wait(run[0]) == APXM_RUN_SUCCESS,
         "two runs at once, waited for in any order");
  expect(has(seen[0].text, "on tea") && !has(seen[0].text, "ale") &&
             has(seen[1].text, "on ale") && !has(seen[1].text, "tea"),
         "each with its own output");
  expect(strcmp(apxm_run_result(run[0], NULL), apxm_run_result(run[1], NULL)),
         "and result");
  apxm_run_free(run[0]);
  apxm_run_free(run[1]);
}

static void run_without_output(apxm_program *program, apxm_engine *engine) {
  apxm_run_options options = {.size = sizeof options, .flow = "chatty"};
  apxm_run *run = apxm_run_start(program, engine, &options, NULL);
  expect(run && strcmp(apxm_run_result(run, NULL), "[1,2]") == 0,
         "another flow, without being waited for");
  apxm_run_free(run);
  run = apxm_run_start(program, engine, &options, NULL);
  apxm_run_free(run);
  expect(1, "a run may be freed at once");
}

/* More than a process may have descriptors, as a rule. */
static void a_thousand_at_once(apxm_program *program, apxm_engine *engine) {
  enum { COUNT = 1000 };
  apxm_run **runs = calloc(COUNT, sizeof(apxm_run *));
  Seen *seen = calloc(COUNT, sizeof *seen);
  int whole = 0;
  for (int i = 0; runs && seen && i < COUNT; i++) {
    apxm_run_options options = {.size = sizeof options,
                                .flow = "chatty",
                                .output = take_output,
                                .user = &seen[i]};
    runs[i] = apxm_run_start(program, engine, &options, NULL);
    if (!runs[i]) break;
  }
  for (int i = 0; runs && seen && i < COUNT && runs[i]; i++) {
    whole += apxm_run_wait(runs[i]) == APXM_RUN_SUCCESS &&
             strcmp(seen[i].text, "one\ntwo\nthree\n") == 0;
    apxm_run_free(runs[i]);
  }
  expect(whole == COUNT, "a thousand runs at once, each with its output");
  free(runs);
  free(seen);
}

static void wrong_use(apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  apxm_run_options options = {.size = sizeof options, .flow = "chaty"};
  expect(!apxm_run_start(program, engine, &options, &error) &&
             error.status == APXM_USAGE && has(error.message, "Writer.chatty"),
         "an unknown flow is told with the nearest");
  expect(!apxm_run_start(program, engine, NULL, &error) &&
             error.status == APXM_USAGE &&
             has(error.message, "Writer.write(topic: str, times: num)"),
         "missing arguments are told with the signature");
  expect(
      !apxm_run_start(NULL, engine, NULL, &error) && error.status == APXM_USAGE,
      "no program, no run");
  apxm_engine_options wrong = {.size = sizeof wrong, .sim_profile = "no/file"};
  expect(!apxm_engine_new(&wrong, &error) && error.message[0],
         "an engine on an unknown profile is not made");
}

/* ---- options of other versions ------------------------------------------- */

static void versions(apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  struct {
    apxm_run_options options;
    void *of_tomorrow;
  } later = {{.size = sizeof later, .flow = "chatty"}, NULL};
  apxm_run *run = apxm_run_start(program, engine, &later.options, &error);
  expect(run != NULL, "fields of a later version may be there");
  apxm_run_free(run);
  later.of_tomorrow = &later;
  expect(!apxm_run_start(program, engine, &later.options, &error) &&
             error.status == APXM_USAGE && has(error.message, apxm_version()),
         "but not be set");
  apxm_run_options earlier = {.size = offsetof(apxm_run_options, output),
                              .flow = "chatty",
                              .keep_trace = 1};
  run = apxm_run_start(program, engine, &earlier, &error);
  expect(run && apxm_run_write_trace(run, "trace.json", NULL) == APXM_USAGE,
         "fields that an earlier version has not are not looked at");
  apxm_run_free(run);
  apxm_engine_options none = {.workers = 1};
  expect(!apxm_engine_new(&none, &error) && error.status == APXM_USAGE &&
             has(error.message, "size"),
         "options without a size are refused");
}

/* ---- configuration, backends and files ----------------------------------- */

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  expect(file && fputs(text, file) >= 0 && fclose(file) == 0,
         "a file is written");
}

/* A folder that nobody else knows becomes the working folder, and what a user
 * may have configured is not seen. */
static void enter_folder(char *folder) {
  expect(mkdtemp(folder) && chdir(folder) == 0, "a folder of its own");
  expect(setenv("APXM_HOME", folder, 1) == 0 && mkdir(".apxm", 0700) == 0,
         "with a place for a configuration");
}

static void leave_folder(const char *folder) {
  unlink(".apxm/config.yaml");
  unlink("trace.json");
  rmdir(".apxm");
  pid_t child = fork();
  if (child == 0) {
    execlp("rm", "rm", "-r", "tape", (char *)NULL);
    _exit(127);
  }
  waitpid(child, NULL, 0);
  expect(chdir("/") == 0 && rmdir(folder) == 0, "nothing else is left behind");
}

static void unusable_backend(const char *config, const char *backend,
                             apxm_program *program, const char *named) {
  apxm_error error;
  const apxm_argument arguments[] = {{NULL, "tea", 3}, {NULL, "1", 1}};
  apxm_run_options run = {
      .size = sizeof run, .arguments = arguments, .argument_count = 2};
  apxm_engine_options options = {
      .size = sizeof options, .config = config, .backend = backend};
  apxm_engine *engine = apxm_engine_new(&options, &error);
  expect((!engine || !apxm_run_start(program, engine, &run, &error)) &&
             error.status == APXM_BACKEND && has(error.message, named),
         "a backend that cannot be used is named");
  apxm_engine_free(engine);
}

static void backends(apxm_program *program) {
  apxm_error error;
  apxm_engine_options options = {.size = sizeof options, .config = "."};
  write_text(".apxm/config.yaml",
             "backend: lab\n"
             "backends:\n"
             "  lab: {provider: sim, model: small}\n"
             "  far: {provider: openai, url: \"http://127.0.0.1:1/v1\", "
             "key: \"env:APXM_TEST_NO_SUCH_KEY\"}\n");
  apxm_engine *engine = apxm_engine_new(&options, &error);
  expect(engine != NULL, "a configuration that is asked for is read");
  apxm_engine_free(engine);
  unusable_backend(".", "labb", program, "lab");
  unusable_backend(".", "far", program, "APXM_TEST_NO_SUCH_KEY");
  unusable_backend(NULL, "far", program, "far");
  options.backend = "far";
  options.sim_profile = "instant";
  expect(!apxm_engine_new(&options, &error) && error.status == APXM_USAGE &&
             has(error.message, "sim_profile"),
         "what is for sim does not go with another backend");
  write_text(".apxm/config.yaml", "backends: 7\n");
  options = (apxm_engine_options){.size = sizeof options};
  engine = apxm_engine_new(&options, &error);
  expect(engine != NULL, "one that is not asked for is not");
  apxm_engine_free(engine);
  options.config = ".";
  expect(!apxm_engine_new(&options, &error) && error.status == APXM_CONFIG &&
             has(error.message, ".apxm/config.yaml:1:"),
         "a wrong one is told with its place");
}

static void take_failure(void *user, const apxm_event *event) {
  Seen *seen = user;
  if (event->kind == APXM_CALL_STARTED) return;
  seen->last = *event;
  expect(has(event->error, "127.0.0.1"), "why a call fails is told");
}

/* Nobody listens on the first port. */
static void unreachable(apxm_program *program) {
  apxm_error error;
  Seen seen = {.finished = 0};
  const apxm_argument arguments[] = {{NULL, "tea", 3}, {NULL, "1", 1}};
  apxm_run_options options = {.size = sizeof options,
                              .arguments = arguments,
                              .argument_count = 2,
                              .event = take_failure,
                              .user = &seen};
  apxm_engine_options far = {.size = sizeof far,
                             .backend = "openai:http://127.0.0.1:1/v1",
                             .model = "any"};
  apxm_engine *engine = apxm_engine_new(&far, &error);
  apxm_run *run = apxm_run_start(program, engine, &options, &error);
  expect(run && apxm_run_wait(run) == APXM_RUN_FAILED,
         "without its server a run fails");
  expect(seen.last.status == APXM_CALL_FAILED, "as its call did");
  expect(has(apxm_run_error(run), "writer.ais:4:5: in Writer.write") &&
             has(apxm_run_error(run), "127.0.0.1"),
         "with place and cause");
  expect(has(apxm_run_report(run), "\"error\":"), "in the report too");
  apxm_run_free(run);
  apxm_engine_free(engine);
}

static void traced(apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  char text[64] = "";
  apxm_run_options options = {
      .size = sizeof options, .flow = "chatty", .keep_trace = 1};
  apxm_run *run = apxm_run_start(program, engine, &options, NULL);
  expect(run && apxm_run_write_trace(run, "trace.json", &error) == APXM_OK,
         "what is recorded is written");
  FILE *file = fopen("trace.json", "r");
  expect(file && fread(text, 1, sizeof text - 1, file) > 0 && text[0] == '{' &&
             fclose(file) == 0,
         "as JSON");
  expect(apxm_run_write_trace(run, "no/such/folder", &error) == APXM_IO &&
             has(error.message, "no/such/folder"),
         "where it can be written");
  apxm_run_free(run);
}

/* ---- cancelling ---------------------------------------------------------- */

static void *cancel(void *run) {
  apxm_run_cancel(run);
  return NULL;
}

static void cancelled(apxm_program *program) {
  apxm_error error;
  apxm_engine_options slow = {
      .size = sizeof slow, .workers = 1, .sim_profile = "fixed:600000"};
  const apxm_argument arguments[] = {{NULL, "tea", 3}, {NULL, "1", 1}};
  apxm_run_options options = {
      .size = sizeof options, .arguments = arguments, .argument_count = 2};
  apxm_engine *engine = apxm_engine_new(&slow, &error);
  expect(engine != NULL, "an engine whose model takes ten minutes");
  apxm_run *run = apxm_run_start(program, engine, &options, &error);
  expect(run != NULL, "is started");
  pthread_t thread = pthread_self();
  expect(pthread_create(&thread, NULL, cancel, run) == 0,
         "is cancelled by another thread");
  expect(apxm_run_wait(run) == APXM_RUN_CANCELLED, "and ends as cancelled");
  expect(strcmp(apxm_run_result(run, NULL), "") == 0, "without a result");
  expect(has(apxm_run_metrics(run), "\"cancelled\""), "but with metrics");
  pthread_join(thread, NULL);
  apxm_run_free(run);
  run = apxm_run_start(program, engine, &options, &error);
  apxm_run_free(run);
  expect(1, "freeing one that runs cancels it");
  options.deadline_ms = 50;
  run = apxm_run_start(program, engine, &options, &error);
  expect(run && apxm_run_wait(run) == APXM_RUN_EXPIRED &&
             has(apxm_run_error(run), "deadline of 0.05 s"),
         "a deadline ends it, too");
  expect(has(apxm_run_failure_json(run), "\"code\":\"deadline\"") &&
             has(apxm_run_failure_json(run), "\"state\":\"open\""),
         "and what was open is told");
  apxm_run_free(run);
  apxm_engine_free(engine);
}

int main(void) {
  apxm_error error;
  char folder[] = "/tmp/apxm-api-XXXXXX";
  printf("libapxm %s\n", apxm_version());
  enter_folder(folder);
  broken_source();
  apxm_program *program = compiled_program();
  look_at(program);
  apxm_engine *engine = apxm_engine_new(NULL, &error);
  expect(engine != NULL, "an engine");
  run_with_arguments(program, engine);
  run_with_events(program);
  run_without_output(program, engine);
  two_at_once(program, engine);
  a_thousand_at_once(program, engine);
  wrong_use(program, engine);
  versions(program, engine);
  traced(program, engine);
  apxm_engine_free(engine);
  recorded(program);
  backends(program);
  unreachable(program);
  cancelled(program);
  apxm_program_free(program);
  leave_folder(folder);
  return 0;
}
