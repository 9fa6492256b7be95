/* SPDX-License-Identifier: MIT
 *
 * A whole number with its unit, as the configuration and options have them:
 * 250ms, 10s, 2m, 1h; 64KiB, 10MB. Never without one.
 */
#ifndef APXM_CORE_BASE_UNIT_H
#define APXM_CORE_BASE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buf.h"
#include "core/base/slice.h"

typedef struct Unit {
  const char *name; /* NULL after the last */
  uint64_t factor;
} Unit;

extern const Unit unit_times[]; /* in ns */
extern const Unit unit_sizes[]; /* in bytes */

/* Digits with single underscores between them; `rest` is what follows. False:
 * it does not begin with a number, or that is beyond 64 bits. */
bool unit_read_digits(Slice text, uint64_t *value, Slice *rest);

/* From 1 to `most`, in the smallest unit. */
bool unit_read(Slice text, const Unit *units, uint64_t most, uint64_t *value);

/* How long something took, for people: "12 ms", "3.2 s", "4 min 5 s",
 * "5 h 12 min". */
void unit_add_span(uint64_t ns, Buf *out);

#endif
