/* SPDX-License-Identifier: MIT
 *
 * What the engine's own files share: the engine, its workers' private state,
 * a run, a pending node, and what a handler gets.
 */
#ifndef APXM_RUNTIME_ENGINE_RUN_H
#define APXM_RUNTIME_ENGINE_RUN_H

#include <stdalign.h>

#include "core/base/thread.h"
#include "core/base/vec.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure.h"
#include "runtime/engine/frame.h"
#include "runtime/engine/partial.h"
#include "runtime/engine/path.h"
#include "runtime/engine/pure.h"
#include "runtime/engine/scope.h"
#include "runtime/engine/window.h"
#include "runtime/sched/sched.h"

typedef struct EngineWorker EngineWorker;

/* Sums of phases of sampled nodes: written by one worker, read by anybody. */
typedef struct SampleSums {
  _Atomic uint64_t nodes, ready_ns, input_ns, dispatch_ns, route_ns, body_ns;
} SampleSums;

/* The private state of a worker, or of the I/O thread, which finishes calls and
 * runs short nodes itself; lives as long as the engine. */
struct EngineWorker {
  alignas(CACHE_LINE) Engine *engine;
  Worker *worker; /* set at each task */
  uint32_t index;
  /* Tokens for one wide join, counted here instead of in its slot. */
  Frame *join_frame; /* NULL: none held */
  uint32_t join_node;
  uint32_t join_count;
  uint32_t ticks;       /* nodes until the next look around (tick) */
  uint32_t tick_length; /* what ticks began with */
  uint32_t sample_in;   /* nodes until the next one is timed by phases */
  uint32_t sample_every;
  uint32_t weight; /* nodes that the one being timed stands for */
  bool is_alone;   /* the only worker: counters need no locked step */
  Value *scratch;  /* inputs of nodes with many */
  uint32_t scratch_capacity;
  SampleSums sums;
};

struct Engine {
  Sched *sched;
  Reactor *reactor;
  ModelClient *model;
  const Config *config; /* NULL: none */
  uint32_t worker_count;
  uint64_t lazy_ns;
  uint32_t window;           /* 0: as the backends need */
  bool has_tape;             /* calls are recorded or replayed */
  uint64_t clock_cost_ns;    /* what a look at the clock takes */
  EngineWorker *workers;     /* worker_count, and the I/O thread's */
  ReactorJob flush;          /* I/O thread only, as the next */
  bool is_flushing;          /* `flush` was posted and has not run */
  _Atomic uint64_t next_run; /* any thread */
};

/* What a worker counts for a run; written by it before it routes the token,
 * so whoever fires the last END sees all of it. */
typedef struct Tally {
  alignas(CACHE_LINE) uint64_t executed; /* work nodes of frames that ended */
  uint64_t drained;                      /* of these, fired without running */
  uint64_t skipped;                      /* of these, had an absent input */
  uint64_t failed;
  uint64_t frames;
  /* Read by anybody while the run goes on (run_progress). */
  _Atomic uint64_t requests, requests_failed, replies_cut;
  _Atomic uint64_t input_tokens, output_tokens;
  bool tokens_estimated;
  uint64_t attempts;      /* of these requests */
  uint64_t retry_wait_ns; /* before their further attempts */
  uint64_t service_ns;    /* T1: of model calls */
  Histogram latency, first_token, token_time;
} Tally;

/* A `while` that its `max` stopped. */
typedef struct Stop {
  uint32_t graph, node;
  uint64_t steps, times;
} Stop;

/* What firing a node must look at besides the node; usually nothing. */
typedef enum RunMode {
  RUN_DRAINING = 1,  /* some scope has failed or was cancelled (set under
                        scope_lock, before the scope says so): frames ask their
                        own */
  RUN_HAS_PATHS = 2, /* some token has a path: set before the first is routed */
  RUN_TRACED = 4,    /* somebody wants a trace: set before anything fires */
  RUN_HAS_ABSENT = 8 /* some token is absent: set before the first is routed */
} RunMode;

/* A number that goes up and down, and how high it was. Any thread. */
typedef struct Gauge {
  _Atomic uint32_t now;
  _Atomic uint32_t peak;
} Gauge;

/* A backend that some call of a run names. */
typedef struct RunBackend {
  ObjString name; /* of the attribute; the empty text is the default one */
  ModelBackend *backend;
  _Atomic uint32_t least, most; /* calls allowed at once, as this run saw it */
  uint64_t held_before;         /* ns, by others */
} RunBackend;

struct Run {
  /* Immutable after run_start. */
  Engine *engine;
  const Object *object;
  RunOptions options;
  Value *args;              /* taken by the entry frame */
  VEC(RunBackend) backends; /* that its calls may go to */
  uint64_t id;
  uint64_t started_at;
  SchedTimes times_before;
  OverheadSample samples_before;

