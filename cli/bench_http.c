/* SPDX-License-Identifier: MIT
 *
 * `apxm bench http`: model calls over loopback HTTP, beside a bare libcurl
 * loop and LangGraph.js, all against the same server process, taking turns.
 * A measurement is one process: a fork that holds an engine, bench_curl, node.
 * A fan-out is also timed as whole processes: `apxm execute` of its source.
 */
#include "cli/bench_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_source.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

enum { WORDS_MAX = 16, LANGGRAPH_ASKS_MAX = 1000 };

const char *const http_case_names[HTTP_CASE_KIND_COUNT] = {
    [HTTP_CASE_ZERO] = "zero",
    [HTTP_CASE_STEADY] = "steady",
    [HTTP_CASE_OPEN] = "open",
    [HTTP_CASE_FAN] = "fan"};

const char *const http_subject_names[HTTP_SUBJECT_COUNT] = {
    [HTTP_APXM] = "apxm", [HTTP_CURL] = "curl", [HTTP_LANGGRAPH] = "langgraph"};

static const HttpCase standard_cases[] = {
    {HTTP_CASE_ZERO, 20000, 64, 0, 3},    {HTTP_CASE_STEADY, 2560, 64, 50, 2},
    {HTTP_CASE_FAN, 8, 8, 50, 10},        {HTTP_CASE_FAN, 64, 64, 50, 10},
    {HTTP_CASE_FAN, 512, 512, 50, 10},    {HTTP_CASE_OPEN, 1000, 1000, 50, 5},
    {HTTP_CASE_OPEN, 10000, 10000, 50, 5}};

/* Whether the subject can take the case at all. */
static bool takes(HttpSubject subject, const HttpCase *c) {
  if (subject != HTTP_LANGGRAPH) return true;
  return c->asks == c->in_flight && c->asks <= LANGGRAPH_ASKS_MAX;
}

/* ---- what is there ------------------------------------------------------- */

typedef struct Bench {
  const Cli *cli;
  const HttpPlan *plan;
  Sheet *sheet;
  char *apxm;                         /* this program's path */
  char *programs[HTTP_SUBJECT_COUNT]; /* NULL: missing */
  char *server;                       /* bench_server; NULL with sim */
  Buf folder;                         /* temporary, for the sources */
  Buf source;                         /* the path of the source in there */
  Buf config;                         /* of the configuration */
} Bench;

static void find_peers(Bench *bench) {
  bench->programs[HTTP_CURL] = bench_program_find("bench_curl");
  bench->programs[HTTP_LANGGRAPH] = bench_program_find("langgraph/bench.mjs");
  if (bench->programs[HTTP_CURL] == NULL)
    cli_note(bench->cli,
             "curl is not measured: install libcurl4-openssl-dev, "
             "then build with -DAPXM_TESTS=ON");
  if (bench->programs[HTTP_LANGGRAPH] == NULL)
    cli_note(bench->cli,
             "langgraph is not measured: `./dev bench --peers` installs it");
}

/* Processes of apxm find the backend by a configuration in the folder. */
static Status prepare_folder(Bench *bench, Error *error) {
  buf_addf(&bench->source, "%s/fan.ais", bench->folder.data);
  buf_addf(&bench->config, "%s/config.yaml", bench->folder.data);
  if (setenv("APXM_HOME", bench->folder.data, 1) == 0) return STATUS_OK;
  return error_set(error, STATUS_NO_MEMORY, "no memory for the environment");
}

static Status prepare(Bench *bench, Error *error) {
  bench->apxm = bench->programs[HTTP_APXM] = bench_own_path();
  if (bench->apxm == NULL)
    return error_set(error, STATUS_FAILED, "/proc is needed to start apxm");
  if (bench->plan->is_raw_server) {
    bench->server = bench_program_find("bench_server");
    if (bench->server == NULL)
      return error_set(error, STATUS_NOT_FOUND,
                       "bench_server is missing: build with -DAPXM_TESTS=ON, "
                       "name its folder in APXM_BENCH_DIR, or use --server "
                       "sim");
  }
  find_peers(bench);
  Status status = bench_folder_make(&bench->folder, error);
  if (status == STATUS_OK) status = prepare_folder(bench, error);
  return status;
}

static void clean_up(Bench *bench) {
  if (bench->source.length > 0) {
    unlink(bench->source.data);
    unlink(bench->config.data);
    rmdir(bench->folder.data);
  }
  buf_free(&bench->folder);
  for (uint32_t s = 0; s < HTTP_SUBJECT_COUNT; s++)
    mem_free(bench->programs[s]);
  mem_free(bench->server);
  buf_free(&bench->source);
  buf_free(&bench->config);
}

