/* SPDX-License-Identifier: MIT
 *
 * Tapes without a client: that a file is called by its request and says the
 * same when it is read back, that damage is found, which reply a request gets
 * when several are recorded, and what is said of one that is not. Run under the
 * thread sanitizer too: recorders are shared by threads and folders by
 * processes.
 */
#include "runtime/model/tape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/thread.h"
#include "runtime/model/model.h"
#include "tests/unit/unit.h"

/* What every case needs: a folder of its own, and a backend to have asked. */
typedef struct Bench {
  char folder[64];
  Reactor *reactor;
  ModelClient *client;
  ModelBackend *backend;
} Bench;

static void bench_open(Bench *bench) {
  Error error = {0};
  *bench = (Bench){.folder = "/tmp/apxm-tape-XXXXXX"};
  assert_non_null(mkdtemp(bench->folder));
  bench->reactor = reactor_new(&error);
  assert_non_null(bench->reactor);
  bench->client = model_client_new(&(ModelOptions){0}, bench->reactor, &error);
  if (!bench->client) fail_msg("%s", error.message);
  bench->backend = model_client_backend(bench->client, (Slice){0}, &error);
  assert_non_null(bench->backend);
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

static void bench_close(Bench *bench) {
  model_client_free(bench->client);
  reactor_free(bench->reactor);
  remove_folder(bench->folder);
}

/* A call that is over. */
typedef struct Call {
  const char *prompt, *reply, *name;
  uint64_t run, age;
  const char *site;
} Call;

static void make_request(const Bench *bench, const Call *call,
                         ModelRequest *request) {
  *request = (ModelRequest){.operation = SLICE("ask"),
                            .temperature = NAN,
                            .run = call->run ? call->run : 1,
                            .name = call->name,
                            .age = call->age,
                            .backend = bench->backend,
                            .status = STATUS_OK,
                            .input_tokens = 3,
                            .output_tokens = 5};
  buf_add_text(&request->prompt, call->prompt);
  if (call->reply) buf_add_text(&request->reply, call->reply);
  if (call->site) buf_add_text(&request->site, call->site);
}

static void record(const Bench *bench, Recorder *recorder, Call call) {
  ModelRequest request;
  make_request(bench, &call, &request);
  recorder_add(recorder, &request);
  model_request_clear(&request);
}

static Recorder *open_recorder(const char *folder) {
  Error error = {0};
  Recorder *recorder = recorder_open(folder, false, &error);
  if (!recorder) fail_msg("%s", error.message);
  return recorder;
}

static Tape *open_tape(const char *folder) {
  Error error = {0};
  Tape *tape = tape_open(folder, &error);
  if (!tape) fail_msg("%s", error.message);
  return tape;
}

static void expect_text(Slice is, const char *wanted) {
  if (!slice_equal_text(is, wanted))
    fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(is), wanted);
}

static void expect_part(const char *text, const char *part) {
  if (!slice_contains(slice_of(text), slice_of(part)))
    fail_msg("\"%s\" lacks \"%s\"", text, part);
}

/* Asks; the tape has this reply. */
static void expect_reply(const Bench *bench, Tape *tape, Call call) {
  ModelRequest request;
  Buf miss = {0};
  make_request(bench, &call, &request);
  const TapeReply *reply = tape_take(tape, &request, "", &miss);
  if (!reply) fail_msg("%s", miss.data);
  assert_int_equal(miss.length, 0);
  expect_text(reply->text, call.reply);
  model_request_clear(&request);
}

/* Asks; the tape has none, and says so with these words. */
static void expect_miss(const Bench *bench, Tape *tape, Call call,
                        const char *part) {
  ModelRequest request;
  Buf miss = {0};
  make_request(bench, &call, &request);
  assert_null(tape_take(tape, &request, "", &miss));
  expect_part(miss.data, part);
  model_request_clear(&request);
  buf_free(&miss);
}

