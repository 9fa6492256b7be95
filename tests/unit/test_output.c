/* SPDX-License-Identifier: MIT
 *
 * Text on its way out: whole and in order to whatever kind of descriptor, or to
 * a function; a slow reader costs the writers nothing but a wait, and a broken
 * output says so once and swallows the rest. Run under the thread sanitizer
 * too.
 */
#include "runtime/io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/limits.h"
#include "core/base/thread.h"
#include "tests/unit/unit.h"

/* An output and what it reported. */
typedef struct Bench {
  Reactor *reactor;
  Output *output;
  _Atomic uint32_t broken; /* times */
} Bench;

static void on_broken(void *user) {
  atomic_fetch_add_explicit(&((Bench *)user)->broken, 1, memory_order_release);
}

static void bench_open(Bench *bench, int fd) {
  Error error = {0};
  *bench = (Bench){.reactor = reactor_new(&error)};
  assert_non_null(bench->reactor);
  bench->output = output_new(bench->reactor, fd, on_broken, bench, &error);
  assert_non_null(bench->output);
}

static void bench_close(Bench *bench) {
  output_free(bench->output);
  reactor_free(bench->reactor);
}

static void wait_for(_Atomic uint32_t *count, uint32_t wanted) {
  while (load_acquire(count) < wanted) clock_sleep(50 * NS_PER_US);
}

static void add_line(Buf *out, uint32_t number) {
  buf_addf(out, "line %u with a few words so that it has a length\n", number);
}

/* Writes `count` lines; those that report a full queue are not waited for. */
static void write_lines(Output *output, uint32_t count) {
  Buf line = {0};
  for (uint32_t i = 0; i < count; i++) {
    buf_clear(&line);
    add_line(&line, i);
    if (!output_write(output, buf_slice(&line), NULL)) continue;
  }
  buf_free(&line);
}

static void expect_lines(Slice got, uint32_t count) {
  Buf wanted = {0};
  for (uint32_t i = 0; i < count; i++) add_line(&wanted, i);
  assert_int_equal(got.length, wanted.length);
  assert_memory_equal(got.data, wanted.data, wanted.length);
  buf_free(&wanted);
}

/* ---- a reader at its own pace ------------------------------------------- */

typedef struct Reader {
  int fd;
  uint64_t pause; /* ns before each read */
  Buf got;        /* the reader's until it is joined */
  Thread *thread;
} Reader;

static void read_all(void *argument) {
  Reader *reader = argument;
  char chunk[3000];
  ssize_t count;
  do {
    if (reader->pause) clock_sleep(reader->pause);
    count = read(reader->fd, chunk, sizeof chunk);
    if (count > 0) buf_add(&reader->got, chunk, (size_t)count);
  } while (count > 0);
}

static void reader_start(Reader *reader, int fd, uint64_t pause) {
  Error error = {0};
  *reader = (Reader){.fd = fd, .pause = pause};
  assert_int_equal(
      thread_start(&reader->thread, "reader", read_all, reader, &error),
      STATUS_OK);
}

static void flush_well(Bench *bench) {
  Error error = {0};
  assert_int_equal(output_flush(bench->output, &error), STATUS_OK);
}

static void write_through(int ends[2], uint64_t pause, uint32_t lines) {
  Bench bench;
  Reader reader;
  reader_start(&reader, ends[0], pause);
  bench_open(&bench, ends[1]);
  write_lines(bench.output, lines);
  flush_well(&bench);
  bench_close(&bench);
  close(ends[1]);
  thread_join(reader.thread);
  expect_lines(buf_slice(&reader.got), lines);
  assert_int_equal(bench.broken, 0);
  buf_free(&reader.got);
  close(ends[0]);
}

CASE(pipe_gets_all_in_order) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  write_through(ends, 0, 50000);
}

CASE(slow_reader_gets_all_in_order) {
  (void)state;
  int ends[2];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  write_through(ends, 200 * NS_PER_US, 8000);
}

CASE(socket_gets_all_in_order) {
  (void)state;
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  write_through(ends, 50 * NS_PER_US, 20000);
}

CASE(given_descriptor_keeps_its_mode) {
  (void)state;
  int ends[2];
  Bench bench;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  int before = fcntl(ends[1], F_GETFL);
  bench_open(&bench, ends[1]);
  assert_int_equal(fcntl(ends[1], F_GETFL), before);
  bench_close(&bench);
  assert_int_equal(write(ends[1], "x", 1), 1);
  close(ends[0]);
  close(ends[1]);
}

