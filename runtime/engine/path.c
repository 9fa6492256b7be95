/* SPDX-License-Identifier: MIT
 *
 * Links live in chunks of doubling size, so an index never moves and needs no
 * lock to follow; making and freeing links takes the pool's lock. Both happen
 * only for timed nodes, each of which costs microseconds anyway.
 */
#include "runtime/engine/path.h"

#include <stddef.h>

#include "core/base/limits.h"
#include "core/base/mem.h"

void path_pool_init(PathPool *pool) {
  *pool = (PathPool){.used = 1}; /* index 0 means "no path" */
  mutex_init(&pool->lock);
}

void path_pool_free(PathPool *pool) {
  for (uint32_t i = 0; i < PATH_CHUNKS; i++) mem_free(pool->chunks[i]);
  mutex_destroy(&pool->lock);
}

/* Index i is in chunk k when (2^k - 1) * first <= i < (2^(k+1) - 1) * first. */
static uint32_t chunk_of(uint32_t index) {
  uint32_t group = index / PATH_FIRST_CHUNK + 1;
  return 31 - (uint32_t)__builtin_clz(group);
}

static uint32_t chunk_start(uint32_t chunk) {
  return ((UINT32_C(1) << chunk) - 1) * PATH_FIRST_CHUNK;
}

static PathLink *link_at(const PathPool *pool, uint32_t index) {
  uint32_t chunk = chunk_of(index);
  return &pool->chunks[chunk][index - chunk_start(chunk)];
}

const PathLink *path_link(const PathPool *pool, uint32_t path) {
  return link_at(pool, path);
}

uint32_t path_longer(const PathPool *pool, uint32_t a, uint32_t b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  return link_at(pool, b)->span_ns > link_at(pool, a)->span_ns ? b : a;
}

void path_take(PathPool *pool, uint32_t path) {
  if (path != 0) add_relaxed(&link_at(pool, path)->refs, 1);
}

void path_drop(PathPool *pool, uint32_t path) {
  while (path != 0) {
    PathLink *link = link_at(pool, path);
    if (sub_acq_rel(&link->refs, 1) != 1) return;
    uint32_t before = link->before;
    mutex_lock(&pool->lock);
    link->before = pool->free;
    pool->free = path;
    mutex_unlock(&pool->lock);
    path = before;
  }
}

/* An unused index, or 0. */
static uint32_t take_index(PathPool *pool) {
  mutex_lock(&pool->lock);
  uint32_t index = pool->free;
  if (index != 0) {
    pool->free = link_at(pool, index)->before;
  } else if (chunk_of(pool->used) < PATH_CHUNKS) {
    uint32_t chunk = chunk_of(pool->used);
    if (pool->chunks[chunk] == NULL)
      pool->chunks[chunk] =
          mem_try((size_t)PATH_FIRST_CHUNK << chunk, sizeof(PathLink));
    if (pool->chunks[chunk] != NULL) index = pool->used++;
  }
  mutex_unlock(&pool->lock);
  return index;
}

/* All but the count of references, which others may be changing in `from`. */
static void set_link(PathLink *to, const PathLink *from, uint32_t before) {
  atomic_init(&to->refs, 1);
  to->before = before;
  to->graph = from->graph;
  to->node = from->node;
  to->count = from->count;
  to->kept = from->kept;
  to->span_ns = from->span_ns;
  to->burden_ns = from->burden_ns;
  to->service_ns = from->service_ns;
  to->delay_ns = from->delay_ns;
}

/* A copy of the links from `path` back, LIMIT_PATH_LINKS of them, that holds
 * on to nothing older. The caller's reference moves to the copy. */
static uint32_t cut(PathPool *pool, uint32_t path) {
  uint32_t first = 0, last = 0, from = path;
  for (uint32_t kept = LIMIT_PATH_LINKS; kept > 0; kept--) {
    uint32_t copy = take_index(pool);
    if (copy == 0) { /* no memory: the long one stays */
      path_drop(pool, first);
      return path;
    }
    const PathLink *link = link_at(pool, from);
    set_link(link_at(pool, copy), link, 0);
    link_at(pool, copy)->kept = kept;
    if (first == 0) first = copy;
    if (last != 0) link_at(pool, last)->before = copy;
    last = copy;
    from = link->before;
  }
  path_drop(pool, path);
  return first;
}

uint32_t path_extend(PathPool *pool, uint32_t before, const PathLink *link) {
  path_take(pool, before);
  if (before != 0 && link_at(pool, before)->kept >= 2 * LIMIT_PATH_LINKS)
    before = cut(pool, before);
  uint32_t index = take_index(pool);
  if (index == 0) {
    path_drop(pool, before);
    return 0;
  }
  PathLink *made = link_at(pool, index);
  set_link(made, link, before);
  const PathLink zero = {0};
  const PathLink *old = before == 0 ? &zero : link_at(pool, before);
  made->count = old->count + 1;
  made->kept = old->kept + 1;
  made->span_ns = old->span_ns + link->service_ns;
  made->burden_ns = old->burden_ns + link->delay_ns;
  return index;
}
