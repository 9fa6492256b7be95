/* SPDX-License-Identifier: MIT
 *
 * Random programs, read by the reference interpreter and run by the engine at
 * -O0 and -O1, with 1 and 2 workers:
 *
 *     harness [--seeds FROM..TO] [--seed N] [--count N] [--time-limit SECONDS]
 *             [--plants] [--crowds] [--spans] [--table] [--verbose] [--print]
 *             [FILE...]
 *
 * With --plants the programs are compiled wrongly on purpose, in each way that
 * plant.c knows, and it is success to notice every one of them. With --crowds
 * several run at once, and some are cancelled on the way. With --spans their
 * requests must wait for what they need and for nothing else. FILEs are tried
 * instead of random programs.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "tests/harness/crowd.h"
#include "tests/harness/gen.h"
#include "tests/harness/shrink.h"
#include "tests/harness/span.h"
#include "tests/harness/trial.h"

enum {
  DEFAULT_COUNT = 200,
  ALL_WAYS = (1 << REAL_WAYS) - 1,
  UNDECIDED_MAX = 10
};

typedef struct Settings {
  uint64_t first, last; /* seeds */
  uint64_t seconds;     /* 0: as long as it takes */
  bool plants, crowds, spans, table, verbose, print;
} Settings;

typedef struct Totals {
  uint64_t programs, undecided, planted;
  uint64_t must, may; /* requests */
} Totals;

/* For the message of a crash. */
static char crash_text[64];

static void on_crash(int number) {
  (void)!write(STDERR_FILENO, crash_text, strlen(crash_text));
  (void)signal(number, SIG_DFL);
  (void)raise(number);
}

/* ---- options ------------------------------------------------------------ */

static _Noreturn void usage(const char *what) {
  fprintf(stderr, "harness: %s\n", what);
  exit(2);
}

static uint64_t number_of(const char *text) {
  char *end;
  uint64_t number = strtoull(text, &end, 10);
  if (end == text || *end != '\0') usage("not a number");
  return number;
}

static void read_range(const char *text, Settings *settings) {
  char *end;
  settings->first = strtoull(text, &end, 10);
  if (end == text || strncmp(end, "..", 2) != 0) usage("--seeds FROM..TO");
  settings->last = number_of(end + 2);
}

/* The value of an option; whether `argv[*at]` was one that takes a value. */
static bool read_valued(char **argv, int argc, int *at, Settings *settings) {
  static const char *const names[] = {"--seeds", "--seed", "--count",
                                      "--time-limit"};
  uint32_t which = 0;
  while (which < 4 && strcmp(argv[*at], names[which]) != 0) which++;
  if (which == 4) return false;
  if (++*at >= argc) usage("an option lacks its value");
  const char *value = argv[*at];
  if (which == 0) read_range(value, settings);
  if (which == 1) settings->first = settings->last = number_of(value);
  if (which == 2) settings->last = settings->first + number_of(value) - 1;
  if (which == 3) settings->seconds = number_of(value);
  return true;
}

/* The place of the first FILE; argc without one. */
static int read_options(int argc, char **argv, Settings *settings) {
  *settings = (Settings){.first = 1, .last = DEFAULT_COUNT};
  for (int at = 1; at < argc; at++) {
    if (strncmp(argv[at], "--", 2) != 0) return at;
    if (strcmp(argv[at], "--table") == 0)
      settings->table = true;
    else if (strcmp(argv[at], "--crowds") == 0)
      settings->crowds = true;
    else if (strcmp(argv[at], "--spans") == 0)
      settings->spans = true;
    else if (strcmp(argv[at], "--plants") == 0)
      settings->plants = true;
    else if (strcmp(argv[at], "--verbose") == 0)
      settings->verbose = true;
    else if (strcmp(argv[at], "--print") == 0)
      settings->print = true;
    else if (!read_valued(argv, argc, &at, settings))
      usage(argv[at]);
  }
  return argc;
}

/* ---- reports ------------------------------------------------------------ */

