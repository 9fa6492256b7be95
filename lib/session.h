/* SPDX-License-Identifier: MIT
 *
 * One run of one flow, with a cancel that may come from any thread at any
 * moment, also before the run exists and after it is over. The engine under it
 * is shared and outlives it.
 *
 *     session_init -> session_start -> session_wait -> report.h -> session_free
 *                         session_cancel: whenever
 */
#ifndef APXM_LIB_SESSION_H
#define APXM_LIB_SESSION_H

#include <stdbool.h>

#include "core/base/thread.h"
#include "lib/program.h"
#include "runtime/engine/engine.h"

typedef struct Session {
  Engine *engine;         /* immutable after session_init */
  const Program *program; /* immutable after session_init */
  uint32_t flow;          /* the owner's */
  uint64_t started_at;    /* the owner's; clock_now() */
  uint64_t runtime_ns;    /* the owner's; from start to rest */
  Mutex lock;             /* guards the next two */
  Run *run;               /* NULL before session_start */
  bool is_cancelled;      /* somebody asked */
} Session;

typedef struct SessionStart {
  uint32_t flow;     /* row of FLOWS */
  const Value *args; /* one a parameter; the references are taken over */
  Output *output;    /* where print lines go, or NULL */
  bool keep_output;  /* for report_run_json */
  void (*finished)(void *user); /* as RunOptions; may be NULL */
  void *user;
  const char *phase;    /* as RunOptions; may be NULL */
  const char *name;     /* as RunOptions; may be NULL */
  RunObserver *event;   /* as RunOptions; may be NULL */
  Trace *trace;         /* as RunOptions; may be NULL */
  uint64_t deadline_ns; /* as RunOptions */
  bool keep_partial;    /* as RunOptions */
  void (*delta)(void *user, uint32_t attempt, Slice text); /* as RunOptions */
} SessionStart;

void session_init(Session *session, Engine *engine, const Program *program);
/* Fails when a backend cannot be used; then nothing has run. */
Status session_start(Session *session, const SessionStart *start,
                     Error *error) MUST_USE;

/* Any thread, from session_init to session_free. */
void session_cancel(Session *session);

/* Any thread, the same; nothing before session_start. */
void session_progress(Session *session, RunProgress *progress);

/* Blocks until the run has come to rest. */
void session_wait(Session *session);

/* After session_wait. */
RunStatus session_status(const Session *session);
void session_free(Session *session);

#endif
