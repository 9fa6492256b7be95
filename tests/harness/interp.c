/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: calls, causes, failures, and the outcome.
 */
#include "tests/harness/interp_parts.h"

#include "core/base/mem.h"

enum { DEPTH_MAX = 200, STEPS_MAX = 400000 };

const char *const interp_event_texts[EVENT_COUNT] = {
#define X(name, text) text,
#include "tests/harness/events.def"
#undef X
};

/* The event that counts failures of each code. */
static const InterpEvent code_events[CODE_COUNT] = {
#define X(name, text) EVENT_FAIL_##name,
#include "tests/harness/codes.def"
#undef X
};

void interp_note(Interp *in, InterpEvent event) {
  in->outcome->events[event]++;
}

void interp_undecided(Interp *in, const char *why) {
  if (in->outcome->undecided) return;
  in->outcome->undecided = true;
  in->outcome->why_undecided = why;
}

bool interp_gave_up(Interp *in) {
  if (++in->steps > STEPS_MAX) interp_undecided(in, "it goes on too long");
  return in->outcome->undecided;
}

Slice interp_keep(Interp *in, Buf *buf) {
  const char *data = buf->length > 0 ? buf->data : "";
  Slice kept =
      slice_from(arena_copy(in->arena, data, buf->length), buf->length);
  buf_free(buf);
  return kept;
}

Cell *interp_cell(Interp *in, AstBinding *binding) {
  Activation *act = in->act;
  if (binding->ir == 0) binding->ir = ++in->bindings;
  while (act->cells.length < binding->ir) vec_push(&act->cells, (Cell){0});
  return &act->cells.data[binding->ir - 1];
}

/* ---- causes ------------------------------------------------------------- */

Cause interp_join(Interp *in, Cause a, Cause b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  uint32_t left = interp_depth(in, a);
  uint32_t right = interp_depth(in, b);
  CauseNode node = {a, b, 0, left > right ? left : right};
  vec_push(&in->causes, node);
  return in->causes.length - 1;
}

uint32_t interp_depth(const Interp *in, Cause cause) {
  return in->causes.data[cause].depth;
}

Cause interp_after(Interp *in, Cause cause, uint32_t depth) {
  if (interp_depth(in, cause) >= depth) return cause;
  CauseNode node = {cause, 0, 0, depth};
  vec_push(&in->causes, node);
  return in->causes.length - 1;
}

void interp_observe(Interp *in, Cause cause) {
  if (cause != 0) vec_push(&in->scope->roots, cause);
}

void interp_chain(Interp *in, Cause cause) {
  uint32_t here = interp_depth(in, in->control);
  if (in->chain < here) in->chain = here;
  if (in->chain < interp_depth(in, cause)) in->chain = interp_depth(in, cause);
}

/* Marks the requests that `roots` came from. A cause has a higher number than
 * what it was joined of. */
static void mark_needed(Interp *in, const Cause *roots, uint32_t count) {
  uint32_t total = in->causes.length;
  bool *needed = mem_alloc_zero(total, sizeof *needed);
  for (uint32_t i = 0; i < count; i++) needed[roots[i]] = true;
  for (uint32_t i = total; i-- > 1;) {
    const CauseNode *node = &in->causes.data[i];
    if (!needed[i]) continue;
    needed[node->left] = needed[node->right] = true;
    if (node->request > 0)
      in->outcome->requests.data[node->request - 1].must = true;
  }
  mem_free(needed);
}

/* ---- failures ----------------------------------------------------------- */

Cell interp_fail(Interp *in, FailureCode code, Slice message, Slice node,
                 Cause cause) {
  Failure failure = {code, message, node, interp_join(in, cause, in->control)};
  vec_push(&in->scope->failures, failure);
  interp_note(in, code_events[code]);
  return (Cell){datum_of(DATUM_POISON), cause};
}

/* ---- calls -------------------------------------------------------------- */

static bool is_active(const Interp *in, const AstFlow *flow) {
  for (const Activation *act = in->act; act != NULL; act = act->caller)
    if (act->flow == flow) return true;
  return false;
}

