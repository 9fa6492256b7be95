/* SPDX-License-Identifier: MIT
 *
 * Memory that dies together: one arena per compilation. Blocks double up to a
 * megabyte; nothing is freed before arena_free. One thread at a time.
 */
#ifndef APXM_CORE_BASE_ARENA_H
#define APXM_CORE_BASE_ARENA_H

#include <stddef.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
  ArenaBlock *block; /* newest block, chained to older ones */
  char *next;        /* first free byte of the newest block */
  char *end;         /* one past its last byte */
  size_t total;      /* bytes taken from the heap */
} Arena;

void arena_init(Arena *arena);
void arena_free(Arena *arena);

/* `size` bytes, 16-byte aligned, uninitialised. Aborts when memory is out. */
void *arena_alloc(Arena *arena, size_t size);
void *arena_alloc_zero(Arena *arena, size_t size);

/* A NUL-terminated copy of `length` bytes. */
char *arena_copy(Arena *arena, const char *text, size_t length);

#define ARENA_NEW(arena, T) ((T *)arena_alloc_zero((arena), sizeof(T)))
#define ARENA_ARRAY(arena, T, n) \
  ((T *)arena_alloc_zero((arena), (size_t)(n) * sizeof(T)))

#endif