/* ---- the file ------------------------------------------------------------ */

static void expect_digest(TapeRequest request, const char *wanted) {
  char digest[SLICE_DIGEST_SIZE];
  tape_digest(&request, digest);
  assert_string_equal(digest, wanted);
}

/* Tapes outlive versions: these must never change. */
CASE(names_are_for_ever) {
  (void)state;
  TapeRequest request = {.operation = SLICE("ask"),
                         .prompt = SLICE("Name a colour."),
                         .temperature = NAN};
  expect_digest(request, "0a52f762e20848ea9d5c1ae896bc9677");
  request.model = SLICE("m");
  request.system = SLICE("Be brief.");
  request.temperature = 0.1;
  request.max_tokens = 10;
  request.budget_tokens = 2000;
  expect_digest(request, "7d47ec1c2b8bc9ac12c66562833c88a9");
}

static void add_file(const TapeEntry *entry, Buf *out) {
  Buf request = {0}, replies = {0};
  tape_add_request(&entry->request, &request);
  for (uint32_t i = 0; i < entry->replies.length; i++) {
    if (i > 0) buf_add_text(&replies, ",\n    ");
    tape_add_reply(&entry->replies.data[i], &replies);
  }
  tape_add_file(buf_slice(&request), buf_slice(&replies), out);
  buf_free(&request);
  buf_free(&replies);
}

static void make_entry(TapeEntry *entry) {
  *entry = (TapeEntry){.request = {.operation = SLICE("think"),
                                   .model = SLICE("m"),
                                   .prompt = SLICE("a\n\"b\"\xC3\xA4\x01"),
                                   .temperature = 0.25,
                                   .budget_tokens = 2000}};
  TapeReply good = {.run = SLICE("1"),
                    .text = SLICE("fine\t"),
                    .backend = SLICE("fast"),
                    .is_cut = true,
                    .input_tokens = 7,
                    .output_tokens = 4000000000u};
  TapeReply bad = {.run = SLICE("a case"),
                   .text = SLICE("too much to do"),
                   .backend = SLICE("fast"),
                   .problem = MODEL_PROBLEM_OVERLOADED,
                   .code = 529,
                   .is_estimated = true};
  vec_push(&entry->replies, good);
  vec_push(&entry->replies, bad);
}

CASE(a_file_reads_back_as_it_was_written) {
  (void)state;
  TapeEntry entry, again;
  Buf text = {0}, second = {0};
  Arena arena;
  Error error = {0};
  arena_init(&arena);
  make_entry(&entry);
  add_file(&entry, &text);
  if (tape_read("t", buf_slice(&text), &arena, &again, &error) != STATUS_OK)
    fail_msg("%s", error.message);
  add_file(&again, &second);
  assert_string_equal(text.data, second.data);
  assert_int_equal(again.replies.length, 2);
  expect_text(again.request.prompt, "a\n\"b\"\xC3\xA4\x01");
  assert_int_equal(again.replies.data[0].problem, MODEL_PROBLEM_NONE);
  assert_int_equal(again.replies.data[1].problem, MODEL_PROBLEM_OVERLOADED);
  assert_int_equal(again.replies.data[1].code, 529);
  expect_text(again.replies.data[1].run, "a case");
  vec_free(&entry.replies);
  vec_free(&again.replies);
  buf_free(&text);
  buf_free(&second);
  arena_free(&arena);
}

/* Wherever a file ends too early it is found. */
CASE(a_file_that_is_cut_off_is_refused) {
  (void)state;
  TapeEntry entry, again;
  Buf text = {0};
  make_entry(&entry);
  add_file(&entry, &text);
  for (size_t length = 0; length < text.length - 1; length++) {
    Arena arena;
    Error error = {0};
    arena_init(&arena);
    assert_int_equal(tape_read("some/file", slice_from(text.data, length),
                               &arena, &again, &error),
                     STATUS_FORMAT);
    expect_part(error.message, "some/file: ");
    vec_free(&again.replies);
    arena_free(&arena);
  }
  vec_free(&entry.replies);
  buf_free(&text);
}

