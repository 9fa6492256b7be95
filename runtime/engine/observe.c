/* SPDX-License-Identifier: MIT
 *
 * What a run tells while it goes on: to a trace, to who listens to its calls,
 * and to who asks how far it is. Records of a node are made while its frame is
 * there for certain: before its token is routed or, when it waits for somebody,
 * before the submitter lets go of it. So all of them are ordered before the
 * run's end.
 */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "runtime/engine/run.h"

static TraceSpot spot_of(const Frame *frame, uint32_t node) {
  return (TraceSpot){.frame = frame->trace_id, .graph = frame->graph, node};
}

/* ---- nodes and frames ---------------------------------------------------- */

void observe_fired(Firing *firing) {
  const Frame *frame = firing->frame;
  if (firing->begun_at == 0) return;
  trace_node(frame->run->options.trace, firing->worker->index, TRACE_FIRED,
             spot_of(frame, firing->node), firing->begun_at, clock_now());
  firing->begun_at = 0;
}

void observe_resumed(const Firing *firing, uint64_t begun_at) {
  const Frame *frame = firing->frame;
  trace_node(frame->run->options.trace, firing->worker->index, TRACE_RESUMED,
             spot_of(frame, firing->node), begun_at, clock_now());
}

void observe_frame(const EngineWorker *worker, const Frame *frame) {
  const Frame *parent = frame->parent;
  TraceFrame record = {.frame = frame->trace_id,
                       .graph = frame->graph,
                       .begin = frame->opened_at,
                       .end = clock_now()};
  if (parent != NULL) {
    record.parent = parent->trace_id;
    record.parent_graph = parent->graph;
    record.call = frame->call;
  }
  trace_frame(frame->run->options.trace, worker->index, &record);
}

/* ---- calls --------------------------------------------------------------- */

static Slice model_of(const Pending *pending) {
  Slice model = pending->request.model;
  return model.length > 0 ? model
                          : slice_of(model_backend_model(pending->backend));
}

static void record_call(const EngineWorker *worker, const Pending *pending) {
  const ModelRequest *request = &pending->request;
  TraceCall call = {.spot = spot_of(pending->frame, pending->node),
                    .queued_at = request->queued_at,
                    .dispatched_at = request->dispatched_at,
                    .connected_at = request->connected_at,
                    .first_byte_at = request->first_byte_at,
                    .completed_at = request->completed_at,
                    .backend = model_backend_name(pending->backend),
                    .model = model_of(pending),
                    .input_tokens = request->input_tokens,
                    .output_tokens = request->output_tokens,
                    .tokens_estimated = request->tokens_estimated,
                    .status = request->status};
  trace_call(pending->frame->run->options.trace, worker->index, &call);
}

/* What the event says of the end of a call. */
static void add_end(const ModelRequest *request, RunEvent *event) {
  event->kind = RUN_EVENT_CALL_ENDED;
  event->first_byte_at = request->first_byte_at;
  event->completed_at = request->completed_at;
  event->input_tokens = request->input_tokens;
  event->output_tokens = request->output_tokens;
  event->tokens_estimated = request->tokens_estimated;
  event->status = request->status;
  if (request->status != STATUS_OK) event->error = buf_slice(&request->reply);
}

static void tell(const Pending *pending, RunEventKind kind) {
  const Frame *frame = pending->frame;
  const Run *run = frame->run;
  const Object *object = run->object;
  const ObjPlace *place = &object->places[frame->nodes[pending->node].place];
  char label[96];
  report_label(object, frame->graph, pending->node, label, sizeof label);
  RunEvent event = {.kind = RUN_EVENT_CALL_STARTED,
                    .run = run->id,
                    .call = pending->request.age,
                    .label = label,
                    .file = object_text(object, place->file),
                    .line = place->line,
                    .column = place->column,
                    .backend = model_backend_name(pending->backend),
                    .prompt = buf_slice(&pending->request.prompt),
                    .model = model_of(pending),
                    .queued_at = pending->request.queued_at,
                    .dispatched_at = pending->request.dispatched_at};
  if (kind == RUN_EVENT_CALL_ENDED) add_end(&pending->request, &event);
  run->options.event(run->options.user, &event);
}

void observe_started(const Pending *pending) {
  if (pending->frame->run->options.event != NULL)
    tell(pending, RUN_EVENT_CALL_STARTED);
}

void observe_paused(const Pending *pending) {
  const ModelRequest *request = &pending->request;
  const Run *run = pending->frame->run;
  const ModelAttempt *failed =
      &request->attempts.data[request->attempts.length - 1];
  char label[96];
  if (!log_is_on(LOG_LEVEL_INFO)) return;
  report_label(run->object, pending->frame->graph, pending->node, label,
               sizeof label);
  log_info("%s: attempt %u of %u: %s: %s; the next in %.3f s (retry seed %llu)",
           label, request->attempt, request->retries + 1,
           model_problem_text(failed->problem), failed->cause,
           (double)failed->waited_ns / (double)NS_PER_S,
           (unsigned long long)model_client_retry_seed(run->engine->model));
}

void observe_reply(const Pending *pending) {
  Trace *trace = pending->frame->run->options.trace;
  if (trace == NULL) return;
  uint64_t now = clock_now();
  trace_node(trace, trace_io_lane(trace), TRACE_REPLY,
             spot_of(pending->frame, pending->node), now, now);
}

void observe_ended(const EngineWorker *worker, const Pending *pending) {
  const RunOptions *options = &pending->frame->run->options;
  if (options->trace != NULL) record_call(worker, pending);
  if (options->event != NULL && pending->request.dispatched_at != 0)
    tell(pending, RUN_EVENT_CALL_ENDED);
}

/* ---- progress ------------------------------------------------------------ */

void run_progress(const Run *run, RunProgress *progress) {
  uint32_t open = load_relaxed(&run->in_flight.now);
  uint32_t wanted = load_relaxed(&run->demand.now);
  *progress = (RunProgress){.open = open,
                            .waiting = wanted > open ? wanted - open : 0,
                            .elapsed_ns = clock_now() - run->started_at};
  for (uint32_t i = 0; i <= run->engine->worker_count; i++) {
    const Tally *tally = &run->tallies[i];
    progress->done += load_relaxed(&tally->requests);
    progress->failed += load_relaxed(&tally->requests_failed);
    progress->input_tokens += load_relaxed(&tally->input_tokens);
    progress->output_tokens += load_relaxed(&tally->output_tokens);
  }
}
