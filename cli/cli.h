/* SPDX-License-Identifier: MIT
 *
 * What the commands share: the command line once read, how a message looks,
 * and which exit code a failure has. A command is a function that returns the
 * exit code; commands.def lists them.
 */
#ifndef APXM_CLI_CLI_H
#define APXM_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "cli/outputs.h"
#include "core/base/exit.h"
#include "core/base/log.h"
#include "lib/program.h"
#include "runtime/engine/engine.h"

/* The groups that commands.def names. */
#define OPT_COMMON \
  (OPT(ERROR_FORMAT) | OPT(LOG_LEVEL) | OPT(QUIET) | OPT(VERBOSE) | OPT(HELP))
#define OPT_ENGINE                                                      \
  (OPT(BACKEND) | OPT(MODEL) | OPT(SIM_PROFILE) | OPT(REPLIES) |        \
   OPT(REQUEST_LOG) | OPT(MAX_IN_FLIGHT) | OPT(WORKERS) | OPT(RECORD) | \
   OPT(REPLAY) | OPT(RETRY_SEED))
#define OPT_RUN                                                              \
  (OPT_ENGINE | OPT(OPT_LEVEL) | OPT(EMIT_DIAGNOSTICS) | OPT(EMIT_METRICS) | \
   OPT(TRACE) | OPT(ARG) | OPT(ARG_FILE) | OPT(FLOW) | OPT(JSON) |           \
   OPT(DEADLINE) | OPT(EACH) | OPT(ON_ERROR) | OPT(OUTPUT))
#define OPT_WORKLOADS                                                  \
  (OPT_ENGINE | OPT(OPT_LEVEL) | OPT(FLOW) | OPT(JSON) | OPT(OUTPUT) | \
   OPT(ITERATIONS) | OPT(WARMUP) | OPT(TRACE))
#define OPT_TEST                                                           \
  (OPT(FILTER) | OPT(RERECORD) | OPT(JSON) | OPT(OPT_LEVEL) | OPT(MODEL) | \
   OPT(BACKEND) | OPT(SIM_PROFILE) | OPT(MAX_IN_FLIGHT))
#define OPT_OWN UINT64_C(0)

typedef struct Cli Cli;

typedef struct Command {
  const char *name;
  const char *operands;
  uint64_t options; /* OPT_OWN: `run` reads argv itself */
  const char *summary;
  const char *detail;
  int (*run)(const Cli *cli);
} Command;

extern const Command command_table[];
extern const uint32_t command_count;
const Command *command_find(const char *name); /* NULL: there is none */

/* Immutable after main has read the command line. */
struct Cli {
  int argc; /* the whole command line, for OPT_OWN */
  char *const *argv;
  const Command *command;
  Options options;
  const char *const *words; /* operands, without the command's name */
  uint32_t word_count;
  bool is_json; /* messages are JSON objects */
  bool colour;  /* standard error is a terminal that may be coloured */
};

#define X(name, operands, options, summary, detail) \
  int cmd_##name(const Cli *cli);
#include "cli/commands.def"
#undef X

/* ---- messages: standard error ---------------------------------------------*/

/* Says why the command ends; returns `code`. */
int cli_fail(const Cli *cli, ExitCode code, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* The same with the code that the status has. */
int cli_fail_error(const Cli *cli, const Error *error);

/* Everything the compiler had to say about a source; -q leaves warnings out. */
void cli_show_diagnostics(const Cli *cli, const DiagSink *sink);

/* Lines that -q silences (two kinds), that -v shows, that -vv shows. */
void cli_note(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
void cli_warning(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
void cli_info(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);
void cli_debug(const Cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether `fd` is a terminal whose user has nothing against colours. */
bool cli_may_colour(int fd);
/* Whether a line that is drawn over itself may tell how far things are:
 * standard error is a terminal that can do that, and nobody asked for quiet or
 * for JSON. */
bool cli_may_draw(const Cli *cli);

/* ---- standard output ------------------------------------------------------*/

/* Writes all of it. 0, also when the reader has gone: that is no failure of
 * ours; else EXIT_CODE_FAILED after a message. */
int cli_print(const Cli *cli, Slice text);
/* Writes `file`; 0 or the exit code `code` after a message. */
int cli_write_file(const Cli *cli, const OutputFile *file, Slice text,
                   ExitCode code);

/* ---- what several commands do ---------------------------------------------*/

/* program_open with messages: diagnostics or the error go to standard error.
 * 0 or the exit code. */
int cli_open(const Cli *cli, const char *path, const CompileOptions *options,
             Program *program);
CompileOptions cli_compile_options(const Cli *cli);

/* `apxm COMMAND --help`: what `apxm help COMMAND` shows. */
int cli_help(const Cli *cli, const char *command);
/* Exit code 2 unless there are from `least` to `most` operands. */
int cli_want_words(const Cli *cli, uint32_t least, uint32_t most);
/* Exit code 2 when an option was given that the first operand has no use for:
 * it takes those in `allowed` and the common ones. */
int cli_want_options(const Cli *cli, uint64_t allowed);

#endif
