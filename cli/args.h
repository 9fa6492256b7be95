/* SPDX-License-Identifier: MIT
 *
 * The flow's arguments as the command line gives them: words after the file,
 * --arg NAME=VALUE and --arg-file NAME=FILE, files read.
 */
#ifndef APXM_CLI_ARGS_H
#define APXM_CLI_ARGS_H

#include "cli/cli.h"
#include "core/base/arena.h"
#include "lib/flow.h"

typedef struct Args {
  VEC(FlowArg) items; /* words first, then the named ones */
  Arena arena;        /* names and the texts of files */
} Args;

/* `words` are the positional ones. STATUS_USAGE when two want standard input
 * (`stdin_is_taken`: the program does); STATUS_IO and others when a file
 * cannot be read. Free with args_free in any case. */
Status args_collect(const Options *options, const char *const *words,
                    uint32_t word_count, bool stdin_is_taken, Args *args,
                    Error *error) MUST_USE;
void args_free(Args *args);

#endif
