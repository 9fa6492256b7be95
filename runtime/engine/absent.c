/* SPDX-License-Identifier: MIT
 *
 * Absent values, made by a guard that skips. A node that reads one is skipped
 * and absent in turn; joins (merge, wait) leave it out, and what only carries
 * values (calls, composites, results) carries it as any other. Until the first
 * one is made, nobody looks for them.
 */
#include "runtime/engine/run.h"

void absent_announce(Run *run) {
  if (!(load_relaxed(&run->mode) & RUN_HAS_ABSENT))
    atomic_fetch_or(&run->mode, RUN_HAS_ABSENT);
}

static bool has_absent(const Firing *firing) {
  for (uint32_t i = 0; i < firing->in_count; i++)
    if (firing->in[i] == VALUE_ABSENT) return true;
  return false;
}

/* A join is of what is there. */
static void leave_out(Firing *firing) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < firing->in_count; i++)
    if (firing->in[i] != VALUE_ABSENT) firing->in[kept++] = firing->in[i];
  firing->in_count = kept;
}

bool absent_skips(Firing *firing, Value *result) {
  Frame *frame = firing->frame;
  const ObjNode *node = &frame->nodes[firing->node];
  if (node->op == OP_PASS || !has_absent(firing)) return false;
  if (node->op == OP_MERGE || node->op == OP_WAIT) {
    leave_out(firing);
    return false;
  }
  firing_drop_inputs(firing);
  run_tally(firing->worker, frame)->skipped++;
  if (frame_is_model_call(frame, firing->node)) gauge_down(&frame->run->demand);
  *result = node->type == TYPE_VOID ? VALUE_UNIT : VALUE_ABSENT;
  return true;
}