  Tally *tallies; /* by worker, and the I/O thread's */
  PathPool paths;
  Gauge in_flight; /* dispatched and not completed */
  Gauge demand;    /* ready and not completed */

  Mutex pool_lock; /* guards pool */
  Frame **pool;    /* free frames by graph */

  _Atomic uint32_t mode; /* RunMode bits; set once each, read by workers */

  Mutex scope_lock; /* guards the scopes and the next five */
  RunStatus status; /* why it was cancelled; RUN_SUCCESS so far */
  Error error;
  RunFailure failure; /* its `call` aside: whose node failed, see failure.c */
  Stop stops[LIMIT_STOPPED_LOOPS];
  uint32_t stop_count;

  Scope scope; /* the outermost: all of the run */
  Window window;
  Partial partial; /* of keep_partial */

  Timer deadline; /* set by run_start if there is one; I/O thread */

  Value result; /* the entry's; ordered by its END */
  RunMetrics metrics;

  Mutex done_lock; /* guards finished */
  Cond done;
  bool finished;
};

/* A node that waits for somebody outside the workers. */
struct Pending {
  Frame *frame;
  uint32_t node;
  uint32_t path;     /* the longest that led here; holds a reference */
  uint64_t ready_at; /* clock_now() when its last token arrived */
  uint64_t begun_at; /* print: when it began to wait */
  void (*cancel)(Pending *pending); /* asks for an early end; under the scope
                                       lock, so it must not complete it here */
  Pending *next, *before; /* in its scope's list; guarded by scope_lock */
  bool submitted;         /* the same guard: the submitter has let go */
  bool finished;          /* the same guard: done before it had */
  bool cancel_wanted;     /* the same guard: cancelled before it had */
  bool is_model;          /* or it waits for room in the output */
  Gate *gate;             /* of a `try` that waits for room; else NULL */
  ModelBackend *backend;  /* of a model call */
  ModelRequest request;
  OutputWaiter waiter;
};

typedef enum Outcome {
  OUTCOME_VALUE,   /* *result is the value, one reference */
  OUTCOME_PENDING, /* somebody will finish it */
  OUTCOME_FAILED   /* run_fail was called */
} Outcome;

/* One node being fired. */
typedef struct Firing {
  EngineWorker *worker;
  Frame *frame;
  uint32_t node;
  uint32_t path; /* the longest of the inputs; not counted for this */
  Value *in;     /* value inputs; a handler that keeps one puts VALUE_UNIT
                        in its place */
  uint32_t in_count;
  uint64_t begun_at; /* of a work node in a traced run; 0: not to be recorded
                        (any more) */
  bool draining;     /* the scope has failed or was cancelled */
  bool has_paths;    /* some token of the run has a path */
  bool has_absent;   /* some token of the run is absent */
  Pending *finished; /* a timed node that completed at once: account for it */
} Firing;

typedef Outcome (*Handler)(Firing *firing, Value *result);

/* The handler of each op that is not part of a frame's plumbing. */
extern const Handler handler_table[OP_COUNT];

/* ---- fire.c ---- */

void fire_task(void *engine, Worker *worker, Task task);
void fire_settle(void *engine, Worker *worker);

/* I/O thread: a pending node was finished by it and has left the scope. What
 * this makes ready and is short runs here, so that it costs no wake-up; the
 * rest goes to the workers when the thread's turn is over. With one worker all
 * goes to that one, which alone changes counters then. */
void fire_finish_here(Engine *engine, Pending *pending);
void fire_flush(ReactorJob *job);

/* ---- call_model.c, print.c ---- */

/* A pending node has completed: counts it and gives its value. */
Outcome model_complete(Firing *firing, Pending *pending, Value *result);
Outcome print_complete(Firing *firing, Pending *pending, Value *result);
Outcome model_call(Firing *firing, Value *result);
Outcome print_line(Firing *firing, Value *result);

typedef enum PrintOutcome {
  PRINT_WRITTEN, /* at once, or the scope drains: `pending` was not needed */
  PRINT_WAITS,   /* TASK_FINISH will come */
  PRINT_WAITED   /* it waited, and has left the scope already */
} PrintOutcome;

/* What waits for room in the output; its path is the caller's. */
Pending *print_pending(Frame *frame, uint32_t node, uint32_t path,
                       uint64_t ready_at);
/* Hands `text` to the output; `firing` is recorded before it waits, or NULL. */
PrintOutcome print_write(Pending *pending, Slice text, Firing *firing);
/* The path with the wait; a reference. */
uint32_t print_extend_path(Pending *pending);

/* ---- try.c ---- */

/* There is room for the lines of a body that succeeded. True: the node is done,
 * and its token is to be routed. */
