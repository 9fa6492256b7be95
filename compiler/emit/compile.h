/* SPDX-License-Identifier: MIT
 *
 * The compiler as one call: source text in, object file out, and what the
 * diagnostics file reports about the way.
 */
#ifndef APXM_COMPILER_EMIT_COMPILE_H
#define APXM_COMPILER_EMIT_COMPILE_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/diag.h"
#include "core/base/reader.h"

enum { COMPILE_PASSES_MAX = 32 };

typedef struct CompileOptions {
  uint32_t optimization; /* 0..3 */
  bool check_only;       /* stop after the checker */
  const char *dump;      /* tokens, ast, ir (the graph as built), the name of a
                            pass (the graph after its turn, also at a level at
                            which it does not run), dot (a drawing of the graph
                            that is emitted), json (the same as graph JSON),
                            object; NULL for none */
  Buf *dump_out;         /* where the dump goes; needed with `dump` */
  const SourceReader *reader; /* of imports and file(); NULL: the disk */
} CompileOptions;

/* Nanoseconds in each phase. */
typedef struct CompilePhases {
  uint64_t lex_parse, check, build, passes, artifact, total;
} CompilePhases;

typedef struct CompileResult {
  bool ok;        /* no errors; `object` is filled unless check_only */
  Buf object;     /* the sealed object file */
  DiagSink diags; /* sorted; render with diag_render_text or _json */
  CompilePhases phases;
  const char *passes[COMPILE_PASSES_MAX]; /* names of what ran, in order */
  uint32_t pass_count;
  bool dump_unknown; /* options.dump names nothing */
  Error error;       /* a limit that was met, beside the diagnostics */
  Arena arena;       /* holds the diagnostics' texts */
  struct SourceFiles *files; /* what diagnostics point into; NULL: `source` */
} CompileResult;

/* Compiles `source`, which must outlive `result`. Free with
 * compile_result_free also on failure. */
void compile_source(const Source *source, const CompileOptions *options,
                    CompileResult *result);
void compile_result_free(CompileResult *result);

/* The names --dump accepts, separated by ", ". */
void compile_dump_names(Buf *out);

#endif
