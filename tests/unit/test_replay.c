/* SPDX-License-Identifier: MIT
 *
 * A client that records, and one that replays what was recorded: the same
 * replies and failures without any backend, whatever is configured, in many
 * threads at once. Run under the thread sanitizer too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/model.h"
#include "tests/unit/unit.h"

enum { THREADS = 4, CALLS = 200 };

typedef struct Bench {
  Reactor *reactor;
  ModelClient *client;
  _Atomic uint32_t done;
} Bench;

typedef struct Call {
  ModelRequest request; /* first */
  Bench *bench;
} Call;

static void on_done(ModelRequest *request) {
  Bench *bench = ((Call *)request)->bench;
  atomic_fetch_add_explicit(&bench->done, 1, memory_order_release);
}

static void bench_open(Bench *bench, const ModelOptions *options) {
  Error error = {0};
  *bench = (Bench){.reactor = reactor_new(&error)};
  assert_non_null(bench->reactor);
  bench->client = model_client_new(options, bench->reactor, &error);
  if (!bench->client) fail_msg("%s", error.message);
}

static void bench_close(Bench *bench) {
  model_client_free(bench->client);
  reactor_free(bench->reactor);
}

static ModelBackend *backend_of(Bench *bench, const char *name) {
  Error error = {0};
  ModelBackend *backend =
      model_client_backend(bench->client, slice_of(name), &error);
  if (!backend) fail_msg("%s", error.message);
  return backend;
}

static void make_call(Bench *bench, Call *call, const char *prompt) {
  *call = (Call){.bench = bench,
                 .request = {.operation = SLICE("ask"),
                             .temperature = NAN,
                             .retries = MODEL_RETRIES_UNSET,
                             .run = 1,
                             .done = on_done}};
  buf_add_text(&call->request.prompt, prompt);
}

/* Submits and waits. */
static void ask(Bench *bench, const char *backend, Call *call) {
  uint32_t before = load_acquire(&bench->done);
  if (model_submit(backend_of(bench, backend), &call->request)) return;
  while (load_acquire(&bench->done) == before) clock_sleep(50 * NS_PER_US);
}

static void make_folder(char *folder) {
  assert_non_null(mkdtemp(folder));
}

static void remove_folder(const char *path) {
  pid_t child = fork();
  if (child == 0) {
    execlp("rm", "rm", "-r", "--", path, (char *)NULL);
    _exit(127);
  }
  int state = 0;
  assert_int_equal(waitpid(child, &state, 0), child);
  assert_int_equal(state, 0);
}

static void expect_part(Slice text, const char *part) {
  if (!slice_contains(text, slice_of(part)))
    fail_msg("\"%.*s\" lacks \"%s\"", SLICE_ARG(text), part);
}

/* Asks the client of `bench`; the reply, or the message, is this. */
static void expect(Bench *bench, const char *backend, const char *prompt,
                   Status status, const char *part) {
  Call call;
  make_call(bench, &call, prompt);
  ask(bench, backend, &call);
  assert_int_equal(call.request.status, status);
  expect_part(buf_slice(&call.request.reply), part);
  model_request_clear(&call.request);
}

static const char script[] =
    "{\"prompt\":\"fails\",\"error\":\"no\",\"status\":403}\n"
    "{\"prompt\":\"busy\",\"error\":\"later\",\"status\":429,"
    "\"retry_after_ms\":1}\n"
    "{\"prompt\":\"cut\",\"reply\":\"first\",\"times\":1}\n"
    "{\"prompt\":\"cut\",\"reply\":\"second\"}\n"
    "{\"match\":\"\",\"reply\":\"a reply\"}\n";

static void record(const char *folder) {
  Bench bench;
  bench_open(&bench, &(ModelOptions){.script = script, .record = folder});
  expect(&bench, "", "p", STATUS_OK, "a reply");
  expect(&bench, "", "cut", STATUS_OK, "first");
  expect(&bench, "", "cut", STATUS_OK, "second");
  expect(&bench, "", "fails", STATUS_MODEL, "no");
  expect(&bench, "", "busy", STATUS_MODEL, "4 attempts");
  bench_close(&bench);
}

/* The last one would be tried again four times more. */
CASE(a_replay_says_what_was_recorded) {
  (void)state;
  char folder[] = "/tmp/apxm-replay-XXXXXX";
  Bench bench;
  make_folder(folder);
  record(folder);
  bench_open(&bench, &(ModelOptions){.replay = folder});
  expect(&bench, "", "p", STATUS_OK, "a reply");
  expect(&bench, "", "cut", STATUS_OK, "first");
  expect(&bench, "", "cut", STATUS_OK, "second");
  expect(&bench, "", "cut", STATUS_MODEL, "for the 3. time");
  Call call;
  make_call(&bench, &call, "fails");
  ask(&bench, "", &call);
  assert_int_equal(call.request.problem, MODEL_PROBLEM_UNAUTHORIZED);
  assert_int_equal(call.request.code, 403);
  model_request_clear(&call.request);
  make_call(&bench, &call, "busy");
  ask(&bench, "", &call);
  assert_int_equal(call.request.problem, MODEL_PROBLEM_RATE_LIMITED);
  assert_int_equal(call.request.attempt, 1);
  expect_part(buf_slice(&call.request.reply), "4 attempts");
  model_request_clear(&call.request);
  bench_close(&bench);
  remove_folder(folder);
}

