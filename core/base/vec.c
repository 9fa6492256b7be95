/* SPDX-License-Identifier: MIT
 *
 * The one function behind the VEC macros: doubling.
 */
#include "core/base/vec.h"

#include <assert.h>

enum { FIRST_CAPACITY = 8 }; /* elements */

void *vec_grow(void *data, uint32_t *capacity, uint32_t need, size_t size) {
  assert(need > 0 && "2^32 elements");
  uint64_t more = (uint64_t)*capacity * 2;
  if (more < FIRST_CAPACITY) more = FIRST_CAPACITY;
  if (more < need) more = need;
  if (more > UINT32_MAX) more = UINT32_MAX;
  if (size != 0 && more > PTRDIFF_MAX / size) more = PTRDIFF_MAX / size;
  assert(more >= need);
  *capacity = (uint32_t)more;
  return mem_realloc(data, (size_t)more * size);
}
