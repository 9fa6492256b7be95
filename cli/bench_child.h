/* SPDX-License-Identifier: MIT
 *
 * Measuring processes: programs started with their output on a pipe, this
 * process forked, and servers that live beside a measurement. The parent has
 * one thread and stays small, since a child begins with what it holds.
 */
#ifndef APXM_CLI_BENCH_CHILD_H
#define APXM_CLI_BENCH_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "core/base/buf.h"
#include "core/base/status.h"

/* The path of this program, for mem_free; NULL without /proc. */
char *bench_own_path(void);

/* The path of the measuring program or peer `name`, for mem_free; NULL when it
 * is nowhere: in $APXM_BENCH_DIR, in tests/bench or peers beside this program
 * (a build folder), and in ../libexec/apxm (installed). */
char *bench_program_find(const char *name);

/* What a child took. */
typedef struct BenchCost {
  uint64_t wall_ns;    /* from before its start to after its end */
  uint64_t cpu_ns;     /* of all its threads, the kernel's part included */
  uint64_t faults;     /* pages it had to be given */
  uint64_t peak_bytes; /* most pages it held at once; at least what this
                          process holds */
} BenchCost;

/* Runs the program words[0] (a path, or a name looked for in PATH) to its end;
 * words end with NULL. Appends its standard output to `out`, or drops it when
 * that is NULL; what it says on standard error is shown. `cost` may be NULL.
 * STATUS_FAILED: another exit code than 0. */
Status bench_child_run(const char *const *words, Buf *out, BenchCost *cost,
                       Error *error) MUST_USE;

/* Runs `measure` in a fork of this process, which writes what that adds to its
 * Buf to `out`. A failure there is shown, and STATUS_FAILED here. */
typedef Status BenchMeasure(const void *job, Buf *out, Error *error);
Status bench_child_fork(BenchMeasure *measure, const void *job, Buf *out,
                        Error *error) MUST_USE;

/* A process that serves until it is stopped. */
typedef struct BenchServer {
  pid_t pid; /* 0: none */
  int input; /* its standard input: it ends when this is closed */
} BenchServer;

/* Starts it and waits for its first line, which goes to `line` without its
 * end. */
Status bench_server_start(const char *const *words, BenchServer *server,
                          Buf *line, Error *error) MUST_USE;
void bench_server_stop(BenchServer *server);

/* A new folder in $TMPDIR or /tmp; its path goes to `path`. */
Status bench_folder_make(Buf *path, Error *error) MUST_USE;

/* Most pages this process has held at once, in bytes. */
uint64_t bench_peak_bytes(void);

#endif
