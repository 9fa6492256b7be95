/* SPDX-License-Identifier: MIT
 *
 * libapxm under many hands: several engines, several threads on each, many
 * runs at once, of which some are waited for, some cancelled from another
 * thread or from within one of their own events, some watched, and some freed
 * as soon as they have started. What must hold of every run is counted in its
 * callbacks: each call that starts ends once and before `finished`, `finished`
 * comes once, output is whole and belongs to the right run.
 *
 *     api_stress [BACKEND]     the built-in model, or a server
 */
#include <apxm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENGINES = 2, THREADS = 3, ROUNDS = 40, AT_ONCE = 6, TEXT = 512 };

static const char source[] =
    "agent Worker {\n"
    "  flow once(word: str) -> str {\n"
    "    ask(\"Say {{ word }}.\") -> said\n"
    "    print(word)\n"
    "    return said\n"
    "  }\n"
    "  @entry flow work(word: str) -> str {\n"
    "    Worker.once(word) -> a\n"
    "    Worker.once(word) -> b\n"
    "    Worker.once(word) -> c\n"
    "    ask(\"All of {{ a }} {{ b }} {{ c }}\") -> all\n"
    "    print(word)\n"
    "    return all\n"
    "  }\n"
    "}\n";

typedef enum Fate {
  FATE_WAIT,
  FATE_CANCEL,       /* by the thread that started it */
  FATE_CANCEL_EVENT, /* by its first event */
  FATE_CANCEL_OTHER, /* by a thread of its own */
  FATE_WATCH,        /* asked for its progress meanwhile */
  FATE_FREE,         /* at once */
  FATE_COUNT
} Fate;

typedef struct Task {
  Fate fate;
  char word[16];
  apxm_run *run;
  pthread_t other; /* with FATE_CANCEL_OTHER */
  atomic_int started, ended, finished;
  atomic_int faults;
  char text[TEXT]; /* one call of take_output at a time; read after the end */
  size_t length;
} Task;

typedef struct Crew {
  apxm_engine *engine;
  apxm_program *program;
  unsigned seed;
} Crew;

/* As given; NULL: the built-in model. Immutable once main has set it. */
static const char *backend;

static void expect(int is_so, const char *what) {
  if (is_so) return;
  fprintf(stderr, "NOT KEPT: %s\n", what);
  exit(1);
}

/* ---- callbacks ----------------------------------------------------------- */

static void take_output(void *user, const char *text, size_t length) {
  Task *task = user;
  if (task->length + length >= sizeof task->text) {
    task->faults++;
    return;
  }
  memcpy(task->text + task->length, text, length);
  task->length += length;
}

static void take_event(void *user, const apxm_event *event) {
  Task *task = user;
  if (event->size < sizeof *event || task->finished) task->faults++;
  if (!strstr(event->node, "Worker.") || strcmp(event->file, "work.ais") != 0 ||
      event->line == 0 ||
      strcmp(event->backend, backend ? backend : "sim") != 0)
    task->faults++;
  if (event->kind == APXM_CALL_STARTED)
    task->started++;
  else
    task->ended++;
  if (task->fate == FATE_CANCEL_EVENT) apxm_run_cancel(event->run);
  apxm_progress now = {.size = sizeof now};
  apxm_run_progress(event->run, &now);
}

static void take_end(void *user) {
  Task *task = user;
  task->finished++;
}

/* ---- one run ------------------------------------------------------------- */

static void *cancel(void *run) {
  apxm_run_cancel(run);
  return NULL;
}

static void begin(const Crew *crew, Task *task, unsigned number) {
  apxm_error error;
  *task = (Task){.fate = (Fate)(number % FATE_COUNT)};
  snprintf(task->word, sizeof task->word, "w%u", number);
  const apxm_argument word = {NULL, task->word, strlen(task->word)};
  apxm_run_options options = {.size = sizeof options,
                              .arguments = &word,
                              .argument_count = 1,
                              .output = number % 7 == 3 ? NULL : take_output,
                              .event = take_event,
                              .finished = take_end,
                              .user = task,
                              .keep_output = 1,
                              .keep_trace = number % 5 == 0};
  task->run = apxm_run_start(crew->program, crew->engine, &options, &error);
  expect(task->run != NULL, "a run starts");
  if (task->fate == FATE_CANCEL) apxm_run_cancel(task->run);
  if (task->fate == FATE_CANCEL_OTHER)
    expect(pthread_create(&task->other, NULL, cancel, task->run) == 0,
           "a thread starts");
}

