/* SPDX-License-Identifier: MIT
 *
 * A growing array of any type: `VEC(T) items = {0}; vec_push(&items, x);`.
 * Elements are items.data[0 .. items.length - 1]. Aborts when memory is out.
 */
#ifndef APXM_CORE_BASE_VEC_H
#define APXM_CORE_BASE_VEC_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"

#define VEC(T)         \
  struct {             \
    T *data;           \
    uint32_t length;   \
    uint32_t capacity; \
  }

/* Returns `data`, moved if need be, with room for `need` elements. */
void *vec_grow(void *data, uint32_t *capacity, uint32_t need, size_t size);

#define vec_reserve(v, need)                                                   \
  ((void)((need) <= (v)->capacity ||                                           \
          ((v)->data =                                                         \
               vec_grow((v)->data, &(v)->capacity, (need), sizeof *(v)->data), \
           0)))

#define vec_push(v, item)                                                \
  (vec_reserve((v), (v)->length + 1), (v)->data[(v)->length++] = (item), \
   (void)0)

#define vec_pop(v) ((v)->data[--(v)->length])

#define vec_free(v)                                                        \
  (mem_free((v)->data), (v)->data = NULL, (v)->length = (v)->capacity = 0, \
   (void)0)

#endif