/* ---- one server ---------------------------------------------------------- */

typedef struct Target {
  BenchServer server;
  Buf backend; /* "openai:http://127.0.0.1:4711/v1" */
  Buf url;     /* of chat completions there */
} Target;

/* The line names the address somewhere: {"url":"http://127.0.0.1:4711/v1",...
 */
static Status read_address(Slice line, Target *target, Error *error) {
  const char *start = memmem(line.data, line.length, "http://", 7);
  if (start == NULL)
    return error_set(error, STATUS_FAILED, "the server said no address: %.*s",
                     SLICE_ARG(line));
  const char *end = line.data + line.length;
  int length = 0;
  while (start + length < end && start[length] > ' ' && start[length] != '"')
    length++;
  const char *path = memmem(start, (size_t)length, "/v1", 3) ? "" : "/v1";
  buf_addf(&target->backend, "openai:%.*s%s", length, start, path);
  buf_addf(&target->url, "%.*s%s/chat/completions", length, start, path);
  return STATUS_OK;
}

static Status start_server(const Bench *bench, const HttpCase *c,
                           Target *target, Error *error) {
  char number[24], latency[24];
  Buf line = {0};
  snprintf(number, sizeof number, "%u", c->latency_ms);
  snprintf(latency, sizeof latency, "%ums", c->latency_ms);
  const char *const raw[] = {bench->server, "--latency", number, NULL};
  const char *const sim[] = {bench->apxm,   "sim",       "--json", "--listen",
                             "127.0.0.1:0", "--latency", latency,  NULL};
  Status status = bench_server_start(bench->server ? raw : sim, &target->server,
                                     &line, error);
  if (status == STATUS_OK)
    status = read_address(buf_slice(&line), target, error);
  buf_free(&line);
  return status;
}

static Status write_config(const Bench *bench, const Target *target,
                           Error *error) {
  Buf text = {0};
  buf_addf(&text,
           "backends:\n  bench-http:\n    provider: openai\n    url: %s\n"
           "    stream: %s\n",
           target->backend.data + strlen("openai:"),
           bench->plan->is_streamed ? "true" : "false");
  Status status = file_write(bench->config.data, buf_slice(&text), error);
  buf_free(&text);
  return status;
}

static void stop_server(Target *target) {
  bench_server_stop(&target->server);
  buf_free(&target->backend);
  buf_free(&target->url);
}

/* ---- one measurement ----------------------------------------------------- */

typedef struct Words {
  char asks[16], in_flight[16], warm[16];
  const char *word[WORDS_MAX];
} Words;

/* A peer's command line. */
static void peer_words(const Bench *bench, HttpSubject subject,
                       const HttpCase *c, uint32_t warm, const Target *target,
                       Words *words) {
  uint32_t n = 0;
  snprintf(words->asks, sizeof words->asks, "%u", c->asks);
  snprintf(words->in_flight, sizeof words->in_flight, "%u", c->in_flight);
  snprintf(words->warm, sizeof words->warm, "%u", warm);
  if (subject == HTTP_LANGGRAPH) {
    words->word[n++] = "node";
    words->word[n++] = "--no-warnings";
  }
  const char *const rest[] = {bench->programs[subject],
                              "--url",
                              target->url.data,
                              "--asks",
                              words->asks,
                              "--in-flight",
                              words->in_flight,
                              "--warm",
                              words->warm,
                              NULL};
  memcpy(words->word + n, rest, sizeof rest);
}

/* A whole process of apxm. */
static void apxm_words(const Bench *bench, const HttpCase *c, Words *words) {
  snprintf(words->in_flight, sizeof words->in_flight, "%u", c->in_flight);
  const char *const all[] = {
      bench->apxm,        "execute", "--backend",       "bench-http",
      "--model",          "bench",   "--max-in-flight", words->in_flight,
      bench->source.data, NULL};
  memcpy(words->word, all, sizeof all);
}

static Status measure_process(Bench *bench, HttpSubject subject, uint32_t row,
                              const HttpCase *c, const Target *target,
                              Error *error) {
  BenchCost cost;
  Words words;
  if (subject == HTTP_APXM)
    apxm_words(bench, c, &words);
  else
    peer_words(bench, subject, c, 0, target, &words);
  Status status = bench_child_run(words.word, NULL, &cost, error);
  if (status != STATUS_OK) return status;
  sheet_add(bench->sheet, row, "process_ms", (double)cost.wall_ns / NS_PER_MS);
  sheet_add(bench->sheet, row, "process_peak_bytes", (double)cost.peak_bytes);
  return STATUS_OK;
}

