/* SPDX-License-Identifier: MIT
 *
 * The files a command is going to write, judged before anything has run: none
 * may overwrite a source, an object file or an input, no two may be the same,
 * and each must be writable.
 */
#ifndef APXM_CLI_OUTPUTS_H
#define APXM_CLI_OUTPUTS_H

#include <stdbool.h>

#include "cli/options.h"
#include "core/base/buf.h"
#include "core/base/status.h"

enum { OUTPUTS_MAX = 8 };

typedef struct OutputFile {
  const char *option; /* "--emit-metrics", for messages */
  char *path;         /* owned; "-" is standard output */
  bool may_be_object; /* it is compile's -o: may replace an object file */
  bool is_appended;   /* it grows line by line during the run */
  bool needs_name;    /* standard output, which it would share, will not do */
} OutputFile;

typedef struct Outputs {
  OutputFile files[OUTPUTS_MAX];
  uint32_t count;
  VEC(const char *) inputs; /* files that are read */
} Outputs;

void outputs_free(Outputs *outputs);

void outputs_add_input(Outputs *outputs, const char *path);
/* Adds `path`; /dev/stdout and its like are standard output and become "-".
 * What these two return lives in `outputs`. */
OutputFile *outputs_add(Outputs *outputs, const char *option, const char *path);
/* Adds the value of option `id`, or if it has none the program's name with
 * `ending` in the place of its own; NULL when the option was not given. */
OutputFile *outputs_add_option(Outputs *outputs, const Options *options,
                               OptionId id, const char *program,
                               const char *ending);

/* "dir/x.ais" and ".apxmobj" give "dir/x.apxmobj"; another name keeps its
 * ending; standard input is "stdin". */
void outputs_derive(const char *program, const char *ending, Buf *out);

bool output_is_stdout(const OutputFile *file); /* NULL is not */
/* Or will be one: nobody has to read it. */
bool output_is_regular(const OutputFile *file);

/* STATUS_USAGE: a name that must not be written, two alike, or standard input
 * read twice. STATUS_IO: it cannot be written. */
Status outputs_check(const Outputs *outputs, Error *error) MUST_USE;

#endif
