/* SPDX-License-Identifier: MIT
 *
 * `apxm workloads list | check | run NAME`.
 */
#include <string.h>

#include "cli/cli.h"
#include "cli/measure_report.h"
#include "cli/table.h"
#include "lib/report.h"

/* ---- list ---------------------------------------------------------------- */

static void add_table(const WorkloadList *list, Buf *out) {
  Table table;
  table_init(&table, NULL, "rlll");
  table_add(&table, "number");
  table_add(&table, "directory");
  table_add(&table, "type");
  table_add(&table, "description");
  for (uint32_t i = 0; i < list->items.length; i++) {
    const Workload *workload = &list->items.data[i];
    table_add(&table, "%u", workload->number);
    table_add(&table, "%s", workload->directory);
    table_add(&table, "%s", workload->type);
    table_add(&table, "%s", workload->description);
  }
  table_print(&table, out);
  table_free(&table);
}

static void add_list(const WorkloadList *list, Buf *out) {
  cJSON *items = cJSON_CreateArray();
  for (uint32_t i = 0; i < list->items.length; i++) {
    const Workload *workload = &list->items.data[i];
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "number", workload->number);
    cJSON_AddStringToObject(item, "directory", workload->directory);
    cJSON_AddStringToObject(item, "name", workload->name);
    cJSON_AddStringToObject(item, "type", workload->type);
    cJSON_AddStringToObject(item, "description", workload->description);
    cJSON_AddStringToObject(item, "program", workload->program);
    cJSON_AddItemToArray(items, item);
  }
  report_add_document(items, false, out);
  cJSON_Delete(items);
}

static int list_workloads(const Cli *cli, const WorkloadList *list) {
  Buf text = {0};
  if (options_has(&cli->options, OPTION_JSON))
    add_list(list, &text);
  else
    add_table(list, &text);
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  return code;
}

/* ---- check --------------------------------------------------------------- */

static int check_one(const Cli *cli, const Workload *workload, Buf *out) {
  Program program = {0};
  CompileOptions options = cli_compile_options(cli);
  int code = cli_open(cli, workload->program, &options, &program);
  program_free(&program);
  buf_addf(out, "%s: %s\n", workload->program,
           code == EXIT_CODE_DONE      ? "ok"
           : code == EXIT_CODE_COMPILE ? "does not compile"
                                       : "cannot be read");
  return code;
}

static int check_workloads(const Cli *cli, const WorkloadList *list) {
  Buf text = {0};
  int code = list->broken > 0 ? EXIT_CODE_SETUP : EXIT_CODE_DONE;
  for (uint32_t i = 0; i < list->items.length; i++) {
    int one = check_one(cli, &list->items.data[i], &text);
    if (code == EXIT_CODE_DONE) code = one;
  }
  int printed = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  return code != EXIT_CODE_DONE ? code : printed;
}

/* Reads what there is and hands it to `work`, which takes `options`. */
static int with_list(const Cli *cli, uint64_t options,
                     int (*work)(const Cli *, const WorkloadList *)) {
  WorkloadList list;
  Workload none = {0};
  Error error = {0};
  int code = cli_want_words(cli, 1, 1);
  if (code == EXIT_CODE_DONE) code = cli_want_options(cli, options);
  if (code != EXIT_CODE_DONE) return code;
  workload_list(&list);
  if (list.items.length > 0)
    code = work(cli, &list);
  else if (list.broken > 0)
    code = cli_fail(cli, EXIT_CODE_SETUP, "no workload can be read");
  else if (workload_find("", &none, &error) != STATUS_OK)
    code = cli_fail_error(cli, &error);
  workload_list_free(&list);
  return code;
}

/* ---- run ----------------------------------------------------------------- */

static int report(const Measure *measure, const OutputFile *file) {
  const Cli *cli = measure->cli;
  bool is_json = options_has(&cli->options, OPTION_JSON);
  int code = EXIT_CODE_DONE;
  Buf text = {0}, shown = {0};
  cJSON *document = measure_document(measure);
  report_add_document(document, true, &text);
  cJSON_Delete(document);
  if (!is_json) measure_add_tables(measure, &shown);
  if (!file || !output_is_stdout(file))
    code = cli_print(cli, buf_slice(is_json ? &text : &shown));
  if (file && code == EXIT_CODE_DONE)
    code = cli_write_file(cli, file, buf_slice(&text), EXIT_CODE_FAILED);
  buf_free(&text);
  buf_free(&shown);
  return code;
}

static int plan_outputs(const Cli *cli, const Workload *workload,
                        Outputs *outputs, const OutputFile **file,
                        const OutputFile **trace) {
  Error error = {0};
  outputs_add_input(outputs, workload->program);
  if (cli->options.value[OPTION_REPLIES])
    outputs_add_input(outputs, cli->options.value[OPTION_REPLIES]);
  *file = outputs_add_option(outputs, &cli->options, OPTION_OUTPUT,
                             workload->program, ".json");
  *trace = outputs_add_option(outputs, &cli->options, OPTION_TRACE,
                              workload->program, ".trace.json");
  outputs_add_option(outputs, &cli->options, OPTION_REQUEST_LOG,
                     workload->program, ".requests.jsonl");
  if (outputs_check(outputs, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(cli, &error);
}

static int run_one(const Cli *cli, const Workload *workload) {
  Outputs outputs = {0};
  const OutputFile *file = NULL;
  Measure measure = {.cli = cli, .workload = workload};
  if (strcmp(workload->type, "scalability") != 0)
    return cli_fail(cli, EXIT_CODE_SETUP,
                    "%s is of type `%s`; only `scalability` can be run",
                    workload->directory, workload->type);
  int code = plan_outputs(cli, workload, &outputs, &file, &measure.trace);
  if (code == EXIT_CODE_DONE) code = measure_run(&measure);
  if (code == EXIT_CODE_DONE) code = report(&measure, file);
  if (code == EXIT_CODE_DONE) code = measure.trace_code;
  measure_free(&measure);
  outputs_free(&outputs);
  return code;
}

static int run_workload(const Cli *cli) {
  Workload workload;
  Error error = {0};
  int code = cli_want_words(cli, 2, 2);
  if (code != EXIT_CODE_DONE) return code;
  if (workload_find(cli->words[1], &workload, &error) == STATUS_OK)
    code = run_one(cli, &workload);
  else
    code = cli_fail_error(cli, &error);
  workload_free(&workload);
  return code;
}

int cmd_workloads(const Cli *cli) {
  const char *what = cli->word_count > 0 ? cli->words[0] : "";
  if (strcmp(what, "list") == 0)
    return with_list(cli, OPT(JSON), list_workloads);
  if (strcmp(what, "check") == 0)
    return with_list(cli, OPT(OPT_LEVEL), check_workloads);
  if (strcmp(what, "run") == 0) return run_workload(cli);
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "`apxm workloads` needs list, check or run NAME%s%s%s",
                  *what ? ", not `" : "", what, *what ? "`" : "");
}
