/* SPDX-License-Identifier: MIT
 *
 * Scopes as a stack of names over one map, and what becomes of the names of
 * arms. Work is proportional to the names that a block binds.
 */
#include "compiler/check/scope.h"

#include "compiler/check/written.h"

/* ---- one scope ----------------------------------------------------------- */

void check_scope_begin(Scope *scope) {
  map_free(&scope->rows);
  map_free(&scope->traced);
  scope->visible.length = 0;
  scope->traces.length = 0;
  scope->arms.length = 0;
  scope->first = 0;
}

void check_scope_free(Scope *scope) {
  map_free(&scope->rows);
  map_free(&scope->traced);
  vec_free(&scope->visible);
  vec_free(&scope->arms);
  vec_free(&scope->traces);
}

uint32_t check_scope_enter(Scope *scope) {
  uint32_t outer = scope->first;
  scope->first = scope->visible.length;
  return outer;
}

const Visible *check_scope_find(const Scope *scope, Slice name) {
  uint32_t row;
  if (!map_get(&scope->rows, name, &row) || row == SCOPE_NONE) return NULL;
  return &scope->visible.data[row];
}

bool check_scope_is_inner(const Scope *scope, const Visible *visible) {
  return visible >= scope->visible.data + scope->first;
}

void check_scope_bind(Scope *scope, AstBinding *binding,
                      const Visible *outer) {
  Visible visible = {binding->name.text, binding, SCOPE_NONE};
  if (outer) visible.before = (uint32_t)(outer - scope->visible.data);
  map_set(&scope->rows, visible.name, scope->visible.length);
  vec_push(&scope->visible, visible);
}

Trace *check_scope_find_trace(const Scope *scope, Slice name) {
  uint32_t row;
  return map_get(&scope->traced, name, &row) ? &scope->traces.data[row] : NULL;
}

void check_scope_leave(Scope *scope, uint32_t outer, uint32_t arm) {
  for (uint32_t i = scope->first; i < scope->visible.length; i++) {
    const Visible *visible = &scope->visible.data[i];
    if (visible->before != SCOPE_NONE) continue; /* reported: it hides one */
    ArmName name = {arm, visible->binding, SCOPE_NONE};
    vec_push(&scope->arms, name);
  }
  while (scope->visible.length > scope->first) {
    Visible visible = vec_pop(&scope->visible);
    map_set(&scope->rows, visible.name, visible.before);
  }
  scope->first = outer;
}

/* ---- the names of a construct's arms ------------------------------------- */

/* A name that some arm binds which does not end. */
typedef struct Merged {
  AstBinding *bound;   /* the first one */
  AstBinding *differs; /* the first of another type */
  TypeId type;         /* common to all */
  uint32_t seen;       /* bound in so many arms, from the first on */
  AstExport *exported;
} Merged;

typedef struct Merge {
  Check *c;
  AstStmt *stmt;
  ArmName *names; /* in order of arms */
  uint32_t count;
  const AstArm **live; /* arms that do not end */
  uint32_t live_count;
  Map rows;
  VEC(Merged) merged;
} Merge;

static Merged *find_merged(Merge *m, ArmName *name) {
  Slice text = name->binding->name.text;
  if (!map_get(&m->rows, text, &name->merged)) {
    name->merged = m->merged.length;
    map_set(&m->rows, text, name->merged);
    Merged fresh = {.bound = name->binding, .type = TYPE_NONE};
    vec_push(&m->merged, fresh);
  }
  return &m->merged.data[name->merged];
}

static void merge_name(Merge *m, ArmName *name, uint32_t live) {
  Merged *merged = find_merged(m, name);
  if (merged->seen != live) return;
  merged->seen++;
  bool fits = check_common_type(m->c, merged->type, name->binding->type,
                                &merged->type);
  if (!fits && merged->differs == NULL) merged->differs = name->binding;
}

