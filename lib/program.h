/* SPDX-License-Identifier: MIT
 *
 * A program ready to run, whatever it came from: a source is compiled in
 * memory, an object file is loaded; which of the two a file is says its magic,
 * never its name. Immutable once open, so many runs may share it.
 */
#ifndef APXM_LIB_PROGRAM_H
#define APXM_LIB_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/emit/compile.h"
#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/object/object.h"

typedef struct Program {
  char *name;            /* as given; in messages and reports */
  bool is_source;        /* it was compiled: the next three are filled */
  Buf text;              /* the source */
  Source source;         /* points at name and text */
  CompileResult compile; /* diagnostics, phases; the object was moved out */
  Object *object; /* NULL when it does not compile, or was only checked */
  uint32_t optimization;  /* the level it was compiled at */
  uint64_t validation_ns; /* loading and verifying */
} Program;

/* Reads `path` ("-" is standard input) and makes a program of it. `options`
 * matter to a source only. STATUS_COMPILE: the source has errors, which
 * program->compile.diags holds. STATUS_IO, STATUS_LIMIT: cannot be read.
 * STATUS_FORMAT, STATUS_VERSION: not a sound object file. STATUS_USAGE:
 * options->dump names nothing. Free with program_free also on failure. */
Status program_open(Program *program, const char *path,
                    const CompileOptions *options, Error *error) MUST_USE;

/* The same from memory; takes the bytes out of `bytes`. */
Status program_from_bytes(Program *program, Buf *bytes, const char *name,
                          const CompileOptions *options, Error *error) MUST_USE;

void program_free(Program *program);

#endif
