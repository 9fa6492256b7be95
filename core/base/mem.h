/* SPDX-License-Identifier: MIT
 *
 * The heap. mem_alloc and friends are for small, bounded requests and abort
 * with the size when the system refuses. Whatever is sized by the outside
 * meets a limit of limits.def first and then uses mem_try. Any thread.
 */
#ifndef APXM_CORE_BASE_MEM_H
#define APXM_CORE_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);                    /* uninitialised */
void *mem_alloc_zero(size_t count, size_t size); /* overflow-checked */
/* Zeroed, on a multiple of `alignment` (a power of two). */
void *mem_alloc_aligned(size_t alignment, size_t size);
void *mem_realloc(void *old, size_t size);
void mem_free(void *block); /* NULL is fine */

/* NULL when the system refuses or count * size overflows. */
void *mem_try(size_t count, size_t size);
void *mem_try_zero(size_t count, size_t size);

#define MEM_NEW(T) ((T *)mem_alloc_zero(1, sizeof(T)))

#endif
