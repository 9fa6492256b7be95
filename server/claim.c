/* SPDX-License-Identifier: MIT
 *
 * The lock is one of fcntl's: it is the process's own, so a child that a
 * server might have does not inherit it, and F_GETLK tells who holds it. Before
 * a signal is sent the holder is opened (pidfd) and asked for once more: if it
 * holds the lock still, the open descriptor is that process and no later one.
 */
#include "server/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"
#include "core/base/own_folder.h"

/* Appends the file's path; makes the folder. */
static Status find_path(const char *name, Buf *path, Error *error) {
  Status status = own_folder_path(path, error);
  buf_addf(path, "/sim-%s.pid", name);
  return status;
}

/* ---- the server's side --------------------------------------------------- */

static void write_pid(int fd) {
  if (ftruncate(fd, 0) == 0) dprintf(fd, "%ld\n", (long)getpid());
}

Status claim_take(const char *name, Claim *claim, Error *error) {
  Buf path = {0};
  int code = 0;
  *claim = (Claim){.fd = -1};
  Status status = find_path(name, &path, error);
  if (status == STATUS_OK) {
    claim->fd = own_file_open(path.data, &code);
    if (claim->fd < 0)
      status = error_set_errno(
          error, code == EAGAIN || code == EACCES ? STATUS_EXISTS : STATUS_IO,
          code, "cannot claim %s", path.data);
  }
  if (status == STATUS_OK) {
    write_pid(claim->fd);
    claim->path = buf_take(&path);
  }
  buf_free(&path);
  return status;
}

void claim_drop(Claim *claim) {
  if (claim->fd < 0) return;
  unlink(claim->path); /* first, so that nobody locks what is about to go */
  close(claim->fd);
  mem_free(claim->path);
  *claim = (Claim){.fd = -1};
}

/* ---- everybody else's ---------------------------------------------------- */

static int open_existing(const char *name, Buf *path, Status *status,
                         Error *error) {
  *status = find_path(name, path, error);
  if (*status != STATUS_OK) return -1;
  int fd = open(path->data, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno != ENOENT)
    *status = error_set_errno(error, STATUS_IO, errno, "%s", path->data);
  return fd;
}

Status claim_holder(const char *name, pid_t *pid, Error *error) {
  Buf path = {0};
  Status status;
  *pid = 0;
  int fd = open_existing(name, &path, &status, error);
  if (fd >= 0) {
    *pid = own_lock_holder(fd);
    if (*pid == 0) own_file_sweep(fd, path.data);
    close(fd);
  }
  buf_free(&path);
  return status;
}

static Status wait_gone(int process, pid_t pid, uint64_t wait_ns,
                        Error *error) {
  struct pollfd gone = {.fd = process, .events = POLLIN};
  uint64_t deadline = clock_now() + wait_ns, now;
  while ((now = clock_now()) < deadline) {
    if (poll(&gone, 1, (int)((deadline - now) / NS_PER_MS + 1)) == 1)
      return STATUS_OK;
  }
  return error_set(error, STATUS_FAILED,
                   "process %ld was told to end and is still there; `kill -9 "
                   "%ld` ends it at once",
                   (long)pid, (long)pid);
}

/* `fd` is the locked file, `pid` its holder. */
static Status stop(int fd, const char *name, pid_t pid, uint64_t wait_ns,
                   Error *error) {
  int process = pidfd_open(pid, 0);
  if (process < 0 && errno != ESRCH)
    return error_set_errno(error, STATUS_IO, errno, "process %ld", (long)pid);
  Status status = STATUS_OK;
  if (process < 0 || own_lock_holder(fd) != pid)
    status = error_set(error, STATUS_NOT_FOUND, "nothing listens on %s", name);
  else if (pidfd_send_signal(process, SIGTERM, NULL, 0) != 0)
    status = error_set_errno(error, STATUS_IO, errno, "cannot stop process %ld",
                             (long)pid);
  else
    status = wait_gone(process, pid, wait_ns, error);
  if (process >= 0) close(process);
  return status;
}

Status claim_stop_holder(const char *name, uint64_t wait_ns, pid_t *pid,
                         Error *error) {
  Buf path = {0};
  Status status;
  *pid = 0;
  int fd = open_existing(name, &path, &status, error);
  if (fd >= 0) *pid = own_lock_holder(fd);
  if (*pid != 0)
    status = stop(fd, name, *pid, wait_ns, error);
  else if (status == STATUS_OK)
    status = error_set(error, STATUS_NOT_FOUND,
                       "no `apxm sim` of this user listens on %s", name);
  if (fd >= 0 && *pid == 0) own_file_sweep(fd, path.data);
  if (fd >= 0) close(fd);
  buf_free(&path);
  return status;
}
