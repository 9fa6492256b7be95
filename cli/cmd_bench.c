/* SPDX-License-Identifier: MIT
 *
 * `apxm bench sched`: the engine beside its peers. Every combination of shape,
 * nodes and workers is measured by one process a peer, turn by turn, and that
 * `repeat` times over, so that a noisy moment of the machine meets all of
 * them. `apxm bench measure` is the engine's own process (bench_measure.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_measure.h"
#include "cli/bench_table.h"
#include "cli/cli.h"
#include "core/base/mem.h"
#include "lib/report.h"

typedef struct Request {
  BenchPlan plan;
  bool json;
  const char *output; /* file for the document, or NULL */
} Request;

/* ---- the command line ---------------------------------------------------- */

static bool parse_number(const char *text, uint32_t low, uint32_t high,
                         uint32_t *out, const char **end) {
  char *stop = NULL;
  if (*text < '0' || *text > '9') return false;
  unsigned long value = strtoul(text, &stop, 10);
  *end = stop;
  *out = (uint32_t)value;
  return value >= low && value <= high;
}

static bool parse_one(const char *text, uint32_t low, uint32_t high,
                      uint32_t *out) {
  const char *end;
  return parse_number(text, low, high, out, &end) && *end == '\0';
}

/* "1000,100000" */
static bool parse_list(const char *text, uint32_t low, uint32_t high,
                       uint32_t *list, uint32_t *count) {
  for (*count = 0; *count < BENCH_LIST_MAX;) {
    if (!parse_number(text, low, high, &list[(*count)++], &text)) return false;
    if (*text == '\0') return true;
    if (*text++ != ',') return false;
  }
  return false;
}

static bool parse_shape(const char *text, BenchPlan *plan) {
  ShapeKind kind;
  if (!shape_find(text, &kind)) return false;
  plan->shapes[kind] = true;
  return true;
}

static bool is_known(const char *name) {
  static const char *const names[] = {"--nodes",  "--workers", "--shape",
                                      "--repeat", "--warm",    "--output",
                                      "-o"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i], name) == 0) return true;
  return false;
}

static bool parse_option(const char *name, const char *value, Request *r) {
  BenchPlan *plan = &r->plan;
  if (strcmp(name, "--nodes") == 0)
    return parse_list(value, SHAPE_NODES_MIN, SHAPE_NODES_MAX, plan->nodes,
                      &plan->node_count);
  if (strcmp(name, "--workers") == 0)
    return parse_list(value, 1, LIMIT_WORKERS, plan->workers,
                      &plan->worker_count);
  if (strcmp(name, "--shape") == 0) return parse_shape(value, plan);
  if (strcmp(name, "--repeat") == 0)
    return parse_one(value, 1, 1000, &plan->repeat);
  if (strcmp(name, "--warm") == 0)
    return parse_one(value, 1, 1000, &plan->warm);
  if (strcmp(name, "-o") != 0 && strcmp(name, "--output") != 0) return false;
  r->output = value;
  return true;
}

/* One option: `word` is "--name" or "--name=value", `next` the word after it
 * or NULL. `used`: whether that was its value. */
static Status parse_word(const char *word, const char *next, Request *request,
                         bool *used, Error *error) {
  char name[16];
  const char *equals = word[0] == '-' ? strchr(word, '=') : NULL;
  const char *value = equals ? equals + 1 : next;
  int length = equals ? (int)(equals - word) : (int)strlen(word);
  *used = false;
  if (strcmp(word, "--json") == 0) {
    request->json = true;
    return STATUS_OK;
  }
  snprintf(name, sizeof name, "%.*s", length, word);
  if (!is_known(name))
    return error_set(error, STATUS_USAGE,
                     "`apxm bench sched` does not take `%s`; see `apxm help "
                     "bench`",
                     word);
  if (!value || !*value)
    return error_set(error, STATUS_USAGE,
                     "%s needs a value; see `apxm help bench`", name);
  *used = !equals;
  if (parse_option(name, value, request)) return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "%s cannot be `%s`; see `apxm help bench`", name, value);
}

static Status parse(int count, char *const *words, Request *request,
                    Error *error) {
  for (int i = 0; i < count; i++) {
    const char *next = i + 1 < count ? words[i + 1] : NULL;
    bool used;
    Status status = parse_word(words[i], next, request, &used, error);
    if (status != STATUS_OK) return status;
    i += used;
  }
  return STATUS_OK;
}

static void fill_in(BenchPlan *plan) {
  bool any = false;
  for (uint32_t i = 0; i < SHAPE_COUNT; i++) any = any || plan->shapes[i];
  for (uint32_t i = 0; i < SHAPE_COUNT; i++)
    plan->shapes[i] = plan->shapes[i] || !any;
}

/* ---- measuring ----------------------------------------------------------- */

typedef struct Bench {
  const Cli *cli;
  const BenchPlan *plan;
  BenchTable table;
  char *programs[BENCH_PEER_COUNT]; /* NULL: missing */
} Bench;

