/* SPDX-License-Identifier: MIT
 *
 * One object file, one engine, one run after the other. The file is written
 * first and not measured; then it is loaded from memory, run once, and run
 * again `warm` times; frames by themselves come last. A run lasts from
 * run_start to run_free, so it pays for its frame each time. Every run is
 * checked: a wrong result is an error.
 */
#include "cli/bench_measure.h"

#include <string.h>

#include "cli/bench_object.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "runtime/engine/run.h"

/* The object file of a shape, in a block of exactly its size. */
static uint8_t *make_file(ShapeKind kind, uint32_t nodes, size_t *size,
                          uint32_t *node_count, Error *error) {
  Buf file = {0};
  uint8_t *bytes = NULL;
  Shape shape = shape_make(kind, nodes);
  *node_count = shape.node_count;
  if (bench_object_build(&shape, &file, error) == STATUS_OK) {
    *size = file.length;
    bytes = mem_alloc(file.length);
    memcpy(bytes, file.data, file.length);
  }
  shape_free(&shape);
  buf_free(&file);
  return bytes;
}

static Object *load(ShapeKind kind, uint32_t nodes, uint32_t *node_count,
                    uint64_t *ns, Error *error) {
  size_t size = 0;
  uint8_t *bytes = make_file(kind, nodes, &size, node_count, error);
  if (bytes == NULL) return NULL;
  uint64_t start = clock_now();
  Object *object = object_load(bytes, size, error);
  *ns = clock_now() - start;
  return object;
}

static bool is_right(const Run *run) {
  return run_status(run) == RUN_SUCCESS &&
         value_to_num(run_result(run)) == BENCH_VALUE;
}

/* `bytes`, when wanted: what malloc had given out when the run was over. */
static Status run_once(Engine *engine, const Object *object, uint64_t *ns,
                       uint64_t *bytes, Error *error) {
  uint64_t start = clock_now();
  Run *run = run_start(engine, object, &(RunOptions){0}, &(Error){0});
  run_wait(run);
  uint64_t pause = clock_now();
  if (bytes != NULL) *bytes = bench_heap_bytes();
  Status status = STATUS_OK;
  if (!is_right(run))
    status =
        error_set(error, STATUS_FAILED, "a run went wrong: %s", run_error(run));
  uint64_t paused = clock_now() - pause;
  run_free(run);
  *ns = clock_now() - start - paused;
  return status;
}

/* Brings up what an engine makes once, so that it is not counted. */
static Status warm_up(Engine *engine, ShapeKind kind, Error *error) {
  uint32_t nodes;
  uint64_t ns;
  Object *small = load(kind, SHAPE_NODES_MIN, &nodes, &ns, error);
  if (small == NULL) return error->status;
  Status status = run_once(engine, small, &ns, NULL, error);
  object_free(small);
  return status;
}

static Status measure_runs(Engine *engine, const Object *object,
                           const BenchJob *job, uint32_t nodes, uint64_t heap,
                           FILE *out, Error *error) {
  uint64_t first, bytes;
  Status status = run_once(engine, object, &first, NULL, error);
  uint64_t *warm = mem_alloc_zero(job->warm, sizeof *warm);
  for (uint32_t i = 0; i < job->warm && status == STATUS_OK; i++)
    status = run_once(engine, object, &warm[i], &bytes, error);
  if (status == STATUS_OK) {
    bench_line_write(out, "apxm", job, "first", nodes, &first, 1, 0);
    bench_line_write(out, "apxm", job, "warm", nodes, warm, job->warm,
                     bytes - heap);
  }
  mem_free(warm);
  return status;
}

/* In a run that only holds it. This is the one place outside the engine that
 * looks inside. */
uint64_t bench_measure_frame(const Object *object) {
  Frame *pool = NULL;
  Run run = {.object = object, .pool = &pool};
  mutex_init(&run.pool_lock);
  uint64_t start = clock_now();
  Frame *frame = frame_new(&run, 0, NULL, 0);
  uint64_t ns = clock_now() - start;
  mem_free(frame);
  mutex_destroy(&run.pool_lock);
  return ns;
}

static void measure_frames(const Object *object, const BenchJob *job,
                           uint32_t nodes, FILE *out) {
  uint64_t *ns = mem_alloc_zero(job->warm, sizeof *ns);
  for (uint32_t i = 0; i < job->warm; i++) ns[i] = bench_measure_frame(object);
  bench_line_write(out, "apxm", job, "instantiate", nodes, ns, job->warm, 0);
  mem_free(ns);
}

static Status measure(Engine *engine, const BenchJob *job, FILE *out,
                      Error *error) {
  if (warm_up(engine, job->shape, error) != STATUS_OK) return error->status;
  uint32_t nodes;
  uint64_t ns, heap = bench_heap_bytes();
  Object *object = load(job->shape, job->nodes, &nodes, &ns, error);
  if (object == NULL) return error->status;
  bench_line_write(out, "apxm", job, "load", nodes, &ns, 1, 0);
  Status status = measure_runs(engine, object, job, nodes, heap, out, error);
  if (status == STATUS_OK) measure_frames(object, job, nodes, out);
  object_free(object);
  return status;
}

Status bench_measure(const BenchJob *job, FILE *out, Error *error) {
  Engine *engine = engine_new(&(EngineOptions){.workers = job->workers}, error);
  if (engine == NULL) return error->status;
  Status status = measure(engine, job, out, error);
  engine_free(engine);
  return status;
}
