/* SPDX-License-Identifier: MIT
 *
 * The engine's side of `bench http`: a generated program, compiled and loaded
 * before the clock starts, run once and then again on the same engine. Time is
 * taken from run_start to the end of the run; processor time is that of all
 * threads of this process, user and system.
 */
#include "cli/bench_http.h"
#include "cli/bench_source.h"
#include "compiler/emit/compile.h"
#include "core/base/clock.h"

static Object *make_program(uint32_t asks, Error *error) {
  Buf text = {0};
  CompileResult result;
  Object *object = NULL;
  bench_source_fan(asks, &text);
  Source source = {.name = "bench.ais", .text = buf_slice(&text)};
  compile_source(&source, &(CompileOptions){.optimization = 1}, &result);
  size_t size = result.object.length;
  if (result.ok)
    object = object_load((uint8_t *)buf_take(&result.object), size, error);
  else
    error_set(error, STATUS_FAILED, "%u asks do not compile: %s", asks,
              result.error.message);
  compile_result_free(&result);
  buf_free(&text);
  return object;
}

static Status run_once(Engine *engine, const Object *object, double *ms,
                       Error *error) {
  uint64_t start = clock_now();
  Run *run = run_start(engine, object, &(RunOptions){0}, error);
  if (run == NULL) return error->status;
  run_wait(run);
  *ms = (double)(clock_now() - start) / NS_PER_MS;
  Status status = STATUS_OK;
  if (run_status(run) != RUN_SUCCESS)
    status =
        error_set(error, STATUS_FAILED, "a run went wrong: %s", run_error(run));
  run_free(run);
  return status;
}

static Status measure_runs(Engine *engine, const Object *object,
                           const HttpCase *c, Buf *out, Error *error) {
  double ms;
  Status status = run_once(engine, object, &ms, error);
  if (status != STATUS_OK) return status;
  sheet_line(out, "first_ms", ms);
  uint64_t cpu = clock_process_cpu();
  for (uint32_t i = 0; i < c->warm && status == STATUS_OK; i++) {
    status = run_once(engine, object, &ms, error);
    if (status == STATUS_OK) sheet_line(out, "warm_ms", ms);
  }
  cpu = clock_process_cpu() - cpu;
  if (c->warm > 0)
    sheet_line(out, "cpu_us_per_ask",
               (double)cpu / NS_PER_US / c->warm / c->asks);
  sheet_line(out, "peak_bytes", (double)bench_peak_bytes());
  return status;
}

static Status measure_with(const HttpJob *job, const Config *config, Buf *out,
                           Error *error) {
  EngineOptions options = {.model = {.config = config,
                                     .backend = job->backend,
                                     .model = "bench",
                                     .max_in_flight = job->c->in_flight}};
  Object *object = make_program(job->c->asks, error);
  if (object == NULL) return error->status;
  Engine *engine = engine_new(&options, error);
  Status status = engine == NULL
                      ? error->status
                      : measure_runs(engine, object, job->c, out, error);
  if (engine != NULL) engine_free(engine);
  object_free(object);
  return status;
}

Status http_measure_engine(const void *data, Buf *out, Error *error) {
  const HttpJob *job = data;
  BackendConfig backend;
  Config config = {.backends = {.data = &backend, .length = 1}};
  Arena arena;
  arena_init(&arena);
  Status status =
      config_find_backend(NULL, job->backend, &arena, &backend, error);
  backend.stream = job->is_streamed;
  if (status == STATUS_OK) status = measure_with(job, &config, out, error);
  arena_free(&arena);
  return status;
}
