/* SPDX-License-Identifier: MIT
 *
 * The benchmarks of `apxm bench`, and what they share. One is a function that
 * gets the words after its name and returns the exit code.
 */
#ifndef APXM_CLI_BENCH_H
#define APXM_CLI_BENCH_H

#include "cli/bench_child.h"
#include "cli/bench_options.h"
#include "cli/bench_sheet.h"
#include "cli/cli.h"

typedef struct BenchInfo {
  const char *name;
  const char *summary; /* one line */
  int (*run)(const Cli *cli, int count, char *const *words);
} BenchInfo;

int bench_sched(const Cli *cli, int count, char *const *words);
int bench_start(const Cli *cli, int count, char *const *words);
int bench_compile(const Cli *cli, int count, char *const *words);
int bench_load(const Cli *cli, int count, char *const *words);
int bench_http(const Cli *cli, int count, char *const *words);

/* Measures what `plan` asks for and shows it; returns the exit code. */
typedef int BenchWork(const Cli *cli, const void *plan,
                      const BenchRequest *request, const OutputFile *file);

/* Reads the words, which fill the plan through usage->options, shows help, or
 * checks where the document goes and does the work. */
int bench_do(const Cli *cli, const BenchUsage *usage, int count,
             char *const *words, BenchWork *work, const void *plan);

/* A benchmark whose figures are a sheet: one function fills it, the other
 * draws its tables (and adds claims). */
typedef struct BenchMaker {
  Status (*measure)(const Cli *cli, const void *plan, Sheet *sheet,
                    Error *error);
  void (*draw)(const void *plan, Sheet *sheet, Buf *out);
  const void *plan;
} BenchMaker;
int bench_do_sheet(const Cli *cli, const BenchUsage *usage, int count,
                   char *const *words, const BenchMaker *maker);

/* Adds what `measure` finds in a fork of this process to a row. */
Status bench_add_fork(Sheet *sheet, uint32_t row, BenchMeasure *measure,
                      const void *job, Error *error) MUST_USE;

/* Prints the table or the document, and writes the document to `file` (NULL:
 * nowhere). Takes `document`. */
int bench_show(const Cli *cli, const BenchRequest *request,
               const OutputFile *file, Slice table, cJSON *document);

/* On a terminal: one line that says what is being measured, in place of the
 * one before it; "" takes it away. */
void bench_progress(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
