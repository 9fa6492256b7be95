/* SPDX-License-Identifier: MIT
 *
 * Which files of cases there are. Folders are walked in the order of their
 * names, files before the folders beside them; a link to a folder is not
 * followed, so the walk ends.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/case_file.h"

enum { DEPTH_MAX = 64 }; /* folders in each other */

typedef struct Walk {
  Arena *arena;
  CasePaths *paths;
  Error *error;
} Walk;

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static Status cannot_read(const Walk *walk, const char *path) {
  return error_set_errno(walk->error,
                         errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno,
                         "cannot read %s", path);
}

static bool is_folder(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What lies in a folder, as paths. */
static Status list(const Walk *walk, const char *path, CasePaths *found) {
  DIR *folder = opendir(path);
  const struct dirent *item;
  Buf whole = {0};
  if (!folder) return cannot_read(walk, path);
  bool is_here = strcmp(path, ".") == 0;
  bool has_slash = slice_ends_with(slice_of(path), SLICE("/"));
  while ((item = readdir(folder)) != NULL) {
    if (item->d_name[0] == '.') continue;
    buf_clear(&whole);
    if (!is_here) buf_addf(&whole, "%s%s", path, has_slash ? "" : "/");
    buf_add_text(&whole, item->d_name);
    vec_push(found, arena_copy(walk->arena, whole.data, whole.length));
  }
  closedir(folder);
  buf_free(&whole);
  if (found->length > 0)
    qsort(found->data, found->length, sizeof *found->data, by_text);
  return STATUS_OK;
}

static Status look(const Walk *walk, const char *path, uint32_t depth) {
  CasePaths found = {0};
  Status status = list(walk, path, &found);
  for (uint32_t i = 0; i < found.length; i++)
    if (slice_ends_with(slice_of(found.data[i]), SLICE(CASE_FILE_ENDING)) &&
        !is_folder(found.data[i]))
      vec_push(walk->paths, found.data[i]);
  for (uint32_t i = 0; i < found.length && status == STATUS_OK; i++)
    if (depth < DEPTH_MAX && is_folder(found.data[i]))
      status = look(walk, found.data[i], depth + 1);
  vec_free(&found);
  return status;
}

Status case_paths_find(const char *path, Arena *arena, CasePaths *paths,
                       Error *error) {
  struct stat info;
  Walk walk = {.arena = arena, .paths = paths, .error = error};
  if (stat(path, &info) != 0) return cannot_read(&walk, path);
  if (S_ISDIR(info.st_mode)) return look(&walk, path, 0);
  vec_push(paths, path);
  return STATUS_OK;
}
