/* SPDX-License-Identifier: MIT
 *
 * How a scope ends: the first failure or a cancel marks it and all that are
 * open in it, asks every node that waits for somebody outside to come back,
 * and from then on their nodes fire without running. The scope is over when
 * all of them have come back: a cancelled call is acknowledged, never
 * forgotten. Both ends of waiting may race: the submitter lets go
 * (scope_submitted) and somebody finishes the node (scope_leave); whoever comes
 * second goes on with it.
 *
 * One lock a run guards all its scopes.
 */
#include "runtime/engine/scope.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "runtime/engine/run.h"

/* ---- nodes that wait ----------------------------------------------------- */

static void list_add(Scope *scope, Pending *pending) {
  pending->before = NULL;
  pending->next = scope->pending;
  if (scope->pending != NULL) scope->pending->before = pending;
  scope->pending = pending;
}

void scope_unlink(Pending *pending) {
  Scope *scope = pending->frame->scope;
  if (pending->before != NULL)
    pending->before->next = pending->next;
  else
    scope->pending = pending->next;
  if (pending->next != NULL) pending->next->before = pending->before;
}

bool scope_enter(Pending *pending) {
  Scope *scope = pending->frame->scope;
  mutex_lock(&scope->run->scope_lock);
  bool open = !scope_is_draining(scope);
  if (open) list_add(scope, pending);
  mutex_unlock(&scope->run->scope_lock);
  return open;
}

bool scope_submitted(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  pending->submitted = true;
  bool finished = pending->finished;
  if (finished)
    scope_unlink(pending);
  else if (pending->cancel_wanted)
    pending->cancel(pending);
  mutex_unlock(&run->scope_lock);
  return finished;
}

bool scope_leave(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  bool submitted = pending->submitted;
  if (submitted)
    scope_unlink(pending);
  else
    pending->finished = true;
  mutex_unlock(&run->scope_lock);
  return submitted;
}

void scope_withdraw(Pending *pending) {
  Run *run = pending->frame->run;
  mutex_lock(&run->scope_lock);
  scope_unlink(pending);
  mutex_unlock(&run->scope_lock);
}

/* ---- draining; under scope_lock ------------------------------------------ */

static void drain_one(Scope *scope) {
  store_release(&scope->is_draining, true);
  Pending *next;
  for (Pending *pending = scope->pending; pending != NULL; pending = next) {
    next = pending->next; /* a cancel may take it out of the list */
    if (pending->submitted)
      pending->cancel(pending);
    else
      pending->cancel_wanted = true;
  }
}

/* The one after `scope` among those open in `top`, a parent before what is open
 * in it: a walk without recursion, for they may lie a thousand calls deep. */
static Scope *next_within(const Scope *top, Scope *scope) {
  if (scope->inner != NULL) return scope->inner;
  while (scope != top && scope->next == NULL) scope = scope->parent;
  return scope == top ? NULL : scope->next;
}

/* The mode first: a gate asks its scope alone and then hands poison on, which
 * nobody may take for a value. */
static void drain_all(Scope *top) {
  atomic_fetch_or(&top->run->mode, RUN_DRAINING);
  for (Scope *scope = top; scope != NULL; scope = next_within(top, scope))
    if (!scope_is_draining(scope)) drain_one(scope);
}

/* All of it drains, unless something has ended it before. */
static void end_run(Run *run, RunStatus status) {
  if (scope_is_draining(&run->scope)) return;
  run->status = status;
  failure_begin(&run->failure,
                status == RUN_EXPIRED ? "deadline" : "cancelled");
  drain_all(&run->scope);
}

void run_cancel(Run *run) {
  mutex_lock(&run->scope_lock);
  end_run(run, RUN_CANCELLED);
  mutex_unlock(&run->scope_lock);
}

void run_expire(Timer *timer) {
  Run *run = (Run *)((char *)timer - offsetof(Run, deadline));
  mutex_lock(&run->scope_lock);
  end_run(run, RUN_EXPIRED);
  mutex_unlock(&run->scope_lock);
}

/* ---- failures ------------------------------------------------------------ */

/* The name it is bound to; empty for none. */
static Slice bound_name(const Object *object, uint32_t row) {
  const ObjConst *name = object_attr(object, row, ATTR_NAME);
  return name == NULL ? (Slice){0} : object_text(object, name->string);
}

/* "FILE:LINE:COL: in Agent.flow > Agent.other, ask `x`: ". */
static void add_where(const Frame *frame, uint32_t row, Buf *out) {
  const Object *object = frame->run->object;
  const ObjPlace *place = &object->places[object->nodes[row].place];
  Slice name = bound_name(object, row);
  if (place->line > 0)
    buf_addf(out, "%.*s:%u:%u: ", SLICE_ARG(object_text(object, place->file)),
             place->line, place->column);
  buf_add_text(out, "in ");
  frame_add_path(frame, out);
  buf_addf(out, ", %s", op_table[object->nodes[row].op].text);
  if (name.length > 0) buf_addf(out, " `%.*s`", SLICE_ARG(name));
  buf_add_text(out, ": ");
}

