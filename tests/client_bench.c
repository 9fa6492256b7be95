/* SPDX-License-Identifier: MIT
 *
 * A client and its calls, counted.
 */
#include "tests/client_bench.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "tests/unit/unit.h"

enum { THREADS = 3 };

/* ---- callbacks ---------------------------------------------------------- */

static void on_started(ModelRequest *request) {
  Call *call = (Call *)request;
  Bench *bench = call->bench;
  uint32_t open = add_relaxed(&bench->open, 1) + 1;
  add_relaxed(&bench->started, 1);
  uint32_t peak = load_relaxed(&bench->peak);
  while (open > peak &&
         !atomic_compare_exchange_weak(&bench->peak, &peak, open)) {
  }
  if (call->at_start) call->at_start(call);
}

static void on_paused(ModelRequest *request) {
  Call *call = (Call *)request;
  Bench *bench = call->bench;
  add_relaxed(&bench->open, (uint32_t)-1);
  if (call->at_pause) call->at_pause(call);
  atomic_fetch_add_explicit(&bench->paused, 1, memory_order_release);
}

static void on_ended(ModelRequest *request) {
  Bench *bench = ((Call *)request)->bench;
  if (request->is_open) add_relaxed(&bench->open, (uint32_t)-1);
}

static void note_stack(Bench *bench, uintptr_t here) {
  if (bench->stack_low == 0 || here < bench->stack_low) bench->stack_low = here;
  if (here > bench->stack_high) bench->stack_high = here;
}

static void on_done(ModelRequest *request) {
  Call *call = (Call *)request;
  Bench *bench = call->bench;
  note_stack(bench, (uintptr_t)&call);
  call->was_here = reactor_is_here(bench->reactor);
  call->order = load_relaxed(&bench->done);
  if (call->at_end) call->at_end(call);
  add_relaxed(&call->done, 1);
  atomic_fetch_add_explicit(&bench->done, 1, memory_order_release);
}

/* ---- life --------------------------------------------------------------- */

static void call_init(Call *call, Bench *bench, uint32_t number) {
  call->bench = bench;
  call->request.operation = SLICE("ask");
  call->request.temperature = NAN;
  call->request.retries = MODEL_RETRIES_UNSET;
  call->request.started = on_started;
  call->request.paused = on_paused;
  call->request.ended = on_ended;
  call->request.done = on_done;
  buf_addf(&call->request.prompt, "question %u", number);
}

void bench_open(Bench *bench, const ModelOptions *options, uint32_t calls) {
  Error error = {0};
  *bench = (Bench){.reactor = reactor_new(&error)};
  assert_non_null(bench->reactor);
  bench->client = model_client_new(options, bench->reactor, &error);
  if (!bench->client) fail_msg("%s", error.message);
  bench->backend = model_client_backend(bench->client, (Slice){0}, &error);
  if (!bench->backend) fail_msg("%s", error.message);
  bench->calls = mem_alloc_zero(calls, sizeof(Call));
  for (uint32_t i = 0; i < calls; i++) call_init(&bench->calls[i], bench, i);
}

void bench_open_script(Bench *bench, ModelOptions options, const char *script,
                       uint32_t calls) {
  char path[] = "/tmp/apxm-client-XXXXXX";
  write_temp(path, script);
  options.replies = path;
  bench_open(bench, &options, calls);
  unlink(path);
}

void bench_close(Bench *bench, uint32_t calls) {
  model_client_free(bench->client);
  reactor_free(bench->reactor);
  for (uint32_t i = 0; i < calls; i++)
    model_request_clear(&bench->calls[i].request);
  mem_free(bench->calls);
}

void write_temp(char *path, const char *text) {
  Error error = {0};
  const char *mark = strstr(path, "XXXXXX");
  assert_non_null(mark);
  int fd = mkstemps(path, (int)strlen(mark) - 6);
  assert_true(fd >= 0);
  assert_int_equal(file_write_fd(fd, slice_of(text), &error), STATUS_OK);
  close(fd);
}

/* ---- calling ------------------------------------------------------------ */

void call_submit(Call *call) {
  call->at_once = model_submit(call->bench->backend, &call->request);
  if (call->at_once)
    atomic_fetch_add_explicit(&call->bench->done, 1, memory_order_release);
}

void call_submit_next(Call *call) {
  call_submit(call + 1);
}

void call_cancel(Call *call) {
  model_cancel(call->bench->backend, &call->request);
}

void bench_wait_done(Bench *bench, uint32_t wanted) {
  while (load_acquire(&bench->done) < wanted) clock_sleep(50 * NS_PER_US);
}

void bench_wait_paused(Bench *bench, uint32_t wanted) {
  while (load_acquire(&bench->paused) < wanted) clock_sleep(50 * NS_PER_US);
}

/* ---- many threads ------------------------------------------------------- */

typedef struct Part {
  Bench *bench;
  uint32_t from, to;
} Part;

static void submit_part(void *argument) {
  const Part *part = argument;
  for (uint32_t i = part->from; i < part->to; i++)
    call_submit(&part->bench->calls[i]);
}

static void cancel_part(void *argument) {
  const Part *part = argument;
  for (uint32_t i = part->from; i < part->to; i += 2)
    call_cancel(&part->bench->calls[i]);
}

static Thread *start_thread(void (*body)(void *), Part *part) {
  Thread *thread;
  Error error = {0};
  assert_int_equal(thread_start(&thread, "caller", body, part, &error),
                   STATUS_OK);
  return thread;
}

void bench_submit_by_threads(Bench *bench, uint32_t calls) {
  Thread *threads[THREADS];
  Part parts[THREADS];
  for (uint32_t i = 0; i < THREADS; i++) {
    parts[i] = (Part){bench, calls * i / THREADS, calls * (i + 1) / THREADS};
    threads[i] = start_thread(submit_part, &parts[i]);
  }
  for (uint32_t i = 0; i < THREADS; i++) thread_join(threads[i]);
}

void bench_submit_and_cancel(Bench *bench, uint32_t calls) {
  Part part = {bench, 0, calls};
  Thread *thread = start_thread(cancel_part, &part);
  bench_submit_by_threads(bench, calls);
  thread_join(thread);
}
