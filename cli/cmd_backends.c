/* SPDX-License-Identifier: MIT
 *
 * `apxm backends list | test [NAME...]`: which backends there are, and whether
 * they answer.
 */
#include <string.h>

#include "cli/backend_rows.h"
#include "cli/backend_trial.h"
#include "cli/backend_watch.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "lib/report.h"

/* ---- list ---------------------------------------------------------------- */

static void add_where(const BackendRow *row, Table *table) {
  if (row->config.file)
    table_add(table, "%s:%u", row->config.file, row->config.line);
  else
    table_add(table, row->is_configured ? "the default" : "built in");
}

static void add_row(const BackendRow *row, Table *table) {
  const BackendConfig *backend = &row->config;
  Buf key = {0};
  backend_add_key(backend, &key);
  table_add(table, row->is_default ? "*" : "");
  table_add(table, "%s", backend->name);
  table_add(table, "%s", backend->provider);
  table_add(table, "%s", backend->url ? backend->url : "-");
  table_add(table, "%s", backend->model ? backend->model : "-");
  if (backend->is_adaptive)
    table_add(table, "auto");
  else
    table_add(table, "%u", backend->max_in_flight);
  table_add(table, "%s", key.data);
  add_where(row, table);
  buf_free(&key);
}

static void add_table(const BackendRows *rows, Buf *out) {
  static const char *const head[] = {"",      "name",      "provider", "URL",
                                     "model", "in flight", "key",      "from"};
  Table table;
  table_init(&table, NULL, "lllllrll");
  for (size_t i = 0; i < sizeof head / sizeof *head; i++)
    table_add(&table, "%s", head[i]);
  for (uint32_t i = 0; i < rows->items.length; i++)
    add_row(&rows->items.data[i], &table);
  table_print(&table, out);
  table_free(&table);
}

static void add_document(const BackendRows *rows, const Config *config,
                         Buf *out) {
  cJSON *document = cJSON_CreateObject();
  cJSON *files = cJSON_AddArrayToObject(document, "files");
  cJSON *list = cJSON_AddArrayToObject(document, "backends");
  for (uint32_t i = 0; i < config->files.length; i++)
    cJSON_AddItemToArray(files, cJSON_CreateString(config->files.data[i]));
  for (uint32_t i = 0; i < rows->items.length; i++)
    cJSON_AddItemToArray(list, backend_row_json(&rows->items.data[i]));
  report_add_document(document, true, out);
  cJSON_Delete(document);
}

static int list_backends(const Cli *cli, const Config *config) {
  BackendRows rows;
  Buf text = {0};
  backend_rows_init(&rows, config);
  if (options_has(&cli->options, OPTION_JSON))
    add_document(&rows, config, &text);
  else
    add_table(&rows, &text);
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  backend_rows_free(&rows);
  return code;
}

/* ---- test ---------------------------------------------------------------- */

/* Those that are named; else all that a file speaks of; else the default. */
static int choose(const Cli *cli, const Config *config, BackendRows *rows,
                  BackendTrials *trials) {
  Error error = {0};
  for (uint32_t i = 1; i < cli->word_count; i++) {
    if (backend_rows_add(rows, config, cli->words[i], &error) != STATUS_OK)
      return cli_fail_error(cli, &error);
    backend_trials_add(trials, cli->words[i]);
  }
  if (cli->word_count > 1) return EXIT_CODE_DONE;
  for (uint32_t i = 0; i < rows->items.length; i++) {
    const BackendRow *row = &rows->items.data[i];
    if (row->is_configured || row->is_default)
      backend_trials_add(trials, row->config.name);
  }
  return EXIT_CODE_DONE;
}

static int test_backends(const Cli *cli, const Config *config) {
  BackendRows rows;
  BackendTrials trials = {.config = config};
  backend_rows_init(&rows, config);
  int code = choose(cli, config, &rows, &trials);
  if (code == EXIT_CODE_DONE) code = backend_trials_run(cli, &trials);
  backend_trials_free(&trials);
  backend_rows_free(&rows);
  return code;
}

/* ---- the command --------------------------------------------------------- */

static int dispatch(const Cli *cli, const Config *config) {
  bool is_test = strcmp(cli->words[0], "test") == 0;
  if (is_test && cli_want_options(cli, OPT(JSON) | OPT(MODEL)) != 0)
    return EXIT_CODE_USAGE;
  if (is_test) return test_backends(cli, config);
  int code = cli_want_words(cli, 1, 1);
  if (code == EXIT_CODE_DONE) code = cli_want_options(cli, OPT(JSON));
  return code == EXIT_CODE_DONE ? list_backends(cli, config) : code;
}

static int watch(const Cli *cli) {
  int code = cli_want_words(cli, 1, 1);
  if (code == EXIT_CODE_DONE)
    code = cli_want_options(cli, OPT(JSON) | OPT(LOOKS));
  return code == EXIT_CODE_DONE ? backend_watch(cli) : code;
}

static bool is_known(const char *word) {
  return strcmp(word, "list") == 0 || strcmp(word, "test") == 0;
}

int cmd_backends(const Cli *cli) {
  Error error = {0};
  Config config;
  int code = cli_want_words(cli, 1, UINT32_MAX);
  if (code != EXIT_CODE_DONE) return code;
  if (strcmp(cli->words[0], "watch") == 0) return watch(cli);
  if (!is_known(cli->words[0]))
    return cli_fail(cli, EXIT_CODE_USAGE,
                    "`apxm backends` needs list, test or watch, not `%s`",
                    cli->words[0]);
  if (config_load(NULL, &config, &error) == STATUS_OK)
    code = dispatch(cli, &config);
  else
    code = cli_fail_error(cli, &error);
  config_free(&config);
  return code;
}
