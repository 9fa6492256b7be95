/* SPDX-License-Identifier: MIT
 *
 * The replies kept for --partial: in order, each with a reference of its own,
 * and never more than there is room for; the oldest go.
 */
#include "runtime/engine/partial.h"

#include "core/base/limits.h"
#include "tests/unit/unit.h"

enum { LARGE = LIMIT_PARTIAL_BYTES / 8 };

/* Keeps a text of `length` bytes that begins with `letter`. */
static void keep(Partial *partial, char letter, size_t length, uint32_t node) {
  char *text = mem_alloc(length);
  memset(text, letter, length);
  Value value = value_text(slice_from(text, length));
  partial_keep(partial, &(RunReply){.node = node, .text = value});
  value_drop(value);
  mem_free(text);
}

static void kept_in_order(void **state) {
  (void)state;
  Partial partial = {0};
  partial_init(&partial);
  for (uint32_t i = 0; i < 100; i++)
    keep(&partial, (char)('a' + i % 26), 1 + i, i);
  assert_int_equal(partial.replies.length, 100);
  assert_int_equal(partial.gone, 0);
  for (uint32_t i = 0; i < 100; i++) {
    Slice text = value_to_slice(partial.replies.data[i].text);
    assert_int_equal(partial.replies.data[i].node, i);
    assert_int_equal(text.length, 1 + i);
    assert_int_equal(text.data[i], 'a' + i % 26);
  }
  partial_free(&partial);
}

/* More than twice what fits. */
static void oldest_go(void **state) {
  (void)state;
  Partial partial = {0};
  partial_init(&partial);
  for (uint32_t i = 0; i < 20; i++) {
    keep(&partial, 'x', LARGE, i);
    uint32_t there = partial.replies.length - partial.gone;
    assert_true(there <= 8);
    assert_true(partial.bytes <= LIMIT_PARTIAL_BYTES);
    assert_int_equal(partial.dropped + there, i + 1);
    assert_true(partial.replies.length <= 17);
    for (uint32_t k = 0; k < there; k++)
      assert_int_equal(partial.replies.data[partial.gone + k].node,
                       partial.dropped + k);
  }
  assert_int_equal(partial.dropped, 13);
  partial_free(&partial);
}

static void larger_than_all(void **state) {
  (void)state;
  Partial partial = {0};
  partial_init(&partial);
  keep(&partial, 'a', 10, 0);
  keep(&partial, 'b', LIMIT_PARTIAL_BYTES + 1, 1);
  assert_int_equal(partial.dropped, 2);
  assert_int_equal(partial.bytes, 0);
  keep(&partial, 'c', 10, 2);
  assert_int_equal(partial.replies.length - partial.gone, 1);
  partial_free(&partial);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(kept_in_order),
      cmocka_unit_test(oldest_go),
      cmocka_unit_test(larger_than_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
