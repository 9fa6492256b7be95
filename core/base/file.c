/* SPDX-License-Identifier: MIT
 *
 * Whole files in, whole files out. Reading does not trust the size that the
 * system states: a pipe or a file of /proc states none, and a file may grow.
 * Writing, in one go or piece by piece, makes a new file beside the target and
 * renames it over, so a reader sees the old bytes or the new ones. Any thread.
 */
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/clock.h"

enum {
  READ_CHUNK = 64 << 10, /* bytes, where the size is unknown */
  NAME_TRIES = 100,      /* temporary names before giving up */
};

static bool is_dash(const char *path) {
  return strcmp(path, "-") == 0;
}

bool file_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

bool file_names_descriptor(const char *path) {
  Slice name = slice_of(path);
  return slice_equal_text(name, "/dev/stdout") ||
         slice_equal_text(name, "/dev/stderr") ||
         slice_starts_with(name, SLICE("/dev/fd/")) ||
         slice_starts_with(name, SLICE("/proc/self/fd/"));
}

/* ---- reading ------------------------------------------------------------- */

static Status too_large(const char *name, size_t limit, Error *error) {
  return error_set(error, STATUS_LIMIT,
                   "%s is larger than the limit of %zu bytes", name, limit);
}

static Status cannot_read(const char *name, int code, Error *error) {
  Status status = code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
  if (!name[0]) name = "a file without a name";
  return error_set_errno(error, status, code, "cannot read %s", name);
}

/* Reads to the end; one byte more than `limit` is asked for, to see it. */
static Status read_all(int fd, const char *name, size_t limit, size_t hint,
                       Buf *out, Error *error) {
  size_t begin = out->length;
  for (;;) {
    size_t have = out->length - begin;
    if (have > limit) return too_large(name, limit, error);
    size_t ask = hint > have ? hint - have : READ_CHUNK;
    if (ask > limit - have) ask = limit - have + 1;
    if (!buf_try_reserve(out, ask)) {
      return error_set(error, STATUS_NO_MEMORY, "no memory to read %s", name);
    }
    ssize_t count = read(fd, out->data + out->length, ask);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return cannot_read(name, errno, error);
    out->length += (size_t)count;
  }
  out->data[out->length] = '\0';
  return STATUS_OK;
}

static Status read_open_file(int fd, const char *name, size_t limit, Buf *out,
                             Error *error) {
  struct stat info;
  if (fstat(fd, &info) != 0) return cannot_read(name, errno, error);
  if (S_ISDIR(info.st_mode)) return cannot_read(name, EISDIR, error);
  size_t size = S_ISREG(info.st_mode) ? (size_t)info.st_size : 0;
  if (size > limit) return too_large(name, limit, error);
  size_t begin = out->length;
  /* One more than the size: the read that finds the end needs no memory. */
  Status status = read_all(fd, name, limit, size ? size + 1 : 0, out, error);
  if (status != STATUS_OK) {
    out->length = begin;
    if (out->data != NULL) out->data[begin] = '\0';
  }
  return status;
}

Status file_read(const char *path, size_t limit, Buf *out, Error *error) {
  if (is_dash(path)) {
    return read_open_file(STDIN_FILENO, "standard input", limit, out, error);
  }
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_read(path, errno, error);
  Status status = read_open_file(fd, path, limit, out, error);
  close(fd);
  return status;
}

/* ---- writing ------------------------------------------------------------- */