static void find_programs(Bench *bench) {
  for (uint32_t peer = 0; peer < BENCH_PEER_COUNT; peer++) {
    bench->programs[peer] = bench_peer_find((BenchPeer)peer);
    if (bench->programs[peer] == NULL)
      cli_note(bench->cli, "%s is not measured: %s",
               bench_peer_name((BenchPeer)peer),
               bench_peer_remedy((BenchPeer)peer));
  }
}

static Status measure_peer(Bench *bench, BenchKey key, Error *error) {
  const BenchPlan *plan = bench->plan;
  Buf lines = {0};
  BenchJob job = {.shape = key.shape,
                  .nodes = plan->nodes[key.nodes],
                  .workers = plan->workers[key.workers],
                  .warm = plan->warm};
  Status status =
      bench_peer_run(key.peer, bench->programs[key.peer], &job, &lines, error);
  if (status == STATUS_OK)
    status = bench_table_add(&bench->table, key, buf_slice(&lines), error);
  buf_free(&lines);
  return status;
}

static Status measure_place(Bench *bench, BenchKey key, Error *error) {
  Status status = STATUS_OK;
  for (uint32_t p = 0; p < BENCH_PEER_COUNT && status == STATUS_OK; p++) {
    key.peer = (BenchPeer)p;
    if (bench->programs[p] != NULL) status = measure_peer(bench, key, error);
  }
  return status;
}

static Status measure_shapes(Bench *bench, uint32_t nodes, uint32_t workers,
                             Error *error) {
  Status status = STATUS_OK;
  for (uint32_t s = 0; s < SHAPE_COUNT && status == STATUS_OK; s++) {
    BenchKey key = {BENCH_PEER_APXM, (ShapeKind)s, nodes, workers};
    if (bench->plan->shapes[s]) status = measure_place(bench, key, error);
  }
  return status;
}

static Status measure_all(Bench *bench, Error *error) {
  const BenchPlan *plan = bench->plan;
  Status status = STATUS_OK;
  for (uint32_t turn = 0; turn < plan->repeat; turn++)
    for (uint32_t n = 0; n < plan->node_count; n++)
      for (uint32_t w = 0; w < plan->worker_count; w++)
        if (status == STATUS_OK) status = measure_shapes(bench, n, w, error);
  return status;
}

/* ---- the commands -------------------------------------------------------- */

static int show(const Cli *cli, const BenchTable *table, const Request *r,
                const OutputFile *file) {
  Buf text = {0}, document = {0};
  cJSON *json = bench_table_json(table);
  report_add_document(json, true, &document);
  cJSON_Delete(json);
  bench_table_text(table, &text);
  int code = cli_print(cli, buf_slice(r->json ? &document : &text));
  if (code == EXIT_CODE_DONE && file != NULL)
    code = cli_write_file(cli, file, buf_slice(&document), EXIT_CODE_SETUP);
  buf_free(&text);
  buf_free(&document);
  return code;
}

static int measure_and_show(const Cli *cli, const Request *request,
                            const OutputFile *file) {
  Error error = {0};
  Bench bench = {.cli = cli, .plan = &request->plan};
  bench_table_init(&bench.table, &request->plan);
  find_programs(&bench);
  int code = measure_all(&bench, &error) == STATUS_OK
                 ? show(cli, &bench.table, request, file)
                 : cli_fail_error(cli, &error);
  bench_table_free(&bench.table);
  for (uint32_t p = 0; p < BENCH_PEER_COUNT; p++) mem_free(bench.programs[p]);
  return code;
}

static int bench_sched(const Cli *cli, int count, char *const *words) {
  Request request = {.plan = {.nodes = {1000, 100000, 1000000},
                              .node_count = 3,
                              .workers = {1, 2},
                              .worker_count = 2,
                              .repeat = 5,
                              .warm = 5}};
  Error error = {0};
  if (parse(count, words, &request, &error) != STATUS_OK)
    return cli_fail_error(cli, &error);
  fill_in(&request.plan);
  Outputs outputs = {0};
  OutputFile *file = NULL;
  if (request.output != NULL)
    file = outputs_add(&outputs, "--output", request.output);
  int code = outputs_check(&outputs, &error) == STATUS_OK
                 ? measure_and_show(cli, &request, file)
                 : cli_fail_error(cli, &error);
  outputs_free(&outputs);
  return code;
}

static int measure_here(const Cli *cli, int argc, char **argv) {
  BenchJob job;
  Error error = {0};
  if (!bench_job_parse(argc, argv, &job)) return EXIT_CODE_USAGE;
  if (bench_measure(&job, stdout, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(cli, &error);
}

static int show_help(const Cli *cli) {
  const char *name = "bench";
  Cli help = *cli;
  help.command = command_find("help");
  help.words = &name;
  help.word_count = 1;
  return cmd_help(&help);
}

int cmd_bench(const Cli *cli) {
  char **words = (char **)(uintptr_t)cli->argv + 2;
  int count = cli->argc - 2;
  for (int i = 0; i < count; i++)
    if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
      return show_help(cli);
  if (count > 0 && strcmp(words[0], "sched") == 0)
    return bench_sched(cli, count - 1, words + 1);
  if (count > 0 && strcmp(words[0], "measure") == 0)
    return measure_here(cli, count, words);
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "what to measure? `apxm bench sched`; see `apxm help bench`");
}
