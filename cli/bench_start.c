/* SPDX-License-Identifier: MIT
 *
 * `apxm bench start`: whole processes, from before the start to after the end,
 * taking turns. What the loader alone costs is shown by a program that does
 * nothing but is linked to the same libraries (tests/bench/bench_bare.c).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/bench_child.h"
#include "cli/table.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

typedef enum Subject {
  SUBJECT_BARE,
  SUBJECT_VERSION,
  SUBJECT_COMPILE,
  SUBJECT_EXECUTE,
  SUBJECT_COUNT
} Subject;

static const char *const subject_names[SUBJECT_COUNT] = {
    [SUBJECT_BARE] = "bare",
    [SUBJECT_VERSION] = "apxm version",
    [SUBJECT_COMPILE] = "apxm compile",
    [SUBJECT_EXECUTE] = "apxm execute"};

typedef struct Plan {
  uint32_t repeat;      /* processes of each */
  const char *workload; /* what is compiled */
  const char *program;  /* what is executed; takes one argument */
} Plan;

enum { WORDS_MAX = 10 };

typedef struct Start {
  const Plan *plan;
  char *apxm, *bare; /* paths; bare NULL: missing */
  Buf folder;        /* temporary, for the object file */
  Buf object;        /* the object file's path */
  const char *words[SUBJECT_COUNT][WORDS_MAX];
} Start;

/* ---- preparing ----------------------------------------------------------- */

static Status make_folder(Start *start, Error *error) {
  Status status = bench_folder_make(&start->folder, error);
  if (status == STATUS_OK)
    buf_addf(&start->object, "%s/bench.apxmobj", start->folder.data);
  return status;
}

static Status check_file(const char *path, const char *option, Error *error) {
  if (access(path, R_OK) == 0) return STATUS_OK;
  return error_set(error, STATUS_NOT_FOUND,
                   "%s is not there; run this in the project's folder, or name "
                   "one with %s",
                   path, option);
}

static Status prepare(const Cli *cli, Start *start, Error *error) {
  const Plan *plan = start->plan;
  start->apxm = bench_own_path();
  start->bare = bench_program_find("bench_bare");
  if (start->apxm == NULL)
    return error_set(error, STATUS_FAILED, "/proc is needed to start apxm");
  if (start->bare == NULL)
    cli_note(cli,
             "bare is not measured: build with -DAPXM_TESTS=ON, or name "
             "the folder in APXM_BENCH_DIR");
  if (check_file(plan->workload, "--workload", error) != STATUS_OK ||
      check_file(plan->program, "--program", error) != STATUS_OK ||
      make_folder(start, error) != STATUS_OK)
    return error->status;
  const char *const words[SUBJECT_COUNT][WORDS_MAX] = {
      [SUBJECT_BARE] = {start->bare},
      [SUBJECT_VERSION] = {start->apxm, "version"},
      [SUBJECT_COMPILE] = {start->apxm, "compile", plan->workload, "-o",
                           start->object.data},
      [SUBJECT_EXECUTE] = {start->apxm, "execute", "--backend", "sim",
                           plan->program, "the sea"}};
  memcpy(start->words, words, sizeof words);
  return STATUS_OK;
}

static void clean_up(Start *start) {
  if (start->object.length > 0) {
    unlink(start->object.data);
    rmdir(start->folder.data);
  }
  buf_free(&start->folder);
  buf_free(&start->object);
  mem_free(start->apxm);
  mem_free(start->bare);
}

/* ---- measuring ----------------------------------------------------------- */

static Status measure_one(const Start *start, Sheet *sheet, uint32_t subject,
                          Error *error) {
  BenchCost cost;
  if (start->words[subject][0] == NULL) return STATUS_OK;
  Status status = bench_child_run(start->words[subject], NULL, &cost, error);
  if (status != STATUS_OK) return status;
  sheet_add(sheet, subject, "wall_ms", (double)cost.wall_ns / NS_PER_MS);
  sheet_add(sheet, subject, "cpu_ms", (double)cost.cpu_ns / NS_PER_MS);
  sheet_add(sheet, subject, "page_faults", (double)cost.faults);
  return STATUS_OK;
}

