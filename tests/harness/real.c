/* SPDX-License-Identifier: MIT
 *
 * Engines that stay, one run at a time. What a run asked is read from the
 * request log, so the log is tested along with the rest.
 */
#include "tests/harness/real.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/base/thread.h"
#include "lib/flow.h"
#include "runtime/engine/engine.h"
#include "tests/harness/gen.h"
#include "tests/harness/random.h"

enum { PATH_BYTES = 64, PATIENCE_S = 30, LATENCIES = 251 };

typedef struct RealEngine {
  Engine *engine;
  char log[PATH_BYTES + 16];
  size_t log_read; /* bytes of it that earlier runs wrote */
} RealEngine;

struct Real {
  char folder[PATH_BYTES];
  char replies[PATH_BYTES + 16];
  char profile[PATH_BYTES + 16];
  RealEngine engines[REAL_ENGINES]; /* by workers - 1, then is_slow */
};

/* ---- ways --------------------------------------------------------------- */

RealWay real_way(uint64_t seed, uint32_t number) {
  return (RealWay){.level = number & 1,
                   .workers = 1 + (number >> 1),
                   .is_slow = (seed + number + (number >> 1)) % 2 == 0};
}

void real_way_text(const RealWay *way, Buf *out) {
  buf_addf(out, "-O%u, %u worker%s%s", way->level, way->workers,
           way->workers == 1 ? "" : "s", way->is_slow ? ", slow replies" : "");
}

/* ---- engines ------------------------------------------------------------ */

static Status write_file(const char *path, const Buf *text, Error *error) {
  FILE *file = fopen(path, "w");
  bool written =
      file != NULL && fwrite(text->data, 1, text->length, file) == text->length;
  if (file != NULL && fclose(file) != 0) written = false;
  if (written) return STATUS_OK;
  return error_set(error, STATUS_IO, "cannot write %s", path);
}

/* Up to half a millisecond, mostly little, in an order of its own. */
static Status write_profile(const char *path, Error *error) {
  Random random = random_from(1);
  Buf text = {0};
  buf_add_text(&text, "{\"capacity\": 64, \"rates\": [1");
  for (int i = 1; i < 64; i++) buf_add_text(&text, ", 1");
  buf_add_text(&text, "], \"sizes_ms\": [0");
  for (int i = 1; i < LATENCIES; i++)
    buf_addf(&text, ", %.3f",
             random_chance(&random, 30) ? 0.001 * random_below(&random, 500)
                                        : 0.001 * random_below(&random, 60));
  buf_add_text(&text, "]}\n");
  Status status = write_file(path, &text, error);
  buf_free(&text);
  return status;
}

static Status write_replies(const char *path, Error *error) {
  Buf text = {0};
  buf_add_text(&text, gen_replies);
  Status status = write_file(path, &text, error);
  buf_free(&text);
  return status;
}

static bool open_engine(Real *real, uint32_t number, Error *error) {
  RealEngine *engine = &real->engines[number];
  const char *profile = number % 2 ? real->profile : "instant";
  if (number == REAL_EVEN) profile = "fixed:1";
  snprintf(engine->log, sizeof engine->log, "%s/log%u", real->folder, number);
  engine->engine =
      engine_new(&(EngineOptions){.workers = number == REAL_MANY ? 5
                                             : number < 2        ? 1
                                                                 : 2,
                                  .model = {.sim_profile = profile,
                                            .replies = real->replies,
                                            .request_log = engine->log}},
                 error);
  return engine->engine != NULL;
}

Real *real_new(Error *error) {
  Real *real = MEM_NEW(Real);
  const char *temporary = getenv("TMPDIR");
  snprintf(real->folder, sizeof real->folder, "%s/apxm-harness-XXXXXX",
           temporary != NULL && strlen(temporary) < 32 ? temporary : "/tmp");
  bool ok =
      mkdtemp(real->folder) != NULL ||
      error_set(error, STATUS_IO, "cannot make %s", real->folder) == STATUS_OK;
  snprintf(real->replies, sizeof real->replies, "%s/replies", real->folder);
  snprintf(real->profile, sizeof real->profile, "%s/slow.json", real->folder);
  ok = ok && write_profile(real->profile, error) == STATUS_OK &&
       write_replies(real->replies, error) == STATUS_OK;
  for (uint32_t i = 0; ok && i < REAL_ENGINES; i++)
    ok = open_engine(real, i, error);
  if (ok) return real;
  real_free(real);
  return NULL;
}

void real_free(Real *real) {
  for (uint32_t i = 0; i < REAL_ENGINES; i++) {
    if (real->engines[i].engine != NULL) engine_free(real->engines[i].engine);
    (void)unlink(real->engines[i].log);
  }
  (void)unlink(real->replies);
  (void)unlink(real->profile);
  (void)rmdir(real->folder);
  mem_free(real);
}

