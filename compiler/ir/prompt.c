/* SPDX-License-Identifier: MIT
 *
 * The prompt of a model call as a list of inputs. A model operation joins the
 * plain forms of its inputs, so the whole lay-out of a prompt is decided here:
 *
 *     ask("Compare {1} with " + x, a, b)
 *     ["Compare ", b, " with ", x, "\n\nContext 1: ", a]
 *
 * `{N}` places context N where it stands in a literal, or in a name that
 * stands for one; a brace that was written as an escape does not, nor does a
 * number without a context. What is inserted is never looked at, so no value
 * can place anything. Contexts that nothing placed follow after a blank line,
 * one a line; the blank line is left out when the prompt is the empty literal.
 */
#include <stdio.h>

#include "compiler/ir/edit.h"
#include "compiler/ir/expr.h"

enum { NUMBER_DIGITS = 9 }; /* at most, so that a uint32_t holds it */

static void push_piece(Lower *lower, const AstExpr *literal, IrRef ref) {
  Piece piece = {.literal = literal, .ref = ref};
  vec_push(&lower->pieces, piece);
}

/* Flattens `+` and `{{ }}` at every level. */
static void collect(Lower *lower, const AstExpr *expr) {
  if (lower_is_text_chain(expr)) {
    IrRef sum;
    const AstExpr *part = lower_chain_sum(lower, expr, &sum);
    if (sum != IR_REF_NONE) push_piece(lower, NULL, sum);
    for (; part != NULL; part = part->next) collect(lower, part);
  } else if (expr->kind == EXPR_TEXT) {
    push_piece(lower, expr, IR_REF_NONE);
  } else if (expr->kind == EXPR_NAME && expr->u.name.binding->literal != NULL) {
    const AstBinding *binding = expr->u.name.binding;
    push_piece(lower, binding->literal, binding->ir);
  } else {
    push_piece(lower, NULL, lower_expr(lower, expr));
  }
}

/* ---- placements ---------------------------------------------------------- */

/* Where we are in a literal. */
typedef struct Scan {
  Slice text;
  const AstEscapes *escapes; /* or NULL */
  uint32_t escape;           /* the next of them */
  size_t at;                 /* byte of text */
} Scan;

static bool is_escaped(Scan *scan, size_t at) {
  const AstEscapes *escapes = scan->escapes;
  if (escapes == NULL) return false;
  while (scan->escape < escapes->count && escapes->offsets[scan->escape] < at) {
    scan->escape++;
  }
  return scan->escape < escapes->count && escapes->offsets[scan->escape] == at;
}

/* Bytes of the placement that begins at `at`, 0 when none does: a brace, a
 * number as one writes it, a brace. */
static size_t read_placement(Slice text, size_t at, uint32_t *number) {
  size_t end = at + 1;
  *number = 0;
  while (end < text.length && end - at <= NUMBER_DIGITS &&
         text.data[end] >= '0' && text.data[end] <= '9') {
    *number = *number * 10 + (uint32_t)(text.data[end] - '0');
    end++;
  }
  size_t digits = end - at - 1;
  if (digits == 0 || (digits > 1 && text.data[at + 1] == '0')) return 0;
  if (end == text.length || text.data[end] != '}') return 0;
  return end + 1 - at;
}

/* Finds the next placement of one of `count` contexts at or after scan->at.
 * Returns its length, with scan->at on it; 0 when there is none. */
static size_t find_placement(Scan *scan, uint32_t count, uint32_t *number) {
  Slice text = scan->text;
  while (scan->at < text.length) {
    const char *brace =
        memchr(text.data + scan->at, '{', text.length - scan->at);
    if (brace == NULL) return 0;
    scan->at = (size_t)(brace - text.data);
    size_t length = read_placement(text, scan->at, number);
    if (length > 0 && *number < count && !is_escaped(scan, scan->at)) {
      return length;
    }
    scan->at++;
  }
  return 0;
}

static void push_text(Lower *lower, Slice text) {
  if (text.length > 0) lower_push(lower, ir_text(lower->program, text));
}

/* Pushes the literal `piece`, cut where it places a context. */
static void push_literal(Lower *lower, const Piece *piece, uint32_t contexts,
                         uint32_t count) {
  Slice text = piece->literal->u.text;
  Scan scan = {.text = text, .escapes = piece->literal->u.escapes};
  size_t done = 0; /* bytes of the text pushed */
  uint32_t number;
  size_t length;
  while ((length = find_placement(&scan, count, &number)) > 0) {
    Piece *context = &lower->pieces.data[contexts + number];
    push_text(lower, slice_from(text.data + done, scan.at - done));
    lower_push(lower, context->ref);
    context->placed = true;
    done = scan.at += length;
  }
  if (done == 0 && text.length > 0 && piece->ref != IR_REF_NONE) {
    lower_push(lower, piece->ref);
  } else if (done < text.length) {
    push_text(lower, slice_from(text.data + done, text.length - done));
  }
}

/* ---- the whole ----------------------------------------------------------- */

/* "Context 1: " after `before`, made once a program. */
static IrRef heading(Lower *lower, const char *before, uint32_t number) {
  char text[32];
  uint32_t ref;
  int length = snprintf(text, sizeof text, "%sContext %u: ", before, number);
  Slice key = slice_from(text, (size_t)length);
  if (map_get(&lower->headings, key, &ref)) return ref;
  ref = ir_text_copy(lower->program, key);
  map_set(&lower->headings, ir_const(lower->program, ref)->text, ref);
  return ref;
}

/* Pushes the contexts that were not placed, each behind its heading. */
static void push_contexts(Lower *lower, uint32_t contexts, uint32_t count,
                          bool prompt_is_empty) {
  const char *before = prompt_is_empty ? "" : "\n\n";
  for (uint32_t i = 0; i < count; i++) {
    Piece context = lower->pieces.data[contexts + i];
    if (context.placed) continue;
    lower_push(lower, heading(lower, before, i + 1));
    lower_push(lower, context.ref);
    before = "\n";
  }
}

void lower_prompt(Lower *lower, const AstCall *call) {
  uint32_t inputs = lower->refs.length;
  uint32_t prompt = lower->pieces.length;
  collect(lower, call->args);
  uint32_t contexts = lower->pieces.length;
  for (const AstExpr *arg = call->args->next; arg != NULL; arg = arg->next) {
    push_piece(lower, NULL, lower_expr(lower, arg));
  }
  uint32_t count = lower->pieces.length - contexts;
  for (uint32_t i = prompt; i < contexts; i++) {
    Piece piece = lower->pieces.data[i];
    if (piece.literal != NULL) {
      push_literal(lower, &piece, contexts, count);
    } else {
      lower_push(lower, piece.ref);
    }
  }
  push_contexts(lower, contexts, count, lower->refs.length == inputs);
  if (lower->refs.length == inputs) {
    lower_push(lower, ir_text(lower->program, SLICE("")));
  }
  lower->pieces.length = prompt;
}
