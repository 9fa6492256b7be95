/* SPDX-License-Identifier: MIT
 *
 * What passes is one line a file (a line a case with -v); what fails is shown
 * at once, with the place of each expectation that was not met, so that a
 * terminal or an editor can jump there, and with the difference below it.
 */
#include "cli/case_report.h"

#include <string.h>
#include <unistd.h>

#include "cli/text_diff.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "lib/report.h"

#define DRAW_EVERY_NS (100 * NS_PER_MS)

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define PLAIN "\033[m"

/* ---- the line that says how far it is ------------------------------------ */

static void write_stderr(const Buf *text) {
  Status status = file_write_fd(STDERR_FILENO, buf_slice(text), NULL);
  (void)status; /* it only was for the eye */
}

static void take_away(CaseReport *report) {
  Buf text = {0};
  if (report->drawn_at == 0) return;
  buf_add_text(&text, "\r\033[K");
  write_stderr(&text);
  buf_free(&text);
  report->drawn_at = 0;
}

static void draw(CaseReport *report) {
  uint64_t now = clock_now();
  uint64_t last = report->drawn_at ? report->drawn_at : report->started_at;
  Buf text = {0};
  if (!report->may_draw || now - last < DRAW_EVERY_NS) return;
  buf_addf(&text, "\r%u passed", report->passed);
  if (report->failed > 0)
    buf_addf(&text, " \xC2\xB7 %u failed", report->failed);
  buf_addf(&text, " \xC2\xB7 %.40s\033[K", report->path);
  write_stderr(&text);
  buf_free(&text);
  report->drawn_at = now;
}

/* ---- text ---------------------------------------------------------------- */

static const char *coloured(const CaseReport *report, const char *colour) {
  return report->colour ? colour : "";
}

static void print(CaseReport *report, Buf *text) {
  take_away(report);
  int code = cli_print(report->cli, buf_slice(text));
  if (report->code == EXIT_CODE_DONE) report->code = code;
  buf_free(text);
}

static void add_word(const CaseReport *report, const char *colour,
                     const char *word, Buf *out) {
  buf_addf(out, "%s%-4s%s  ", coloured(report, colour), word,
           coloured(report, PLAIN));
}

static void add_fault(const CaseReport *report, const CaseFault *fault,
                      Buf *out) {
  buf_addf(out, "      %s%s%s (%s:%u:%u): ", coloured(report, BOLD),
           fault->what, coloured(report, PLAIN), report->path,
           fault->place.line, fault->place.column);
  buf_add_visible(out, buf_slice(&fault->message));
  buf_add_char(out, '\n');
  if (fault->has_texts)
    text_diff_add(buf_slice(&fault->expected), buf_slice(&fault->actual),
                  "        ", report->colour, out);
}

static void print_failed(CaseReport *report, const CaseRun *run) {
  Buf text = {0};
  add_word(report, RED, "FAIL", &text);
  buf_addf(&text, "%s:%u  %s\n", report->path, run->one->place.line,
           run->one->name);
  for (uint32_t i = 0; i < run->faults.length; i++)
    add_fault(report, &run->faults.data[i], &text);
  print(report, &text);
}

static void print_other(CaseReport *report, const CaseRun *run) {
  Buf text = {0};
  bool has_passed = run->verdict == CASE_PASSED;
  if (!log_is_on(LOG_LEVEL_INFO)) return;
  add_word(report, has_passed ? GREEN : YELLOW, has_passed ? "ok" : "skip",
           &text);
  buf_addf(&text, "%s:%u  %s", report->path, run->one->place.line,
           run->one->name);
  if (has_passed)
    buf_addf(&text, "  (%.1f ms, model calls: %llu)\n",
             (double)run->runtime_ns / (double)NS_PER_MS,
             (unsigned long long)run->calls);
  else
    buf_addf(&text, "  (%s)\n", run->one->skip);
  print(report, &text);
}

static const char *plural(uint32_t count) {
  return count == 1 ? "" : "s";
}

/* ---- JSON ---------------------------------------------------------------- */

static const char *verdict_text(CaseVerdict verdict) {
  if (verdict == CASE_SKIPPED) return "skipped";
  return verdict == CASE_PASSED ? "passed" : "failed";
}

static void add_text(cJSON *object, const char *name, const Buf *text) {
  cJSON_AddStringToObject(object, name, text->data ? text->data : "");
}

static void add_fault_json(cJSON *list, const CaseFault *fault) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "what", fault->what);
  cJSON_AddNumberToObject(object, "line", fault->place.line);
  cJSON_AddNumberToObject(object, "column", fault->place.column);
  add_text(object, "message", &fault->message);
  if (fault->has_texts) {
    add_text(object, "expected", &fault->expected);
    add_text(object, "actual", &fault->actual);
  }
  cJSON_AddItemToArray(list, object);
}

