/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: constructs. Of each: what decides, which arm it
 * is, what the names it exports and the variables it assigns are afterwards.
 */
#include "core/base/mem.h"
#include "tests/harness/interp_parts.h"

/* Loops of a run share their window, and it may be as small as 64. */
enum { LOOP_OPEN = 7 };

static Cell cell_of(DatumKind kind, Cause cause) {
  return (Cell){datum_of(kind), cause};
}

/* ---- what a construct leaves behind -------------------------------------- */

/* Every variable assigned in `block`, at any depth: its value gets `cause`, and
 * is poison from here on if it will never be known. */
static void touch_assigned(Interp *in, const AstBlock *block, Cause cause,
                           bool is_poison) {
  for (const AstStmt *stmt = block->first; stmt != NULL; stmt = stmt->next) {
    if (stmt->kind == STMT_ASSIGN) {
      Cell *cell = interp_cell(in, stmt->target.binding);
      cell->cause = interp_join(in, cell->cause, cause);
      if (is_poison) cell->datum = datum_of(DATUM_POISON);
    }
    if (stmt->control == NULL) continue;
    for (const AstArm *arm = stmt->control->arms; arm != NULL; arm = arm->next)
      touch_assigned(in, &arm->body, cause, is_poison);
  }
}

static void touch_all(Interp *in, const AstControl *control, Cause cause,
                      bool is_poison) {
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    touch_assigned(in, &arm->body, cause, is_poison);
}

static void export_kind(Interp *in, const AstControl *control, DatumKind kind,
                        Cause cause) {
  for (const AstExport *e = control->exports; e != NULL; e = e->next)
    *interp_cell(in, e->binding) = cell_of(kind, cause);
}

static void export_arm(Interp *in, const AstControl *control, uint32_t arm) {
  for (const AstExport *e = control->exports; e != NULL; e = e->next) {
    Cell cell = cell_of(DATUM_POISON, 0);
    if (e->inner[arm] != NULL) cell = *interp_cell(in, e->inner[arm]);
    *interp_cell(in, e->binding) = cell;
  }
}

static bool may_return(const AstControl *control) {
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    if (arm->body.returns) return true;
  return false;
}

static bool may_print(const Interp *in, const AstControl *control) {
  for (const AstArm *arm = control->arms; arm != NULL; arm = arm->next)
    if (interp_block_prints(in, &arm->body)) return true;
  return false;
}

/* Nobody will ever know which arm it is. */
static Step never_known(Interp *in, const AstControl *control) {
  touch_all(in, control, 0, true);
  export_kind(in, control, DATUM_POISON, 0);
  if (may_print(in, control)) in->scope->chain_broken = true;
  return (Step){may_return(control) ? WAY_STUCK : WAY_ON,
                cell_of(DATUM_POISON, 0)};
}

static Step skipped(Interp *in, const AstControl *control, Cause cause) {
  touch_all(in, control, cause, false);
  export_kind(in, control, DATUM_ABSENT, cause);
  if (may_return(control)) in->control = interp_join(in, in->control, cause);
  return (Step){WAY_ON, cell_of(DATUM_ABSENT, cause)};
}

static void note_return(Interp *in, Step step) {
  if (step.way == WAY_RETURNED) interp_note(in, EVENT_EARLY_RETURN);
}

/* One arm because of `cause`. What follows a construct that may return hangs
 * on what decided that it did not. */
static Step take_arm(Interp *in, const AstControl *control, uint32_t number,
                     Cause cause) {
  const AstArm *arm = control->arms;
  for (uint32_t i = 0; i < number; i++) arm = arm->next;
  Cause before = in->control;
  in->control = interp_join(in, before, cause);
  if (may_print(in, control)) interp_chain(in, cause);
  Step step = interp_block(in, &arm->body);
  step.value.cause = interp_join(in, step.value.cause, cause);
  if (!may_return(control)) in->control = before;
  touch_all(in, control, cause, false);
  export_arm(in, control, number);
  note_return(in, step);
  if (step.way != WAY_ENDED) return step;
  return (Step){WAY_ON, cell_of(DATUM_POISON, 0)};
}