static void expect_refused(const char *text, const char *part) {
  TapeEntry entry;
  Arena arena;
  Error error = {0};
  arena_init(&arena);
  assert_int_equal(tape_read("f", slice_of(text), &arena, &entry, &error),
                   STATUS_FORMAT);
  expect_part(error.message, part);
  vec_free(&entry.replies);
  arena_free(&arena);
}

#define ASKED "{\"request\":{\"op\":\"ask\",\"prompt\":\"p\"},\"replies\":"

CASE(what_a_file_must_not_hold) {
  (void)state;
  expect_refused("[]", "\"request\" is missing");
  expect_refused("7", "\"request\" is missing");
  expect_refused("{\"request\":{}}", "\"replies\" is missing");
  expect_refused("{\"request\":1,\"replies\":[]}", "\"request\" must be");
  expect_refused(ASKED "[]}", "at least one");
  expect_refused(ASKED "[1]}", "\"replies\" must be an object");
  expect_refused(ASKED "[{\"reply\":\"r\"}],\"x\":1}", "more than");
  expect_refused(ASKED "[{}]}", "one of the two");
  expect_refused(ASKED "[{\"reply\":\"r\",\"error\":\"e\"}]}",
                 "one of the two");
  expect_refused(ASKED "[{\"error\":\"e\"}]}", "goes with an \"error\"");
  expect_refused(ASKED "[{\"reply\":\"r\",\"problem\":\"tls\"}]}",
                 "goes with an \"error\"");
  expect_refused(ASKED "[{\"error\":\"r\",\"problem\":\"none\"}]}",
                 "no kind of problem");
  expect_refused(ASKED "[{\"reply\":\"r\",\"reply\":\"r\"}]}", "twice");
  expect_refused(ASKED "[{\"reply\":\"r\",\"mood\":1}]}",
                 "\"mood\" is no key that this version knows");
  expect_refused(ASKED "[{\"reply\":\"r\",\"cut\":1}]}", "true or false");
  expect_refused(ASKED "[{\"reply\":\"r\",\"code\":-1}]}", "whole number");
  expect_refused(ASKED "[{\"reply\":\"r\",\"code\":1.5}]}", "whole number");
  expect_refused("{\"request\":{\"op\":\"ask\"},\"replies\":[]}",
                 "\"prompt\" is missing");
  expect_refused("{\"request\":{\"prompt\":\"ask\"},\"replies\":[]}",
                 "\"op\" is missing");
}

/* ---- which reply --------------------------------------------------------- */

CASE(equal_requests_get_their_replies_in_order) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  record(&bench, recorder, (Call){.prompt = "p", .reply = "third", .age = 9});
  record(&bench, recorder, (Call){.prompt = "p", .reply = "first", .age = 2});
  record(&bench, recorder, (Call){.prompt = "q", .reply = "other", .age = 4});
  record(&bench, recorder, (Call){.prompt = "p", .reply = "second", .age = 5});
  recorder_close(recorder);
  Tape *tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){.prompt = "p", .reply = "first"});
  expect_reply(&bench, tape, (Call){.prompt = "q", .reply = "other"});
  expect_reply(&bench, tape, (Call){.prompt = "p", .reply = "second"});
  expect_reply(&bench, tape, (Call){.prompt = "p", .reply = "third"});
  expect_miss(&bench, tape, (Call){.prompt = "p"}, "holds 3 replies");
  expect_miss(&bench, tape, (Call){.prompt = "q"}, "holds 1 reply");
  tape_close(tape);
  bench_close(&bench);
}

/* Wherever they were made: whichever comes first when it is replayed, and also
 * when the program was changed around the loop. */
