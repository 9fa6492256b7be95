/* SPDX-License-Identifier: MIT
 *
 * The reference interpreter: operations and functions, as far as the values of
 * their arguments decide.
 */
#include "tests/harness/interp_parts.h"

enum { ARGS_MAX = 64 };

/* The arguments of a call, evaluated. */
typedef struct Args {
  Datum data[ARGS_MAX];
  uint32_t count;
  DatumKind worst; /* the highest kind among them */
  Cause cause;
} Args;

static void evaluate(Interp *in, const AstCall *call, Args *args) {
  *args = (Args){.worst = DATUM_UNIT};
  for (const AstExpr *arg = call->args; arg != NULL; arg = arg->next) {
    Cell cell = interp_expr(in, arg);
    args->cause = interp_join(in, args->cause, cell.cause);
    if (cell.datum.kind > args->worst) args->worst = cell.datum.kind;
    if (args->count < ARGS_MAX) args->data[args->count++] = cell.datum;
  }
}

static void drop_absent(Args *args) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < args->count; i++)
    if (args->data[i].kind != DATUM_ABSENT) args->data[kept++] = args->data[i];
  args->count = kept;
}

static Slice join_plain(Interp *in, const Args *args, const char *between) {
  Buf text = {0};
  for (uint32_t i = 0; i < args->count; i++) {
    if (i > 0) buf_add_text(&text, between);
    datum_add_plain(&args->data[i], &text);
  }
  return interp_keep(in, &text);
}

/* merge and wait leave out what is absent. */
static Cell joined(Interp *in, Op op, Args *args) {
  if (args->worst == DATUM_POISON)
    return (Cell){datum_of(DATUM_POISON), args->cause};
  drop_absent(args);
  if (op == OP_MERGE)
    return (Cell){datum_text(join_plain(in, args, "\n")), args->cause};
  Datum *items = ARENA_ARRAY(in->arena, Datum, args->count + 1);
  memcpy(items, args->data, args->count * sizeof *items);
  return (Cell){datum_list(items, args->count), args->cause};
}

static Cell print(Interp *in, const Args *args) {
  Cell unit = {datum_of(DATUM_UNIT), 0};
  Scope *scope = in->scope;
  if (args->worst == DATUM_POISON) scope->chain_broken = true;
  if (scope->chain_broken || args->worst >= DATUM_ABSENT) return unit;
  interp_note(in, EVENT_LINES);
  interp_chain(in, args->cause);
  vec_push(&scope->lines, join_plain(in, args, ""));
  Slice *line = &scope->lines.data[scope->lines.length - 1];
  Buf whole = {0};
  buf_add_slice(&whole, *line);
  buf_add_char(&whole, '\n');
  *line = interp_keep(in, &whole);
  interp_observe(in, interp_join(in, args->cause, in->control));
  return unit;
}

static Cell raise(Interp *in, const Args *args) {
  if (args->worst == DATUM_ABSENT)
    interp_undecided(in, "an err whose message is absent");
  if (args->worst >= DATUM_ABSENT)
    return (Cell){datum_of(DATUM_POISON), args->cause};
  return interp_fail(in, CODE_raised, join_plain(in, args, ""), SLICE("err"),
                     args->cause);
}

Cell interp_operation(Interp *in, const AstExpr *expr, Slice label) {
  const AstCall *call = expr->u.call;
  if (op_table[call->op].effect == EFFECT_MODEL)
    return interp_model(in, call, label);
  if (call->op == OP_GUARD) return interp_guard(in, call);
  Args args;
  evaluate(in, call, &args);
  switch (call->op) {
    case OP_FENCE:
      interp_fence(in);
      return (Cell){datum_of(DATUM_UNIT), 0};
    case OP_PRINT:
      return print(in, &args);
    case OP_ERR:
      return raise(in, &args);
    case OP_MERGE:
    case OP_WAIT:
      return joined(in, call->op, &args);
    default:
      break;
  }
  if (args.worst >= DATUM_ABSENT)
    return (Cell){datum_of(args.worst), args.cause};
  Cell cell = {.cause = args.cause};
  FailureCode code = CODE_bad_argument;
  if (interp_function(in, call->op, args.data, args.count, &cell.datum, &code))
    return cell;
  return interp_fail(in, code, SLICE(""), SLICE(""), args.cause);
}
