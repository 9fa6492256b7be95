/* SPDX-License-Identifier: MIT
 *
 * The heap behind two doors: mem_alloc and its kin never return NULL but end
 * the process, naming the size; mem_try and its kin leave the decision to the
 * caller. A request for nothing gets a block all the same, so that NULL has
 * one meaning. Any thread.
 */
#include "core/base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t count, size_t size) {
  fprintf(stderr, "apxm: error: out of memory (%zu x %zu bytes)\n", count,
          size);
  abort();
}

void *mem_alloc(size_t size) {
  void *block = malloc(size ? size : 1);
  if (block == NULL) out_of_memory(1, size);
  return block;
}

void *mem_alloc_zero(size_t count, size_t size) {
  void *block = mem_try_zero(count, size);
  if (block == NULL) out_of_memory(count, size);
  return block;
}

void *mem_alloc_aligned(size_t alignment, size_t size) {
  size_t rounded = (size + alignment - 1) & ~(alignment - 1);
  void *block = aligned_alloc(alignment, rounded);
  if (block == NULL) out_of_memory(1, size);
  return memset(block, 0, rounded);
}

void *mem_realloc(void *old, size_t size) {
  void *block = realloc(old, size ? size : 1);
  if (block == NULL) out_of_memory(1, size);
  return block;
}

void mem_free(void *block) {
  free(block);
}

void *mem_try(size_t count, size_t size) {
  if (size != 0 && count > PTRDIFF_MAX / size) return NULL;
  size_t total = count * size;
  return malloc(total ? total : 1);
}

void *mem_try_zero(size_t count, size_t size) {
  if (size != 0 && count > PTRDIFF_MAX / size) return NULL;
  if (count == 0 || size == 0) return calloc(1, 1);
  return calloc(count, size);
}