CASE(equal_requests_get_the_replies_of_their_sites) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  record(&bench, recorder, (Call){"p", "one", NULL, 1, 2, "7[0].3"});
  record(&bench, recorder, (Call){"p", "zwo", NULL, 2, 3, "7[1].3"});
  record(&bench, recorder, (Call){"p", "two", NULL, 1, 1, "7[1].3"});
  record(&bench, recorder, (Call){"p", "other", NULL, 1, 4, "9"});
  record(&bench, recorder, (Call){"p", "ten", NULL, 1, 5, "7[10].3"});
  recorder_close(recorder);
  Tape *tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){"p", "two", NULL, 1, 0, "7[1].3"});
  expect_reply(&bench, tape, (Call){"p", "zwo", NULL, 2, 0, "7[1].3"});
  expect_reply(&bench, tape, (Call){"p", "ten", NULL, 1, 0, "7[10].3"});
  expect_reply(&bench, tape, (Call){"p", "one", NULL, 1, 0, "7[0].3"});
  expect_reply(&bench, tape, (Call){"p", "other", NULL, 1, 0, "8"});
  expect_miss(&bench, tape, (Call){"p", NULL, NULL, 1, 0, "9"}, "5. time");
  expect_reply(&bench, tape, (Call){"p", "ten", NULL, 3, 0, "2.8[10].4"});
  expect_reply(&bench, tape, (Call){"p", "one", NULL, 3, 0, "2.8[0].4"});
  expect_reply(&bench, tape, (Call){"p", "two", NULL, 3, 0, "2.8[5].4"});
  tape_close(tape);
  bench_close(&bench);
}

/* Runs that share a tape do not take each other's replies. */
CASE(each_run_begins_anew) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  record(&bench, recorder, (Call){"p", "one", NULL, 1, 1, NULL});
  record(&bench, recorder, (Call){"p", "two", NULL, 2, 2, NULL});
  record(&bench, recorder, (Call){"p", "of a case", "case", 3, 3, NULL});
  recorder_close(recorder);
  Tape *tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){"p", "two", NULL, 2, 0, NULL});
  expect_reply(&bench, tape, (Call){"p", "one", NULL, 1, 0, NULL});
  expect_reply(&bench, tape, (Call){"p", "of a case", "case", 12, 0, NULL});
  expect_reply(&bench, tape, (Call){"p", "one", NULL, 77, 0, NULL});
  expect_reply(&bench, tape, (Call){"p", "one", "unheard of", 13, 0, NULL});
  expect_miss(&bench, tape, (Call){"p", NULL, "case", 12, 0, NULL}, "1 reply");
  tape_close(tape);
  bench_close(&bench);
}

CASE(what_is_recorded_anew_takes_the_old_ones_place) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  for (int i = 0; i < 2; i++) {
    Recorder *recorder = open_recorder(bench.folder);
    record(&bench, recorder,
           (Call){.prompt = "p", .reply = i == 0 ? "old" : "new"});
    if (i == 0)
      record(&bench, recorder, (Call){.prompt = "stays", .reply = "here"});
    recorder_close(recorder);
  }
  Tape *tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){.prompt = "p", .reply = "new"});
  expect_miss(&bench, tape, (Call){.prompt = "p"}, "1 reply");
  expect_reply(&bench, tape, (Call){.prompt = "stays", .reply = "here"});
  tape_close(tape);
  bench_close(&bench);
}

static void record_whole(const Bench *bench, const char *prompt,
                         Status status) {
  Error error = {0};
  ModelRequest request;
  Recorder *recorder = recorder_open(bench->folder, true, &error);
  assert_non_null(recorder);
  make_request(bench, &(Call){.prompt = prompt, .reply = "whole"}, &request);
  request.status = status;
  recorder_add(recorder, &request);
  recorder_close(recorder);
  model_request_clear(&request);
}