static Status measure_in_process(HttpSubject subject, const Bench *bench,
                                 const HttpCase *c, const Target *target,
                                 Buf *lines, Error *error) {
  HttpJob job = {c, target->backend.data, bench->plan->is_streamed};
  Words words;
  if (subject == HTTP_APXM)
    return bench_child_fork(http_measure_engine, &job, lines, error);
  peer_words(bench, subject, c, c->warm, target, &words);
  return bench_child_run(words.word, lines, NULL, error);
}

static Status measure_subject(Bench *bench, HttpSubject subject, uint32_t row,
                              const HttpCase *c, const Target *target,
                              Error *error) {
  Buf lines = {0};
  Status status = measure_in_process(subject, bench, c, target, &lines, error);
  if (status == STATUS_OK)
    status = sheet_add_lines(bench->sheet, row, buf_slice(&lines), error);
  buf_free(&lines);
  if (status == STATUS_OK && c->kind == HTTP_CASE_FAN)
    status = measure_process(bench, subject, row, c, target, error);
  return status;
}

/* ---- all of them --------------------------------------------------------- */

static Status measure_turn(Bench *bench, uint32_t index, uint32_t turn,
                           const Target *target, Error *error) {
  const HttpCase *c = &bench->plan->cases[index];
  Status status = STATUS_OK;
  for (uint32_t s = 0; s < HTTP_SUBJECT_COUNT && status == STATUS_OK; s++) {
    HttpSubject subject = (HttpSubject)s;
    if (bench->programs[s] == NULL || !takes(subject, c)) continue;
    bench_progress(bench->cli, "bench http: turn %u of %u, %s, %u asks, %s",
                   turn + 1, bench->plan->repeat, http_case_names[c->kind],
                   c->asks, http_subject_names[s]);
    status = measure_subject(bench, subject, http_row(index, subject), c,
                             target, error);
  }
  return status;
}

static Status write_source(const Bench *bench, const HttpCase *c,
                           Error *error) {
  Buf text = {0};
  bench_source_fan(c->asks, &text);
  Status status = file_write(bench->source.data, buf_slice(&text), error);
  buf_free(&text);
  return status;
}

static Status measure_case(Bench *bench, uint32_t index, Error *error) {
  const HttpCase *c = &bench->plan->cases[index];
  Target target = {0};
  if (write_source(bench, c, error) != STATUS_OK) return error->status;
  Status status = start_server(bench, c, &target, error);
  if (status == STATUS_OK) status = write_config(bench, &target, error);
  for (uint32_t turn = 0; turn < bench->plan->repeat; turn++)
    if (status == STATUS_OK)
      status = measure_turn(bench, index, turn, &target, error);
  stop_server(&target);
  return status;
}

static void make_rows(Bench *bench) {
  for (uint32_t i = 0; i < bench->plan->case_count; i++) {
    const HttpCase *c = &bench->plan->cases[i];
    for (uint32_t s = 0; s < HTTP_SUBJECT_COUNT; s++) {
      uint32_t row = sheet_row(bench->sheet, http_subject_names[s],
                               http_case_names[c->kind]);
      sheet_set(bench->sheet, row, "asks", c->asks);
      sheet_set(bench->sheet, row, "in_flight", c->in_flight);
      sheet_set(bench->sheet, row, "latency_ms", c->latency_ms);
    }
  }
}

static Status measure_all(const Cli *cli, const void *plan, Sheet *sheet,
                          Error *error) {
  Bench bench = {.cli = cli, .plan = plan, .sheet = sheet};
  Status status = prepare(&bench, error);
  make_rows(&bench);
  for (uint32_t i = 0; i < bench.plan->case_count; i++)
    if (status == STATUS_OK) status = measure_case(&bench, i, error);
  clean_up(&bench);
  return status;
}

/* ---- the command line ---------------------------------------------------- */

/* What the words choose, before it is a plan. */
typedef struct Choice {
  bool kinds[HTTP_CASE_KIND_COUNT];
  BenchList asks; /* 0: the standard cases */
  uint32_t in_flight, latency, warm, repeat;
  bool is_raw, is_streamed;
} Choice;