/* Names that nobody has configured, an address that nobody answers at, a key
 * that is not set: all the same. */
CASE(a_replay_needs_no_backend) {
  (void)state;
  char folder[] = "/tmp/apxm-replay-XXXXXX";
  Bench bench;
  make_folder(folder);
  record(folder);
  unsetenv("OPENAI_API_KEY");
  bench_open(&bench, &(ModelOptions){.replay = folder, .backend = "openai"});
  ModelBackend *backend = backend_of(&bench, "");
  assert_string_equal(model_backend_name(backend), "openai");
  assert_string_equal(model_backend_provider(backend), "replay");
  assert_string_equal(model_backend_detail(backend), folder);
  expect(&bench, "", "p", STATUS_OK, "a reply");
  expect(&bench, "nobody-knows-it", "fails", STATUS_MODEL, "no");
  expect(&bench, "", "unheard of", STATUS_MODEL, "no such request");
  bench_close(&bench);
  remove_folder(folder);
}

CASE(what_is_wrong_with_a_tape_is_said_at_the_start) {
  (void)state;
  Error error = {0};
  Reactor *reactor = reactor_new(&error);
  assert_null(model_client_new(&(ModelOptions){.replay = "/nowhere/at/all"},
                               reactor, &error));
  assert_int_equal(error.status, STATUS_NOT_FOUND);
  error = (Error){0};
  assert_null(model_client_new(&(ModelOptions){.record = "/dev/null/tape"},
                               reactor, &error));
  assert_int_equal(error.status, STATUS_IO);
  reactor_free(reactor);
}

/* A script that is all there is makes nothing up. */
CASE(a_script_answers_for_every_backend_or_not_at_all) {
  (void)state;
  Bench bench;
  bench_open(&bench,
             &(ModelOptions){.script = "{\"prompt\":\"p\",\"reply\":\"r\"}"});
  expect(&bench, "", "p", STATUS_OK, "r");
  expect(&bench, "fast", "p", STATUS_OK, "r");
  Call call;
  make_call(&bench, &call, "q\nr");
  ask(&bench, "", &call);
  assert_int_equal(call.request.problem, MODEL_PROBLEM_NOT_RECORDED);
  assert_int_equal(call.request.attempt, 1);
  expect_part(buf_slice(&call.request.reply),
              "no scripted reply fits this ask: \"q r\"");
  model_request_clear(&call.request);
  bench_close(&bench);
}

typedef struct Asker {
  Bench *bench;
  uint32_t index;
} Asker;

static void make_prompt(uint32_t asker, uint32_t call, char *prompt,
                        size_t size) {
  if (call % 2 == 0)
    snprintf(prompt, size, "asker %u, call %u", asker, call);
  else
    snprintf(prompt, size, "the same");
}

/* Half of the calls are what all ask. */
static void ask_many(void *argument) {
  const Asker *asker = argument;
  ModelBackend *backend = backend_of(asker->bench, "");
  for (uint32_t i = 0; i < CALLS; i++) {
    char prompt[40];
    Call call;
    make_prompt(asker->index, i, prompt, sizeof prompt);
    make_call(asker->bench, &call, prompt);
    assert_true(model_submit(backend, &call.request));
    if (call.request.status != STATUS_OK)
      fail_msg("%s", call.request.reply.data);
    model_request_clear(&call.request);
  }
}

static void ask_in_threads(const ModelOptions *options) {
  Bench bench;
  Asker askers[THREADS];
  Thread *threads[THREADS];
  Error error = {0};
  bench_open(&bench, options);
  (void)backend_of(&bench, "");
  for (uint32_t i = 0; i < THREADS; i++) {
    askers[i] = (Asker){&bench, i};
    if (thread_start(&threads[i], "ask", ask_many, &askers[i], &error) !=
        STATUS_OK)
      fail_msg("%s", error.message);
  }
  for (uint32_t i = 0; i < THREADS; i++) thread_join(threads[i]);
  bench_close(&bench);
}

/* None is lost and none doubled: the replay has exactly as many. */
CASE(many_threads_record_and_replay) {
  (void)state;
  char folder[] = "/tmp/apxm-replay-XXXXXX";
  Bench bench;
  make_folder(folder);
  ask_in_threads(&(ModelOptions){.record = folder});
  ask_in_threads(&(ModelOptions){.replay = folder});
  bench_open(&bench, &(ModelOptions){.replay = folder});
  for (uint32_t i = 0; i < THREADS * CALLS / 2; i++)
    expect(&bench, "", "the same", STATUS_OK, "the same");
  expect(&bench, "", "the same", STATUS_MODEL, "holds 400 replies");
  bench_close(&bench);
  remove_folder(folder);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(a_replay_says_what_was_recorded),
      cmocka_unit_test(a_replay_needs_no_backend),
      cmocka_unit_test(what_is_wrong_with_a_tape_is_said_at_the_start),
      cmocka_unit_test(a_script_answers_for_every_backend_or_not_at_all),
      cmocka_unit_test(many_threads_record_and_replay),
  };
  return RUN(cases);
}
