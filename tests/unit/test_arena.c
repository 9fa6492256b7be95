/* SPDX-License-Identifier: MIT
 *
 * arena.c: aligned, disjoint allocations of all sizes, and nothing lost at
 * the end (which the address sanitizer's leak check sees).
 */
#include "core/base/arena.h"

#include <string.h>

#include "tests/unit/unit.h"

CASE(allocations_are_aligned_and_disjoint) {
  (void)state;
  enum { COUNT = 3000 };
  static unsigned char *blocks[COUNT];
  Arena arena;
  arena_init(&arena);
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 97 == 0 ? i * 20 : i % 50;
    blocks[i] = arena_alloc(&arena, size);
    assert_int_equal((uintptr_t)blocks[i] % 16, 0);
    memset(blocks[i], (int)(i & 0xFF), size);
  }
  for (size_t i = 0; i < COUNT; i++) {
    size_t size = i % 97 == 0 ? i * 20 : i % 50;
    for (size_t k = 0; k < size; k++) {
      assert_int_equal(blocks[i][k], i & 0xFF);
    }
  }
  arena_free(&arena);
  assert_null(arena.block);
  assert_int_equal(arena.total, 0);
}

CASE(big_first_request_does_not_spoil_later_ones) {
  (void)state;
  Arena arena;
  arena_init(&arena);
  char *big = arena_alloc(&arena, 5 << 20);
  memset(big, 1, 5 << 20);
  char *small = arena_alloc(&arena, 8);
  memset(small, 2, 8);
  assert_int_equal(big[(5 << 20) - 1], 1);
  assert_true(arena.total < (7 << 20));
  arena_free(&arena);
}

/* Doubling: a hundred megabytes need about a hundred blocks, not more memory
 * than that and a block. */
CASE(total_stays_near_what_was_asked) {
  (void)state;
  Arena arena;
  arena_init(&arena);
  size_t asked = 0;
  while (asked < (20u << 20)) {
    arena_alloc(&arena, 48);
    asked += 48;
  }
  assert_true(arena.total < asked + asked / 50 + (2u << 20));
  arena_free(&arena);
}

CASE(zeroed_and_copied) {
  (void)state;
  Arena arena;
  arena_init(&arena);
  for (int i = 0; i < 100; i++) {
    memset(arena_alloc(&arena, 100), 0xFF, 100);
    unsigned char *zero = arena_alloc_zero(&arena, 333);
    for (int k = 0; k < 333; k++) assert_int_equal(zero[k], 0);
  }
  assert_string_equal(arena_copy(&arena, "hello world", 5), "hello");
  assert_string_equal(arena_copy(&arena, NULL, 0), "");
  uint64_t *numbers = ARENA_ARRAY(&arena, uint64_t, 9);
  assert_int_equal(numbers[8], 0);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(allocations_are_aligned_and_disjoint),
      cmocka_unit_test(big_first_request_does_not_spoil_later_ones),
      cmocka_unit_test(total_stays_near_what_was_asked),
      cmocka_unit_test(zeroed_and_copied),
  };
  return RUN(cases);
}
