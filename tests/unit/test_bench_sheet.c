/* SPDX-License-Identifier: MIT
 *
 * What every benchmark rests on: its words, its samples and its claims.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bench_options.h"
#include "cli/bench_sheet.h"

/* ---- words --------------------------------------------------------------- */

typedef struct Plan {
  BenchList asks;
  uint32_t repeat;
  const char *file;
  char letter;
} Plan;

static bool read_letter(const char *text, void *target) {
  *(char *)target = *text;
  return strlen(text) == 1;
}

static Status read_words(int count, char *const *words, Plan *plan,
                         BenchRequest *request, Error *error) {
  const BenchOption options[] = {
      {"--asks", "N,...", "asks", BENCH_OPTION_LIST, 2, 100, &plan->asks, NULL},
      {"--repeat", "N", "times", BENCH_OPTION_NUMBER, 1, 9, &plan->repeat,
       NULL},
      {"--file", "FILE", "which", BENCH_OPTION_TEXT, 0, 0, &plan->file, NULL},
      {"--letter", "L", "one", BENCH_OPTION_WORD, 0, 0, &plan->letter,
       read_letter}};
  const BenchUsage usage = {"toy", "Measures toys.\n", options, 4};
  return bench_options_read(&usage, count, words, request, error);
}

static void words_fill_their_targets(void **state) {
  (void)state;
  Plan plan = {.asks = {{7, 8}, 2}};
  BenchRequest request = {0};
  Error error = {0};
  char *words[] = {"--asks=2,100", "--repeat", "9",        "--file",   "x",
                   "--json",       "-o",       "out.json", "--letter", "q"};
  assert_int_equal(read_words(10, words, &plan, &request, &error), STATUS_OK);
  assert_int_equal(plan.asks.count, 2);
  assert_int_equal(plan.asks.at[0], 2);
  assert_int_equal(plan.asks.at[1], 100);
  assert_int_equal(plan.repeat, 9);
  assert_string_equal(plan.file, "x");
  assert_int_equal(plan.letter, 'q');
  assert_true(request.json);
  assert_false(request.help);
  assert_string_equal(request.output, "out.json");
}

static void assert_refused(char *word, char *value, const char *message) {
  Plan plan = {0};
  BenchRequest request = {0};
  Error error = {0};
  char *words[] = {word, value};
  Status status = read_words(value ? 2 : 1, words, &plan, &request, &error);
  assert_int_equal(status, STATUS_USAGE);
  assert_string_equal(error.message, message);
}

static void wrong_words_are_named(void **state) {
  (void)state;
  assert_refused("--asks", "1",
                 "--asks cannot be `1`; see `apxm bench toy "
                 "--help`");
  assert_refused("--asks", "2,",
                 "--asks cannot be `2,`; see `apxm bench toy "
                 "--help`");
  assert_refused("--repeat", "-1",
                 "--repeat cannot be `-1`; see `apxm bench "
                 "toy --help`");
  assert_refused("--repeat", "18446744073709551617",
                 "--repeat cannot be `18446744073709551617`; see `apxm bench "
                 "toy --help`");
  assert_refused("--letter=ab", NULL,
                 "--letter cannot be `ab`; see `apxm "
                 "bench toy --help`");
  assert_refused("--file", NULL,
                 "--file needs a value; see `apxm bench toy "
                 "--help`");
  assert_refused("--repeats", "1",
                 "`apxm bench toy` does not take "
                 "`--repeats`; see `apxm bench toy --help`");
  assert_refused("toy", NULL,
                 "`apxm bench toy` does not take `toy`; see `apxm "
                 "bench toy --help`");
}

/* ---- samples ------------------------------------------------------------- */

static void samples_are_ordered(void **state) {
  (void)state;
  Sheet sheet;
  Error error = {0};
  sheet_init(&sheet, "toy");
  uint32_t row = sheet_row(&sheet, "apxm", "toys");
  Slice lines = SLICE(
      "{\"figure\":\"a_ms\",\"value\":3}\n"
      "{\"figure\":\"b_ms\",\"value\":7}\n"
      "{\"figure\":\"a_ms\",\"value\":1.5}\n"
      "{\"value\":20,\"figure\":\"a_ms\"}");
  assert_int_equal(sheet_add_lines(&sheet, row, lines, &error), STATUS_OK);
  assert_true(sheet_median(&sheet, row, "a_ms") == 3);
  assert_true(sheet_minimum(&sheet, row, "a_ms") == 1.5);
  assert_true(sheet_median(&sheet, row, "b_ms") == 7);
  assert_true(isnan(sheet_median(&sheet, row, "c_ms")));
  sheet_free(&sheet);
}