const char *real_replies(const Real *real) {
  return real->replies;
}

/* ---- requests ----------------------------------------------------------- */

static Slice text_of(const cJSON *line, const char *key) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, key);
  return cJSON_IsString(item) ? slice_of(item->valuestring) : (Slice){0};
}

static double number_of(const cJSON *line, const char *key, double otherwise) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, key);
  return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

static Slice keep(Observed *observed, Buf *text) {
  const char *data = text->length > 0 ? text->data : "";
  char *copy = arena_copy(&observed->arena, data, text->length);
  Slice kept = slice_from(copy, text->length);
  buf_free(text);
  return kept;
}

static void add_request(Observed *observed, Slice line) {
  Buf key = {0};
  ObservedRequest request = {0};
  cJSON *json = json_parse(line, NULL);
  if (json == NULL) {
    buf_add_text(&key, "a line of the log that is no JSON: ");
    buf_add_slice(&key, line);
  } else {
    request_key(text_of(json, "op"), text_of(json, "prompt"),
                text_of(json, "system"), text_of(json, "model"),
                number_of(json, "temperature", NAN),
                (uint32_t)number_of(json, "max_tokens", 0),
                (uint32_t)number_of(json, "budget_tokens", 0), &key);
    request.made_ms = number_of(json, "arrival_ms", 0);
    request.over_ms = number_of(json, "end_ms", 0);
  }
  cJSON_Delete(json);
  request.key = keep(observed, &key);
  vec_push(&observed->requests, request);
}

/* What was added to the log since the last run. */
static void read_requests(RealEngine *engine, Observed *observed) {
  FILE *file = fopen(engine->log, "r");
  Buf text = {0};
  char block[4096];
  size_t got;
  if (file == NULL) return;
  (void)fseek(file, (long)engine->log_read, SEEK_SET);
  while ((got = fread(block, 1, sizeof block, file)) > 0)
    buf_add(&text, block, got);
  (void)fclose(file);
  engine->log_read += text.length;
  for (size_t at = 0; at < text.length;) {
    const char *end = memchr(text.data + at, '\n', text.length - at);
    size_t length =
        end == NULL ? text.length - at : (size_t)(end - (text.data + at));
    add_request(observed, slice_from(text.data + at, length));
    at += length + 1;
  }
  buf_free(&text);
}

/* ---- running ------------------------------------------------------------ */

/* A run under way. */
typedef struct Started {
  Run *_Atomic run;       /* any thread; NULL until run_start has returned */
  uint32_t cancel_after;  /* calls begun; 0: never */
  _Atomic uint32_t begun; /* any thread */
  Mutex lock;             /* guards `ended` */
  Cond changed;
  bool ended;
} Started;

static void note_end(void *user) {
  Started *started = user;
  mutex_lock(&started->lock);
  started->ended = true;
  cond_signal(&started->changed);
  mutex_unlock(&started->lock);
}

static bool ends_in_time(Started *started) {
  uint64_t deadline = clock_now() + PATIENCE_S * NS_PER_S;
  mutex_lock(&started->lock);
  while (!started->ended &&
         cond_wait_until(&started->changed, &started->lock, deadline)) {
  }
  bool ended = started->ended;
  mutex_unlock(&started->lock);
  return ended;
}

static void note_call(void *user, const RunEvent *event) {
  Started *started = user;
  if (event->kind != RUN_EVENT_CALL_STARTED) return;
  if (atomic_fetch_add(&started->begun, 1) + 1 != started->cancel_after) return;
  Run *run = atomic_load(&started->run);
  if (run != NULL) run_cancel(run);
}

static void add_result(const Run *run, Buf *out) {
  Value value = run_result(run);
  if (value_kind(value) == VALUE_KIND_UNIT)
    buf_add_text(out, "(void)");
  else if (value_kind(value) == VALUE_KIND_ABSENT)
    buf_add_text(out, "(absent)");
  else
    value_add_json(value, out);
}

static void read_run(const Run *run, Observed *observed) {
  Buf text = {0};
  const Slice *lines;
  uint32_t count = run_output_lines(run, &lines);
  observed->failed = run_status(run) != RUN_SUCCESS;
  for (uint32_t i = 0; i < count; i++) {
    buf_add_slice(&text, lines[i]);
    vec_push(&observed->lines, keep(observed, &text));
  }
  if (observed->failed) {
    buf_add_text(&text, run_error(run));
    observed->error = keep(observed, &text);
  } else {
    add_result(run, &text);
    observed->result = keep(observed, &text);
  }
}

/* What must hold of a run's figures whatever else it did. The clock's grain is
 * a microsecond. */
