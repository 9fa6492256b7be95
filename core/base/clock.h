/* SPDX-License-Identifier: MIT
 *
 * The only source of time. Nanoseconds; any thread.
 */
#ifndef APXM_CORE_BASE_CLOCK_H
#define APXM_CORE_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

uint64_t clock_now(void);         /* monotonic, since some fixed moment */
uint64_t clock_process_cpu(void); /* processor time of all threads */

/* Sleeps at least `ns`; signals do not cut it short. */
void clock_sleep(uint64_t ns);

/* Seconds since 1970, UTC. */
uint64_t clock_wall_seconds(void);

/* UTC now as "2026-11-21T05:07:54Z" into `out` of at least 32 bytes. */
void clock_wall_text(char *out);

#endif
