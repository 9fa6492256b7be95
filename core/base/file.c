/* SPDX-License-Identifier: MIT
 *
 * Whole files in, whole files out. Reading does not trust the size that the
 * system states: a pipe or a file of /proc states none, and a file may grow.
 * Writing makes a new file beside the target and renames it over, so a reader
 * sees the old bytes or the new ones. Any thread.
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

/* Closes and says what went wrong first, writing or closing. */
static int write_and_close(int fd, Slice data) {
  int code = write_all(fd, data);
  if (close(fd) != 0 && code == 0) code = errno;
  return code;
}

static int write_in_place(const char *path, Slice data) {
  int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
  return fd < 0 ? errno : write_and_close(fd, data);
}

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
static int write_and_rename(const char *path, Slice data,
                            const struct stat *old) {
  if (old != NULL && access(path, W_OK) != 0) return errno;
  Buf name = {0};
  int fd = -1;
  int code = create_beside(path, &name, &fd);
  if (code == 0) {
    if (old != NULL && fchmod(fd, old->st_mode & 0777) != 0) code = errno;
    int wrote = write_and_close(fd, data);
    if (code == 0) code = wrote;
    if (code == 0 && rename(name.data, path) != 0) code = errno;
    if (code != 0) unlink(name.data);
  }
  buf_free(&name);
  return code;
}

Status file_write(const char *path, Slice data, Error *error) {
  int code = 0;
  struct stat old;
  const char *name = is_dash(path) ? "standard output" : path;
  if (is_dash(path)) {
    code = write_all(STDOUT_FILENO, data);
  } else if (stat(path, &old) != 0) {
    code = write_and_rename(path, data, NULL);
  } else if (!S_ISREG(old.st_mode) || file_names_descriptor(path)) {
    code = write_in_place(path, data);
  } else {
    /* The file that a link leads to is replaced, not the link. */
    char *target = realpath(path, NULL);
    code = target ? write_and_rename(target, data, &old) : errno;
    free(target);
  }
  if (code == 0) return STATUS_OK;
  Status status = code == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
  return error_set_errno(error, status, code, "cannot write %s", name);
}
