/* SPDX-License-Identifier: MIT
 *
 * Whole files in, whole files out, also when they are written in pieces.
 */
#ifndef APXM_CORE_BASE_FILE_H
#define APXM_CORE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"

/* Appends the file `path` ("-" is standard input) to `out`; more than `limit`
 * bytes is STATUS_LIMIT, a missing file STATUS_NOT_FOUND, directories and such
 * are STATUS_IO. On failure `out` is as it was. */
Status file_read(const char *path, size_t limit, Buf *out,
                 Error *error) MUST_USE;

/* Writes `path` ("-" is standard output) whole or not at all: a temporary
 * file beside it, then rename. A full disk or a short write is an error, and
 * the temporary file is removed. A file that is there keeps its mode, and must
 * be writable; a link is followed. Something that is not a regular file (a
 * device, a pipe) is written in place. STATUS_NOT_FOUND when the folder is
 * missing, else STATUS_IO. */
Status file_write(const char *path, Slice data, Error *error) MUST_USE;

/* The same for what is written piece by piece. Nobody sees the file before it
 * is closed; the first failure is kept and told then. One thread. */
typedef struct FileWriter {
  Buf name;       /* as messages call it */
  Buf target;     /* what the temporary file becomes; empty: written in place */
  Buf temporary;  /* its name; empty: there is none (any more) */
  Buf waiting;    /* bytes not yet written */
  int fd;         /* -1: not open */
  bool is_stdout; /* not ours to close */
  int code;       /* errno of the first failure */
} FileWriter;

void file_writer_open(FileWriter *writer, const char *path);
void file_writer_add(FileWriter *writer, Slice data);
/* Either of the two ends it. */
Status file_writer_close(FileWriter *writer, Error *error) MUST_USE;
void file_writer_drop(FileWriter *writer); /* the target stays as it was */

bool file_exists(const char *path);

/* /dev/stderr, /dev/fd/N and the like: an open descriptor, written in place
 * and at its end whatever it leads to. */
bool file_names_descriptor(const char *path);

/* Writes all bytes to a descriptor; handles short writes and EINTR. */
Status file_write_fd(int fd, Slice data, Error *error) MUST_USE;

#endif
