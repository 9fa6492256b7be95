/* SPDX-License-Identifier: MIT
 *
 * BRANCH: one of several graphs. Nothing runs before the control value is
 * there; then one arm is opened and gets what has come, later tokens go
 * straight through. An arm that is not taken costs nothing.
 *
 * A text picks the case it is equal to, else the one it is equal to when white
 * space, punctuation at its ends and letter case are put aside (a model that
 * answers `Technical.` means `technical`), else the default.
 */
#include "runtime/engine/gate.h"
#include "runtime/engine/route.h"

#include "core/base/fold.h"

typedef struct Branch {
  Gate gate;
  /* Guarded by the gate's lock. */
  bool is_decided;
  Frame *arm; /* NULL: none yet, or none at all */
} Branch;

/* ---- which arm ----------------------------------------------------------- */

typedef struct Arms {
  const ObjArm *first, *end;
} Arms;

static Arms arms_of(const Gate *gate) {
  const ObjNode *row = gate_node(gate);
  const ObjArm *arms = gate_run(gate)->object->arms;
  return (Arms){arms + row->arms, arms + row[1].arms};
}

static const ObjArm *find_kind(Arms arms, ObjArmKind kind) {
  for (const ObjArm *arm = arms.first; arm < arms.end; arm++)
    if (arm->kind == kind) return arm;
  return NULL;
}

static Slice label_of(const Object *object, const ObjArm *arm) {
  return object_text(object, object->consts[arm->label].string);
}

static const ObjArm *find_exact(const Object *object, Arms arms, Slice text) {
  for (const ObjArm *arm = arms.first; arm < arms.end; arm++)
    if (arm->kind == OBJ_ARM_CASE && slice_equal(label_of(object, arm), text))
      return arm;
  return NULL;
}

static const ObjArm *find_folded(const Object *object, Arms arms, Slice text,
                                 Error *error) {
  Buf folded = {0}, label = {0};
  const ObjArm *found = NULL;
  Status status = fold_label(text, &folded, error);
  for (const ObjArm *arm = arms.first;
       arm < arms.end && status == STATUS_OK && found == NULL; arm++) {
    if (arm->kind != OBJ_ARM_CASE) continue;
    buf_clear(&label);
    status = fold_label(label_of(object, arm), &label, error);
    if (slice_equal(buf_slice(&label), buf_slice(&folded))) found = arm;
  }
  buf_free(&folded);
  buf_free(&label);
  return status == STATUS_OK ? found : NULL;
}

/* The labels of a switch, for who is told that none matched. */
static void add_labels(const Object *object, Arms arms, Buf *out) {
  const char *before = "";
  for (const ObjArm *arm = arms.first; arm < arms.end; arm++) {
    if (arm->kind != OBJ_ARM_CASE) continue;
    buf_addf(out, "%s\"%.*s\"", before, SLICE_ARG(label_of(object, arm)));
    before = ", ";
  }
}

static void fail_no_case(const Gate *gate, Slice text) {
  enum { SHOWN = 80 };
  Buf labels = {0};
  Slice shown = text;
  if (shown.length > SHOWN) {
    shown.length = SHOWN;
    shown.length = slice_valid_utf8(shown);
  }
  add_labels(gate_run(gate)->object, arms_of(gate), &labels);
  run_fail(gate->frame, gate->node, FAILURE_NO_CASE,
           "no case matches \"%.*s\"%s; the cases are %.*s", SLICE_ARG(shown),
           shown.length < text.length ? "..." : "",
           SLICE_ARG(buf_slice(&labels)));
  buf_free(&labels);
}

/* NULL: the branch has failed. */
static const ObjArm *pick_case(const Gate *gate, Slice text) {
  const Object *object = gate_run(gate)->object;
  Arms arms = arms_of(gate);
  Error error = {0};
  const ObjArm *arm = find_exact(object, arms, text);
  if (arm == NULL) arm = find_folded(object, arms, text, &error);
  if (arm == NULL && error.status != STATUS_OK) {
    run_fail(gate->frame, gate->node, FAILURE_UNAVAILABLE, "%s", error.message);
    return NULL;
  }
  if (arm == NULL) arm = find_kind(arms, OBJ_ARM_DEFAULT);
  if (arm == NULL) fail_no_case(gate, text);
  return arm;
}

static const ObjArm *pick_arm(const Gate *gate, Value control) {
  if (value_kind(control) == VALUE_KIND_TEXT)
    return pick_case(gate, value_to_slice(control));
  bool is_absent = control == VALUE_ABSENT;
  const ObjArm *arm =
      find_kind(arms_of(gate), is_absent               ? OBJ_ARM_ABSENT
                               : control == VALUE_TRUE ? OBJ_ARM_TRUE
                                                       : OBJ_ARM_FALSE);
  if (arm == NULL)
    run_fail(gate->frame, gate->node, FAILURE_WRONG_TYPE,
             "the control value is %s, and there is no arm for that",
             is_absent ? "absent" : "of another type");
  return arm;
}

/* ---- the gate ------------------------------------------------------------ */

/* The control value has come: opens an arm, unless all of it drains. */
static void decide(EngineWorker *worker, Branch *branch, Value control,
                   uint32_t path) {
  Gate *gate = &branch->gate;
  branch->is_decided = true;
  if (gate_is_draining(gate)) {
    value_drop(control);
    run_tally(worker, gate->frame)->drained++;
    return;
  }
  const ObjArm *arm = pick_arm(gate, control);
  value_drop(control);
  if (arm == NULL)
    run_tally(worker, gate->frame)->failed++;
  else
    branch->arm = gate_open(worker, gate, arm->graph, gate->frame->scope, path);
  if (branch->arm == NULL) return;
  for (uint32_t i = 1; i < gate->input_count; i++)
    gate_hand_on(worker, gate, i, branch->arm, i - 1);
  gate_start_child(worker, branch->arm);
}

static void token(EngineWorker *worker, Gate *gate, uint32_t input, Value value,
                  uint32_t path) {
  Branch *branch = (Branch *)gate;
  if (input == 0)
    decide(worker, branch, value, path);
  else if (branch->arm != NULL)
    route_forward(worker, branch->arm, input - 1, value, path);
  else if (branch->is_decided)
    value_drop(value);
  else
    gate_keep(gate, input, value, path);
}

static void result(EngineWorker *worker, Frame *child, uint32_t index,
                   Value value, uint32_t path) {
  gate_give(worker, child->gate, index, value, path);
}

const GateKind branch_kind = {
    .size = sizeof(Branch), .token = token, .result = result};
