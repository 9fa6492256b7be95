/* SPDX-License-Identifier: MIT
 *
 * The window of a run: a count and a queue. Its lock is taken within that of a
 * gate, never the other way round.
 */
#include "runtime/engine/window.h"

#include "runtime/engine/cycle.h"

uint32_t window_limit(uint32_t in_flight) {
  enum { LEAST = 64 };
  if (in_flight > UINT32_MAX / 2) return UINT32_MAX;
  return 2 * in_flight < LEAST ? LEAST : 2 * in_flight;
}

void window_init(Window *window) {
  mutex_init(&window->lock);
}

void window_free(Window *window) {
  mutex_destroy(&window->lock);
}

static void append(Window *window, Cycle *cycle) {
  cycle->waits = true;
  cycle->waits_after = window->last;
  cycle->waits_before = NULL;
  if (window->last != NULL)
    window->last->waits_before = cycle;
  else
    window->first = cycle;
  window->last = cycle;
}

static void take_out(Window *window, Cycle *cycle) {
  cycle->waits = false;
  if (cycle->waits_after != NULL)
    cycle->waits_after->waits_before = cycle->waits_before;
  else
    window->first = cycle->waits_before;
  if (cycle->waits_before != NULL)
    cycle->waits_before->waits_after = cycle->waits_after;
  else
    window->last = cycle->waits_after;
}

bool window_enter(Window *window, Cycle *cycle, bool must) {
  mutex_lock(&window->lock);
  bool enters = must || window->open < window->limit;
  if (enters)
    window->open++;
  else
    append(window, cycle);
  mutex_unlock(&window->lock);
  return enters;
}

Cycle *window_leave(Window *window) {
  mutex_lock(&window->lock);
  window->open--;
  Cycle *cycle = window->open < window->limit ? window->first : NULL;
  if (cycle != NULL) {
    take_out(window, cycle);
    window->open++;
  }
  mutex_unlock(&window->lock);
  return cycle;
}

bool window_withdraw(Window *window, Cycle *cycle) {
  mutex_lock(&window->lock);
  bool waited = cycle->waits;
  if (waited) take_out(window, cycle);
  mutex_unlock(&window->lock);
  return waited;
}
