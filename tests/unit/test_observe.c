/* SPDX-License-Identifier: MIT
 *
 * Watching runs from outside: the events of model calls, the figures of a run
 * that goes on, and traced runs, many at a time, that end in every way. Under
 * the thread sanitizer this shows that whatever is recorded is ordered before
 * the run's end.
 */
#include "runtime/engine/observe.h"

#include <stdio.h>
#include <string.h>

#include "core/base/atomic.h"
#include "core/base/clock.h"
#include "core/base/thread.h"
#include "core/object/build.h"
#include "runtime/engine/engine.h"
#include "runtime/metrics/trace_lanes.h"
#include "tests/unit/unit.h"

/* ---- programs ------------------------------------------------------------ */

static uint32_t add(Builder *b, Op op, uint32_t count, const ObjRef *inputs) {
  return build_node(b,
                    &(BuildNode){.op = op,
                                 .type = op == OP_END ? TYPE_VOID : TYPE_TEXT,
                                 .inputs = inputs,
                                 .input_count = count,
                                 .place = op == OP_ASK});
}

static Object *finish(Builder *b, TypeId result) {
  Buf bytes = {0};
  Error error = {0};
  build_flow(b, &(BuildFlow){.agent = SLICE("A"),
                             .name = SLICE("main"),
                             .result = result,
                             .entry = true});
  Status status = build_finish(b, &bytes, &error);
  build_free(b);
  if (status != STATUS_OK) fail_msg("%s", error.message);
  size_t size = bytes.length;
  Object *object = object_load((uint8_t *)buf_take(&bytes), size, &error);
  if (object == NULL) fail_msg("%s", error.message);
  return object;
}

/* A.main asks `count` things at once, in line 4, and yields all replies. */
static Object *many_asks(uint32_t count) {
  Builder *b = build_new(SLICE("t.ais"), 1);
  ObjRef inputs[1000];
  build_place(b, SLICE("t.ais"), 4, 2, 1);
  build_begin_graph(
      b, &(BuildGraph){.name = SLICE("A.main"), .result_count = 1});
  for (uint32_t i = 0; i < count; i++)
    inputs[i] = add(b, OP_ASK, 1, (ObjRef[]){OBJ_REF_CONST | build_num(b, i)});
  uint32_t join = add(b, OP_MERGE, count, inputs);
  uint32_t result = add(b, OP_RESULT, 1, &join);
  result |= OBJ_REF_ORDER;
  add(b, OP_END, 1, &result);
  build_end_graph(b);
  return finish(b, TYPE_TEXT);
}

static Engine *engine_with(const char *profile, uint32_t in_flight) {
  Error error = {0};
  EngineOptions options = {
      .workers = 2,
      .model = {.sim_profile = profile, .max_in_flight = in_flight}};
  Engine *engine = engine_new(&options, &error);
  if (engine == NULL) fail_msg("%s", error.message);
  return engine;
}

static Run *start(Engine *engine, const Object *object, RunOptions options) {
  Error error = {0};
  Run *run = run_start(engine, object, &options, &error);
  if (run == NULL) fail_msg("%s", error.message);
  return run;
}

/* ---- events -------------------------------------------------------------- */

/* What an observer has seen of a run. Any thread. */
typedef struct Seen {
  _Atomic uint32_t started, ended, cancelled, wrong;
  _Atomic uint32_t tokens;
  _Atomic bool is_over;
  _Atomic(Run *) to_cancel; /* by the first call that starts */
  _Atomic uint8_t calls[2000];
} Seen;

static bool is_right(Seen *seen, const RunEvent *event) {
  bool is_end = event->kind == RUN_EVENT_CALL_ENDED;
  uint32_t before = add_relaxed(&seen->calls[event->call % 2000], 1);
  return before == is_end && !seen->is_over && event->line == 4 &&
         event->column == 2 && slice_equal_text(event->file, "t.ais") &&
         strcmp(event->label, "A.main: (ask)") == 0 &&
         strcmp(event->backend, "sim") == 0 && event->dispatched_at != 0 &&
         event->dispatched_at >= event->queued_at &&
         (event->completed_at != 0) == is_end;
}

static void observe(void *user, const RunEvent *event) {
  Seen *seen = user;
  if (!is_right(seen, event)) add_relaxed(&seen->wrong, 1);
  if (event->kind == RUN_EVENT_CALL_STARTED) {
    add_relaxed(&seen->started, 1);
    Run *run = load_acquire(&seen->to_cancel);
    if (run != NULL) run_cancel(run);
    return;
  }
  add_relaxed(&seen->ended, 1);
  add_relaxed(&seen->tokens, event->input_tokens + event->output_tokens);
  if (event->status == STATUS_CANCELLED) add_relaxed(&seen->cancelled, 1);
}

static void is_over(void *user) {
  Seen *seen = user;
  seen->is_over = true;
}

