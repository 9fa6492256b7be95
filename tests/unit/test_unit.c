/* SPDX-License-Identifier: MIT
 *
 * Durations as they are written by people and for people.
 */
#include "core/base/unit.h"

#include "core/base/clock.h"
#include "tests/unit/unit.h"

static void expect_span(uint64_t ns, const char *text) {
  Buf out = {0};
  unit_add_span(ns, &out);
  assert_string_equal(out.data, text);
  buf_free(&out);
}

CASE(spans_of_every_size) {
  (void)state;
  expect_span(0, "0 ms");
  expect_span(NS_PER_S - 1, "999 ms");
  expect_span(NS_PER_S, "1.0 s");
  expect_span(3200 * NS_PER_MS, "3.2 s");
  expect_span(60 * NS_PER_S, "1 min 0 s");
  expect_span(245 * NS_PER_S, "4 min 5 s");
  expect_span(3600 * NS_PER_S, "1 h 0 min");
  expect_span(18720 * NS_PER_S, "5 h 12 min");
}

static void expect_time(const char *text, uint64_t ns) {
  uint64_t value = 0;
  bool is_good = unit_read(slice_of(text), unit_times, 3600 * NS_PER_S, &value);
  assert_int_equal(is_good, ns != 0);
  if (is_good) assert_int_equal(value, ns);
}

CASE(times_with_a_unit) {
  (void)state;
  expect_time("250ms", 250 * NS_PER_MS);
  expect_time("1_000ms", NS_PER_S);
  expect_time("1h", 3600 * NS_PER_S);
  static const char *const wrong[] = {"",     "10",  "s",     "0s", "-1s",
                                      "1.5s", "61m", "1__0s", "1 s"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    expect_time(wrong[i], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spans_of_every_size),
      cmocka_unit_test(times_with_a_unit),
  };
  return RUN(tests);
}
