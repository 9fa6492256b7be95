/* SPDX-License-Identifier: MIT
 *
 * A look is a list of pages, which is drawn and forgotten.
 */
#include "cli/backend_watch.h"

#include <poll.h>
#include <unistd.h>

#include "cli/table.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "lib/report.h"
#include "runtime/model/board.h"

/* Home, and away with all that is there. */
static const char wipe[] = "\033[H\033[J";

/* ---- a table ------------------------------------------------------------- */

/* Attempts of the last minute, and how many there may be. */
static void add_minute(const BoardRow *row, Table *table) {
  if (row->rpm > 0)
    table_add(table, "%u/%.0f", row->minute, row->rpm);
  else
    table_add(table, "%u", row->minute);
}

static void add_row(const BoardPage *page, const BoardRow *row, Table *table) {
  table_add(table, "%u", page->pid);
  table_add(table, "%s", row->name);
  table_add(table, "%u", row->open);
  table_add(table, row->is_adaptive ? "%u auto" : "%u", row->limit);
  table_add(table, "%u", row->waiting);
  add_minute(row, table);
  table_add(table, "%llu", (unsigned long long)row->replies);
  table_add(table, "%llu", (unsigned long long)row->retries);
  table_add(table, "%llu", (unsigned long long)row->refused);
  if (row->p50_ns > 0)
    table_add_ns(table, (double)row->p50_ns);
  else
    table_add(table, "-");
  if (row->quiet_ns > 0)
    table_add_ns(table, (double)row->quiet_ns);
  else
    table_add(table, "-");
}

static void add_table(const BoardPages *pages, Buf *out) {
  static const char *const head[] = {
      "process", "backend", "open",    "limit", "waiting", "a minute",
      "replies", "retries", "refused", "p50",   "quiet"};
  Table table;
  table_init(&table, NULL, "rlrrrrrrrrr");
  for (size_t i = 0; i < sizeof head / sizeof *head; i++)
    table_add(&table, "%s", head[i]);
  for (uint32_t i = 0; i < pages->length; i++) {
    const BoardPage *page = &pages->data[i];
    for (uint32_t row = 0; row < page->count; row++)
      add_row(page, &page->rows[row], &table);
  }
  table_print(&table, out);
  table_free(&table);
  if (pages->length == 0)
    buf_add_text(out, "no apxm process talks to a model server now\n");
}

/* ---- a document ---------------------------------------------------------- */

static void add_count(cJSON *item, const char *name, uint64_t count) {
  cJSON_AddNumberToObject(item, name, (double)count);
}

static void add_limit(cJSON *item, const char *name, double limit) {
  if (limit > 0)
    cJSON_AddNumberToObject(item, name, limit);
  else
    cJSON_AddNullToObject(item, name);
}

static cJSON *row_json(const BoardRow *row) {
  cJSON *item = cJSON_CreateObject();
  cJSON_AddStringToObject(item, "name", row->name);
  cJSON_AddStringToObject(item, "provider", row->provider);
  add_count(item, "open", row->open);
  add_count(item, "limit", row->limit);
  cJSON_AddBoolToObject(item, "is_adaptive", row->is_adaptive != 0);
  add_count(item, "waiting", row->waiting);
  add_count(item, "last_minute", row->minute);
  add_limit(item, "rpm", row->rpm);
  add_limit(item, "tpm", row->tpm);
  add_count(item, "attempts", row->attempts);
  add_count(item, "replies", row->replies);
  add_count(item, "retries", row->retries);
  add_count(item, "refused", row->refused);
  add_limit(item, "p50_ms", (double)row->p50_ns / (double)NS_PER_MS);
  cJSON_AddNumberToObject(item, "quiet_ms",
                          (double)row->quiet_ns / (double)NS_PER_MS);
  return item;
}

static void add_document(const BoardPages *pages, Buf *out) {
  char now[32];
  cJSON *document = cJSON_CreateObject();
  clock_wall_text(now);
  cJSON_AddStringToObject(document, "at", now);
  cJSON *list = cJSON_AddArrayToObject(document, "processes");
  for (uint32_t i = 0; i < pages->length; i++) {
    const BoardPage *page = &pages->data[i];
    cJSON *item = cJSON_CreateObject();
    add_count(item, "pid", page->pid);
    cJSON *rows = cJSON_AddArrayToObject(item, "backends");
    for (uint32_t row = 0; row < page->count; row++)
      cJSON_AddItemToArray(rows, row_json(&page->rows[row]));
    cJSON_AddItemToArray(list, item);
  }
  report_add_document(document, false, out);
  cJSON_Delete(document);
}

/* ---- looking ------------------------------------------------------------- */

static int look(const Cli *cli) {
  BoardPages pages = {0};
  Error error = {0};
  Buf text = {0};
  bool is_json = options_has(&cli->options, OPTION_JSON);
  int code = EXIT_CODE_DONE;
  if (!is_json && isatty(STDOUT_FILENO)) buf_add_text(&text, wipe);
  if (board_read(&pages, &error) != STATUS_OK)
    code = cli_fail_error(cli, &error);
  else if (is_json)
    add_document(&pages, &text);
  else
    add_table(&pages, &text);
  if (code == EXIT_CODE_DONE) code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  vec_free(&pages);
  return code;
}

/* The reader of a pipe has gone. */
static bool nobody_reads(void) {
  struct pollfd out = {.fd = STDOUT_FILENO};
  return poll(&out, 1, 0) == 1 && (out.revents & (POLLERR | POLLHUP)) != 0;
}

int backend_watch(const Cli *cli) {
  bool is_bounded = options_has(&cli->options, OPTION_LOOKS);
  int32_t left = is_bounded ? cli->options.number[OPTION_LOOKS] : 0;
  for (;;) {
    int code = look(cli);
    bool is_last = is_bounded && --left == 0;
    if (code != EXIT_CODE_DONE || is_last || nobody_reads()) return code;
    clock_sleep(NS_PER_S);
  }
}
