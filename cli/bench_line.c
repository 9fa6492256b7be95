/* SPDX-License-Identifier: MIT
 *
 * What every measuring process needs: its arguments, its output lines, and
 * what memory costs. One thread.
 */
#include "cli/bench_line.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool parse_count(const char *text, uint32_t low, uint32_t high,
                        uint32_t *out) {
  char *end = NULL;
  unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || value < low || value > high) return false;
  *out = (uint32_t)value;
  return true;
}

static bool parse_option(const char *name, const char *value, BenchJob *job) {
  if (strcmp(name, "--shape") == 0) return shape_find(value, &job->shape);
  if (strcmp(name, "--nodes") == 0)
    return parse_count(value, SHAPE_NODES_MIN, SHAPE_NODES_MAX, &job->nodes);
  if (strcmp(name, "--workers") == 0)
    return parse_count(value, 1, 256, &job->workers);
  if (strcmp(name, "--warm") == 0)
    return parse_count(value, 1, 1000, &job->warm);
  return false;
}

bool bench_job_parse(int argc, char **argv, BenchJob *job) {
  *job = (BenchJob){.nodes = 100000, .workers = 1, .warm = 5};
  bool good = argc % 2 == 1;
  for (int i = 1; good && i + 1 < argc; i += 2)
    good = parse_option(argv[i], argv[i + 1], job);
  if (!good)
    fprintf(stderr,
            "usage: %s [--shape fan|chain|tree|layered|wavefront] "
            "[--nodes N] [--workers N] [--warm N]\n",
            argv[0]);
  return good;
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

void bench_line_write(FILE *out, const char *peer, const BenchJob *job,
                      const char *phase, uint32_t nodes, uint64_t *ns,
                      uint32_t count, uint64_t bytes) {
  qsort(ns, count, sizeof *ns, compare);
  fprintf(out,
          "{\"peer\":\"%s\",\"shape\":\"%s\",\"nodes\":%u,\"workers\":%u,"
          "\"phase\":\"%s\",\"ns_per_node\":%.3f,\"best_ns_per_node\":%.3f,"
          "\"bytes_per_node\":%.2f}\n",
          peer, shape_name(job->shape), nodes, job->workers, phase,
          (double)ns[count / 2] / nodes, (double)ns[0] / nodes,
          (double)bytes / nodes);
  fflush(out);
}

uint64_t bench_heap_bytes(void) {
  struct mallinfo2 info = mallinfo2();
  return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
}

uint64_t bench_resident_bytes(void) {
  unsigned long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return 0;
  int read = fscanf(file, "%lu %lu", &total, &resident);
  fclose(file);
  return read == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}