static void add_case_json(CaseReport *report, const CaseRun *run) {
  cJSON *object = cJSON_CreateObject();
  cJSON_AddStringToObject(object, "file", report->path);
  cJSON_AddNumberToObject(object, "line", run->one->place.line);
  cJSON_AddStringToObject(object, "name", run->one->name);
  cJSON_AddStringToObject(object, "status", verdict_text(run->verdict));
  if (run->one->skip) cJSON_AddStringToObject(object, "reason", run->one->skip);
  cJSON_AddNumberToObject(object, "duration_ms",
                          (double)run->runtime_ns / (double)NS_PER_MS);
  cJSON_AddNumberToObject(object, "calls", (double)run->calls);
  cJSON *faults = cJSON_AddArrayToObject(object, "faults");
  for (uint32_t i = 0; i < run->faults.length; i++)
    add_fault_json(faults, &run->faults.data[i]);
  cJSON_AddItemToArray(report->cases, object);
}

static double elapsed_ms(const CaseReport *report) {
  return (double)(clock_now() - report->started_at) / (double)NS_PER_MS;
}

static void print_json(CaseReport *report) {
  Buf text = {0};
  cJSON *document = cJSON_CreateObject();
  cJSON_AddNumberToObject(document, "passed", report->passed);
  cJSON_AddNumberToObject(document, "failed", report->failed);
  cJSON_AddNumberToObject(document, "skipped", report->skipped);
  cJSON_AddNumberToObject(document, "broken_files", report->broken);
  cJSON_AddNumberToObject(document, "duration_ms", elapsed_ms(report));
  cJSON_AddItemToObject(document, "cases", report->cases);
  report_add_document(document, true, &text);
  cJSON_Delete(document);
  print(report, &text);
}

/* ---- steps --------------------------------------------------------------- */

void case_report_begin(CaseReport *report, const Cli *cli) {
  *report = (CaseReport){.cli = cli,
                         .started_at = clock_now(),
                         .colour = cli_may_colour(STDOUT_FILENO),
                         .may_draw = cli_may_draw(cli)};
  if (options_has(&cli->options, OPTION_JSON))
    report->cases = cJSON_CreateArray();
}

void case_report_file(CaseReport *report, const char *path) {
  report->path = path;
  report->file_passed = report->file_failed = report->file_skipped = 0;
}

void case_report_case(CaseReport *report, const CaseRun *run) {
  if (run->verdict == CASE_LEFT_OUT) return;
  report->file_passed += run->verdict == CASE_PASSED;
  report->file_failed += run->verdict == CASE_FAILED;
  report->file_skipped += run->verdict == CASE_SKIPPED;
  if (report->cases)
    add_case_json(report, run);
  else if (run->verdict == CASE_FAILED)
    print_failed(report, run);
  else
    print_other(report, run);
  draw(report);
}

/* The line of a file of which all passed; the others have had theirs. */
static void print_file(CaseReport *report) {
  Buf text = {0};
  bool is_quiet = !log_is_on(LOG_LEVEL_WARNING);
  bool has_lines = log_is_on(LOG_LEVEL_INFO);
  if (report->file_failed > 0 || is_quiet || has_lines || report->cases) return;
  add_word(report, GREEN, "ok", &text);
  buf_addf(&text, "%s: %u case%s", report->path, report->file_passed,
           plural(report->file_passed));
  if (report->file_skipped > 0)
    buf_addf(&text, ", %u skipped", report->file_skipped);
  buf_add_char(&text, '\n');
  print(report, &text);
}

void case_report_file_end(CaseReport *report) {
  uint32_t count =
      report->file_passed + report->file_failed + report->file_skipped;
  report->passed += report->file_passed;
  report->failed += report->file_failed;
  report->skipped += report->file_skipped;
  if (count == 0) return;
  report->files++;
  print_file(report);
}

void case_report_broken(CaseReport *report) {
  report->broken++;
}

static void print_end(CaseReport *report) {
  Buf text = {0};
  bool is_good = report->failed == 0 && report->broken == 0;
  if (is_good && !log_is_on(LOG_LEVEL_WARNING)) return;
  buf_addf(&text, "%s%u passed, %u failed",
           coloured(report, is_good ? GREEN : RED), report->passed,
           report->failed);
  if (report->skipped > 0) buf_addf(&text, ", %u skipped", report->skipped);
  if (report->broken > 0)
    buf_addf(&text, ", %u file%s that cannot be run", report->broken,
             plural(report->broken));
  buf_addf(&text, "%s (%u file%s, %.2f s)\n", coloured(report, PLAIN),
           report->files, plural(report->files), elapsed_ms(report) / 1e3);
  print(report, &text);
}

int case_report_end(CaseReport *report) {
  if (report->cases)
    print_json(report);
  else
    print_end(report);
  if (report->failed > 0) return EXIT_CODE_FAILED;
  return report->code;
}
