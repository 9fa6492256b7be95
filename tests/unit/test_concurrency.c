/* SPDX-License-Identifier: MIT
 *
 * The adaptive limit against servers in virtual time.
 */
#include "runtime/model/concurrency.h"

#include "core/base/clock.h"
#include "tests/unit/unit.h"

CASE(a_fixed_limit_stays) {
  (void)state;
  Concurrency c;
  concurrency_init(&c, 8, 1024, true);
  for (uint32_t i = 0; i < 1000; i++) {
    ConcurrencySample sample = {.now = (i + 1) * NS_PER_S,
                                .started_at = i * NS_PER_S,
                                .open = 8,
                                .waiting = 100,
                                .is_ok = i % 2,
                                .is_load = !(i % 2)};
    concurrency_ended(&c, &sample);
    assert_int_equal(concurrency_limit(&c), 8);
  }
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(a_fixed_limit_stays),
  };
  return RUN(cases);
}
