/* SPDX-License-Identifier: MIT
 *
 * From words to a measurement and from a measurement to the reader: the same
 * for all benchmarks.
 */
#include "cli/bench.h"

#include <unistd.h>

#include "core/base/file.h"
#include "lib/report.h"

static int show_help(const Cli *cli, const BenchUsage *usage) {
  Buf text = {0};
  bench_options_help(usage, &text);
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  return code;
}

int bench_do(const Cli *cli, const BenchUsage *usage, int count,
             char *const *words, BenchWork *work, const void *plan) {
  Error error = {0};
  BenchRequest request = {.name = usage->name};
  if (bench_options_read(usage, count, words, &request, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  if (request.help) return show_help(cli, usage);
  Outputs outputs = {0};
  OutputFile *file = NULL;
  if (request.output != NULL)
    file = outputs_add(&outputs, "--output", request.output);
  int code = outputs_check(&outputs, &error) == STATUS_OK
                 ? work(cli, plan, &request, file)
                 : cli_fail_error(cli, &error);
  outputs_free(&outputs);
  return code;
}

static int work_sheet(const Cli *cli, const void *data,
                      const BenchRequest *request, const OutputFile *file) {
  const BenchMaker *maker = data;
  Error error = {0};
  Buf text = {0};
  Sheet sheet;
  int code;
  sheet_init(&sheet, request->name);
  if (maker->measure(cli, maker->plan, &sheet, &error) == STATUS_OK) {
    maker->draw(maker->plan, &sheet, &text);
    sheet_add_claims(&sheet, &text);
    code = bench_show(cli, request, file, buf_slice(&text), sheet_json(&sheet));
  } else {
    bench_progress(cli, "%s", "");
    code = cli_fail_error(cli, &error);
  }
  buf_free(&text);
  sheet_free(&sheet);
  return code;
}

int bench_do_sheet(const Cli *cli, const BenchUsage *usage, int count,
                   char *const *words, const BenchMaker *maker) {
  return bench_do(cli, usage, count, words, work_sheet, maker);
}

Status bench_add_fork(Sheet *sheet, uint32_t row, BenchMeasure *measure,
                      const void *job, Error *error) {
  Buf lines = {0};
  Status status = bench_child_fork(measure, job, &lines, error);
  if (status == STATUS_OK)
    status = sheet_add_lines(sheet, row, buf_slice(&lines), error);
  buf_free(&lines);
  return status;
}

int bench_show(const Cli *cli, const BenchRequest *request,
               const OutputFile *file, Slice table, cJSON *document) {
  Buf json = {0};
  report_add_document(document, true, &json);
  cJSON_Delete(document);
  bench_progress(cli, "%s", "");
  int code = cli_print(cli, request->json ? buf_slice(&json) : table);
  if (code == EXIT_CODE_DONE && file != NULL)
    code = cli_write_file(cli, file, buf_slice(&json), EXIT_CODE_FAILED);
  buf_free(&json);
  return code;
}

void bench_progress(const Cli *cli, const char *format, ...) {
  if (!cli_may_draw(cli)) return;
  Buf line = {0};
  buf_add_text(&line, "\r\033[K");
  va_list args;
  va_start(args, format);
  buf_addv(&line, format, args);
  va_end(args);
  Status status = file_write_fd(STDERR_FILENO, buf_slice(&line), NULL);
  (void)status; /* it is only a courtesy */
  buf_free(&line);
}
