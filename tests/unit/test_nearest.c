/* SPDX-License-Identifier: MIT
 *
 * nearest.c: which name is offered, and that its work can be bounded.
 */
#include "core/base/nearest.h"

#include "tests/unit/unit.h"

static Slice find(const char *wanted, uint32_t *guesses) {
  static const char *const names[] = {"provider", "url", "max_in_flight", "_",
                                      "input"};
  Nearest nearest = nearest_new(slice_of(wanted), guesses);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    nearest_offer(&nearest, slice_of(names[i]));
  return nearest_found(&nearest);
}

static void assert_found(const char *wanted, const char *name) {
  Slice found = find(wanted, NULL);
  if (!slice_equal_text(found, name))
    fail_msg("%s: found %.*s, not %s", wanted, SLICE_ARG(found), name);
}

CASE(by_spelling) {
  (void)state;
  assert_found("provder", "provider");
  assert_found("URL", "url");
  assert_found("ulr", "url");
  assert_found("max_inflight", "max_in_flight");
}

CASE(by_a_part) {
  (void)state;
  assert_found("undefined_input", "input");
  assert_found("flight", "max_in_flight");
}

CASE(none_is_near) {
  (void)state;
  assert_found("zzz", "");
  assert_found("", "");
  assert_found("__", "");
}

CASE(bounded) {
  (void)state;
  uint32_t guesses = 2;
  assert_true(slice_equal_text(find("ulr", &guesses), "url"));
  assert_int_equal(guesses, 0);
  assert_int_equal(find("ulr", &guesses).length, 0);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(by_spelling),
      cmocka_unit_test(by_a_part),
      cmocka_unit_test(none_is_near),
      cmocka_unit_test(bounded),
  };
  return RUN(cases);
}