/* Every line is the run's own word. */
static int is_whole(const Task *task) {
  char line[20];
  int length = snprintf(line, sizeof line, "%s\n", task->word);
  for (size_t i = 0; i < task->length; i += (size_t)length) {
    if (strncmp(task->text + i, line, (size_t)length) != 0) return 0;
  }
  return 1;
}

static void watch(const Task *task) {
  apxm_progress now = {.size = sizeof now};
  for (int i = 0; i < 20; i++) {
    apxm_run_progress(task->run, &now);
    expect(now.done <= 4 && now.open <= 4 && now.failed <= now.done,
           "progress is that of four calls");
  }
}

static void check_end(Task *task, apxm_run_outcome outcome) {
  int may_end = task->fate == FATE_CANCEL || task->fate == FATE_CANCEL_OTHER;
  expect(outcome == APXM_RUN_CANCELLED || task->fate != FATE_CANCEL_EVENT,
         "what its own event cancels is cancelled");
  expect(
      outcome == APXM_RUN_SUCCESS || may_end || task->fate == FATE_CANCEL_EVENT,
      "what nobody cancels succeeds");
  if (outcome == APXM_RUN_SUCCESS) {
    expect(task->started == 4, "four calls were told");
    expect(strstr(apxm_run_report(task->run), task->word) != NULL,
           "the report has its lines");
    expect(task->length == 0 || task->length == 4 * (strlen(task->word) + 1),
           "all output came before the wait was over");
  } else {
    expect(outcome == APXM_RUN_CANCELLED, "a cancelled run says so");
  }
}

static void finish(Task *task) {
  if (task->fate == FATE_WATCH) watch(task);
  if (task->fate == FATE_CANCEL_OTHER) pthread_join(task->other, NULL);
  if (task->fate != FATE_FREE) check_end(task, apxm_run_wait(task->run));
  apxm_run_free(task->run);
  expect(task->finished == 1, "it says once that it has finished");
  expect(task->started == task->ended, "every call that started has ended");
  expect(task->faults == 0, "events are in order and have all fields");
  expect(is_whole(task), "the output is the run's own, in whole lines");
}

/* ---- many ---------------------------------------------------------------- */

static void *work(void *argument) {
  const Crew *crew = argument;
  Task *tasks = calloc(AT_ONCE, sizeof *tasks);
  expect(tasks != NULL, "there is memory");
  for (unsigned round = 0; round < ROUNDS; round++) {
    for (unsigned i = 0; i < AT_ONCE; i++)
      begin(crew, &tasks[i], crew->seed + round * AT_ONCE + i);
    for (unsigned i = 0; i < AT_ONCE; i++)
      finish(&tasks[(i + round) % AT_ONCE]);
  }
  free(tasks);
  return NULL;
}

static apxm_engine *make_engine(int number) {
  apxm_error error;
  apxm_engine_options options = {.size = sizeof options,
                                 .workers = number % 2 == 0 ? 2 : 1,
                                 .max_in_flight = number % 2 == 0 ? 8 : 0,
                                 .backend = backend,
                                 .model = "any"};
  if (!backend) options.sim_profile = number % 2 == 0 ? "fixed:1" : "instant";
  apxm_engine *engine = apxm_engine_new(&options, &error);
  expect(engine != NULL, "an engine is made");
  return engine;
}

int main(int argc, char **argv) {
  apxm_error error;
  if (argc > 1) backend = argv[1];
  Crew crews[ENGINES][THREADS];
  pthread_t threads[ENGINES][THREADS];
  apxm_engine *engines[ENGINES];
  apxm_program *program =
      apxm_program_load(source, strlen(source), "work.ais", 1, &error);
  expect(program != NULL, "the program compiles");
  for (int e = 0; e < ENGINES; e++) {
    engines[e] = make_engine(e);
    for (int t = 0; t < THREADS; t++) {
      crews[e][t] = (Crew){engines[e], program, (unsigned)(e * 1000 + t * 100)};
      expect(pthread_create(&threads[e][t], NULL, work, &crews[e][t]) == 0,
             "a thread starts");
    }
  }
  for (int e = 0; e < ENGINES; e++) {
    for (int t = 0; t < THREADS; t++) pthread_join(threads[e][t], NULL);
    apxm_engine_free(engines[e]);
  }
  apxm_program_free(program);
  printf("%d runs on %d engines\n", ENGINES * THREADS * ROUNDS * AT_ONCE,
         ENGINES);
  return 0;
}
