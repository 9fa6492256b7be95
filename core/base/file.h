/* SPDX-License-Identifier: MIT
 *
 * Whole files in, whole files out.
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

bool file_exists(const char *path);

/* /dev/stderr, /dev/fd/N and the like: an open descriptor, written in place
 * and at its end whatever it leads to. */
bool file_names_descriptor(const char *path);

/* Writes all bytes to a descriptor; handles short writes and EINTR. */
Status file_write_fd(int fd, Slice data, Error *error) MUST_USE;

#endif