/* No arm because of `cause`. */
static Step take_none(Interp *in, const AstControl *control, Cause cause) {
  touch_all(in, control, cause, false);
  if (may_print(in, control)) interp_chain(in, cause);
  if (may_return(control)) in->control = interp_join(in, in->control, cause);
  return (Step){WAY_ON, cell_of(DATUM_UNIT, 0)};
}

/* ---- if, switch --------------------------------------------------------- */

static Step run_if(Interp *in, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  Cell cell = interp_expr(in, stmt->expr);
  if (cell.datum.kind == DATUM_POISON) return never_known(in, control);
  if (cell.datum.kind == DATUM_ABSENT) return skipped(in, control, cell.cause);
  interp_note(in, cell.datum.boolean ? EVENT_THEN : EVENT_ELSE);
  if (cell.datum.boolean) return take_arm(in, control, 0, cell.cause);
  if (control->arm_count > 1) return take_arm(in, control, 1, cell.cause);
  return take_none(in, control, cell.cause);
}

/* The arm for `text`, or -1. */
static int find_case(Interp *in, const AstControl *control, Slice text) {
  int number = 0;
  int otherwise = -1;
  for (const AstArm *arm = control->arms; arm; arm = arm->next, number++) {
    if (arm->kind == ARM_DEFAULT) otherwise = number;
    if (arm->kind != ARM_CASE || !slice_equal(arm->label->u.text, text))
      continue;
    interp_note(in, EVENT_CASE_EXACT);
    return number;
  }
  Slice folded = interp_fold(in, text);
  number = 0;
  for (const AstArm *arm = control->arms; arm; arm = arm->next, number++) {
    if (arm->kind != ARM_CASE ||
        !slice_equal(interp_fold(in, arm->label->u.text), folded))
      continue;
    interp_note(in, EVENT_CASE_FOLDED);
    return number;
  }
  if (otherwise >= 0) interp_note(in, EVENT_DEFAULT);
  return otherwise;
}

static Step run_switch(Interp *in, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  Cell cell = interp_expr(in, stmt->expr);
  if (cell.datum.kind == DATUM_POISON) return never_known(in, control);
  if (cell.datum.kind == DATUM_ABSENT) return skipped(in, control, cell.cause);
  Buf text = {0};
  datum_add_plain(&cell.datum, &text);
  int arm = find_case(in, control, interp_keep(in, &text));
  if (arm >= 0) return take_arm(in, control, (uint32_t)arm, cell.cause);
  interp_fail(in, CODE_no_case, SLICE(""), SLICE(""), cell.cause);
  return never_known(in, control);
}

/* ---- loop, while -------------------------------------------------------- */

/* The values of a loop's iterations. */
typedef struct Collected {
  Datum *items;
  uint32_t count;
  bool is_poison;
  Cause cause;
} Collected;

static void iterate(Interp *in, const AstControl *control, const Cell *list,
                    uint32_t index, Collected *all) {
  interp_note(in, EVENT_ITERATION);
  *interp_cell(in, control->variable_binding) =
      (Cell){list->datum.items[index], list->cause};
  Step step = interp_block(in, &control->arms->body);
  if (step.way != WAY_ON) step.value = cell_of(DATUM_POISON, 0);
  all->cause = interp_join(in, all->cause, step.value.cause);
  if (step.value.datum.kind == DATUM_POISON) all->is_poison = true;
  if (step.value.datum.kind < DATUM_ABSENT)
    all->items[all->count++] = step.value.datum;
}

static double number_attribute(const AstControl *control, Attr wanted,
                               double otherwise) {
  for (const AstAttr *attr = control->attrs; attr != NULL; attr = attr->next)
    if (attr->attr == wanted) return attr->value->u.num;
  return otherwise;
}