static const char *find_fault(const RunMetrics *metrics,
                              const Observed *observed) {
  const WorkSpan *span = &metrics->work_span;
  uint64_t sum = 0;
  for (uint32_t i = 0; i < span->path_kept; i++)
    sum += span->path[i].service_ns;
  if (metrics->requests > observed->requests.length)
    return "it counts more requests than the log has";
  if (!observed->failed && metrics->requests < observed->requests.length &&
      metrics->requests_failed == 0)
    return "it counts fewer requests than the log has";
  if (span->t_inf_ns > span->t1_ns) return "its span is more than its work";
  if (span->t_inf_ns > span->measured_ns + 1000)
    return "it took less time than its span";
  if (span->path_kept == span->path_nodes && sum != span->t_inf_ns)
    return "its critical path is not as long as its span";
  return NULL;
}

static void read_figures(const RunMetrics *metrics, Observed *observed) {
  observed->fault = find_fault(metrics, observed);
  observed->span_ns = metrics->work_span.t_inf_ns;
  observed->path_nodes = metrics->work_span.path_nodes;
  observed->stopped_all = metrics->stopped_count < LIMIT_STOPPED_LOOPS;
  for (uint32_t i = 0; i < metrics->stopped_count; i++)
    observed->stopped += metrics->stopped[i].times;
}

static bool bind_args(const Object *object, uint32_t flow,
                      const Subject *subject, Value *values, Error *error) {
  FlowArg *args = mem_alloc_zero(subject->args.length + 1, sizeof *args);
  for (uint32_t i = 0; i < subject->args.length; i++)
    args[i].text = subject->args.data[i];
  Status status =
      flow_bind(object, flow, args, subject->args.length, values, error);
  mem_free(args);
  return status == STATUS_OK;
}

static void refuse(Observed *observed, const char *why) {
  Buf text = {0};
  buf_addf(&text, "not run: %s", why);
  observed->failed = true;
  observed->error = keep(observed, &text);
}

static Run *start_flow(RealEngine *engine, const Object *object, uint32_t flow,
                       const Value *values, Started *started, Error *error) {
  mutex_init(&started->lock);
  cond_init(&started->changed);
  RunOptions options = {.flow = flow,
                        .args = values,
                        .keep_output = true,
                        .finished = note_end,
                        .user = started};
  if (started->cancel_after > 0) options.event = note_call;
  Run *run = run_start(engine->engine, object, &options, error);
  atomic_store(&started->run, run);
  bool is_due = run != NULL && started->cancel_after > 0 &&
                atomic_load(&started->begun) + 1 >= started->cancel_after;
  if (is_due) run_cancel(run);
  return run;
}

/* NULL with `observed` telling why. */
static Run *start(RealEngine *engine, const Object *object,
                  const Subject *subject, Started *started,
                  Observed *observed) {
  Error error = {0};
  Run *run = NULL;
  *observed = (Observed){0};
  arena_init(&observed->arena);
  int flow = object_entry_flow(object);
  Value *values = mem_alloc_zero(subject->args.length + 1, sizeof *values);
  if (flow < 0)
    error_set(&error, STATUS_USAGE, "it has no entry");
  else if (bind_args(object, (uint32_t)flow, subject, values, &error))
    run = start_flow(engine, object, (uint32_t)flow, values, started, &error);
  if (run == NULL) refuse(observed, error.message);
  mem_free(values);
  return run;
}

static void await(Run *run, Started *started, Observed *observed) {
  observed->hung = !ends_in_time(started);
  if (observed->hung) run_cancel(run);
  run_wait(run);
  read_run(run, observed);
  cond_destroy(&started->changed);
  mutex_destroy(&started->lock);
}

void real_run(Real *real, const RealWay *way, const Object *object,
              const Subject *subject, Observed *observed) {
  uint32_t number = (way->workers - 1) * 2 + (way->is_slow ? 1 : 0);
  RealEngine *engine = &real->engines[way->is_even ? REAL_EVEN : number];
  Started started = {0};
  Run *run = start(engine, object, subject, &started, observed);
  if (run == NULL) return;
  await(run, &started, observed);
  read_requests(engine, observed);
  read_figures(run_metrics(run), observed);
  run_free(run);
}

void real_run_together(Real *real, uint32_t number, RealRun *runs,
                       uint32_t count) {
  RealEngine *engine = &real->engines[number];
  Started *started = mem_alloc_zero(count, sizeof *started);
  Run **open = mem_alloc_zero(count, sizeof *open);
  Observed rest = {0};
  for (uint32_t i = 0; i < count; i++) {
    started[i].cancel_after = runs[i].cancel_after;
    open[i] = start(engine, runs[i].object, runs[i].subject, &started[i],
                    &runs[i].observed);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (open[i] == NULL) continue;
    await(open[i], &started[i], &runs[i].observed);
    runs[i].is_cancelled = run_status(open[i]) == RUN_CANCELLED;
    run_free(open[i]);
  }
  /* Whose they are the log tells by numbers that nobody here knows. */
  arena_init(&rest.arena);
  read_requests(engine, &rest);
  observed_free(&rest);
  mem_free(open);
  mem_free(started);
}
