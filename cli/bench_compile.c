/* SPDX-License-Identifier: MIT
 *
 * `apxm bench compile`: what a line of source costs from the first byte to an
 * object that can run. Each size is compiled by a fork of this process, so that
 * its peak memory is its own, and the sizes take turns.
 */
#include <stdio.h>

#include "cli/bench.h"
#include "cli/bench_child.h"
#include "cli/bench_source.h"
#include "cli/table.h"
#include "compiler/emit/compile.h"
#include "core/base/clock.h"
#include "core/base/limits.h"
#include "core/object/object.h"

/* The anchor of the targets: a hundred thousand asks on as many lines. */
enum { TARGET_ASKS = 100000, TARGET_PARSE_MS = 100, TARGET_MS = 300 };

typedef struct Plan {
  BenchList asks;
  uint32_t repeat; /* processes a size */
  uint32_t level;  /* -O */
} Plan;

typedef struct Job {
  uint32_t asks, level;
} Job;

/* ---- one process --------------------------------------------------------- */

static void add_phases(const CompileResult *result, uint64_t load, Buf *out) {
  const CompilePhases *p = &result->phases;
  const struct {
    const char *name;
    uint64_t ns;
  } phases[] = {{"lex_parse_ms", p->lex_parse}, {"check_ms", p->check},
                {"build_ms", p->build},         {"passes_ms", p->passes},
                {"emit_ms", p->artifact},       {"compile_ms", p->total},
                {"load_verify_ms", load},       {"total_ms", p->total + load}};
  for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
    sheet_line(out, phases[i].name, (double)phases[i].ns / NS_PER_MS);
}

static Status load(CompileResult *result, uint64_t *ns, Error *error) {
  size_t size = result->object.length;
  uint64_t start = clock_now();
  Object *object =
      object_load((uint8_t *)buf_take(&result->object), size, error);
  *ns = clock_now() - start;
  if (object == NULL) return error->status;
  object_free(object);
  return STATUS_OK;
}

static Status compile(const Source *source, const Job *job, Buf *out,
                      Error *error) {
  CompileResult result;
  uint64_t load_ns = 0;
  Status status;
  compile_source(source, &(CompileOptions){.optimization = job->level},
                 &result);
  sheet_line(out, "source_bytes", (double)source->text.length);
  sheet_line(out, "object_bytes", (double)result.object.length);
  if (!result.ok)
    status = error_set(error, STATUS_FAILED, "%u asks do not compile: %s",
                       job->asks, result.error.message);
  else
    status = load(&result, &load_ns, error);
  if (status == STATUS_OK) add_phases(&result, load_ns, out);
  compile_result_free(&result);
  return status;
}

static Status measure(const void *data, Buf *out, Error *error) {
  const Job *job = data;
  Buf text = {0};
  bench_source_groups(job->asks, &text);
  Source source = {.name = "bench.ais", .text = buf_slice(&text)};
  Status status = compile(&source, job, out, error);
  buf_free(&text);
  sheet_line(out, "peak_bytes", (double)bench_peak_bytes());
  return status;
}

/* ---- all of them --------------------------------------------------------- */

static Status measure_size(const Plan *plan, Sheet *sheet, uint32_t row,
                           Error *error) {
  Job job = {plan->asks.at[row], plan->level};
  return bench_add_fork(sheet, row, measure, &job, error);
}

static Status measure_all(const Cli *cli, const void *data, Sheet *sheet,
                          Error *error) {
  const Plan *plan = data;
  Status status = STATUS_OK;
  for (uint32_t i = 0; i < plan->asks.count; i++) {
    sheet_row(sheet, "apxm", "compile");
    sheet_set(sheet, i, "asks", plan->asks.at[i]);
    sheet_set(sheet, i, "level", plan->level);
  }
  for (uint32_t turn = 0; turn < plan->repeat; turn++) {
    for (uint32_t i = 0; i < plan->asks.count && status == STATUS_OK; i++) {
      bench_progress(cli, "bench compile: turn %u of %u, %u asks", turn + 1,
                     plan->repeat, plan->asks.at[i]);
      status = measure_size(plan, sheet, i, error);
    }
  }
  return status;
}

/* ---- what comes of it ---------------------------------------------------- */

