/* SPDX-License-Identifier: MIT
 *
 * What a run measured, gathered once by the worker that fires the last END:
 * tallies of all workers, the longest path, and what the engine's workers
 * spent meanwhile (processor time, searching, idling: sums over the engine,
 * so runs that share one see each other's).
 */
#include <stdio.h>
#include <string.h>

#include "core/base/clock.h"
#include "runtime/engine/run.h"

void report_samples(const Engine *engine, OverheadSample *sums) {
  *sums = (OverheadSample){0};
  for (uint32_t i = 0; i < engine->worker_count; i++) {
    const SampleSums *worker = &engine->workers[i].sums;
    sums->nodes += load_relaxed(&worker->nodes);
    sums->ready_ns += load_relaxed(&worker->ready_ns);
    sums->input_ns += load_relaxed(&worker->input_ns);
    sums->dispatch_ns += load_relaxed(&worker->dispatch_ns);
    sums->route_ns += load_relaxed(&worker->route_ns);
    sums->body_ns += load_relaxed(&worker->body_ns);
  }
}

static void fill_overhead(const Run *run, RunMetrics *metrics) {
  OverheadSample now;
  const OverheadSample *before = &run->samples_before;
  report_samples(run->engine, &now);
  metrics->overhead =
      (OverheadSample){.nodes = now.nodes - before->nodes,
                       .ready_ns = now.ready_ns - before->ready_ns,
                       .input_ns = now.input_ns - before->input_ns,
                       .dispatch_ns = now.dispatch_ns - before->dispatch_ns,
                       .route_ns = now.route_ns - before->route_ns,
                       .body_ns = now.body_ns - before->body_ns};
  SchedTimes times;
  sched_times(run->engine->sched, &times);
  metrics->steal_ns = times.steal_ns - run->times_before.steal_ns;
  metrics->idle_ns = times.idle_ns - run->times_before.idle_ns;
  metrics->work_span.cpu_ns = times.cpu_ns - run->times_before.cpu_ns;
}

static void fill_counts(const Run *run, RunMetrics *metrics) {
  for (uint32_t i = 0; i <= run->engine->worker_count; i++) {
    const Tally *tally = &run->tallies[i];
    /* A node may drain in another worker than its frame ends in. */
    metrics->nodes_executed += tally->executed - tally->drained;
    metrics->nodes_failed += tally->failed;
    metrics->nodes_skipped += tally->skipped;
    metrics->frames += tally->frames;
    metrics->requests += load_relaxed(&tally->requests);
    metrics->requests_failed += load_relaxed(&tally->requests_failed);
    metrics->replies_cut += load_relaxed(&tally->replies_cut);
    metrics->input_tokens += load_relaxed(&tally->input_tokens);
    metrics->output_tokens += load_relaxed(&tally->output_tokens);
    metrics->tokens_estimated |= tally->tokens_estimated;
    metrics->work_span.t1_ns += tally->service_ns;
    metrics->attempts += tally->attempts;
    metrics->retry_wait_ns += tally->retry_wait_ns;
    histogram_add_all(&metrics->latency, &tally->latency);
    histogram_add_all(&metrics->first_token, &tally->first_token);
    histogram_add_all(&metrics->token_time, &tally->token_time);
  }
}

/* "Agent.flow", also of a graph that is part of the flow. */
static Slice flow_name(const Object *object, uint32_t graph) {
  Slice name = object_text(object, object->graphs[graph].name);
  if (!(object->graphs[graph].flags & OBJ_GRAPH_NESTED)) return name;
  const char *end = memchr(name.data, '/', name.length);
  if (end != NULL) name.length = (size_t)(end - name.data);
  return name;
}

void report_label(const Object *object, uint32_t graph, uint32_t node,
                  char *label, size_t size) {
  uint32_t row = object->graphs[graph].first_node + node;
  const ObjConst *name = object_attr(object, row, ATTR_NAME);
  Slice flow = flow_name(object, graph);
  Slice bound = name == NULL ? (Slice){0} : object_text(object, name->string);
  snprintf(label, size, "%.*s: %.*s%s(%s)", SLICE_ARG(flow), SLICE_ARG(bound),
           bound.length > 0 ? " " : "", op_table[object->nodes[row].op].text);
  label[slice_valid_utf8(slice_of(label))] = '\0';
}

