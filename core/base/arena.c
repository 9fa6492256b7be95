/* SPDX-License-Identifier: MIT
 *
 * Bump allocation out of a chain of blocks:
 *
 *     arena->block ─> [ header | used ... | free ... ]
 *                        │ older     next ^     end ^
 *                        └─> [ header | used ........ ] ─> NULL
 *
 * A request too big for an ordinary block gets a block of its own, chained
 * behind the newest so that the newest keeps serving small requests.
 */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"

enum {
  ALIGN = 16,              /* of every allocation */
  FIRST_BLOCK = 4 << 10,   /* bytes; a small program needs one or two */
  LARGEST_BLOCK = 1 << 20, /* bytes; doubling stops here */
};

struct ArenaBlock {
  alignas(ALIGN) ArenaBlock *older; /* allocated before this one */
  size_t size;                      /* bytes, this header included */
};

void arena_init(Arena *arena) {
  *arena = (Arena){0};
}

void arena_free(Arena *arena) {
  ArenaBlock *block = arena->block;
  while (block != NULL) {
    ArenaBlock *older = block->older;
    mem_free(block);
    block = older;
  }
  *arena = (Arena){0};
}

static ArenaBlock *new_block(Arena *arena, size_t size) {
  ArenaBlock *block = mem_alloc(size);
  block->older = NULL;
  block->size = size;
  arena->total += size;
  return block;
}

/* A block for one request alone. */
static void *alloc_big(Arena *arena, size_t size) {
  ArenaBlock *block = new_block(arena, sizeof(ArenaBlock) + size);
  if (arena->block == NULL) {
    arena->block = block;
    arena->next = arena->end = (char *)block + block->size;
  } else {
    block->older = arena->block->older;
    arena->block->older = block;
  }
  return block + 1;
}

static void *alloc_slow(Arena *arena, size_t size) {
  size_t block_size = FIRST_BLOCK;
  while (block_size <= arena->total && block_size < LARGEST_BLOCK) {
    block_size *= 2;
  }
  if (size > block_size / 4) return alloc_big(arena, size);
  ArenaBlock *block = new_block(arena, block_size);
  block->older = arena->block;
  arena->block = block;
  arena->next = (char *)(block + 1) + size;
  arena->end = (char *)block + block_size;
  return block + 1;
}

void *arena_alloc(Arena *arena, size_t size) {
  /* A size above this is refused by mem_alloc, which says so. */
  const size_t largest = PTRDIFF_MAX - 4 * (size_t)ALIGN;
  if (size > largest) size = largest;
  size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
  if (arena->block == NULL || size > (size_t)(arena->end - arena->next)) {
    return alloc_slow(arena, size);
  }
  void *result = arena->next;
  arena->next += size;
  return result;
}

void *arena_alloc_zero(Arena *arena, size_t size) {
  return memset(arena_alloc(arena, size), 0, size);
}

char *arena_copy(Arena *arena, const char *text, size_t length) {
  char *copy = arena_alloc(arena, length + 1);
  if (length != 0) memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}