CASE(a_whole_tape_takes_the_place_of_all_that_was_there) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  record(&bench, recorder, (Call){.prompt = "p", .reply = "r"});
  record(&bench, recorder, (Call){.prompt = "q", .reply = "r"});
  recorder_close(recorder);
  record_whole(&bench, "q", STATUS_MODEL);
  Tape *tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){.prompt = "p", .reply = "r"});
  expect_reply(&bench, tape, (Call){.prompt = "q", .reply = "r"});
  tape_close(tape);
  record_whole(&bench, "q", STATUS_OK);
  tape = open_tape(bench.folder);
  expect_reply(&bench, tape, (Call){.prompt = "q", .reply = "whole"});
  expect_miss(&bench, tape, (Call){.prompt = "p"}, "no such request");
  tape_close(tape);
  bench_close(&bench);
}

static void take_with_model(const Bench *bench, Tape *tape, const char *model,
                            const char *reply, const char *miss_part) {
  ModelRequest request;
  Buf miss = {0};
  make_request(bench, &(Call){.prompt = "p", .run = 5}, &request);
  const TapeReply *found = tape_take(tape, &request, model, &miss);
  if (reply && !found) fail_msg("%s", miss.data);
  if (reply) expect_text(found->text, reply);
  if (!reply) expect_part(miss.data, miss_part);
  model_request_clear(&request);
  buf_free(&miss);
}

static void record_with_model(const Bench *bench, Recorder *recorder,
                              const char *model, const char *reply) {
  ModelRequest request;
  make_request(bench, &(Call){.prompt = "p", .reply = reply}, &request);
  request.model = slice_of(model);
  recorder_add(recorder, &request);
  model_request_clear(&request);
}

/* Where nobody says which model is meant, any will do, unless there are two. */
CASE(the_model_may_be_left_out) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  record_with_model(&bench, recorder, "large", "from large");
  Tape *tape = open_tape(bench.folder);
  take_with_model(&bench, tape, "", "from large", NULL);
  take_with_model(&bench, tape, "small", NULL, "model \"small\" was \"large\"");
  tape_close(tape);
  record_with_model(&bench, recorder, "small", "from small");
  recorder_close(recorder);
  tape = open_tape(bench.folder);
  take_with_model(&bench, tape, "large", "from large", NULL);
  take_with_model(&bench, tape, "small", "from small", NULL);
  take_with_model(&bench, tape, "", NULL, "several models");
  tape_close(tape);
  bench_close(&bench);
}

CASE(failures_are_recorded_and_cancelled_calls_are_not) {
  (void)state;
  Bench bench;
  Buf miss = {0};
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  ModelRequest request;
  make_request(&bench, &(Call){.prompt = "p", .reply = "no room"}, &request);
  request.status = STATUS_MODEL;
  request.problem = MODEL_PROBLEM_RATE_LIMITED;
  request.code = 429;
  recorder_add(recorder, &request);
  request.status = STATUS_CANCELLED;
  buf_add_text(&request.prompt, " cancelled");
  recorder_add(recorder, &request);
  recorder_close(recorder);
  Tape *tape = open_tape(bench.folder);
  expect_miss(&bench, tape, (Call){.prompt = "p cancelled"}, "no such");
  buf_clear(&request.prompt);
  buf_add_text(&request.prompt, "p");
  const TapeReply *reply = tape_take(tape, &request, "", &miss);
  assert_non_null(reply);
  expect_text(reply->text, "no room");
  assert_int_equal(reply->problem, MODEL_PROBLEM_RATE_LIMITED);
  assert_int_equal(reply->code, 429);
  tape_close(tape);
  model_request_clear(&request);
  bench_close(&bench);
}

/* ---- misses -------------------------------------------------------------- */