static double ns_per_ask(const Sheet *sheet, const Plan *plan, uint32_t row) {
  return sheet_median(sheet, row, "compile_ms") * NS_PER_MS /
         plan->asks.at[row];
}

static void claim(Sheet *sheet, const Plan *plan) {
  for (uint32_t i = 0; i < plan->asks.count; i++) {
    uint32_t asks = plan->asks.at[i];
    if (asks == TARGET_ASKS) {
      sheet_claim(sheet, sheet_median(sheet, i, "lex_parse_ms"), false,
                  TARGET_PARSE_MS, "ms to parse %u asks", asks);
      sheet_claim(sheet, sheet_median(sheet, i, "compile_ms"), false, TARGET_MS,
                  "ms to compile %u asks", asks);
    }
    if (i > 0 && plan->asks.at[i - 1] >= TARGET_ASKS)
      sheet_claim(
          sheet, ns_per_ask(sheet, plan, i) / ns_per_ask(sheet, plan, i - 1),
          false, 2, "time an ask, %u asks over %u", asks, plan->asks.at[i - 1]);
  }
}

static void add_row(Table *table, const Sheet *sheet, const Plan *plan,
                    uint32_t row) {
  static const char *const phases[] = {
      "lex_parse_ms", "check_ms",   "build_ms",      "passes_ms",
      "emit_ms",      "compile_ms", "load_verify_ms"};
  double bytes = sheet_median(sheet, row, "source_bytes");
  double ms = sheet_median(sheet, row, "compile_ms");
  table_add(table, "%u", plan->asks.at[row]);
  table_add(table, "%.2f", bytes / 1e6);
  for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
    table_add(table, "%.2f", sheet_median(sheet, row, phases[i]));
  table_add(table, "%.0f", ns_per_ask(sheet, plan, row));
  table_add(table, "%.1f", bytes / 1e3 / ms);
  table_add(table, "%.1f", sheet_median(sheet, row, "peak_bytes") / 1e6);
}

static void add_table(const Sheet *sheet, const Plan *plan, Buf *out) {
  static const char *const heads[] = {
      "asks", "MB",      "lex+parse", "check",     "build", "passes",
      "emit", "compile", "load",      "ns an ask", "MB/s",  "peak MB"};
  char title[64];
  Table table;
  snprintf(title, sizeof title, "-O%u; ms, medians of %u processes",
           plan->level, plan->repeat);
  table_init(&table, title, "rrrrrrrrrrrr");
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    table_add(&table, "%s", heads[i]);
  for (uint32_t i = 0; i < plan->asks.count; i++)
    add_row(&table, sheet, plan, i);
  table_print(&table, out);
  table_free(&table);
}

static void draw(const void *plan, Sheet *sheet, Buf *out) {
  claim(sheet, plan);
  add_table(sheet, plan, out);
}

int bench_compile(const Cli *cli, int count, char *const *words) {
  Plan plan = {
      .asks = {{1000, 10000, 100000, 1000000}, 4}, .repeat = 5, .level = 1};
  const BenchOption options[] = {
      {.name = "--asks",
       .value = "N,...",
       .text = "asks of a source [1000,10000,100000,1000000]",
       .kind = BENCH_OPTION_LIST,
       .low = BENCH_ASKS_MIN,
       .high = BENCH_ASKS_MAX,
       .target = &plan.asks},
      {.name = "--repeat",
       .value = "N",
       .text = "processes for each size, taking turns [5]",
       .kind = BENCH_OPTION_NUMBER,
       .low = 1,
       .high = 1000,
       .target = &plan.repeat},
      {.name = "--opt-level",
       .value = "0..3",
       .text = "optimization level [1]",
       .kind = BENCH_OPTION_NUMBER,
       .high = 3,
       .target = &plan.level}};
  const BenchUsage usage = {
      .name = "compile",
      .summary =
          "Compiles generated sources, an ask a line, every eighth with "
          "the seven before it\nas context: each phase, bytes a second, "
          "peak memory.\n",
      .options = options,
      .option_count = sizeof options / sizeof options[0]};
  const BenchMaker maker = {measure_all, draw, &plan};
  return bench_do_sheet(cli, &usage, count, words, &maker);
}
