/* SPDX-License-Identifier: MIT
 *
 * Two kinds of descriptor. What epoll can watch (pipe, terminal, socket) gets a
 * queue: text is appended under the lock, and the I/O thread writes one chunk
 * each time epoll reports room. The watch is one-shot, armed only while text is
 * waiting, so an idle output, also one whose reader has gone, costs no wake-up.
 * What epoll cannot watch (regular file, /dev/null) is always ready: it is
 * written at once. A function in the place of a descriptor has the same queue,
 * and a job of the I/O thread in the place of the watch.
 *
 * A pipe that is reported writable takes PIPE_BUF bytes without blocking. That
 * is no promise for a terminal, nor for a pipe that others fill meanwhile, so
 * where the system allows, the output opens the same pipe or terminal once more
 * for itself, non-blocking; the descriptor it was given, and everybody who
 * shares that, keep their mode.
 *
 * SIGPIPE must be ignored by the program.
 */
#include "runtime/io/output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/limits.h"
#include "core/base/mem.h"
#include "core/base/thread.h"

struct Output {
  Watch watch; /* first: the watch is the output; its fd is our own copy */
  Reactor *reactor;
  void (*broken)(void *user);
  void *user;
  void (*before)(void *user); /* or NULL */
  void *before_user;
  OutputCall *call; /* not NULL: the place of a descriptor */
  ReactorJob job;   /* with `call` */
  bool is_direct;   /* epoll cannot watch it */
  bool is_socket;

  Mutex mutex;           /* guards what follows; in the direct case held while
                            writing, so that lines stay whole */
  Cond changed;          /* queue empty, or broken */
  Buf queue;             /* bytes from `sent` on wait */
  size_t sent;           /* bytes of the queue already written */
  bool is_armed;         /* the I/O thread will look at the queue */
  bool is_held;          /* what output_write brings goes to the next: */
  Buf held;              /* text that waits for output_release */
  int error;             /* errno of what broke it; 0 while whole */
  OutputWaiter *waiters; /* in no order */
};

/* ---- the queue; the mutex is held --------------------------------------- */

static size_t waiting(const Output *output) {
  return output->queue.length - output->sent;
}

/* Moves what waits to the front once half of the buffer has been sent: each
 * byte is moved at most once on the average. */
static void compact(Output *output) {
  size_t left = waiting(output);
  if (output->sent < left) return;
  if (left)
    memmove(output->queue.data, output->queue.data + output->sent, left);
  output->queue.length = left;
  output->sent = 0;
}

static OutputWaiter *take_waiters(Output *output) {
  OutputWaiter *all = output->waiters;
  output->waiters = NULL;
  return all;
}

/* Nothing will be written any more; what waited is dropped. */
static void set_broken(Output *output, int code) {
  assert(!output->error);
  output->error = code;
  buf_free(&output->queue);
  buf_free(&output->held);
  output->sent = 0;
  cond_broadcast(&output->changed);
}

/* ---- writing ------------------------------------------------------------ */

/* Without the mutex. */
static void call_waiters(OutputWaiter *waiter) {
  while (waiter) {
    OutputWaiter *next = waiter->next;
    waiter->room(waiter);
    waiter = next;
  }
}