CASE(a_miss_shows_the_nearest_request) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  Tape *tape = open_tape(bench.folder);
  expect_miss(&bench, tape, (Call){.prompt = "p"}, ": it is empty");
  tape_close(tape);
  record(&bench, recorder, (Call){.prompt = "Sum this up:\nfirst\npart"});
  record(&bench, recorder, (Call){.prompt = "Who shaped the history of tea?"});
  record(&bench, recorder, (Call){.prompt = "Something else altogether."});
  recorder_close(recorder);
  tape = open_tape(bench.folder);
  expect_miss(&bench, tape,
              (Call){.prompt = "Who shaped the history of coffee?"},
              "compared to the nearest: prompt \"...o shaped the history of "
              "coffee?\" was \"...o shaped the history of tea?\"");
  expect_miss(&bench, tape, (Call){.prompt = "sum this UP:\nfirst\npart"},
              "prompt \"sum this UP:\\nfirst\\npart\" was \"Sum this up:\\n");
  tape_close(tape);
  bench_close(&bench);
}

CASE(a_miss_names_every_field_that_differs) {
  (void)state;
  TapeEntry entry = {.request = {.operation = SLICE("ask"),
                                 .prompt = SLICE("gr\xC3\xBC\xC3\x9F"),
                                 .system = SLICE("s"),
                                 .temperature = 0.5,
                                 .max_tokens = 10}};
  TapeRequest wanted = {.operation = SLICE("think"),
                        .prompt = SLICE("gr\xC3\xBC\xC3\x9E"),
                        .temperature = NAN,
                        .max_tokens = 10,
                        .budget_tokens = 7};
  const TapeEntry *entries[] = {&entry};
  Buf text = {0};
  tape_add_nearest(entries, 1, &wanted, &text);
  assert_string_equal(
      text.data,
      "; compared to the nearest: op \"think\" was \"ask\"; prompt "
      "\"gr\xC3\xBC\xC3\x9E\" was \"gr\xC3\xBC\xC3\x9F\"; system \"\" was "
      "\"s\"; temperature not set was 0.5; budget_tokens 7 was not set");
  buf_free(&text);
}

/* Of many long prompts, and in no time that anybody would notice. */
CASE(the_nearest_of_many_long_ones) {
  (void)state;
  enum { COUNT = 400, LENGTH = 5000 };
  TapeEntry *entries = mem_alloc_zero(COUNT, sizeof *entries);
  const TapeEntry *list[COUNT];
  Buf texts[COUNT] = {{0}};
  for (uint32_t i = 0; i < COUNT; i++) {
    buf_addf(&texts[i], "%u ", i);
    for (uint32_t j = 0; j < LENGTH; j++)
      buf_add_char(&texts[i], (char)('a' + (i * 7 + j * 13) % 26));
    entries[i].request = (TapeRequest){.operation = SLICE("ask"),
                                       .prompt = buf_slice(&texts[i]),
                                       .temperature = NAN};
    list[i] = &entries[i];
  }
  Buf changed = {0}, text = {0};
  buf_add_slice(&changed, buf_slice(&texts[123]));
  changed.data[2500] = '!';
  TapeRequest wanted = entries[123].request;
  wanted.prompt = buf_slice(&changed);
  tape_add_nearest(list, COUNT, &wanted, &text);
  expect_part(text.data, "!");
  assert_true(text.length < 300);
  for (uint32_t i = 0; i < COUNT; i++) buf_free(&texts[i]);
  buf_free(&changed);
  buf_free(&text);
  mem_free(entries);
}

/* ---- folders ------------------------------------------------------------- */

static void expect_no_tape(const char *folder, Status status,
                           const char *part) {
  Error error = {0};
  assert_null(tape_open(folder, &error));
  assert_int_equal(error.status, status);
  expect_part(error.message, part);
}

static void write_text(const char *path, const char *text) {
  Error error = {0};
  if (file_write(path, slice_of(text), &error) != STATUS_OK)
    fail_msg("%s", error.message);
}

/* The path of the one file below the folder. */
static void find_file(const Bench *bench, const char *prompt, char *path,
                      size_t size) {
  char digest[SLICE_DIGEST_SIZE];
  TapeRequest request = {.operation = SLICE("ask"),
                         .prompt = slice_of(prompt),
                         .temperature = NAN};
  tape_digest(&request, digest);
  snprintf(path, size, "%s/%.2s/%s.json", bench->folder, digest, digest);
}

