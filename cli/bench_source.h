/* SPDX-License-Identifier: MIT
 *
 * Programs made for measuring: one flow with an ask on each line.
 */
#ifndef APXM_CLI_BENCH_SOURCE_H
#define APXM_CLI_BENCH_SOURCE_H

#include <stdint.h>

#include "core/base/buf.h"

enum { BENCH_ASKS_MIN = 2, BENCH_ASKS_MAX = 2000000 };

/* `asks` asks on as many lines, some 90 bytes each. Every eighth one reads the
 * replies of the seven before it, the others read nothing; a merge reads what
 * nobody else does. */
void bench_source_groups(uint32_t asks, Buf *out);

/* `asks` asks that read nothing, and a merge of all. */
void bench_source_fan(uint32_t asks, Buf *out);

#endif
