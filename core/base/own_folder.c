/* SPDX-License-Identifier: MIT
 *
 * Between opening a file and locking it somebody may have swept it away; so
 * whoever has locked one looks whether it still is the one of that name.
 */
#include "core/base/own_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
static const char *session_folder(void) {
  const char *path = getenv("XDG_RUNTIME_DIR");
  struct stat info;
  bool is_there =
      path && path[0] == '/' && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
  return is_there ? path : NULL;
}

Status own_folder_path(Buf *path, Error *error) {
  const char *session = session_folder();
  if (session)
    buf_addf(path, "%s/apxm", session);
  else
    buf_addf(path, "/tmp/apxm-%u", (unsigned)geteuid());
  if (mkdir(path->data, 0700) != 0 && errno != EEXIST)
    return error_set_errno(error, STATUS_IO, errno, "cannot make the folder %s",
                           path->data);
  return check_folder(path->data, error);
}

int own_lock_take(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_SETLK, &lock) == 0 ? 0 : errno;
}

pid_t own_lock_holder(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
  return lock.l_pid;
}

/* Whether `fd` is the file that `path` names. */
static bool is_named(int fd, const char *path) {
  struct stat one, two;
  return fstat(fd, &one) == 0 && lstat(path, &two) == 0 &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

int own_file_open(const char *path, int *code) {
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    *code = fd < 0 ? errno : own_lock_take(fd);
    if (fd < 0) return -1;
    if (*code == 0 && is_named(fd, path)) return fd;
    close(fd);
    if (*code != 0) return -1;
  }
}

void own_file_sweep(int fd, const char *path) {
  if (own_lock_take(fd) == 0 && is_named(fd, path)) unlink(path);
}
