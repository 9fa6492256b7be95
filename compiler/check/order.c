/* SPDX-License-Identifier: MIT
 *
 * In which order flows are checked: callees before callers, so that the result
 * type of what is called is known. Flows that call each other in a ring have no
 * first one (Tarjan, "Depth-first search and linear graph algorithms", 1972,
 * finds the rings; the stack is ours, since a chain of calls may be as long as
 * the program). In a ring, the flows without a declared type are read in
 * silence until nothing changes: what they return beside calls of each other,
 * the base of the recursion, tells the type. Then they are checked like all.
 */
#include "compiler/check/check_int.h"

/* A result type may become wider as more returns are understood (num, then
 * json); lists of lists of itself would do so for ever. */
enum { CHANGES_MAX = 4 };

typedef struct Visit {
  uint32_t flow;
  uint32_t call; /* row of Check.calls to go on with */
} Visit;

typedef struct Order {
  Check *c;
  uint32_t *number;  /* by flow: order of the visit, from 1; 0: not yet */
  uint32_t *low;     /* by flow: the first visited that it leads back to; once
                        its ring is known, equal in all of that ring */
  uint8_t *changes;  /* by flow: how often its type has changed */
  bool *waiting;     /* by flow: on `open`; later, on `queue` */
  uint32_t count;    /* visited */
  VEC(Visit) path;
  VEC(uint32_t) open;  /* visited, and not known to which ring they belong */
  VEC(uint32_t) queue; /* flows of a ring to be read in silence */

  /* Of one ring: its calls, grouped by callee. */
  VEC(Visit) pairs;      /* caller and callee, in order of callers */
  VEC(uint32_t) callers; /* the callers, in order of callees */
  uint32_t *first;       /* by flow: into `callers` */
  uint32_t *end;
} Order;

/* ---- rings --------------------------------------------------------------- */

static bool is_told(const AstFlow *flow) {
  return flow->declared != NULL || flow->lost_head;
}

/* Notes the calls between flows of a ring, if the caller's type is not told. */
static void collect_pairs(Order *o, const uint32_t *members, uint32_t count) {
  const Check *c = o->c;
  o->pairs.length = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t from = members[i];
    if (is_told(c->flows.data[from])) continue;
    uint32_t end = c->first_call.data[from + 1];
    for (uint32_t k = c->first_call.data[from]; k < end; k++) {
      uint32_t to = c->calls.data[k];
      if (o->low[to] != o->low[from]) continue;
      Visit pair = {from, to};
      vec_push(&o->pairs, pair);
      o->end[to]++;
    }
  }
}

static void group_callers(Order *o, const uint32_t *members, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) o->end[members[i]] = 0;
  collect_pairs(o, members, count);
  uint32_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t callers = o->end[members[i]];
    o->first[members[i]] = o->end[members[i]] = total;
    total += callers;
  }
  vec_reserve(&o->callers, total + 1);
  for (uint32_t i = 0; i < o->pairs.length; i++) {
    const Visit *pair = &o->pairs.data[i];
    o->callers.data[o->end[pair->call]++] = pair->flow;
  }
}

static void enqueue(Order *o, uint32_t flow) {
  if (o->waiting[flow] || is_told(o->c->flows.data[flow])) return;
  o->waiting[flow] = true;
  vec_push(&o->queue, flow);
}

/* Reads the flow; when its type has changed, its callers are read again. */
static void guess_result(Order *o, uint32_t index) {
  AstFlow *flow = o->c->flows.data[index];
  o->waiting[index] = false;
  TypeId result = check_body(o->c, flow);
  if (result == flow->result || o->changes[index] > CHANGES_MAX) return;
  if (++o->changes[index] > CHANGES_MAX) result = TYPE_NONE;
  flow->result = result;
  for (uint32_t i = o->first[index]; i < o->end[index]; i++) {
    enqueue(o, o->callers.data[i]);
  }
}

/* Reads flows until nothing changes; of `members` those without a type. */
static void guess_unknown(Order *o, const uint32_t *members, uint32_t count) {
  o->queue.length = 0;
  for (uint32_t i = 0; i < count; i++) {
    const AstFlow *flow = o->c->flows.data[members[i]];
    if (flow->result == TYPE_NONE) enqueue(o, members[i]);
  }
  for (uint32_t i = 0; i < o->queue.length; i++) {
    guess_result(o, o->queue.data[i]);
  }
}

/* `f(n) + g(n)` of two flows of the ring may be a number or a text. When
 * nothing else tells, it is a number; that is checked like all the rest. */
static void guess_results(Order *o, const uint32_t *members, uint32_t count) {
  Check *c = o->c;
  group_callers(o, members, count);
  c->silent = true;
  guess_unknown(o, members, count);
  c->numbers = true;
  guess_unknown(o, members, count);
  c->numbers = false;
  c->silent = false;
}

