/* SPDX-License-Identifier: MIT
 *
 * The reader of the disk, and what a relative path is relative to. Symbolic
 * links are followed to tell whether two paths lead to one file.
 */
#include "core/base/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

void reader_beside(const char *name, Slice path, Buf *out) {
  const char *slash = strrchr(name, '/');
  bool absolute = path.length > 0 && path.data[0] == '/';
  if (!absolute && slash != NULL) {
    buf_add(out, name, (size_t)(slash - name) + 1);
  } else if (slice_equal_text(path, "-")) {
    buf_add_text(out, "./"); /* a file of that name, not standard input */
  }
  buf_add_slice(out, path);
}

static Status read_disk(void *context, const char *path, size_t limit, Buf *out,
                        Error *error) {
  (void)context;
  return file_read(path, limit, out, error);
}

static void identify_on_disk(void *context, const char *path, Buf *out) {
  (void)context;
  char *real = realpath(path, NULL);
  buf_add_text(out, real != NULL ? real : path);
  free(real);
}

const SourceReader reader_disk = {read_disk, identify_on_disk, NULL};
