/* SPDX-License-Identifier: MIT
 *
 * How the compiler gets at files beside the source it was given: what `import`
 * and `file()` name. An editor answers with texts that are not saved yet.
 */
#ifndef APXM_CORE_BASE_READER_H
#define APXM_CORE_BASE_READER_H

#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/status.h"

typedef struct SourceReader {
  /* Appends the file, as file_read does. */
  Status (*read)(void *context, const char *path, size_t limit, Buf *out,
                 Error *error);
  /* Appends a name that is the same for all paths to one file. */
  void (*identify)(void *context, const char *path, Buf *out);
  void *context;
} SourceReader;

/* Reads the disk. */
extern const SourceReader reader_disk;

/* Appends the path that `path` means in the source called `name`: an absolute
 * one itself, else beside that source. */
void reader_beside(const char *name, Slice path, Buf *out);

#endif
