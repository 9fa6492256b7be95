/* SPDX-License-Identifier: MIT
 *
 * clock.c: time goes forward, work costs processor time and sleep does not,
 * the wall clock has its form. No test here asks how long something takes.
 */
#include "core/base/clock.h"

#include <string.h>

#include "tests/unit/unit.h"

CASE(monotonic) {
  (void)state;
  uint64_t last = clock_now();
  for (int i = 0; i < 100000; i++) {
    uint64_t now = clock_now();
    assert_true(now >= last);
    last = now;
  }
  uint64_t before = clock_now();
  clock_sleep(2 * NS_PER_MS);
  assert_true(clock_now() - before >= 2 * NS_PER_MS);
}

CASE(processor_time) {
  (void)state;
  uint64_t process = clock_process_cpu();
  while (clock_process_cpu() - process < NS_PER_MS) {
  }
  process = clock_process_cpu();
  clock_sleep(20 * NS_PER_MS);
  assert_true(clock_process_cpu() - process < 10 * NS_PER_MS);
}

CASE(wall_text) {
  (void)state;
  char text[32];
  clock_wall_text(text);
  assert_int_equal(strlen(text), 20);
  static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
  for (size_t i = 0; i < 20; i++) {
    if (form[i] == 'd') {
      assert_in_range(text[i], '0', '9');
    } else {
      assert_int_equal(text[i], form[i]);
    }
  }
}

CASE(wall_seconds) {
  (void)state;
  uint64_t first = clock_wall_seconds();
  assert_true(first > 1600000000); /* 2020 */
  assert_true(clock_wall_seconds() - first < 3600);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(monotonic),
      cmocka_unit_test(processor_time),
      cmocka_unit_test(wall_text),
      cmocka_unit_test(wall_seconds),
  };
  return RUN(cases);
}
