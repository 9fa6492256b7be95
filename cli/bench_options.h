/* SPDX-License-Identifier: MIT
 *
 * The words after `apxm bench NAME`, read by a table of the benchmark's own,
 * of which its help is made too. Every benchmark takes --json, --output and
 * --help beside what its table names.
 */
#ifndef APXM_CLI_BENCH_OPTIONS_H
#define APXM_CLI_BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/status.h"

enum { BENCH_LIST_MAX = 8 };

/* Numbers given as "1000,100000". */
typedef struct BenchList {
  uint32_t at[BENCH_LIST_MAX];
  uint32_t count;
} BenchList;

typedef enum BenchOptionKind {
  BENCH_OPTION_LIST,   /* a BenchList */
  BENCH_OPTION_NUMBER, /* a uint32_t */
  BENCH_OPTION_TEXT,   /* a const char *, pointing into argv */
  BENCH_OPTION_WORD    /* whatever `read` makes of it */
} BenchOptionKind;

typedef struct BenchOption {
  const char *name;  /* "--nodes" */
  const char *value; /* what help calls the value */
  const char *text;  /* one line of help */
  BenchOptionKind kind;
  uint32_t low, high; /* of a number, or of each in a list */
  void *target;       /* what is filled; its type says `kind` */
  bool (*read)(const char *value, void *target); /* of a WORD; false: refuse */
} BenchOption;

typedef struct BenchUsage {
  const char *name;    /* of the benchmark */
  const char *summary; /* what it measures; lines, each with its end */
  const BenchOption *options;
  uint32_t option_count;
} BenchUsage;

/* What every benchmark can be asked. */
typedef struct BenchRequest {
  const char *name;   /* of the benchmark */
  bool help;          /* wants to read, not to measure */
  bool json;          /* the document instead of the table */
  const char *output; /* file for the document, or NULL */
} BenchRequest;

/* "--name value" and "--name=value". STATUS_USAGE names the word. */
Status bench_options_read(const BenchUsage *usage, int count,
                          char *const *words, BenchRequest *request,
                          Error *error) MUST_USE;
void bench_options_help(const BenchUsage *usage, Buf *out);

#endif
