/* SPDX-License-Identifier: MIT
 *
 * Absent values, made by a guard that skips. A node that reads one is skipped
 * and absent in turn; joins (merge, wait) go on without it, and what only
 * carries values (calls, composites, results) carries it as any other. Until
 * the first one is made, nobody looks for them.
 */
#include "runtime/engine/run.h"

void absent_announce(Run *run) {
  if (!(load_relaxed(&run->mode) & RUN_HAS_ABSENT))
    atomic_fetch_or(&run->mode, RUN_HAS_ABSENT);
}

/* Leaves the inputs that are there; returns how many were not. */
static uint32_t sift(Firing *firing) {
  uint32_t there = 0, count = firing->in_count;
  for (uint32_t i = 0; i < count; i++)
    if (firing->in[i] != VALUE_ABSENT) firing->in[there++] = firing->in[i];
  firing->in_count = there;
  return count - there;
}

static bool has_absent(const Firing *firing) {
  for (uint32_t i = 0; i < firing->in_count; i++)
    if (firing->in[i] == VALUE_ABSENT) return true;
  return false;
}

bool absent_skips(Firing *firing, Value *result) {
  Frame *frame = firing->frame;
  const ObjNode *node = &frame->nodes[firing->node];
  if (node->op == OP_MERGE || node->op == OP_WAIT) {
    sift(firing);
    return false;
  }
  if (node->op == OP_PASS || !has_absent(firing)) return false;
  firing_drop_inputs(firing);
  run_tally(firing->worker, frame)->skipped++;
  if (frame_is_model_call(frame, firing->node)) gauge_down(&frame->run->demand);
  *result = node->type == TYPE_VOID ? VALUE_UNIT : VALUE_ABSENT;
  return true;
}