CASE(a_damaged_folder_is_refused_before_anything_runs) {
  (void)state;
  Bench bench;
  char path[256], other[300];
  bench_open(&bench);
  expect_no_tape("/nowhere/at/all", STATUS_NOT_FOUND, "/nowhere/at/all");
  Recorder *recorder = open_recorder(bench.folder);
  record(&bench, recorder, (Call){.prompt = "p", .reply = "r"});
  recorder_close(recorder);
  find_file(&bench, "p", path, sizeof path);
  assert_true(file_exists(path));
  snprintf(other, sizeof other, "%s.away", path);
  assert_int_equal(rename(path, other), 0);
  tape_close(open_tape(bench.folder)); /* not ours: passed over */
  write_text(path, "{\"request\":");
  expect_no_tape(bench.folder, STATUS_FORMAT, "line 1");
  write_text(path, ASKED "[{\"reply\":\"r\",\"backend\":\"b\"}]}");
  tape_close(open_tape(bench.folder));
  write_text(path,
             "{\"request\":{\"op\":\"ask\",\"prompt\":\"q\"},"
             "\"replies\":[{\"reply\":\"r\"}]}");
  expect_no_tape(bench.folder, STATUS_FORMAT, "was changed");
  assert_int_equal(chmod(path, 0), 0);
  if (geteuid() != 0) expect_no_tape(bench.folder, STATUS_IO, path);
  bench_close(&bench);
}

CASE(a_recorder_makes_its_folder_or_says_why_not) {
  (void)state;
  Bench bench;
  Error error = {0};
  char deep[128], file[128], below[160];
  bench_open(&bench);
  snprintf(deep, sizeof deep, "%s/a/b/c/", bench.folder);
  recorder_close(open_recorder(deep));
  tape_close(open_tape(deep));
  snprintf(file, sizeof file, "%s/file", bench.folder);
  write_text(file, "x");
  assert_null(recorder_open(file, false, &error));
  expect_part(error.message, "Not a directory");
  error = (Error){0};
  snprintf(below, sizeof below, "%s/tape", file);
  assert_null(recorder_open(below, false, &error));
  expect_part(error.message, file);
  error = (Error){0};
  assert_null(recorder_open("", false, &error));
  bench_close(&bench);
}

/* ---- many ---------------------------------------------------------------- */

enum { THREADS = 4, CALLS = 50 };

typedef struct Crowd {
  const Bench *bench;
  Recorder *recorder;
  uint32_t index;
} Crowd;

/* Half of the calls ask what all threads ask. */
static void record_many(void *argument) {
  const Crowd *crowd = argument;
  for (uint32_t i = 0; i < CALLS; i++) {
    char prompt[32] = "the same", reply[32];
    uint64_t age = 1 + crowd->index + (uint64_t)i * THREADS;
    snprintf(reply, sizeof reply, "%llu", (unsigned long long)age);
    if (i % 2 == 0)
      snprintf(prompt, sizeof prompt, "thread %u, call %u", crowd->index, i);
    record(crowd->bench, crowd->recorder,
           (Call){.prompt = prompt, .reply = reply, .age = age});
  }
}