static ssize_t write_some(const Output *output, const char *data,
                          size_t length) {
  if (output->is_socket)
    return send(output->watch.fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  return write(output->watch.fd, data, length);
}

static bool is_passing(int code) {
  return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

/* The I/O thread will look at the queue. */
static void arm(Output *output) {
  if (output->call)
    reactor_post(output->reactor, &output->job);
  else
    reactor_watch_change(output->reactor, &output->watch,
                         EPOLLOUT | EPOLLONESHOT);
}

/* I/O thread: up to `room` bytes of what waits, copied out. */
static size_t copy_chunk(Output *output, char *chunk, size_t room) {
  mutex_lock(&output->mutex);
  size_t length = waiting(output);
  if (length > room) length = room;
  if (length) memcpy(chunk, output->queue.data + output->sent, length);
  if (!length) output->is_armed = false;
  mutex_unlock(&output->mutex);
  return length;
}

/* I/O thread: takes note of a write; what is left keeps the watch armed. */
static void book(Output *output, size_t written, int code) {
  OutputWaiter *waiters = NULL;
  mutex_lock(&output->mutex);
  if (code) {
    set_broken(output, code);
  } else {
    output->sent += written;
    compact(output);
  }
  size_t left = waiting(output);
  output->is_armed = left != 0;
  if (left == 0) cond_broadcast(&output->changed);
  if (left + output->held.length <= LIMIT_OUTPUT_QUEUE_BYTES / 2)
    waiters = take_waiters(output);
  mutex_unlock(&output->mutex);
  if (left) arm(output);
  if (code) output->broken(output->user);
  call_waiters(waiters);
}

/* I/O thread: there is room, or an error that the write will tell. */
static void ready(Watch *watch, uint32_t events) {
  (void)events;
  Output *output = (Output *)watch;
  char chunk[PIPE_BUF];
  size_t length = copy_chunk(output, chunk, sizeof chunk);
  if (!length) return;
  if (output->before) output->before(output->before_user);
  ssize_t written = write_some(output, chunk, length);
  int code = written < 0 ? errno : 0;
  if (is_passing(code)) code = 0;
  book(output, written > 0 ? (size_t)written : 0, code);
}

/* I/O thread: one piece for the function, so that others get their turn. */
static void deliver(ReactorJob *job) {
  Output *output = (Output *)((char *)job - offsetof(Output, job));
  char chunk[16 << 10];
  size_t length = copy_chunk(output, chunk, sizeof chunk);
  if (!length) return;
  output->call(output->user, chunk, length);
  book(output, length, 0);
}

/* All of it, now. Returns an errno, 0 when done. */
static int write_directly(const Output *output, Slice text) {
  while (text.length) {
    ssize_t written = write(output->watch.fd, text.data, text.length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.data += written;
    text.length -= (size_t)written;
  }
  return 0;
}

/* The mutex is held: `text` is written, or the I/O thread will do so. Returns
 * an errno, 0 when all is well. */
static int put(Output *output, Slice text, bool *must_arm) {
  if (output->error || text.length == 0) return 0;
  if (output->is_direct) {
    int code = write_directly(output, text);
    if (code) set_broken(output, code);
    return code;
  }
  *must_arm = !output->is_armed;
  output->is_armed = true;
  buf_add_slice(&output->queue, text);
  return 0;
}

/* The mutex is held. True: `waiter` waits, for there is too much already. */
static bool must_wait(Output *output, OutputWaiter *waiter) {
  size_t all = waiting(output) + output->held.length;
  if (all <= LIMIT_OUTPUT_QUEUE_BYTES) return false;
  if (waiter) {
    waiter->next = output->waiters;
    output->waiters = waiter;
  }
  return true;
}

/* Without the mutex: what `put` wants. */
static void follow(Output *output, int code, bool must_arm) {
  if (code) output->broken(output->user);
  if (must_arm) arm(output);
}

bool output_write(Output *output, Slice text, OutputWaiter *waiter) {
  int code = 0;
  bool must_arm = false;
  if (text.length == 0) return true;
  mutex_lock(&output->mutex);
  if (!output->is_held)
    code = put(output, text, &must_arm);
  else if (!output->error)
    buf_add_slice(&output->held, text);
  bool waits = must_wait(output, waiter);
  mutex_unlock(&output->mutex);
  follow(output, code, must_arm);
  return !waits;
}

/* ---- text in pieces ------------------------------------------------------ */

void output_hold(Output *output) {
  mutex_lock(&output->mutex);
  output->is_held = true;
  mutex_unlock(&output->mutex);
}

void output_insert(Output *output, Slice text) {
  bool must_arm = false;
  mutex_lock(&output->mutex);
  int code = put(output, text, &must_arm);
  mutex_unlock(&output->mutex);
  follow(output, code, must_arm);
}

void output_release(Output *output) {
  OutputWaiter *waiters = NULL;
  bool must_arm = false;
  mutex_lock(&output->mutex);
  int code = put(output, buf_slice(&output->held), &must_arm);
  buf_free(&output->held);
  output->is_held = false;
  if (waiting(output) <= LIMIT_OUTPUT_QUEUE_BYTES / 2)
    waiters = take_waiters(output);
  mutex_unlock(&output->mutex);
  follow(output, code, must_arm);
  call_waiters(waiters);
}

bool output_cancel(Output *output, OutputWaiter *waiter) {
  mutex_lock(&output->mutex);
  OutputWaiter **at = &output->waiters;
  while (*at && *at != waiter) at = &(*at)->next;
  bool was_waiting = *at != NULL;
  if (was_waiting) *at = waiter->next;
  mutex_unlock(&output->mutex);
  return was_waiting;
}

void output_set_before(Output *output, void (*before)(void *user), void *user) {
  output->before = before;
  output->before_user = user;
}

bool output_is_idle(Output *output) {
  mutex_lock(&output->mutex);
  bool is_idle = waiting(output) == 0;
  mutex_unlock(&output->mutex);
  return is_idle;
}

Status output_flush(Output *output, Error *error) {
  assert(!reactor_is_here(output->reactor));
  mutex_lock(&output->mutex);
  while (!output->error && waiting(output))
    cond_wait(&output->changed, &output->mutex);
  int code = output->error;
  mutex_unlock(&output->mutex);
  if (!code) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, code, "cannot write the output");
}

bool output_flush_until(Output *output, uint64_t deadline) {
  assert(!reactor_is_here(output->reactor));
  bool is_early = true;
  mutex_lock(&output->mutex);
  while (!output->error && waiting(output) && is_early)
    is_early = cond_wait_until(&output->changed, &output->mutex, deadline);
  bool is_done = output->error || !waiting(output);
  mutex_unlock(&output->mutex);
  return is_done;
}

int output_error(Output *output) {
  mutex_lock(&output->mutex);
  int code = output->error;
  mutex_unlock(&output->mutex);
  return code;
}

/* ---- life --------------------------------------------------------------- */

/* A descriptor of our own for what `fd` stands for; -1 with errno. */
static int open_copy(int fd, mode_t mode) {
  if (S_ISFIFO(mode) || S_ISCHR(mode)) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again >= 0) return again;
  }
  return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static Status open_output(Output *output, int fd, Error *error) {
  struct stat info;
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY)
    return error_set_errno(error, STATUS_IO, EBADF,
                           "descriptor %d cannot be written", fd);
  if (fstat(fd, &info) || (output->watch.fd = open_copy(fd, info.st_mode)) < 0)
    return error_set_errno(error, STATUS_IO, errno,
                           "descriptor %d cannot be written", fd);
  output->is_socket = S_ISSOCK(info.st_mode);
  Error cause = {0};
  Status status =
      reactor_watch(output->reactor, &output->watch, EPOLLONESHOT, &cause);
  output->is_direct = status == STATUS_USAGE;
  if (status == STATUS_OK || output->is_direct) return STATUS_OK;
  return error_set(error, status, "%s", cause.message);
}