/* ---- a function in the place of a descriptor ----------------------------- */

typedef struct Taker {
  Bench bench;
  Buf got;               /* the I/O thread's until the output is free */
  _Atomic uint32_t open; /* until then it takes nothing */
} Taker;

static void take(void *user, const char *text, size_t length) {
  Taker *taker = user;
  assert_true(reactor_is_here(taker->bench.reactor));
  wait_for(&taker->open, 1);
  buf_add(&taker->got, text, length);
}

static void taker_open(Taker *taker, uint32_t is_open) {
  Error error = {0};
  *taker = (Taker){.open = is_open, .bench.reactor = reactor_new(&error)};
  assert_non_null(taker->bench.reactor);
  taker->bench.output = output_new_call(taker->bench.reactor, take, taker);
}

static void taker_close(Taker *taker, uint32_t lines) {
  bench_close(&taker->bench);
  expect_lines(buf_slice(&taker->got), lines);
  buf_free(&taker->got);
}

CASE(function_gets_all_in_order) {
  (void)state;
  Taker taker;
  Buf wanted = {0};
  taker_open(&taker, 1);
  write_lines(taker.bench.output, 50000);
  flush_well(&taker.bench);
  for (uint32_t i = 0; i < 50000; i++) add_line(&wanted, i);
  assert_int_equal(taker.got.length, wanted.length);
  buf_free(&wanted);
  taker_close(&taker, 50000);
}

CASE(function_gets_what_was_not_flushed) {
  (void)state;
  Taker taker;
  for (uint32_t lines = 0; lines < 300; lines++) {
    taker_open(&taker, 1);
    write_lines(taker.bench.output, lines);
    taker_close(&taker, lines);
  }
}

/* ---- a pipe that others write to as well -------------------------------- */

typedef struct Rival {
  int fd; /* non-blocking */
  _Atomic uint32_t stop;
  Thread *thread;
} Rival;

/* Fills whatever room there is with '#'. */
static void fill_pipe(void *argument) {
  Rival *rival = argument;
  char junk[512];
  memset(junk, '#', sizeof junk);
  while (!load_acquire(&rival->stop))
    if (write(rival->fd, junk, sizeof junk) < 0)
      assert_int_equal(errno, EAGAIN);
}

static void remove_junk(Buf *text) {
  size_t kept = 0;
  for (size_t i = 0; i < text->length; i++)
    if (text->data[i] != '#') text->data[kept++] = text->data[i];
  text->length = kept;
}

/* The room that epoll reported may be gone when the write comes. */
CASE(pipe_shared_with_others_gets_all_in_order) {
  (void)state;
  enum { LINES = 100000 };
  int ends[2];
  Bench bench;
  Reader reader;
  Error error = {0};
  Rival rival = {.stop = 0};
  char path[32];
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
  rival.fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (rival.fd < 0) skip();
  reader_start(&reader, ends[0], 0);
  assert_int_equal(
      thread_start(&rival.thread, "rival", fill_pipe, &rival, &error),
      STATUS_OK);
  bench_open(&bench, ends[1]);
  write_lines(bench.output, LINES);
  flush_well(&bench);
  store_release(&rival.stop, 1);
  thread_join(rival.thread);
  bench_close(&bench);
  close(rival.fd);
  close(ends[1]);
  thread_join(reader.thread);
  remove_junk(&reader.got);
  expect_lines(buf_slice(&reader.got), LINES);
  buf_free(&reader.got);
  close(ends[0]);
}

/* ---- room --------------------------------------------------------------- */

typedef struct Room {
  OutputWaiter waiter; /* first */
  _Atomic uint32_t calls;
} Room;

static void on_room(OutputWaiter *waiter) {
  atomic_fetch_add_explicit(&((Room *)waiter)->calls, 1, memory_order_release);
}

/* Fills the queue beyond its limit; nobody reads yet. */
static uint32_t fill(Bench *bench, Room *room) {
  Buf line = {0};
  uint32_t lines = 0;
  bool has_room = true;
  room->waiter.room = on_room;
  while (has_room) {
    buf_clear(&line);
    add_line(&line, lines++);
    has_room = output_write(bench->output, buf_slice(&line), &room->waiter);
  }
  assert_true(lines * line.length > LIMIT_OUTPUT_QUEUE_BYTES);
  assert_true(lines * line.length < 2 * LIMIT_OUTPUT_QUEUE_BYTES);
  buf_free(&line);
  return lines;
}

