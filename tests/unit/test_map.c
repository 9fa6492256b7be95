/* SPDX-License-Identifier: MIT
 *
 * map.c: ten thousand keys found again, replaced, missed.
 */
#include "core/base/map.h"

#include <stdio.h>

#include "core/base/arena.h"

#include "tests/unit/unit.h"

enum { COUNT = 10000 };

static Slice number_name(Arena *arena, uint32_t number) {
  char text[16];
  int length = snprintf(text, sizeof text, "name%u", number);
  return slice_from(arena_copy(arena, text, (size_t)length), (size_t)length);
}

CASE(empty_map) {
  (void)state;
  Map map = {0};
  uint32_t value = 5;
  assert_false(map_get(&map, SLICE("a"), &value));
  assert_int_equal(value, 5);
  map_free(&map);
}

CASE(set_and_get) {
  (void)state;
  Arena arena;
  arena_init(&arena);
  Map map = {0};
  for (uint32_t i = 0; i < COUNT; i++) {
    map_set(&map, number_name(&arena, i), i);
    assert_true(map.count * 2 <= map.capacity);
  }
  assert_int_equal(map.count, COUNT);
  for (uint32_t i = 0; i < COUNT; i += 2) {
    map_set(&map, number_name(&arena, i), i + 1);
  }
  assert_int_equal(map.count, COUNT);
  for (uint32_t i = 0; i < COUNT; i++) {
    uint32_t value = 0;
    assert_true(map_get(&map, number_name(&arena, i), &value));
    assert_int_equal(value, i % 2 ? i : i + 1);
    assert_false(map_get(&map, number_name(&arena, COUNT + i), &value));
  }
  map_free(&map);
  assert_int_equal(map.count, 0);
  arena_free(&arena);
}

CASE(empty_key) {
  (void)state;
  Map map = {0};
  uint32_t value = 0;
  map_set(&map, SLICE(""), 7);
  assert_true(map_get(&map, slice_from(NULL, 0), &value));
  assert_int_equal(value, 7);
  map_free(&map);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(empty_map),
      cmocka_unit_test(set_and_get),
      cmocka_unit_test(empty_key),
  };
  return RUN(cases);
}