static bool read_kind(const char *text, void *target) {
  bool *kinds = target;
  for (uint32_t k = 0; k < HTTP_CASE_KIND_COUNT; k++) {
    if (strcmp(text, http_case_names[k]) != 0) continue;
    kinds[k] = true;
    return true;
  }
  return false;
}

static bool read_server(const char *text, void *target) {
  bool *is_raw = target;
  *is_raw = strcmp(text, "raw") == 0;
  return *is_raw || strcmp(text, "sim") == 0;
}

static bool read_reply(const char *text, void *target) {
  bool *is_streamed = target;
  *is_streamed = strcmp(text, "stream") == 0;
  return *is_streamed || strcmp(text, "whole") == 0;
}

static void add_case(HttpPlan *plan, const Choice *choice, HttpCase c) {
  if (choice->warm > 0) c.warm = choice->warm;
  if (choice->in_flight > 0) c.in_flight = choice->in_flight;
  if (choice->latency != UINT32_MAX) c.latency_ms = choice->latency;
  plan->cases[plan->case_count++] = c;
}

static void make_plan(const Choice *choice, HttpPlan *plan) {
  bool all = true;
  for (uint32_t k = 0; k < HTTP_CASE_KIND_COUNT; k++)
    all = all && !choice->kinds[k];
  plan->repeat = choice->repeat;
  plan->is_raw_server = choice->is_raw;
  plan->is_streamed = choice->is_streamed;
  for (uint32_t i = 0; i < choice->asks.count; i++)
    add_case(plan, choice,
             (HttpCase){HTTP_CASE_FAN, choice->asks.at[i], choice->asks.at[i],
                        50, 10});
  if (choice->asks.count > 0) return;
  for (size_t i = 0; i < sizeof standard_cases / sizeof standard_cases[0]; i++)
    if (all || choice->kinds[standard_cases[i].kind])
      add_case(plan, choice, standard_cases[i]);
}

static void draw(const void *data, Sheet *sheet, Buf *out) {
  HttpPlan plan = {0};
  make_plan(data, &plan);
  http_draw(&plan, sheet, out);
}

static Status measure(const Cli *cli, const void *data, Sheet *sheet,
                      Error *error) {
  HttpPlan plan = {0};
  make_plan(data, &plan);
  return measure_all(cli, &plan, sheet, error);
}

int bench_http(const Cli *cli, int count, char *const *words) {
  Choice choice = {.latency = UINT32_MAX, .repeat = 3, .is_raw = true};
  const BenchOption options[] = {
      {"--case", "CASE", "zero, steady, fan or open; may be repeated [all]",
       BENCH_OPTION_WORD, 0, 0, choice.kinds, read_kind},
      {"--asks", "N,...", "instead: fan-outs of so many asks",
       BENCH_OPTION_LIST, 1, LIMIT_IN_FLIGHT, &choice.asks, NULL},
      {"--in-flight", "N", "requests open at once [what the case says]",
       BENCH_OPTION_NUMBER, 1, LIMIT_IN_FLIGHT, &choice.in_flight, NULL},
      {"--latency", "MS", "of every reply [what the case says]",
       BENCH_OPTION_NUMBER, 0, 60000, &choice.latency, NULL},
      {"--repeat", "N", "processes of each subject, taking turns [3]",
       BENCH_OPTION_NUMBER, 1, 1000, &choice.repeat, NULL},
      {"--warm", "N", "runs after the first in each [what the case says]",
       BENCH_OPTION_NUMBER, 1, 1000, &choice.warm, NULL},
      {"--server", "SERVER", "raw (tests/bench/bench_server.c) or sim [raw]",
       BENCH_OPTION_WORD, 0, 0, &choice.is_raw, read_server},
      {"--reply", "HOW",
       "how apxm asks for it: whole, as the others do, or stream (of sim) "
       "[whole]",
       BENCH_OPTION_WORD, 0, 0, &choice.is_streamed, read_reply}};
  const BenchUsage usage = {
      "http",
      "Model calls over loopback HTTP, beside a bare libcurl loop and, where "
      "it is\ninstalled, LangGraph.js (`./dev bench --peers`):\n\n"
      "  zero     20,000 asks, 64 in flight, no latency\n"
      "  steady   2,560 asks, 64 in flight, 50 ms\n"
      "  fan      8, 64 and 512 asks of 50 ms at once, also as whole "
      "processes\n"
      "  open     1,000 and 10,000 asks of 50 ms at once\n",
      options, sizeof options / sizeof options[0]};
  const BenchMaker maker = {measure, draw, &choice};
  return bench_do_sheet(cli, &usage, count, words, &maker);
}
