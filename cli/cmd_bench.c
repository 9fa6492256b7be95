/* SPDX-License-Identifier: MIT
 *
 * `apxm bench NAME`: the table of benchmarks. `apxm bench` lists them; each
 * has help of its own. `apxm bench measure` is how `bench sched` starts this
 * program as one of its measuring processes, and not for people.
 */
#include <stdio.h>
#include <string.h>

#include "cli/bench.h"
#include "cli/bench_measure.h"

static const BenchInfo benches[] = {
    {"sched", "what an empty node costs, beside a bare floor and oneTBB",
     bench_sched},
    {"start", "whole processes, beside a bare program", bench_start},
    {"compile", "generated sources, phase by phase", bench_compile},
    {"load", "object files: verified, linked, made into frames", bench_load},
    {"http", "model calls over HTTP, beside a bare libcurl loop", bench_http},
};
enum { BENCH_COUNT = sizeof benches / sizeof benches[0] };

static int list(const Cli *cli) {
  Buf text = {0};
  for (uint32_t i = 0; i < BENCH_COUNT; i++)
    buf_addf(&text, "%-8s %s\n", benches[i].name, benches[i].summary);
  buf_add_text(&text, "\n`apxm bench NAME --help` shows the options of one.\n");
  int code = cli_print(cli, buf_slice(&text));
  buf_free(&text);
  return code;
}

static int measure_here(const Cli *cli, int argc, char **argv) {
  BenchJob job;
  Error error = {0};
  if (!bench_job_parse(argc, argv, &job)) return EXIT_CODE_USAGE;
  if (bench_measure(&job, stdout, &error) == STATUS_OK) return EXIT_CODE_DONE;
  return cli_fail_error(cli, &error);
}

int cmd_bench(const Cli *cli) {
  char **words = (char **)(uintptr_t)cli->argv + 2;
  int count = cli->argc - 2;
  if (count == 0) return list(cli);
  if (strcmp(words[0], "--help") == 0 || strcmp(words[0], "-h") == 0)
    return cli_help(cli, "bench");
  if (strcmp(words[0], "measure") == 0) return measure_here(cli, count, words);
  for (uint32_t i = 0; i < BENCH_COUNT; i++)
    if (strcmp(words[0], benches[i].name) == 0)
      return benches[i].run(cli, count - 1, words + 1);
  return cli_fail(cli, EXIT_CODE_USAGE,
                  "there is no benchmark `%s`; `apxm bench` lists them",
                  words[0]);
}
