/* SPDX-License-Identifier: MIT
 *
 * libapxm from C, as a user would write it, and a test of what apxm.h promises:
 * compile from memory, look at a program, run it with an output function,
 * cancel it from another thread, and what errors say. Prints what it does;
 * exits 1 at the first promise that is not kept.
 */
#include <apxm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  int finished;
} Seen;

static void take_output(void *user, const char *text, size_t length) {
  Seen *seen = user;
  if (seen->length + length >= sizeof seen->text) return;
  memcpy(seen->text + seen->length, text, length);
  seen->length += length;
  seen->text[seen->length] = '\0';
}

static void take_end(void *user) {
  ((Seen *)user)->finished++;
}

static void run_with_arguments(apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  Seen seen = {{0}, 0, 0};
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
  expect(strcmp(apxm_run_error(run), "") == 0, "there is no error");
  expect(has(apxm_run_metrics(run), "\"total_requests\":\t1"),
         "the metrics count one request");
  expect(
      has(apxm_run_report(run), "\"output\":[\"on tea\",\"written 3 times\"]"),
      "the report has the lines");
  apxm_run_free(run);
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
  apxm_engine_options wrong = {.size = sizeof wrong, .sim_profile = "no/file"};
  expect(!apxm_engine_new(&wrong, &error) && error.message[0],
         "an engine on an unknown profile is not made");
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
  apxm_engine_free(engine);
}

int main(void) {
  apxm_error error;
  printf("libapxm %s\n", apxm_version());
  broken_source();
  apxm_program *program = compiled_program();
  look_at(program);
  apxm_engine *engine = apxm_engine_new(NULL, &error);
  expect(engine != NULL, "an engine");
  run_with_arguments(program, engine);
  run_without_output(program, engine);
  wrong_use(program, engine);
  apxm_engine_free(engine);
  cancelled(program);
  apxm_program_free(program);
  return 0;
}
