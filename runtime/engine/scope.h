/* SPDX-License-Identifier: MIT
 *
 * What fails together: a run, or the body of a `try` within it. Scopes make a
 * tree; who fails or cancels one drains it with all that are open in it, and
 * nothing outside of it.
 *
 * A node that waits for somebody outside is in the list of its frame's scope
 * from before it is submitted until it is finished, so that it can be asked to
 * come back.
 */
#ifndef APXM_RUNTIME_ENGINE_SCOPE_H
#define APXM_RUNTIME_ENGINE_SCOPE_H

#include <stdbool.h>

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/slice.h"
#include "core/base/vec.h"
#include "runtime/engine/failure.h"
#include "runtime/engine/frame.h"

typedef struct Pending Pending;
typedef struct Scope Scope;

typedef VEC(Slice) LineVec; /* each a block of its own */

struct Scope {
  Run *run;                 /* immutable */
  Scope *parent;            /* immutable; NULL: the run's own */
  _Atomic bool is_draining; /* set once, under scope_lock, after the run's mode
                               said that some scope is; released so that who
                               sees it sees that, too; acquired by workers */
  /* The rest is guarded by the run's scope_lock. */
  Scope *inner;         /* open in this one: the first of a list */
  Scope *next, *before; /* in that list of the parent */
  Pending *pending;     /* nodes that wait for somebody outside */
  bool has_failed;      /* by itself, so the next three say why */
  FailureCode code;
  Slice node; /* the name it is bound to, or its op; of the object */
  Buf cause;
  LineVec lines; /* print lines, in the order of the output token: of the run,
                    kept for who asks; of a `try`, held until it succeeds */
};

static inline bool scope_is_draining(const Scope *scope) {
  return load_acquire(&scope->is_draining);
}

/* Opens `scope`, zeroed, in `parent`. False: that one drains. */
bool scope_open(Scope *scope, Scope *parent);

typedef enum ScopeEnd {
  SCOPE_SUCCEEDED,
  SCOPE_FAILED, /* by itself; the parent goes on */
  SCOPE_DRAINED /* with its parent */
} ScopeEnd;

/* Nothing in it is pending any more. After success its lines go to the parent;
 * `text` gets what is to be written now, if the parent is the run. */
ScopeEnd scope_close(Scope *scope, Buf *text);

/* Drops what it holds. */
void scope_clear(Scope *scope);

/* A print line, copied. */
void scope_keep_line(Scope *scope, Slice line);

/* Registers a node that is about to wait; false when its scope drains. */
bool scope_enter(Pending *pending);
/* The submitter lets go. True: it finished meanwhile and left the scope, go
 * on with it here. False: it is not yours any more. */
bool scope_submitted(Pending *pending);
/* Finished by somebody else: true when it has left the scope and its token
 * must be routed by whoever calls; false when the submitter will. */
bool scope_leave(Pending *pending);
/* It completed without waiting. */
void scope_withdraw(Pending *pending);
/* The same under the scope lock: for Pending.cancel. */
void scope_unlink(Pending *pending);

/* Fails the scope that `frame` is in because of `node`: the first cause is
 * kept, the frames of the scope drain. The text is the cause alone. True: that
 * ended the run, so it is what a report tells of. */
bool run_fail(const Frame *frame, uint32_t node, FailureCode code,
              const char *format, ...) PRINTF_LIKE(4, 5);

#endif