CASE(many_threads_record_at_once) {
  (void)state;
  Bench bench;
  Crowd crowds[THREADS];
  Thread *threads[THREADS];
  Error error = {0};
  bench_open(&bench);
  Recorder *recorder = open_recorder(bench.folder);
  for (uint32_t i = 0; i < THREADS; i++) {
    crowds[i] = (Crowd){&bench, recorder, i};
    if (thread_start(&threads[i], "record", record_many, &crowds[i], &error) !=
        STATUS_OK)
      fail_msg("%s", error.message);
  }
  for (uint32_t i = 0; i < THREADS; i++) thread_join(threads[i]);
  recorder_close(recorder);
  Tape *tape = open_tape(bench.folder);
  for (uint64_t age = 1; age <= THREADS * CALLS; age++) {
    char prompt[32] = "the same", reply[32];
    uint32_t index = (uint32_t)(age - 1) % THREADS;
    uint32_t i = (uint32_t)(age - 1) / THREADS;
    snprintf(reply, sizeof reply, "%llu", (unsigned long long)age);
    if (i % 2 == 0)
      snprintf(prompt, sizeof prompt, "thread %u, call %u", index, i);
    expect_reply(&bench, tape, (Call){.prompt = prompt, .reply = reply});
  }
  expect_miss(&bench, tape, (Call){.prompt = "the same"}, "holds 100 replies");
  tape_close(tape);
  bench_close(&bench);
}

static void record_as_process(const Bench *bench, const char *who) {
  Recorder *recorder = open_recorder(bench->folder);
  for (uint32_t i = 0; i < CALLS; i++) {
    char own[32];
    snprintf(own, sizeof own, "%s %u", who, i);
    record(bench, recorder, (Call){.prompt = own, .reply = who, .age = i});
    record(bench, recorder, (Call){.prompt = "both", .reply = who, .age = i});
  }
  recorder_close(recorder);
}

/* Every file is whole, and of one of the two. */
CASE(two_processes_record_into_one_folder) {
  (void)state;
  Bench bench;
  bench_open(&bench);
  pid_t child = fork();
  if (child == 0) {
    record_as_process(&bench, "child");
    _exit(0);
  }
  record_as_process(&bench, "parent");
  int result = 0;
  assert_int_equal(waitpid(child, &result, 0), child);
  assert_int_equal(result, 0);
  Tape *tape = open_tape(bench.folder);
  for (uint32_t i = 0; i < CALLS; i++) {
    char own[32];
    snprintf(own, sizeof own, "child %u", i);
    expect_reply(&bench, tape, (Call){.prompt = own, .reply = "child"});
    snprintf(own, sizeof own, "parent %u", i);
    expect_reply(&bench, tape, (Call){.prompt = own, .reply = "parent"});
  }
  ModelRequest request;
  Buf miss = {0};
  make_request(&bench, &(Call){.prompt = "both"}, &request);
  const TapeReply *reply = tape_take(tape, &request, "", &miss);
  assert_non_null(reply);
  assert_true(slice_equal_text(reply->text, "child") ||
              slice_equal_text(reply->text, "parent"));
  model_request_clear(&request);
  tape_close(tape);
  bench_close(&bench);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(names_are_for_ever),
      cmocka_unit_test(a_file_reads_back_as_it_was_written),
      cmocka_unit_test(a_file_that_is_cut_off_is_refused),
      cmocka_unit_test(what_a_file_must_not_hold),
      cmocka_unit_test(equal_requests_get_their_replies_in_order),
      cmocka_unit_test(equal_requests_get_the_replies_of_their_sites),
      cmocka_unit_test(each_run_begins_anew),
      cmocka_unit_test(what_is_recorded_anew_takes_the_old_ones_place),
      cmocka_unit_test(a_whole_tape_takes_the_place_of_all_that_was_there),
      cmocka_unit_test(the_model_may_be_left_out),
      cmocka_unit_test(failures_are_recorded_and_cancelled_calls_are_not),
      cmocka_unit_test(a_miss_shows_the_nearest_request),
      cmocka_unit_test(a_miss_names_every_field_that_differs),
      cmocka_unit_test(the_nearest_of_many_long_ones),
      cmocka_unit_test(a_damaged_folder_is_refused_before_anything_runs),
      cmocka_unit_test(a_recorder_makes_its_folder_or_says_why_not),
      cmocka_unit_test(many_threads_record_at_once),
      cmocka_unit_test(two_processes_record_into_one_folder),
  };
  return RUN(cases);
}
