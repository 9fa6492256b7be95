/* SPDX-License-Identifier: MIT
 *
 * Samples are kept as they come and only sorted, in a copy, for a median.
 */
#include "cli/bench_sheet.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/mem.h"

void sheet_init(Sheet *sheet, const char *bench) {
  *sheet = (Sheet){.bench = bench};
  arena_init(&sheet->arena);
  clock_wall_text(sheet->date);
  if (getloadavg(&sheet->load, 1) != 1) sheet->load = NAN;
  sheet->processors = sysconf(_SC_NPROCESSORS_ONLN);
}

void sheet_free(Sheet *sheet) {
  for (uint32_t r = 0; r < sheet->rows.length; r++) {
    SheetRow *row = &sheet->rows.data[r];
    for (uint32_t f = 0; f < row->figures.length; f++)
      vec_free(&row->figures.data[f].samples);
    vec_free(&row->figures);
  }
  vec_free(&sheet->rows);
  vec_free(&sheet->claims);
  arena_free(&sheet->arena);
}

/* ---- in ------------------------------------------------------------------ */

uint32_t sheet_row(Sheet *sheet, const char *subject, const char *what) {
  SheetRow row = {.subject = subject, .what = what};
  vec_push(&sheet->rows, row);
  return sheet->rows.length - 1;
}

void sheet_set(Sheet *sheet, uint32_t row, const char *name, double value) {
  SheetRow *r = &sheet->rows.data[row];
  assert(r->setting_count < SHEET_SETTINGS_MAX);
  r->settings[r->setting_count++] = (SheetSetting){name, value};
}

static SheetFigure *find(const Sheet *sheet, uint32_t row, const char *name) {
  const SheetRow *r = &sheet->rows.data[row];
  for (uint32_t i = 0; i < r->figures.length; i++)
    if (strcmp(r->figures.data[i].name, name) == 0) return &r->figures.data[i];
  return NULL;
}

void sheet_add(Sheet *sheet, uint32_t row, const char *figure, double sample) {
  SheetRow *r = &sheet->rows.data[row];
  SheetFigure *found = find(sheet, row, figure);
  if (found == NULL) {
    SheetFigure fresh = {.name =
                             arena_copy(&sheet->arena, figure, strlen(figure))};
    vec_push(&r->figures, fresh);
    found = &r->figures.data[r->figures.length - 1];
  }
  vec_push(&found->samples, sample);
}

static bool add_line(Sheet *sheet, uint32_t row, const cJSON *line) {
  const char *name =
      cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "figure"));
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(line, "value");
  if (name == NULL || !cJSON_IsNumber(value)) return false;
  sheet_add(sheet, row, name, value->valuedouble);
  return true;
}

Status sheet_add_lines(Sheet *sheet, uint32_t row, Slice lines, Error *error) {
  while (lines.length > 0) {
    const char *end = memchr(lines.data, '\n', lines.length);
    size_t length = end ? (size_t)(end - lines.data) : lines.length;
    Slice text = slice_from(lines.data, length);
    cJSON *line = json_parse(text, NULL);
    bool good = line != NULL && add_line(sheet, row, line);
    cJSON_Delete(line);
    if (!good)
      return error_set(error, STATUS_FORMAT, "%s printed no figure: %.*s",
                       sheet->rows.data[row].subject, SLICE_ARG(text));
    length += end != NULL;
    lines = slice_from(lines.data + length, lines.length - length);
  }
  return STATUS_OK;
}

void sheet_line(Buf *out, const char *figure, double value) {
  buf_addf(out, "{\"figure\":\"%s\",\"value\":%.6g}\n", figure, value);
}

/* ---- figures ------------------------------------------------------------- */

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The sample at `part` (0..1) of the sorted ones. */
static double quantile(const SheetFigure *figure, double part) {
  uint32_t count = figure ? figure->samples.length : 0;
  if (count == 0) return NAN;
  double *sorted = mem_alloc(count * sizeof *sorted);
  memcpy(sorted, figure->samples.data, count * sizeof *sorted);
  qsort(sorted, count, sizeof *sorted, compare);
  double value = sorted[(uint32_t)(part * (count - 1) + 0.5)];
  mem_free(sorted);
  return value;
}

