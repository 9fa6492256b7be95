/* SPDX-License-Identifier: MIT
 *
 * What a backend counts for those who watch, and which pages are believed. That
 * processes see each other is shown by tests/watch_test.py.
 */
#include "runtime/model/board.h"

#include <string.h>

#include "core/base/clock.h"
#include "tests/unit/unit.h"

CASE(a_minute_is_a_minute) {
  (void)state;
  BoardCounts counts = {0};
  BoardRow row = {0};
  uint64_t start = 1000 * NS_PER_S;
  for (uint64_t i = 0; i < 120; i++)
    board_count_start(&counts, start + i * NS_PER_S, i % 4 != 0);
  board_fill(&counts, start + 119 * NS_PER_S, &row);
  assert_int_equal(row.minute, 60);
  assert_int_equal(row.attempts, 120);
  assert_int_equal(row.retries, 30);
  board_fill(&counts, start + 149 * NS_PER_S, &row);
  assert_int_equal(row.minute, 30);
  board_fill(&counts, start + 1000000 * NS_PER_S, &row);
  assert_int_equal(row.minute, 0);
}

CASE(the_median_is_of_the_last_replies) {
  (void)state;
  BoardCounts counts = {0};
  BoardRow row = {0};
  board_fill(&counts, NS_PER_S, &row);
  assert_int_equal(row.p50_ns, 0);
  board_count_reply(&counts, 30);
  board_count_reply(&counts, 10);
  board_count_reply(&counts, 20);
  board_fill(&counts, NS_PER_S, &row);
  assert_int_equal(row.p50_ns, 20);
  for (int i = 0; i < BOARD_RING; i++) board_count_reply(&counts, 7);
  board_fill(&counts, NS_PER_S, &row);
  assert_int_equal(row.p50_ns, 7);
  assert_int_equal(row.replies, BOARD_RING + 3);
}

CASE(only_a_whole_page_is_believed) {
  (void)state;
  BoardPage page = {.pid = 7, .count = 2};
  memcpy(page.rows[0].name, "fast", 5);
  board_page_seal(&page);
  assert_true(board_page_is_sound(&page));
  unsigned char *bytes = (unsigned char *)&page;
  for (size_t i = 0; i < sizeof page; i++) {
    bytes[i] ^= 0x40;
    assert_false(board_page_is_sound(&page));
    bytes[i] ^= 0x40;
  }
  memset(page.rows[1].name, 'x', sizeof page.rows[1].name);
  board_page_seal(&page);
  assert_false(board_page_is_sound(&page));
  memset(page.rows[1].name, 0, sizeof page.rows[1].name);
  page.count = BOARD_ROWS + 1;
  board_page_seal(&page);
  assert_false(board_page_is_sound(&page));
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(a_minute_is_a_minute),
      cmocka_unit_test(the_median_is_of_the_last_replies),
      cmocka_unit_test(only_a_whole_page_is_believed),
  };
  return RUN(cases);
}
