/* SPDX-License-Identifier: MIT
 *
 * The longest path behind every token, as a chain of timed nodes that grows at
 * the token's end and is shared by all that came the same way. A slot holds a
 * reference to the last link of its path (0: no timed node yet); a link holds
 * one to the link before it. Only the last LIMIT_PATH_LINKS or so are kept: the
 * sums ride in each link, so cutting the old end loses names, not time.
 */
#ifndef APXM_RUNTIME_ENGINE_PATH_H
#define APXM_RUNTIME_ENGINE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/atomic.h"
#include "core/base/thread.h"

typedef struct PathLink {
  _Atomic uint32_t refs;
  uint32_t before;      /* link before this one, or 0; a free link: the next */
  uint32_t graph, node; /* the timed node */
  uint32_t count;       /* timed nodes on the whole path */
  uint32_t kept;        /* links from here back that are still there */
  uint64_t span_ns;     /* service time summed over the whole path */
  uint64_t burden_ns;   /* ready to dispatch, summed over the whole path */
  uint64_t service_ns;  /* of this node */
  uint64_t delay_ns;    /* ready to dispatch, of this node */
} PathLink;

enum { PATH_FIRST_CHUNK = 32, PATH_CHUNKS = 27 };

typedef struct PathPool {
  Mutex lock;                    /* guards used and free; chunks' creation */
  uint32_t used;                 /* links ever handed out */
  uint32_t free;                 /* list of returned ones, through before */
  PathLink *chunks[PATH_CHUNKS]; /* chunk k holds PATH_FIRST_CHUNK << k; set
                                    once, before an index into it exists */
} PathPool;

void path_pool_init(PathPool *pool);
void path_pool_free(PathPool *pool);

const PathLink *path_link(const PathPool *pool, uint32_t path);

/* The longer of two paths by span; 0 is the shortest. */
uint32_t path_longer(const PathPool *pool, uint32_t a, uint32_t b);

/* A new link after `before` with one reference, the caller's. `link` gives
 * graph, node, service_ns and delay_ns. 0 when the pool is full. */
uint32_t path_extend(PathPool *pool, uint32_t before, const PathLink *link);

void path_take(PathPool *pool, uint32_t path); /* 0 is fine */
void path_drop(PathPool *pool, uint32_t path); /* 0 is fine */

#endif