static Status measure_turns(const Cli *cli, const Start *start, Sheet *sheet,
                            Error *error) {
  Status status = STATUS_OK;
  for (uint32_t turn = 0; turn < start->plan->repeat; turn++) {
    bench_progress(cli, "bench start: turn %u of %u", turn + 1,
                   start->plan->repeat);
    for (uint32_t s = 0; s < SUBJECT_COUNT && status == STATUS_OK; s++)
      status = measure_one(start, sheet, s, error);
  }
  return status;
}

static Status measure_all(const Cli *cli, const void *data, Sheet *sheet,
                          Error *error) {
  Start start = {.plan = data};
  for (uint32_t s = 0; s < SUBJECT_COUNT; s++)
    sheet_row(sheet, subject_names[s], "process");
  Status status = prepare(cli, &start, error);
  if (status == STATUS_OK) status = measure_turns(cli, &start, sheet, error);
  clean_up(&start);
  return status;
}

/* ---- what comes of it ---------------------------------------------------- */

static void claim(Sheet *sheet) {
  double ms[SUBJECT_COUNT];
  for (uint32_t s = 0; s < SUBJECT_COUNT; s++)
    ms[s] = sheet_median(sheet, s, "wall_ms");
  sheet_claim(sheet, ms[SUBJECT_VERSION] / ms[SUBJECT_BARE], false, 1.3,
              "apxm version over bare");
  sheet_claim(sheet, ms[SUBJECT_COMPILE] - ms[SUBJECT_BARE], false, 2,
              "apxm compile less bare, ms");
  sheet_claim(sheet, ms[SUBJECT_EXECUTE] - ms[SUBJECT_BARE], false, 4,
              "apxm execute less bare, ms");
}

static void draw(const void *data, Sheet *sheet, Buf *out) {
  static const char *const heads[] = {
      "process", "ms", "best", "- bare", "/ bare", "cpu ms", "page faults"};
  const Plan *plan = data;
  char title[64];
  Table table;
  double bare = sheet_median(sheet, SUBJECT_BARE, "wall_ms");
  claim(sheet);
  snprintf(title, sizeof title, "medians of %u processes, taking turns",
           plan->repeat);
  table_init(&table, title, "lrrrrrr");
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    table_add(&table, "%s", heads[i]);
  for (uint32_t s = 0; s < SUBJECT_COUNT; s++) {
    double ms = sheet_median(sheet, s, "wall_ms");
    table_add(&table, "%s", subject_names[s]);
    table_add(&table, "%.2f", ms);
    table_add(&table, "%.2f", sheet_minimum(sheet, s, "wall_ms"));
    table_add(&table, "%.2f", ms - bare);
    table_add(&table, "%.2f", ms / bare);
    table_add(&table, "%.2f", sheet_median(sheet, s, "cpu_ms"));
    table_add(&table, "%.0f", sheet_median(sheet, s, "page_faults"));
  }
  table_print(&table, out);
  table_free(&table);
}

int bench_start(const Cli *cli, int count, char *const *words) {
  Plan plan = {.repeat = 20,
               .workload = "workloads/4_scalability/workflow.ais",
               .program = "dsl-examples/01_hello.ais"};
  const BenchOption options[] = {
      {"--repeat", "N", "processes of each, taking turns [20]",
       BENCH_OPTION_NUMBER, 1, 10000, &plan.repeat, NULL},
      {"--workload", "FILE",
       "what is compiled [workloads/4_scalability/workflow.ais]",
       BENCH_OPTION_TEXT, 0, 0, &plan.workload, NULL},
      {"--program", "FILE",
       "executed with one argument [dsl-examples/01_hello.ais]",
       BENCH_OPTION_TEXT, 0, 0, &plan.program, NULL}};
  const BenchUsage usage = {
      "start",
      "Starts whole processes: a bare program with the same libraries, `apxm "
      "version`,\n`apxm compile`, `apxm execute` on sim.\n",
      options, sizeof options / sizeof options[0]};
  const BenchMaker maker = {measure_all, draw, &plan};
  return bench_do_sheet(cli, &usage, count, words, &maker);
}
