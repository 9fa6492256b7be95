/* SPDX-License-Identifier: MIT
 *
 * The reader. What stands in the files was written by processes of the same
 * user; it is checked all the same, since a file may be torn or of another
 * version, and a process may die at any moment.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/own_folder.h"
#include "runtime/model/board.h"

/* False: it is torn time and again, or of another version. */
static bool read_page(int fd, BoardPage *page) {
  for (int i = 0; i < 10; i++) {
    ssize_t size = pread(fd, page, sizeof *page, 0);
    if (size != (ssize_t)sizeof *page) return false;
    if (board_page_is_sound(page)) return true;
  }
  return false;
}

static void look_at(const char *path, BoardPages *pages) {
  BoardPage page;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return;
  if (own_lock_holder(fd) == 0)
    own_file_sweep(fd, path);
  else if (read_page(fd, &page))
    vec_push(pages, page);
  close(fd);
}

static int compare(const void *a, const void *b) {
  const BoardPage *x = a, *y = b;
  return (x->pid > y->pid) - (x->pid < y->pid);
}

Status board_read(BoardPages *pages, Error *error) {
  Buf path = {0};
  Status status = own_folder_path(&path, error);
  DIR *folder = status == STATUS_OK ? opendir(path.data) : NULL;
  if (status == STATUS_OK && !folder)
    status = error_set_errno(error, STATUS_IO, errno, "%s", path.data);
  size_t length = path.length;
  for (struct dirent *entry = folder ? readdir(folder) : NULL; entry;
       entry = readdir(folder)) {
    if (!slice_starts_with(slice_of(entry->d_name), SLICE("watch-"))) continue;
    path.length = length;
    buf_addf(&path, "/%s", entry->d_name);
    look_at(path.data, pages);
  }
  if (folder) closedir(folder);
  if (pages->length > 1)
    qsort(pages->data, pages->length, sizeof *pages->data, compare);
  buf_free(&path);
  return status;
}
