/* SPDX-License-Identifier: MIT
 *
 * `apxm bench load`: what a node of an object file costs before it first runs:
 * the file verified and its consumers derived (load), the same with reading it
 * (file), and a frame of the graph, allocated and filled (instantiate). Two
 * kinds of files: `layered`, nodes that pass a number on along 2 to 4 edges;
 * and `asks`, a compiled source of `bench compile`, with its texts and places.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/bench.h"
#include "cli/bench_child.h"
#include "cli/bench_measure.h"
#include "cli/bench_object.h"
#include "cli/bench_source.h"
#include "cli/table.h"
#include "compiler/emit/compile.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"

enum { TARGET_LOAD_NS = 60, TARGET_FRAME_NS = 20, TARGET_NODES = 100000 };

typedef enum FileKind { FILE_LAYERED, FILE_ASKS, FILE_KIND_COUNT } FileKind;

static const char *const kind_names[FILE_KIND_COUNT] = {
    [FILE_LAYERED] = "layered", [FILE_ASKS] = "asks"};

typedef struct Plan {
  BenchList nodes;
  uint32_t repeat; /* processes for each size and kind */
} Plan;

typedef struct Job {
  FileKind kind;
  uint32_t nodes; /* about */
} Job;

/* ---- one process --------------------------------------------------------- */

static Status make_asks(uint32_t asks, Buf *file, Error *error) {
  Buf text = {0};
  CompileResult result;
  bench_source_groups(asks, &text);
  Source source = {.name = "bench.ais", .text = buf_slice(&text)};
  compile_source(&source, &(CompileOptions){.optimization = 1}, &result);
  Status status = STATUS_OK;
  if (result.ok)
    buf_add_slice(file, buf_slice(&result.object));
  else
    status = error_set(error, STATUS_FAILED, "%u asks do not compile: %s", asks,
                       result.error.message);
  compile_result_free(&result);
  buf_free(&text);
  return status;
}

static Status make_file(const Job *job, Buf *file, Error *error) {
  if (job->kind == FILE_ASKS) return make_asks(job->nodes, file, error);
  Shape shape = shape_make(SHAPE_LAYERED, job->nodes);
  Status status = bench_object_build(&shape, file, error);
  shape_free(&shape);
  return status;
}

static Status measure_object(Slice file, Buf *out, Error *error) {
  uint8_t *bytes = mem_alloc(file.length);
  memcpy(bytes, file.data, file.length);
  uint64_t heap = bench_heap_bytes() - file.length, start = clock_now();
  Object *object = object_load(bytes, file.length, error);
  uint64_t loaded = clock_now() - start;
  if (object == NULL) return error->status;
  double nodes = object->node_count;
  sheet_line(out, "nodes", nodes);
  sheet_line(out, "load_ns_per_node", (double)loaded / nodes);
  sheet_line(out, "bytes_per_node",
             (double)(bench_heap_bytes() - heap) / nodes);
  sheet_line(out, "file_bytes_per_node", (double)file.length / nodes);
  for (int i = 0; i < 3; i++)
    sheet_line(out, "instantiate_ns_per_node",
               (double)bench_measure_frame(object) / nodes);
  object_free(object);
  return STATUS_OK;
}

/* From a file in memory, so that no disk is measured. */
static Status measure_reading(Slice file, Buf *out, Error *error) {
  char path[64];
  int fd = memfd_create("apxm-bench", MFD_CLOEXEC);
  if (fd < 0) return error_set(error, STATUS_FAILED, "no memory file");
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  Status status = file_write_fd(fd, file, error);
  uint64_t start = clock_now();
  Object *object = status == STATUS_OK ? object_load_file(path, error) : NULL;
  uint64_t ns = clock_now() - start;
  close(fd);
  if (object == NULL) return error->status;
  sheet_line(out, "file_ns_per_node", (double)ns / object->node_count);
  object_free(object);
  return STATUS_OK;
}

static Status measure(const void *data, Buf *out, Error *error) {
  Buf file = {0};
  Status status = make_file(data, &file, error);
  if (status == STATUS_OK)
    status = measure_object(buf_slice(&file), out, error);
  if (status == STATUS_OK)
    status = measure_reading(buf_slice(&file), out, error);
  buf_free(&file);
  return status;
}