static void destroy(Output *output) {
  if (output->watch.fd >= 0) close(output->watch.fd);
  buf_free(&output->queue);
  buf_free(&output->held);
  cond_destroy(&output->changed);
  mutex_destroy(&output->mutex);
  mem_free(output);
}

static Output *make(Reactor *reactor, void *user) {
  Output *output = MEM_NEW(Output);
  output->reactor = reactor;
  output->user = user;
  output->watch.fd = -1;
  mutex_init(&output->mutex);
  cond_init(&output->changed);
  return output;
}

Output *output_new_call(Reactor *reactor, OutputCall *call, void *user) {
  Output *output = make(reactor, user);
  output->call = call;
  output->job.run = deliver;
  return output;
}

Output *output_new(Reactor *reactor, int fd, void (*broken)(void *user),
                   void *user, Error *error) {
  assert(broken);
  Output *output = make(reactor, user);
  output->broken = broken;
  output->watch.ready = ready;
  if (open_output(output, fd, error) == STATUS_OK) return output;
  destroy(output);
  return NULL;
}

static void pass_by(void *nothing) {
  (void)nothing;
}

static bool is_armed(Output *output) {
  mutex_lock(&output->mutex);
  bool armed = output->is_armed;
  mutex_unlock(&output->mutex);
  return armed;
}

/* The I/O thread lets go of it. */
static void detach(Output *output) {
  if (output->call) {
    do reactor_call(output->reactor, pass_by, NULL);
    while (is_armed(output));
  } else if (!output->is_direct) {
    reactor_unwatch(output->reactor, &output->watch);
  }
}

void output_free(Output *output) {
  if (!output) return;
  detach(output);
  assert(!output->waiters);
  destroy(output);
}