double sheet_median(const Sheet *sheet, uint32_t row, const char *figure) {
  return quantile(find(sheet, row, figure), 0.5);
}

double sheet_minimum(const Sheet *sheet, uint32_t row, const char *figure) {
  return quantile(find(sheet, row, figure), 0);
}

/* ---- claims -------------------------------------------------------------- */

void sheet_claim(Sheet *sheet, double value, bool is_floor, double limit,
                 const char *format, ...) {
  if (isnan(value)) return;
  Buf text = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&text, format, args);
  va_end(args);
  SheetClaim claim = {arena_copy(&sheet->arena, text.data, text.length), value,
                      limit, is_floor};
  vec_push(&sheet->claims, claim);
  buf_free(&text);
}

static bool claim_holds(const SheetClaim *claim) {
  return claim->is_floor ? claim->value >= claim->limit
                         : claim->value <= claim->limit;
}

void sheet_add_claims(const Sheet *sheet, Buf *out) {
  if (sheet->claims.length > 0) buf_add_char(out, '\n');
  for (uint32_t i = 0; i < sheet->claims.length; i++) {
    const SheetClaim *claim = &sheet->claims.data[i];
    buf_addf(out, "%-6s %s: %.4g, target %s %.4g\n",
             claim_holds(claim) ? "holds" : "MISSED", claim->text, claim->value,
             claim->is_floor ? "at least" : "at most", claim->limit);
  }
  buf_addf(out, "\n%s; %ld processors, load average %.1f when it began\n",
           sheet->date, sheet->processors, sheet->load);
}

/* ---- JSON out ------------------------------------------------------------ */

static cJSON *figure_json(const SheetFigure *figure) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddNumberToObject(json, "median", quantile(figure, 0.5));
  cJSON_AddNumberToObject(json, "minimum", quantile(figure, 0));
  cJSON_AddNumberToObject(json, "maximum", quantile(figure, 1));
  cJSON_AddItemToObject(json, "samples",
                        cJSON_CreateDoubleArray(figure->samples.data,
                                                (int)figure->samples.length));
  return json;
}

static cJSON *row_json(const SheetRow *row) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "subject", row->subject);
  cJSON_AddStringToObject(json, "what", row->what);
  cJSON *settings = cJSON_AddObjectToObject(json, "settings");
  for (uint32_t i = 0; i < row->setting_count; i++)
    cJSON_AddNumberToObject(settings, row->settings[i].name,
                            row->settings[i].value);
  cJSON *figures = cJSON_AddObjectToObject(json, "figures");
  for (uint32_t i = 0; i < row->figures.length; i++)
    cJSON_AddItemToObject(figures, row->figures.data[i].name,
                          figure_json(&row->figures.data[i]));
  return json;
}

static cJSON *claim_json(const SheetClaim *claim) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "text", claim->text);
  cJSON_AddNumberToObject(json, "value", claim->value);
  cJSON_AddStringToObject(json, "target", claim->is_floor ? ">=" : "<=");
  cJSON_AddNumberToObject(json, "limit", claim->limit);
  cJSON_AddBoolToObject(json, "holds", claim_holds(claim));
  return json;
}

cJSON *sheet_json(const Sheet *sheet) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "bench", sheet->bench);
  cJSON *meta = cJSON_AddObjectToObject(json, "meta");
  cJSON_AddStringToObject(meta, "version", APXM_VERSION);
  cJSON_AddStringToObject(meta, "date", sheet->date);
  cJSON_AddNumberToObject(meta, "processors", (double)sheet->processors);
  cJSON_AddNumberToObject(meta, "load_average", sheet->load);
  cJSON *results = cJSON_AddArrayToObject(json, "results");
  for (uint32_t i = 0; i < sheet->rows.length; i++)
    cJSON_AddItemToArray(results, row_json(&sheet->rows.data[i]));
  cJSON *claims = cJSON_AddArrayToObject(json, "claims");
  for (uint32_t i = 0; i < sheet->claims.length; i++)
    cJSON_AddItemToArray(claims, claim_json(&sheet->claims.data[i]));
  return json;
}
