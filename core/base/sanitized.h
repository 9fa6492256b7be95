/* SPDX-License-Identifier: MIT
 *
 * Whether this is a build with a sanitizer, which makes everything slower: what
 * must be over in time gets so many times as long there.
 */
#ifndef APXM_CORE_BASE_SANITIZED_H
#define APXM_CORE_BASE_SANITIZED_H

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SANITIZED_SLOWDOWN = 5 };
#else
enum { SANITIZED_SLOWDOWN = 1 };
#endif

#endif