bool try_resume(EngineWorker *worker, Pending *pending);

/* ---- absent.c ---- */

/* The first absent token is about to be routed. */
void absent_announce(Run *run);
/* Looks for absent inputs. True: the node is skipped, `result` is what it
 * yields. */
bool absent_skips(Firing *firing, Value *result);

/* ---- control.c ---- */

Outcome control_guard(Firing *firing, Value *result);
Outcome control_err(Firing *firing, Value *result);
Outcome control_absent(Firing *firing, Value *result);

/* ---- stream.c ---- */

/* Whether the value of this node, a text, is the flow's result as it is. */
bool stream_is_result(const Frame *frame, uint32_t node);

/* ---- failure.c ---- */

/* Under scope_lock: the run ends because of `code`. */
void failure_begin(RunFailure *failure, const char *code);
/* The call of the node that ended the run; takes what a report needs. */
void failure_keep_call(Pending *pending);
/* The same of a call that was cancelled, if all of the run ends. */
void failure_keep_open(Pending *pending);

/* ---- scope.c ---- */

/* Any thread: the run's time is over. */
void run_expire(Timer *timer);

/* ---- backends.c ---- */

/* Fills run->backends: makes every backend that the run's flow may call. */
Status run_find_backends(Run *run, Error *error) MUST_USE;
/* The one that the call of node `row` (of NODES) goes to. */
ModelBackend *run_backend_at(const Run *run, uint32_t row);
/* Calls that may ever be open at once on all its backends together. */
uint32_t run_in_flight_bound(const Run *run);
/* Any thread: a call goes to `backend`, which allows so many now. */
void run_see_limit(Run *run, ModelBackend *backend);
/* Fills in_flight_limit, in_flight_least and held_ns. */
void run_fill_limits(const Run *run, WorkSpan *span);

/* ---- report.c ---- */

/* Fills run->metrics; called once, by the worker that fires the last END,
 * with the longest path that led there. */
void report_fill(Run *run, uint32_t path);
void report_samples(const Engine *engine, OverheadSample *sums);
/* "Agent.flow: name (op)", cut to `size`. */
void report_label(const Object *object, uint32_t graph, uint32_t node,
                  char *label, size_t size);
/* The `while` in `node` was stopped after `steps` with its condition true. */
void run_warn(const Frame *frame, uint32_t node, uint64_t steps);

/* ---- observe.c ---- */

/* Records the node being fired, if `begun_at` says so: before its token is
 * routed or it is given up, while its frame is there for certain. */
void observe_fired(Firing *firing);
/* Records that a node which had waited was taken up at `begun_at`; the same. */
void observe_resumed(const Firing *firing, uint64_t begun_at);
/* Records a frame: END has fired, the parent is still there. */
void observe_frame(const EngineWorker *worker, const Frame *frame);
/* A call left admission; any thread. */
void observe_started(const Pending *pending);
/* An attempt failed, and another follows: with -v a line says so. */
void observe_paused(const Pending *pending);
/* I/O thread: it learnt of the reply. */
void observe_reply(const Pending *pending);
/* A worker counts a call that has ended, or was never sent. */
void observe_ended(const EngineWorker *worker, const Pending *pending);

static inline Tally *run_tally(const EngineWorker *worker, const Frame *frame) {
  return &frame->run->tallies[worker->index];
}

/* clock_now() of its deadline; 0: none. */
static inline uint64_t run_ends_at(const Run *run) {
  uint64_t most = run->options.deadline_ns;
  return most > 0 ? run->started_at + most : 0;
}

/* A handler that may go pending is done with its inputs before it submits:
 * after that the object, and with it the constants, may be gone. */
static inline void firing_drop_inputs(Firing *firing) {
  for (uint32_t i = 0; i < firing->in_count; i++) value_drop(firing->in[i]);
  firing->in_count = 0;
}

static inline bool frame_is_model_call(const Frame *frame, uint32_t node) {
  return op_table[frame->nodes[node].op].effect == EFFECT_MODEL;
}

/* To a sum that one thread writes and others read. */
static inline void add_sum(_Atomic uint64_t *sum, uint64_t amount) {
  store_relaxed(sum, load_relaxed(sum) + amount);
}

static inline void gauge_up(Gauge *gauge) {
  uint32_t now = add_relaxed(&gauge->now, 1) + 1;
  uint32_t peak = load_relaxed(&gauge->peak);
  while (now > peak && !atomic_compare_exchange_weak_explicit(
                           &gauge->peak, &peak, now, memory_order_relaxed,
                           memory_order_relaxed)) {
  }
}

static inline void gauge_down(Gauge *gauge) {
  atomic_fetch_sub_explicit(&gauge->now, 1, memory_order_relaxed);
}

#endif
