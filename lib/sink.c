/* SPDX-License-Identifier: MIT
 *
 * The reading end is non-blocking and watched; closing the writing end is how
 * the owner says that no more comes, so nothing can be lost or come late.
 */
#include "lib/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

/* I/O thread: end of the pipe. */
static void end(Sink *sink) {
  reactor_unwatch(sink->reactor, &sink->watch);
  close(sink->watch.fd);
  mutex_lock(&sink->lock);
  sink->is_over = true;
  cond_signal(&sink->over);
  mutex_unlock(&sink->lock);
}

/* I/O thread: one piece, so that others get their turn. */
static void deliver(Watch *watch, uint32_t events) {
  Sink *sink = (Sink *)(void *)watch;
  char piece[16 << 10];
  (void)events;
  ssize_t length = read(watch->fd, piece, sizeof piece);
  if (length > 0)
    sink->call(sink->user, piece, (size_t)length);
  else if (length == 0 || (errno != EINTR && errno != EAGAIN))
    end(sink);
}

/* The reader is this process: the pipe cannot break. */
static void broken(void *user) {
  (void)user;
}

static Status open_pipe(Sink *sink, Error *error) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return error_set_errno(error, STATUS_IO, errno, "cannot make a pipe");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  sink->watch = (Watch){.fd = ends[0], .ready = deliver};
  sink->write_fd = ends[1];
  return STATUS_OK;
}

static Status connect(Sink *sink, Error *error) {
  sink->output = output_new(sink->reactor, sink->write_fd, broken, sink, error);
  if (!sink->output) return error ? error->status : STATUS_IO;
  Status status = reactor_watch(sink->reactor, &sink->watch, EPOLLIN, error);
  if (status != STATUS_OK) output_free(sink->output);
  return status;
}

Status sink_open(Sink *sink, Reactor *reactor, SinkCall *call, void *user,
                 Error *error) {
  *sink = (Sink){.reactor = reactor, .call = call, .user = user};
  Status status = open_pipe(sink, error);
  if (status != STATUS_OK) return status;
  mutex_init(&sink->lock);
  cond_init(&sink->over);
  status = connect(sink, error);
  if (status == STATUS_OK) return status;
  close(sink->watch.fd);
  close(sink->write_fd);
  cond_destroy(&sink->over);
  mutex_destroy(&sink->lock);
  return status;
}

void sink_close(Sink *sink) {
  Status status = output_flush(sink->output, NULL);
  (void)status; /* it cannot break, see above */
  output_free(sink->output);
  close(sink->write_fd);
  mutex_lock(&sink->lock);
  while (!sink->is_over) cond_wait(&sink->over, &sink->lock);
  mutex_unlock(&sink->lock);
  cond_destroy(&sink->over);
  mutex_destroy(&sink->lock);
}
