/* SPDX-License-Identifier: MIT
 *
 * Words of help. None is made for a message that nobody will see: a program
 * with a thousand mistakes must not take long over them.
 */
#include "compiler/check/help.h"

#include "compiler/check/written.h"

bool check_is_heard(const Check *c) {
  return !c->silent && c->sink->error_count <= c->sink->room;
}

void check_suggest(Check *c, const Nearest *nearest, Diag *diag) {
  Slice name = nearest_found(nearest);
  if (name.length == 0) return;
  diag->help = diag_text(c->sink, "did you mean `%.*s`?", SLICE_ARG(name));
  diag->replacement = arena_copy(c->arena, name.data, name.length);
}

void check_suggest_bound(Check *c, Slice name, Diag *diag) {
  Nearest nearest = nearest_new(name, &c->guesses);
  const Scope *scope = &c->body.scope;
  for (uint32_t i = 0; i < scope->visible.length; i++) {
    nearest_offer(&nearest, scope->visible.data[i].name);
  }
  check_suggest(c, &nearest, diag);
}

/* ---- texts --------------------------------------------------------------- */

Slice check_source_text(const Check *c, Span span) {
  const Source *source = source_at(c->program->source, span.start);
  return slice_from(source->text.data + (span.start - source->base),
                    span.length);
}

const char *check_type_text(Check *c, TypeId type) {
  if (!check_is_heard(c)) return "";
  Buf name = {0};
  if (type == TYPE_NONE) {
    buf_add_text(&name, "?");
  } else {
    type_add_name(type_table_view(c->types), type, &name);
  }
  const char *text = arena_copy(c->arena, name.data, name.length);
  buf_free(&name);
  return text;
}

const char *check_this_is(Check *c, TypeId type) {
  if (!check_is_heard(c)) return "";
  return diag_text(c->sink, "this is %s", check_type_text(c, type));
}

const char *check_signature(Check *c, const AstFlow *flow) {
  if (!check_is_heard(c)) return "";
  Buf text = {0};
  buf_addf(&text, "%.*s.%.*s(", SLICE_ARG(flow->agent->name.text),
           SLICE_ARG(flow->name.text));
  for (const AstParam *param = flow->params; param; param = param->next) {
    if (param != flow->params) buf_add_text(&text, ", ");
    buf_addf(&text, "%.*s: %s", SLICE_ARG(param->name.text),
             check_type_text(c, param->binding->type));
  }
  buf_add_char(&text, ')');
  if (flow->result != TYPE_VOID && flow->result != TYPE_NONE) {
    buf_addf(&text, " -> %s", check_type_text(c, flow->result));
  }
  const char *kept = arena_copy(c->arena, text.data, text.length);
  buf_free(&text);
  return kept;
}

/* As it is written: `case "a"`. */
static const char *case_text(Check *c, const AstArm *arm) {
  Slice text = check_source_text(c, arm->span);
  bool line = text.length > 0 && text.length <= 60 &&
              memchr(text.data, '\n', text.length) == NULL;
  return line ? diag_text(c->sink, "`%.*s`", SLICE_ARG(text)) : "`case`";
}

const char *check_arm_text(Check *c, const AstArm *arm) {
  if (arm == NULL) return "`else`";
  switch (arm->kind) {
    case ARM_THEN:
      return "the `if` arm";
    case ARM_ELSE:
      return "`else`";
    case ARM_CASE:
      return case_text(c, arm);
    case ARM_DEFAULT:
      return "`default`";
    case ARM_CATCH:
      return "`catch`";
    case ARM_BODY:
      return "the block";
  }
  return "";
}

/* ---- fixes --------------------------------------------------------------- */

bool check_is_balanced(Slice text) {
  size_t open = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.length; i++) {
    char ch = text.data[i];
    if (quoted && ch == '\\') i++;
    if (ch == '"') quoted = !quoted;
    if (quoted) continue;
    if (ch == '(' || ch == '[') open++;
    if ((ch == ')' || ch == ']') && open-- == 0) return false;
  }
  return open == 0 && !quoted;
}

/* The call of `function` with what stands at `expr`, as the fix. */
static void wrap(Check *c, const AstExpr *expr, const char *function,
                 const char *what, Diag *diag) {
  Slice text = check_source_text(c, expr->span);
  if (expr->kind == EXPR_TEXT || expr->kind == EXPR_NUM) return;
  diag->help = diag_text(c->sink, "`%s(...)` %s", function, what);
  if (!check_is_balanced(text)) return;
  diag->replacement =
      diag_text(c->sink, "%s(%.*s)", function, SLICE_ARG(text));
}

