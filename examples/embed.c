/* SPDX-License-Identifier: MIT
 *
 * A whole program around libapxm: a workflow compiled from memory, two runs of
 * it at once on one engine, each with its own argument and its own output, the
 * model calls told as they happen, a third run that is cancelled while it goes
 * on, and what a run measured. docs/api.md walks through it.
 *
 *     cc embed.c -o embed $(pkg-config --cflags --libs apxm) -lpthread
 *     ./embed                                     the built-in model
 *     ./embed openai:http://127.0.0.1:8089/v1 NAME    a server, and its model
 */
#include <apxm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char source[] =
    "agent Guide {\n"
    "    @entry flow describe(place: str) -> str {\n"
    "        ask(\"What is {{ place }} known for?\") -> sights\n"
    "        ask(\"What do people eat in {{ place }}?\") -> food\n"
    "        print(\"asked about \", place)\n"
    "        ask(\"Two sentences on {{ place }} from {{ sights }}, {{ food "
    "}}\")"
    " -> text\n"
    "        return text\n"
    "    }\n"
    "}\n";

/* One run as this program sees it: what its callbacks are given as `user`. */
typedef struct Visit {
  const char *place;
  int is_unwanted; /* cancelled at its first call */
  apxm_run *run;
  char said[256]; /* what the workflow printed; print()'s until the end */
  size_t length;
} Visit;

/* Several threads may be in tell() at once. */
static pthread_mutex_t screen = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *what, const apxm_error *error) {
  fprintf(stderr, "%s: %s\n", what, error->message);
  exit(1);
}

/* ---- callbacks: short, since everybody waits for them -------------------- */

/* The pieces come one after the other, so no lock is needed. */
static void print(void *user, const char *text, size_t length) {
  Visit *visit = user;
  size_t room = sizeof visit->said - 1 - visit->length;
  size_t taken = length < room ? length : room;
  memcpy(visit->said + visit->length, text, taken);
  visit->length += taken;
}

static void tell(void *user, const apxm_event *event) {
  const Visit *visit = user;
  pthread_mutex_lock(&screen);
  if (event->kind == APXM_CALL_STARTED)
    printf("[%s] line %u: %s starts on %s\n", visit->place, event->line,
           event->node, event->backend);
  else
    printf("[%s] line %u: %s took %.1f ms, %u + %u tokens%s%s\n", visit->place,
           event->line, event->node, (double)event->service_ns / 1e6,
           event->input_tokens, event->output_tokens,
           event->status == APXM_CALL_OK ? "" : ": ", event->error);
  pthread_mutex_unlock(&screen);
  if (visit->is_unwanted) apxm_run_cancel(event->run);
}

/* ---- the way: source, object file, program, engine, runs ----------------- */

static apxm_program *compile(void) {
  apxm_error error;
  size_t size = 0;
  apxm_compilation *made = apxm_compile(source, strlen(source), "guide.ais",
                                        APXM_DEFAULT_LEVEL, &error);
  if (made == NULL) give_up("compile", &error);
  if (!apxm_compilation_ok(made)) {
    fputs(apxm_compilation_diagnostics(made, APXM_TEXT), stderr);
    exit(1);
  }
  const void *object = apxm_compilation_object(made, &size);
  apxm_program *program = apxm_program_load(object, size, "guide.apxmobj",
                                            APXM_DEFAULT_LEVEL, &error);
  if (program == NULL) give_up("load", &error);
  apxm_compilation_free(made);
  return program;
}

static apxm_engine *start_engine(const char *backend, const char *model) {
  apxm_error error;
  apxm_engine_options options = {
      .size = sizeof options,
      .config = ".", /* .apxm/config.yaml, as the program `apxm` reads it */
      .backend = backend,
      .model = model,
      .sim_profile = backend == NULL ? "fixed:50" : NULL /* milliseconds */
  };
  apxm_engine *engine = apxm_engine_new(&options, &error);
  if (engine == NULL) give_up("engine", &error);
  return engine;
}

static void start(Visit *visit, apxm_program *program, apxm_engine *engine) {
  apxm_error error;
  const apxm_argument place = {"place", visit->place, strlen(visit->place)};
  apxm_run_options options = {.size = sizeof options,
                              .arguments = &place,
                              .argument_count = 1,
                              .output = print,
                              .event = tell,
                              .user = visit};
  visit->run = apxm_run_start(program, engine, &options, &error);
  if (visit->run == NULL) give_up("run", &error);
}

static int finish(const Visit *visit) {
  static const char *const words[] = {"success", "failed", "cancelled",
                                      "paused"};
  apxm_run_outcome outcome = apxm_run_wait(visit->run);
  pthread_mutex_lock(&screen);
  printf("[%s] %s: %s%s\n", visit->place, words[outcome],
         apxm_run_result(visit->run, NULL), apxm_run_error(visit->run));
  printf("[%s] printed: %s\n", visit->place, visit->said);
  pthread_mutex_unlock(&screen);
  return outcome ==
         (visit->is_unwanted ? APXM_RUN_CANCELLED : APXM_RUN_SUCCESS);
}

int main(int argc, char **argv) {
  Visit visits[3] = {{.place = "Lisbon"},
                     {.place = "Porto"},
                     {.place = "Atlantis", .is_unwanted = 1}};
  apxm_program *program = compile();
  apxm_engine *engine =
      start_engine(argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
  int is_fine = 1;
  for (int i = 0; i < 3; i++) start(&visits[i], program, engine);
  for (int i = 0; i < 3; i++) is_fine &= finish(&visits[i]);
  printf("metrics of [%s]: %s", visits[0].place,
         apxm_run_metrics(visits[0].run));
  for (int i = 0; i < 3; i++) apxm_run_free(visits[i].run);
  apxm_engine_free(engine);
  apxm_program_free(program);
  return is_fine ? 0 : 1;
}
