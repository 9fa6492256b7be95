/* SPDX-License-Identifier: MIT
 *
 * Whether a node's value is the flow's result as it is: then its text may be
 * shown while it comes. The way goes from the node to a RESULT of its frame, on
 * from the port that this fills in the parent, and so on up to the entry frame.
 * A call and an arm hand a result to a port as it is; a `try` may take back
 * what its body yields, and a loop makes a list, so the way ends there.
 */
#include "runtime/engine/gate.h"
#include "runtime/engine/run.h"

#define NOWHERE UINT32_MAX

enum { SHORT_WAY = 16 };

/* A consumer of `node` with this op that reads its value. */
static uint32_t find_reader(const Frame *frame, uint32_t node, Op op) {
  uint32_t count;
  const uint32_t *consumers = frame_consumers(frame, node, &count);
  for (uint32_t i = 0; i < count; i++) {
    bool is_read = (consumers[i] & CONSUMER_ORDER) == 0;
    uint32_t reader = consumers[i] & CONSUMER_INDEX;
    if (is_read && frame->nodes[reader].op == (uint32_t)op) return reader;
  }
  return NOWHERE;
}

/* The RESULT of its frame that yields the value of `node`. */
static uint32_t find_result(const Frame *frame, uint32_t node) {
  for (uint32_t left = SHORT_WAY; left > 0 && node != NOWHERE; left--) {
    uint32_t result = find_reader(frame, node, OP_RESULT);
    if (result != NOWHERE) return result;
    node = find_reader(frame, node, OP_PASS);
  }
  return NOWHERE;
}

static bool hands_on(const Frame *frame) {
  return frame->gate == NULL || frame->gate->kind == &branch_kind;
}

bool stream_is_result(const Frame *frame, uint32_t node) {
  for (;; frame = frame->parent) {
    uint32_t result = find_result(frame, node);
    if (result == NOWHERE) return false;
    if (frame->parent == NULL) return true;
    if (!hands_on(frame)) return false;
    const ObjGraph *graph = &frame->run->object->graphs[frame->graph];
    uint32_t index = result + 1 + graph->result_count - frame->node_count;
    node = frame->call + 1 + index;
  }
}