void check_help_value(Check *c, const AstExpr *expr, TypeId want, Diag *diag) {
  if (!check_is_heard(c) || want == TYPE_NONE) return;
  if (want == TYPE_TEXT && expr->type != TYPE_VOID) {
    wrap(c, expr, "str", "makes a text of it", diag);
  } else if (expr->type == TYPE_JSON) {
    diag->help = diag_text(
        c->sink,
        "bind it with its type first, for example: let value: %s = ...",
        check_type_text(c, want));
  } else if (expr->type == TYPE_TEXT && want == TYPE_NUM) {
    wrap(c, expr, "num", "reads a number from a text", diag);
  } else if (expr->type == TYPE_BOOL && want == TYPE_NUM) {
    wrap(c, expr, "num", "makes 0 or 1 of it", diag);
  } else if (expr->type == TYPE_TEXT && want == TYPE_BOOL) {
    diag->help = "compare it, for example: x == \"yes\"";
  } else if (expr->type == TYPE_NUM && want == TYPE_BOOL) {
    diag->help = "compare it, for example: x != 0";
  } else if (expr->type == TYPE_TEXT && want >= TYPE_BUILTIN_COUNT) {
    diag->help = diag_text(c->sink,
                           "json(...) reads a text that holds JSON: "
                           "let value: %s = json(...)",
                           check_type_text(c, want));
  }
}

/* `expr -> x` and `let x = expr` as `x = expr`, where that is all there is. */
void check_fix_as_assignment(Check *c, const AstStmt *stmt, Diag *diag) {
  const AstName *name = &stmt->target.name;
  bool plain = stmt->kind == STMT_BIND && stmt->target.next == NULL &&
               stmt->target.declared == NULL;
  if (!plain) return;
  Slice value = check_source_text(c, stmt->expr->span);
  if (!check_is_balanced(value)) return;
  diag->replacement = diag_text(c->sink, "%.*s = %.*s", SLICE_ARG(name->text),
                                SLICE_ARG(value));
  uint32_t start = stmt->span.start;
  uint32_t end = name->span.start + name->span.length;
  if (stmt->expr->span.start > end) {
    end = stmt->expr->span.start + stmt->expr->span.length;
  }
  diag->replaced = (Span){start, end - start};
}

/* ---- names of closed blocks ---------------------------------------------- */

static const char *trace_label(Check *c, const Trace *trace) {
  if (!check_is_heard(c)) return "";
  if (trace->differs != NULL) {
    return diag_text(c->sink, "%s or %s?",
                     check_type_text(c, trace->bound->type),
                     check_type_text(c, trace->differs->type));
  }
  return diag_text(c->sink, trace->lacks ? "%s does not bind it"
                                         : "there is no %s that binds it",
                   check_arm_text(c, trace->lacks));
}

static Diag *report_left(Check *c, const AstName *name, bool loop) {
  Diag *diag = check_fail(c, DIAG_LEFT_BLOCK, name->span,
                          "`%.*s` is bound only inside a `%s`",
                          SLICE_ARG(name->text), loop ? "loop" : "while");
  diag->label = "not bound here";
  diag->help = loop ? "`-> names` after the loop collects a value a step"
                    : "bind it before, and assign to it inside";
  return diag;
}

static Diag *report_partly(Check *c, const AstName *name, const Trace *trace) {
  bool types = trace->differs != NULL;
  Diag *diag = check_fail(
      c, types ? DIAG_ARM_NAME_TYPES : DIAG_PARTLY_BOUND, name->span,
      types ? "the arms bind `%.*s` to different types"
            : "`%.*s` is not bound on every path",
      SLICE_ARG(name->text));
  diag->label = trace_label(c, trace);
  if (!types) {
    diag->help =
        "bind it in every arm, or before; an arm that returns need not";
  }
  return diag;
}

/* A name that is bound in a block which is closed. */
void check_report_trace(Check *c, const AstName *name, const Trace *trace) {
  bool lost = trace->lacks != NULL && trace->lacks->body.lost;
  if (trace->told || lost) return;
  AstStmtKind kind = trace->stmt->kind;
  bool steps = kind == STMT_LOOP || kind == STMT_WHILE;
  Diag *diag = steps ? report_left(c, name, kind == STMT_LOOP)
                     : report_partly(c, name, trace);
  diag->related = trace->bound->name.span;
  diag->related_label = "bound here";
}