static Step run_loop(Interp *in, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  Cell list = interp_expr(in, stmt->expr);
  if (list.datum.kind == DATUM_POISON) return never_known(in, control);
  if (list.datum.kind == DATUM_ABSENT) return skipped(in, control, list.cause);
  if (list.datum.count == 0) interp_note(in, EVENT_LOOP_EMPTY);
  double open = number_attribute(control, ATTR_PARALLEL, LOOP_OPEN);
  if (list.datum.count > open) in->outcome->depth_is_open = true;
  Collected all = {.items = ARENA_ARRAY(in->arena, Datum, list.datum.count + 1),
                   .cause = list.cause};
  Cause before = in->control;
  in->control = interp_join(in, before, list.cause);
  if (may_print(in, control)) interp_chain(in, list.cause);
  for (uint32_t i = 0; i < list.datum.count; i++)
    iterate(in, control, &list, i, &all);
  in->control = before;
  touch_all(in, control, list.cause, false);
  Cell value = {datum_list(all.items, all.count), all.cause};
  if (all.is_poison) value.datum = datum_of(DATUM_POISON);
  return (Step){WAY_ON, value};
}

/* Whether one more step is to be done; false also when that will never be
 * known, which is noted in `*lost`. */
static bool goes_on(Interp *in, const AstStmt *stmt, double steps, double max,
                    bool *lost) {
  Cell cell = interp_expr(in, stmt->expr);
  in->control = interp_join(in, in->control, cell.cause);
  if (may_print(in, stmt->control)) interp_chain(in, cell.cause);
  *lost = cell.datum.kind == DATUM_POISON;
  if (cell.datum.kind != DATUM_BOOL) return false;
  if (!cell.datum.boolean)
    interp_note(in, EVENT_WHILE_ENDED);
  else if (steps >= max)
    interp_note(in, EVENT_WHILE_MAX);
  return cell.datum.boolean && steps < max;
}

static Step run_while(Interp *in, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  double max = number_attribute(control, ATTR_MAX, 0);
  Cause before = in->control;
  Step step = {WAY_ON, cell_of(DATUM_UNIT, 0)};
  bool lost = false;
  for (double steps = 0; goes_on(in, stmt, steps, max, &lost); steps++) {
    interp_note(in, EVENT_WHILE_STEP);
    step = interp_block(in, &control->arms->body);
    if (step.way == WAY_RETURNED || step.way == WAY_STUCK) break;
    if (interp_gave_up(in)) break;
  }
  if (lost) return never_known(in, control);
  touch_all(in, control, in->control, false);
  if (!may_return(control)) in->control = before;
  note_return(in, step);
  if (step.way == WAY_ENDED) step.way = WAY_ON;
  step.value = step.way == WAY_RETURNED ? step.value : cell_of(DATUM_UNIT, 0);
  return step;
}

/* ---- try ---------------------------------------------------------------- */

/* What `e` shows of the failures, where they agree. */
static Cell caught(Interp *in, const Scope *scope) {
  static const Slice keys[] = {{"message", 7}, {"code", 4}, {"node", 4}};
  static const char *const codes[] = {
#define X(name, text) text,
#include "tests/harness/codes.def"
#undef X
  };
  const Failure *first = &scope->failures.data[0];
  Datum *items = ARENA_ARRAY(in->arena, Datum, 3);
  items[0] = datum_text(first->message);
  items[1] = datum_text(slice_of(codes[first->code]));
  items[2] = datum_text(first->node);
  if (first->message.length == 0) items[0] = datum_of(DATUM_OPEN);
  if (first->node.length == 0) items[2] = datum_of(DATUM_OPEN);
  for (uint32_t i = 1; i < scope->failures.length; i++) {
    const Failure *other = &scope->failures.data[i];
    if (!slice_equal(other->message, first->message))
      items[0] = datum_of(DATUM_OPEN);
    if (other->code != first->code) items[1] = datum_of(DATUM_OPEN);
    if (!slice_equal(other->node, first->node)) items[2] = datum_of(DATUM_OPEN);
  }
  Cause cause = scope->failures.length == 1 ? first->cause : 0;
  return (Cell){{.kind = DATUM_MAP, .count = 3, .items = items, .keys = keys},
                cause};
}

static void close_scope(Scope *scope) {
  vec_free(&scope->failures);
  vec_free(&scope->lines);
  vec_free(&scope->roots);
}

