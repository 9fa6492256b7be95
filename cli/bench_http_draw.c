/* SPDX-License-Identifier: MIT
 *
 * The tables of `bench http` and what is claimed of them. The bound on any run
 * is what the server's latency allows: asks over in_flight, rounded up, times
 * the latency.
 */
#include <math.h>
#include <stdio.h>

#include "cli/bench_http.h"
#include "cli/table.h"

/* What a fan-out of N asks of 50 ms may take. */
static const struct {
  uint32_t asks;
  double cold_ms, cold_mb, warm_efficiency;
} fan_targets[] = {{8, 65, 12, 0.98}, {64, 75, 14, 0.95}, {512, 120, 22, 0.80}};

enum { TARGET_LATENCY_MS = 50, TARGET_OPEN = 10000, KB = 1024, MB = KB * KB };

/* ---- figures ------------------------------------------------------------- */

static double figure(const Sheet *sheet, uint32_t c, HttpSubject subject,
                     const char *name) {
  return sheet_median(sheet, http_row(c, subject), name);
}

static double bound_ms(const HttpCase *c) {
  uint32_t rounds = (c->asks + c->in_flight - 1) / c->in_flight;
  return (double)rounds * c->latency_ms;
}

/* ---- claims -------------------------------------------------------------- */

static void claim_zero(Sheet *sheet, uint32_t c) {
  double ours = figure(sheet, c, HTTP_APXM, "cpu_us_per_ask");
  double bare = figure(sheet, c, HTTP_CURL, "cpu_us_per_ask");
  sheet_claim(sheet, ours / bare, false, 1.5,
              "zero latency, CPU an ask over curl's");
  sheet_claim(sheet, 1e6 / ours, true, 25000, "asks a second of one core");
}

static void claim_steady(Sheet *sheet, uint32_t c) {
  double ours = figure(sheet, c, HTTP_APXM, "warm_ms");
  double bare = figure(sheet, c, HTTP_CURL, "warm_ms");
  sheet_claim(sheet, bare / ours, true, 0.98,
              "64 in flight, throughput over curl's");
}

/* One of the two will do: half a second, or close to the bare loop. */
static void claim_open(Sheet *sheet, const HttpCase *hc, uint32_t c) {
  double ours = figure(sheet, c, HTTP_APXM, "warm_ms");
  double bare = figure(sheet, c, HTTP_CURL, "warm_ms");
  if (hc->asks != TARGET_OPEN) return;
  if (ours <= 500 || isnan(bare))
    sheet_claim(sheet, ours, false, 500, "%u open at once, warm, ms", hc->asks);
  else
    sheet_claim(sheet, ours / bare, false, 1.2,
                "%u open at once, warm over curl's", hc->asks);
  sheet_claim(sheet, figure(sheet, c, HTTP_APXM, "peak_bytes") / hc->asks / KB,
              false, 20, "%u open at once, KB an ask", hc->asks);
}

static void claim_fan(Sheet *sheet, const HttpCase *hc, uint32_t c) {
  for (size_t i = 0; i < sizeof fan_targets / sizeof fan_targets[0]; i++) {
    if (fan_targets[i].asks != hc->asks) continue;
    sheet_claim(sheet, figure(sheet, c, HTTP_APXM, "process_ms"), false,
                fan_targets[i].cold_ms, "fan of %u, whole process, ms",
                hc->asks);
    sheet_claim(sheet, figure(sheet, c, HTTP_APXM, "process_peak_bytes") / MB,
                false, fan_targets[i].cold_mb, "fan of %u, whole process, MB",
                hc->asks);
    sheet_claim(sheet, bound_ms(hc) / figure(sheet, c, HTTP_APXM, "warm_ms"),
                true, fan_targets[i].warm_efficiency,
                "fan of %u, warm efficiency", hc->asks);
  }
}

static void claim(const HttpPlan *plan, Sheet *sheet) {
  for (uint32_t i = 0; i < plan->case_count; i++) {
    const HttpCase *c = &plan->cases[i];
    if (c->kind == HTTP_CASE_ZERO && c->latency_ms == 0) claim_zero(sheet, i);
    if (c->latency_ms != TARGET_LATENCY_MS) continue;
    if (c->kind == HTTP_CASE_STEADY && c->in_flight == 64)
      claim_steady(sheet, i);
    if (c->kind == HTTP_CASE_OPEN) claim_open(sheet, c, i);
    if (c->kind == HTTP_CASE_FAN) claim_fan(sheet, c, i);
  }
}

/* ---- the table ----------------------------------------------------------- */

static void add_number(Table *table, int digits, double value) {
  if (isnan(value))
    table_add(table, "-");
  else
    table_add(table, "%.*f", digits, value);
}

static void add_row(Table *table, const Sheet *sheet, const HttpCase *c,
                    uint32_t index, HttpSubject subject) {
  double warm = figure(sheet, index, subject, "warm_ms");
  double bare = figure(sheet, index, HTTP_CURL, "warm_ms");
  double peak = figure(sheet, index, subject, "peak_bytes");
  table_add(table, "%s", http_case_names[c->kind]);
  table_add(table, "%u", c->asks);
  table_add(table, "%u", c->in_flight);
  table_add(table, "%u ms", c->latency_ms);
  table_add(table, "%s", http_subject_names[subject]);
  add_number(table, 1, figure(sheet, index, subject, "process_ms"));
  add_number(table, 1, figure(sheet, index, subject, "first_ms"));
  add_number(table, 1, warm);
  add_number(table, 2, warm / bare);
  add_number(table, 2, c->latency_ms > 0 ? bound_ms(c) / warm : NAN);
  add_number(table, 0, c->asks / warm * 1e3);
  add_number(table, 1, figure(sheet, index, subject, "cpu_us_per_ask"));
  add_number(table, 1, peak / MB);
  add_number(table, 1, peak / KB / c->asks);
}

static void add_heads(Table *table) {
  static const char *const heads[] = {
      "case",    "asks",       "in flight", "reply",       "subject",
      "process", "first",      "warm",      "over curl's", "of ideal",
      "asks/s",  "CPU us/ask", "peak MB",   "KB/ask"};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    table_add(table, "%s", heads[i]);
}

void http_draw(const void *data, Sheet *sheet, Buf *out) {
  const HttpPlan *plan = data;
  char title[96];
  Table table;
  claim(plan, sheet);
  snprintf(title, sizeof title, "ms, medians of %u processes; the server is %s",
           plan->repeat, plan->is_raw_server ? "bench_server" : "apxm sim");
  table_init(&table, title, "lrrrlrrrrrrrrr");
  add_heads(&table);
  for (uint32_t i = 0; i < plan->case_count; i++) {
    for (uint32_t s = 0; s < HTTP_SUBJECT_COUNT; s++) {
      HttpSubject subject = (HttpSubject)s;
      if (!isnan(figure(sheet, i, subject, "first_ms")))
        add_row(&table, sheet, &plan->cases[i], i, subject);
    }
  }
  table_print(&table, out);
  table_free(&table);
}
