/* SPDX-License-Identifier: MIT
 *
 * mem.c: sizes that overflow or that no system has are refused, by NULL or by
 * the end of the process.
 */
#include "core/base/mem.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* So that the sanitizers' allocators refuse as the system's does. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(
    void) {
  return "allocator_may_return_null=1";
}
__attribute__((visibility("default"))) const char *__tsan_default_options(
    void) {
  return "allocator_may_return_null=1";
}

/* Opaque to the compiler, which would warn of such sizes. */
static volatile size_t huge = PTRDIFF_MAX;

CASE(blocks_are_usable) {
  (void)state;
  char *block = mem_alloc(10);
  memset(block, 'x', 10);
  block = mem_realloc(block, 1000);
  assert_int_equal(block[9], 'x');
  mem_free(block);
  unsigned char *zero = mem_alloc_zero(100, 3);
  for (int i = 0; i < 300; i++) assert_int_equal(zero[i], 0);
  mem_free(zero);
  mem_free(NULL);
}

CASE(nothing_is_a_block_too) {
  (void)state;
  void *blocks[] = {mem_alloc(0),  mem_alloc_zero(0, 8), mem_realloc(NULL, 0),
                    mem_try(8, 0), mem_try_zero(0, 0),   mem_try_zero(8, 0)};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    assert_non_null(blocks[i]);
    mem_free(blocks[i]);
  }
}

CASE(try_refuses_overflow) {
  (void)state;
  assert_null(mem_try(huge, 2));
  assert_null(mem_try(SIZE_MAX, SIZE_MAX));
  assert_null(mem_try_zero(huge / 2 + 1, 2));
  assert_null(mem_try_zero(2, huge / 2 + 1));
}

CASE(try_refuses_what_is_not_there) {
  (void)state;
  assert_null(mem_try(1, huge));
  assert_null(mem_try_zero(1, huge));
}

/* Runs `body` in a child; true when the child ended well. */
static int ends_well(void (*body)(void)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    close(STDERR_FILENO);
    body();
    _exit(0);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void alloc_little(void) {
  mem_free(mem_alloc(1));
}
static void alloc_huge(void) {
  mem_free(mem_alloc(huge));
}
static void alloc_huge_zero(void) {
  mem_free(mem_alloc_zero(huge, 4));
}
static void realloc_huge(void) {
  mem_free(mem_realloc(NULL, huge));
}

CASE(alloc_ends_the_process) {
  (void)state;
  assert_true(ends_well(alloc_little));
  assert_false(ends_well(alloc_huge));
  assert_false(ends_well(alloc_huge_zero));
  assert_false(ends_well(realloc_huge));
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(blocks_are_usable),
      cmocka_unit_test(nothing_is_a_block_too),
      cmocka_unit_test(try_refuses_overflow),
      cmocka_unit_test(try_refuses_what_is_not_there),
      cmocka_unit_test(alloc_ends_the_process),
  };
  return RUN(cases);
}