/* Goes over the arms, and with them over their names. */
static void merge_arms(Merge *m) {
  uint32_t i = 0;
  uint32_t index = 0;
  for (const AstArm *arm = m->stmt->control->arms; arm; arm = arm->next) {
    uint32_t live = m->live_count;
    if (!arm->body.ends) m->live[m->live_count++] = arm;
    for (; i < m->count && m->names[i].arm == index; i++) {
      if (!arm->body.ends) merge_name(m, &m->names[i], live);
    }
    index++;
  }
}

/* Whether names of arms can be seen after the construct at all. */
static bool can_export(const AstStmt *stmt) {
  if (stmt->kind == STMT_SWITCH || stmt->kind == STMT_TRY) return true;
  return stmt->kind == STMT_IF && stmt->control->arm_count == 2;
}

/* `switch ... { case "a" => ask(...) -> x ... } -> x`: the last one counts. */
static bool is_target(const AstStmt *stmt, Slice name) {
  const AstTarget *target = &stmt->target;
  for (; target != NULL; target = target->next) {
    if (slice_equal(target->name.text, name)) return true;
  }
  return false;
}

static void export_name(Merge *m, Merged *merged) {
  Check *c = m->c;
  AstBinding *binding = ARENA_NEW(c->arena, AstBinding);
  binding->name = merged->bound->name;
  binding->type = merged->type;
  AstExport *exported = ARENA_NEW(c->arena, AstExport);
  exported->binding = binding;
  exported->inner =
      ARENA_ARRAY(c->arena, AstBinding *, m->stmt->control->arm_count);
  merged->exported = exported;
  check_scope_bind(&c->body.scope, binding, NULL);
}

static void leave_trace(Merge *m, const Merged *merged, bool exports) {
  Scope *scope = &m->c->body.scope;
  Trace trace = {.bound = merged->bound, .stmt = m->stmt};
  if (exports && merged->seen < m->live_count) {
    trace.lacks = m->live[merged->seen];
  } else if (exports) {
    trace.differs = merged->differs;
  }
  map_set(&scope->traced, merged->bound->name.text, scope->traces.length);
  vec_push(&scope->traces, trace);
}

static void close_name(Merge *m, Merged *merged) {
  bool exports = can_export(m->stmt);
  if (is_target(m->stmt, merged->bound->name.text)) return;
  if (exports && merged->seen == m->live_count && !merged->differs) {
    export_name(m, merged);
  } else {
    leave_trace(m, merged, exports);
  }
}

/* What each arm binds, and the list of exports in order of text. */
static void fill_exports(Merge *m) {
  for (uint32_t i = 0; i < m->count; i++) {
    const ArmName *name = &m->names[i];
    if (name->merged == SCOPE_NONE) continue;
    AstExport *exported = m->merged.data[name->merged].exported;
    if (exported) exported->inner[name->arm] = name->binding;
  }
  AstExport **link = &m->stmt->control->exports;
  for (uint32_t i = 0; i < m->merged.length; i++) {
    AstExport *exported = m->merged.data[i].exported;
    if (exported == NULL) continue;
    *link = exported;
    link = &exported->next;
  }
  const AstControl *control = m->stmt->control;
  if (control->exports) vec_push(&m->c->body.exporting, control);
}

void check_scope_merge(Check *c, AstStmt *stmt, uint32_t base) {
  Scope *scope = &c->body.scope;
  stmt->control->exports = NULL;
  if (scope->arms.length == base) return;
  Merge m = {.c = c, .stmt = stmt};
  m.names = scope->arms.data + base;
  m.count = scope->arms.length - base;
  m.live = mem_alloc_zero(stmt->control->arm_count, sizeof(AstArm *));
  merge_arms(&m);
  for (uint32_t i = 0; i < m.merged.length; i++) {
    close_name(&m, &m.merged.data[i]);
  }
  fill_exports(&m);
  mem_free(m.live);
  map_free(&m.rows);
  vec_free(&m.merged);
  scope->arms.length = base;
}