static void say_different(Lab *lab, uint64_t seed, Trial *trial, Buf *text) {
  Buf way = {0};
  RealWay real = real_way(seed, trial->way);
  real_way_text(&real, &way);
  bool refused = trial->verdict == VERDICT_REFUSED;
  printf("seed %" PRIu64 " %s%s\n%s\n%s\n", seed,
         refused ? "does not compile" : "differs at ", refused ? "" : way.data,
         trial->how.data, text->data);
  fflush(stdout);
  trial_shrink(lab, seed, trial, text);
  Trial small;
  trial_run(lab, buf_slice(text), seed, refused ? ALL_WAYS : 1u << trial->way,
            NULL, &small);
  printf("---- shrunk\n%s\n%s\n",
         small.how.length > 0 ? small.how.data : "(not always)", text->data);
  trial_free(&small);
  buf_free(&way);
}

/* One program; false when it is at fault. */
static bool try_program(Lab *lab, uint64_t seed, Buf *text, Census *census,
                        const Settings *settings, Totals *totals) {
  Trial trial;
  if (settings->print) printf("%s\n", text->data);
  if (settings->verbose) fprintf(stderr, "seed %" PRIu64 "\n", seed);
  snprintf(crash_text, sizeof crash_text, "crash at seed %" PRIu64 "\n", seed);
  trial_run(lab, buf_slice(text), seed, ALL_WAYS, census, &trial);
  totals->programs++;
  totals->undecided += trial.verdict == VERDICT_UNDECIDED;
  totals->planted += trial.planted;
  totals->must += trial.must;
  totals->may += trial.may;
  if (settings->verbose && trial.verdict == VERDICT_UNDECIDED)
    fprintf(stderr, "undecided: %s", trial.how.data);
  bool good =
      trial.verdict == VERDICT_SAME || trial.verdict == VERDICT_UNDECIDED;
  if (!good && lab->plant == NULL) say_different(lab, seed, &trial, text);
  if (!good && lab->plant != NULL)
    printf("%s: seen at seed %" PRIu64 ": %s", lab->plant->name, seed,
           trial.how.data);
  trial_free(&trial);
  return good;
}

static bool try_seeds(Lab *lab, const Settings *settings, Census *census,
                      Totals *totals) {
  uint64_t deadline = clock_now() + settings->seconds * NS_PER_S;
  bool good = true;
  for (uint64_t seed = settings->first; good && seed <= settings->last;
       seed++) {
    Buf text = {0};
    if (settings->seconds > 0 && clock_now() > deadline) break;
    gen_program(seed, &text);
    good = try_program(lab, seed, &text, census, settings, totals);
    buf_free(&text);
  }
  return good;
}

static bool try_files(Lab *lab, const Settings *settings, Census *census,
                      Totals *totals, char **paths) {
  bool good = true;
  for (; *paths != NULL; paths++) {
    Buf text = {0};
    Error error = {0};
    if (file_read(*paths, 1 << 20, &text, &error) != STATUS_OK)
      usage(error.message);
    good &= try_program(lab, 0, &text, census, settings, totals);
    buf_free(&text);
  }
  return good;
}

/* Each plant is noticed within the programs that must be without it. */
static bool try_plants(Lab *lab, const Settings *settings) {
  bool all_seen = true;
  for (uint32_t i = 0; i < PLANTS; i++) {
    Totals totals = {0};
    lab->plant = &plants[i];
    if (!try_seeds(lab, settings, NULL, &totals)) continue;
    printf("%s: not seen in %" PRIu64 " programs, %" PRIu64 " with it\n",
           plants[i].name, totals.programs, totals.planted);
    all_seen = false;
  }
  return all_seen;
}

/* Too many that decide nothing, or a construct that never occurs, would make
 * the rest look better than it is. */
static bool is_fair(const Census *census, const Totals *totals) {
  Buf missing = {0};
  bool fair = true;
  if (totals->programs < DEFAULT_COUNT) return true;
  if (census_missing(census, &missing) > 0) {
    printf("%s", missing.data);
    fair = false;
  }
  if (totals->undecided * 100 > totals->programs * UNDECIDED_MAX) {
    printf("too many programs decide nothing\n");
    fair = false;
  }
  buf_free(&missing);
  return fair;
}

