/* SPDX-License-Identifier: MIT
 *
 * The atomic operations this project uses, by C11 name with the order in the
 * name, and the one thing that differs under the thread sanitizer: that tool
 * does not understand stand-alone fences, so in its build code that needs one
 * uses sequentially consistent operations instead (ATOMIC_NO_FENCES).
 */
#ifndef APXM_CORE_BASE_ATOMIC_H
#define APXM_CORE_BASE_ATOMIC_H

#include <stdatomic.h>

#if defined(__SANITIZE_THREAD__)
#define ATOMIC_NO_FENCES 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ATOMIC_NO_FENCES 1
#endif
#endif
#ifndef ATOMIC_NO_FENCES
#define ATOMIC_NO_FENCES 0
#endif

#define load_relaxed(p) atomic_load_explicit((p), memory_order_relaxed)
#define load_acquire(p) atomic_load_explicit((p), memory_order_acquire)
#define load_seq(p) atomic_load_explicit((p), memory_order_seq_cst)
#define store_relaxed(p, v) \
  atomic_store_explicit((p), (v), memory_order_relaxed)
#define store_release(p, v) \
  atomic_store_explicit((p), (v), memory_order_release)
#define store_seq(p, v) atomic_store_explicit((p), (v), memory_order_seq_cst)
#define add_relaxed(p, v) \
  atomic_fetch_add_explicit((p), (v), memory_order_relaxed)
#define sub_acq_rel(p, v) \
  atomic_fetch_sub_explicit((p), (v), memory_order_acq_rel)

/* A full fence; nothing in the thread-sanitizer build, where the operations
 * around it are ordered themselves. */
#if ATOMIC_NO_FENCES
#define fence_seq() ((void)0)
#else
#define fence_seq() atomic_thread_fence(memory_order_seq_cst)
#endif

/* The distance that keeps two threads' fields out of one cache line (pairs of
 * lines are fetched together). */
enum { CACHE_LINE = 128 };

#endif
