/* SPDX-License-Identifier: MIT
 *
 * The lock is for one race: a cancel (a signal, a broken pipe, another thread,
 * an event of the run itself) that arrives while run_start is still on its way
 * to return the handle. It is held over run_start, so that who cancels from
 * within the run finds it: what happened in its node is not over then.
 */
#include "lib/session.h"

#include "core/base/clock.h"

void session_init(Session *session, Engine *engine, const Program *program) {
  *session = (Session){.engine = engine, .program = program};
  mutex_init(&session->lock);
}

Status session_start(Session *session, const SessionStart *start,
                     Error *error) {
  RunOptions options = {.flow = start->flow,
                        .args = start->args,
                        .output = start->output,
                        .keep_output = start->keep_output,
                        .finished = start->finished,
                        .user = start->user,
                        .phase = start->phase,
                        .name = start->name,
                        .event = start->event,
                        .trace = start->trace,
                        .deadline_ns = start->deadline_ns,
                        .keep_partial = start->keep_partial,
                        .delta = start->delta};
  session->flow = start->flow;
  session->started_at = clock_now();
  mutex_lock(&session->lock);
  Run *run =
      run_start(session->engine, session->program->object, &options, error);
  session->run = run;
  bool cancel = run && session->is_cancelled;
  mutex_unlock(&session->lock);
  if (cancel) run_cancel(run);
  return run ? STATUS_OK : error->status;
}

/* The handle stays valid after the lock is left: only session_free frees it,
 * and nobody may cancel any more by then. */
void session_cancel(Session *session) {
  mutex_lock(&session->lock);
  session->is_cancelled = true;
  Run *run = session->run;
  mutex_unlock(&session->lock);
  if (run) run_cancel(run);
}

void session_progress(Session *session, RunProgress *progress) {
  mutex_lock(&session->lock);
  Run *run = session->run;
  mutex_unlock(&session->lock);
  *progress = (RunProgress){0};
  if (run) run_progress(run, progress);
}

void session_wait(Session *session) {
  run_wait(session->run);
  session->runtime_ns = clock_now() - session->started_at;
}

RunStatus session_status(const Session *session) {
  return run_status(session->run);
}

void session_free(Session *session) {
  if (session->run) run_free(session->run);
  session->run = NULL;
  mutex_destroy(&session->lock);
}