static void print_table(const Census *census) {
  Buf table = {0};
  census_print(census, &table);
  printf("%s", table.data);
  buf_free(&table);
}

/* With the paths of the programs, or random ones. */
static bool try_all(Lab *lab, const Settings *settings, char **paths) {
  Census census;
  Totals totals = {0};
  census_init(&census);
  bool random = *paths == NULL;
  bool good = random ? try_seeds(lab, settings, &census, &totals)
                     : try_files(lab, settings, &census, &totals, paths);
  if (settings->table) print_table(&census);
  if (good && random) good = is_fair(&census, &totals);
  printf("programs: %" PRIu64 ", undecided: %" PRIu64 "; requests: %" PRIu64
         ", of which bounded only: %" PRIu64 "; %s\n",
         totals.programs, totals.undecided, totals.may,
         totals.may - totals.must, good ? "no difference" : "FAILED");
  census_free(&census);
  return good;
}

static bool try_crowds(Lab *lab, const Settings *settings) {
  uint64_t deadline = clock_now() + settings->seconds * NS_PER_S;
  uint64_t seed = settings->first;
  Buf how = {0};
  bool good = true;
  for (; good && seed <= settings->last; seed += CROWD) {
    if (settings->seconds > 0 && clock_now() > deadline) break;
    snprintf(crash_text, sizeof crash_text, "crash at seed %" PRIu64 "\n",
             seed);
    good = crowd_run(lab, seed, &how);
  }
  printf("%sprograms: %" PRIu64 ", %u at once; %s\n", good ? "" : how.data,
         seed - settings->first, CROWD, good ? "no difference" : "FAILED");
  buf_free(&how);
  return good;
}

static bool span_differs(void *user, Slice text) {
  Buf how = {0};
  uint64_t compared = 0;
  bool differs = !span_run(user, text, &how, &compared) && compared > 0;
  buf_free(&how);
  return differs;
}

/* A fence waits for more than calls, which the reference does not know. */
static void drop_fences(Buf *text) {
  static const char fence[] = "fence()";
  for (char *at = text->data; (at = strstr(at, fence)) != NULL;)
    memset(at, ' ', sizeof fence - 1);
}

static bool try_span(Lab *lab, uint64_t seed, uint64_t *compared) {
  Buf text = {0};
  Buf how = {0};
  gen_program(seed, &text);
  drop_fences(&text);
  bool good = span_run(lab, buf_slice(&text), &how, compared);
  if (!good) {
    printf("seed %" PRIu64 ": %s\n%s\n", seed, how.data, text.data);
    shrink_program(&text, span_differs, lab);
    printf("---- shrunk\n%s\n", text.data);
  }
  buf_free(&text);
  buf_free(&how);
  return good;
}

static bool try_spans(Lab *lab, const Settings *settings) {
  uint64_t deadline = clock_now() + settings->seconds * NS_PER_S;
  uint64_t seed = settings->first;
  uint64_t compared = 0;
  bool good = true;
  for (; good && seed <= settings->last; seed++) {
    if (settings->seconds > 0 && clock_now() > deadline) break;
    good = try_span(lab, seed, &compared);
  }
  printf("programs: %" PRIu64 ", compared: %" PRIu64 "; %s\n",
         seed - settings->first, compared, good ? "no difference" : "FAILED");
  return good;
}

int main(int argc, char **argv) {
  Settings settings;
  Lab lab;
  Error error = {0};
  int files = read_options(argc, argv, &settings);
  if (!lab_open(&lab, &error)) usage(error.message);
  (void)signal(SIGABRT, on_crash);
  (void)signal(SIGSEGV, on_crash);
  bool good = settings.plants   ? try_plants(&lab, &settings)
              : settings.crowds ? try_crowds(&lab, &settings)
              : settings.spans  ? try_spans(&lab, &settings)
                                : try_all(&lab, &settings, argv + files);
  lab_close(&lab);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