CASE(waiter_is_called_when_there_is_room) {
  (void)state;
  int ends[2];
  Bench bench;
  Reader reader;
  Room room = {0};
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  bench_open(&bench, ends[1]);
  uint32_t lines = fill(&bench, &room);
  clock_sleep(5 * NS_PER_MS);
  assert_int_equal(load_acquire(&room.calls), 0);
  reader_start(&reader, ends[0], 0);
  wait_for(&room.calls, 1);
  flush_well(&bench);
  bench_close(&bench);
  close(ends[1]);
  thread_join(reader.thread);
  expect_lines(buf_slice(&reader.got), lines);
  assert_int_equal(room.calls, 1);
  buf_free(&reader.got);
  close(ends[0]);
}

CASE(slow_function_makes_writers_wait) {
  (void)state;
  Taker taker;
  Room room = {0};
  taker_open(&taker, 0);
  uint32_t lines = fill(&taker.bench, &room);
  assert_int_equal(load_acquire(&room.calls), 0);
  atomic_store_explicit(&taker.open, 1, memory_order_release);
  wait_for(&room.calls, 1);
  taker_close(&taker, lines);
  assert_int_equal(room.calls, 1);
}

CASE(waiter_that_is_cancelled_is_not_called) {
  (void)state;
  int ends[2];
  Bench bench;
  Room rooms[2] = {{.calls = 0}, {.calls = 0}};
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  bench_open(&bench, ends[1]);
  fill(&bench, &rooms[0]);
  rooms[1].waiter.room = on_room;
  assert_false(output_write(bench.output, SLICE("more\n"), &rooms[1].waiter));
  assert_true(output_cancel(bench.output, &rooms[0].waiter));
  assert_false(output_cancel(bench.output, &rooms[0].waiter));
  close(ends[0]);
  wait_for(&rooms[1].calls, 1);
  assert_false(output_cancel(bench.output, &rooms[1].waiter));
  bench_close(&bench);
  assert_int_equal(rooms[0].calls, 0);
  close(ends[1]);
}

CASE(flush_with_a_deadline) {
  (void)state;
  enum { LINES = 50000 }; /* more than a pipe holds */
  int ends[2];
  Bench bench;
  Reader reader;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  bench_open(&bench, ends[1]);
  assert_true(output_flush_until(bench.output, 0));
  write_lines(bench.output, LINES);
  assert_false(output_flush_until(bench.output, 0));
  assert_false(output_flush_until(bench.output, clock_now() + NS_PER_MS));
  reader_start(&reader, ends[0], 0);
  assert_true(output_flush_until(bench.output, clock_now() + 300 * NS_PER_S));
  bench_close(&bench);
  close(ends[1]);
  thread_join(reader.thread);
  expect_lines(buf_slice(&reader.got), LINES);
  buf_free(&reader.got);
  close(ends[0]);
}

/* ---- broken outputs ----------------------------------------------------- */

/* Whatever comes after is swallowed, at once and silently. */
static void expect_swallowed(Bench *bench, int code) {
  Room room = {.waiter = {.room = on_room}};
  Error error = {0};
  assert_int_equal(output_error(bench->output), code);
  for (int i = 0; i < 1000; i++)
    assert_true(output_write(bench->output, SLICE("more\n"), &room.waiter));
  assert_int_equal(output_flush(bench->output, &error), STATUS_IO);
  assert_int_equal(load_acquire(&bench->broken), 1);
  assert_int_equal(room.calls, 0);
}

CASE(reader_goes_while_text_waits) {
  (void)state;
  int ends[2];
  Bench bench;
  Room room = {0};
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  bench_open(&bench, ends[1]);
  fill(&bench, &room);
  close(ends[0]);
  wait_for(&bench.broken, 1);
  wait_for(&room.calls, 1);
  expect_swallowed(&bench, EPIPE);
  bench_close(&bench);
  close(ends[1]);
}

