/* SPDX-License-Identifier: MIT
 *
 * How many iterations a run has open at once, over all its loops: enough to
 * keep every slot of the backends busy, and no more, or a loop over a long
 * list would cost memory for the whole of it. A loop without any open one may
 * always open one; so nobody waits for ever, however loops are nested.
 */
#ifndef APXM_RUNTIME_ENGINE_WINDOW_H
#define APXM_RUNTIME_ENGINE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/thread.h"

typedef struct Cycle Cycle;

typedef struct Window {
  uint32_t limit;      /* immutable while the run goes on */
  Mutex lock;          /* guards the next three, and Cycle.waits */
  uint32_t open;       /* iterations; may exceed the limit by one a loop */
  Cycle *first, *last; /* who waits for room, longest first */
} Window;

/* For a run that may have so many calls open at once. */
uint32_t window_limit(uint32_t in_flight);

void window_init(Window *window);
void window_free(Window *window);

/* Takes the place of one iteration, if there is one or it `must` be. False:
 * `cycle` waits for it now. */
bool window_enter(Window *window, Cycle *cycle, bool must);

/* Gives one back. Returns who waited longest and has got it now, or NULL. */
Cycle *window_leave(Window *window);

/* True: `cycle` waited, and does no more. */
bool window_withdraw(Window *window, Cycle *cycle);

#endif