/* What the body did is seen from outside. */
static void keep_scope(Interp *in, const Scope *scope) {
  interp_note(in, EVENT_TRY_HELD);
  for (uint32_t i = 0; i < scope->lines.length; i++)
    vec_push(&in->scope->lines, scope->lines.data[i]);
  for (uint32_t i = 0; i < scope->roots.length; i++)
    vec_push(&in->scope->roots, scope->roots.data[i]);
  in->scope->chain_broken |= scope->chain_broken;
}

/* Results come out when the body is quiet. */
static void hold(Interp *in, const AstControl *control, Cause quiet) {
  touch_all(in, control, quiet, false);
  for (const AstExport *e = control->exports; e != NULL; e = e->next) {
    Cell *cell = interp_cell(in, e->binding);
    cell->cause = interp_join(in, cell->cause, quiet);
  }
}

/* A body is quiet when its requests are over, its prints have had their turn
 * and what came from outside is there. */
static Cause quiet_after(Interp *in, const AstControl *control,
                         uint32_t deepest, uint32_t captured) {
  uint32_t depth = deepest > captured ? deepest : captured;
  bool prints = may_print(in, control);
  if (prints && in->chain > depth) depth = in->chain;
  if (prints) in->chain = depth;
  return interp_after(in, 0, depth);
}

static Step run_catch(Interp *in, const AstControl *control,
                      const Scope *scope) {
  interp_note(in, EVENT_TRY_FAILED);
  if (in->outcome->requests.length > scope->first_request)
    interp_note(in, EVENT_TRY_BOUNDED);
  Cell error = caught(in, scope);
  if (control->variable_binding != NULL)
    *interp_cell(in, control->variable_binding) = error;
  return take_arm(in, control, 1, error.cause);
}

static Step run_try(Interp *in, const AstStmt *stmt) {
  const AstControl *control = stmt->control;
  Activation *act = in->act;
  Cause before = in->control;
  uint32_t count = act->cells.length;
  Cell *cells = mem_alloc_zero(count + 1, sizeof *cells);
  if (count > 0) memcpy(cells, act->cells.data, count * sizeof *cells);
  Scope scope = {.outer = in->scope,
                 .first_request = in->outcome->requests.length,
                 .chain_broken = in->scope->chain_broken};
  uint32_t captured = interp_captured(in, control);
  in->scope = &scope;
  Step step = interp_block(in, &control->arms->body);
  in->scope = scope.outer;
  if (scope.failures.length == 0) {
    Cause quiet = quiet_after(in, control, scope.deepest, captured);
    keep_scope(in, &scope);
    export_arm(in, control, 0);
    hold(in, control, quiet);
    step.value.cause = interp_join(in, step.value.cause, quiet);
    note_return(in, step);
    in->control =
        may_return(control) ? interp_join(in, in->control, quiet) : before;
    if (step.way == WAY_ENDED) step = (Step){WAY_ON, cell_of(DATUM_POISON, 0)};
  } else {
    in->control = before;
    if (count > 0) memcpy(act->cells.data, cells, count * sizeof *cells);
    step = run_catch(in, control, &scope);
  }
  mem_free(cells);
  close_scope(&scope);
  return step;
}

/* ---- the whole ---------------------------------------------------------- */

static Step run_construct(Interp *in, const AstStmt *stmt) {
  switch (stmt->kind) {
    case STMT_IF:
      return run_if(in, stmt);
    case STMT_SWITCH:
      return run_switch(in, stmt);
    case STMT_LOOP:
      return run_loop(in, stmt);
    case STMT_WHILE:
      return run_while(in, stmt);
    case STMT_TRY:
      return run_try(in, stmt);
    default: /* PARALLEL: statements of the block around it */
      return interp_inline(in, &stmt->control->arms->body);
  }
}

Step interp_control(Interp *in, const AstStmt *stmt) {
  Step step = run_construct(in, stmt);
  const AstTarget *target = &stmt->target;
  if (step.way != WAY_ON || target->name.text.length == 0) return step;
  step.value.cause = interp_join(in, step.value.cause, in->control);
  if (target->binding != NULL)
    *interp_cell(in, target->binding) = step.value;
  else
    interp_observe(in, step.value.cause);
  return step;
}