/* The whole message is the run's error. Takes `cause`. */
static void fail_run(const Frame *frame, uint32_t node, FailureCode code,
                     Buf *cause) {
  Run *run = frame->run;
  RunFailure *failure = &run->failure;
  uint32_t row = run->object->graphs[frame->graph].first_node + node;
  Buf text = {0};
  add_where(frame, row, &text);
  buf_add_slice(&text, buf_slice(cause));
  run->status = RUN_FAILED;
  error_set(&run->error, STATUS_FAILED, "%s", text.data);
  buf_free(&text);
  failure_begin(failure, failure_text(code));
  failure->has_place = true;
  run_place(run, frame->graph, node, &failure->place);
  frame_add_path(frame, &failure->flow);
  failure->cause = *cause;
  *cause = (Buf){0};
}

/* What its `catch` will be told. Takes `cause`. */
static void fail_inner(Scope *scope, uint32_t row, FailureCode code,
                       Buf *cause) {
  const Object *object = scope->run->object;
  Slice name = bound_name(object, row);
  scope->has_failed = true;
  scope->code = code;
  scope->node =
      name.length > 0 ? name : slice_of(op_table[object->nodes[row].op].text);
  scope->cause = *cause;
  *cause = (Buf){0};
}

/* Under scope_lock. True: the run has ended by it. */
static bool fail_scope(Scope *scope, const Frame *frame, uint32_t node,
                       FailureCode code, Buf *cause) {
  Run *run = frame->run;
  if (scope_is_draining(scope)) {
    run->failure.more_failures++;
    return false;
  }
  if (scope->parent == NULL)
    fail_run(frame, node, code, cause);
  else
    fail_inner(scope, run->object->graphs[frame->graph].first_node + node, code,
               cause);
  drain_all(scope);
  return scope->parent == NULL;
}

bool run_fail(const Frame *frame, uint32_t node, FailureCode code,
              const char *format, ...) {
  Run *run = frame->run;
  /* What a tape lacks is no failure that a program could be prepared for. */
  Scope *scope = code == FAILURE_NOT_RECORDED ? &run->scope : frame->scope;
  Buf cause = {0};
  va_list args;
  va_start(args, format);
  buf_addv(&cause, format, args);
  va_end(args);
  mutex_lock(&run->scope_lock);
  bool is_end = fail_scope(scope, frame, node, code, &cause);
  mutex_unlock(&run->scope_lock);
  buf_free(&cause);
  return is_end;
}

/* ---- opening and closing ------------------------------------------------- */

bool scope_open(Scope *scope, Scope *parent) {
  Run *run = parent->run;
  scope->run = run;
  scope->parent = parent;
  mutex_lock(&run->scope_lock);
  bool open = !scope_is_draining(parent);
  if (open) {
    scope->next = parent->inner;
    if (scope->next != NULL) scope->next->before = scope;
    parent->inner = scope;
  }
  mutex_unlock(&run->scope_lock);
  return open;
}

static void unlink_inner(Scope *scope) {
  if (scope->before != NULL)
    scope->before->next = scope->next;
  else
    scope->parent->inner = scope->next;
  if (scope->next != NULL) scope->next->before = scope->before;
}

static void free_line(Slice line) {
  mem_free((void *)(uintptr_t)line.data);
}

/* To a `try` around it, which holds them; else to who keeps and who writes. */
static void hand_lines_on(Scope *scope, Buf *text) {
  Scope *parent = scope->parent;
  const RunOptions *options = &scope->run->options;
  bool is_run = parent->parent == NULL;
  for (uint32_t i = 0; i < scope->lines.length; i++) {
    Slice line = scope->lines.data[i];
    if (is_run && options->output != NULL) buf_add_slice(text, line);
    if (is_run && !options->keep_output)
      free_line(line);
    else
      vec_push(&parent->lines, line);
  }
  scope->lines.length = 0;
}

ScopeEnd scope_close(Scope *scope, Buf *text) {
  ScopeEnd end = SCOPE_SUCCEEDED;
  mutex_lock(&scope->run->scope_lock);
  unlink_inner(scope);
  if (scope_is_draining(scope))
    end = scope->has_failed && !scope_is_draining(scope->parent)
              ? SCOPE_FAILED
              : SCOPE_DRAINED;
  else
    hand_lines_on(scope, text);
  mutex_unlock(&scope->run->scope_lock);
  return end;
}

void scope_clear(Scope *scope) {
  for (uint32_t i = 0; i < scope->lines.length; i++)
    free_line(scope->lines.data[i]);
  vec_free(&scope->lines);
  buf_free(&scope->cause);
}

/* Locked, because only the compiler promises that prints are in one chain: an
 * object file made by hand may have two of them behind one token. */
void scope_keep_line(Scope *scope, Slice line) {
  char *copy = mem_alloc(line.length + 1);
  memcpy(copy, line.data, line.length);
  copy[line.length] = '\0';
  mutex_lock(&scope->run->scope_lock);
  vec_push(&scope->lines, slice_from(copy, line.length));
  mutex_unlock(&scope->run->scope_lock);
}
