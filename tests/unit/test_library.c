/* SPDX-License-Identifier: MIT
 *
 * Libraries loaded on first use: functions are found in order, and what is not
 * there is named together with its package.
 */
#include "core/base/library.h"

#include <string.h>

#include "tests/unit/unit.h"

typedef struct MathApi {
  double (*floor)(double);
  double (*fabs)(double);
} MathApi;

CASE(functions_come_in_order) {
  (void)state;
  static const char *const names[] = {"floor", "fabs"};
  for (int i = 0; i < 2; i++) {
    MathApi api = {0};
    Error error = {0};
    assert_int_equal(library_load("libm.so.6", "libc6", names, &api, 2, &error),
                     STATUS_OK);
    assert_true(api.floor(2.5) == 2.0);
    assert_true(api.fabs(-2.5) == 2.5);
  }
}

CASE(a_missing_library_names_its_package) {
  (void)state;
  static const char *const names[] = {"floor"};
  void *function = NULL;
  Error error = {0};
  assert_int_equal(library_load("libno-such.so.1", "libno-such1", names,
                                &function, 1, &error),
                   STATUS_NOT_FOUND);
  assert_non_null(strstr(error.message, "libno-such.so.1"));
  assert_non_null(strstr(error.message, "install the package libno-such1"));
  assert_null(function);
}

CASE(a_missing_function_is_named) {
  (void)state;
  static const char *const names[] = {"floor", "no_such_function"};
  void *functions[2] = {0};
  Error error = {0};
  assert_int_equal(
      library_load("libm.so.6", "libc6", names, functions, 2, &error),
      STATUS_NOT_FOUND);
  assert_non_null(strstr(error.message, "no_such_function"));
  assert_non_null(strstr(error.message, "libc6"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(functions_come_in_order),
      cmocka_unit_test(a_missing_library_names_its_package),
      cmocka_unit_test(a_missing_function_is_named),
  };
  return RUN(tests);
}
