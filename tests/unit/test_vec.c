/* SPDX-License-Identifier: MIT
 *
 * vec.c: the macros keep what was pushed, for elements small and large.
 */
#include "core/base/vec.h"

#include "tests/unit/unit.h"

typedef struct Wide {
  uint64_t words[9];
} Wide;

CASE(push_and_pop) {
  (void)state;
  VEC(uint32_t) numbers = {0};
  for (uint32_t i = 0; i < 100000; i++) vec_push(&numbers, i * 3);
  assert_int_equal(numbers.length, 100000);
  for (uint32_t i = 0; i < 100000; i++) {
    assert_int_equal(numbers.data[i], i * 3);
  }
  assert_int_equal(vec_pop(&numbers), 99999 * 3);
  assert_int_equal(numbers.length, 99999);
  vec_free(&numbers);
  assert_null(numbers.data);
  assert_int_equal(numbers.capacity, 0);
}

CASE(wide_elements) {
  (void)state;
  VEC(Wide) items = {0};
  for (uint64_t i = 0; i < 1000; i++) {
    Wide item = {{i, i + 1}};
    vec_push(&items, item);
  }
  for (uint64_t i = 0; i < 1000; i++) {
    assert_int_equal(items.data[i].words[1], i + 1);
    assert_int_equal(items.data[i].words[8], 0);
  }
  vec_free(&items);
}

CASE(reserve_once) {
  (void)state;
  VEC(char) text = {0};
  vec_reserve(&text, 1000);
  assert_true(text.capacity >= 1000);
  const char *before = text.data;
  for (int i = 0; i < 1000; i++) vec_push(&text, 'x');
  assert_ptr_equal(text.data, before);
  vec_reserve(&text, 10);
  assert_ptr_equal(text.data, before);
  vec_free(&text);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(push_and_pop),
      cmocka_unit_test(wide_elements),
      cmocka_unit_test(reserve_once),
  };
  return RUN(cases);
}