static void what_is_no_line_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"hello", "{}", "{\"figure\":\"a\"}",
                                    "{\"figure\":1,\"value\":1}",
                                    "{\"figure\":\"a\",\"value\":\"1\"}"};
  Sheet sheet;
  sheet_init(&sheet, "toy");
  uint32_t row = sheet_row(&sheet, "peer", "toys");
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    Error error = {0};
    assert_int_equal(sheet_add_lines(&sheet, row, slice_of(bad[i]), &error),
                     STATUS_FORMAT);
    assert_non_null(strstr(error.message, "peer printed no figure"));
  }
  sheet_free(&sheet);
}

static void lines_are_read_back(void **state) {
  (void)state;
  Sheet sheet;
  Buf lines = {0};
  Error error = {0};
  sheet_init(&sheet, "toy");
  uint32_t row = sheet_row(&sheet, "apxm", "toys");
  sheet_line(&lines, "big_bytes", 123456);
  sheet_line(&lines, "small_ms", 0.25);
  assert_int_equal(sheet_add_lines(&sheet, row, buf_slice(&lines), &error),
                   STATUS_OK);
  assert_true(sheet_median(&sheet, row, "big_bytes") == 123456);
  assert_true(sheet_median(&sheet, row, "small_ms") == 0.25);
  buf_free(&lines);
  sheet_free(&sheet);
}

/* ---- claims -------------------------------------------------------------- */

static void claims_hold_or_not(void **state) {
  (void)state;
  Sheet sheet;
  Buf text = {0};
  sheet_init(&sheet, "toy");
  sheet_claim(&sheet, 1.2, false, 1.3, "ratio of %d", 5);
  sheet_claim(&sheet, 1.4, false, 1.3, "another");
  sheet_claim(&sheet, 0.99, true, 0.98, "rate");
  sheet_claim(&sheet, NAN, true, 1, "not measured");
  sheet_add_claims(&sheet, &text);
  assert_non_null(strstr(text.data, "holds  ratio of 5: 1.2, target at most"));
  assert_non_null(strstr(text.data, "MISSED another: 1.4, target at most 1.3"));
  assert_non_null(strstr(text.data, "holds  rate: 0.99, target at least 0.98"));
  assert_null(strstr(text.data, "not measured"));
  buf_free(&text);
  sheet_free(&sheet);
}

static void documents_have_all(void **state) {
  (void)state;
  Sheet sheet;
  sheet_init(&sheet, "toy");
  uint32_t row = sheet_row(&sheet, "apxm", "toys");
  sheet_set(&sheet, row, "size", 4);
  sheet_add(&sheet, row, "a_ms", 2);
  sheet_claim(&sheet, 2, false, 1, "two");
  cJSON *json = sheet_json(&sheet);
  const cJSON *first =
      cJSON_GetArrayItem(cJSON_GetObjectItem(json, "results"), 0);
  const cJSON *size =
      cJSON_GetObjectItem(cJSON_GetObjectItem(first, "settings"), "size");
  const cJSON *a =
      cJSON_GetObjectItem(cJSON_GetObjectItem(first, "figures"), "a_ms");
  const cJSON *claim =
      cJSON_GetArrayItem(cJSON_GetObjectItem(json, "claims"), 0);
  assert_true(cJSON_GetNumberValue(size) == 4);
  assert_true(cJSON_GetNumberValue(cJSON_GetObjectItem(a, "median")) == 2);
  assert_true(cJSON_IsFalse(cJSON_GetObjectItem(claim, "holds")));
  cJSON_Delete(json);
  sheet_free(&sheet);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_fill_their_targets),
      cmocka_unit_test(wrong_words_are_named),
      cmocka_unit_test(samples_are_ordered),
      cmocka_unit_test(what_is_no_line_is_refused),
      cmocka_unit_test(lines_are_read_back),
      cmocka_unit_test(claims_hold_or_not),
      cmocka_unit_test(documents_have_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
