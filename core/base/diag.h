/* SPDX-License-Identifier: MIT
 *
 * What is wrong with the user's program: messages with a code, a place, a
 * label and where there is one a fix. Sources are kept whole; a span is a
 * byte range of one, and which one, line and column are computed only when a
 * message is printed. All errors of a program are collected, then printed in
 * order of place.
 *
 *     error[E0102]: undefined variable `undefined_input`
 *       --> 01_undefined_variable.ais:9:28
 *        |
 *      9 |     ask("Process this: " + undefined_input) -> result
 *        |                            ^^^^^^^^^^^^^^^ not bound in this flow
 *        = help: did you mean `input`?
 */
#ifndef APXM_CORE_BASE_DIAG_H
#define APXM_CORE_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/source.h"
#include "core/base/vec.h"

typedef enum DiagCode {
#define X(name, code, text) DIAG_##name,
#include "core/base/diagnostics.def"
#undef X
  DIAG_CODE_COUNT
} DiagCode;

typedef struct Diag {
  DiagCode code;
  Span span;
  const char *message;       /* after "error[...]: " */
  const char *label;         /* beside the caret; may be NULL */
  const char *help;          /* after "= help: "; may be NULL */
  Span related;              /* second place; length 0 when there is none */
  const char *related_label; /* e.g. "first bound here" */
  const char *replacement;   /* text that repairs it; may be NULL */
  Span replaced;             /* what it takes the place of; all 0: `span` */
} Diag;

typedef struct DiagSink {
  const Source *source; /* borrowed; of a program of several any one */
  Arena *arena;         /* borrowed; holds all texts */
  VEC(Diag) diags;      /* at most `room` */
  uint32_t room;        /* LIMIT_DIAGNOSTICS, unless somebody wants all */
  uint32_t error_count; /* all that were reported, kept or not; when there is no
                           room an error takes the place of a warning */
  uint32_t warning_count;
  Diag scratch; /* what diag_report hands out when there is no room */
} DiagSink;

void diag_init(DiagSink *sink, const Source *source, Arena *arena);
void diag_free(DiagSink *sink);

/* Reports. Returns the record so that the caller may add label, help, related
 * (all with diag_text, or static strings); it is a scratch record once the
 * limit is met. Severity is the letter of the code (E or W). Never NULL; valid
 * until the next report. */
Diag *diag_report(DiagSink *sink, DiagCode code, Span span, const char *format,
                  ...) PRINTF_LIKE(4, 5);

/* printf into the sink's arena. */
const char *diag_text(DiagSink *sink, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Where the replacement goes. */
Span diag_replaced(const Diag *diag);

/* "E0102". */
const char *diag_code_text(DiagCode code);
bool diag_is_error(DiagCode code);

/* Sorts by place; call before rendering. */
void diag_sort(DiagSink *sink);
void diag_render_text(const DiagSink *sink, bool colour, Buf *out);

/* One JSON object a line: {code, severity, message, file, line, column,
 * end_line, end_column, label?, help?, replacement?, replaced?{line, column,
 * end_line, end_column}, related?{label?, file?,
 * line, column, end_line, end_column}}; the end is the first place after the
 * span, and related has a file when it is another.
 * `replaced` is where the replacement goes, when not where the message points.
 * Messages without room are told by a last {severity: "note", message,
 * file}. */
void diag_render_json(const DiagSink *sink, Buf *out);

#endif