/* It must cost nothing to have it, and break only when it is written. */
CASE(reader_that_went_before) {
  (void)state;
  int ends[2];
  Bench bench;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  bench_open(&bench, ends[1]);
  uint64_t before = clock_process_cpu();
  clock_sleep(100 * NS_PER_MS);
  assert_true(clock_process_cpu() - before < 10 * NS_PER_MS);
  assert_int_equal(load_acquire(&bench.broken), 0);
  assert_true(output_write(bench.output, SLICE("a line\n"), NULL));
  wait_for(&bench.broken, 1);
  expect_swallowed(&bench, EPIPE);
  bench_close(&bench);
  close(ends[1]);
}

CASE(full_disk) {
  (void)state;
  Bench bench;
  int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  bench_open(&bench, fd);
  assert_true(output_write(bench.output, SLICE("a line\n"), NULL));
  assert_int_equal(bench.broken, 1);
  expect_swallowed(&bench, ENOSPC);
  bench_close(&bench);
  close(fd);
}

CASE(descriptor_for_reading_is_refused) {
  (void)state;
  Error error = {0};
  Reactor *reactor = reactor_new(&error);
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  assert_null(output_new(reactor, fd, on_broken, NULL, &error));
  assert_int_equal(error.status, STATUS_IO);
  close(fd);
  error = (Error){0};
  assert_null(output_new(reactor, fd, on_broken, NULL, &error));
  assert_int_equal(error.status, STATUS_IO);
  reactor_free(reactor);
}

/* ---- files -------------------------------------------------------------- */

CASE(regular_file_is_written_at_once) {
  (void)state;
  Bench bench;
  Buf text = {0};
  Error error = {0};
  char path[] = "/tmp/apxm-output-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  bench_open(&bench, fd);
  write_lines(bench.output, 1000);
  assert_int_equal(file_read(path, LIMIT_VALUE_BYTES, &text, &error),
                   STATUS_OK);
  expect_lines(buf_slice(&text), 1000);
  flush_well(&bench);
  bench_close(&bench);
  buf_free(&text);
  close(fd);
  unlink(path);
}

CASE(null_device_takes_all) {
  (void)state;
  Bench bench;
  int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  bench_open(&bench, fd);
  write_lines(bench.output, 100000);
  flush_well(&bench);
  assert_int_equal(bench.broken, 0);
  bench_close(&bench);
  close(fd);
}