Cell interp_call(Interp *in, const AstFlow *flow, const Cell *args,
                 bool is_read) {
  interp_note(in, is_active(in, flow) ? EVENT_RECURSION : EVENT_CALLS);
  if (in->depth >= DEPTH_MAX) interp_undecided(in, "calls nest too deep");
  if (interp_gave_up(in)) return (Cell){0};
  Activation act = {.caller = in->act, .flow = flow, .is_read = is_read};
  Cause before = in->control;
  in->act = &act;
  in->depth++;
  uint32_t i = 0;
  for (AstParam *param = flow->params; param != NULL; param = param->next)
    *interp_cell(in, param->binding) = args[i++];
  Step step = interp_block(in, &flow->body);
  in->depth--;
  in->act = act.caller;
  in->control = before;
  vec_free(&act.cells);
  if (step.way == WAY_RETURNED) return step.value;
  /* A flow with a result comes to its end when what returned was skipped. */
  if (step.way == WAY_ON && flow->result != TYPE_VOID)
    return (Cell){datum_of(DATUM_ABSENT), 0};
  if (step.way == WAY_ON) return (Cell){datum_of(DATUM_UNIT), 0};
  return (Cell){datum_of(DATUM_POISON), 0};
}

/* Which flows may print: the least fixpoint. */
static void find_printers(Interp *in) {
  bool changed = true;
  in->prints = ARENA_ARRAY(in->arena, bool, in->program->flow_count + 1);
  while (changed) {
    changed = false;
    for (const AstAgent *agent = in->program->agents; agent != NULL;
         agent = agent->next)
      for (const AstFlow *flow = agent->flows; flow != NULL;
           flow = flow->next) {
        bool prints = interp_block_prints(in, &flow->body);
        changed |= prints != in->prints[flow->index];
        in->prints[flow->index] = prints;
      }
  }
}

/* ---- the whole ---------------------------------------------------------- */

static Datum read_argument(Interp *in, Slice text, TypeId type) {
  Datum datum = datum_text(text);
  if (type == TYPE_TEXT) return datum;
  if (!datum_parse(text, in->arena, &datum) ||
      !datum_convert(&datum, in->types, type, in->arena, &datum))
    interp_undecided(in, "an argument is not of its type");
  return datum;
}

static void fill_outcome(Interp *in, const Scope *scope, const Cell *result) {
  InterpOutcome *outcome = in->outcome;
  outcome->failed = scope->failures.length > 0;
  for (uint32_t i = 0; i < scope->failures.length; i++)
    vec_push(&outcome->failures, scope->failures.data[i].message);
  for (uint32_t i = 0; i < scope->lines.length; i++)
    vec_push(&outcome->lines, scope->lines.data[i]);
  if (outcome->failed) {
    interp_note(in, EVENT_RUN_FAILED);
    if (scope->failures.length == 1)
      mark_needed(in, &scope->failures.data[0].cause, 1);
    return;
  }
  Buf text = {0};
  datum_add_json(&result->datum, &text);
  outcome->result = interp_keep(in, &text);
  mark_needed(in, scope->roots.data, scope->roots.length);
}

void interp_run(const AstProgram *program, const AstFlow *flow,
                const Slice *args, SimRules *rules, InterpOutcome *outcome) {
  *outcome = (InterpOutcome){0};
  arena_init(&outcome->arena);
  Scope scope = {0};
  Interp in = {.program = program,
               .types = type_table_view(program->types),
               .rules = rules,
               .outcome = outcome,
               .arena = &outcome->arena,
               .scope = &scope};
  vec_push(&in.causes, (CauseNode){0});
  find_printers(&in);
  interp_find_read(&in);
  Cell *cells = ARENA_ARRAY(in.arena, Cell, flow->param_count + 1);
  uint32_t i = 0;
  for (const AstParam *param = flow->params; param != NULL;
       param = param->next, i++)
    cells[i].datum = read_argument(&in, args[i], param->binding->type);
  Cell result = interp_call(&in, flow, cells, true);
  interp_observe(&in, result.cause);
  fill_outcome(&in, &scope, &result);
  outcome->depth = in.deepest;
  vec_free(&scope.failures);
  vec_free(&scope.lines);
  vec_free(&scope.roots);
  vec_free(&in.causes);
  vec_free(&in.read_calls);
}

void interp_outcome_free(InterpOutcome *outcome) {
  vec_free(&outcome->failures);
  vec_free(&outcome->lines);
  vec_free(&outcome->requests);
  vec_free(&outcome->fences);
  arena_free(&outcome->arena);
}
