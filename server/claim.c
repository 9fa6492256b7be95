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
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

/* ---- the folder and the file --------------------------------------------- */

/* Ours alone, or somebody could put a file of his there. */
static Status check_folder(const char *path, Error *error) {
  struct stat info;
  if (lstat(path, &info) != 0)
    return error_set_errno(error, STATUS_IO, errno, "%s", path);
  if (S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
      (info.st_mode & 077) == 0)
    return STATUS_OK;
  return error_set(error, STATUS_IO,
                   "%s is to be a folder of this user, with mode 700; remove "
                   "it, or set XDG_RUNTIME_DIR to another place",
                   path);
}

/* The user's own folder for what lives as long as a session; NULL: none. */
static const char *runtime_folder(void) {
  const char *path = getenv("XDG_RUNTIME_DIR");
  struct stat info;
  bool is_there =
      path && path[0] == '/' && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  return is_there ? path : NULL;
}

/* Appends the file's path; makes the folder. */
static Status find_path(const char *name, Buf *path, Error *error) {
  const char *runtime = runtime_folder();
  if (runtime)
    buf_addf(path, "%s/apxm", runtime);
  else
    buf_addf(path, "/tmp/apxm-%u", (unsigned)geteuid());
  if (mkdir(path->data, 0700) != 0 && errno != EEXIST)
    return error_set_errno(error, STATUS_IO, errno, "cannot make the folder %s",
                           path->data);
  Status status = check_folder(path->data, error);
  buf_addf(path, "/sim-%s.pid", name);
  return status;
}

static int set_lock(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_SETLK, &lock) == 0 ? 0 : errno;
}

/* Who holds the lock; 0: nobody. */
static pid_t ask_holder(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
  return lock.l_pid;
}

/* Whether `fd` is the file that `path` names: it may have been removed between
 * opening and locking. */
static bool is_named(int fd, const char *path) {
  struct stat one, two;
  return fstat(fd, &one) == 0 && lstat(path, &two) == 0 &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

/* ---- the server's side --------------------------------------------------- */

/* Opens and locks; the descriptor, or -1 with `code` filled. */
static int open_locked(const char *path, int *code) {
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    *code = fd < 0 ? errno : set_lock(fd);
    if (fd < 0) return -1;
    if (*code == 0 && is_named(fd, path)) return fd;
    close(fd);
    if (*code != 0) return -1;
  }
}

static void write_pid(int fd) {
  if (ftruncate(fd, 0) == 0) dprintf(fd, "%ld\n", (long)getpid());
}

Status claim_take(const char *name, Claim *claim, Error *error) {
  Buf path = {0};
  int code = 0;
  *claim = (Claim){.fd = -1};
  Status status = find_path(name, &path, error);
  if (status == STATUS_OK) {
    claim->fd = open_locked(path.data, &code);
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

/* Nobody holds it: removes it, unless somebody is faster. */
static void remove_stale(int fd, const char *path) {
  if (set_lock(fd) == 0 && is_named(fd, path)) unlink(path);
}

Status claim_holder(const char *name, pid_t *pid, Error *error) {
  Buf path = {0};
  Status status;
  *pid = 0;
  int fd = open_existing(name, &path, &status, error);
  if (fd >= 0) {
    *pid = ask_holder(fd);
    if (*pid == 0) remove_stale(fd, path.data);
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
  if (process < 0 || ask_holder(fd) != pid)
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
  if (fd >= 0) *pid = ask_holder(fd);
  if (*pid != 0)
    status = stop(fd, name, *pid, wait_ns, error);
  else if (status == STATUS_OK)
    status = error_set(error, STATUS_NOT_FOUND,
                       "no `apxm sim` of this user listens on %s", name);
  if (fd >= 0 && *pid == 0) remove_stale(fd, path.data);
  if (fd >= 0) close(fd);
  buf_free(&path);
  return status;
}
