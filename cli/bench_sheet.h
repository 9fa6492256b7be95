/* SPDX-License-Identifier: MIT
 *
 * What a benchmark has measured: rows, one for each subject at each setting,
 * with samples under names whose endings are their units ("warm_ms",
 * "cpu_us_per_ask"); and claims, ratios of these held against a target. A
 * measuring process prints its samples as lines, which end up here:
 *
 *     {"figure":"warm_ms","value":52.1}
 */
#ifndef APXM_CLI_BENCH_SHEET_H
#define APXM_CLI_BENCH_SHEET_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/status.h"
#include "core/base/vec.h"

enum { SHEET_SETTINGS_MAX = 4 };

typedef struct SheetSetting {
  const char *name; /* "asks"; borrowed */
  double value;
} SheetSetting;

typedef struct SheetFigure {
  const char *name;    /* in the sheet's arena */
  VEC(double) samples; /* in order of measuring */
} SheetFigure;

typedef struct SheetRow {
  const char *subject; /* who was measured: "apxm", "curl"; borrowed */
  const char *what;    /* which measurement: "load"; borrowed */
  SheetSetting settings[SHEET_SETTINGS_MAX];
  uint32_t setting_count;
  VEC(SheetFigure) figures;
} SheetRow;

/* `value` at most `limit`, or at least. */
typedef struct SheetClaim {
  const char *text; /* in the sheet's arena */
  double value, limit;
  bool is_floor; /* at least */
} SheetClaim;

typedef struct Sheet {
  const char *bench; /* "load"; borrowed */
  VEC(SheetRow) rows;
  VEC(SheetClaim) claims;
  char date[32];   /* when it was begun */
  double load;     /* the machine's load average then */
  long processors; /* of the machine */
  Arena arena;
} Sheet;

void sheet_init(Sheet *sheet, const char *bench);
void sheet_free(Sheet *sheet);

/* A new row's number. */
uint32_t sheet_row(Sheet *sheet, const char *subject, const char *what);
void sheet_set(Sheet *sheet, uint32_t row, const char *name, double value);
void sheet_add(Sheet *sheet, uint32_t row, const char *figure, double sample);
/* Reads lines as above; STATUS_FORMAT when one is not. */
Status sheet_add_lines(Sheet *sheet, uint32_t row, Slice lines,
                       Error *error) MUST_USE;

/* NaN when nothing was measured. */
double sheet_median(const Sheet *sheet, uint32_t row, const char *figure);
double sheet_minimum(const Sheet *sheet, uint32_t row, const char *figure);

/* Holds `value` against its target; nothing when it is NaN. */
void sheet_claim(Sheet *sheet, double value, bool is_floor, double limit,
                 const char *format, ...) PRINTF_LIKE(5, 6);

/* The claims, one a line, then the machine. */
void sheet_add_claims(const Sheet *sheet, Buf *out);
cJSON *sheet_json(const Sheet *sheet); /* cJSON_Delete */

/* Of a measuring process: one line on `out`. */
void sheet_line(Buf *out, const char *figure, double value);

#endif