/* 0 or an errno value. A descriptor that would block is waited for. */
static int write_all(int fd, Slice data) {
  while (data.length > 0) {
    ssize_t count = write(fd, data.data, data.length);
    if (count >= 0) {
      size_t done = (size_t)count;
      data = slice_from(data.data + done, data.length - done);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      if (poll(&wait, 1, -1) < 0 && errno != EINTR) return errno;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

Status file_write_fd(int fd, Slice data, Error *error) {
  int code = write_all(fd, data);
  if (code == 0) return STATUS_OK;
  return error_set_errno(error, STATUS_IO, code, "cannot write");
}

enum { WRITER_ROOM = 64 << 10 }; /* bytes collected between two writes */

/* Makes a new file beside `path` and puts its name into `name`. The system
 * applies the mask of the process to the mode; mkstemp would not. */
static int create_beside(const char *path, Buf *name, int *fd) {
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
  for (int i = 0; i < NAME_TRIES; i++) {
    buf_clear(name);
    buf_add(name, path, folder);
    buf_addf(name, ".apxm-%ld-%llx", (long)getpid(),
             (unsigned long long)clock_now());
    *fd = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (*fd >= 0) return 0;
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

/* `old` is the file that is there already, or NULL. */
static int open_beside(FileWriter *writer, const char *path,
                       const struct stat *old) {
  if (old != NULL && access(path, W_OK) != 0) return errno;
  buf_add_text(&writer->target, path);
  int code = create_beside(path, &writer->temporary, &writer->fd);
  if (code != 0) {
    buf_free(&writer->temporary);
    return code;
  }
  if (old != NULL && fchmod(writer->fd, old->st_mode & 0777) != 0) return errno;
  return 0;
}

static int open_in_place(FileWriter *writer, const char *path) {
  writer->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
  return writer->fd < 0 ? errno : 0;
}

/* What `path` is decides how it is written. */
static int open_target(FileWriter *writer, const char *path) {
  struct stat old;
  if (writer->is_stdout) {
    writer->fd = STDOUT_FILENO;
    return 0;
  }
  if (stat(path, &old) != 0) return open_beside(writer, path, NULL);
  if (!S_ISREG(old.st_mode) || file_names_descriptor(path))
    return open_in_place(writer, path);
  /* The file that a link leads to is replaced, not the link. */
  char *target = realpath(path, NULL);
  int code = target ? open_beside(writer, target, &old) : errno;
  free(target);
  return code;
}

void file_writer_open(FileWriter *writer, const char *path) {
  *writer = (FileWriter){.fd = -1, .is_stdout = is_dash(path)};
  buf_add_text(&writer->name, writer->is_stdout ? "standard output" : path);
  writer->code = open_target(writer, path);
}

static void write_out(FileWriter *writer, Slice data) {
  if (writer->code == 0) writer->code = write_all(writer->fd, data);
}

void file_writer_add(FileWriter *writer, Slice data) {
  if (writer->code != 0) return;
  if (writer->waiting.length + data.length > WRITER_ROOM) {
    write_out(writer, buf_slice(&writer->waiting));
    buf_clear(&writer->waiting);
  }
  if (data.length > WRITER_ROOM)
    write_out(writer, data);
  else
    buf_add_slice(&writer->waiting, data);
}

/* Closes and keeps what went wrong first; a full disk may show only now. */
static void close_file(FileWriter *writer) {
  bool is_ours = writer->fd >= 0 && !writer->is_stdout;
  if (is_ours && close(writer->fd) != 0 && writer->code == 0)
    writer->code = errno;
  writer->fd = -1;
}

static void free_writer(FileWriter *writer) {
  close_file(writer);
  if (writer->temporary.length > 0) unlink(writer->temporary.data);
  buf_free(&writer->temporary);
  buf_free(&writer->target);
  buf_free(&writer->waiting);
  buf_free(&writer->name);
}

Status file_writer_close(FileWriter *writer, Error *error) {
  Status status = STATUS_OK;
  write_out(writer, buf_slice(&writer->waiting));
  close_file(writer);
  if (writer->code == 0 && writer->temporary.length > 0) {
    if (rename(writer->temporary.data, writer->target.data) == 0)
      buf_clear(&writer->temporary);
    else
      writer->code = errno;
  }
  if (writer->code != 0) {
    status = writer->code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    error_set_errno(error, status, writer->code, "cannot write %s",
                    writer->name.data);
  }
  free_writer(writer);
  return status;
}

void file_writer_drop(FileWriter *writer) {
  free_writer(writer);
}

Status file_write(const char *path, Slice data, Error *error) {
  FileWriter writer;
  file_writer_open(&writer, path);
  file_writer_add(&writer, data);
  return file_writer_close(&writer, error);
}