static void fill_step(const Run *run, const PathLink *link, PathStep *step) {
  const Object *object = run->object;
  uint32_t row = object->graphs[link->graph].first_node + link->node;
  const ObjNode *node = &object->nodes[row];
  report_label(object, link->graph, link->node, step->label,
               sizeof step->label);
  step->line = object->places[node->place].line;
  step->column = object->places[node->place].column;
  step->service_ns = link->service_ns;
  step->burden_ns = link->delay_ns;
}

static void fill_path(const Run *run, uint32_t path, WorkSpan *span) {
  if (path == 0) return;
  const PathLink *last = path_link(&run->paths, path);
  span->t_inf_ns = last->span_ns;
  span->burden_ns = last->burden_ns;
  span->path_nodes = last->count;
  uint32_t kept = last->kept < LIMIT_PATH_LINKS ? last->kept : LIMIT_PATH_LINKS;
  span->path_kept = kept;
  while (kept > 0) {
    const PathLink *link = path_link(&run->paths, path);
    fill_step(run, link, &span->path[--kept]);
    path = link->before;
  }
}

/* ---- warnings ------------------------------------------------------------ */

void run_warn(const Frame *frame, uint32_t node, uint64_t steps) {
  Run *run = frame->run;
  uint32_t i = 0;
  mutex_lock(&run->scope_lock);
  while (i < run->stop_count &&
         (run->stops[i].graph != frame->graph || run->stops[i].node != node))
    i++;
  if (i < LIMIT_STOPPED_LOOPS) {
    if (i == run->stop_count)
      run->stops[run->stop_count++] =
          (Stop){.graph = frame->graph, .node = node, .steps = steps};
    run->stops[i].times++;
  }
  mutex_unlock(&run->scope_lock);
}

/* Under scope_lock. */
static void fill_stopped(const Run *run, RunMetrics *metrics) {
  const Object *object = run->object;
  metrics->stopped_count = run->stop_count;
  for (uint32_t i = 0; i < run->stop_count; i++) {
    const Stop *stop = &run->stops[i];
    StoppedLoop *loop = &metrics->stopped[i];
    uint32_t row = object->graphs[stop->graph].first_node + stop->node;
    const ObjPlace *place = &object->places[object->nodes[row].place];
    report_label(object, stop->graph, stop->node, loop->label,
                 sizeof loop->label);
    loop->file = object_text(object, place->file);
    loop->line = place->line;
    loop->column = place->column;
    loop->steps = stop->steps;
    loop->times = stop->times;
  }
}

/* Under scope_lock: all calls have come back, so it is known what was open. */
static void tell_expired(Run *run) {
  const RunFailure *failure = &run->failure;
  error_set(&run->error, STATUS_FAILED,
            "the deadline of %g s has passed; model calls open: %u, waiting: "
            "%u",
            (double)run->options.deadline_ns / 1e9, failure->open,
            failure->paused + failure->waiting);
}

void report_fill(Run *run, uint32_t path) {
  RunMetrics *metrics = &run->metrics;
  WorkSpan *span = &metrics->work_span;
  metrics->duration_ns = clock_now() - run->started_at;
  mutex_lock(&run->scope_lock);
  metrics->status = run->status;
  if (run->status == RUN_EXPIRED) tell_expired(run);
  fill_stopped(run, metrics);
  mutex_unlock(&run->scope_lock);
  fill_counts(run, metrics);
  fill_overhead(run, metrics);
  fill_path(run, path, span);
  metrics->max_parallelism = load_relaxed(&run->in_flight.peak);
  if (metrics->max_parallelism == 0 && metrics->nodes_executed > 0)
    metrics->max_parallelism = 1;
  span->peak_demand = load_relaxed(&run->demand.peak);
  run_fill_limits(run, span);
  span->measured_ns = metrics->duration_ns;
  span->workers = run->engine->worker_count;
  work_span_judge(span);
}