/* A terminal that nobody reads: the I/O thread must not get stuck in it. */
CASE(terminal_without_a_reader_blocks_nobody) {
  (void)state;
  Bench bench;
  Room room = {0};
  int outer = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (outer < 0 || grantpt(outer) || unlockpt(outer)) skip();
  int inner = open(ptsname(outer), O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert_true(inner >= 0);
  bench_open(&bench, inner);
  fill(&bench, &room);
  clock_sleep(20 * NS_PER_MS);
  assert_false(reactor_is_here(bench.reactor));
  assert_true(output_cancel(bench.output, &room.waiter));
  bench_close(&bench); /* needs the I/O thread */
  close(inner);
  close(outer);
}

/* ---- text in pieces ------------------------------------------------------ */

enum { PIECES = 50, LINES_BETWEEN = 4000 };

/* Lines from a thread while the I/O thread inserts a text piece by piece. */
typedef struct Mixture {
  Bench bench;
  uint32_t pieces; /* inserted; I/O thread */
  Thread *writer;
} Mixture;

static void insert_piece(void *argument) {
  Mixture *mixture = argument;
  Output *output = mixture->bench.output;
  if (mixture->pieces == 0) output_hold(output);
  output_insert(output, SLICE("piece,"));
  if (++mixture->pieces < PIECES) return;
  output_insert(output, SLICE("\n"));
  output_release(output);
}

static void write_all(void *argument) {
  write_lines(((Mixture *)argument)->bench.output, LINES_BETWEEN);
}

/* Takes the text out of what came; the lines are whole and in order. */
static void expect_mixture(Buf *got) {
  Buf text = {0}, rest = {0};
  for (uint32_t i = 0; i < PIECES; i++) buf_add_text(&text, "piece,");
  buf_add_char(&text, '\n');
  const char *at = strstr(got->data, text.data);
  assert_non_null(at);
  assert_true(at == got->data || at[-1] == '\n');
  buf_add(&rest, got->data, (size_t)(at - got->data));
  buf_add_text(&rest, at + text.length);
  expect_lines(buf_slice(&rest), LINES_BETWEEN);
  buf_free(&text);
  buf_free(&rest);
}

static void mix(Mixture *mixture, int fd) {
  Error error = {0};
  bench_open(&mixture->bench, fd);
  assert_int_equal(
      thread_start(&mixture->writer, "writer", write_all, mixture, &error),
      STATUS_OK);
  for (uint32_t i = 0; i < PIECES; i++)
    reactor_call(mixture->bench.reactor, insert_piece, mixture);
  thread_join(mixture->writer);
  flush_well(&mixture->bench);
  bench_close(&mixture->bench);
}

static void nothing_comes_between_pieces(void **state) {
  (void)state;
  int ends[2];
  Mixture mixture = {.pieces = 0};
  Reader reader = {.fd = -1};
  assert_int_equal(pipe(ends), 0);
  reader_start(&reader, ends[0], 0);
  mix(&mixture, ends[1]);
  close(ends[1]);
  thread_join(reader.thread);
  expect_mixture(&reader.got);
  buf_free(&reader.got);
  close(ends[0]);
}

static void nor_in_a_file(void **state) {
  (void)state;
  char path[] = "/tmp/apxm-output-XXXXXX";
  Mixture mixture = {.pieces = 0};
  Buf got = {0};
  Error error = {0};
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  mix(&mixture, fd);
  assert_int_equal(file_read(path, 1 << 20, &got, &error), STATUS_OK);
  expect_mixture(&got);
  buf_free(&got);
  close(fd);
  unlink(path);
}

static _Atomic uint32_t had_room;

static void note_room(OutputWaiter *waiter) {
  (void)waiter;
  atomic_fetch_add(&had_room, 1);
}

static void hold_here(void *argument) {
  output_hold(argument);
}

static void release_here(void *argument) {
  output_release(argument);
}

/* Text that is held counts, and who waits for room goes on after it. */
static void held_text_has_a_limit(void **state) {
  (void)state;
  Bench bench;
  OutputWaiter waiter = {.room = note_room};
  Buf line = {0};
  int ends[2];
  Reader reader = {.fd = -1};
  assert_int_equal(pipe(ends), 0);
  bench_open(&bench, ends[1]);
  reactor_call(bench.reactor, hold_here, bench.output);
  buf_add_repeat(&line, 'x', LIMIT_OUTPUT_QUEUE_BYTES);
  assert_true(output_write(bench.output, buf_slice(&line), NULL));
  assert_false(output_write(bench.output, SLICE("y"), &waiter));
  assert_int_equal(load_acquire(&had_room), 0);
  reader_start(&reader, ends[0], 0);
  reactor_call(bench.reactor, release_here, bench.output);
  wait_for(&had_room, 1);
  flush_well(&bench);
  bench_close(&bench);
  close(ends[1]);
  thread_join(reader.thread);
  assert_int_equal(reader.got.length, LIMIT_OUTPUT_QUEUE_BYTES + 1);
  buf_free(&reader.got);
  buf_free(&line);
  close(ends[0]);
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(pipe_gets_all_in_order),
      cmocka_unit_test(slow_reader_gets_all_in_order),
      cmocka_unit_test(socket_gets_all_in_order),
      cmocka_unit_test(given_descriptor_keeps_its_mode),
      cmocka_unit_test(pipe_shared_with_others_gets_all_in_order),
      cmocka_unit_test(waiter_is_called_when_there_is_room),
      cmocka_unit_test(function_gets_all_in_order),
      cmocka_unit_test(function_gets_what_was_not_flushed),
      cmocka_unit_test(slow_function_makes_writers_wait),
      cmocka_unit_test(waiter_that_is_cancelled_is_not_called),
      cmocka_unit_test(flush_with_a_deadline),
      cmocka_unit_test(reader_goes_while_text_waits),
      cmocka_unit_test(reader_that_went_before),
      cmocka_unit_test(full_disk),
      cmocka_unit_test(descriptor_for_reading_is_refused),
      cmocka_unit_test(regular_file_is_written_at_once),
      cmocka_unit_test(null_device_takes_all),
      cmocka_unit_test(terminal_without_a_reader_blocks_nobody),
      cmocka_unit_test(nothing_comes_between_pieces),
      cmocka_unit_test(nor_in_a_file),
      cmocka_unit_test(held_text_has_a_limit),
  };
  return RUN(cases);
}