/* Fewer slots than calls: most of them leave admission on the I/O thread. */
CASE(calls_are_told_of) {
  (void)state;
  Object *object = many_asks(100);
  static const char *const profiles[] = {"instant", "fixed:2"};
  for (int i = 0; i < 2; i++) {
    Seen seen = {0};
    Engine *engine = engine_with(profiles[i], 10);
    Run *run = start(
        engine, object,
        (RunOptions){.event = observe, .finished = is_over, .user = &seen});
    run_wait(run);
    assert_int_equal(run_status(run), RUN_SUCCESS);
    assert_int_equal(seen.wrong, 0);
    assert_int_equal(seen.started, 100);
    assert_int_equal(seen.ended, 100);
    assert_int_equal(seen.tokens, run_metrics(run)->input_tokens +
                                      run_metrics(run)->output_tokens);
    run_free(run);
    engine_free(engine);
  }
  object_free(object);
}

CASE(an_observer_may_cancel) {
  (void)state;
  Object *object = many_asks(500);
  Engine *engine = engine_with("fixed:100000", 100);
  Seen seen = {0};
  Run *run =
      start(engine, object, (RunOptions){.event = observe, .user = &seen});
  store_release(&seen.to_cancel, run);
  run_cancel(run); /* all may have started before it was known whom to cancel */
  run_wait(run);
  assert_int_equal(run_status(run), RUN_CANCELLED);
  assert_int_equal(seen.started, seen.ended);
  assert_int_equal(seen.cancelled, seen.ended);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- progress ------------------------------------------------------------ */

CASE(progress_is_seen_from_outside) {
  (void)state;
  enum { CALLS = 200, SLOTS = 10 };
  Object *object = many_asks(CALLS);
  Engine *engine = engine_with("fixed:10", SLOTS);
  Run *run = start(engine, object, (RunOptions){0});
  RunProgress now = {0}, last = {0};
  bool was_waiting = false;
  while (now.done < CALLS) {
    run_progress(run, &now);
    assert_true(now.open <= SLOTS && now.waiting + now.open <= CALLS);
    assert_true(now.done >= last.done && now.elapsed_ns >= last.elapsed_ns);
    was_waiting |= now.waiting > 0 && now.open == SLOTS;
    last = now;
  }
  run_wait(run);
  run_progress(run, &now);
  assert_true(was_waiting);
  assert_int_equal(now.open + now.waiting + now.failed, 0);
  assert_int_equal(now.input_tokens, run_metrics(run)->input_tokens);
  assert_int_equal(now.output_tokens, run_metrics(run)->output_tokens);
  run_free(run);
  engine_free(engine);
  object_free(object);
}

/* ---- traces -------------------------------------------------------------- */

typedef struct Counts {
  uint32_t fired, frames, calls;
} Counts;

static Counts count_records(const Trace *trace) {
  Counts counts = {0};
  for (uint32_t i = 0; i < trace->lane_count; i++) {
    const TraceChunk *chunk = trace->lanes[i].first;
    for (; chunk != NULL; chunk = chunk->next)
      for (size_t at = 0; at < chunk->used;) {
        const NodeRecord *record = (const void *)(chunk->records + at);
        bool is_node = record->kind == RECORD_NODE;
        bool is_frame = record->kind == RECORD_FRAME;
        counts.fired += is_node && record->event == TRACE_FIRED;
        counts.frames += is_frame;
        counts.calls += record->kind == RECORD_CALL;
        at += is_node    ? sizeof(NodeRecord)
              : is_frame ? sizeof(FrameRecord)
                         : sizeof(CallRecord);
      }
  }
  return counts;
}

/* Runs and cancels at any moment; the trace is read as soon as the run is
 * over. */
CASE(traces_are_whole_when_the_run_is_over) {
  (void)state;
  enum { CALLS = 200, ROUNDS = 40 };
  Object *object = many_asks(CALLS);
  static const char *const profiles[] = {"instant", "fixed:1"};
  for (int round = 0; round < ROUNDS; round++) {
    Engine *engine = engine_with(profiles[round % 2], round % 3 == 0 ? 20 : 0);
    Trace *trace = trace_new(engine_workers(engine));
    Run *run = start(engine, object, (RunOptions){.trace = trace});
    bool is_cut = round % 4 == 3;
    if (is_cut) run_cancel(run);
    run_wait(run);
    Counts counts = count_records(trace);
    assert_int_equal(counts.frames, run_metrics(run)->frames);
    assert_true(counts.calls >= run_metrics(run)->requests);
    if (!is_cut)
      assert_int_equal(counts.fired, run_metrics(run)->nodes_executed);
    if (!is_cut) assert_int_equal(counts.calls, CALLS);
    assert_int_equal(trace_dropped(trace), 0);
    run_free(run);
    trace_free(trace);
    engine_free(engine);
  }
  object_free(object);
}

int main(void) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(calls_are_told_of),
      cmocka_unit_test(an_observer_may_cancel),
      cmocka_unit_test(progress_is_seen_from_outside),
      cmocka_unit_test(traces_are_whole_when_the_run_is_over),
  };
  return RUN(cases);
}
