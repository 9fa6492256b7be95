/* SPDX-License-Identifier: MIT
 *
 * Which backend a call goes to. All that a run may call are made before its
 * first node fires, so a name that nobody knows or a key that is not set costs
 * no token.
 */
#include "core/base/mem.h"
#include "runtime/engine/run.h"

/* What finding the backends of a run goes through. */
typedef struct Search {
  Run *run;
  bool *is_seen;        /* by graph */
  VEC(uint32_t) graphs; /* reached, not looked at yet */
  Error *error;
} Search;

static void reach(Search *search, uint32_t graph) {
  if (search->is_seen[graph]) return;
  search->is_seen[graph] = true;
  vec_push(&search->graphs, graph);
}

static bool is_known(const Run *run, ObjString name) {
  for (uint32_t i = 0; i < run->backends.length; i++)
    if (run->backends.data[i].name == name) return true;
  return false;
}

/* What the attribute `backend` of a node says, or the empty text. */
static ObjString name_at(const Object *object, uint32_t row) {
  const ObjConst *name = object_attr(object, row, ATTR_BACKEND);
  return name == NULL ? 0 : name->string;
}

/* A program that could name an address could send the user's key there. */
static Status check_name(Slice name, Error *error) {
  if (!slice_contains(name, SLICE(":"))) return STATUS_OK;
  return error_set(error, STATUS_USAGE,
                   "backend `%.*s`: a program names a backend of the "
                   "configuration; an address stands there or after --backend",
                   SLICE_ARG(name));
}

/* The cause with the place of the call, unless it is about the default one,
 * which no call names. */
static Status fail_at(const Search *search, uint32_t row, const Error *cause) {
  const Object *object = search->run->object;
  const ObjPlace *place = &object->places[object->nodes[row].place];
  if (name_at(object, row) == 0 || place->line == 0)
    return error_set(search->error, cause->status, "%s", cause->message);
  return error_set(search->error, cause->status, "%.*s:%u:%u: %s",
                   SLICE_ARG(object_text(object, place->file)), place->line,
                   place->column, cause->message);
}

static void begin_limits(RunBackend *used) {
  ModelLimits limits;
  model_backend_limits(used->backend, &limits);
  used->least = used->most = model_backend_limit(used->backend);
  used->held_before = limits.held_ns;
}

/* The backend of the call in `row` is there. */
static Status make_ready(Search *search, uint32_t row) {
  Run *run = search->run;
  Error cause = {0};
  RunBackend used = {.name = name_at(run->object, row)};
  if (is_known(run, used.name)) return STATUS_OK;
  Slice text = object_text(run->object, used.name);
  if (check_name(text, &cause) == STATUS_OK)
    used.backend = model_client_backend(run->engine->model, text, &cause);
  if (used.backend == NULL) return fail_at(search, row, &cause);
  begin_limits(&used);
  vec_push(&run->backends, used);
  return STATUS_OK;
}

static Status look_at_graph(Search *search, uint32_t graph) {
  const Object *object = search->run->object;
  const ObjGraph *at = &object->graphs[graph];
  Status status = STATUS_OK;
  if (object->links[graph].outward_count == 0) return STATUS_OK;
  for (uint32_t i = 0; i < at->node_count && status == STATUS_OK; i++) {
    uint32_t row = at->first_node + i;
    Op op = object->ops[row];
    if (op_table[op].effect == EFFECT_MODEL) status = make_ready(search, row);
  }
  uint32_t end = object->nodes[at->first_node + at->node_count].arms;
  for (uint32_t i = object->nodes[at->first_node].arms; i < end; i++)
    reach(search, object->arms[i].graph);
  return status;
}

Status run_find_backends(Run *run, Error *error) {
  const Object *object = run->object;
  Search search = {
      .run = run,
      .is_seen = mem_alloc_zero((size_t)object->graph_count + 1, sizeof(bool)),
      .error = error};
  Status status = STATUS_OK;
  reach(&search, object->flows[run->options.flow].graph);
  while (search.graphs.length > 0 && status == STATUS_OK)
    status = look_at_graph(&search, vec_pop(&search.graphs));
  vec_free(&search.graphs);
  mem_free(search.is_seen);
  return status;
}

ModelBackend *run_backend_at(const Run *run, uint32_t row) {
  ObjString name = name_at(run->object, row);
  uint32_t i = 0;
  while (run->backends.data[i].name != name) i++;
  return run->backends.data[i].backend;
}

/* ---- how many calls may be open ------------------------------------------ */

static uint32_t cut(uint64_t count) {
  return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

uint32_t run_in_flight_limit(const Run *run) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < run->backends.length; i++)
    sum += model_backend_limit(run->backends.data[i].backend);
  return cut(sum);
}

uint32_t run_in_flight_bound(const Run *run) {
  uint64_t sum = 0;
  ModelLimits limits;
  for (uint32_t i = 0; i < run->backends.length; i++) {
    model_backend_limits(run->backends.data[i].backend, &limits);
    sum += limits.bound;
  }
  return cut(sum);
}

static void see_least(_Atomic uint32_t *least, uint32_t now) {
  uint32_t before = load_relaxed(least);
  while (now < before && !atomic_compare_exchange_weak(least, &before, now)) {
  }
}

static void see_most(_Atomic uint32_t *most, uint32_t now) {
  uint32_t before = load_relaxed(most);
  while (now > before && !atomic_compare_exchange_weak(most, &before, now)) {
  }
}

/* It changes with the replies; what changed is seen by the next call that
 * goes. */
void run_see_limit(Run *run, ModelBackend *backend) {
  uint32_t now = model_backend_limit(backend);
  for (uint32_t i = 0; i < run->backends.length; i++) {
    RunBackend *used = &run->backends.data[i];
    if (used->backend != backend) continue;
    see_least(&used->least, now);
    see_most(&used->most, now);
  }
}

void run_fill_limits(const Run *run, WorkSpan *span) {
  uint64_t least = 0, most = 0;
  for (uint32_t i = 0; i < run->backends.length; i++) {
    const RunBackend *used = &run->backends.data[i];
    ModelLimits limits;
    model_backend_limits(used->backend, &limits);
    least += load_relaxed(&used->least);
    most += load_relaxed(&used->most);
    span->held_ns += limits.held_ns - used->held_before;
  }
  span->in_flight_least = cut(least);
  span->in_flight_limit = cut(most);
}

const ModelBackend *run_backend(const Run *run) {
  const RunBackend *found = run->backends.data;
  for (uint32_t i = 0; i < run->backends.length; i++)
    if (run->backends.data[i].name == 0) found = &run->backends.data[i];
  return run->backends.length == 0 ? NULL : found->backend;
}