/* ---- in earnest ---------------------------------------------------------- */

static void report_endless(Check *c, const AstFlow *flow) {
  Diag *diag = check_fail(c, DIAG_ENDLESS_RESULT, flow->name.span,
                          "the result type of `%.*s` cannot be told",
                          SLICE_ARG(flow->name.text));
  diag->label = "it only returns what it returns itself";
  diag->help = "declare it, for example: -> str";
}

static bool is_faulty(const Check *c, const uint32_t *members, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    if (c->flows.data[members[i]]->faulty) return true;
  }
  return false;
}

/* One message for a ring without a base. */
static void check_ring_types(Check *c, const uint32_t *members,
                             uint32_t count) {
  if (is_faulty(c, members, count)) return;
  AstFlow *first = NULL;
  for (uint32_t i = 0; i < count; i++) {
    AstFlow *flow = c->flows.data[members[i]];
    if (is_told(flow) || flow->result != TYPE_NONE) continue;
    if (first == NULL || flow->index < first->index) first = flow;
  }
  if (first == NULL) return;
  c->flow = first;
  report_endless(c, first);
}

static bool is_ring(const Check *c, const uint32_t *members, uint32_t count) {
  if (count > 1) return true;
  uint32_t end = c->first_call.data[*members + 1];
  for (uint32_t k = c->first_call.data[*members]; k < end; k++) {
    if (c->calls.data[k] == *members) return true;
  }
  return false;
}

static void check_members(Order *o, const uint32_t *members, uint32_t count) {
  Check *c = o->c;
  bool ring = is_ring(c, members, count);
  if (ring) guess_results(o, members, count);
  for (uint32_t i = 0; i < count; i++) {
    AstFlow *flow = c->flows.data[members[i]];
    TypeId result = check_body(c, flow);
    if (!is_told(flow) && o->changes[members[i]] <= CHANGES_MAX) {
      flow->result = result;
    }
    if (!flow->faulty) check_usage(c, flow);
  }
  if (ring) check_ring_types(c, members, count);
  if (ring) check_recursion(c, members, count);
  c->flow = NULL;
}

/* ---- the walk ------------------------------------------------------------ */

static void enter(Order *o, uint32_t flow) {
  Visit visit = {flow, o->c->first_call.data[flow]};
  o->number[flow] = o->low[flow] = ++o->count;
  o->waiting[flow] = true;
  vec_push(&o->open, flow);
  vec_push(&o->path, visit);
}

static void lower(Order *o, uint32_t flow, uint32_t low) {
  if (low < o->low[flow]) o->low[flow] = low;
}

/* All callees have been visited. If none leads back before it, the flow and
 * what is open after it are a ring, or it stands alone. */
static void leave(Order *o, uint32_t flow) {
  o->path.length--;
  if (o->path.length > 0) {
    lower(o, o->path.data[o->path.length - 1].flow, o->low[flow]);
  }
  if (o->low[flow] != o->number[flow]) return;
  uint32_t first = o->open.length;
  do {
    uint32_t member = o->open.data[--first];
    o->waiting[member] = false;
    o->low[member] = o->number[flow];
  } while (o->open.data[first] != flow);
  check_members(o, o->open.data + first, o->open.length - first);
  o->open.length = first;
}

static void advance(Order *o) {
  Visit *visit = &o->path.data[o->path.length - 1];
  uint32_t flow = visit->flow;
  if (visit->call == o->c->first_call.data[flow + 1]) {
    leave(o, flow);
    return;
  }
  uint32_t callee = o->c->calls.data[visit->call++];
  if (o->number[callee] == 0) {
    enter(o, callee);
  } else if (o->waiting[callee]) {
    lower(o, flow, o->number[callee]);
  }
}

void check_order(Check *c) {
  uint32_t count = c->flows.length;
  Order o = {.c = c};
  o.number = mem_alloc_zero(count + 1, sizeof *o.number);
  o.low = mem_alloc_zero(count + 1, sizeof *o.low);
  o.changes = mem_alloc_zero(count + 1, sizeof *o.changes);
  o.waiting = mem_alloc_zero(count + 1, sizeof *o.waiting);
  o.first = mem_alloc_zero(count + 1, sizeof *o.first);
  o.end = mem_alloc_zero(count + 1, sizeof *o.end);
  for (uint32_t i = 0; i < count; i++) {
    if (o.number[i] != 0) continue;
    enter(&o, i);
    while (o.path.length > 0) advance(&o);
  }
  mem_free(o.number);
  mem_free(o.low);
  mem_free(o.changes);
  mem_free(o.waiting);
  mem_free(o.first);
  mem_free(o.end);
  vec_free(&o.path);
  vec_free(&o.open);
  vec_free(&o.queue);
  vec_free(&o.pairs);
  vec_free(&o.callers);
}