/* ---- all of them --------------------------------------------------------- */

static uint32_t row_of(const Plan *plan, FileKind kind, uint32_t size) {
  return (uint32_t)kind * plan->nodes.count + size;
}

static Status measure_one(const Cli *cli, const Plan *plan, Sheet *sheet,
                          uint32_t row, Error *error) {
  Job job = {(FileKind)(row / plan->nodes.count),
             plan->nodes.at[row % plan->nodes.count]};
  bench_progress(cli, "bench load: %s, %u nodes", kind_names[job.kind],
                 job.nodes);
  return bench_add_fork(sheet, row, measure, &job, error);
}

static Status measure_all(const Cli *cli, const void *data, Sheet *sheet,
                          Error *error) {
  const Plan *plan = data;
  Status status = STATUS_OK;
  for (uint32_t k = 0; k < FILE_KIND_COUNT; k++)
    for (uint32_t i = 0; i < plan->nodes.count; i++)
      sheet_set(sheet, sheet_row(sheet, "apxm", kind_names[k]), "nodes",
                plan->nodes.at[i]);
  for (uint32_t turn = 0; turn < plan->repeat; turn++)
    for (uint32_t row = 0; row < sheet->rows.length; row++)
      if (status == STATUS_OK)
        status = measure_one(cli, plan, sheet, row, error);
  return status;
}

/* ---- what comes of it ---------------------------------------------------- */

static void claim(const Plan *plan, Sheet *sheet) {
  for (uint32_t i = 0; i < plan->nodes.count; i++) {
    uint32_t nodes = plan->nodes.at[i], row = row_of(plan, FILE_LAYERED, i);
    if (nodes < TARGET_NODES) continue;
    sheet_claim(sheet, sheet_median(sheet, row, "load_ns_per_node"), false,
                TARGET_LOAD_NS, "load, ns a node of %u", nodes);
    sheet_claim(sheet, sheet_median(sheet, row, "instantiate_ns_per_node"),
                false, TARGET_FRAME_NS, "instantiate, ns a node of %u", nodes);
  }
}

static void draw(const void *data, Sheet *sheet, Buf *out) {
  static const char *const heads[] = {
      "file",         "nodes",           "load", "with reading", "instantiate",
      "bytes a node", "of them the file"};
  static const char *const figures[] = {
      "load_ns_per_node", "file_ns_per_node", "instantiate_ns_per_node",
      "bytes_per_node", "file_bytes_per_node"};
  const Plan *plan = data;
  char title[64];
  Table table;
  claim(plan, sheet);
  snprintf(title, sizeof title, "ns a node, medians of %u processes",
           plan->repeat);
  table_init(&table, title, "lrrrrrr");
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    table_add(&table, "%s", heads[i]);
  for (uint32_t row = 0; row < sheet->rows.length; row++) {
    table_add(&table, "%s", sheet->rows.data[row].what);
    table_add(&table, "%.0f", sheet_median(sheet, row, "nodes"));
    for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++)
      table_add(&table, "%.1f", sheet_median(sheet, row, figures[f]));
  }
  table_print(&table, out);
  table_free(&table);
}

int bench_load(const Cli *cli, int count, char *const *words) {
  Plan plan = {.nodes = {{1000, 10000, 100000, 1000000}, 4}, .repeat = 5};
  const BenchOption options[] = {
      {"--nodes", "N,...", "nodes of a file [1000,10000,100000,1000000]",
       BENCH_OPTION_LIST, SHAPE_NODES_MIN, BENCH_ASKS_MAX, &plan.nodes, NULL},
      {"--repeat", "N", "processes for each file, taking turns [5]",
       BENCH_OPTION_NUMBER, 1, 1000, &plan.repeat, NULL}};
  const BenchUsage usage = {
      "load",
      "Loads object files, verification included, and makes frames of their "
      "graphs.\n",
      options, sizeof options / sizeof options[0]};
  const BenchMaker maker = {measure_all, draw, &plan};
  return bench_do_sheet(cli, &usage, count, words, &maker);
}
